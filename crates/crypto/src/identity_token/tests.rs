use aws_lc_rs::{
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{self, EcdsaKeyPair, KeyPair, RsaKeyPair},
};
use serde_json::{Value, json};

use super::*;

const ISSUER: &str = "https://id.example.com";
const NOW: i64 = 1_800_000_000;

struct Rsa(RsaKeyPair);

impl Rsa {
    fn new() -> Self {
        Self(RsaKeyPair::generate(KeySize::Rsa2048).unwrap())
    }

    /// After the nine bytes before it in its DER form (RFC 8017 A.1.1).
    fn modulus(&self) -> &[u8] {
        &self.0.public_key().as_ref()[9..265]
    }

    fn jwk(&self, kid: &str) -> Value {
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "RSA", "use": "sig", "kid": kid,
            "n": part(self.modulus()), "e": part(&[1, 0, 1]),
        })
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let mut made = vec![0; self.0.public_modulus_len()];
        let random = SystemRandom::new();
        let algorithm = &signature::RSA_PKCS1_SHA256;
        self.0
            .sign(algorithm, &random, message.as_bytes(), &mut made)
            .unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(made))
    }
}

fn message(header: &Value, claims: &Value) -> String {
    let segment = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}", segment(header), segment(claims))
}

fn header() -> Value {
    json!({"alg": "RS256", "typ": "JWT", "kid": "k1"})
}

fn claims() -> Value {
    json!({"iss": ISSUER, "sub": "alice", "aud": "caracal", "iat": NOW, "exp": NOW + 300})
}

fn with(mut json: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else {
        panic!("{changes}")
    };
    let members = json.as_object_mut().unwrap();
    members.extend(changes);
    members.retain(|_, value| !value.is_null());
    json
}

fn keys(jwks: &[Value]) -> Result<IssuerKeys, IssuerKeysError> {
    IssuerKeys::parse(json!({ "keys": jwks }).to_string().as_bytes())
}

fn check(token: &str, keys: &IssuerKeys) -> Result<ProvenSubject, IdentityTokenError> {
    let token = IdentityToken::parse(token)?;
    let key = keys.key(token.key_id()).ok_or(IdentityTokenError::Key)?;
    let rules = IdentityRules {
        issuer: ISSUER,
        audience: "caracal",
        now: Timestamp::from_unix_seconds(NOW),
        leeway: 60,
    };
    token.verify(key, rules)
}

#[test]
fn a_token_that_says_what_it_must_proves_its_subject() {
    let rsa = Rsa::new();
    let keys = keys(&[rsa.jwk("k1")]).unwrap();
    for changes in [
        json!({}),
        json!({"aud": ["other", "caracal"]}),
        json!({"exp": NOW - 59}),
        json!({"iat": NOW + 60}),
        json!({"exp": 1_800_000_300.5}),
        json!({"nonce": "n", "email": "a@example.com"}),
    ] {
        let token = rsa.sign(&header(), &with(claims(), changes.clone()));
        assert_eq!(check(&token, &keys).unwrap().subject, "alice", "{changes}");
    }
    for changes in [json!({"typ": null}), json!({"typ": "jwt"}), json!({"x5t": "abc"})] {
        let token = rsa.sign(&with(header(), changes.clone()), &claims());
        assert!(check(&token, &keys).is_ok(), "{changes}");
    }
}

#[test]
fn claims_that_are_not_ours_prove_nobody() {
    let rsa = Rsa::new();
    let keys = keys(&[rsa.jwk("k1")]).unwrap();
    for (changes, why) in [
        (
            json!({"iss": "https://id.example.com/"}),
            IdentityTokenError::Issuer,
        ),
        (
            json!({"iss": "https://evil.example.com"}),
            IdentityTokenError::Issuer,
        ),
        (json!({"iss": null}), IdentityTokenError::Malformed),
        (json!({"aud": "other"}), IdentityTokenError::Audience),
        (json!({"aud": ["other"]}), IdentityTokenError::Audience),
        (json!({"aud": []}), IdentityTokenError::Audience),
        (json!({"aud": null}), IdentityTokenError::Malformed),
        (json!({"aud": {"caracal": true}}), IdentityTokenError::Malformed),
        (json!({"exp": NOW - 60}), IdentityTokenError::Time),
        (json!({"exp": null}), IdentityTokenError::Malformed),
        (json!({"exp": "1900000000"}), IdentityTokenError::Malformed),
        (json!({"exp": 1e300}), IdentityTokenError::Time),
        (json!({"exp": -1}), IdentityTokenError::Time),
        (json!({"iat": NOW + 61}), IdentityTokenError::Time),
        (json!({"nbf": NOW + 61}), IdentityTokenError::Time),
        (json!({"sub": null}), IdentityTokenError::Subject),
        (json!({"sub": ""}), IdentityTokenError::Subject),
        (json!({"sub": 7}), IdentityTokenError::Malformed),
    ] {
        let token = rsa.sign(&header(), &with(claims(), changes.clone()));
        assert_eq!(check(&token, &keys), Err(why), "{changes}");
    }
}

