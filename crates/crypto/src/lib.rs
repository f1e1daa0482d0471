//! Keys, mandates, sealed secrets, secret hashing and every message signature.
//!
//! No I/O of its own (files of age pass through readers and writers of the caller): time and randomness arrive as a [`caracal_core::World`], key material as bytes that somebody else
//! loaded. Depends on `caracal-core` alone. What reads foreign bytes here bounds length and depth and never
//! panics.
//!
//! To add a signed message: give it a file of its own that builds an unambiguous byte string (length prefixes,
//! or separators refused in the parts), signs it with an [`HmacKey`], verifies in constant time, and carries a
//! known-answer test.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod age;
pub mod assertion;
pub mod audit_frame;
pub mod canonical_json;
pub mod digest;
pub mod dpop;
pub mod hmac_key;
pub mod hmac_ring;
pub mod identity_token;
pub mod jwks;
pub mod log_key;
pub mod mandate;
mod numeric_date;
mod pem;
pub mod pkce;
pub mod random;
pub mod request_signature;
pub mod sealed;
pub mod secret_hash;
pub mod stream_signature;
mod strict_json;
pub mod tokens;
pub mod weak_key;
pub mod webauthn;
pub mod webhook_signature;
pub mod zone_key;

pub use age::{AGE_MAGIC, AgeError, AgeFileKey, AgeIdentity, AgeReader, AgeRecipient, AgeWriter};
pub use assertion::{Assertion, AssertionKey};
pub use canonical_json::canonical_json;
pub use digest::{Digest32, Sha256, constant_time_eq, new_secret, sha256, sha256_hex, sha256_parts};
pub use dpop::{DpopError, DpopProof, DpopRules, DpopWindow};
pub use hmac_key::HmacKey;
pub use hmac_ring::{HmacKeyId, HmacRing, KeyAge, NotVerified, VerifiedBy, VerifiesTag};
pub use log_key::{LogAlgorithm, LogSigningKey, LogVerifyingKey};
pub use mandate::{ClaimError, ClaimRules, MandateError, Presenter, VerifiedMandate};
pub use random::{OsRandom, system_world};
pub use sealed::{KeyRing, Location};
pub use secret_hash::SecretHasher;
pub use zone_key::{SigningKey, VerifyingKey};
