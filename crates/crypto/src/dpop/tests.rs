use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
        KeyPair,
    },
};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::HmacKey;

const NOW: i64 = 1_800_000_000;
const URL: &str = "https://gateway.example.com/r/z/tools";
const TOKEN: &str = "an.access.token";

enum Holder {
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Holder {
    fn p256() -> Self {
        Self::P256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn ed25519() -> Self {
        Self::Ed25519(Ed25519KeyPair::generate().unwrap())
    }

    fn header(&self) -> Value {
        match self {
            Self::P256(pair) => {
                let point = pair.public_key().as_ref();
                json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": {
                    "kty": "EC", "crv": "P-256",
                    "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
                }})
            }
            Self::Ed25519(pair) => json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {
                "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(pair.public_key().as_ref()),
            }}),
        }
    }

    fn sign(&self, header: &str, claims: &str) -> String {
        let message = [URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims)].join(".");
        let signature = match self {
            Self::P256(pair) => pair
                .sign(&SystemRandom::new(), message.as_bytes())
                .unwrap()
                .as_ref()
                .to_vec(),
            Self::Ed25519(pair) => pair.sign(message.as_bytes()).as_ref().to_vec(),
        };
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn proof(&self, header: &Value, claims: &Value) -> String {
        self.sign(&header.to_string(), &claims.to_string())
    }
}

fn claims() -> Value {
    let ath = URL_SAFE_NO_PAD.encode(sha256(TOKEN.as_bytes()));
    json!({"jti": "one", "htm": "POST", "htu": URL, "iat": NOW, "ath": ath})
}

fn rules() -> DpopRules<'static> {
    DpopRules {
        method: "POST",
        url: URL,
        token: Some(TOKEN),
        now: Timestamp::from_unix_seconds(NOW),
        window: DpopWindow::default(),
    }
}

fn with(mut value: Value, name: &str, changed: Value) -> Value {
    value[name] = changed;
    value
}

fn without(mut value: Value, name: &str) -> Value {
    value.as_object_mut().unwrap().remove(name);
    value
}

#[test]
fn a_proof_of_either_algorithm_is_of_one_request_with_one_token() {
    for holder in [Holder::p256(), Holder::ed25519()] {
        let proof = holder.proof(&holder.header(), &claims());
        let held = DpopProof::verify(&proof, rules()).unwrap();
        assert!(is_thumbprint(&held.thumbprint), "{held:?}");
        assert_eq!(held.expires_at, Timestamp::from_unix_seconds(NOW + 90));
        let judged = |changed: DpopRules<'_>| DpopProof::verify(&proof, changed).map(|_| ());
        let of_method = DpopRules {
            method: "post",
            ..rules()
        };
        assert_eq!(judged(of_method), Err(DpopError::Method));
        let of_address = DpopRules {
            url: "https://gateway.example.com/r/z",
            ..rules()
        };
        assert_eq!(judged(of_address), Err(DpopError::Address));
        let of_token = DpopRules {
            token: Some("another"),
            ..rules()
        };
        assert_eq!(judged(of_token), Err(DpopError::Token));
        let none = holder.proof(&holder.header(), &without(claims(), "ath"));
        assert_eq!(DpopProof::verify(&none, rules()), Err(DpopError::Token));
        assert!(
            DpopProof::verify(
                &none,
                DpopRules {
                    token: None,
                    ..rules()
                }
            )
            .is_ok()
        );
    }
}

#[test]
fn a_proof_is_good_within_its_window_and_not_a_second_longer() {
    let holder = Holder::p256();
    let at = |iat: Value| {
        DpopProof::verify(
            &holder.proof(&holder.header(), &with(claims(), "iat", iat)),
            rules(),
        )
    };
    for good in [
        json!(NOW - 89),
        json!(NOW + 30),
        json!(f64::from(1_800_000_000) + 0.75),
    ] {
        assert!(at(good.clone()).is_ok(), "{good}");
    }
    for bad in [
        json!(NOW - 90),
        json!(NOW + 31),
        json!(0),
        json!(253_402_300_799_i64),
    ] {
        assert_eq!(at(bad.clone()), Err(DpopError::Time), "{bad}");
    }
    for none in [
        json!(-1),
        json!(i64::MAX),
        json!(1e300),
        json!("now"),
        json!(null),
        json!([NOW]),
    ] {
        assert_eq!(at(none.clone()), Err(DpopError::Malformed), "{none}");
    }
}

