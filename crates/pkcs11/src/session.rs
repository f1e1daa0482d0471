//! What is done in a session that is logged in.

use std::collections::HashMap;

use caracal_crypto::zone_key::POINT_BYTES;
use cryptoki::{
    mechanism::Mechanism,
    object::{Attribute, AttributeType, ObjectClass, ObjectHandle},
    session::{Session, SessionState},
};

use crate::fault::Fault;

/// The curve P-256 as an object identifier in DER: 1.2.840.10045.3.1.7 (RFC 5480 §2.1.1.1).
const P256: &[u8] = &[0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// What stands before an uncompressed point of this curve: an OCTET STRING of 65 bytes.
const POINT_PREFIX: &[u8] = &[0x04, 0x41];
/// Handles of keys that a session remembers. Past it, it looks for each of them anew.
const REMEMBERED: usize = 4096;

/// A session of the token's user.
#[derive(Debug)]
pub(crate) struct TokenSession {
    session: Session,
    /// That of the module which it is of.
    pub(crate) generation: u64,
    handles: HashMap<Vec<u8>, ObjectHandle>,
}

impl TokenSession {
    pub(crate) fn new(session: Session, generation: u64) -> Self {
        Self {
            session,
            generation,
            handles: HashMap::new(),
        }
    }

    /// Ends it. Only while its module is the one that it was opened in.
    pub(crate) fn close(self) {
        if let Err(error) = self.session.close() {
            tracing::debug!(%error, "a session of a token did not close");
        }
    }

    /// Makes a P-256 key that stays in the token; its public point as the token writes it.
    pub(crate) fn generate(&mut self, id: &[u8], label: &str) -> Result<Vec<u8>, Fault> {
        // Where this is done again, what was made before must not stand beside it under the same id.
        self.destroy(id)?;
        let named = [
            Attribute::Token(true),
            Attribute::Id(id.to_vec()),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        let of_public = [
            Attribute::Private(false),
            Attribute::Verify(true),
            Attribute::EcParams(P256.to_vec()),
        ];
        let of_private = [
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let (public, private) = self.session.generate_key_pair(
            &Mechanism::EccKeyPairGen,
            &[&named[..], &of_public].concat(),
            &[&named[..], &of_private].concat(),
        )?;
        let point = self.stays(private).and_then(|()| self.point(public));
        if point.is_err() {
            self.destroy(id)?;
        }
        point
    }

    /// The signature of a SHA-256 digest, as the token writes it.
    pub(crate) fn sign(&mut self, id: &[u8], digest: &[u8]) -> Result<Vec<u8>, Fault> {
        let key = self.private_key(id)?;
        Ok(self.session.sign(&Mechanism::Ecdsa, key, digest)?)
    }

    /// Destroys both halves of a key; none is no error.
    pub(crate) fn destroy(&mut self, id: &[u8]) -> Result<(), Fault> {
        self.handles.remove(id);
        for object in self.session.find_objects(&[Attribute::Id(id.to_vec())])? {
            self.session.destroy_object(object)?;
        }
        Ok(())
    }

    /// Whether the user is logged in and objects can be looked for.
    pub(crate) fn look(&self) -> Result<(), Fault> {
        let state = self.session.get_session_info()?.session_state();
        if !matches!(state, SessionState::RwUser) {
            return Err(Fault::Lost(String::from("nobody is logged in any more")));
        }
        let nobodys = [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Id(vec![0])];
        self.session.find_objects(&nobodys)?;
        Ok(())
    }

    fn private_key(&mut self, id: &[u8]) -> Result<ObjectHandle, Fault> {
        if let Some(handle) = self.handles.get(id) {
            return Ok(*handle);
        }
        let wanted = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Id(id.to_vec()),
        ];
        let handle = match self.session.find_objects(&wanted)?.as_slice() {
            [one] => *one,
            [] => return Err(Fault::NoKey),
            _ => return Err(Fault::Refused(String::from("it has several keys with one id"))),
        };
        if self.handles.len() >= REMEMBERED {
            self.handles.clear();
        }
        self.handles.insert(id.to_vec(), handle);
        Ok(handle)
    }

    /// Refuses a key that the token would give away, whatever it was asked for.
    fn stays(&self, key: ObjectHandle) -> Result<(), Fault> {
        let said = self
            .session
            .get_attributes(key, &[AttributeType::Sensitive, AttributeType::Extractable])?;
        if said.contains(&Attribute::Sensitive(true)) && said.contains(&Attribute::Extractable(false)) {
            Ok(())
        } else {
            Err(Fault::Refused(String::from(
                "it makes keys that can be taken out of it",
            )))
        }
    }

    fn point(&self, key: ObjectHandle) -> Result<Vec<u8>, Fault> {
        let said = self.session.get_attributes(key, &[AttributeType::EcPoint])?;
        let point = said.into_iter().find_map(|attribute| match attribute {
            Attribute::EcPoint(point) => Some(point),
            _ => None,
        });
        let mut point =
            point.ok_or_else(|| Fault::Refused(String::from("it does not tell the public half")))?;
        // By the standard it is wrapped; there are tokens that give it bare.
        if point.len() == POINT_PREFIX.len() + POINT_BYTES && point.starts_with(POINT_PREFIX) {
            point.drain(..POINT_PREFIX.len());
        }
        Ok(point)
    }
}
