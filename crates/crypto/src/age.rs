//! Files encrypted to public keys, in the form of age (`age-encryption.org/v1`, C2SP), which the tool of that name reads
//! and writes too.
//!
//! ```text
//! age-encryption.org/v1
//! -> X25519 <public key made for this file>          a stanza for each recipient
//! <file key (16), sealed for the recipient>
//! --- <HMAC of all above, under the file key>
//! nonce (16) ‖ chunks of 64 KiB, each sealed under the file key; the last one is marked as such
//! ```
//!
//! Of the kinds of recipient only X25519 is spoken; stanzas of others are passed over. Nothing of a chunk is given away before
//! it is authenticated, and a file that was cut anywhere does not end well. Who encrypted a file is not said: anybody can
//! who knows the recipient.

mod header;
mod keys;
mod payload;

use std::io;

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

pub use self::{
    header::AGE_MAGIC,
    keys::{AgeFileKey, AgeIdentity, AgeRecipient},
    payload::{AgeReader, AgeWriter},
};

/// Why something is not encrypted or does not open.
#[derive(Debug, thiserror::Error)]
pub enum AgeError {
    /// Mistyped, or of another kind.
    #[error("no recipient of age (age1…)")]
    NotARecipient,
    /// No secret key is named, or one is mistyped.
    #[error("no identity of age (AGE-SECRET-KEY-1…)")]
    NotAnIdentity,
    /// Nobody to encrypt to.
    #[error("there is no recipient")]
    NoRecipient,
    /// Another format, or damaged at its beginning.
    #[error("not a file of age, or its header is damaged")]
    Header,
    /// None of the identities is of a recipient.
    #[error("encrypted to others than the identity that was given")]
    NotForUs,
    /// The header is not the one that was written.
    #[error("its header was changed")]
    HeaderChanged,
    /// The library of cryptography does not do it.
    #[error("a key could not be made")]
    Primitive,
    /// It cannot be read or written.
    #[error("cannot be read or written")]
    Io(#[from] io::Error),
}

/// HKDF-SHA-256 (RFC 5869), 32 bytes of it.
fn derive(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, AgeError> {
    let mut key = Zeroizing::new([0; 32]);
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], HKDF_SHA256)
        .and_then(|made| made.fill(key.as_mut_slice()))
        .map_err(|_| AgeError::Primitive)?;
    Ok(key)
}
