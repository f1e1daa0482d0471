//! The constraints of a delegation. What is read narrows nothing into more than was said.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(value) = serde_json::from_slice(data) {
        let _ = caracal_authz::narrow::parse_constraints(&value);
    }
});
