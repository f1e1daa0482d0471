//! Blocks: the entries of a stretch of a log, compressed together.
//!
//! What repeats in evidence is its shape; what does not is ids, digests and times. Those are taken out of the text and
//! kept as the bytes that they are ([`tokens`]), the rest is compressed with a dictionary of shapes. Every byte of a body
//! comes back as it was. A block proves nothing by itself: its entries are checked against the tree.

use std::borrow::Cow;

use caracal_core::Timestamp;

use self::{
    bytes::{Reader, put, put_bytes, put_signed},
    packing::Part,
    tokens::{Decoder, Encoder, Needle, Pulled},
};
use crate::entry::{Entry, MAX_BODY_BYTES, MAX_NAME_BYTES};

mod bytes;
mod day;
mod packing;
mod tokens;

/// Most entries of a block.
pub const MAX_ENTRIES: usize = 4096;
/// Most bytes that the bodies of a block have together.
pub const MAX_BLOCK_BODY_BYTES: usize = 16 * 1024 * 1024;

const MAGIC: [u8; 4] = *b"CLB1";

/// What a block keeps of an entry; log and index follow from where the block stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockEntry<'a> {
    /// As in [`Entry::body`].
    pub body: Cow<'a, str>,
    /// As in [`Entry::taken_at`].
    pub taken_at: Timestamp,
    /// As in [`Entry::producer_key`].
    pub producer_key: Cow<'a, str>,
}

/// Why entries are no block, or bytes are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBlock {
    /// No entry, more than [`MAX_ENTRIES`], or larger than their bounds.
    #[error("a block has 1 to 4096 entries of 16 MiB at most")]
    Bounds,
    /// Not what [`encode`] writes.
    #[error("not a block of a log")]
    Form,
}

/// Packs `entries`, the first of which stands at index `first` of its log.
///
/// # Errors
/// [`InvalidBlock::Bounds`].
pub fn encode(first: u64, entries: &[BlockEntry<'_>]) -> Result<Vec<u8>, InvalidBlock> {
    let bytes: usize = entries.iter().map(|entry| entry.body.len()).sum();
    let fits = |entry: &BlockEntry<'_>| {
        entry.body.len() <= MAX_BODY_BYTES && entry.producer_key.len() <= MAX_NAME_BYTES
    };
    if entries.is_empty()
        || entries.len() > MAX_ENTRIES
        || bytes > MAX_BLOCK_BODY_BYTES
        || !entries.iter().all(fits)
        || first.checked_add(entries.len() as u64).is_none()
    {
        return Err(InvalidBlock::Bounds);
    }
    let mut encoder = Encoder::default();
    let mut keys: Vec<&str> = Vec::new();
    let mut rows = Vec::new();
    let mut before = 0;
    for entry in entries {
        let known = keys.iter().position(|key| *key == entry.producer_key);
        let key = known.unwrap_or_else(|| {
            keys.push(&entry.producer_key);
            keys.len().saturating_sub(1)
        });
        put(&mut rows, encoder.push(&entry.body));
        put_signed(&mut rows, entry.taken_at.as_micros().wrapping_sub(before));
        before = entry.taken_at.as_micros();
        put(&mut rows, key as u64);
    }
    let mut columns = Vec::new();
    put(&mut columns, keys.len() as u64);
    for key in keys {
        put_bytes(&mut columns, key.as_bytes());
    }
    put_bytes(&mut columns, &rows);
    encoder.put_columns(&mut columns);

    let mut block = MAGIC.to_vec();
    put(&mut block, first);
    put(&mut block, entries.len() as u64);
    put_part(&mut block, Part::Columns, &columns)?;
    put_part(&mut block, Part::Text, encoder.text())?;
    block.extend_from_slice(encoder.digests());
    Ok(block)
}

