use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use caracal_core::World;
use caracal_crypto::{HmacKey, audit_frame, system_world};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::{Bus, BusError, Consumer, Delivery, EmbeddedBus, EmbeddedOptions, StreamSigner, Subscription};

mod evidence;

#[derive(Debug, Clone, PartialEq)]
enum State {
    Waiting { from: Timestamp },
    Published,
    Dead(String),
}

/// The outbox as a list in memory: what a table would do, one row after the other.
#[derive(Debug)]
struct ListQueue {
    world: World,
    rows: Mutex<BTreeMap<String, (OutboxRow, State)>>,
    /// Whenever it is asked there is another row.
    busy: AtomicBool,
}

impl ListQueue {
    fn new(world: &World) -> Arc<Self> {
        Arc::new(Self {
            world: world.clone(),
            rows: Mutex::default(),
            busy: AtomicBool::new(false),
        })
    }

    fn put(&self, id: &str, topic: Topic, fields: Fields) {
        let row = OutboxRow {
            id: id.to_owned(),
            topic,
            fields,
            attempts: 0,
            zone_id: None,
        };
        self.rows.lock().insert(
            id.to_owned(),
            (
                row,
                State::Waiting {
                    from: Timestamp::default(),
                },
            ),
        );
    }

    fn state(&self, id: &str) -> State {
        self.rows.lock()[id].1.clone()
    }

    fn set(&self, ids: &[String], state: &State) {
        for id in ids {
            self.rows.lock().get_mut(id).unwrap().1 = state.clone();
        }
    }
}

#[async_trait]
impl OutboxQueue for ListQueue {
    async fn claim(&self, limit: usize, lease: Duration) -> Result<Vec<OutboxRow>, BoxError> {
        let now = self.world.now();
        if self.busy.load(Ordering::SeqCst) {
            let another = self.world.uuid_v7().to_string();
            self.put(&another, Topic::KeysInvalidate, zone("z"));
            // A database would let others go on, too.
            tokio::task::yield_now().await;
        }
        let mut claimed = Vec::new();
        for (row, state) in self.rows.lock().values_mut() {
            if claimed.len() < limit && matches!(state, State::Waiting { from } if *from <= now) {
                *state = State::Waiting {
                    from: now.plus(lease),
                };
                claimed.push(row.clone());
                row.attempts += 1;
            }
        }
        Ok(claimed)
    }

    async fn unpublished(&self, limit: usize) -> Result<Vec<String>, BoxError> {
        let rows = self.rows.lock();
        let waiting = rows
            .iter()
            .filter(|(_, (row, state))| matches!(state, State::Waiting { .. }) && !row.topic.is_evidence());
        Ok(waiting.map(|(id, _)| id.clone()).take(limit).collect())
    }

    async fn unpublished_of(&self, ids: &[String]) -> Result<Vec<String>, BoxError> {
        let waiting = ids
            .iter()
            .filter(|id| matches!(self.state(id), State::Waiting { .. }));
        Ok(waiting.cloned().collect())
    }

    async fn mark_published(&self, ids: &[String]) -> Result<(), BoxError> {
        self.set(ids, &State::Published);
        Ok(())
    }

    async fn release(&self, ids: &[String], retry_at: Timestamp, _error: &str) -> Result<(), BoxError> {
        self.set(ids, &State::Waiting { from: retry_at });
        Ok(())
    }

    async fn mark_dead(&self, id: &str, error: &str) -> Result<(), BoxError> {
        self.set(&[id.to_owned()], &State::Dead(error.to_owned()));
        Ok(())
    }

    async fn prune(&self, _older_than: Timestamp) -> Result<u64, BoxError> {
        Ok(0)
    }

    async fn pending(&self) -> Result<OutboxStats, BoxError> {
        Ok(OutboxStats::default())
    }
}

/// An embedded bus that can be switched off, wholly or for evidence.
#[derive(Debug)]
struct Switched {
    bus: EmbeddedBus,
    off: AtomicBool,
    appends: AtomicUsize,
}

#[async_trait]
impl Bus for Switched {
    async fn append(&self, topic: Topic, entries: Vec<Fields>) -> Result<(), BusError> {
        self.appends.fetch_add(1, Ordering::SeqCst);
        if self.off.load(Ordering::SeqCst) {
            return Err(BusError::Unavailable("switched off".into()));
        }
        self.bus.append(topic, entries).await
    }

    async fn subscribe(&self, topics: &[Topic]) -> Result<Box<dyn Subscription>, BusError> {
        self.bus.subscribe(topics).await
    }

    async fn consume(
        &self,
        topic: Topic,
        group: &str,
        consumer: &str,
    ) -> Result<Box<dyn Consumer>, BusError> {
        self.bus.consume(topic, group, consumer).await
    }

    fn reaches_others(&self) -> bool {
        true
    }

    async fn wait_in_sync(&self, within: Duration) {
        self.bus.wait_in_sync(within).await;
    }

    async fn ping(&self) -> Result<(), BusError> {
        self.bus.ping().await
    }

