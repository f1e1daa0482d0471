//! CSS1: the envelope every secret at rest is sealed in.
//!
//! ```text
//! "CSS1" ‖ key id (8) ‖ nonce (12) ‖ sealed data key (32 + 16) ‖ nonce (12) ‖ sealed value (n + 16)
//! ```
//! ChaCha20-Poly1305 (RFC 8439) twice: the key encryption key (KEK) seals a data key made for this envelope,
//! the data key seals the value. The [`Location`] is authenticated with the value, so an envelope moved to
//! another row or column does not open. The key id is the start of the SHA-256 of the KEK and routes between
//! the current and the previous key during a rotation.

use std::{borrow::Cow, fmt};

use aws_lc_rs::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};
use caracal_core::{
    ApplicationId, ConnectionId, NotificationSinkId, ProviderId, WorkloadId, World, ZoneId,
    entity::ConnectionToken,
};
use zeroize::Zeroizing;

use crate::{
    digest::sha256,
    hmac_key::{HmacKey, KeyError},
    weak_key,
};

const MAGIC: [u8; 4] = *b"CSS1";
const KEY_ID_BYTES: usize = 8;
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const DATA_KEY_AAD: &[u8] = b"caracal.css1.dek";

/// Bytes an envelope adds to its value; also the shortest envelope.
pub const OVERHEAD_BYTES: usize =
    4 + KEY_ID_BYTES + NONCE_BYTES + KEY_BYTES + TAG_BYTES + NONCE_BYTES + TAG_BYTES;

/// Where a sealed value belongs: the reference in the secret store, or the fixed name of a sealed column.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location(Cow<'static, str>);

impl Location {
    /// Signing keys of zones.
    pub const ZONE_SIGNING_KEY: Self = Self(Cow::Borrowed("caracal/secrets/zoneSigningKey"));
    /// What tells whether a key is the one that a store was sealed with.
    pub const KEY_CHECK: Self = Self(Cow::Borrowed("caracal/keyCheck"));

    /// Nonces for proofs that a key is held.
    pub const DPOP_NONCE: Self = Self(Cow::Borrowed("dpopNonce"));

    /// The credential document of a provider.
    pub fn provider_secret_config(zone: &ZoneId, provider: &ProviderId) -> Self {
        Self(format!("zones/{zone}/providers/{provider}/secretConfig").into())
    }

    /// The client secret of an application, kept so that it can be shown again.
    pub fn application_client_secret(zone: &ZoneId, application: &ApplicationId) -> Self {
        Self(format!("zones/{zone}/applications/{application}/clientSecret").into())
    }

    /// The secret of a workload, kept so that it can be shown again.
    pub fn workload_secret(zone: &ZoneId, workload: &WorkloadId) -> Self {
        Self(format!("zones/{zone}/workloads/{workload}/secret").into())
    }

    /// What the notifications of a sink are signed with.
    pub fn notification_sink_secret(zone: &ZoneId, sink: &NotificationSinkId) -> Self {
        Self(format!("zones/{zone}/notificationSinks/{sink}/secret").into())
    }

    /// A token of a connection. It names the connection, so that nobody's token opens as another's.
    pub fn connection_token(zone: &ZoneId, connection: &ConnectionId, token: ConnectionToken) -> Self {
        Self(format!("zones/{zone}/connections/{connection}/{token}Token").into())
    }

    /// An answer with a secret, kept for repeats of the request with an idempotency key. It names whose key it is and where,
    /// so that nobody's answer opens as another's.
    pub fn kept_answer(zone: Option<&ZoneId>, operation: &str, scope: &str, key_digest: &[u8; 32]) -> Self {
        let zone = zone.map_or("*", ZoneId::as_str);
        let key = hex::encode(key_digest);
        Self(format!("receipts/{zone}/{operation}/{scope}/{key}").into())
    }

    /// What a browser or a client keeps for us while somebody signs in, by the step it is for: what was made for one opens in no
    /// other.
    pub fn sign_in(step: &str) -> Self {
        Self(format!("signIn/{step}").into())
    }

    /// A location known by its text alone, as when a sweep walks every row of the secret store.
    pub fn from_reference(reference: String) -> Self {
        Self(reference.into())
    }

    /// The reference under which the secret store keeps the value; also the authenticated text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why an envelope does not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Too short, or of another format.
    #[error("not a sealed envelope")]
    NotAnEnvelope,
    /// Sealed under a key that is neither the current nor the previous one.
    #[error("sealed under an unknown key")]
    UnknownKey,
    /// Tampered with, or moved from another location.
    #[error("envelope does not open here")]
    Refused,
}

