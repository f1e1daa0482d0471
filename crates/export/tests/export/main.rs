//! Scheduled exports over real stores: complete, without overlap, and provable whatever happens between two steps.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test may fail loudly")]

mod bucket;
mod fixture;
mod parts;
mod s3;
mod tampering;