    async fn dead_letters(&self, _: Topic, _: Option<&str>, _: usize) -> Result<Vec<Delivery>, BusError> {
        Ok(Vec::new())
    }

    async fn remove_dead_letters(&self, _: Topic, _: &[String]) -> Result<(), BusError> {
        Ok(())
    }
}

struct Fixture {
    queue: Arc<ListQueue>,
    bus: Arc<Switched>,
    relay: Arc<OutboxRelay>,
    shutdown: CancellationToken,
}

const LONG: Duration = Duration::from_secs(20);

fn start(options: RelayOptions) -> Fixture {
    let world = system_world();
    let queue = ListQueue::new(&world);
    let embedded =
        EmbeddedBus::open(world.clone(), StreamSigner::default(), EmbeddedOptions::default()).unwrap();
    let bus = Arc::new(Switched {
        bus: embedded,
        off: AtomicBool::new(false),
        appends: AtomicUsize::new(0),
    });
    let relay = OutboxRelay::new(world, queue.clone(), bus.clone(), options);
    let shutdown = CancellationToken::new();
    let (running, until) = (relay.clone(), shutdown.clone());
    tokio::spawn(async move { running.run(until).await });
    Fixture {
        queue,
        bus,
        relay,
        shutdown,
    }
}

fn quick() -> RelayOptions {
    RelayOptions {
        timeout: Duration::from_millis(200),
        pause: (Duration::from_millis(10), Duration::from_millis(50)),
        ..RelayOptions::default()
    }
}

fn zone(zone: &str) -> Fields {
    Fields::new().with("zone_id", zone)
}

async fn read(subscription: &mut dyn Subscription, count: usize) -> Vec<Fields> {
    let mut seen = Vec::new();
    while seen.len() < count {
        let (_, batch) = tokio::time::timeout(LONG, subscription.next())
            .await
            .unwrap()
            .unwrap();
        seen.extend(batch.into_iter().map(|entry| entry.fields));
    }
    seen
}