#[test]
fn forged_headers_prove_nothing() {
    use DpopError::{Algorithm, Key, Malformed, Signature, Type};
    let (holder, other, edwards) = (Holder::p256(), Holder::p256(), Holder::ed25519());
    let header = holder.header();
    let jwk = |name: &str, value: Value| {
        let mut header = header.clone();
        header["jwk"][name] = value;
        header
    };
    let mut cases = vec![
        (with(header.clone(), "typ", json!("JWT")), Type),
        (with(header.clone(), "typ", json!("at+jwt")), Type),
        (without(header.clone(), "typ"), Malformed),
        (without(header.clone(), "alg"), Malformed),
        (without(header.clone(), "jwk"), Malformed),
        (with(header.clone(), "jwk", json!(null)), Malformed),
        (with(header.clone(), "jwk", json!("key")), Malformed),
        (with(header.clone(), "kid", json!("x".repeat(1024))), Malformed),
        (with(header.clone(), "alg", json!("EdDSA")), Key),
        (with(header.clone(), "alg", json!("Ed25519")), Key),
        (jwk("crv", json!("P-384")), Key),
        (jwk("crv", json!("secp256k1")), Key),
        (jwk("kty", json!("oct")), Key),
        (jwk("kty", json!("RSA")), Key),
        (jwk("alg", json!("ES384")), Key),
        (jwk("use", json!("enc")), Key),
        (jwk("x", json!("AAAA")), Key),
        (
            jwk("x", json!(format!("{}=", header["jwk"]["x"].as_str().unwrap()))),
            Key,
        ),
        (jwk("y", json!(URL_SAFE_NO_PAD.encode([7; 32]))), Key),
        (jwk("y", json!(null)), Key),
        (other.header(), Signature),
        (with(edwards.header(), "alg", json!("ES256")), Key),
        (edwards.header(), Signature),
    ];
    for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        cases.push((jwk(private, json!("AAAA")), Key));
        cases.push((jwk(private, json!(null)), Key));
    }
    for parameter in REFUSED {
        cases.push((with(header.clone(), parameter, json!("x")), Malformed));
    }
    for algorithm in [
        "none", "None", "", "HS256", "HS512", "ES384", "RS256", "PS256", "es256", "ES256K",
    ] {
        cases.push((with(header.clone(), "alg", json!(algorithm)), Algorithm));
    }
    for (changed, error) in cases {
        let proof = holder.proof(&changed, &claims());
        assert_eq!(DpopProof::verify(&proof, rules()), Err(error), "{changed}");
    }
    let renamed = with(edwards.header(), "alg", json!("Ed25519"));
    assert!(DpopProof::verify(&edwards.proof(&renamed, &claims()), rules()).is_ok());
    // What only says more of the key, or names it, changes nothing.
    for changed in [
        jwk("alg", json!("ES256")),
        jwk("use", json!("sig")),
        jwk("kid", json!("1")),
        with(header.clone(), "kid", json!("1")),
        with(header.clone(), "typ", json!("DPoP+JWT")),
    ] {
        let proof = holder.proof(&changed, &claims());
        assert!(DpopProof::verify(&proof, rules()).is_ok(), "{changed}");
    }
}

/// The public key as a shared secret, and no signature at all.
#[test]
fn a_proof_is_signed_by_the_holder_or_not_at_all() {
    let holder = Holder::p256();
    let header = holder.header();
    let Holder::P256(pair) = &holder else {
        unreachable!()
    };
    for algorithm in ["HS256", "ES256"] {
        let header = with(header.clone(), "alg", json!(algorithm)).to_string();
        let message = [
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims().to_string()),
        ]
        .join(".");
        let secret = HmacKey::from_hex(&hex::encode(pair.public_key().as_ref())).unwrap();
        let mut tag = secret.sign(message.as_bytes()).to_vec();
        for length in [32, 64] {
            tag.resize(length, 0);
            let proof = format!("{message}.{}", URL_SAFE_NO_PAD.encode(&tag));
            let refused = DpopProof::verify(&proof, rules()).unwrap_err();
            assert!(
                matches!(refused, DpopError::Algorithm | DpopError::Signature),
                "{refused}"
            );
        }
    }
    let good = holder.proof(&header, &claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let zeros = URL_SAFE_NO_PAD.encode([0; 64]);
    let short = &signature[..signature.len() - 4];
    for bad in [
        String::new(),
        String::from("a.b"),
        String::from("a.b.c"),
        String::from(".."),
        message.to_owned(),
        format!("{message}."),
        format!("{message}.{zeros}"),
        format!("{message}.{short}"),
        format!("{good}A"),
        format!("{good}="),
        format!("{good}.x"),
        format!(" {good}"),
        good[1..].to_owned(),
        format!("{good}, {good}"),
        "a".repeat(MAX_PROOF_BYTES + 1),
    ] {
        assert!(DpopProof::verify(&bad, rules()).is_err(), "{bad}");
    }
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let signature = p384.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
    let proof = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
    assert_eq!(DpopProof::verify(&proof, rules()), Err(DpopError::Signature));
}

