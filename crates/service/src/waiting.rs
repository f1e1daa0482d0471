//! Who waits for a person to decide, and is woken by the event of the decision: of this process with its commit, of
//! others as the bus brings it. Nobody asks the store meanwhile.

use std::{collections::HashMap, sync::Arc};

use caracal_core::ApprovalId;
use parking_lot::Mutex;
use tokio::sync::watch;

/// Most that wait at once; whoever comes then is answered without a wait.
const MOST: usize = 10_000;

/// The waiters of a process, by what they wait for.
#[derive(Debug, Default)]
pub struct Waiting(Mutex<Groups>);

#[derive(Debug, Default)]
struct Groups {
    by_id: HashMap<ApprovalId, Group>,
    /// Of all groups together.
    waiters: usize,
}

#[derive(Debug)]
struct Group {
    decided: watch::Sender<()>,
    waiters: usize,
}

/// One that waits. It is told of every decision after it was made.
#[derive(Debug)]
pub struct Waiter {
    waiting: Arc<Waiting>,
    id: ApprovalId,
    decided: watch::Receiver<()>,
}

impl Waiting {
    /// Begins to wait, before the state is read: what is decided in between wakes as well. `None` when too many wait.
    pub fn begin(self: &Arc<Self>, id: &ApprovalId) -> Option<Waiter> {
        let mut groups = self.0.lock();
        if groups.waiters >= MOST {
            return None;
        }
        groups.waiters += 1;
        let group = groups.by_id.entry(id.clone()).or_insert_with(|| Group {
            decided: watch::Sender::new(()),
            waiters: 0,
        });
        group.waiters += 1;
        Some(Waiter {
            waiting: self.clone(),
            id: id.clone(),
            decided: group.decided.subscribe(),
        })
    }

    /// Wakes those that wait for `id`.
    pub(crate) fn wake(&self, id: &ApprovalId) {
        if let Some(group) = self.0.lock().by_id.get(id) {
            group.decided.send_replace(());
        }
    }

    /// Wakes everybody: decisions may have been missed.
    pub(crate) fn wake_all(&self) {
        for group in self.0.lock().by_id.values() {
            group.decided.send_replace(());
        }
    }

    /// For how many approvals somebody waits.
    pub fn len(&self) -> usize {
        self.0.lock().by_id.len()
    }

    /// Whether nobody waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Waiter {
    /// Resolves with the next decision that was not told yet.
    pub async fn decided(&mut self) {
        // The sender lives as long as this waiter is counted.
        let _ = self.decided.changed().await;
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut groups = self.waiting.0.lock();
        groups.waiters -= 1;
        if let Some(group) = groups.by_id.get_mut(&self.id) {
            group.waiters -= 1;
            if group.waiters == 0 {
                groups.by_id.remove(&self.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_decision_wakes_those_that_wait_for_it_and_what_nobody_waits_for_is_forgotten() {
        let waiting = Arc::new(Waiting::default());
        let (mine, other) = ("apr-1".parse().unwrap(), "apr-2".parse().unwrap());
        let mut waiters: Vec<_> = (0..3).map(|_| waiting.begin(&mine).unwrap()).collect();
        let mut stranger = waiting.begin(&other).unwrap();
        waiting.wake(&mine);
        for waiter in &mut waiters {
            waiter.decided().await;
        }
        assert!(!stranger.decided.has_changed().unwrap());
        waiting.wake_all();
        stranger.decided().await;
        assert_eq!(waiting.len(), 2);
        drop((waiters, stranger));
        assert!(waiting.is_empty());
    }
}
