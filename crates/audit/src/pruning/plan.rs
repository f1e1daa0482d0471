//! What of a log may go: whole blocks from the oldest on, as far as they are old, but for those that are held. No I/O.

use std::{collections::BTreeSet, io, ops::Range};

use caracal_core::Timestamp;
use caracal_crypto::Digest32;
use caracal_ledger::{block, chain::LogId, prune::MAX_KEPT};
use caracal_storage::LedgerBlock;
use serde_json::Value;

use super::archive::add_line;

/// Bytes of entries after which a step takes no further block.
const STEP_BYTES: usize = 16 * 1024 * 1024;

/// What a step would do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Up to where bodies go.
    pub(super) size: u64,
    /// Leaves of the entries that are looked at, from where the last step ended.
    pub(super) leaves: Vec<Digest32>,
    /// What stays of all that came before `size`.
    pub(super) kept: Vec<Range<u64>>,
    /// The entries as an archive has them.
    pub(super) lines: Vec<u8>,
    /// More is held apart than a prune checkpoint can say, and so nothing further can go.
    pub(super) scattered: bool,
}

/// The log is not as it should be, so nothing may go.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotPlanned {
    #[error("entry {0} is missing or cannot be read")]
    Broken(u64),
    #[error("an entry cannot be written")]
    Line(#[from] io::Error),
}

/// Adds what is kept, which lies behind everything before.
fn keep(kept: &mut Vec<Range<u64>>, block: Range<u64>) -> bool {
    if let Some(last) = kept.last_mut()
        && last.end == block.start
    {
        last.end = block.end;
        return true;
    }
    let room = kept.len() < MAX_KEPT;
    if room {
        kept.push(block);
    }
    room
}

/// Whether an event is held: one of its values is.
fn is_held(body: &str, held: &BTreeSet<String>) -> bool {
    fn names(value: &Value, held: &BTreeSet<String>) -> bool {
        match value {
            Value::String(text) => held.contains(text),
            Value::Array(members) => members.iter().any(|member| names(member, held)),
            Value::Object(members) => members.values().any(|member| names(member, held)),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    // What cannot be read is not let go.
    !held.is_empty() && serde_json::from_str(body).map_or(true, |event: Value| names(&event, held))
}

impl Plan {
    /// Goes on behind `size` entries of which `kept` are there still.
    pub(super) fn new(size: u64, kept: Vec<Range<u64>>) -> Self {
        Self {
            size,
            kept,
            ..Self::default()
        }
    }

    /// Looks at blocks behind the last step, in their order, up to the first that is too young.
    pub(super) fn advance(
        &mut self,
        log: &LogId,
        blocks: &[LedgerBlock],
        (sealed, before): (u64, Timestamp),
        held: &BTreeSet<String>,
    ) -> Result<(), NotPlanned> {
        let name = log.name();
        for block in blocks {
            let old = block.taken_at < before && block.occurred_until < before;
            if !old || block.first >= sealed || self.lines.len() >= STEP_BYTES {
                break;
            }
            let entries = open(block, self.size)?;
            let end = self.size.saturating_add(entries.len() as u64);
            let stays = entries.iter().any(|entry| is_held(&entry.body, held));
            if stays && !keep(&mut self.kept, self.size..end) {
                self.scattered = true;
                break;
            }
            for (index, kept) in (self.size..).zip(&entries) {
                let entry = kept.entry(&name, index);
                self.leaves.push(entry.leaf());
                add_line(&mut self.lines, &entry)?;
            }
            self.size = end;
        }
        Ok(())
    }

    /// What is held anew of blocks that are there still, in their order.
    pub(super) fn review(
        &mut self,
        blocks: &[LedgerBlock],
        held: &BTreeSet<String>,
    ) -> Result<(), NotPlanned> {
        for block in blocks {
            let entries = open(block, block.first)?;
            let range = block.first..block.first.saturating_add(entries.len() as u64);
            let stays = entries.iter().any(|entry| is_held(&entry.body, held));
            if stays && !keep(&mut self.kept, range) {
                self.scattered = true;
                break;
            }
        }
        Ok(())
    }
}

fn open(block: &LedgerBlock, expected: u64) -> Result<Vec<block::BlockEntry<'static>>, NotPlanned> {
    match block::decode(&block.block) {
        Ok((first, entries)) if first == expected && block.first == expected => Ok(entries),
        _ => Err(NotPlanned::Broken(expected)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn an_event_is_held_when_one_of_its_values_is_the_subject_and_not_for_less() {
        let body = r#"{"id":"e","metadata_json":{"subject_id":"us\u0065r-1","list":[["deep"]],"n":7}}"#;
        for subject in ["user-1", "deep", "e"] {
            assert!(is_held(body, &held(&["other", subject])), "{subject}");
        }
        for subject in ["user", "user-11", "subject_id", "7", ""] {
            assert!(!is_held(body, &held(&[subject])), "{subject}");
        }
        assert!(!is_held(body, &held(&[])));
        assert!(
            is_held("no event", &held(&["other"])),
            "what cannot be read stays"
        );
    }

    #[test]
    fn neighbours_are_kept_as_one_and_more_than_can_be_said_is_told() {
        let mut kept = Vec::new();
        assert!(keep(&mut kept, 0..3) && keep(&mut kept, 3..5) && keep(&mut kept, 6..7));
        assert_eq!(kept, [0..5, 6..7]);
        for n in 4..2 + MAX_KEPT as u64 {
            assert!(keep(&mut kept, 2 * n..2 * n + 1));
        }
        assert_eq!(kept.len(), MAX_KEPT);
        assert!(!keep(&mut kept, 1_000_000..1_000_001));
        let last = kept.last().unwrap().end;
        assert!(keep(&mut kept, last..last + 9), "it joins the last");
    }
}