/// A point of small order has signatures that nobody made: of the identity, its own encoding and zero.
#[test]
fn a_key_that_anybody_signs_for_proves_nothing() {
    let mut identity = [0; 32];
    identity[0] = 1;
    let signature = [identity, [0; 32]].concat();
    let mut key = identity.to_vec();
    for sign in [0, 0x80] {
        key[31] = sign;
        let header = json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": {
            "kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(&key),
        }});
        let parts = [header.to_string(), claims().to_string()].map(|part| URL_SAFE_NO_PAD.encode(part));
        let proof = format!("{}.{}", parts.join("."), URL_SAFE_NO_PAD.encode(&signature));
        assert_eq!(DpopProof::verify(&proof, rules()), Err(DpopError::Key));
    }
}

#[test]
fn forged_claims_prove_nothing() {
    use DpopError::{Address, Malformed, Method, Token};
    let holder = Holder::p256();
    let header = holder.header();
    for (name, value, error) in [
        ("jti", json!(""), Malformed),
        ("jti", json!("x".repeat(257)), Malformed),
        ("jti", json!(7), Malformed),
        ("jti", json!(null), Malformed),
        ("htm", json!(["POST"]), Malformed),
        ("htm", json!("GET"), Method),
        ("htm", json!(""), Method),
        ("htu", json!({}), Malformed),
        ("htu", json!("https://attacker.example/r/z/tools"), Address),
        ("htu", json!(""), Address),
        ("ath", json!(""), Token),
        ("ath", json!(TOKEN), Token),
        ("ath", json!(7), Malformed),
        ("nonce", json!(7), Malformed),
    ] {
        let changed = with(claims(), name, value);
        let proof = holder.proof(&header, &changed);
        assert_eq!(DpopProof::verify(&proof, rules()), Err(error), "{changed}");
    }
    for missing in ["jti", "htm", "htu", "iat"] {
        let proof = holder.proof(&header, &without(claims(), missing));
        assert_eq!(DpopProof::verify(&proof, rules()), Err(Malformed), "{missing}");
    }
    let twice = claims().to_string().replacen('{', r#"{"jti":"two","#, 1);
    let proof = holder.sign(&header.to_string(), &twice);
    assert_eq!(DpopProof::verify(&proof, rules()), Err(Malformed));
    let twice = header.to_string().replacen('{', r#"{"alg":"none","#, 1);
    let proof = holder.sign(&twice, &claims().to_string());
    assert_eq!(DpopProof::verify(&proof, rules()), Err(Malformed));
}

#[test]
fn proofs_of_each_key_have_ids_of_their_own_in_each_zone() {
    let (holder, other) = (Holder::p256(), Holder::ed25519());
    let key = |holder: &Holder, zone: &str, jti: &str| {
        let proof = holder.proof(&holder.header(), &with(claims(), "jti", json!(jti)));
        let zone = ZoneId::parse(zone).unwrap();
        DpopProof::verify(&proof, rules()).unwrap().replay_key(&zone)
    };
    let first = key(&holder, "zone-1", "one");
    assert_eq!(first, key(&holder, "zone-1", "one"), "whatever else a proof says");
    for other in [
        key(&holder, "zone-1", "two"),
        key(&holder, "zone-2", "one"),
        key(&other, "zone-1", "one"),
        key(&holder, "zone-1", "one\n"),
    ] {
        assert_ne!(first, other);
    }
}

/// The key of RFC 9449 §4.1 has the thumbprint of §6.1; that of RFC 8037 A.2 has the one of A.3.
#[test]
fn thumbprints_are_those_of_the_published_examples() {
    for (alg, jwk, thumbprint) in [
        (
            "ES256",
            json!({"kty": "EC", "x": "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs",
                "y": "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA", "crv": "P-256"}),
            "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I",
        ),
        (
            "EdDSA",
            json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
        ),
    ] {
        let key = Jwk::read(jwk.as_object().unwrap(), alg).unwrap();
        assert_eq!(key.thumbprint(), thumbprint);
    }
}

/// The proof of RFC 9449 §4.1, byte for byte.
#[test]
fn the_published_example_verifies() {
    let proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs\
                 cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In1\
                 9.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwi\
                 aWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
    let rules = DpopRules {
        method: "POST",
        url: "https://server.example.com/token",
        token: None,
        now: Timestamp::from_unix_seconds(1_562_262_616),
        window: DpopWindow::default(),
    };
    let proof = DpopProof::verify(proof, rules).unwrap();
    assert_eq!(&*proof.thumbprint, "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_changed_byte_is_refused(position in any::<prop::sample::Index>(), byte in 0_u8..128) {
        let holder = Holder::ed25519();
        let mut bytes = holder.proof(&holder.header(), &claims()).into_bytes();
        let position = position.index(bytes.len());
        prop_assume!(bytes[position] != byte);
        bytes[position] = byte;
        let changed = String::from_utf8(bytes).unwrap();
        prop_assert!(DpopProof::verify(&changed, rules()).is_err());
    }

    #[test]
    fn any_text_is_refused_and_read_to_its_end(text in "\\PC{0,300}") {
        prop_assert!(DpopProof::verify(&text, rules()).is_err());
    }
}
