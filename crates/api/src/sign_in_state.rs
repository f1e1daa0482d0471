//! Sign-ins that somebody began and has not finished.
//!
//! Nothing is written down when one begins, so that nobody can fill a table without being somebody. What identifies it is a
//! `state` that only this deployment can make, good for a time and with one browser alone: that which has the secret that was
//! handed out beside it. What else the sign-in needs (the verifier of PKCE, a nonce) follows from the two by the same key.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::{Secret, Timestamp, World};
use caracal_crypto::{HmacKey, constant_time_eq, sealed::DerivedKeys, sha256};
use caracal_service::Refusal;
use caracal_storage::Accounts;
use caracal_wire::ErrorCode;

/// Of what a state is made: its end in seconds, and what tells it from all others.
const PAYLOAD: usize = 8 + 16;
const TAG: usize = 32;

/// What somebody began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// A sign-in at the `OpenID` provider.
    SingleSignOn,
    /// A sign-in with a passkey.
    Passkey,
    /// A sign-in with a code by e-mail.
    EmailCode,
    /// A new passkey of somebody who is signed in.
    PasskeyRegistration,
}

impl Purpose {
    const fn label(self) -> &'static [u8] {
        match self {
            Self::SingleSignOn => b"caracal.console-begun.v1\nsingle sign-on\n",
            Self::Passkey => b"caracal.console-begun.v1\npasskey\n",
            Self::EmailCode => b"caracal.console-begun.v1\ne-mail code\n",
            Self::PasskeyRegistration => b"caracal.console-begun.v1\npasskey registration\n",
        }
    }
}

/// A sign-in that begins.
pub(crate) struct StartedSignIn<'k> {
    key: &'k HmacKey,
    /// Goes along wherever the person goes.
    pub(crate) state: String,
    /// Stays with the browser, where no page reads it.
    pub(crate) browser: Secret,
    /// When it is too late.
    pub(crate) expires_at: Timestamp,
}

impl StartedSignIn<'_> {
    /// What is proved of it, for what follows from it.
    pub(crate) fn proof(&self) -> Proof<'_> {
        Proof {
            key: self.key,
            state: &self.state,
            browser: self.browser.expose(),
            expires_at: self.expires_at,
        }
    }
}

/// A sign-in that began here, in this browser, and is not too old.
pub(crate) struct Proof<'p> {
    key: &'p HmacKey,
    state: &'p str,
    browser: &'p str,
    /// When it is too late.
    pub(crate) expires_at: Timestamp,
}

/// What everybody else is told, and whoever is too late.
pub(crate) fn expired() -> Refusal {
    Refusal::of(ErrorCode::SignInExpired)
        .describe("this was not begun in this browser, was finished, or has run out; begin again")
        .at("state")
}

/// Begins in a browser, which gets a secret for it.
pub(crate) fn begin<'k>(
    keys: &'k DerivedKeys,
    world: &World,
    purpose: Purpose,
    lifetime: Duration,
) -> StartedSignIn<'k> {
    let browser = Secret::new(URL_SAFE_NO_PAD.encode(world.random_bytes::<32>()));
    let (state, expires_at) = begin_with(keys, world, purpose, browser.expose(), lifetime);
    StartedSignIn {
        key: &keys.current,
        state,
        browser,
        expires_at,
    }
}

/// Begins with whatever takes the place of the browser's secret: the state, and when it is too late.
pub(crate) fn begin_with(
    keys: &DerivedKeys,
    world: &World,
    purpose: Purpose,
    secret: &str,
    lifetime: Duration,
) -> (String, Timestamp) {
    // Whole seconds are what the state holds.
    let expires_at = Timestamp::from_unix_seconds(world.now().plus(lifetime).unix_seconds());
    let mut state = Vec::with_capacity(PAYLOAD + TAG);
    state.extend_from_slice(&expires_at.unix_seconds().to_be_bytes());
    state.extend_from_slice(&world.random_bytes::<16>());
    let tag = tag(&keys.current, purpose, &state, secret);
    state.extend_from_slice(&tag);
    (URL_SAFE_NO_PAD.encode(state), expires_at)
}

/// Proves that `state` began here for `purpose` in the browser that has this secret, and that it is not too late.
///
/// # Errors
/// [`expired`].
pub(crate) fn prove<'p>(
    keys: &'p DerivedKeys,
    now: Timestamp,
    purpose: Purpose,
    state: &'p str,
    browser: &'p str,
) -> Result<Proof<'p>, Refusal> {
    proof(keys, now, purpose, state, browser).ok_or_else(expired)
}

