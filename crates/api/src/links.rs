//! The texts of links that set passwords.

use caracal_core::{Secret, World};
use caracal_crypto::{new_secret, sha256};

/// A fresh text for a link.
pub(crate) fn new_link(world: &World) -> Secret {
    new_secret(world, "cal_")
}

/// What it is stored as. It has 256 random bits, so its digest needs no key.
pub(crate) fn link_digest(link: &str) -> [u8; 32] {
    sha256(&[b"caracal.account-link.v1\n", link.as_bytes()].concat())
}
