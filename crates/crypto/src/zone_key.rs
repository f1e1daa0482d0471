//! Signing keys of zones: ECDSA on P-256 with SHA-256 (JWS `ES256`, RFC 7518 §3.4).

use std::{fmt, sync::Arc};

use aws_lc_rs::{
    agreement,
    rand::SystemRandom,
    signature::{self, EcdsaKeyPair, KeyPair, ParsedPublicKey},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{KeyId, World};
use zeroize::Zeroizing;

use crate::pem;

/// Bytes of an uncompressed P-256 point: `04`, x, y.
pub const POINT_BYTES: usize = 65;
/// Bytes of an `ES256` signature: r and s, fixed length.
pub const SIGNATURE_BYTES: usize = 64;

/// The bytes are not a usable P-256 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a P-256 key")]
pub struct InvalidKey;

/// The signature could not be made. An internal failure of the library, never caused by input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("could not sign")]
pub struct SigningFailed;

/// The public half of a zone key. Parsed once, cheap to clone.
#[derive(Clone)]
pub struct VerifyingKey(Arc<Verifying>);

struct Verifying {
    id: KeyId,
    point: [u8; POINT_BYTES],
    parsed: ParsedPublicKey,
}

impl VerifyingKey {
    /// From an uncompressed point (SEC 1 §2.3.3).
    ///
    /// # Errors
    /// [`InvalidKey`] for any other form, and for a point off the curve.
    pub fn from_point(id: KeyId, point: &[u8]) -> Result<Self, InvalidKey> {
        let point: [u8; POINT_BYTES] = point.try_into().map_err(|_| InvalidKey)?;
        if point.first() != Some(&4) {
            return Err(InvalidKey);
        }
        let parsed =
            ParsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point).map_err(|_| InvalidKey)?;
        Ok(Self(Arc::new(Verifying { id, point, parsed })))
    }

    /// JOSE `kid`.
    pub fn id(&self) -> &KeyId {
        &self.0.id
    }

    /// The uncompressed point.
    pub fn point(&self) -> &[u8; POINT_BYTES] {
        &self.0.point
    }

    /// Whether `signature` (r and s, 32 bytes each) signs `message`.
    ///
    /// Either of the two values of s is accepted, as JWS demands no canonical one: a signature must therefore
    /// never serve as the identity of a token.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature.len() == SIGNATURE_BYTES && self.0.parsed.verify_sig(message, signature).is_ok()
    }
}

impl PartialEq for VerifyingKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id && self.0.point == other.0.point
    }
}

impl Eq for VerifyingKey {}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VerifyingKey").field(&self.0.id).finish()
    }
}

/// The private half of a zone key, with the JWS header it puts on every mandate.
///
/// Kept parsed: signing does no key work. `Debug` shows the id alone.
pub struct SigningKey {
    pair: EcdsaKeyPair,
    verifying: VerifyingKey,
    header: MandateHeader,
}

impl SigningKey {
    /// A fresh key from the randomness of `world`.
    ///
    /// # Errors
    /// [`InvalidKey`] never with a sound generator: a draw is rejected with a chance of 2⁻³², and repeated.
    pub fn generate(world: &World, id: KeyId) -> Result<Self, InvalidKey> {
        const ATTEMPTS: usize = 16;
        for _ in 0..ATTEMPTS {
            let scalar = Zeroizing::new(world.random_bytes::<32>());
            // Refuses zero and what is not below the order of the group.
            let Ok(private) =
                agreement::PrivateKey::from_private_key(&agreement::ECDH_P256, scalar.as_slice())
            else {
                continue;
            };
            let point = private.compute_public_key().map_err(|_| InvalidKey)?;
            let pair = EcdsaKeyPair::from_private_key_and_public_key(
                &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
                scalar.as_slice(),
                point.as_ref(),
            )
            .map_err(|_| InvalidKey)?;
            return Self::from_pair(id, pair);
        }
        Err(InvalidKey)
    }

    /// Reads the bytes found in a sealed envelope: PKCS#8 (RFC 5208) or SEC 1 (RFC 5915), as DER or PEM.
    ///
    /// # Errors
    /// [`InvalidKey`] for anything else, other curves included.
    pub fn from_sealed_bytes(id: KeyId, bytes: &[u8]) -> Result<Self, InvalidKey> {
        let der = if bytes.starts_with(b"-----BEGIN ") {
            pem::decode(bytes, &["PRIVATE KEY", "EC PRIVATE KEY"])
                .ok_or(InvalidKey)?
                .1
        } else {
            Zeroizing::new(bytes.to_vec())
        };
        let pair =
            EcdsaKeyPair::from_private_key_der(&signature::ECDSA_P256_SHA256_FIXED_SIGNING, der.as_slice())
                .map_err(|_| InvalidKey)?;
        Self::from_pair(id, pair)
    }

    /// The key as PKCS#8 DER, to be sealed under [`crate::sealed::Location::ZONE_SIGNING_KEY`].
    ///
    /// # Errors
    /// [`InvalidKey`] when the library fails to encode.
    pub fn to_sealed_bytes(&self) -> Result<Zeroizing<Vec<u8>>, InvalidKey> {
        let document = self.pair.to_pkcs8v1().map_err(|_| InvalidKey)?;
        Ok(Zeroizing::new(document.as_ref().to_vec()))
    }

