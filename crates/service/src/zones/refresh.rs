//! Keeping many pictures recent with few reads: revisions are compared by the thousand, and only zones that changed
//! are read, a few at a time. Zones that nobody uses leave memory.

use std::{sync::Arc, time::Duration};

use caracal_core::{Timestamp, ZoneId};
use caracal_crypto::VerifyingKey;
use caracal_storage::{Access, Error};
use futures_util::{StreamExt as _, stream};
use metrics::gauge;
use tokio::time::Instant;

use super::{DirectoryError, ZoneDirectory, ZoneState, slot::Slot};

/// Zones whose revisions are asked for in one statement.
const CHUNK: usize = 1000;
/// Zones read at the same time.
pub(super) const AT_ONCE: usize = 8;
/// A zone that nobody used for this long leaves memory.
const IDLE_AFTER: Duration = Duration::from_mins(10);
/// Shortest and longest pause between two questions of one zone about keys that nobody knows. Callers choose the key
/// id, so without a bound they could make us read storage at will. It grows while nothing is found.
const UNKNOWN_KEY_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(1));

/// How old a picture may become without being read whole, whatever its revision: rows that somebody changed by hand
/// have none.
const WHOLE_EVERY: Duration = Duration::from_mins(10);

/// A zone that is to be read.
struct DueZone {
    id: ZoneId,
    slot: Arc<Slot>,
    /// Its picture is not that of storage.
    outdated: bool,
}

impl ZoneDirectory {
    /// Confirms what is in memory against storage and reads what changed. Call it from a timer of its own. When
    /// storage is away, what there is stays until its age runs out.
    pub(crate) async fn refresh(&self) {
        self.forget_idle();
        let changed = match self.changed().await {
            Ok(changed) => changed,
            Err(error) => {
                tracing::warn!(error = %crate::error_chain(&error), "could not compare the revisions of zones");
                return;
            }
        };
        stream::iter(changed)
            .for_each_concurrent(AT_ONCE, |due| async move {
                let unread = matches!(self.reload(&due.id).await, Err(DirectoryError::Unavailable));
                // Known to be outdated, it is not used any more.
                if unread && due.outdated {
                    due.slot.drop_picture();
                }
            })
            .await;
        self.report();
    }

    /// After events may have been missed: stops using every picture that is not that of storage. Nothing is read
    /// here but revisions; the next use of a zone reads it.
    ///
    /// # Errors
    /// As the storage; then nothing is known about what is in memory.
    pub(crate) async fn drop_outdated(&self) -> Result<(), Error> {
        self.unknown.write().clear();
        for due in self.changed().await? {
            if due.outdated {
                due.slot.drop_picture();
            }
        }
        Ok(())
    }

    /// Zones in memory that are due to be read. Those whose revision is that of storage are confirmed.
    async fn changed(&self) -> Result<Vec<DueZone>, Error> {
        let slots: Vec<(ZoneId, Arc<Slot>)> = self
            .slots
            .read()
            .iter()
            .filter(|(_, slot)| slot.current.load().is_some() || slot.is_unreadable())
            .map(|(id, slot)| (id.clone(), slot.clone()))
            .collect();
        let mut changed = Vec::new();
        for chunk in slots.chunks(CHUNK) {
            let now = self.world.now();
            let pictures: Vec<_> = chunk.iter().map(|(_, slot)| slot.current.load_full()).collect();
            let ids: Vec<ZoneId> = chunk.iter().map(|(id, _)| id.clone()).collect();
            let revisions = {
                let mut work = self.store.global(Access::Read).await?;
                work.zone_revisions(&ids).await?
            };
            for ((id, slot), picture) in chunk.iter().zip(pictures) {
                let same = picture
                    .as_ref()
                    .is_some_and(|state| revisions.get(id) == Some(&state.revision));
                if same {
                    slot.confirm(now);
                }
                let aged = |state: &ZoneState| {
                    state.turns_at.is_some_and(|turn| turn <= now) || now.since(state.loaded_at) > WHOLE_EVERY
                };
                if !same || picture.as_deref().is_some_and(aged) {
                    changed.push(DueZone {
                        id: id.clone(),
                        slot: slot.clone(),
                        outdated: !same,
                    });
                }
            }
        }
        Ok(changed)
    }

    fn forget_idle(&self) {
        let now = self.world.now();
        self.slots
            .write()
            .retain(|_, slot| now.since(slot.used_at()) < IDLE_AFTER || slot.reading.try_lock().is_err());
    }

    /// Brings the gauges up to date.
    pub fn report(&self) {
        let now = self.world.now();
        self.report_certificates(now);
        let slots = self.slots.read();
        let unreadable = slots.values().filter(|slot| slot.is_unreadable()).count();
        let known = slots
            .values()
            .filter(|slot| slot.current.load().is_some())
            .map(|slot| now.since(slot.checked_at()));
        gauge!(crate::metrics::ZONES_OLDEST).set(known.max().unwrap_or_default().as_secs_f64());
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        {
            gauge!(crate::metrics::ZONES).set(slots.len() as f64);
            gauge!(crate::metrics::ZONES_UNREADABLE).set(unreadable as f64);
        }
    }

    /// The key of the zone with this `kid`, which may have been made a moment ago at another replica: for a key that
    /// is not in memory the zone is compared with storage first, once for all who ask at the same time.
    ///
    /// # Errors
    /// [`DirectoryError`].
    pub async fn verifying_key(
        &self,
        id: &ZoneId,
        kid: &str,
    ) -> Result<Option<VerifyingKey>, DirectoryError> {
        let state = self.zone(id).await?;
        if let Some(key) = state.verifying_key(kid) {
            return Ok(Some(key.clone()));
        }
        let slot = self.slot(id);
        let ticket = slot.begun();
        let mut asking = slot.asking.lock().await;
        // A read that began since is newer than the question.
        if slot.begun() == ticket {
            if let Some(last) = asking.last {
                tokio::time::sleep_until(last + asking.pause).await;
            }
            asking.last = Some(Instant::now());
            let _reading = slot.reading.lock().await;
            if slot.begun() == ticket {
                self.compare(id, &slot).await?;
            }
        }
        if slot.failed_since(ticket) {
            return Err(DirectoryError::Unavailable);
        }
        let state = self.in_memory(id).ok_or(DirectoryError::Unavailable)?;
        let key = state.verifying_key(kid).cloned();
        let (shortest, longest) = UNKNOWN_KEY_PAUSE;
        asking.pause = match key {
            Some(_) => shortest,
            None => (asking.pause * 2).clamp(shortest, longest),
        };
        Ok(key)
    }

    /// Reads the zone again if it has changed.
    async fn compare(&self, id: &ZoneId, slot: &Slot) -> Result<(), DirectoryError> {
        let now: Timestamp = self.world.now();
        let read = slot.begin();
        let revision = async {
            let mut work = self.store.zone(id, Access::Read).await?;
            work.revision().await
        };
        match revision.await {
            Ok(revision)
                if slot
                    .current
                    .load()
                    .as_ref()
                    .is_some_and(|state| state.revision == revision) =>
            {
                slot.confirm(now);
                Ok(())
            }
            Ok(_) => self.load(id, slot).await.map(drop),
            Err(error) => {
                slot.fail(read, false);
                tracing::error!(zone.id = %id, error = %crate::error_chain(&error), "could not compare a zone");
                Err(DirectoryError::Unavailable)
            }
        }
    }
}
