//! The entries of one topic, its groups and its readers.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Weak},
};

use caracal_core::Timestamp;
use caracal_crypto::HmacKeyId;
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::{Delivery, Fields, Topic};

/// One entry, shared by everyone who still has to see it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) position: u64,
    pub(super) fields: Fields,
    pub(super) appended_at: Timestamp,
    pub(super) vouched: Option<HmacKeyId>,
}

impl Entry {
    pub(super) fn delivery(&self) -> Delivery {
        Delivery {
            id: self.position.to_string(),
            fields: self.fields.clone(),
            appended_at: self.appended_at,
            vouched: self.vouched,
        }
    }
}

/// Work of one group.
#[derive(Debug, Default)]
struct Group {
    /// Position never given to anyone yet.
    next: u64,
    /// Given out, not acknowledged; by whom.
    pending: BTreeMap<u64, (u64, Arc<Entry>)>,
    /// Left behind by consumers that are gone.
    orphaned: BTreeMap<u64, Arc<Entry>>,
    wake: Arc<Notify>,
}

impl Group {
    fn lowest_open(&self) -> u64 {
        let first = |position: Option<&u64>| position.copied().unwrap_or(self.next);
        first(self.pending.keys().next())
            .min(first(self.orphaned.keys().next()))
            .min(self.next)
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    pub(super) next: u64,
    pub(super) handled: u64,
}

/// Where one subscriber stands, visible to [`crate::Bus::wait_in_sync`].
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) wake: Notify,
    pub(super) cursors: Mutex<BTreeMap<Topic, Cursor>>,
}

impl Reader {
    pub(super) fn start(&self, topic: Topic, position: u64) {
        self.cursors.lock().insert(
            topic,
            Cursor {
                next: position,
                handled: position,
            },
        );
    }

    pub(super) fn handled(&self, topic: Topic) -> u64 {
        self.cursors
            .lock()
            .get(&topic)
            .map_or(u64::MAX, |cursor| cursor.handled)
    }
}

/// What a group gives a consumer.
pub(super) enum Polled {
    Entries(Vec<Arc<Entry>>),
    /// Entries fell out of the log before the group took them.
    Lagged,
}

/// What a reader gets.
pub(super) enum Read {
    Entries { entries: Vec<Arc<Entry>>, next: u64 },
    Lagged { next: u64 },
}

#[derive(Debug)]
pub(super) struct Log {
    evidence: bool,
    capacity: usize,
    base: u64,
    entries: VecDeque<Arc<Entry>>,
    groups: BTreeMap<String, Group>,
    readers: Vec<Weak<Reader>>,
    consumers: u64,
}

impl Log {
    pub(super) fn new(evidence: bool, capacity: usize, groups: impl Iterator<Item = String>) -> Self {
        let groups = groups.map(|group| (group, Group::default())).collect();
        Self {
            evidence,
            capacity,
            base: 0,
            entries: VecDeque::new(),
            groups,
            readers: Vec::new(),
            consumers: 0,
        }
    }

    /// The position after the newest entry.
    pub(super) fn end(&self) -> u64 {
        self.base + self.entries.len() as u64
    }

    /// Whether evidence may be appended. Without a group nobody would ever make room.
    pub(super) fn has_space(&self) -> bool {
        self.groups.is_empty() || self.entries.len() < self.capacity
    }

    pub(super) fn push(&mut self, fields: Fields, appended_at: Timestamp, vouched: Option<HmacKeyId>) {
        let position = self.end();
        self.entries.push_back(Arc::new(Entry {
            position,
            fields,
            appended_at,
            vouched,
        }));
        let held_for_groups = self.evidence && !self.groups.is_empty();
        while self.entries.len() > self.capacity && !held_for_groups {
            self.entries.pop_front();
            self.base += 1;
        }
    }

