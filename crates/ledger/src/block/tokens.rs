//! Ids, digests and times of a text as the bytes that they stand for.
//!
//! JSON holds no control characters outside of white space, so the bytes 1 to 4 are free to stand for what was taken
//! out. A text that does hold one is kept as it is.

use std::collections::HashMap;

use memchr::memmem::Finder;

use super::{
    bytes::{Reader, put, put_bytes, put_signed},
    day::{Day, TIME_CHARS},
};

/// An id that stood in this block before; its number follows.
const KNOWN_ID: u8 = 1;
/// An id for the first time.
const NEW_ID: u8 = 2;
/// A run of hexadecimal digits; the number of its bytes follows.
const DIGEST: u8 = 3;
/// A time with microseconds.
const TIME: u8 = 4;

/// Characters of a UUID, and the digits that it and a time begin with.
const ID_CHARS: usize = 36;
const ID_DIGITS: usize = 8;
const TIME_DIGITS: usize = 4;
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
    day: Day,
}

impl Encoder {
    /// Adds a text. The number says how it is read: its length here, doubled, and one more where nothing was taken out.
    pub(super) fn push(&mut self, text: &str) -> u64 {
        let bytes = text.as_bytes();
        let start = self.text.len();
        let raw = next_token(bytes).is_some();
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
        while let Some((first, after)) = rest.split_first() {
            let taken = if inside { None } else { self.token(rest) };
            if let Some(left) = taken.and_then(|taken| rest.get(taken..)) {
                rest = left;
                inside = true;
                continue;
            }
            inside = first.is_ascii_alphanumeric();
            // What follows as it stands, up to where a token may begin.
            let run = after.iter().take_while(|byte| {
                let begins = !inside && nibble(**byte).is_some();
                inside = byte.is_ascii_alphanumeric() && !begins;
                !begins
            });
            let (text, left) = rest.split_at(run.count().saturating_add(1));
            self.text.extend_from_slice(text);
            rest = left;
        }
    }

    /// Takes the token that `bytes` begin with, and says how long it was. Each begins with hexadecimal digits, and how
    /// many says which it may be.
    fn token(&mut self, bytes: &[u8]) -> Option<usize> {
        let digits = bytes.iter().take_while(|byte| nibble(**byte).is_some()).count();
        match digits {
            ID_DIGITS => {
                let id = parse_id(bytes.first_chunk()?)?;
                if let Some(number) = self.numbers.get(&id) {
                    self.text.push(KNOWN_ID);
                    put(&mut self.text, *number);
                } else {
                    self.numbers.insert(id, self.ids.len() as u64);
                    self.ids.push(id);
                    self.text.push(NEW_ID);
                }
                Some(ID_CHARS)
            }
            TIME_DIGITS => {
                let time = self.day.read(bytes.first_chunk()?)?;
                self.text.push(TIME);
                put_signed(&mut self.times, time.wrapping_sub(self.last_time));
                self.last_time = time;
                Some(TIME_CHARS)
            }
            MIN_DIGEST_CHARS.. => {
                let (pairs, _) = bytes.get(..digits)?.as_chunks();
                self.text.push(DIGEST);
                put(&mut self.text, pairs.len() as u64);
                self.digests.extend(pairs.iter().copied().filter_map(byte));
                Some(pairs.as_flattened().len())
            }
            _ => None,
        }
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

/// A text that is looked for, as it stands between its quotes where tokens were taken out.
pub(super) enum Needle {
    /// As it is written. Made ready once for all the entries of a block.
    Text(Box<Finder<'static>>),
    Id([u8; 16]),
}

impl Needle {
    /// `None` where it cannot be told from the other tokens.
    pub(super) fn of(value: &str) -> Option<Self> {
        if let Ok(chars) = value.as_bytes().try_into()
            && let Some(id) = parse_id(chars)
        {
            return Some(Self::Id(id));
        }
        let quoted = format!("\"{value}\"");
        let mut encoder = Encoder::default();
        encoder.push(&quoted);
        (encoder.text == quoted.as_bytes()).then(|| Self::Text(Box::new(Finder::new(&quoted).into_owned())))
    }
}

/// Where the next token is read.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    used: usize,
    digests: Reader<'a>,
    times: Reader<'a>,
    last_time: i64,
}

/// Puts tokens back.
pub(super) struct Decoder<'a> {
    text: Reader<'a>,
    ids: Vec<[u8; 16]>,
    next: Cursor<'a>,
    day: Day,
}

/// What came of a text.
pub(super) enum Pulled {
    Text(String),
    /// It does not say what is looked for.
    PassedOver,
}

/// What stands in a text.
enum Token<'a> {
    Id(usize),
    Digest(&'a [u8]),
    Time(i64),
}

impl<'a> Cursor<'a> {
    /// The token that a text goes on with, and its text behind it.
    fn token(&mut self, part: &mut Reader<'_>, most: usize) -> Option<Token<'a>> {
        let (token, after) = part.0.split_first()?;
        part.0 = after;
        Some(match *token {
            KNOWN_ID => Token::Id(part.size(self.used.checked_sub(1)?)?),
            NEW_ID => {
                let number = self.used;
                self.used = self.used.checked_add(1)?;
                Token::Id(number)
            }
            DIGEST => Token::Digest(self.digests.take(part.size(most)?)?),
            _ => {
                self.last_time = self.last_time.wrapping_add(self.times.signed()?);
                Token::Time(self.last_time)
            }
        })
    }
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
            next: Cursor {
                used: 0,
                digests: Reader(digests),
                times: Reader(columns.bytes()?),
                last_time: 0,
            },
            day: Day::default(),
        })
    }

    /// The next text, of `most` bytes at most, if it may say all of `needles`.
    pub(super) fn pull(&mut self, form: u64, most: usize, needles: &[Needle]) -> Option<Pulled> {
        let length = usize::try_from(form >> 1).ok()?;
        let part = self.text.take(length)?;
        if form & 1 == 1 {
            let text = String::from_utf8(part.to_vec()).ok();
            return text.filter(|text| text.len() <= most).map(Pulled::Text);
        }
        let mut behind = self.next;
        if !needles.is_empty() && !self.says(part, &mut behind, most, needles)? {
            self.next = behind;
            return Some(Pulled::PassedOver);
        }
        let mut text = Vec::with_capacity(part.len().saturating_mul(2).min(most));
        let mut part = Reader(part);
        loop {
            let literal = next_token(part.0);
            text.extend_from_slice(part.take(literal.unwrap_or(part.0.len()))?);
            if text.len() > most {
                return None;
            }
            if part.0.is_empty() {
                return String::from_utf8(text).ok().map(Pulled::Text);
            }
            match self.next.token(&mut part, most)? {
                Token::Id(number) => write_id(self.ids.get(number)?, &mut text),
                Token::Digest(digest) => write_digits(digest, &mut text),
                Token::Time(time) => self.day.write(time, &mut text),
            }
        }
    }

    /// Whether a text may say all of `needles`, from its tokens alone. One with an escape may say anything.
    fn says(&self, part: &[u8], next: &mut Cursor<'a>, most: usize, needles: &[Needle]) -> Option<bool> {
        let mut left: Vec<&[u8; 16]> = Vec::new();
        let mut says = true;
        for needle in needles {
            match needle {
                Needle::Text(text) => says = says && text.find(part).is_some(),
                Needle::Id(id) => left.push(id),
            }
        }
        let mut rest = Reader(part);
        while let Some(at) = next_token(rest.0) {
            rest.take(at)?;
            if let Token::Id(number) = next.token(&mut rest, most)? {
                let id = self.ids.get(number)?;
                left.retain(|left| *left != id);
            }
        }
        Some(says && left.is_empty() || part.contains(&b'\\'))
    }

    /// Whether everything was used.
    pub(super) fn is_done(&self) -> bool {
        let parts = [&self.text, &self.next.digests, &self.next.times];
        parts.iter().all(|part| part.0.is_empty()) && self.next.used == self.ids.len()
    }
}