    /// JOSE `kid`.
    pub fn id(&self) -> &KeyId {
        self.verifying.id()
    }

    /// The public half.
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// An `ES256` signature of `message`.
    ///
    /// # Errors
    /// [`SigningFailed`] on an internal failure of the library.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_BYTES], SigningFailed> {
        // The generator argument is unused: AWS-LC draws the nonce itself.
        let signature = self
            .pair
            .sign(&SystemRandom::new(), message)
            .map_err(|_| SigningFailed)?;
        signature.as_ref().try_into().map_err(|_| SigningFailed)
    }

    /// The JWS header of what it signs.
    pub const fn header(&self) -> &MandateHeader {
        &self.header
    }

    fn from_pair(id: KeyId, pair: EcdsaKeyPair) -> Result<Self, InvalidKey> {
        let verifying = VerifyingKey::from_point(id, pair.public_key().as_ref())?;
        let header = MandateHeader::naming(verifying.id());
        Ok(Self {
            pair,
            verifying,
            header,
        })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(self.id()).finish()
    }
}

/// The encoded JWS header of mandates that one key signs, wherever its private half is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MandateHeader(String);

impl MandateHeader {
    /// That of the key `kid`. Ids need no escaping in JSON.
    pub fn naming(kid: &KeyId) -> Self {
        Self(URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"ES256","typ":"JWT","kid":"{kid}"}}"#)))
    }

    /// The first segment of a token.
    pub(crate) fn segment(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key_id() -> KeyId {
        KeyId::parse("key-1").unwrap()
    }

    /// A key in the SEC 1 form that `openssl ecparam -genkey` writes. Used nowhere else.
    const SEC1_PEM: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIDegWSIanrDWiEFeSLvEXtyBSrGY8cv4BS8+PC8oUeZPoAoGCCqGSM49\nAwEHoUQDQgAESo+6Ab66iOXLBktqxbT/a9mbifoytYTNWiwEL8ERHea4c1Y+nusM\nK9wz4sNeH90MRFe0yetZeNvzrJdWaBNCHw==\n-----END EC PRIVATE KEY-----\n";
    const SEC1_POINT: &str = "044a8fba01beba88e5cb064b6ac5b4ff6bd99b89fa32b584cd5a2c042fc1111de6b873563e9eeb0c2bdc33e2c35e1fdd0c4457b4c9eb5978dbf3ac97566813421f";

    #[test]
    fn a_key_survives_its_sealed_form() {
        let key = SigningKey::generate(&World::for_tests(), key_id()).unwrap();
        let again = SigningKey::from_sealed_bytes(key_id(), &key.to_sealed_bytes().unwrap()).unwrap();
        assert_eq!(key.verifying_key(), again.verifying_key());
        let signature = again.sign(b"message").unwrap();
        assert!(key.verifying_key().verify(b"message", &signature));
        assert!(!key.verifying_key().verify(b"massage", &signature));
    }

    #[test]
    fn generation_follows_the_world() {
        let point = |world: &World| {
            *SigningKey::generate(world, key_id())
                .unwrap()
                .verifying_key()
                .point()
        };
        let world = World::for_tests();
        let first = point(&world);
        assert_eq!(first, point(&World::for_tests()));
        assert_ne!(first, point(&world));
    }

    #[test]
    fn sec1_pem_is_read() {
        let key = SigningKey::from_sealed_bytes(key_id(), SEC1_PEM.as_bytes()).unwrap();
        assert_eq!(hex::encode(key.verifying_key().point()), SEC1_POINT);
    }

    #[test]
    fn what_is_not_a_p256_key_is_refused() {
        let truncated = SEC1_PEM.replace("-----END EC PRIVATE KEY-----", "");
        let relabelled = SEC1_PEM.replace("EC PRIVATE KEY", "RSA PRIVATE KEY");
        for bad in ["", "-----BEGIN ", "hello", &truncated, &relabelled] {
            assert!(
                SigningKey::from_sealed_bytes(key_id(), bad.as_bytes()).is_err(),
                "{bad}"
            );
        }
        let other_curve = EcdsaKeyPair::generate(&signature::ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        assert!(SigningKey::from_sealed_bytes(key_id(), other_curve.to_pkcs8v1().unwrap().as_ref()).is_err());
    }

    #[test]
    fn points_off_the_curve_or_in_other_forms_are_refused() {
        let key = SigningKey::generate(&World::for_tests(), key_id()).unwrap();
        let point = *key.verifying_key().point();
        let mut off_curve = point;
        off_curve[64] ^= 1;
        let mut compressed = point;
        compressed[0] = 2;
        for bad in [
            &[][..],
            &[0],
            &[0; 65],
            &off_curve,
            &compressed,
            &compressed[..33],
            &point[..64],
        ] {
            assert!(VerifyingKey::from_point(key_id(), bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn debug_shows_the_id_alone() {
        let key = SigningKey::generate(&World::for_tests(), key_id()).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(KeyId(key-1))");
    }
}
