//! A client that holds a key and proves it (DPoP, RFC 9449): by the book, and in every way that proves nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{KeyId, World};
use caracal_crypto::{HmacKey, SigningKey, sha256};
use serde_json::{Value, json};

/// Holds a key on P-256.
#[derive(Debug)]
pub struct KeyHolder {
    key: SigningKey,
    world: World,
}

impl KeyHolder {
    /// One with a key of its own.
    ///
    /// # Panics
    /// Never with a sound generator.
    pub fn new(world: &World) -> Self {
        let key = SigningKey::generate(world, KeyId::generate(world)).expect("a key");
        let world = world.clone();
        Self { key, world }
    }

    fn jwk(&self) -> Value {
        let point = self.key.verifying_key().point();
        json!({
            "kty": "EC", "crv": "P-256",
            "x": URL_SAFE_NO_PAD.encode(&point[1..33]), "y": URL_SAFE_NO_PAD.encode(&point[33..]),
        })
    }

    /// Thumbprint of the key (RFC 7638).
    pub fn thumbprint(&self) -> String {
        let jwk = self.jwk();
        let canonical = format!(
            r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
            jwk["x"], jwk["y"]
        );
        URL_SAFE_NO_PAD.encode(sha256(canonical.as_bytes()))
    }

    /// Header of a good proof.
    pub fn header(&self) -> Value {
        json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": self.jwk()})
    }

    /// Claims of a good proof of a request, with a token where it is used with one.
    pub fn claims(&self, method: &str, url: &str, token: Option<&str>) -> Value {
        let mut claims = json!({
            "jti": self.world.uuid_v7().to_string(), "htm": method, "htu": url, "iat": self.world.now().unix_seconds(),
        });
        if let Some(token) = token {
            claims["ath"] = URL_SAFE_NO_PAD.encode(sha256(token.as_bytes())).into();
        }
        claims
    }

    /// A good proof of a request.
    pub fn proof(&self, method: &str, url: &str, token: Option<&str>) -> String {
        self.sign(&self.header(), &self.claims(method, url, token))
    }

    /// What is really signed with the key, whatever it says.
    ///
    /// # Panics
    /// When the library fails.
    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let message = message(header, claims);
        let signature = self.key.sign(message.as_bytes()).expect("a signature");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Proofs that prove nothing, each for one reason, of the request and the time that `claims` are good for.
    pub fn forgeries(&self, claims: &Value) -> Vec<(&'static str, String)> {
        let header = |name: &str, value: Value| with(self.header(), name, value);
        let jwk = |name: &str, value: Value| header("jwk", with(self.jwk(), name, value));
        let claim = |name: &str, value: Value| self.sign(&self.header(), &with(claims.clone(), name, value));
        let signed = |header: Value| self.sign(&header, claims);
        let iat = claims["iat"].as_i64().unwrap_or_default();
        let of_algorithm = |name: &str| message(&header("alg", name.into()), claims);
        let tag =
            HmacKey::from_bytes(self.key.verifying_key().point()).sign(of_algorithm("HS256").as_bytes());
        let good = self.sign(&self.header(), claims);
        let (unsigned, _) = good.rsplit_once('.').unwrap_or_default();
        vec![
            ("no token at all", String::from("x")),
            ("nothing", String::new()),
            ("two in one", format!("{good}, {good}")),
            ("type of another token", signed(header("typ", "JWT".into()))),
            ("no type", signed(header("typ", Value::Null))),
            ("algorithm none", format!("{}.", of_algorithm("none"))),
            ("algorithm none, signed", signed(header("alg", "none".into()))),
            (
                "public key as a secret",
                format!("{}.{}", of_algorithm("HS256"), URL_SAFE_NO_PAD.encode(tag)),
            ),
            ("another algorithm", signed(header("alg", "ES384".into()))),
            ("no signature", format!("{unsigned}.")),
            (
                "another's signature",
                format!("{unsigned}.{}", URL_SAFE_NO_PAD.encode([1; 64])),
            ),
            (
                "another's key in it",
                signed(header("jwk", Self::new(&self.world).jwk())),
            ),
            ("no key", signed(header("jwk", Value::Null))),
            (
                "a private key",
                signed(jwk("d", URL_SAFE_NO_PAD.encode([7; 32]).into())),
            ),
            (
                "a symmetric key",
                signed(header("jwk", json!({"kty": "oct", "k": "AAAA"}))),
            ),
            (
                "a key off the curve",
                signed(jwk("y", URL_SAFE_NO_PAD.encode([7; 32]).into())),
            ),
            (
                "a key elsewhere",
                signed(header("jku", "https://attacker.example/keys".into())),
            ),
            ("something critical", signed(header("crit", json!(["x"])))),
            ("more than a proof holds", claim("jti", "x".repeat(5000).into())),
            ("an id that is too long", claim("jti", "x".repeat(257).into())),
            ("an empty id", claim("jti", "".into())),
            ("no id", claim("jti", Value::Null)),
            ("another method", claim("htm", "DELETE".into())),
            ("no method", claim("htm", Value::Null)),
            (
                "another host",
                claim("htu", "https://attacker.example/oauth/2/token".into()),
            ),
            ("no address", claim("htu", Value::Null)),
            ("the past", claim("iat", (iat - 90).into())),
            ("the future", claim("iat", (iat + 31).into())),
            ("no time", claim("iat", Value::Null)),
        ]
    }
}

fn message(header: &Value, claims: &Value) -> String {
    [header, claims]
        .map(|part| URL_SAFE_NO_PAD.encode(part.to_string()))
        .join(".")
}

fn with(mut value: Value, name: &str, changed: Value) -> Value {
    value[name] = changed;
    value
}
