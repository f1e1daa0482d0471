//! HMAC keys of one purpose while they are changed: the current one signs, it and the previous ones verify.
//!
//! A key has an id that may be told to anybody. It travels beside a signature where there is room, outside of what is
//! signed: it says which key to try first, never which one was right. That is what the tag says.

use std::{fmt, sync::Arc};

use crate::{
    digest::Digest32,
    hmac_key::{HmacKey, KeyError},
};

/// Most keys of a ring, the current one included.
pub const MAX_KEYS: usize = 5;

/// What is tagged to make an id. It begins with NUL, so that nothing else that is signed is the same.
const ID_LABEL: &[u8] = b"\0caracal.hmac-key-id.v1";

/// Which key it is: the first 8 bytes of a tag under it. Says nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HmacKeyId(pub [u8; 8]);

impl HmacKeyId {
    /// The id of `key`.
    pub fn of(key: &HmacKey) -> Self {
        let tag = key.sign(ID_LABEL);
        Self(tag.first_chunk().copied().unwrap_or_default())
    }

    /// Reads 16 lower-case hexadecimal digits, as they are shown.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 8];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        let id = Self(bytes);
        (id.to_string() == text).then_some(id)
    }
}

impl fmt::Display for HmacKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Where a key stands in its ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyAge {
    /// It signs.
    Current,
    /// It only verifies, until it is dropped.
    Previous,
}

impl KeyAge {
    /// As metrics call it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Previous => "previous",
        }
    }
}

/// The key that a tag was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifiedBy {
    /// Which one.
    pub id: HmacKeyId,
    /// Where it stands.
    pub age: KeyAge,
}

/// Why no key of the ring made a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    /// It names a key that is not in the ring, and none of the ring made it.
    #[error("signed by a key that is not configured")]
    UnknownKey,
    /// It names a key of the ring or none, and none of the ring made it.
    #[error("wrong signature")]
    Wrong,
}

/// The keys of one purpose. Cheap to clone; `Debug` shows ids alone.
#[derive(Clone)]
pub struct HmacRing(Arc<[Named]>);

struct Named {
    id: HmacKeyId,
    key: HmacKey,
}

impl HmacRing {
    /// A ring of `current` and what came before it. Repetitions, and what is more than [`MAX_KEYS`], are left out.
    pub fn new(current: HmacKey, previous: impl IntoIterator<Item = HmacKey>) -> Self {
        let mut keys: Vec<Named> = Vec::new();
        for key in std::iter::once(current).chain(previous) {
            let id = HmacKeyId::of(&key);
            if keys.len() < MAX_KEYS && keys.iter().all(|known| known.id != id) {
                keys.push(Named { id, key });
            }
        }
        Self(keys.into())
    }

    /// A ring from configuration.
    ///
    /// # Errors
    /// As [`HmacKey::from_hex`], for any of them.
    pub fn from_hex<'t>(
        current: &str,
        previous: impl IntoIterator<Item = &'t str>,
    ) -> Result<Self, KeyError> {
        let previous = previous.into_iter().map(HmacKey::from_hex);
        let previous: Vec<HmacKey> = previous.collect::<Result<_, _>>()?;
        Ok(Self::new(HmacKey::from_hex(current)?, previous))
    }

    /// The key that signs.
    #[expect(clippy::indexing_slicing, reason = "a ring is made with a current key")]
    pub fn current(&self) -> &HmacKey {
        &self.0[0].key
    }

    /// Its id.
    #[expect(clippy::indexing_slicing, reason = "a ring is made with a current key")]
    pub fn current_id(&self) -> HmacKeyId {
        self.0[0].id
    }

    /// Ids of all keys, that of the current one first.
    pub fn ids(&self) -> impl Iterator<Item = HmacKeyId> {
        self.0.iter().map(|named| named.id)
    }

    /// How old the key of this id is; nothing of an id that none of them has.
    pub fn age_of(&self, id: HmacKeyId) -> Option<KeyAge> {
        let at = self.ids().position(|known| known == id)?;
        Some(if at == 0 {
            KeyAge::Current
        } else {
            KeyAge::Previous
        })
    }

    /// Whether there are previous keys.
    pub fn is_rotating(&self) -> bool {
        self.0.len() > 1
    }

    /// As [`HmacKey::sign`], with the current key.
    pub fn sign(&self, data: &[u8]) -> Digest32 {
        self.current().sign(data)
    }

    /// As [`HmacKey::sign_parts`], with the current key.
    pub fn sign_parts(&self, parts: &[&[u8]]) -> Digest32 {
        self.current().sign_parts(parts)
    }

    /// As [`HmacKey::sign_parts`], with each key, the current one first: what was kept under any of them is found.
    pub fn sign_parts_by_each(&self, parts: &[&[u8]]) -> Vec<Digest32> {
        self.0.iter().map(|named| named.key.sign_parts(parts)).collect()
    }

    /// As [`HmacKey::sign_hex`], with the current key.
    pub fn sign_hex(&self, data: &[u8]) -> String {
        self.current().sign_hex(data)
    }

    /// Which key `made` the tag, tried in the order: the `named` one, the current one, the previous ones. A name that is
    /// wrong, forged even, hides nothing that a key of the ring made.
    ///
    /// # Errors
    /// [`NotVerified`].
    pub fn verify_by(
        &self,
        named: Option<HmacKeyId>,
        made: impl Fn(&HmacKey) -> bool,
    ) -> Result<VerifiedBy, NotVerified> {
        let is_named = |key: &&Named| Some(key.id) == named;
        let first = self.0.iter().find(is_named);
        let others = self.0.iter().filter(|key| !is_named(key));
        let age = |id| match id {
            id if id == self.current_id() => KeyAge::Current,
            _ => KeyAge::Previous,
        };
        match first.into_iter().chain(others).find(|known| made(&known.key)) {
            Some(Named { id, .. }) => Ok(VerifiedBy {
                id: *id,
                age: age(*id),
            }),
            None if named.is_some() && first.is_none() => Err(NotVerified::UnknownKey),
            None => Err(NotVerified::Wrong),
        }
    }
}

