//! Units of work of one zone that take turns in one transaction.
//!
//! A commit waits for the disk, and what a change of sessions holds is held until then: one unit of work after the other
//! would do so few changes a second as there are syncs. So units that ask for it ([`caracal_storage::Access::Grouped`]) and come while one of
//! them works, work in its transaction, each in its turn, and one commit makes all of them durable.
//!
//! Nobody decides how long to wait for others. Whoever is done asks for another turn, behind all who wait for their first;
//! whoever gets such a turn first commits. Those that come meanwhile begin the next transaction.
//!
//! A unit that ends without a commit is undone to its savepoint by whoever has the next turn. What leaves doubt about the
//! transaction (anything but a broken rule) ends it for all of them: nothing of it is committed, and each is told so.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use async_trait::async_trait;
use caracal_core::{
    ApplicationId, AuthorityRecordId, ZoneId,
    entity::{Application, AuthorityRecord},
};
use caracal_storage::{Error, Lock};
use tokio::sync::{Mutex as Turns, OwnedMutexGuard};

use crate::{
    late::DeferredWrites,
    sql::{Residue, Tx},
};

/// Most units of work of one transaction: what the last of them waits for, and what is lost together if it fails.
const MOST: usize = 64;

/// The transactions that are open to others, one for each zone at most.
#[derive(Default)]
pub(crate) struct Groups(Mutex<HashMap<ZoneId, Weak<Turns<Turn>>>>);

type Shared = Arc<Turns<Turn>>;

/// The store of a shared transaction.
#[async_trait]
pub(crate) trait Sharing: Send + Sync {
    /// Opens a transaction of the zone that holds these locks.
    async fn begin_shared(&self, zone: &ZoneId, locks: &[Lock]) -> Result<Tx, Error>;

    /// Writes what is left to its end, and commits.
    async fn end_shared(&self, zone: &ZoneId, tx: Tx, late: DeferredWrites) -> Result<(), Error>;
}

/// What was read in a transaction and is asked for by every start.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) applications: HashMap<ApplicationId, Application>,
    pub(crate) records: HashMap<AuthorityRecordId, AuthorityRecord>,
    /// Places that were held when they were counted; of all applications under `None`.
    pub(crate) slots: HashMap<Option<ApplicationId>, i64>,
}

/// A transaction that units of work take turns in.
pub(crate) struct Turn {
    store: Arc<dyn Sharing>,
    groups: Arc<Groups>,
    zone: ZoneId,
    /// Absent before the first turn and after the end.
    tx: Option<Tx>,
    /// The locks that are held.
    locks: &'static [Lock],
    units: usize,
    /// The unit before ended without a commit, after it had changed something.
    undo: bool,
    late: DeferredWrites,
    known: Known,
    ended: Option<Result<(), Failure>>,
}

/// Why nothing of a transaction is committed.
#[derive(Clone)]
struct Failure {
    contended: bool,
    source: Option<Arc<Error>>,
}

#[derive(Debug, thiserror::Error)]
#[error("the transaction that was shared with others was not committed")]
struct NotCommitted(#[source] Option<Arc<Error>>);

impl Failure {
    /// Nobody knows yet.
    const UNKNOWN: Self = Self {
        contended: false,
        source: None,
    };

    fn of(error: Error) -> Self {
        Self {
            // What was read in this transaction and is gone by its end was taken away by somebody else.
            contended: matches!(error, Error::Contended(_) | Error::MissingReference),
            source: Some(Arc::new(error)),
        }
    }

    fn error(&self) -> Error {
        let source = Box::new(NotCommitted(self.source.clone()));
        if self.contended {
            Error::Contended(source)
        } else {
            Error::Unavailable(source)
        }
    }
}

impl Groups {
    fn open(self: &Arc<Self>, store: &Arc<dyn Sharing>, zone: &ZoneId) -> Shared {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(group) = open.get(zone).and_then(Weak::upgrade) {
            return group;
        }
        open.retain(|_, group| group.strong_count() > 0);
        let group = Arc::new(Turns::new(Turn {
            store: store.clone(),
            groups: self.clone(),
            zone: zone.clone(),
            tx: None,
            locks: &[],
            units: 0,
            undo: false,
            late: DeferredWrites::default(),
            known: Known::default(),
            ended: None,
        }));
        open.insert(zone.clone(), Arc::downgrade(&group));
        group
    }

    /// Closes a transaction to others.
    fn close(&self, zone: &ZoneId, group: &Shared) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open
            .get(zone)
            .is_some_and(|open| std::ptr::eq(open.as_ptr(), Arc::as_ptr(group)))
        {
            open.remove(zone);
        }
    }
}

/// Waits for a turn in the transaction of the zone that is open, or in one that begins with it and with these locks.
pub(crate) async fn join(
    groups: &Arc<Groups>,
    store: Arc<dyn Sharing>,
    zone: &ZoneId,
    locks: &'static [Lock],
) -> Result<Member, Error> {
    loop {
        let group = groups.open(&store, zone);
        let mut turn = group.clone().lock_owned().await;
        // Others began with other locks only if they are another kind of work; they end first.
        let full = turn.units >= MOST || (turn.tx.is_some() && turn.locks != locks);
        if turn.ended.is_none() && full {
            end(group, turn).await;
            continue;
        }
        if turn.ended.is_some() {
            groups.close(zone, &group);
            continue;
        }
        if let Err(error) = turn.enter(locks).await {
            turn.fail(Failure::UNKNOWN);
            groups.close(zone, &group);
            return Err(error);
        }
        return Ok(Member {
            group,
            turn,
            kept: false,
        });
    }
}

