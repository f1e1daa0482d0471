//! How far the spool has been drained.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
};

use super::record::SEGMENT_HEAD;

/// Room for three numbers and a checksum.
const LENGTH: usize = 79;

/// The next byte to drain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Position {
    pub(super) sequence: u64,
    pub(super) offset: u64,
    /// Lowest index the next record of the segment may have.
    pub(super) index: u64,
}

impl Position {
    /// The first record of a segment.
    pub(super) const fn start_of(sequence: u64) -> Self {
        Self {
            sequence,
            offset: SEGMENT_HEAD as u64,
            index: 0,
        }
    }

    /// The stored position. Absent or damaged: the very beginning, which only repeats what the ledger ignores.
    pub(super) fn load(dir: &Path) -> Self {
        fs::read_to_string(dir.join("position"))
            .ok()
            .and_then(|text| Self::parse(&text))
            .unwrap_or_default()
    }

    /// Overwrites the stored position in place: that needs no room, so a full volume can still be drained. Torn by a
    /// power cut it counts as absent. Gives the file, for a caller who needs it on the disk.
    pub(super) fn store(&self, dir: &Path) -> io::Result<File> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(dir.join("position"))?;
        // One length for all, so that a shorter one leaves nothing of a longer one.
        file.write_all_at(format!("{:<LENGTH$}\n", self.render()).as_bytes(), 0)?;
        Ok(file)
    }

    fn render(&self) -> String {
        let numbers = format!("{} {} {}", self.sequence, self.offset, self.index);
        format!("{numbers} {:08x}", crc32fast::hash(numbers.as_bytes()))
    }

    fn parse(text: &str) -> Option<Self> {
        let (numbers, crc) = text.trim_end().rsplit_once(' ')?;
        if u32::from_str_radix(crc, 16).ok()? != crc32fast::hash(numbers.as_bytes()) {
            return None;
        }
        let mut numbers = numbers.split(' ').map(|number| number.parse().ok());
        Some(Self {
            sequence: numbers.next()??,
            offset: numbers.next()??,
            index: numbers.next()??,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_position_is_none() {
        let position = Position {
            sequence: 4,
            offset: 900,
            index: 12,
        };
        let text = position.render();
        assert_eq!(Position::parse(&text), Some(position));
        assert_eq!(Position::parse(&text.replace("900", "901")), None);
        assert_eq!(Position::parse(""), None);
    }
}
