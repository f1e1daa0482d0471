//! Keys that sign checkpoints of the ledger: Ed25519 (RFC 8032) and ML-DSA-44 (FIPS 204).
//!
//! Both are made from 32 bytes. One secret in the secret store gives both, each derived under a label of its own.
//! Signing keys are kept parsed.

use std::fmt;

use aws_lc_rs::{
    hkdf::{HKDF_SHA256, Salt},
    signature::{
        self, ED25519, Ed25519KeyPair, KeyPair, ML_DSA_44, ML_DSA_44_SIGNING, PqdsaKeyPair, UnparsedPublicKey,
    },
};
use zeroize::Zeroizing;

/// Bytes of a seed of either algorithm.
pub const SEED_BYTES: usize = 32;

/// How a checkpoint is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogAlgorithm {
    /// RFC 8032.
    Ed25519,
    /// FIPS 204, pure, with an empty context. Withstands a quantum computer.
    MlDsa44,
}

impl LogAlgorithm {
    /// What its seed is derived under, so that neither key tells anything of the other.
    fn label(self) -> &'static [u8] {
        match self {
            Self::Ed25519 => b"ed25519",
            Self::MlDsa44 => b"ml-dsa-44",
        }
    }

    /// Bytes of a public key.
    pub fn public_bytes(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::MlDsa44 => 1312,
        }
    }

    /// Bytes of a signature.
    pub fn signature_bytes(self) -> usize {
        match self {
            Self::Ed25519 => 64,
            Self::MlDsa44 => 2420,
        }
    }
}

/// The bytes are no key of the algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a key of this algorithm")]
pub struct InvalidLogKey;

/// The signature could not be made. An internal failure of the library, never caused by input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("could not sign")]
pub struct LogSigningFailed;

/// The private half. `Debug` shows the algorithm alone.
pub struct LogSigningKey(Pair);

enum Pair {
    Ed25519(Ed25519KeyPair),
    MlDsa44(PqdsaKeyPair),
}

impl LogSigningKey {
    /// The key that belongs to `seed`.
    ///
    /// # Errors
    /// [`InvalidLogKey`] where the library refuses, which no seed of this length makes it do.
    pub fn from_seed(algorithm: LogAlgorithm, seed: &[u8; SEED_BYTES]) -> Result<Self, InvalidLogKey> {
        let pair = match algorithm {
            LogAlgorithm::Ed25519 => {
                Pair::Ed25519(Ed25519KeyPair::from_seed_unchecked(seed).map_err(|_| InvalidLogKey)?)
            }
            LogAlgorithm::MlDsa44 => {
                Pair::MlDsa44(PqdsaKeyPair::from_seed(&ML_DSA_44_SIGNING, seed).map_err(|_| InvalidLogKey)?)
            }
        };
        Ok(Self(pair))
    }

    /// The key that belongs to a random `secret` of [`SEED_BYTES`] or more (HKDF-SHA256, RFC 5869).
    ///
    /// # Errors
    /// [`InvalidLogKey`] when the secret is shorter, or the library fails.
    pub fn derived(algorithm: LogAlgorithm, secret: &[u8]) -> Result<Self, InvalidLogKey> {
        if secret.len() < SEED_BYTES {
            return Err(InvalidLogKey);
        }
        let mut seed = Zeroizing::new([0; SEED_BYTES]);
        Salt::new(HKDF_SHA256, b"caracal.log-key.v1")
            .extract(secret)
            .expand(&[algorithm.label()], HKDF_SHA256)
            .and_then(|material| material.fill(seed.as_mut_slice()))
            .map_err(|_| InvalidLogKey)?;
        Self::from_seed(algorithm, &seed)
    }

    /// Which algorithm it is of.
    pub fn algorithm(&self) -> LogAlgorithm {
        match self.0 {
            Pair::Ed25519(_) => LogAlgorithm::Ed25519,
            Pair::MlDsa44(_) => LogAlgorithm::MlDsa44,
        }
    }

    /// The public half.
    pub fn verifying_key(&self) -> LogVerifyingKey {
        let bytes = match &self.0 {
            Pair::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Pair::MlDsa44(pair) => pair.public_key().as_ref().to_vec(),
        };
        LogVerifyingKey {
            algorithm: self.algorithm(),
            bytes,
        }
    }

    /// Signs `message`.
    ///
    /// # Errors
    /// [`LogSigningFailed`] where the library failed.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, LogSigningFailed> {
        match &self.0 {
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::MlDsa44(pair) => {
                let mut made = vec![0; LogAlgorithm::MlDsa44.signature_bytes()];
                let length = pair.sign(message, &mut made).map_err(|_| LogSigningFailed)?;
                made.truncate(length);
                Ok(made)
            }
        }
    }
}