/// Sealing failed inside the library; never caused by input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("could not seal")]
pub struct SealFailed;

/// The key encryption keys of a deployment: the current one and, during a rotation, the previous one.
#[derive(Debug)]
pub struct KeyRing {
    current: Kek,
    previous: Option<Kek>,
}

/// HMAC keys derived from a [`KeyRing`], one per key encryption key.
#[derive(Debug, Clone)]
pub struct DerivedKeys {
    /// From the current key: for everything new.
    pub current: HmacKey,
    /// From the previous key: to verify what is older.
    pub previous: Option<HmacKey>,
}

impl KeyRing {
    /// Reads keys from configuration: exactly 64 hexadecimal digits each.
    ///
    /// # Errors
    /// [`KeyError`] for another form or length, and for [weak patterns](weak_key::is_weak).
    pub fn from_hex(current: &str, previous: Option<&str>) -> Result<Self, KeyError> {
        Ok(Self {
            current: Kek::from_hex(current)?,
            previous: previous.map(Kek::from_hex).transpose()?,
        })
    }

    /// Seals `value` for `location` under the current key.
    ///
    /// # Errors
    /// [`SealFailed`].
    pub fn seal(&self, world: &World, location: &Location, value: &[u8]) -> Result<Vec<u8>, SealFailed> {
        let data_key = Zeroizing::new(world.random_bytes::<KEY_BYTES>());
        let mut envelope = Vec::with_capacity(OVERHEAD_BYTES.saturating_add(value.len()));
        envelope.extend_from_slice(&MAGIC);
        envelope.extend_from_slice(&self.current.id);
        append_sealed(
            &self.current.aead,
            world,
            DATA_KEY_AAD,
            data_key.as_slice(),
            &mut envelope,
        )?;
        let aead = aead_key(data_key.as_slice()).ok_or(SealFailed)?;
        append_sealed(&aead, world, location.as_str().as_bytes(), value, &mut envelope)?;
        Ok(envelope)
    }

    /// Opens an envelope found at `location`.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(&self, location: &Location, envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let parts = Parts::split(envelope).ok_or(OpenError::NotAnEnvelope)?;
        let kek = std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|kek| kek.id == parts.key_id)
            .ok_or(OpenError::UnknownKey)?;
        let data_key = open_sealed(&kek.aead, DATA_KEY_AAD, parts.data_key).ok_or(OpenError::Refused)?;
        let aead = aead_key(&data_key).ok_or(OpenError::Refused)?;
        open_sealed(&aead, location.as_str().as_bytes(), parts.value).ok_or(OpenError::Refused)
    }

    /// Whether `envelope` should be sealed anew because it is not under the current key.
    ///
    /// # Errors
    /// [`OpenError::NotAnEnvelope`].
    pub fn needs_reseal(&self, envelope: &[u8]) -> Result<bool, OpenError> {
        let parts = Parts::split(envelope).ok_or(OpenError::NotAnEnvelope)?;
        Ok(parts.key_id != self.current.id)
    }

    /// Id of the current key: 16 hexadecimal digits, which say nothing of the key.
    pub fn current_id(&self) -> String {
        hex::encode(self.current.id)
    }

    /// Id of the previous key, during a rotation.
    pub fn previous_id(&self) -> Option<String> {
        self.previous.as_ref().map(|kek| hex::encode(kek.id))
    }

    /// Id of the key that `envelope` was sealed under, whether it is known here or not.
    ///
    /// # Errors
    /// [`OpenError::NotAnEnvelope`].
    pub fn id_of(envelope: &[u8]) -> Result<String, OpenError> {
        let parts = Parts::split(envelope).ok_or(OpenError::NotAnEnvelope)?;
        Ok(hex::encode(parts.key_id))
    }

    /// Whether a rotation is under way.
    pub const fn is_rotating(&self) -> bool {
        self.previous.is_some()
    }

    /// HMAC keys for one purpose (HKDF, RFC 5869). Different labels give unrelated keys.
    ///
    /// # Errors
    /// [`SealFailed`].
    pub fn derive(&self, label: &str) -> Result<DerivedKeys, SealFailed> {
        Ok(DerivedKeys {
            current: self.current.derive(label)?,
            previous: self.previous.as_ref().map(|kek| kek.derive(label)).transpose()?,
        })
    }
}

struct Kek {
    id: [u8; KEY_ID_BYTES],
    aead: LessSafeKey,
    derivation: Prk,
}

