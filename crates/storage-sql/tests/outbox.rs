//! The outbox queue, on both backends.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use caracal_core::World;
use caracal_events::{OutboxQueue, Topic};
use caracal_storage::{Access, OutboxMessage, PageRequest, Store, conformance::given::Given};
use caracal_storage_sql::{SqlOutboxQueue, SqlStore, SqliteStore};
use caracal_testkit::database;

const LEASE: Duration = Duration::from_secs(30);

/// A store with its queue and whatever keeps it alive.
struct Stage {
    world: World,
    given: Given,
    store: Arc<dyn Store>,
    queue: SqlOutboxQueue,
    _keep: Box<dyn std::any::Any>,
}

impl Stage {
    fn new<S: SqlStore + Store + 'static>(store: S, keep: impl std::any::Any) -> Self {
        let (world, store) = (World::for_tests(), Arc::new(store));
        let queue = SqlOutboxQueue::new(store.clone(), world.clone());
        Self {
            given: Given::new(&world),
            world,
            store,
            queue,
            _keep: Box::new(keep),
        }
    }

    async fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("caracal.db");
        let store = SqliteStore::open(&path, None, World::for_tests().now())
            .await
            .unwrap();
        Self::new(store, directory)
    }

    async fn postgres() -> Self {
        let database = database::Database::migrated().await;
        let store = database::connect(&database.owner_url()).await;
        Self::new(store, database)
    }

    /// Commits messages, one microsecond apart.
    async fn leave(&self, count: usize) -> Vec<OutboxMessage> {
        let mut messages = Vec::new();
        for _ in 0..count {
            self.world.manual_clock().advance(Duration::from_micros(1));
            let mut message = self.given.outbox_message();
            message.created_at = self.world.now();
            messages.push(message);
        }
        let mut work = self.store.zone(&self.given.zone_id, Access::Write).await.unwrap();
        work.outbox().append(&messages).await.unwrap();
        work.commit().await.unwrap();
        messages
    }

    async fn claim(&self, limit: usize) -> Vec<String> {
        self.queue
            .claim(limit, LEASE)
            .await
            .unwrap()
            .into_iter()
            .map(|row| row.id)
            .collect()
    }

    async fn state(&self, id: &str) -> (&'static str, i64, Option<String>) {
        let mut work = self.store.zone(&self.given.zone_id, Access::Read).await.unwrap();
        let state = work.outbox().status(id).await.unwrap().unwrap();
        (state.state, state.attempts, state.last_error)
    }
}

fn ids(messages: &[OutboxMessage]) -> Vec<String> {
    messages.iter().map(|message| message.id.clone()).collect()
}

