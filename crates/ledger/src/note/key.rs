//! Keys of notes: a name, a kind of signature, and the key itself.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_crypto::{LogAlgorithm, LogSigningKey, LogVerifyingKey, log_key::LogSigningFailed, sha256_parts};

use super::is_key_name;

/// What a signature of a note says and how it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureKind {
    /// Ed25519 over the text (C2SP signed-note).
    Ed25519,
    /// Ed25519 over a time and the text (C2SP tlog-cosignature).
    CosignatureEd25519,
    /// ML-DSA-44 over a time, the names, the size and the root (C2SP tlog-cosignature).
    CosignatureMlDsa44,
}

impl SignatureKind {
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureEd25519 => 0x04,
            Self::CosignatureMlDsa44 => 0x06,
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        [Self::Ed25519, Self::CosignatureEd25519, Self::CosignatureMlDsa44]
            .into_iter()
            .find(|kind| kind.byte() == byte)
    }

    /// What it is made with.
    pub fn algorithm(self) -> LogAlgorithm {
        match self {
            Self::Ed25519 | Self::CosignatureEd25519 => LogAlgorithm::Ed25519,
            Self::CosignatureMlDsa44 => LogAlgorithm::MlDsa44,
        }
    }
}

/// The name or the key cannot be used for notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnusableKey {
    /// Empty, longer than 255 bytes, or with white space, a control character or `+`.
    #[error("the name of a key has 1 to 255 bytes and neither white space nor a plus sign")]
    Name,
    /// Another algorithm than the kind of signature needs, or no key at all.
    #[error("the key does not fit the kind of signature")]
    Key,
    /// Not `<name>+<id>+<base64 of kind and key>`, or an id that belongs to another key.
    #[error("a verifier key is a name, an id and base64, joined by plus signs")]
    Form,
}

/// A public key of notes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NoteKey {
    name: String,
    kind: SignatureKind,
    key: LogVerifyingKey,
    id: u32,
}

impl NoteKey {
    /// The key `name` with this kind of signature.
    ///
    /// # Errors
    /// [`UnusableKey`].
    pub fn new(name: &str, kind: SignatureKind, key: LogVerifyingKey) -> Result<Self, UnusableKey> {
        if !is_key_name(name) {
            return Err(UnusableKey::Name);
        }
        if key.algorithm() != kind.algorithm() {
            return Err(UnusableKey::Key);
        }
        let digest = sha256_parts(&[name.as_bytes(), b"\n", &[kind.byte()], key.as_bytes()]);
        let [a, b, c, d, ..] = digest;
        Ok(Self {
            name: name.to_owned(),
            kind,
            key,
            id: u32::from_be_bytes([a, b, c, d]),
        })
    }