/// What verifies tags: one key, or each of a ring.
pub trait VerifiesTag {
    /// Whether `tag` is a tag of `data`, in hex. Each comparison takes constant time.
    fn verify_hex(&self, data: &[u8], tag: &str) -> bool;
}

impl VerifiesTag for HmacKey {
    fn verify_hex(&self, data: &[u8], tag: &str) -> bool {
        self.verify_hex(data, tag)
    }
}

impl VerifiesTag for HmacRing {
    fn verify_hex(&self, data: &[u8], tag: &str) -> bool {
        self.verify_by(None, |key| key.verify_hex(data, tag)).is_ok()
    }
}

impl From<HmacKey> for HmacRing {
    fn from(key: HmacKey) -> Self {
        Self::new(key, [])
    }
}

impl From<&HmacKey> for HmacRing {
    fn from(key: &HmacKey) -> Self {
        key.clone().into()
    }
}

impl fmt::Debug for HmacRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: &[u8] = br#"{"id":"evt-1"}"#;

    fn key(seed: u8) -> HmacKey {
        HmacKey::from_bytes(&[seed; 32])
    }

    fn id(seed: u8) -> HmacKeyId {
        HmacKeyId::of(&key(seed))
    }

    fn by(ring: &HmacRing, named: Option<HmacKeyId>, signer: u8) -> Result<VerifiedBy, NotVerified> {
        let tag = key(signer).sign(DATA);
        ring.verify_by(named, |key| key.verify(DATA, &tag))
    }

    /// Computed independently: the first 8 bytes of HMAC-SHA256 of the label.
    #[test]
    fn a_known_key_has_its_known_id_which_is_read_as_it_is_shown() {
        let key = HmacKey::from_hex(&"00112233445566778899aabbccddeeff".repeat(2)).unwrap();
        let id = HmacKeyId::of(&key);
        assert_eq!(id.to_string(), "777338559a7cde21");
        assert_eq!(HmacKeyId::parse(&id.to_string()), Some(id));
        for bad in [
            "",
            "00",
            &"0".repeat(15),
            &"0".repeat(17),
            "ABCDEF0011223344",
            " 123456789abcdef",
        ] {
            assert_eq!(HmacKeyId::parse(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn what_a_dropped_key_signed_is_told_apart_from_what_is_forged() {
        let ring = HmacRing::new(key(1), [key(2)]);
        assert_eq!(by(&ring, Some(id(3)), 3), Err(NotVerified::UnknownKey));
        for named in [None, Some(id(1)), Some(id(2))] {
            assert_eq!(by(&ring, named, 3), Err(NotVerified::Wrong), "{named:?}");
        }
        assert!(!ring.verify_hex(DATA, &key(3).sign_hex(DATA)) && !ring.verify_hex(DATA, ""));
    }

    #[test]
    fn the_current_key_signs_and_every_key_verifies_whatever_name_is_given() {
        let ring = HmacRing::new(key(1), [key(2), key(3)]);
        assert_eq!(ring.sign_hex(DATA), key(1).sign_hex(DATA));
        assert_eq!(ring.sign(DATA), key(1).sign(DATA));
        assert_eq!(ring.sign_parts(&[DATA]), key(1).sign(DATA));
        for signer in 1..=3 {
            let age = if signer == 1 {
                KeyAge::Current
            } else {
                KeyAge::Previous
            };
            let right = Ok(VerifiedBy { id: id(signer), age });
            // The name may be right, missing, that of another key of the ring, or made up.
            for named in [Some(id(signer)), None, Some(id(signer % 3 + 1)), Some(id(9))] {
                assert_eq!(by(&ring, named, signer), right, "{signer} {named:?}");
            }
            assert!(ring.verify_hex(DATA, &key(signer).sign_hex(DATA)));
        }
    }

    #[test]
    fn a_ring_has_each_key_once_and_few_of_them() {
        let one = HmacRing::new(key(1), [key(1)]);
        assert!(!one.is_rotating() && one.ids().eq([id(1)]));
        let many = HmacRing::new(key(1), (2..20).map(key));
        assert!(many.is_rotating() && many.ids().eq((1..=5).map(id)));
        assert_eq!(format!("{one:?}"), format!("[{:?}]", id(1)));
    }

    #[test]
    fn a_weak_key_anywhere_is_refused() {
        let good = "00112233445566778899aabbccddeeff".repeat(2);
        let other = "ffeeddccbbaa99887766554433221100".repeat(2);
        assert!(HmacRing::from_hex(&good, [other.as_str()]).is_ok_and(|ring| ring.is_rotating()));
        assert!(
            HmacRing::from_hex(&good, ["00"]).is_err() && HmacRing::from_hex("", [good.as_str()]).is_err()
        );
    }
}