fn proof<'p>(
    keys: &'p DerivedKeys,
    now: Timestamp,
    purpose: Purpose,
    state: &'p str,
    browser: &'p str,
) -> Option<Proof<'p>> {
    let decoded = URL_SAFE_NO_PAD.decode(state).ok()?;
    if decoded.len() != PAYLOAD + TAG {
        return None;
    }
    let (payload, presented) = decoded.split_at_checked(PAYLOAD)?;
    let mut all = std::iter::once(&keys.current).chain(&keys.previous);
    let key = all.find(|key| constant_time_eq(&tag(key, purpose, payload, browser), presented))?;
    let end = payload.first_chunk::<8>().copied().map(i64::from_be_bytes)?;
    let expires_at = Timestamp::from_unix_seconds(end);
    (expires_at > now).then_some(Proof {
        key,
        state,
        browser,
        expires_at,
    })
}

fn tag(key: &HmacKey, purpose: Purpose, payload: &[u8], browser: &str) -> [u8; 32] {
    key.sign_parts(&[purpose.label(), payload, browser.as_bytes()])
}

impl Proof<'_> {
    /// What follows from this sign-in under `name`: 43 characters that nobody else can make.
    pub(crate) fn derived(&self, name: &str) -> Secret {
        let parts: [&[u8]; 6] = [
            b"caracal.console-begun-derived.v1\n",
            name.as_bytes(),
            b"\n",
            self.state.as_bytes(),
            b"\n",
            self.browser.as_bytes(),
        ];
        Secret::new(URL_SAFE_NO_PAD.encode(self.key.sign_parts(&parts)))
    }

    /// Finishes it, once.
    ///
    /// # Errors
    /// [`expired`] of the second who tries, and as the storage.
    pub(crate) async fn finish(&self, accounts: &mut dyn Accounts) -> Result<(), Refusal> {
        let finished = sha256(&[b"caracal.console-finished.v1\n".as_slice(), self.state.as_bytes()].concat());
        if accounts.count_attempt(&finished, 1, self.expires_at).await? {
            return Ok(());
        }
        Err(expired())
    }

    /// What tries to finish it are counted by.
    pub(crate) fn digest(&self) -> [u8; 32] {
        sha256(&[b"caracal.console-begun.v1\n", self.state.as_bytes()].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(current: &[u8], previous: Option<&[u8]>) -> DerivedKeys {
        DerivedKeys {
            current: HmacKey::from_bytes(current),
            previous: previous.map(HmacKey::from_bytes),
        }
    }

    const LIFETIME: Duration = Duration::from_mins(10);

    #[test]
    fn a_state_is_good_in_its_own_browser_until_its_end_and_with_keys_that_are_known() {
        let (world, one) = (World::for_tests(), keys(b"one", None));
        let begun = begin(&one, &world, Purpose::SingleSignOn, LIFETIME);
        let (state, browser) = (begun.state.as_str(), begun.browser.expose());
        let good = |keys: &DerivedKeys, now, state: &str, browser: &str| {
            prove(keys, now, Purpose::SingleSignOn, state, browser).is_ok()
        };
        let now = world.now();
        assert!(good(&one, now, state, browser));
        assert!(good(&keys(b"two", Some(b"one")), now, state, browser));
        assert!(!good(&keys(b"two", None), now, state, browser));
        let other = begin(&one, &world, Purpose::SingleSignOn, LIFETIME);
        assert!(!good(&one, now, state, other.browser.expose()), "another browser");
        for end in [begun.expires_at, begun.expires_at.plus(LIFETIME)] {
            assert!(!good(&one, end, state, browser), "too late");
        }
        for made_up in ["", "AAAA", &state[1..], &format!("{state}AAAA"), &"A".repeat(75)] {
            assert!(!good(&one, now, made_up, browser), "{made_up}");
        }
        for made_up in ["", "short", &"A".repeat(43)] {
            assert!(!good(&one, now, state, made_up), "{made_up}");
        }
    }

    #[test]
    fn what_follows_differs_by_name_by_state_and_by_browser_and_is_found_again() {
        let (world, one) = (World::for_tests(), keys(b"one", None));
        let begun = begin(&one, &world, Purpose::SingleSignOn, LIFETIME);
        let proof = |keys| {
            let browser = begun.browser.expose();
            let proof = prove(keys, world.now(), Purpose::SingleSignOn, &begun.state, browser);
            proof.map(|proof| (proof.derived("a"), proof.derived("b"), proof.digest()))
        };
        let (a, b, digest) = proof(&one).unwrap();
        assert_ne!(a, b);
        assert_eq!(a.expose().len(), 43, "RFC 7636 takes no less");
        let rotated = keys(b"two", Some(b"one"));
        assert_eq!(proof(&rotated).unwrap(), (a.clone(), b, digest));
        let other = begin(&one, &world, Purpose::SingleSignOn, LIFETIME);
        let other_proof = prove(
            &one,
            world.now(),
            Purpose::SingleSignOn,
            &other.state,
            other.browser.expose(),
        );
        let other_proof = other_proof.unwrap();
        assert_ne!(other_proof.derived("a"), a);
        assert_ne!(other_proof.digest(), digest);
    }
}
