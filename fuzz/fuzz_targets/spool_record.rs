//! Bytes of a segment of the audit spool.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| caracal_events::fuzzing::spool_record(data));
