//! Units of work that share a transaction: durable together, undone apart, and nothing concluded from what may not last.

use std::sync::Arc;

use caracal_core::entity::{Session, SessionStatus};
use tokio::sync::oneshot;

use crate::{Access, AdminAuditFilter, Error, Lock, OutboxMessage, TreeEnd, ZoneWork};

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone, Party},
    race::{give_way, race, retry},
};

/// As those hold them who change sessions.
const GROUPED: Access = Access::Grouped(&[Lock::Delegations, Lock::Sessions]);

impl InZone {
    async fn join(&self) -> Result<Box<dyn ZoneWork>, Error> {
        self.store.zone(self.id(), GROUPED).await
    }

    async fn has(&self, session: &Session) -> bool {
        let mut work = self.read().await;
        work.sessions().get(&session.id).await.unwrap().is_some()
    }

    /// Everything that a start leaves.
    async fn leave(&self, work: &mut dyn ZoneWork, session: &Session) -> Result<OutboxMessage, Error> {
        work.sessions().create(session).await?;
        let message = self.given.outbox_message();
        work.outbox().append(std::slice::from_ref(&message)).await?;
        work.admin_audit()
            .append(&self.given.admin_audit_record())
            .await?;
        Ok(message)
    }

    /// How many sessions of the party hold a place, and how many administrative records the zone has.
    async fn counted(&self, party: &Party) -> (u64, usize) {
        let mut work = self.read().await;
        let now = party.record.created_at;
        let slots = work
            .sessions()
            .count_slots(Some(&party.application.id), now)
            .await;
        let records = work
            .admin_audit()
            .list(self.id(), &AdminAuditFilter::default(), &ALL)
            .await;
        (slots.unwrap(), records.unwrap().items.len())
    }
}

pub async fn grouped_works_leave_all_that_each_of_them_would(backend: Backend) {
    const STARTS: usize = 24;
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let sessions: Arc<Vec<Session>> = Arc::new((0..STARTS).map(|_| party.task()).collect());
    let messages = race(STARTS, |n| {
        let (zone, sessions) = (fixture.a.clone(), sessions.clone());
        async move {
            retry(|| async {
                let mut work = zone.join().await?;
                let message = zone.leave(work.as_mut(), &sessions[n]).await?;
                work.commit().await?;
                // What is answered is durable.
                assert!(zone.has(&sessions[n]).await);
                Ok(message)
            })
            .await
        }
    })
    .await;
    assert_eq!(fixture.a.counted(&party).await, (STARTS as u64, STARTS));
    let mut work = fixture.a.read().await;
    for message in messages {
        let state = work.outbox().status(&message.unwrap().id).await.unwrap();
        assert_eq!(state.map(|state| state.state), Some("pending"));
    }
    drop(work);
    race(STARTS, |n| {
        let (zone, sessions) = (fixture.a.clone(), sessions.clone());
        async move {
            retry(|| async {
                let mut work = zone.join().await?;
                let end = TreeEnd {
                    root_status: SessionStatus::Terminated,
                    reason: String::from("requested"),
                    at: sessions[n].started_at,
                };
                work.sessions().get_locked(&sessions[n].id).await?;
                assert_eq!(work.sessions().end_tree(&sessions[n].id, &end).await?.len(), 1);
                work.commit().await
            })
            .await
            .unwrap();
        }
    })
    .await;
    assert_eq!(fixture.a.counted(&party).await, (0, STARTS));
}

/// Begins a unit of work while another one has its turn, and lets it do its work in the same transaction.
async fn behind<T: Send + 'static, Fut>(
    zone: &InZone,
    first: Box<dyn ZoneWork>,
    act: impl FnOnce(InZone, Box<dyn ZoneWork>) -> Fut + Send + 'static,
) -> (Result<(), Error>, T)
where
    Fut: Future<Output = T> + Send,
{
    let joining = zone.clone();
    let second = tokio::spawn(async move {
        let work = joining.join().await.unwrap();
        act(joining, work).await
    });
    give_way(&second).await;
    let first = tokio::spawn(first.commit());
    let second = second.await.unwrap();
    (first.await.unwrap(), second)
}