    /// Reads a verifier key: `<name>+<id in hex>+<base64 of the kind's byte and the key>`.
    ///
    /// # Errors
    /// [`UnusableKey`].
    pub fn parse(text: &str) -> Result<Self, UnusableKey> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(UnusableKey::Form);
        };
        let bytes = STANDARD.decode(encoded).map_err(|_| UnusableKey::Form)?;
        let (kind, key) = bytes.split_first().ok_or(UnusableKey::Form)?;
        let kind = SignatureKind::of_byte(*kind).ok_or(UnusableKey::Form)?;
        let key = LogVerifyingKey::from_bytes(kind.algorithm(), key).map_err(|_| UnusableKey::Key)?;
        let key = Self::new(name, kind, key)?;
        if format!("{:08x}", key.id) == id {
            Ok(key)
        } else {
            Err(UnusableKey::Form)
        }
    }

    /// What [`Self::parse`] reads.
    pub fn encode(&self) -> String {
        let bytes = [&[self.kind.byte()], self.key.as_bytes()].concat();
        format!("{}+{:08x}+{}", self.name, self.id, STANDARD.encode(bytes))
    }

    /// The same key under another name, which gives it another id.
    ///
    /// # Errors
    /// [`UnusableKey::Name`].
    pub fn renamed(&self, name: &str) -> Result<Self, UnusableKey> {
        Self::new(name, self.kind, self.key.clone())
    }

    /// The key for checkpoints of the log `origin`, where this is the log's key or that of the deployment it belongs to:
    /// a deployment's key is named by its host, and signs each of its logs under the log's own origin.
    pub fn of_log(&self, origin: &str) -> Option<Self> {
        match origin.strip_prefix(&self.name)? {
            "" => Some(self.clone()),
            rest if rest.starts_with('/') => self.renamed(origin).ok(),
            _ => None,
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind.
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// What signature lines name it by, beside the name.
    pub fn id(&self) -> u32 {
        self.id
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        self.key.verify(message, signature)
    }
}

/// A private key of notes. Cheap to clone.
#[derive(Debug, Clone)]
pub struct NoteSigner {
    public: NoteKey,
    key: Arc<LogSigningKey>,
}

impl NoteSigner {
    /// The key `name` with this kind of signature.
    ///
    /// # Errors
    /// [`UnusableKey`].
    pub fn new(name: &str, kind: SignatureKind, key: LogSigningKey) -> Result<Self, UnusableKey> {
        let public = NoteKey::new(name, kind, key.verifying_key())?;
        let key = Arc::new(key);
        Ok(Self { public, key })
    }

    /// The same key under another name.
    ///
    /// # Errors
    /// [`UnusableKey::Name`].
    pub fn renamed(&self, name: &str) -> Result<Self, UnusableKey> {
        Ok(Self {
            public: self.public.renamed(name)?,
            key: self.key.clone(),
        })
    }

    /// The public half.
    pub fn public(&self) -> &NoteKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, LogSigningFailed> {
        self.key.sign(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signer(name: &str, kind: SignatureKind) -> Result<NoteSigner, UnusableKey> {
        let key = LogSigningKey::from_seed(kind.algorithm(), &[7; 32]).unwrap();
        NoteSigner::new(name, kind, key)
    }

    #[test]
    fn a_verifier_key_is_written_as_it_is_read() {
        for byte in [1, 4, 6] {
            let kind = SignatureKind::of_byte(byte).unwrap();
            let key = signer("example.com/log", kind).unwrap().public().clone();
            assert_eq!(NoteKey::parse(&key.encode()), Ok(key));
        }
    }

    /// The key that Go's `sumdb/note` documents.
    #[test]
    fn a_known_key_has_its_known_id() {
        let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
        let key = NoteKey::parse(text).unwrap();
        assert_eq!((key.name(), key.id()), ("PeterNeumann", 0xc74f_20a3));
        assert_eq!(key.encode(), text);
    }

    #[test]
    fn one_key_has_an_id_for_each_name_and_kind() {
        let id = |name, kind| signer(name, kind).unwrap().public().id();
        let (note, cosignature) = (SignatureKind::Ed25519, SignatureKind::CosignatureEd25519);
        assert_ne!(id("a", note), id("a", cosignature));
        assert_ne!(id("a", note), id("b", note));
    }

    #[test]
    fn the_key_of_a_deployment_is_that_of_its_logs_and_of_no_other() {
        let host = signer("a.example", SignatureKind::Ed25519).unwrap();
        let of = |origin: &str| host.public().of_log(origin).map(|key| key.encode());
        let log = signer("a.example/ledger/z", SignatureKind::Ed25519).unwrap();
        assert_eq!(of("a.example/ledger/z"), Some(log.public().encode()));
        assert_eq!(of("a.example"), Some(host.public().encode()));
        assert_eq!(host.renamed("a.example/ledger/z").unwrap().public(), log.public());
        for other in [
            "a.example.evil/ledger/z",
            "b.example/ledger/z",
            "a.exampl",
            "",
            "a.example/a b",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(log.public().of_log("a.example/ledger/z-2"), None);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let good = signer("a", SignatureKind::Ed25519).unwrap().public().encode();
        for (text, why) in [
            (String::new(), UnusableKey::Form),
            (String::from("a+b"), UnusableKey::Form),
            (good.replacen('+', "+0", 1), UnusableKey::Form),
            (good.replacen('a', "b", 1), UnusableKey::Form),
            (good.replacen('a', "", 1), UnusableKey::Name),
            (good.replacen('a', "a b", 1), UnusableKey::Name),
            (good.replacen('a', &"a".repeat(256), 1), UnusableKey::Name),
            (String::from("a+00000000+AQ=="), UnusableKey::Key),
            (String::from("a+00000000+/w=="), UnusableKey::Form),
            (String::from("a+00000000+"), UnusableKey::Form),
            (String::from("a+00000000+!"), UnusableKey::Form),
        ] {
            assert_eq!(NoteKey::parse(&text), Err(why), "{text}");
        }
        let key = LogSigningKey::from_seed(LogAlgorithm::Ed25519, &[7; 32]).unwrap();
        let wrong = NoteSigner::new("a", SignatureKind::CosignatureMlDsa44, key);
        assert_eq!(wrong.unwrap_err(), UnusableKey::Key);
    }
}
