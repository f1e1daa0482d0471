//! Signed notes (C2SP signed-note): a text, an empty line, and one line per signature.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

pub use self::key::{NoteKey, NoteSigner, SignatureKind, UnusableKey};

mod key;

/// Most bytes of a note that is read: room for 64 signatures of ML-DSA-44 and a short text.
pub const MAX_NOTE_BYTES: usize = 256 * 1024;
/// Most signatures of a note that is read.
pub const MAX_SIGNATURES: usize = 64;

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteSignature {
    /// Name of the key, without spaces and `+`.
    pub name: String,
    /// First four bytes of the key's digest, big endian.
    pub key_id: u32,
    /// What stands behind the id.
    pub signature: Vec<u8>,
}

/// A text with the signatures under it, none of which was verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// Why bytes are no note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNote {
    /// More than [`MAX_NOTE_BYTES`].
    #[error("a note has at most 256 KiB")]
    TooLarge,
    /// Not UTF-8, or with control characters other than the line end.
    #[error("a note is UTF-8 without control characters")]
    NotText,
    /// No empty line before signatures.
    #[error("a note ends with an empty line and its signatures")]
    NoSignatures,
    /// More than [`MAX_SIGNATURES`].
    #[error("a note has at most 64 signatures")]
    TooManySignatures,
    /// A line below the empty one that is no signature.
    #[error("a signature is a dash, a name and base64 of four bytes or more")]
    BadSignature,
}

impl Note {
    /// A note to be signed. The text gets its final line end if it has none.
    ///
    /// # Errors
    /// [`InvalidNote::NotText`] for an empty text, and for one with control characters.
    pub fn new(text: &str) -> Result<Self, InvalidNote> {
        let text = format!("{}\n", text.strip_suffix('\n').unwrap_or(text));
        if text == "\n" || !is_text(&text) {
            return Err(InvalidNote::NotText);
        }
        Ok(Self {
            text,
            signatures: Vec::new(),
        })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`InvalidNote`].
    pub fn parse(bytes: &[u8]) -> Result<Self, InvalidNote> {
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(InvalidNote::TooLarge);
        }
        let note = std::str::from_utf8(bytes).map_err(|_| InvalidNote::NotText)?;
        if !is_text(note) {
            return Err(InvalidNote::NotText);
        }
        let (body, lines) = note.rsplit_once("\n\n").ok_or(InvalidNote::NoSignatures)?;
        let lines = lines.strip_suffix('\n').ok_or(InvalidNote::NoSignatures)?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(InvalidNote::TooManySignatures);
        }
        let signatures = lines.split('\n').map(parse_line).collect::<Option<_>>();
        Ok(Self {
            text: format!("{body}\n"),
            signatures: signatures.ok_or(InvalidNote::BadSignature)?,
        })
    }

    /// What is signed, with its final line end.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures in their order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature, instead of an older one of the same key.
    pub fn add(&mut self, signature: NoteSignature) {
        let same = |other: &NoteSignature| other.name == signature.name && other.key_id == signature.key_id;
        self.signatures.retain(|other| !same(other));
        self.signatures.push(signature);
    }

    /// The note as it travels.
    pub fn encode(&self) -> String {
        let mut note = format!("{}\n", self.text);
        for line in &self.signatures {
            let bytes = [line.key_id.to_be_bytes().as_slice(), &line.signature].concat();
            // Writing to a string cannot fail.
            let _ = writeln!(note, "\u{2014} {} {}", line.name, STANDARD.encode(bytes));
        }
        note
    }
}

/// No control character but the line end.
fn is_text(text: &str) -> bool {
    text.chars().all(|c| c == '\n' || c >= ' ')
}

/// Whether `name` may name a key: 1 to 255 bytes without white space, control characters and `+`.
pub(crate) fn is_key_name(name: &str) -> bool {
    (1..=255).contains(&name.len())
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
}

fn parse_line(line: &str) -> Option<NoteSignature> {
    let (name, encoded) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let bytes = STANDARD.decode(encoded).ok()?;
    let (id, signature) = bytes.split_first_chunk::<4>()?;
    (is_key_name(name) && !signature.is_empty()).then(|| NoteSignature {
        name: name.to_owned(),
        key_id: u32::from_be_bytes(*id),
        signature: signature.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        \u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

    #[test]
    fn a_note_is_written_as_it_is_read() {
        let note = Note::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(note.text().lines().count(), 3);
        assert_eq!(note.signatures()[0].name, "example.com/behind-the-sofa");
        assert_eq!(note.signatures()[0].key_id, 0x033d_e0ae);
        assert_eq!(note.signatures()[0].signature.len(), 64);
        assert_eq!(note.encode(), EXAMPLE);
    }

    #[test]
    fn empty_lines_belong_to_the_text_but_for_the_last() {
        let note = Note::parse("a\n\nb\n\n\u{2014} k AAAAAAA=\n".as_bytes()).unwrap();
        assert_eq!(note.text(), "a\n\nb\n");
    }

    #[test]
    fn what_is_no_note_is_refused() {
        let line = "\u{2014} k AAAAAAA=\n";
        for (bytes, why) in [
            (String::new(), InvalidNote::NoSignatures),
            (String::from("a\n"), InvalidNote::NoSignatures),
            (String::from("a\n\n"), InvalidNote::NoSignatures),
            (format!("a\n{line}"), InvalidNote::NoSignatures),
            (
                String::from("a\n\n\u{2014} k AAAAAAA="),
                InvalidNote::NoSignatures,
            ),
            (String::from("a\n\n- k AAAAAAA=\n"), InvalidNote::BadSignature),
            (String::from("a\n\n\u{2014} k\n"), InvalidNote::BadSignature),
            (String::from("a\n\n\u{2014} k AAAA\n"), InvalidNote::BadSignature),
            (
                String::from("a\n\n\u{2014} k AAAAAA==\n"),
                InvalidNote::BadSignature,
            ),
            (
                String::from("a\n\n\u{2014} k AAAAAAB=\n"),
                InvalidNote::BadSignature,
            ),
            (
                String::from("a\n\n\u{2014} k+ AAAAAAA=\n"),
                InvalidNote::BadSignature,
            ),
            (
                String::from("a\n\n\u{2014}  AAAAAAA=\n"),
                InvalidNote::BadSignature,
            ),
            (format!("a\r\n\n{line}"), InvalidNote::NotText),
            (format!("a\0\n\n{line}"), InvalidNote::NotText),
            (
                format!("a\n\n{}", line.repeat(MAX_SIGNATURES + 1)),
                InvalidNote::TooManySignatures,
            ),
            (
                format!("{}\n\n{line}", "a".repeat(MAX_NOTE_BYTES)),
                InvalidNote::TooLarge,
            ),
        ] {
            assert_eq!(Note::parse(bytes.as_bytes()), Err(why), "{bytes:.40}");
        }
        assert_eq!(Note::parse(b"\xff\n\n"), Err(InvalidNote::NotText));
        assert_eq!(Note::new(""), Err(InvalidNote::NotText));
        assert_eq!(Note::new("a\tb"), Err(InvalidNote::NotText));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Note::parse(&bytes);
        }

        #[test]
        fn any_text_that_passes_is_written_as_it_is_read(text in "(\n|[a-z\u{2014} =]){0,60}") {
            if let Ok(note) = Note::parse(text.as_bytes()) {
                prop_assert_eq!(note.encode(), text);
            }
        }
    }
}
