//! Dead letters, kept in memory and, where a directory is given, in one journal per topic.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use caracal_core::Timestamp;
use parking_lot::Mutex;

use crate::{Delivery, Fields, StreamSigner, Topic, dead_letter, metrics};

/// Letters kept per topic of invalidations; the oldest go first. Evidence is never dropped.
const MOST: usize = 10_000;

#[derive(Debug, Default)]
struct Letters {
    next: u64,
    kept: Vec<Delivery>,
}

#[derive(Debug)]
pub(super) struct DeadLetters {
    dir: Option<PathBuf>,
    topics: Vec<Mutex<Letters>>,
}

impl DeadLetters {
    pub(super) fn open(dir: Option<PathBuf>) -> io::Result<Self> {
        let mut topics = Vec::new();
        if let Some(dir) = &dir {
            crate::spool::prepare_dir(dir)?;
        }
        for topic in Topic::ALL {
            let mut letters = Letters::default();
            if let Some(path) = dir.as_ref().map(|dir| dir.join(file_name(topic)))
                && path.exists()
            {
                let text = fs::read_to_string(&path)?;
                // A line cut by a crash belongs to an entry that was not acknowledged and comes again.
                letters.kept = text.lines().filter_map(parse).collect();
                letters.next = letters
                    .kept
                    .iter()
                    .filter_map(|letter| letter.id.parse().ok())
                    .max()
                    .unwrap_or(0);
                if !text.is_empty() && !text.ends_with('\n') {
                    OpenOptions::new().append(true).open(&path)?.write_all(b"\n")?;
                }
            }
            topics.push(Mutex::new(letters));
        }
        Ok(Self { dir, topics })
    }

    pub(super) fn add(
        &self,
        topic: Topic,
        signer: &StreamSigner,
        delivery: &Delivery,
        reason: &str,
        now: Timestamp,
    ) -> io::Result<()> {
        let fields = dead_letter::compose(topic, signer, delivery, reason, now);
        let mut letters = self.topics[topic as usize].lock();
        let letter = Delivery {
            id: (letters.next + 1).to_string(),
            fields,
            appended_at: now,
            vouched: None,
        };
        if let Some(dir) = &self.dir {
            let mut file = OpenOptions::new()
                .create(true)
                .append(true)
                .mode(0o600)
                .open(dir.join(file_name(topic)))?;
            file.write_all(render(&letter).as_bytes())?;
            file.sync_data()?;
        }
        letters.next += 1;
        letters.kept.push(letter);
        if !topic.is_evidence() && letters.kept.len() > MOST {
            letters.kept.remove(0);
        }
        metrics::count(metrics::DEAD_LETTERED, topic, 1);
        Ok(())
    }

    pub(super) fn list(&self, topic: Topic, after: Option<&str>, limit: usize) -> Vec<Delivery> {
        let after = after.and_then(|id| id.parse::<u64>().ok()).unwrap_or(0);
        let letters = self.topics[topic as usize].lock();
        let newer = |letter: &&Delivery| letter.id.parse::<u64>().is_ok_and(|id| id > after);
        letters.kept.iter().filter(newer).take(limit).cloned().collect()
    }

    pub(super) fn remove(&self, topic: Topic, ids: &[String]) -> io::Result<()> {
        let mut letters = self.topics[topic as usize].lock();
        letters.kept.retain(|letter| !ids.contains(&letter.id));
        let Some(dir) = &self.dir else { return Ok(()) };
        let text: String = letters.kept.iter().map(render).collect();
        let (path, fresh) = (
            dir.join(file_name(topic)),
            dir.join(format!("{}.new", file_name(topic))),
        );
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(fresh, path)
    }
}

fn file_name(topic: Topic) -> String {
    format!("{}.ndjson", topic.dead_letter_stream())
}

fn render(letter: &Delivery) -> String {
    format!(
        "[{},{},{}]\n",
        letter.id,
        letter.appended_at.as_micros(),
        letter.fields.to_json()
    )
}

fn parse(line: &str) -> Option<Delivery> {
    let (id, at, fields): (u64, i64, std::collections::BTreeMap<String, String>) =
        serde_json::from_str(line).ok()?;
    Some(Delivery {
        id: id.to_string(),
        fields: fields.into_iter().collect::<Fields>(),
        appended_at: Timestamp::from_micros(at),
        vouched: None,
    })
}
