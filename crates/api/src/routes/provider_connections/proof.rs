//! What proves that an answer belongs to an attempt: the state that came back, and the PKCE verifier that follows from it.
//!
//! The verifier is kept nowhere: it is made of the state with a key that the store does not have, so that neither a copy
//! of the store nor an address that somebody saw redeems a code.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{Secret, World};
use caracal_crypto::{HmacKey, KeyRing, constant_time_eq, pkce, sha256};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;

/// A fresh state: 256 random bits.
pub(super) fn new_state(world: &World) -> String {
    URL_SAFE_NO_PAD.encode(world.random_bytes::<32>())
}

/// What the state is stored as. It has 256 random bits, so its digest needs no key.
pub(super) fn state_digest(state: &str) -> [u8; 32] {
    sha256(&[b"caracal.connection-state.v1\n", state.as_bytes()].concat())
}

/// RFC 7636 §4.1: 43 characters.
fn verifier(key: &HmacKey, state: &str) -> Secret {
    let verifier = key.sign_parts(&[b"caracal.connection-verifier.v1\n", state.as_bytes()]);
    Secret::new(URL_SAFE_NO_PAD.encode(verifier))
}

fn challenge_of(verifier: &Secret) -> String {
    pkce::challenge(verifier.expose())
}

/// The challenge that goes with a state.
pub(super) fn challenge(keys: &KeyRing, state: &str) -> Result<String, Refusal> {
    Ok(challenge_of(&verifier(&derived(keys)?.current, state)))
}

/// The verifier of a challenge; absent once the key that made it is gone.
pub(super) fn verifier_of(keys: &KeyRing, state: &str, challenge: &str) -> Result<Option<Secret>, Refusal> {
    let derived = derived(keys)?;
    let verifiers = std::iter::once(&derived.current)
        .chain(&derived.previous)
        .map(|key| verifier(key, state));
    let mut fitting = verifiers
        .filter(|verifier| constant_time_eq(challenge_of(verifier).as_bytes(), challenge.as_bytes()));
    Ok(fitting.next())
}

fn derived(keys: &KeyRing) -> Result<caracal_crypto::sealed::DerivedKeys, Refusal> {
    keys.derive("connection verifiers")
        .map_err(|_| Refusal::of(ErrorCode::SecretBackendUnavailable))
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334";
    const OTHER: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    #[test]
    fn a_verifier_is_found_again_while_its_key_is_known_and_fits_its_own_state_alone() {
        let keys = KeyRing::from_hex(KEY, None).unwrap();
        let state = new_state(&World::for_tests());
        let challenge = challenge(&keys, &state).unwrap();
        let found = verifier_of(&keys, &state, &challenge).unwrap().unwrap();
        assert_eq!(challenge_of(&found), challenge);
        assert_eq!((state.len(), found.expose().len(), challenge.len()), (43, 43, 43));
        assert!(verifier_of(&keys, "another", &challenge).unwrap().is_none());
        let rotated = KeyRing::from_hex(OTHER, Some(KEY)).unwrap();
        assert_eq!(verifier_of(&rotated, &state, &challenge).unwrap(), Some(found));
        let forgotten = KeyRing::from_hex(OTHER, None).unwrap();
        assert!(verifier_of(&forgotten, &state, &challenge).unwrap().is_none());
    }
}
