//! Tokens: mandates of ours, identity tokens of other issuers. None was signed, so none may verify.

#![no_main]

use caracal_core::Timestamp;
use caracal_crypto::{
    identity_token::{IdentityRules, IdentityToken, IssuerKeys},
    jwks,
    mandate::Unverified,
};

/// A key whose other half nobody here has.
const KEYS: &[u8] = include_bytes!("../seeds/keys.json");

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(token) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(mandate) = Unverified::parse(token) {
        let _ = mandate.peek();
        for key in jwks::parse(KEYS).expect("a key set") {
            assert!(mandate.verify(&key).is_err(), "a mandate that nobody signed");
        }
    }
    let rules = IdentityRules {
        issuer: "https://issuer.example",
        audience: "caracal",
        now: Timestamp::from_unix_seconds(1_800_000_000),
        leeway: 30,
    };
    if let Ok(identity) = IdentityToken::parse(token) {
        let keys = IssuerKeys::parse(KEYS).expect("a key set");
        let key = keys.key("1").expect("the key");
        assert!(
            identity.verify(key, rules).is_err(),
            "an identity that nobody signed"
        );
    }
});