pub async fn a_grouped_work_that_ends_without_a_commit_leaves_the_others(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let (kept, dropped, later) = (party.task(), party.task(), party.task());
    let mut work = fixture.a.join().await.unwrap();
    fixture.a.leave(work.as_mut(), &kept).await.unwrap();
    let doomed = dropped.clone();
    let (committed, message) = behind(&fixture.a, work, async move |zone: InZone, mut work| {
        let message = zone.leave(work.as_mut(), &doomed).await.unwrap();
        drop(work);
        message
    })
    .await;
    committed.unwrap();
    let mut work = fixture.a.join().await.unwrap();
    fixture.a.leave(work.as_mut(), &later).await.unwrap();
    work.commit().await.unwrap();
    assert!(fixture.a.has(&kept).await && fixture.a.has(&later).await);
    assert!(!fixture.a.has(&dropped).await);
    assert_eq!(fixture.a.counted(&party).await, (2, 2));
    let mut work = fixture.a.read().await;
    assert_eq!(work.outbox().status(&message.id).await.unwrap(), None);
}

pub async fn a_broken_rule_of_one_grouped_work_leaves_the_others(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let (kept, mut broken) = (party.task(), party.task());
    broken.application_id = fixture.a.given.application().id;
    let mut work = fixture.a.join().await.unwrap();
    fixture.a.leave(work.as_mut(), &kept).await.unwrap();
    let refused = broken.clone();
    let (committed, ()) = behind(&fixture.a, work, async move |_, mut work| {
        let created = work.sessions().create(&refused).await;
        assert!(matches!(created, Err(Error::MissingReference)), "{created:?}");
        let committed = work.commit().await;
        assert!(
            committed.is_err(),
            "a work of which a statement failed was committed"
        );
    })
    .await;
    committed.unwrap();
    assert!(fixture.a.has(&kept).await && !fixture.a.has(&broken).await);
}

pub async fn what_a_grouped_work_saw_lasts_once_it_has_settled(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let session = party.task();
    let mut work = fixture.a.join().await.unwrap();
    fixture.a.leave(work.as_mut(), &session).await.unwrap();
    let seen = session.clone();
    let (committed, ()) = behind(&fixture.a, work, async move |zone: InZone, mut work| {
        let found = work.sessions().get(&seen.id).await.unwrap().is_some();
        work.rollback_durably().await.unwrap();
        assert!(!found || zone.has(&seen).await, "it was seen and did not last");
    })
    .await;
    committed.unwrap();
    assert!(fixture.a.has(&session).await);
}

pub async fn a_grouped_work_whose_caller_is_gone_holds_nobody_up(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let party = fixture.a.party().await;
    let (gone, kept) = (party.task(), party.task());
    let mut work = fixture.a.join().await.unwrap();
    fixture.a.leave(work.as_mut(), &gone).await.unwrap();

    let (has_turn, turn) = oneshot::channel();
    let (go_on, told) = oneshot::channel::<()>();
    let (zone, session) = (fixture.a.clone(), kept.clone());
    let second = tokio::spawn(async move {
        let mut work = zone.join().await.unwrap();
        has_turn.send(()).unwrap();
        told.await.unwrap();
        zone.leave(work.as_mut(), &session).await.unwrap();
        work.commit().await
    });
    give_way(&second).await;
    let first = tokio::spawn(work.commit());
    turn.await.unwrap();
    // It waits for the end of the transaction, which the second has in its hands.
    give_way(&first).await;
    first.abort();
    let _ = first.await;
    go_on.send(()).unwrap();
    second.await.unwrap().unwrap();
    assert!(fixture.a.has(&kept).await);
    let (slots, records) = fixture.a.counted(&party).await;
    assert_eq!(
        slots,
        1 + u64::from(fixture.a.has(&gone).await),
        "half of a change"
    );
    assert_eq!(slots, records as u64);
}

pub async fn grouped_works_wait_for_whoever_holds_their_locks(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut holder = fixture.a.write().await;
    holder.lock(Lock::Sessions).await.unwrap();
    let zone = fixture.a.clone();
    let rival = tokio::spawn(async move { retry(|| async { zone.join().await?.commit().await }).await });
    give_way(&rival).await;
    assert!(!rival.is_finished(), "the lock was held twice");
    holder.commit().await.unwrap();
    rival.await.unwrap().unwrap();
}