#[test]
fn headers_that_have_been_attacks_are_refused() {
    let rsa = Rsa::new();
    let keys = keys(&[rsa.jwk("k1")]).unwrap();
    for (changes, why) in [
        (json!({"alg": "none"}), IdentityTokenError::Algorithm),
        (json!({"alg": "None"}), IdentityTokenError::Algorithm),
        (json!({"alg": ""}), IdentityTokenError::Algorithm),
        (json!({"alg": null}), IdentityTokenError::Malformed),
        (json!({"alg": "HS256"}), IdentityTokenError::Algorithm),
        (json!({"alg": "PS256"}), IdentityTokenError::Algorithm),
        (json!({"alg": "ES256"}), IdentityTokenError::Key),
        (json!({"alg": "RS512"}), IdentityTokenError::Signature),
        (json!({"kid": null}), IdentityTokenError::Key),
        (json!({"kid": ""}), IdentityTokenError::Key),
        (json!({"kid": "other"}), IdentityTokenError::Key),
        (json!({"kid": "k".repeat(513)}), IdentityTokenError::Key),
        (json!({"typ": "at+jwt"}), IdentityTokenError::Algorithm),
        (json!({"typ": "logout+jwt"}), IdentityTokenError::Algorithm),
        (json!({"crit": ["exp"]}), IdentityTokenError::Algorithm),
        (json!({"b64": false}), IdentityTokenError::Algorithm),
        (json!({"zip": "DEF"}), IdentityTokenError::Algorithm),
    ] {
        let token = rsa.sign(&with(header(), changes.clone()), &claims());
        assert_eq!(check(&token, &keys), Err(why), "{changes}");
    }
}

#[test]
fn a_key_that_the_token_brings_is_not_believed() {
    let (rsa, attacker) = (Rsa::new(), Rsa::new());
    let keys = keys(&[rsa.jwk("k1")]).unwrap();
    for changes in [
        json!({"jwk": attacker.jwk("k1")}),
        json!({"jku": "https://evil.example.com/jwks"}),
        json!({"x5u": "https://evil.example.com/x5u"}),
    ] {
        let token = attacker.sign(&with(header(), changes.clone()), &claims());
        assert_eq!(
            check(&token, &keys),
            Err(IdentityTokenError::Signature),
            "{changes}"
        );
    }
    // The public key as the secret of a symmetric algorithm.
    for alg in ["HS256", "RS256"] {
        let message = message(&with(header(), json!({"alg": alg})), &claims());
        let secret = hmac::Key::new(hmac::HMAC_SHA256, rsa.modulus());
        let tag = hmac::sign(&secret, message.as_bytes());
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag));
        assert!(check(&token, &keys).is_err(), "{alg}");
    }
}

