//! A token request: a form, and behind a zero byte the value of `Authorization`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let form = parts.next().unwrap_or_default();
    caracal_sts::fuzzing::token_request(form, parts.next());
});