/// Unpacks a block: the index of its first entry, and its entries.
///
/// # Errors
/// [`InvalidBlock::Form`]. What a hostile block costs is bounded by [`MAX_BLOCK_BODY_BYTES`].
pub fn decode(block: &[u8]) -> Result<(u64, Vec<BlockEntry<'static>>), InvalidBlock> {
    let (first, entries) = decode_some(block, &[])?;
    Ok((first, entries.into_iter().map(|(_, kept)| kept).collect()))
}

/// Unpacks what may say `values`, each as a whole JSON text, with the index of each entry. Another one is passed over in
/// a tenth of the time; which of those that are unpacked says them, the caller finds out.
///
/// # Errors
/// As [`decode`].
pub fn decode_some(
    block: &[u8],
    values: &[&str],
) -> Result<(u64, Vec<(u64, BlockEntry<'static>)>), InvalidBlock> {
    let needles: Vec<Needle> = values.iter().filter_map(|value| Needle::of(value)).collect();
    read(block, &needles).ok_or(InvalidBlock::Form)
}

fn read(block: &[u8], needles: &[Needle]) -> Option<(u64, Vec<(u64, BlockEntry<'static>)>)> {
    let mut reader = Reader(block.strip_prefix(&MAGIC)?);
    let first = reader.number()?;
    let count = reader
        .size(MAX_ENTRIES)
        .filter(|count| *count > 0 && first.checked_add(*count as u64).is_some())?;
    let columns = take_part(&mut reader, Part::Columns)?;
    let text = take_part(&mut reader, Part::Text)?;
    let digests = reader.0;

    let mut columns = Reader(&columns);
    let mut keys = Vec::new();
    for _ in 0..columns.size(count)? {
        let key = columns.bytes().filter(|key| key.len() <= MAX_NAME_BYTES)?;
        keys.push(std::str::from_utf8(key).ok()?);
    }
    let mut rows = Reader(columns.bytes()?);
    let mut decoder = Decoder::new(&mut columns, &text, digests)?;
    let mut entries = Vec::with_capacity(count);
    let (mut at, mut room) = (0_i64, MAX_BLOCK_BODY_BYTES);
    for index in first..first.checked_add(count as u64)? {
        let body = decoder.pull(rows.number()?, room.min(MAX_BODY_BYTES), needles)?;
        at = at.wrapping_add(rows.signed()?);
        let key = keys.get(rows.size(count)?)?;
        let Pulled::Text(body) = body else { continue };
        room = room.checked_sub(body.len())?;
        let kept = BlockEntry {
            body: Cow::Owned(body),
            taken_at: Timestamp::from_micros(at),
            producer_key: Cow::Owned((*key).to_owned()),
        };
        entries.push((index, kept));
    }
    let whole = rows.0.is_empty() && columns.0.is_empty() && decoder.is_done();
    whole.then_some((first, entries))
}

impl BlockEntry<'_> {
    /// The entry at `index` of `log`.
    pub fn entry<'e>(&'e self, log: &'e str, index: u64) -> Entry<'e> {
        Entry {
            log,
            index,
            body: &self.body,
            taken_at: self.taken_at,
            producer_key: &self.producer_key,
        }
    }
}

/// A compressed part after its length and the length that it has unpacked.
fn put_part(block: &mut Vec<u8>, part: Part, bytes: &[u8]) -> Result<(), InvalidBlock> {
    put(block, bytes.len() as u64);
    // With sizes in bounds the library has no reason to fail.
    put_bytes(block, &part.pack(bytes).map_err(|_| InvalidBlock::Bounds)?);
    Ok(())
}

fn take_part(reader: &mut Reader<'_>, part: Part) -> Option<Vec<u8>> {
    // The text is no longer than the bodies; the columns have a few bytes for each entry and each token.
    let length = reader.size(MAX_BLOCK_BODY_BYTES.saturating_mul(2))?;
    let packed = reader.bytes()?;
    let bytes = part.unpack(packed, length).ok()?;
    (bytes.len() == length).then_some(bytes)
}

#[cfg(test)]
mod tests;
