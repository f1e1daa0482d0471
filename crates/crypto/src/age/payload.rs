//! The payload: chunks that are sealed one by one, so that a file of any size passes through little memory.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use caracal_core::Random;

use super::{
    AgeError,
    header::{self, AgeHeader},
    keys::{AgeFileKey, AgeIdentity, AgeRecipient},
};

const SALT_BYTES: usize = 16;
const CHUNK_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
const SEALED_CHUNK_BYTES: u64 = 64 * 1024 + 16;

fn payload_key(file_key: &AgeFileKey, salt: &[u8; SALT_BYTES]) -> Result<LessSafeKey, AgeError> {
    let key = file_key.derive(salt, b"payload")?;
    let key = UnboundKey::new(&CHACHA20_POLY1305, key.as_slice()).map_err(|_| AgeError::Primitive)?;
    Ok(LessSafeKey::new(key))
}

/// A nonce counts chunks, so none can be moved, and marks the last, so none can be cut off.
fn nonce(number: u64, last: bool) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    let counted = number.to_be_bytes().into_iter().chain([u8::from(last)]);
    for (byte, counted) in bytes.iter_mut().rev().zip(counted.rev()) {
        *byte = counted;
    }
    Nonce::assume_unique_for_key(bytes)
}

/// Encrypts what is written to it. Without [`AgeWriter::finish`] there is no last chunk, and the file opens nowhere.
pub struct AgeWriter<W> {
    out: W,
    file_key: AgeFileKey,
    key: LessSafeKey,
    number: u64,
    chunk: Vec<u8>,
}

impl<W: Write> AgeWriter<W> {
    /// Writes the header at once.
    ///
    /// # Errors
    /// [`AgeError::NoRecipient`], and [`AgeError::Io`] when it cannot be written.
    pub fn new(mut out: W, recipients: &[AgeRecipient], random: &dyn Random) -> Result<Self, AgeError> {
        let file_key = AgeFileKey::new(random);
        let mut salt = [0; SALT_BYTES];
        random.fill(&mut salt);
        out.write_all(&header::write(&file_key, recipients, random)?)?;
        out.write_all(&salt)?;
        Ok(Self {
            out,
            key: payload_key(&file_key, &salt)?,
            file_key,
            number: 0,
            chunk: Vec::with_capacity(CHUNK_BYTES.saturating_add(TAG_BYTES)),
        })
    }

    /// What opens this file again, for as long as it is kept.
    pub fn file_key(&self) -> AgeFileKey {
        self.file_key.clone()
    }

    /// Seals the last chunk; gives what it was written to.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.seal(true)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn seal(&mut self, last: bool) -> io::Result<()> {
        self.key
            .seal_in_place_append_tag(nonce(self.number, last), Aad::empty(), &mut self.chunk)
            .map_err(|_| io::Error::other("a chunk could not be sealed"))?;
        self.number = self.number.checked_add(1).ok_or(ErrorKind::FileTooLarge)?;
        self.out.write_all(&self.chunk)?;
        self.chunk.clear();
        Ok(())
    }
}

impl<W: Write> Write for AgeWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        // Not before more comes: the last chunk is never empty, but of an empty file.
        if self.chunk.len() >= CHUNK_BYTES {
            self.seal(false)?;
        }
        let room = CHUNK_BYTES.saturating_sub(self.chunk.len());
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.chunk.extend_from_slice(taken);
        Ok(taken.len())
    }

    /// What does not fill a chunk waits for more.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Decrypts what is read from it. An error of the kind [`ErrorKind::InvalidData`] says that the file was changed or cut short;
/// what was read before was as it was written, and what follows is not known.
pub struct AgeReader<R> {
    from: R,
    key: LessSafeKey,
    number: u64,
    chunk: Vec<u8>,
    /// How much of it was given away.
    given: usize,
    ended: bool,
}

impl<R: BufRead> AgeReader<R> {
    /// Reads and verifies the header.
    ///
    /// # Errors
    /// When it is damaged, was changed, or is for none of the identities.
    pub fn open(mut from: R, identities: &[AgeIdentity]) -> Result<Self, AgeError> {
        let header = AgeHeader::read(&mut from)?;
        let file_key = header.open(identities)?;
        Self::of(from, &header, &file_key)
    }

    /// The same for whoever encrypted the file and kept its key.
    ///
    /// # Errors
    /// When the header is damaged, was changed, or is of another file.
    pub fn with_file_key(mut from: R, file_key: &AgeFileKey) -> Result<Self, AgeError> {
        let header = AgeHeader::read(&mut from)?;
        Self::of(from, &header, file_key)
    }

    fn of(mut from: R, header: &AgeHeader, file_key: &AgeFileKey) -> Result<Self, AgeError> {
        header.verify(file_key)?;
        let mut salt = [0; SALT_BYTES];
        from.read_exact(&mut salt)?;
        Ok(Self {
            from,
            key: payload_key(file_key, &salt)?,
            number: 0,
            chunk: Vec::new(),
            given: 0,
            ended: false,
        })
    }

    /// Reads, authenticates and opens the next chunk.
    fn open_next(&mut self) -> io::Result<()> {
        let changed = || io::Error::new(ErrorKind::InvalidData, "it was changed or cut short");
        self.chunk.clear();
        self.given = 0;
        self.from
            .by_ref()
            .take(SEALED_CHUNK_BYTES)
            .read_to_end(&mut self.chunk)?;
        let last = ended(&mut self.from)?;
        let nonce = nonce(self.number, last);
        let opened = self.key.open_in_place(nonce, Aad::empty(), &mut self.chunk);
        let length = opened.map_err(|_| changed())?.len();
        if length == 0 && self.number > 0 {
            return Err(changed());
        }
        self.chunk.truncate(length);
        self.number = self.number.checked_add(1).ok_or_else(changed)?;
        self.ended = last;
        Ok(())
    }
}

impl<R: BufRead> Read for AgeReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut rest = self.chunk.get(self.given..).unwrap_or_default();
            if !rest.is_empty() || self.ended || buffer.is_empty() {
                let count = rest.read(buffer)?;
                self.given = self.given.saturating_add(count);
                return Ok(count);
            }
            if let Err(error) = self.open_next() {
                // Sealed bytes must not be taken for opened ones by whoever reads on.
                self.chunk.clear();
                return Err(error);
            }
        }
    }
}

/// Whether nothing more comes.
fn ended(from: &mut impl BufRead) -> io::Result<bool> {
    loop {
        match from.fill_buf() {
            Ok(more) => return Ok(more.is_empty()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
