//! Assertions that a client signs for an OAuth server (RFC 7523): of itself, or as a grant.

use std::{fmt, time::Duration};

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{Secret, World, entity::provider_config::MIN_SIGNING_SECRET};
use serde::Serialize;

use crate::{HmacKey, pem};

/// Shortest RSA key that signs, in bytes.
const MIN_RSA_BYTES: usize = 256;

/// The bytes are no key that assertions are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key for assertions")]
pub struct InvalidAssertionKey;

/// The assertion could not be signed. An internal failure of the library, never caused by input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("could not sign an assertion")]
pub struct AssertionFailed;

/// What a client signs with: its private key, RSA (`RS256`) or of an elliptic curve (`ES256`, `ES384`, `ES512`), or its secret
/// (`HS256`). `Debug` shows the algorithm alone.
pub struct AssertionKey {
    algorithm: &'static str,
    pair: Pair,
}

enum Pair {
    Secret(Box<HmacKey>),
    Rsa(Box<RsaKeyPair>),
    Ec(Box<EcdsaKeyPair>),
}

const CURVES: [(&str, &EcdsaSigningAlgorithm); 3] = [
    ("ES256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
    ("ES384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING),
    ("ES512", &signature::ECDSA_P521_SHA512_FIXED_SIGNING),
];

impl AssertionKey {
    /// From one PEM block: PKCS #8, PKCS #1 or SEC 1.
    ///
    /// # Errors
    /// [`InvalidAssertionKey`] for anything else, for other curves and for RSA keys below 2048 bits.
    pub fn from_pem(bytes: &[u8]) -> Result<Self, InvalidAssertionKey> {
        let labels = ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"];
        let (label, contents) = pem::decode(bytes, &labels).ok_or(InvalidAssertionKey)?;
        if label != "EC PRIVATE KEY" {
            let pair = match label {
                "PRIVATE KEY" => RsaKeyPair::from_pkcs8(&contents),
                _ => RsaKeyPair::from_der(&contents),
            };
            if let Ok(pair) = pair {
                return if pair.public_modulus_len() >= MIN_RSA_BYTES {
                    Ok(Self {
                        algorithm: "RS256",
                        pair: Pair::Rsa(Box::new(pair)),
                    })
                } else {
                    Err(InvalidAssertionKey)
                };
            }
        }
        for (name, curve) in CURVES {
            let pair = match label {
                "PRIVATE KEY" => EcdsaKeyPair::from_pkcs8(curve, &contents),
                "EC PRIVATE KEY" => EcdsaKeyPair::from_private_key_der(curve, &contents),
                _ => return Err(InvalidAssertionKey),
            };
            if let Ok(pair) = pair {
                return Ok(Self {
                    algorithm: name,
                    pair: Pair::Ec(Box::new(pair)),
                });
            }
        }
        Err(InvalidAssertionKey)
    }

    /// From a secret that the server knows too.
    ///
    /// # Errors
    /// [`InvalidAssertionKey`] below 32 bytes.
    pub fn from_secret(secret: &Secret) -> Result<Self, InvalidAssertionKey> {
        let bytes = secret.expose().as_bytes();
        if bytes.len() < MIN_SIGNING_SECRET {
            return Err(InvalidAssertionKey);
        }
        Ok(Self {
            algorithm: "HS256",
            pair: Pair::Secret(Box::new(HmacKey::from_bytes(bytes))),
        })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AssertionFailed> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Secret(key) => Ok(key.sign(message).to_vec()),
            Pair::Rsa(pair) => {
                let mut made = vec![0; pair.public_modulus_len()];
                pair.sign(&signature::RSA_PKCS1_SHA256, &random, message, &mut made)
                    .map_err(|_| AssertionFailed)?;
                Ok(made)
            }
            Pair::Ec(pair) => {
                let made = pair.sign(&random, message).map_err(|_| AssertionFailed)?;
                Ok(made.as_ref().to_vec())
            }
        }
    }
}

impl fmt::Debug for AssertionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AssertionKey").field(&self.algorithm).finish()
    }
}

/// What an assertion says (RFC 7523 §3).
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    /// The client.
    pub issuer: &'a str,
    /// Whom it is about.
    pub subject: &'a str,
    /// Who is to believe it.
    pub audience: &'a str,
    /// How long it is good.
    pub lifetime: Duration,
    /// Scopes asked for, with blanks between them.
    pub scope: Option<&'a str>,
}

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    typ: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<&'a str>,
}