/// Each case on each backend.
macro_rules! cases {
    ($($case:ident)+) => {
        mod sqlite { $(#[tokio::test] async fn $case() { super::$case(super::Stage::sqlite().await).await; })+ }
        mod postgres { $(#[tokio::test] async fn $case() { super::$case(super::Stage::postgres().await).await; })+ }
    };
}
cases! {
    rows_come_in_order_of_creation_and_once_per_lease
    rows_of_one_instant_come_in_the_order_they_were_appended
    a_released_row_waits_and_counts_its_attempts
    a_row_of_a_newer_topic_waits_and_a_malformed_one_is_put_aside_listed_and_requeued
    published_rows_are_pruned_and_pending_ones_never
    relays_working_at_once_share_the_rows
    what_is_not_published_is_told_whoever_has_it
}

async fn what_is_not_published_is_told_whoever_has_it(stage: Stage) {
    let all = ids(&stage.leave(4).await);
    assert_eq!(stage.claim(2).await, all[..2]);
    let unpublished = stage.queue.unpublished(9).await.unwrap();
    assert_eq!(unpublished, all, "those that are leased, too");
    assert_eq!(stage.queue.unpublished(3).await.unwrap(), all[..3]);
    stage.queue.mark_published(&all[..1]).await.unwrap();
    stage.queue.mark_dead(&all[2], "no bus takes it").await.unwrap();
    let left = stage.queue.unpublished_of(&all).await.unwrap();
    let left: std::collections::BTreeSet<String> = left.into_iter().collect();
    assert_eq!(left, [all[1].clone(), all[3].clone()].into());
    assert!(stage.queue.unpublished_of(&[]).await.unwrap().is_empty());
}

async fn rows_come_in_order_of_creation_and_once_per_lease(stage: Stage) {
    let all = ids(&stage.leave(5).await);
    assert_eq!(stage.claim(3).await, all[..3]);
    assert_eq!(stage.claim(9).await, all[3..]);
    assert!(stage.claim(9).await.is_empty(), "all are leased");
    stage.queue.mark_published(&all[..2]).await.unwrap();
    stage.world.manual_clock().advance(LEASE);
    assert_eq!(stage.claim(9).await, all[2..], "a relay died; its rows come back");
    let stats = stage.queue.pending().await.unwrap();
    assert_eq!((stats.pending, stats.dead), (3, 0));
    assert!(stats.oldest_age.is_some_and(|age| age >= LEASE));
}

async fn rows_of_one_instant_come_in_the_order_they_were_appended(stage: Stage) {
    let messages: Vec<OutboxMessage> = (0..9).map(|_| stage.given.outbox_message()).collect();
    let mut work = stage
        .store
        .zone(&stage.given.zone_id, Access::Write)
        .await
        .unwrap();
    work.outbox().append(&messages).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(stage.claim(9).await, ids(&messages), "and all may go at once");
}

async fn a_released_row_waits_and_counts_its_attempts(stage: Stage) {
    let left = stage.leave(1).await;
    let rows = stage.queue.claim(1, LEASE).await.unwrap();
    assert_eq!(rows[0].attempts, 0);
    assert_eq!(rows[0].topic, left[0].topic.parse::<Topic>().unwrap());
    for (name, value) in &left[0].fields {
        assert_eq!(rows[0].fields.get(name), Some(value.as_str()));
    }
    assert_eq!(rows[0].fields.get("dedupe_key"), left[0].dedupe_key.as_deref());
    let retry_at = stage.world.now().plus(Duration::from_secs(5));
    stage
        .queue
        .release(&ids(&left), retry_at, &"x".repeat(9_999))
        .await
        .unwrap();
    assert!(stage.claim(1).await.is_empty());
    let (state, attempts, error) = stage.state(&left[0].id).await;
    assert_eq!(
        (state, attempts, error.map(|text| text.len())),
        ("pending", 1, Some(500))
    );
    stage.world.manual_clock().advance(Duration::from_secs(5));
    assert_eq!(stage.queue.claim(1, LEASE).await.unwrap()[0].attempts, 1);
}

async fn a_row_of_a_newer_topic_waits_and_a_malformed_one_is_put_aside_listed_and_requeued(stage: Stage) {
    let mut odd = stage.given.outbox_message();
    odd.topic = "no.such.topic".into();
    let mut work = stage
        .store
        .zone(&stage.given.zone_id, Access::Write)
        .await
        .unwrap();
    work.outbox().append(std::slice::from_ref(&odd)).await.unwrap();
    work.commit().await.unwrap();
    let good = ids(&stage.leave(2).await);
    assert_eq!(stage.claim(9).await, good, "one odd row stops nobody");
    assert_eq!(
        stage.claim(9).await,
        Vec::<String>::new(),
        "and waits for a newer replica"
    );
    stage.queue.mark_dead(&good[0], "malformed").await.unwrap();
    let dead = stage.queue.list_dead(&PageRequest::first(9)).await.unwrap().items;
    let told: Vec<_> = dead
        .iter()
        .map(|row| (row.id.as_str(), row.error.as_deref()))
        .collect();
    assert_eq!(told, [(good[0].as_str(), Some("malformed"))]);
    assert_eq!(stage.queue.pending().await.unwrap().dead, 1);
    let mut work = stage.store.global(Access::Read).await.unwrap();
    let waiting = work.outbox().status(&odd.id).await.unwrap().unwrap();
    assert_eq!((waiting.state, waiting.attempts), ("pending", 0));
    drop(work);
    assert_eq!(
        stage
            .queue
            .requeue(&[good[0].clone(), good[1].clone()])
            .await
            .unwrap(),
        1,
        "only the dead rise"
    );
    assert_eq!(stage.claim(9).await, [good[0].clone()]);
}

async fn published_rows_are_pruned_and_pending_ones_never(stage: Stage) {
    let all = ids(&stage.leave(3).await);
    stage.claim(9).await;
    stage.queue.mark_published(&all[..2]).await.unwrap();
    let published_at = stage.world.now();
    assert_eq!(stage.queue.prune(published_at).await.unwrap(), 0);
    assert_eq!(
        stage
            .queue
            .prune(published_at.plus(Duration::from_micros(1)))
            .await
            .unwrap(),
        2
    );
    assert_eq!(stage.state(&all[2]).await.0, "pending");
}

async fn relays_working_at_once_share_the_rows(stage: Stage) {
    let all = ids(&stage.leave(40).await);
    let mut relays = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let queue = stage.queue.clone();
        relays.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let rows = queue.claim(7, LEASE).await.unwrap();
                if rows.is_empty() {
                    return mine;
                }
                mine.extend(rows.into_iter().map(|row| row.id));
            }
        });
    }
    let mut claimed = relays.join_all().await.concat();
    // Rows that a rival held at that moment are passed over, so a last look may find some.
    claimed.extend(stage.claim(99).await);
    claimed.sort();
    let mut expected = all;
    expected.sort();
    assert_eq!(claimed, expected, "each row exactly once");
}