const fn stands_for_token(byte: u8) -> bool {
    matches!(byte, KNOWN_ID..=TIME)
}

/// Bytes that are looked at together.
const CHUNK: usize = 16;

/// Where the first byte is that stands for a token.
fn next_token(text: &[u8]) -> Option<usize> {
    // Without a branch for each byte the compiler makes one instruction of a chunk.
    let has_none = |chunk: &[u8; CHUNK]| {
        !chunk
            .iter()
            .fold(false, |found, byte| found | stands_for_token(*byte))
    };
    let (chunks, _) = text.as_chunks();
    let clear = chunks.iter().take_while(|chunk| has_none(chunk)).count();
    let clear = clear.saturating_mul(CHUNK);
    let at = text.get(clear..)?.iter().copied().position(stands_for_token)?;
    clear.checked_add(at)
}

/// What a hexadecimal digit in lower case stands for.
const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' | b'a'..=b'f' => Some((digit & 0x0f).wrapping_add((digit >> 6).wrapping_mul(9))),
        _ => None,
    }
}

fn byte([high, low]: [u8; 2]) -> Option<u8> {
    Some(nibble(high)? << 4 | nibble(low)?)
}

/// Reads a UUID in lower case with its dashes.
fn parse_id(chars: &[u8; ID_CHARS]) -> Option<[u8; 16]> {
    let mut digits = [0; 32];
    let mut room = digits.iter_mut();
    for (n, char) in chars.iter().enumerate() {
        if !matches!(n, 8 | 13 | 18 | 23) {
            *room.next()? = *char;
        } else if *char != b'-' {
            return None;
        }
    }
    let mut id = [0; 16];
    for (to, pair) in id.iter_mut().zip(digits.as_chunks().0) {
        *to = byte(*pair)?;
    }
    Some(id)
}

fn write_id(id: &[u8; 16], text: &mut Vec<u8>) {
    for (n, pair) in id.as_chunks::<2>().0.iter().enumerate() {
        if matches!(n, 2..=5) {
            text.push(b'-');
        }
        write_digits(pair, text);
    }
}

fn write_digits(bytes: &[u8], text: &mut Vec<u8>) {
    let digit = |half: u8| {
        if half < 10 {
            b'0' | half
        } else {
            half.wrapping_add(b'a' - 10)
        }
    };
    text.extend(
        bytes
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)]),
    );
}
