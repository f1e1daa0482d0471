//! The Audit role over real stores and buses: from the bus into the ledger, and what is kept of it.

#![allow(missing_docs, clippy::unwrap_used, reason = "a test may fail loudly")]

mod earlier;
mod encodings;
mod every_step;
mod every_text;
mod export;
mod fixture;
mod forgetful_redis;
mod frame_keys;
mod ingest;
mod isolation;
mod later_release;
mod ledger;
mod lines;
mod openapi;
mod pack;
mod people;
mod power_cut;
mod proofs;
mod pruned;
mod pruning;
mod resumed;
mod retention;
mod second;
mod strangers;
mod tail;
mod tampering;