impl Assertion<'_> {
    /// Signs it with `key`, known to the server as `key_id`. No two are alike.
    ///
    /// # Errors
    /// [`AssertionFailed`].
    pub fn sign(
        &self,
        world: &World,
        key: &AssertionKey,
        key_id: Option<&str>,
    ) -> Result<Secret, AssertionFailed> {
        let now = world.now();
        let header = Header {
            alg: key.algorithm,
            typ: "JWT",
            kid: key_id,
        };
        let claims = Claims {
            iss: self.issuer,
            sub: self.subject,
            aud: self.audience,
            iat: now.unix_seconds(),
            exp: now.plus(self.lifetime).unix_seconds(),
            jti: world.uuid_v4().to_string(),
            scope: self.scope,
        };
        let segment = |json: serde_json::Result<Vec<u8>>| {
            json.map(|json| URL_SAFE_NO_PAD.encode(json))
                .map_err(|_| AssertionFailed)
        };
        let header = segment(serde_json::to_vec(&header))?;
        let claims = segment(serde_json::to_vec(&claims))?;
        let message = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes())?);
        Ok(Secret::new(format!("{message}.{signature}")))
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        encoding::AsDer,
        rsa::KeySize,
        signature::{KeyPair, UnparsedPublicKey},
    };
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    fn pem(der: &[u8]) -> Vec<u8> {
        let packed = STANDARD.encode(der);
        format!("-----BEGIN PRIVATE KEY-----\n{packed}\n-----END PRIVATE KEY-----\n").into_bytes()
    }

    fn ask() -> Assertion<'static> {
        Assertion {
            issuer: "client",
            subject: "client",
            audience: "https://id.example.com/token",
            lifetime: Duration::from_mins(1),
            scope: None,
        }
    }

    #[test]
    fn what_is_no_key_or_too_weak_a_key_is_refused() {
        let other = EcdsaKeyPair::generate(&signature::ECDSA_P256K1_SHA256_FIXED_SIGNING).unwrap();
        let other = pem(other.to_pkcs8v1().unwrap().as_ref());
        for bad in [
            &b""[..],
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
            b"secret",
            &other,
        ] {
            assert!(AssertionKey::from_pem(bad).is_err());
        }
    }

    /// RFC 7515 §3.2 with the secret's bytes as the key.
    #[test]
    fn a_secret_signs_when_it_is_long_enough() {
        let short = Secret::new("s".repeat(MIN_SIGNING_SECRET - 1));
        assert!(AssertionKey::from_secret(&short).is_err());
        let secret = "s".repeat(MIN_SIGNING_SECRET);
        let key = AssertionKey::from_secret(&Secret::new(secret.clone())).unwrap();
        assert!(!format!("{key:?}").contains(&secret));
        let made = ask().sign(&World::for_tests(), &key, None).unwrap();
        let (message, signature) = made.expose().rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let known = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
        aws_lc_rs::hmac::verify(&known, message.as_bytes(), &signature).unwrap();
        let header = URL_SAFE_NO_PAD
            .decode(message.split_once('.').unwrap().0)
            .unwrap();
        assert_eq!(header, br#"{"alg":"HS256","typ":"JWT"}"#);
    }

    #[test]
    fn every_kind_of_key_signs_what_its_public_half_verifies() {
        let world = World::for_tests();
        let rsa = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let rsa_der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = rsa.as_der().unwrap();
        let rsa_public = rsa.public_key().as_ref().to_vec();
        let mut cases: Vec<(Vec<u8>, Vec<u8>, &dyn signature::VerificationAlgorithm)> = vec![(
            pem(rsa_der.as_ref()),
            rsa_public,
            &signature::RSA_PKCS1_2048_8192_SHA256,
        )];
        let verifiers: [&dyn signature::VerificationAlgorithm; 3] = [
            &signature::ECDSA_P256_SHA256_FIXED,
            &signature::ECDSA_P384_SHA384_FIXED,
            &signature::ECDSA_P521_SHA512_FIXED,
        ];
        for ((_, curve), verifier) in CURVES.into_iter().zip(verifiers) {
            let pair = EcdsaKeyPair::generate(curve).unwrap();
            let public = pair.public_key().as_ref().to_vec();
            cases.push((pem(pair.to_pkcs8v1().unwrap().as_ref()), public, verifier));
        }
        for (private, public, verifier) in cases {
            let key = AssertionKey::from_pem(&private).unwrap();
            let made = ask().sign(&world, &key, Some("k1")).unwrap();
            let (message, signature) = made.expose().rsplit_once('.').unwrap();
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            UnparsedPublicKey::new(verifier, public)
                .verify(message.as_bytes(), &signature)
                .unwrap();
            let header = message.split_once('.').unwrap().0;
            let header = String::from_utf8(URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
            assert!(
                header.contains(r#""kid":"k1""#) && header.contains(key.algorithm),
                "{header}"
            );
            assert!(!format!("{key:?}").contains("pair"));
            let again = ask().sign(&world, &key, None).unwrap();
            assert_ne!(made.expose(), again.expose());
        }
    }
}