impl Kek {
    fn from_hex(text: &str) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(hex::decode(text).map_err(|_| KeyError::NotHex)?);
        if bytes.len() != KEY_BYTES {
            return Err(if bytes.len() < KEY_BYTES {
                KeyError::TooShort
            } else {
                KeyError::TooLong
            });
        }
        if weak_key::is_weak(&bytes) {
            return Err(KeyError::Weak);
        }
        let id = sha256(&bytes).first_chunk().copied().unwrap_or_default();
        let aead = aead_key(&bytes).ok_or(KeyError::TooShort)?;
        Ok(Self {
            id,
            aead,
            derivation: Salt::new(HKDF_SHA256, b"caracal.kdf.v1").extract(&bytes),
        })
    }

    fn derive(&self, label: &str) -> Result<HmacKey, SealFailed> {
        struct Length;
        impl KeyType for Length {
            fn len(&self) -> usize {
                KEY_BYTES
            }
        }
        let mut derived = Zeroizing::new([0; KEY_BYTES]);
        self.derivation
            .expand(&[label.as_bytes()], Length)
            .and_then(|material| material.fill(derived.as_mut_slice()))
            .map_err(|_| SealFailed)?;
        Ok(HmacKey::from_bytes(derived.as_slice()))
    }
}

impl fmt::Debug for Kek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Kek({})", hex::encode(self.id))
    }
}

struct Parts<'e> {
    key_id: [u8; KEY_ID_BYTES],
    data_key: &'e [u8],
    value: &'e [u8],
}

impl<'e> Parts<'e> {
    fn split(envelope: &'e [u8]) -> Option<Self> {
        if envelope.len() < OVERHEAD_BYTES {
            return None;
        }
        let rest = envelope.strip_prefix(&MAGIC)?;
        let (key_id, rest) = rest.split_first_chunk()?;
        let (data_key, value) = rest.split_at_checked(NONCE_BYTES + KEY_BYTES + TAG_BYTES)?;
        Some(Self {
            key_id: *key_id,
            data_key,
            value,
        })
    }
}

fn aead_key(bytes: &[u8]) -> Option<LessSafeKey> {
    UnboundKey::new(&CHACHA20_POLY1305, bytes)
        .ok()
        .map(LessSafeKey::new)
}

/// Appends nonce, ciphertext and tag. The plain bytes never touch `envelope`.
fn append_sealed(
    key: &LessSafeKey,
    world: &World,
    aad: &[u8],
    plain: &[u8],
    envelope: &mut Vec<u8>,
) -> Result<(), SealFailed> {
    let nonce = world.random_bytes::<NONCE_BYTES>();
    let mut sealed = Zeroizing::new(Vec::with_capacity(plain.len().saturating_add(TAG_BYTES)));
    sealed.extend_from_slice(plain);
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(aad), &mut *sealed)
        .map_err(|_| SealFailed)?;
    envelope.extend_from_slice(&nonce);
    envelope.extend_from_slice(&sealed);
    Ok(())
}

