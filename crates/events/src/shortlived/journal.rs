//! Claims on the disk, so that a restart does not forget which mandates were used.
//!
//! A power cut may take the last ones: then the memory takes another name, see `epoch`.
//!
//! Files of fixed records (magic 4, key digest 16, expiry i64, crc32 4) that are only appended to. A file is
//! deleted once everything in it has expired, so nothing is ever rewritten.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use caracal_core::Timestamp;

const MAGIC: &[u8; 4] = b"CRPL";
const RECORD: usize = 32;
/// Size at which the next file is started.
const FILE_BYTES: u64 = 4 << 20;

pub(super) type Digest = [u8; 16];

#[derive(Debug)]
struct Generation {
    path: PathBuf,
    /// When its last claim expires.
    ends_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Journal {
    dir: PathBuf,
    sequence: u64,
    file: File,
    written: u64,
    current: Generation,
    past: Vec<Generation>,
}

impl Journal {
    /// Opens the journal in `dir` and returns the claims that are still live.
    pub(super) fn open(dir: &Path, now: Timestamp) -> io::Result<(Self, HashMap<Digest, Timestamp>)> {
        let mut claims = HashMap::new();
        let (mut newest, mut past) = (0, Vec::new());
        for entry in fs::read_dir(dir)? {
            let path = entry?.path();
            let sequence = path.file_name().and_then(|name| name.to_str()).and_then(|name| {
                name.strip_prefix("replay-")?
                    .strip_suffix(".journal")?
                    .parse::<u64>()
                    .ok()
            });
            let Some(sequence) = sequence else { continue };
            newest = newest.max(sequence);
            let mut ends_at = Timestamp::default();
            // Records have a fixed size, so a damaged or torn one does not hide those after it.
            for record in fs::read(&path)?.chunks_exact(RECORD) {
                if let Some((digest, expires_at)) = decode(record) {
                    ends_at = ends_at.max(expires_at);
                    if expires_at > now {
                        claims.insert(digest, expires_at);
                    }
                }
            }
            past.push(Generation { path, ends_at });
        }
        let sequence = newest + 1;
        let (file, path) = create(dir, sequence)?;
        let current = Generation {
            path,
            ends_at: Timestamp::default(),
        };
        let mut journal = Self {
            dir: dir.to_owned(),
            sequence,
            file,
            written: 0,
            current,
            past,
        };
        journal.drop_expired(now);
        Ok((journal, claims))
    }

    /// Writes a claim. Returns once the operating system has it.
    pub(super) fn write(&mut self, digest: &Digest, expires_at: Timestamp, now: Timestamp) -> io::Result<()> {
        if self.written >= FILE_BYTES {
            self.rotate(now)?;
        }
        if let Err(error) = self.file.write_all(&encode(digest, expires_at)) {
            // Half a record would shift all that follow it in this file.
            self.rotate(now)?;
            return Err(error);
        }
        self.written += RECORD as u64;
        self.current.ends_at = self.current.ends_at.max(expires_at);
        Ok(())
    }

    fn rotate(&mut self, now: Timestamp) -> io::Result<()> {
        let (file, path) = create(&self.dir, self.sequence + 1)?;
        self.sequence += 1;
        self.file = file;
        self.written = 0;
        let fresh = Generation {
            path,
            ends_at: Timestamp::default(),
        };
        self.past.push(std::mem::replace(&mut self.current, fresh));
        self.drop_expired(now);
        Ok(())
    }

    fn drop_expired(&mut self, now: Timestamp) {
        self.past.retain(|generation| {
            if generation.ends_at > now {
                return true;
            }
            if let Err(error) = fs::remove_file(&generation.path) {
                tracing::warn!(%error, "could not remove an expired replay journal");
            }
            false
        });
    }
}

fn create(dir: &Path, sequence: u64) -> io::Result<(File, PathBuf)> {
    let path = dir.join(format!("replay-{sequence:016}.journal"));
    let file = OpenOptions::new()
        .append(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    Ok((file, path))
}

fn encode(digest: &Digest, expires_at: Timestamp) -> [u8; RECORD] {
    let mut record = [0; RECORD];
    record[..4].copy_from_slice(MAGIC);
    record[4..20].copy_from_slice(digest);
    record[20..28].copy_from_slice(&expires_at.as_micros().to_le_bytes());
    let crc = crc32fast::hash(&record[..28]);
    record[28..].copy_from_slice(&crc.to_le_bytes());
    record
}

fn decode(record: &[u8]) -> Option<(Digest, Timestamp)> {
    let record: &[u8; RECORD] = record.try_into().ok()?;
    if &record[..4] != MAGIC || record[28..] != crc32fast::hash(&record[..28]).to_le_bytes() {
        return None;
    }
    let expires_at = i64::from_le_bytes(*record[20..].first_chunk()?);
    Some((*record[4..].first_chunk()?, Timestamp::from_micros(expires_at)))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_seconds(seconds)
    }

    #[test]
    fn live_claims_survive_and_a_torn_tail_hides_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, claims) = Journal::open(dir.path(), at(0)).unwrap();
        assert!(claims.is_empty());
        journal.write(&[1; 16], at(10), at(0)).unwrap();
        journal.write(&[2; 16], at(100), at(0)).unwrap();
        journal.file.write_all(b"CRPL torn").unwrap();
        drop(journal);
        let (_journal, claims) = Journal::open(dir.path(), at(50)).unwrap();
        assert_eq!(claims, HashMap::from([([2; 16], at(100))]));
    }

    #[test]
    fn files_of_expired_claims_are_removed() {
        let dir = tempfile::tempdir().unwrap();
        let (mut journal, _) = Journal::open(dir.path(), at(0)).unwrap();
        journal.write(&[1; 16], at(10), at(0)).unwrap();
        journal.rotate(at(5)).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
        journal.rotate(at(10).plus(Duration::from_secs(1))).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_flipped_bit_voids_a_record() {
        let good = encode(&[3; 16], at(7));
        assert_eq!(decode(&good), Some(([3; 16], at(7))));
        for place in 0..RECORD {
            let mut bad = good;
            bad[place] ^= 1;
            assert_eq!(decode(&bad), None);
        }
    }
}