#[tokio::test]
async fn rows_are_published_in_order_with_their_outbox_id() {
    let fixture = start(quick());
    let mut subscription = fixture.bus.subscribe(&[Topic::SessionsRevoke]).await.unwrap();
    for number in 0..50 {
        fixture.queue.put(
            &format!("row-{number:02}"),
            Topic::SessionsRevoke,
            zone("z").with("dedupe_key", format!("d-{number}")),
        );
    }
    fixture.relay.wake();
    for (number, fields) in read(&mut *subscription, 50).await.iter().enumerate() {
        assert_eq!(fields.get("outbox_id"), Some(&*format!("row-{number:02}")));
        assert_eq!(fields.get("dedupe_key"), Some(&*format!("d-{number}")));
    }
    drop(subscription);
    assert!(fixture.relay.flush(LONG).await);
    assert_eq!(fixture.queue.state("row-49"), State::Published);
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn an_outage_is_waited_out_and_kills_no_row() {
    let fixture = start(quick());
    let mut subscription = fixture.bus.subscribe(&[Topic::KeysInvalidate]).await.unwrap();
    fixture.bus.off.store(true, Ordering::SeqCst);
    fixture.queue.put("row-1", Topic::KeysInvalidate, zone("z"));
    fixture.relay.wake();
    while fixture.bus.appends.load(Ordering::SeqCst) < 12 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(matches!(fixture.queue.state("row-1"), State::Waiting { .. }));
    assert!(!fixture.relay.is_publishing(), "readiness must tell");
    assert!(
        !fixture.relay.flush(Duration::from_millis(50)).await,
        "nothing was published"
    );
    fixture.bus.off.store(false, Ordering::SeqCst);
    assert_eq!(
        read(&mut *subscription, 1).await[0].get("outbox_id"),
        Some("row-1")
    );
    drop(subscription);
    assert!(fixture.relay.flush(LONG).await);
    assert!(fixture.relay.is_publishing());
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn what_is_announced_while_the_bus_comes_back_is_published_before_it_is_answered() {
    let pause = Duration::from_secs(2);
    let fixture = start(RelayOptions {
        pause: (pause, pause),
        ..quick()
    });
    fixture.bus.off.store(true, Ordering::SeqCst);
    fixture.queue.put("row-1", Topic::SessionsRevoke, zone("z"));
    fixture.relay.wake();
    while fixture.relay.is_publishing() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fixture.bus.off.store(false, Ordering::SeqCst);
    fixture.queue.put("row-2", Topic::SessionsRevoke, zone("z"));
    fixture.relay.announce().await;
    assert_eq!(fixture.queue.state("row-2"), State::Published);
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn a_flush_waits_for_what_another_relay_has_and_for_nothing_that_comes_later() {
    let fixture = start(quick());
    fixture.queue.put("row-1", Topic::SessionsRevoke, zone("z"));
    // Another process looks by chance before whoever committed the row does.
    let claimed = fixture.queue.claim(10, LONG).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert!(
        !fixture.relay.flush(Duration::from_millis(100)).await,
        "nobody has published it"
    );
    let relay = fixture.relay.clone();
    let flush = tokio::spawn(async move { relay.flush(LONG).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!flush.is_finished());
    // What somebody else commits and has meanwhile is not waited for.
    fixture.queue.put("row-2", Topic::SessionsRevoke, zone("z"));
    fixture.queue.claim(10, LONG).await.unwrap();
    fixture.queue.set(&[String::from("row-1")], &State::Published);
    assert!(flush.await.unwrap());
    assert!(matches!(fixture.queue.state("row-2"), State::Waiting { .. }));
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn rows_that_another_relay_published_are_no_failure_any_more() {
    let fixture = start(quick());
    fixture.bus.off.store(true, Ordering::SeqCst);
    fixture.queue.put("row-1", Topic::SessionsRevoke, zone("z"));
    fixture.relay.wake();
    while fixture.relay.is_publishing() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    while !fixture.relay.is_publishing() {
        // Somebody else can reach the bus; again, because the relay may just have given the row back.
        fixture.queue.set(&[String::from("row-1")], &State::Published);
        fixture.relay.wake();
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn a_malformed_row_is_put_aside_and_the_others_go_on() {
    let fixture = start(quick());
    let mut subscription = fixture.bus.subscribe(&[Topic::KeysInvalidate]).await.unwrap();
    fixture.queue.put("row-1", Topic::KeysInvalidate, zone("a\nb"));
    fixture.queue.put("row-2", Topic::KeysInvalidate, zone("z"));
    fixture.relay.wake();
    assert_eq!(
        read(&mut *subscription, 1).await[0].get("outbox_id"),
        Some("row-2")
    );
    drop(subscription);
    assert!(fixture.relay.flush(LONG).await);
    let State::Dead(reason) = fixture.queue.state("row-1") else {
        panic!("the malformed row lives on")
    };
    assert!(reason.contains("zone_id"));
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn a_ledger_that_hangs_does_not_hold_up_revocations() {
    let key = HmacKey::from_bytes(b"the key of the audit frames");
    let fixture = start(quick());
    let mut subscription = fixture.bus.subscribe(&[Topic::SessionsRevoke]).await.unwrap();
    // Nobody reads the audit topic, so this append hangs until its timeout, again and again.
    fixture.queue.put(
        "row-1",
        Topic::AuditEvents,
        Fields::new()
            .with("id", "evt-1")
            .with("data", "{}")
            .with("sig", audit_frame::sign(&key, b"{}")),
    );
    fixture.relay.wake();
    for number in 2..6 {
        fixture
            .queue
            .put(&format!("row-{number}"), Topic::SessionsRevoke, zone("z"));
        fixture.relay.wake();
        read(&mut *subscription, 1).await;
    }
    assert!(matches!(fixture.queue.state("row-1"), State::Waiting { .. }));
    let mut ledger = fixture
        .bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    while fixture.queue.state("row-1") != State::Published {
        let batch = ledger.next(100, Duration::from_millis(50)).await.unwrap();
        for entry in &batch {
            assert!(audit_frame::verify(&key, b"{}", entry.fields.get("sig").unwrap()));
        }
        let ids: Vec<String> = batch.iter().map(|entry| entry.id.clone()).collect();
        ledger.ack(&ids).await.unwrap();
    }
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn a_flush_waits_until_subscribers_have_handled_the_entries() {
    let fixture = start(quick());
    let mut subscription = fixture.bus.subscribe(&[Topic::KeysInvalidate]).await.unwrap();
    let handled = Arc::new(AtomicUsize::new(0));
    let count = handled.clone();
    let reader = tokio::spawn(async move {
        while let Ok((_, batch)) = subscription.next().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
            count.fetch_add(batch.len(), Ordering::SeqCst);
        }
    });
    for round in 0..5 {
        fixture
            .queue
            .put(&format!("row-{round}"), Topic::KeysInvalidate, zone("z"));
        assert!(fixture.relay.flush(LONG).await);
        assert_eq!(handled.load(Ordering::SeqCst), round + 1);
    }
    reader.abort();
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn a_flush_waits_for_what_was_there_and_not_for_what_comes_after_it() {
    let fixture = start(quick());
    fixture.queue.busy.store(true, Ordering::SeqCst);
    fixture.queue.put("before", Topic::SessionsRevoke, zone("z"));
    assert!(fixture.relay.flush(LONG).await);
    assert_eq!(fixture.queue.state("before"), State::Published);
    fixture.shutdown.cancel();
}

#[tokio::test]
async fn a_stopped_relay_gives_its_rows_back() {
    let fixture = start(RelayOptions {
        timeout: LONG,
        ..quick()
    });
    fixture.queue.put(
        "row-1",
        Topic::AuditEvents,
        Fields::new().with("id", "evt-1").with("data", "{}"),
    );
    fixture.relay.wake();
    while fixture.bus.appends.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    fixture.shutdown.cancel();
    let claimable = async {
        while fixture.queue.claim(1, Duration::ZERO).await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    // The lease alone would take half a minute.
    tokio::time::timeout(Duration::from_secs(15), claimable)
        .await
        .unwrap();
}