#[test]
fn what_two_readers_could_read_differently_is_no_token() {
    let rsa = Rsa::new();
    let keys = keys(&[rsa.jwk("k1")]).unwrap();
    let good = rsa.sign(&header(), &claims());
    let mut segments = good.split('.');
    let (head, body, tail) = (
        segments.next().unwrap(),
        segments.next().unwrap(),
        segments.next().unwrap(),
    );
    let twice = URL_SAFE_NO_PAD
        .encode(r#"{"iss":"a","iss":"https://id.example.com","aud":"caracal","exp":1900000000}"#);
    for bad in [
        String::new(),
        String::from(".."),
        format!("{head}.{body}"),
        format!("{head}.{body}."),
        format!("{good}.{tail}"),
        format!("{head}.{body}.{tail}="),
        format!("{head}.{body}. {tail}"),
        format!("{head}.{twice}.{tail}"),
        format!("{head}.{body}.{}", "A".repeat(MAX_TOKEN_BYTES)),
    ] {
        assert!(check(&bad, &keys).is_err(), "{bad:.60}");
    }
    // Every bit counts.
    let other = rsa.sign(&header(), &with(claims(), json!({"sub": "mallory"})));
    let forged = format!("{head}.{}.{tail}", other.split('.').nth(1).unwrap());
    assert_eq!(check(&forged, &keys), Err(IdentityTokenError::Signature));
}

#[test]
fn curves_verify_with_their_own_algorithm_alone() {
    let random = SystemRandom::new();
    for (alg, crv, curve) in [
        ("ES256", "P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
        ("ES384", "P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
        ("ES512", "P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
    ] {
        let pair = EcdsaKeyPair::generate(curve).unwrap();
        let point = pair.public_key().as_ref()[1..].to_vec();
        let (x, y) = point.split_at(point.len() / 2);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let jwk = json!({"kty": "EC", "crv": crv, "kid": "k1", "x": x, "y": y});
        let published = keys(std::slice::from_ref(&jwk)).unwrap();
        let sign = |alg: &str| {
            let message = message(&with(header(), json!({"alg": alg})), &claims());
            let made = pair.sign(&random, message.as_bytes()).unwrap();
            format!("{message}.{}", URL_SAFE_NO_PAD.encode(made))
        };
        assert!(check(&sign(alg), &published).is_ok(), "{alg}");
        let other = if alg == "ES256" { "ES384" } else { "ES256" };
        for wrong in [other, "RS256"] {
            assert_eq!(check(&sign(wrong), &published), Err(IdentityTokenError::Key));
        }
        for bad in [
            json!({"x": y}),
            json!({"crv": "secp256k1"}),
            json!({"alg": "RS256"}),
            json!({"use": "enc"}),
            json!({"kid": null}),
            json!({"kty": "oct"}),
        ] {
            let refused = keys(&[with(jwk.clone(), bad.clone())]);
            assert_eq!(refused.unwrap_err(), IssuerKeysError::NoUsableKey, "{bad}");
        }
    }
}

#[test]
fn key_sets_are_bounded_and_ambiguous_keys_verify_nothing() {
    let rsa = Rsa::new();
    let refused = |document: &str| IssuerKeys::parse(document.as_bytes()).unwrap_err();
    for bad in ["", "[]", "{}", "null", r#"{"keys":{}}"#, r#"{"keys":[]"#] {
        assert_eq!(refused(bad), IssuerKeysError::Malformed, "{bad}");
    }
    assert_eq!(refused(r#"{"keys":[]}"#), IssuerKeysError::NoUsableKey);
    assert_eq!(
        refused(&" ".repeat(MAX_DOCUMENT_BYTES + 1)),
        IssuerKeysError::TooLarge
    );
    let many: Vec<Value> = (0..129)
        .map(|n| json!({"kty": "oct", "kid": n.to_string()}))
        .collect();
    assert_eq!(keys(&many).unwrap_err(), IssuerKeysError::TooLarge);
    // Exponents and moduli that make verifying slow, or worthless.
    for bad in [
        json!({"e": "AQ"}),
        json!({"e": "Ag"}),
        json!({"e": URL_SAFE_NO_PAD.encode([1; 5])}),
        json!({"n": URL_SAFE_NO_PAD.encode([255; 128])}),
        json!({"n": URL_SAFE_NO_PAD.encode([255; 1025])}),
    ] {
        assert!(keys(&[with(rsa.jwk("k1"), bad.clone())]).is_err(), "{bad}");
    }
    let other = Rsa::new();
    let some = keys(&[
        rsa.jwk("k1"),
        other.jwk("k1"),
        other.jwk("k2"),
        json!({"kty": "OKP", "kid": "k3"}),
    ]);
    let some = some.unwrap();
    assert!(some.key("k1").is_none() && some.key("k2").is_some() && some.key("k3").is_none());
    let token = rsa.sign(&header(), &claims());
    assert_eq!(check(&token, &some), Err(IdentityTokenError::Key));
}

#[test]
fn a_token_of_another_sign_in_or_for_another_client_is_refused() {
    let refused = |claims: Value| {
        let Value::Object(claims) = claims else {
            unreachable!()
        };
        check_of_request(&claims, "n", "console").is_err()
    };
    for good in [
        json!({"nonce": "n", "aud": "console"}),
        json!({"nonce": "n", "aud": ["console"]}),
        json!({"nonce": "n", "aud": ["console", "other"], "azp": "console"}),
    ] {
        assert!(!refused(good.clone()), "{good}");
    }
    for bad in [
        json!({"aud": "console"}),
        json!({"nonce": "", "aud": "console"}),
        json!({"nonce": "N", "aud": "console"}),
        json!({"nonce": ["n"], "aud": "console"}),
        json!({"nonce": "n", "aud": ["console", "other"]}),
        json!({"nonce": "n", "aud": "console", "azp": "other"}),
        json!({"nonce": "n", "aud": "console", "azp": null}),
    ] {
        assert!(refused(bad.clone()), "{bad}");
    }
}
