//! A path, as a call sends it.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(path) = std::str::from_utf8(data) {
        caracal_gateway::fuzzing::path(path);
    }
});
