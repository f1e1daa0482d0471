//! The header: who opens a file, authenticated by the file key that they find there.

use std::io::{BufRead, Read as _};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use caracal_core::Random;

use super::{
    AgeError,
    keys::{AgeFileKey, AgeIdentity, AgeRecipient, SEALED_KEY_BYTES},
};

/// What every file of this form begins with.
pub const AGE_MAGIC: &[u8] = b"age-encryption.org/v1\n";
const X25519: &str = "X25519";
const STANZA: &str = "-> ";
const END: &str = "---";
/// Longest line of a stanza's body.
const COLUMNS: usize = 64;
/// Largest header that is read: hundreds of recipients.
const LARGEST: u64 = 64 * 1024;

/// The header of a new file.
pub(super) fn write(
    file_key: &AgeFileKey,
    recipients: &[AgeRecipient],
    random: &dyn Random,
) -> Result<Vec<u8>, AgeError> {
    if recipients.is_empty() {
        return Err(AgeError::NoRecipient);
    }
    let mut header = AGE_MAGIC.to_vec();
    for recipient in recipients {
        let (share, sealed) = recipient.seal(file_key, random)?;
        let (share, sealed) = (STANDARD_NO_PAD.encode(share), STANDARD_NO_PAD.encode(sealed));
        header.extend_from_slice(format!("{STANZA}{X25519} {share}\n{sealed}\n").as_bytes());
    }
    header.extend_from_slice(END.as_bytes());
    let tag = hmac::sign(&mac_key(file_key)?, &header);
    header.extend_from_slice(format!(" {}\n", STANDARD_NO_PAD.encode(tag)).as_bytes());
    Ok(header)
}

fn mac_key(file_key: &AgeFileKey) -> Result<hmac::Key, AgeError> {
    let key = file_key.derive(&[], b"header")?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
}

/// A header as it was read; nothing of it is believed before [`AgeHeader::verify`].
pub(super) struct AgeHeader {
    /// For each stanza of ours the key made for the file, and the sealed file key.
    stanzas: Vec<([u8; 32], [u8; SEALED_KEY_BYTES])>,
    /// What the tag is over.
    text: Vec<u8>,
    tag: Vec<u8>,
}

impl AgeHeader {
    /// Reads up to the end of the header and no further.
    pub(super) fn read(from: &mut impl BufRead) -> Result<Self, AgeError> {
        let mut lines = HeaderLines {
            from: from.take(LARGEST),
            text: Vec::new(),
        };
        let mut header = Self {
            stanzas: Vec::new(),
            text: Vec::new(),
            tag: Vec::new(),
        };
        if lines.line()?.as_bytes() != AGE_MAGIC.trim_ascii_end() {
            return Err(AgeError::Header);
        }
        loop {
            let before = lines.text.len();
            let line = lines.line()?;
            if let Some(tag) = line.strip_prefix(END).and_then(|rest| rest.strip_prefix(' ')) {
                header.tag = decode(tag)?;
                header.text = lines.text;
                header.text.truncate(before.saturating_add(END.len()));
                return Ok(header);
            }
            let arguments = line.strip_prefix(STANZA).ok_or(AgeError::Header)?;
            let body = lines.body()?;
            let mut arguments = arguments.split(' ');
            if arguments.next() == Some(X25519) {
                let share = decode(arguments.next().ok_or(AgeError::Header)?)?;
                let whole = arguments.next().is_none();
                let (Ok(share), Ok(sealed), true) = (share.try_into(), body.try_into(), whole) else {
                    return Err(AgeError::Header);
                };
                header.stanzas.push((share, sealed));
            }
        }
    }

    /// The file key that one of the identities finds.
    pub(super) fn open(&self, identities: &[AgeIdentity]) -> Result<AgeFileKey, AgeError> {
        for identity in identities {
            for (share, sealed) in &self.stanzas {
                if let Some(key) = identity.open(share, sealed)? {
                    return Ok(key);
                }
            }
        }
        Err(AgeError::NotForUs)
    }

    /// Whether this is the header that was written with that file key.
    pub(super) fn verify(&self, file_key: &AgeFileKey) -> Result<(), AgeError> {
        hmac::verify(&mac_key(file_key)?, &self.text, &self.tag).map_err(|_| AgeError::HeaderChanged)
    }
}

/// Lines of a header; all that was read is kept.
struct HeaderLines<R> {
    from: R,
    text: Vec<u8>,
}

impl<R: BufRead> HeaderLines<R> {
    /// The next one, without its end.
    fn line(&mut self) -> Result<String, AgeError> {
        let mut line = Vec::new();
        self.from.read_until(b'\n', &mut line)?;
        self.text.extend_from_slice(&line);
        if line.pop() != Some(b'\n') {
            return Err(AgeError::Header);
        }
        String::from_utf8(line).map_err(|_| AgeError::Header)
    }

    /// The body of a stanza: full lines, and one that is not.
    fn body(&mut self) -> Result<Vec<u8>, AgeError> {
        let mut body = Vec::new();
        loop {
            let line = self.line()?;
            if line.len() > COLUMNS {
                return Err(AgeError::Header);
            }
            body.extend(decode(&line)?);
            if line.len() < COLUMNS {
                return Ok(body);
            }
        }
    }
}

fn decode(text: &str) -> Result<Vec<u8>, AgeError> {
    STANDARD_NO_PAD.decode(text).map_err(|_| AgeError::Header)
}