fn open_sealed(key: &LessSafeKey, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let mut plain = Zeroizing::new(sealed.to_vec());
    let length = key
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(aad),
            plain.as_mut_slice(),
        )
        .ok()?
        .len();
    plain.truncate(length);
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEK: &str = "8f3a1c0de5b7429688f10fd2cc4be6a17b9d20354e6f8a1b3c5d7e9f01122334";
    const OTHER_KEK: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

    fn ring() -> KeyRing {
        KeyRing::from_hex(KEK, None).unwrap()
    }

    fn envelope() -> Vec<u8> {
        ring()
            .seal(&World::for_tests(), &Location::ZONE_SIGNING_KEY, b"a secret")
            .unwrap()
    }

    #[test]
    fn a_value_opens_where_it_was_sealed() {
        let ring = ring();
        for value in [&b""[..], b"x", &[7; 5000]] {
            let sealed = ring
                .seal(&World::for_tests(), &Location::ZONE_SIGNING_KEY, value)
                .unwrap();
            assert_eq!(sealed.len(), OVERHEAD_BYTES + value.len());
            assert_eq!(
                ring.open(&Location::ZONE_SIGNING_KEY, &sealed)
                    .unwrap()
                    .as_slice(),
                value
            );
        }
    }

    /// Sealed by an independent implementation of ChaCha20-Poly1305 under `KEK`.
    #[test]
    fn an_envelope_made_elsewhere_opens() {
        let sealed = hex::decode(concat!(
            "43535331aebd6d31146807d0010101010101010101010101aedb55317a2e145732099c5a38b4fb00eef2c89956",
            "3c4161c7982088d59dc277217f917c3fd73d580791964acf911039020202020202020202020202348424af88e2",
            "6f0c81d86a91230542704519ced185ac5421c764d2f9557af0"
        ))
        .unwrap();
        let zone = ZoneId::parse("zone-1").unwrap();
        let location = Location::provider_secret_config(&zone, &ProviderId::parse("prov-1").unwrap());
        assert_eq!(
            ring().open(&location, &sealed).unwrap().as_slice(),
            br#"{"api_key":"k"}"#
        );
    }

    #[test]
    fn an_envelope_moved_elsewhere_does_not_open() {
        let zone = ZoneId::parse("zone-1").unwrap();
        for elsewhere in [
            Location::notification_sink_secret(&zone, &NotificationSinkId::parse("s-1").unwrap()),
            Location::connection_token(
                &zone,
                &ConnectionId::parse("c-1").unwrap(),
                ConnectionToken::Access,
            ),
            Location::provider_secret_config(&zone, &ProviderId::parse("prov-1").unwrap()),
            Location::application_client_secret(&zone, &ApplicationId::parse("app-1").unwrap()),
            Location::workload_secret(&zone, &WorkloadId::parse("w-1").unwrap()),
            Location::from_reference(String::new()),
        ] {
            assert_eq!(
                ring().open(&elsewhere, &envelope()),
                Err(OpenError::Refused),
                "{elsewhere:?}"
            );
        }
    }

    #[test]
    fn every_flipped_bit_and_every_truncation_is_noticed() {
        let sealed = envelope();
        for position in 0..sealed.len() {
            let mut tampered = sealed.clone();
            tampered[position] ^= 1;
            assert!(
                ring().open(&Location::ZONE_SIGNING_KEY, &tampered).is_err(),
                "byte {position}"
            );
            assert!(
                ring()
                    .open(&Location::ZONE_SIGNING_KEY, &sealed[..position])
                    .is_err(),
                "cut {position}"
            );
        }
        assert_eq!(
            ring().open(&Location::ZONE_SIGNING_KEY, b"plain text"),
            Err(OpenError::NotAnEnvelope)
        );
    }

    #[test]
    fn the_previous_key_still_opens_and_a_forgotten_one_does_not() {
        let rotated = KeyRing::from_hex(OTHER_KEK, Some(KEK)).unwrap();
        assert!(rotated.open(&Location::ZONE_SIGNING_KEY, &envelope()).is_ok());
        assert_eq!(rotated.needs_reseal(&envelope()), Ok(true));
        let fresh = rotated
            .seal(&World::for_tests(), &Location::ZONE_SIGNING_KEY, b"new")
            .unwrap();
        assert_eq!(rotated.needs_reseal(&fresh), Ok(false));
        let forgotten = KeyRing::from_hex(OTHER_KEK, None).unwrap();
        assert_eq!(
            forgotten.open(&Location::ZONE_SIGNING_KEY, &envelope()),
            Err(OpenError::UnknownKey)
        );
    }

    #[test]
    fn two_envelopes_share_nothing_but_their_head() {
        let world = World::for_tests();
        let seal = || {
            ring()
                .seal(&world, &Location::ZONE_SIGNING_KEY, b"a secret")
                .unwrap()
        };
        let (first, second) = (seal(), seal());
        assert_eq!(first[..12], second[..12]);
        assert_ne!(first[12..], second[12..]);
    }

    #[test]
    fn derived_keys_differ_by_label_and_follow_the_ring() {
        let ring = KeyRing::from_hex(KEK, Some(OTHER_KEK)).unwrap();
        let swapped = KeyRing::from_hex(OTHER_KEK, Some(KEK)).unwrap();
        let (one, two) = (ring.derive("one").unwrap(), ring.derive("two").unwrap());
        assert_ne!(one.current.sign(b"m"), two.current.sign(b"m"));
        assert_eq!(
            one.current.sign(b"m"),
            swapped.derive("one").unwrap().previous.unwrap().sign(b"m")
        );
    }

    #[test]
    fn keys_of_another_length_or_pattern_are_refused() {
        for (bad, why) in [
            (KEK[..62].to_owned(), KeyError::TooShort),
            (format!("{KEK}00"), KeyError::TooLong),
            (format!("{}zz", &KEK[..62]), KeyError::NotHex),
            ("00".repeat(32), KeyError::Weak),
            (hex::encode((0..32).collect::<Vec<u8>>()), KeyError::Weak),
            ("abcd".repeat(16), KeyError::Weak),
        ] {
            assert_eq!(KeyRing::from_hex(&bad, None).map(|_| ()), Err(why), "{bad}");
        }
        assert!(!format!("{:?}", ring()).contains(KEK));
    }
}