impl fmt::Debug for LogSigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogSigningKey").field(&self.algorithm()).finish()
    }
}

/// The public half.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LogVerifyingKey {
    algorithm: LogAlgorithm,
    bytes: Vec<u8>,
}

impl LogVerifyingKey {
    /// From the encoding of the algorithm's standard.
    ///
    /// # Errors
    /// [`InvalidLogKey`] for another length. Bytes of the right length that are no key verify nothing.
    pub fn from_bytes(algorithm: LogAlgorithm, bytes: &[u8]) -> Result<Self, InvalidLogKey> {
        if bytes.len() == algorithm.public_bytes() {
            let bytes = bytes.to_vec();
            Ok(Self { algorithm, bytes })
        } else {
            Err(InvalidLogKey)
        }
    }

    /// Which algorithm it is of.
    pub fn algorithm(&self) -> LogAlgorithm {
        self.algorithm
    }

    /// The encoding of the algorithm's standard.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether `signature` signs `message`.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        let algorithm: &'static dyn signature::VerificationAlgorithm = match self.algorithm {
            LogAlgorithm::Ed25519 => &ED25519,
            LogAlgorithm::MlDsa44 => &ML_DSA_44,
        };
        signature.len() == self.algorithm.signature_bytes()
            && UnparsedPublicKey::new(algorithm, &self.bytes)
                .verify(message, signature)
                .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALGORITHMS: [LogAlgorithm; 2] = [LogAlgorithm::Ed25519, LogAlgorithm::MlDsa44];

    /// RFC 8032 §7.1, test 2.
    #[test]
    fn the_example_of_the_standard() {
        let mut seed = [0; SEED_BYTES];
        let text = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        hex::decode_to_slice(text, &mut seed).unwrap();
        let key = LogSigningKey::from_seed(LogAlgorithm::Ed25519, &seed).unwrap();
        assert_eq!(
            hex::encode(key.verifying_key().as_bytes()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
        );
        assert_eq!(
            hex::encode(key.sign(&[0x72]).unwrap()),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
    }

    #[test]
    fn a_signature_belongs_to_its_message_its_key_and_its_algorithm() {
        for algorithm in ALGORITHMS {
            let key = LogSigningKey::from_seed(algorithm, &[7; SEED_BYTES]).unwrap();
            let other = LogSigningKey::from_seed(algorithm, &[8; SEED_BYTES]).unwrap();
            let signature = key.sign(b"message").unwrap();
            assert_eq!(signature.len(), algorithm.signature_bytes());
            let public = key.verifying_key();
            assert_eq!(public.as_bytes().len(), algorithm.public_bytes());
            assert!(public.verify(b"message", &signature));
            assert!(!public.verify(b"massage", &signature));
            assert!(!other.verifying_key().verify(b"message", &signature));
            for at in [0, signature.len() / 2, signature.len() - 1] {
                let mut flipped = signature.clone();
                flipped[at] ^= 1;
                assert!(!public.verify(b"message", &flipped), "{algorithm:?} {at}");
            }
            assert!(!public.verify(b"message", &signature[1..]) && !public.verify(b"message", b""));
        }
    }

    #[test]
    fn one_secret_gives_both_keys_and_always_the_same() {
        let public = |algorithm, secret: &[u8]| {
            let key = LogSigningKey::derived(algorithm, secret).unwrap();
            key.verifying_key().as_bytes().to_vec()
        };
        for algorithm in ALGORITHMS {
            assert_eq!(public(algorithm, &[7; 32]), public(algorithm, &[7; 32]));
            assert_ne!(public(algorithm, &[7; 32]), public(algorithm, &[7; 33]));
            let from_seed = LogSigningKey::from_seed(algorithm, &[7; 32]).unwrap();
            assert_ne!(public(algorithm, &[7; 32]), from_seed.verifying_key().as_bytes());
            let short = LogSigningKey::derived(algorithm, &[7; 31]);
            assert_eq!(short.map(drop).unwrap_err(), InvalidLogKey);
        }
    }

    #[test]
    fn bytes_of_another_length_are_no_key_and_bytes_that_are_none_verify_nothing() {
        for algorithm in ALGORITHMS {
            let length = algorithm.public_bytes();
            assert_eq!(
                LogVerifyingKey::from_bytes(algorithm, &vec![1; length - 1]),
                Err(InvalidLogKey)
            );
            let none = LogVerifyingKey::from_bytes(algorithm, &vec![0xff; length]).unwrap();
            assert!(!none.verify(b"message", &vec![0; algorithm.signature_bytes()]));
        }
    }
}
