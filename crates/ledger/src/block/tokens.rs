//! Ids, digests and times of a text as the bytes that they stand for.
//!
//! JSON holds no control characters outside of white space, so the bytes 1 to 4 are free to stand for what was taken
//! out. A text that does hold one is kept as it is.

use std::collections::HashMap;

use caracal_core::Timestamp;

use super::bytes::{Reader, put, put_bytes, put_signed};

/// An id that stood in this block before; its number follows.
const KNOWN_ID: u8 = 1;
/// An id for the first time.
const NEW_ID: u8 = 2;
/// A run of hexadecimal digits; the number of its bytes follows.
const DIGEST: u8 = 3;
/// A time with microseconds.
const TIME: u8 = 4;

/// Characters of a UUID and of a time.
const ID_CHARS: usize = 36;
const TIME_CHARS: usize = 27;
/// Shortest run of hexadecimal digits that is worth it.
const MIN_DIGEST_CHARS: usize = 16;

/// Takes tokens out of the texts of a block.
#[derive(Default)]
pub(super) struct Encoder {
    text: Vec<u8>,
    ids: Vec<[u8; 16]>,
    numbers: HashMap<[u8; 16], u64>,
    digests: Vec<u8>,
    times: Vec<u8>,
    last_time: i64,
}

impl Encoder {
    /// Adds a text. The number says how it is read: its length here, doubled, and one more where nothing was taken out.
    pub(super) fn push(&mut self, text: &str) -> u64 {
        let bytes = text.as_bytes();
        let start = self.text.len();
        let raw = bytes.iter().any(|byte| *byte <= TIME && *byte > 0);
        if raw {
            self.text.extend_from_slice(bytes);
        } else {
            self.tokens(bytes);
        }
        let length = self.text.len().saturating_sub(start) as u64;
        length.saturating_mul(2).saturating_add(u64::from(raw))
    }

    fn tokens(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        // Tokens stand alone: behind a letter or a digit none begins.
        let mut inside = false;
        while let Some((byte, after)) = rest.split_first() {
            let taken = if inside { None } else { self.token(rest) };
            if let Some(left) = taken.and_then(|taken| rest.get(taken..)) {
                rest = left;
                inside = true;
            } else {
                self.text.push(*byte);
                inside = byte.is_ascii_alphanumeric();
                rest = after;
            }
        }
    }

    /// Takes the token that `bytes` begin with, and says how long it was.
    fn token(&mut self, bytes: &[u8]) -> Option<usize> {
        if let Some(id) = bytes.get(..ID_CHARS).and_then(parse_id) {
            if let Some(number) = self.numbers.get(&id) {
                self.text.push(KNOWN_ID);
                put(&mut self.text, *number);
            } else {
                self.numbers.insert(id, self.ids.len() as u64);
                self.ids.push(id);
                self.text.push(NEW_ID);
            }
            return Some(ID_CHARS);
        }
        if let Some(time) = bytes.get(..TIME_CHARS).and_then(parse_time) {
            self.text.push(TIME);
            put_signed(&mut self.times, time.wrapping_sub(self.last_time));
            self.last_time = time;
            return Some(TIME_CHARS);
        }
        let digits = bytes.iter().take_while(|byte| is_digit(**byte)).count() & !1;
        let digest = bytes
            .get(..digits)
            .filter(|digest| digest.len() >= MIN_DIGEST_CHARS)?;
        self.text.push(DIGEST);
        put(&mut self.text, (digits / 2) as u64);
        self.digests.extend(hex::decode(digest).ok()?);
        Some(digits)
    }

    /// Appends what was taken out, but for the digests.
    pub(super) fn put_columns(&self, columns: &mut Vec<u8>) {
        put(columns, self.ids.len() as u64);
        // Ids made after one another begin alike: byte by byte of all of them, likes stand together.
        for at in 0..16 {
            columns.extend(self.ids.iter().filter_map(|id| id.get(at)));
        }
        put_bytes(columns, &self.times);
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    pub(super) fn digests(&self) -> &[u8] {
        &self.digests
    }
}

/// Puts tokens back.
pub(super) struct Decoder<'a> {
    text: Reader<'a>,
    ids: Vec<[u8; 16]>,
    used: usize,
    digests: Reader<'a>,
    times: Reader<'a>,
    last_time: i64,
}