    /// Everything below is acknowledged by every group.
    pub(super) fn acknowledged_up_to(&self) -> u64 {
        self.groups
            .values()
            .map(Group::lowest_open)
            .min()
            .unwrap_or_else(|| self.end())
    }

    pub(super) fn wake_all(&mut self) {
        self.readers.retain(|reader| match reader.upgrade() {
            Some(reader) => {
                reader.wake.notify_one();
                true
            }
            None => false,
        });
        for group in self.groups.values() {
            group.wake.notify_one();
        }
    }

    pub(super) fn attach(&mut self, reader: Weak<Reader>) {
        self.readers.push(reader);
    }

    pub(super) fn readers(&self) -> impl Iterator<Item = Weak<Reader>> {
        self.readers.iter().cloned()
    }

    /// Entries from `next` on, at most `max`.
    pub(super) fn read(&self, next: u64, max: usize) -> Read {
        let Some(skip) = next.checked_sub(self.base) else {
            // The caller reloads from storage now, so whatever is here already is covered by that.
            return Read::Lagged { next: self.end() };
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let entries: Vec<_> = self.entries.iter().skip(skip).take(max).cloned().collect();
        Read::Entries {
            next: next + entries.len() as u64,
            entries,
        }
    }

    /// A new consumer of `group`, which is created when it does not exist.
    pub(super) fn join(&mut self, group: &str) -> (u64, Arc<Notify>) {
        let base = self.base;
        let group = self.groups.entry(group.to_owned()).or_insert_with(|| Group {
            next: base,
            ..Group::default()
        });
        self.consumers += 1;
        (self.consumers, group.wake.clone())
    }

    /// Gives work to a consumer.
    pub(super) fn take(&mut self, group: &str, consumer: u64, max: usize) -> Polled {
        let (base, end) = (self.base, self.end());
        let Some(group) = self.groups.get_mut(group) else {
            return Polled::Entries(Vec::new());
        };
        let room = self.capacity.saturating_sub(group.pending.len()).min(max);
        let mut taken = Vec::new();
        while taken.len() < room {
            let Some((_, entry)) = group.orphaned.pop_first() else {
                break;
            };
            taken.push(entry);
        }
        if taken.is_empty() && group.next < base {
            group.next = base;
            return Polled::Lagged;
        }
        if group.next >= base {
            let skip = usize::try_from(group.next - base).unwrap_or(usize::MAX);
            let fresh = self.entries.iter().skip(skip).take(room - taken.len()).cloned();
            let before = taken.len();
            taken.extend(fresh);
            group.next += (taken.len() - before) as u64;
        }
        for entry in &taken {
            group.pending.insert(entry.position, (consumer, entry.clone()));
        }
        if group.next < end || !group.orphaned.is_empty() {
            // Another consumer of the group may take the rest.
            group.wake.notify_one();
        }
        Polled::Entries(taken)
    }

    /// Acknowledges and lets go of what every group is done with.
    pub(super) fn acknowledge(&mut self, group: &str, positions: impl Iterator<Item = u64>) {
        if let Some(group) = self.groups.get_mut(group) {
            for position in positions {
                group.pending.remove(&position);
                group.orphaned.remove(&position);
            }
        }
        if self.evidence {
            let done = self.acknowledged_up_to();
            while self.base < done && self.entries.pop_front().is_some() {
                self.base += 1;
            }
        }
    }

    /// A consumer is gone: its unacknowledged work goes to the others.
    pub(super) fn leave(&mut self, group: &str, consumer: u64) {
        let Some(group) = self.groups.get_mut(group) else {
            return;
        };
        let left: Vec<u64> = group
            .pending
            .iter()
            .filter(|(_, (of, _))| *of == consumer)
            .map(|(position, _)| *position)
            .collect();
        for position in left {
            if let Some((_, entry)) = group.pending.remove(&position) {
                group.orphaned.insert(position, entry);
            }
        }
        group.wake.notify_one();
    }
}
