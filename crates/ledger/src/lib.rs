//! The form of the evidence: what an entry is, where it stands, and how anybody proves it.
//!
//! No I/O and no clock: bytes come in, bytes and verdicts go out. What reads foreign bytes here bounds them first and
//! never panics. The page `reference/ledger-format` of the handbook says the same in words exact enough to write
//! another verifier from.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

pub mod block;
pub mod chain;
pub mod checkpoint;
pub mod entry;
pub mod log_keys;
pub mod merkle;
pub mod note;
pub mod pack;
pub mod prune;
pub mod receipt;
pub mod terms;
pub mod trust;
pub mod verify;
pub mod witness;
