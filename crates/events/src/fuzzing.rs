//! What fuzzers reach of this crate (`fuzz/`); compiled for them alone.

pub use crate::{redis::fuzzing::reply, spool::fuzzing::spool_record};
