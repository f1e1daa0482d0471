//! The key set that an issuer publishes.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let _ = caracal_crypto::identity_token::IssuerKeys::parse(data);
    let _ = caracal_crypto::jwks::parse(data);
});