impl<'a> Decoder<'a> {
    pub(super) fn new(columns: &mut Reader<'a>, text: &'a [u8], digests: &'a [u8]) -> Option<Self> {
        let count = columns.size(text.len())?;
        let bytes = columns.take(count.checked_mul(16)?)?;
        let mut ids = vec![[0; 16]; count];
        for (at, column) in bytes.chunks_exact(count.max(1)).enumerate() {
            for (id, byte) in ids.iter_mut().zip(column) {
                *id.get_mut(at)? = *byte;
            }
        }
        Some(Self {
            text: Reader(text),
            ids,
            used: 0,
            digests: Reader(digests),
            times: Reader(columns.bytes()?),
            last_time: 0,
        })
    }

    /// The next text, of `most` bytes at most.
    pub(super) fn pull(&mut self, form: u64, most: usize) -> Option<String> {
        let length = usize::try_from(form >> 1).ok()?;
        let part = self.text.take(length)?;
        if form & 1 == 1 {
            return String::from_utf8(part.to_vec())
                .ok()
                .filter(|text| text.len() <= most);
        }
        let mut text = Vec::with_capacity(part.len().saturating_mul(2).min(most));
        let mut part = Reader(part);
        while let Some((byte, after)) = part.0.split_first() {
            part.0 = after;
            match *byte {
                KNOWN_ID => {
                    let number = part.size(self.used.checked_sub(1)?)?;
                    write_id(self.ids.get(number)?, &mut text);
                }
                NEW_ID => {
                    write_id(self.ids.get(self.used)?, &mut text);
                    self.used = self.used.checked_add(1)?;
                }
                DIGEST => {
                    let length = part.size(most)?;
                    let digest = self.digests.take(length)?;
                    text.extend_from_slice(hex::encode(digest).as_bytes());
                }
                TIME => {
                    self.last_time = self.last_time.wrapping_add(self.times.signed()?);
                    let time = Timestamp::from_micros(self.last_time).to_rfc3339_micros();
                    text.extend_from_slice(time.as_bytes());
                }
                byte => text.push(byte),
            }
            if text.len() > most {
                return None;
            }
        }
        String::from_utf8(text).ok()
    }

    /// Whether everything was used.
    pub(super) fn is_done(&self) -> bool {
        let parts = [&self.text, &self.digests, &self.times];
        parts.iter().all(|part| part.0.is_empty()) && self.used == self.ids.len()
    }
}

fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Reads a UUID in lower case with its dashes.
fn parse_id(chars: &[u8]) -> Option<[u8; 16]> {
    let mut digits = [0; 32];
    let mut at = 0;
    for (n, char) in chars.iter().enumerate() {
        if matches!(n, 8 | 13 | 18 | 23) {
            if *char != b'-' {
                return None;
            }
        } else if is_digit(*char) {
            *digits.get_mut(at)? = *char;
            at = usize::saturating_add(at, 1);
        } else {
            return None;
        }
    }
    let mut id = [0; 16];
    hex::decode_to_slice(digits, &mut id).ok()?;
    Some(id)
}

fn write_id(id: &[u8; 16], text: &mut Vec<u8>) {
    let digits = hex::encode(id);
    for (n, char) in digits.bytes().enumerate() {
        if matches!(n, 8 | 12 | 16 | 20) {
            text.push(b'-');
        }
        text.push(char);
    }
}

/// Reads a time that is written back as it stood.
fn parse_time(chars: &[u8]) -> Option<i64> {
    if chars.last() != Some(&b'Z') || chars.get(10) != Some(&b'T') || chars.get(19) != Some(&b'.') {
        return None;
    }
    let text = std::str::from_utf8(chars).ok()?;
    let time = Timestamp::parse_rfc3339(text).ok()?;
    (time.to_rfc3339_micros() == text).then(|| time.as_micros())
}