/// Ends the transaction of a turn, however many stop waiting for it.
async fn end(group: Shared, mut turn: OwnedMutexGuard<Turn>) {
    let ending = tokio::spawn(async move {
        turn.groups.close(&turn.zone, &group);
        turn.end().await;
    });
    // A panic leaves the transaction ended without a commit.
    let _ = ending.await;
}

/// Waits for everybody who waits for a turn, then for the end of the transaction.
async fn wait(group: Shared) -> Result<(), Error> {
    let turn = group.clone().lock_owned().await;
    if turn.ended.is_none() {
        end(group.clone(), turn).await;
    } else {
        drop(turn);
    }
    match &group.lock().await.ended {
        Some(Ok(())) => Ok(()),
        Some(Err(failure)) => Err(failure.error()),
        None => Err(Failure::UNKNOWN.error()),
    }
}

impl Turn {
    /// Makes the transaction ready for the next unit.
    async fn enter(&mut self, locks: &'static [Lock]) -> Result<(), Error> {
        if self.tx.is_none() {
            self.tx = Some(self.store.begin_shared(&self.zone, locks).await?);
            self.locks = locks;
        }
        self.undo().await?;
        if let Some(tx) = &self.tx {
            tx.share();
        }
        self.units += 1;
        Ok(())
    }

    async fn undo(&mut self) -> Result<(), Error> {
        if let (true, Some(tx)) = (self.undo, &self.tx) {
            tx.undo().await?;
            self.undo = false;
        }
        Ok(())
    }

    /// The unit whose turn it was ended without a commit.
    fn abandon(&mut self) {
        // It may have read what it had changed.
        self.known = Known::default();
        let Some(tx) = &self.tx else { return };
        match tx.residue() {
            Residue::Sound => {}
            Residue::Changed => self.undo = true,
            Residue::Broken { contended } => self.fail(Failure {
                contended,
                source: None,
            }),
        }
    }

    fn fail(&mut self, failure: Failure) {
        self.ended = Some(Err(failure));
        self.tx = None;
    }

    async fn end(&mut self) {
        // Should this not come to its end, it was not committed as far as anybody knows.
        self.ended = Some(Err(Failure::UNKNOWN));
        if let Err(error) = self.undo().await {
            return self.fail(Failure::of(error));
        }
        let Some(tx) = self.tx.take() else { return };
        let late = std::mem::take(&mut self.late);
        let outcome = self.store.end_shared(&self.zone, tx, late).await;
        self.ended = Some(outcome.map_err(|error| {
            tracing::warn!(%error, units = self.units, "a shared transaction was not committed");
            Failure::of(error)
        }));
    }
}

/// A unit of work whose turn it is.
pub(crate) struct Member {
    group: Shared,
    turn: OwnedMutexGuard<Turn>,
    kept: bool,
}

impl Member {
    /// What was read in the transaction before.
    pub(crate) fn known(&mut self) -> &mut Known {
        &mut self.turn.known
    }

    /// What the units before leave to be written at the end.
    pub(crate) fn late(&mut self) -> &mut DeferredWrites {
        &mut self.turn.late
    }

    /// Whether the transaction holds the lock since its beginning.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.turn.locks.iter().any(|lock| lock.as_str() == name)
    }

    /// Ends the turn and waits until everything is durable.
    pub(crate) async fn commit(mut self, late: DeferredWrites) -> Result<(), Error> {
        if self.has_failed() {
            return Err(Error::Unavailable(
                "a statement failed before, so nothing is committed".into(),
            ));
        }
        self.turn.late.absorb(late);
        self.kept = true;
        let group = self.group.clone();
        drop(self);
        wait(group).await
    }

    /// Ends the turn without a commit, and waits until everything that it may have seen is durable.
    pub(crate) async fn rollback_durably(self) -> Result<(), Error> {
        let group = self.group.clone();
        drop(self);
        wait(group).await
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        if !self.kept {
            self.turn.abandon();
        }
    }
}

/// The transaction of a unit of work: its own, or one that others work in as well.
pub(crate) enum UnitTx {
    /// Nobody else's.
    Own(Tx),
    /// Its turn in one.
    Shared(Member),
}

impl UnitTx {
    /// The unit's turn, where it shares a transaction.
    pub(crate) fn shared(&mut self) -> Option<&mut Member> {
        match self {
            Self::Own(_) => None,
            Self::Shared(member) => Some(member),
        }
    }
}

impl Deref for Member {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        match &self.turn.tx {
            Some(tx) => tx,
            None => unreachable!("a turn is given with its transaction, which ends after the turn"),
        }
    }
}

impl Deref for UnitTx {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        match self {
            Self::Own(tx) => tx,
            Self::Shared(member) => member,
        }
    }
}
