//! The Redis bus and store keep every promise of the suites, and survive what a server can do to them.

#[path = "redis/faults.rs"]
mod faults;
#[path = "redis/login.rs"]
mod login;
use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_core::{Timestamp, World, ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, system_world};
use caracal_events::{
    Arrival, Bus, BusError, Fields, RedisBus, RedisOptions, ReplayStore as _, ShortLived, Spool,
    SpoolDrainer, StreamSigner, SyncMode, Topic,
    conformance::{bus::BusBackend, shortlived::ShortLivedBackend},
    shortlived::{Claim, RedisShortLived},
};
use caracal_testkit::{
    fault::{Fault, Faults as _},
    redis::Redis as Server,
};
use tokio_util::sync::CancellationToken;

struct Redis {
    server: Server,
    world: World,
}

impl Redis {
    fn start() -> Self {
        Self {
            server: Server::in_memory(),
            world: system_world(),
        }
    }

    fn options(&self) -> RedisOptions {
        let mut options = RedisOptions::new(&self.server.url());
        options.timeout = Duration::from_secs(2);
        options.block = Duration::from_millis(200);
        options.claim_idle = Duration::from_millis(200);
        options.max_len = 100;
        options.trim_interval = Duration::ZERO;
        options.backoff = (Duration::from_millis(5), Duration::from_millis(50));
        options
    }

    fn open(&self, options: RedisOptions) -> RedisBus {
        RedisBus::open(self.world.clone(), signer(), options).expect("a backend")
    }

    async fn raw(&self) -> redis::aio::MultiplexedConnection {
        let client = redis::Client::open(self.server.url()).expect("a backend");
        client
            .get_multiplexed_async_connection()
            .await
            .expect("a backend")
    }
}

impl BusBackend for Redis {
    fn bus(&self, signer: StreamSigner) -> Arc<dyn Bus> {
        Arc::new(RedisBus::open(self.world.clone(), signer, self.options()).expect("a backend"))
    }
}

#[async_trait]
impl ShortLivedBackend for Redis {
    fn store(&self) -> Arc<dyn ShortLived> {
        Arc::new(RedisShortLived::open(self.world.clone(), &self.options()).expect("a backend"))
    }

    fn world(&self) -> &World {
        &self.world
    }

    async fn pass(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

caracal_events::bus_conformance!(redis_bus, Redis::start());
caracal_events::shortlived_conformance!(redis_short_lived, Redis::start());

fn signer() -> StreamSigner {
    StreamSigner::new(HmacKey::from_bytes(b"the key of the Redis tests"))
}

fn revocation(record: &str) -> Fields {
    Fields::new().with("zone_id", "zone-1").with("session_id", record)
}

/// Publishes the end of `record` as soon as the server takes it.
async fn published(bus: &RedisBus, record: &str) {
    while bus
        .append(Topic::SessionsRevoke, vec![revocation(record)])
        .await
        .is_err()
    {}
}

fn audit(count: usize) -> Vec<Fields> {
    (0..count)
        .map(|number| Fields::new().with("id", number.to_string()).with("data", "{}"))
        .collect()
}

/// What the subscription says, past passing outages.
async fn next(
    subscription: &mut dyn caracal_events::Subscription,
) -> Result<Vec<caracal_events::Delivery>, BusError> {
    loop {
        match tokio::time::timeout(Duration::from_secs(30), subscription.next())
            .await
            .expect("an answer")
        {
            Err(BusError::Unavailable(_)) => {}
            answer => return answer.map(|(_, entries)| entries),
        }
    }
}

#[tokio::test]
async fn a_restarted_server_is_a_gap_and_reading_goes_on() {
    let redis = Redis::start();
    let bus = redis.open(redis.options());
    let mut subscription = bus.subscribe(&[Topic::SessionsRevoke]).await.unwrap();
    bus.append(Topic::SessionsRevoke, vec![revocation("ar-1")])
        .await
        .unwrap();
    assert_eq!(next(&mut *subscription).await.unwrap().len(), 1);
    redis.server.fail(Fault::Gone);
    assert!(matches!(subscription.next().await, Err(BusError::Unavailable(_))));
    assert!(
        bus.append(Topic::SessionsRevoke, vec![revocation("ar-2")])
            .await
            .is_err()
    );
    redis.server.mend();
    assert!(matches!(next(&mut *subscription).await, Err(BusError::Gap(_))));
    published(&bus, "ar-3").await;
    assert_eq!(
        next(&mut *subscription).await.unwrap()[0]
            .fields
            .get("session_id"),
        Some("ar-3")
    );
}

#[tokio::test]
async fn a_deleted_stream_is_a_gap() {
    let redis = Redis::start();
    let bus = redis.open(redis.options());
    let mut subscription = bus.subscribe(&[Topic::SessionsRevoke]).await.unwrap();
    bus.append(Topic::SessionsRevoke, vec![revocation("ar-1")])
        .await
        .unwrap();
    assert_eq!(next(&mut *subscription).await.unwrap().len(), 1);
    flush(&redis).await;
    assert!(matches!(next(&mut *subscription).await, Err(BusError::Gap(_))));
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_out_without_loss() {
    let redis = Redis::start();
    let mut options = redis.options();
    options.timeout = Duration::from_millis(300);
    let bus = redis.open(options);
    let mut subscription = bus.subscribe(&[Topic::SessionsRevoke]).await.unwrap();
    redis.server.fail(Fault::Frozen);
    assert!(matches!(subscription.next().await, Err(BusError::Unavailable(_))));
    assert!(matches!(bus.ping().await, Err(BusError::Unavailable(_))));
    redis.server.mend();
    published(&bus, "ar-1").await;
    // Nothing was lost here, but somebody may have committed what could not be published meanwhile.
    assert!(matches!(next(&mut *subscription).await, Err(BusError::Gap(_))));
    published(&bus, "ar-1").await;
    assert_eq!(
        next(&mut *subscription).await.unwrap()[0]
            .fields
            .get("session_id"),
        Some("ar-1")
    );
}

#[tokio::test]
async fn a_lost_consumer_group_is_made_anew_from_the_oldest_entry() {
    let redis = Redis::start();
    let bus = redis.open(redis.options());
    let mut consumer = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    flush(&redis).await;
    bus.append(Topic::AuditEvents, audit(3)).await.unwrap();
    let mut seen = 0;
    while seen < 3 {
        seen += consumer.next(10, Duration::from_millis(200)).await.unwrap().len();
    }
}

#[tokio::test]
async fn evidence_is_trimmed_only_below_what_every_declared_group_acknowledged() {
    let redis = Redis::start();
    let mut options = redis.options();
    options
        .groups
        .push((Topic::AuditEvents, String::from("siem-export")));
    let bus = redis.open(options);
    bus.append(Topic::AuditEvents, audit(1_000)).await.unwrap();
    assert_eq!(bus.trim().await, Ok(0), "no group has read anything");
    bus.ensure_group(Topic::AuditEvents, "siem-export").await.unwrap();
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let taken = ledger.next(1_000, Duration::from_secs(1)).await.unwrap();
    let ids: Vec<String> = taken.iter().map(|entry| entry.id.clone()).collect();
    ledger.ack(&ids).await.unwrap();
    assert_eq!(
        bus.len(Topic::AuditEvents).await,
        Ok(1_000),
        "the other group has read nothing"
    );

    let mut export = bus.consume(Topic::AuditEvents, "siem-export", "c").await.unwrap();
    assert_eq!(
        export.next(1_000, Duration::from_secs(1)).await.unwrap().len(),
        1_000
    );
    export.ack(&ids[..300]).await.unwrap();
    let mut late = ids[301..].to_vec();
    late.truncate(500);
    export.ack(&late).await.unwrap();
    let kept = bus.len(Topic::AuditEvents).await.unwrap();
    assert!(
        (700..1_000).contains(&kept),
        "entry 300 is not acknowledged, {kept} kept"
    );
    export.ack(&ids).await.unwrap();
    assert!(bus.len(Topic::AuditEvents).await.unwrap() <= 101);
}

#[tokio::test]
async fn a_group_that_nobody_declared_does_not_pin_the_stream() {
    let redis = Redis::start();
    let bus = redis.open(redis.options());
    bus.append(Topic::AuditEvents, audit(1_000)).await.unwrap();
    bus.ensure_group(Topic::AuditEvents, "left-by-a-tool")
        .await
        .unwrap();
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let taken = ledger.next(1_000, Duration::from_secs(1)).await.unwrap();
    let ids: Vec<String> = taken.iter().map(|entry| entry.id.clone()).collect();
    ledger.ack(&ids).await.unwrap();
    assert!(bus.len(Topic::AuditEvents).await.unwrap() <= 101);
}

#[tokio::test]
async fn evidence_beyond_the_bound_is_refused_until_there_is_room() {
    let redis = Redis::start();
    let mut options = redis.options();
    options.evidence_bound = 150;
    let bus = redis.open(options);
    bus.append(Topic::AuditEvents, audit(200)).await.unwrap();
    assert!(matches!(
        bus.append(Topic::AuditEvents, audit(1)).await,
        Err(BusError::Unavailable(_))
    ));
    assert_eq!(
        bus.len(Topic::AuditEvents).await,
        Ok(200),
        "nothing unread was dropped for it"
    );
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let taken = ledger.next(200, Duration::from_secs(1)).await.unwrap();
    let ids: Vec<String> = taken.iter().map(|entry| entry.id.clone()).collect();
    ledger.ack(&ids).await.unwrap();
    assert_eq!(bus.append(Topic::AuditEvents, audit(1)).await, Ok(()));
}

#[tokio::test]
async fn evidence_that_is_acknowledged_but_not_yet_removed_does_not_count_for_the_bound() {
    let redis = Redis::start();
    let mut options = redis.options();
    options.evidence_bound = 150;
    options.trim_interval = Duration::from_hours(1);
    let bus = redis.open(options);
    bus.append(Topic::AuditEvents, audit(300)).await.unwrap();
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let taken = ledger.next(300, Duration::from_secs(1)).await.unwrap();
    let ids: Vec<String> = taken.iter().map(|entry| entry.id.clone()).collect();
    ledger.ack(&ids[..100]).await.unwrap();
    assert!(bus.append(Topic::AuditEvents, audit(1)).await.is_err());
    ledger.ack(&ids[100..]).await.unwrap();
    assert_eq!(bus.len(Topic::AuditEvents).await, Ok(200), "nobody removed them");
    assert_eq!(bus.append(Topic::AuditEvents, audit(1)).await, Ok(()));
    assert!(bus.len(Topic::AuditEvents).await.unwrap() < 150);
}

#[tokio::test]
async fn names_of_consumers_that_are_gone_are_forgotten_once_they_hold_nothing() {
    let redis = Redis::start();
    let mut options = redis.options();
    options.consumer_retention = Duration::ZERO;
    let bus = redis.open(options);
    let group = "audit-ingestor";
    bus.append(Topic::AuditEvents, audit(2)).await.unwrap();
    let mut holding = bus.consume(Topic::AuditEvents, group, "holding").await.unwrap();
    let held = holding.next(1, Duration::from_secs(5)).await.unwrap();
    let mut done = bus.consume(Topic::AuditEvents, group, "done").await.unwrap();
    let taken = done.next(1, Duration::from_secs(5)).await.unwrap();
    // Silent for more than no time at all.
    let names = || async {
        let told: redis::Value = redis::cmd("XINFO")
            .arg(&["CONSUMERS", "caracal.audit.events", group])
            .query_async(&mut redis.raw().await)
            .await
            .unwrap();
        let redis::Value::Array(consumers) = told else {
            panic!("{told:?}")
        };
        consumers
            .into_iter()
            .map(|consumer| consumer.into_map_iter().unwrap().next().unwrap().1)
            .map(|name| redis::from_redis_value::<String>(name).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["done", "holding"]);
    done.ack(&[taken[0].id.clone()]).await.unwrap();
    // A consumer that asks for more has a name again; acknowledging anything looks once more.
    caracal_testkit::wait::until("the name that holds nothing is forgotten", async || {
        done.ack(&[String::from("1-1")]).await.unwrap();
        names().await == ["holding"]
    })
    .await;
    holding.ack(&[held[0].id.clone()]).await.unwrap();
}

#[tokio::test]
async fn entries_travel_with_the_published_signature_and_no_group_is_left_behind() {
    let redis = Redis::start();
    let key = HmacKey::from_hex(&"00112233445566778899aabbccddeeff".repeat(2)).unwrap();
    let bus = RedisBus::open(redis.world.clone(), StreamSigner::new(key), redis.options()).unwrap();
    let mut subscription = bus.subscribe(&[Topic::SessionsRevoke]).await.unwrap();
    bus.append(
        Topic::SessionsRevoke,
        vec![revocation("ar-1").with("reason", "grant_revoked")],
    )
    .await
    .unwrap();
    let seen = next(&mut *subscription).await.unwrap();
    assert_eq!(
        seen[0].fields.get("_sig"),
        Some("8f4fe811b8f6859cab7c853b6219a28534b94c81b38062eb0ee523bd0c1a9cca")
    );
    let groups: redis::Value = redis::cmd("XINFO")
        .arg(&["GROUPS", "caracal.sessions.revoke"])
        .query_async(&mut redis.raw().await)
        .await
        .unwrap();
    assert_eq!(groups, redis::Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_server_that_is_down_at_the_start_is_unavailable_and_then_used() {
    let redis = Redis::start();
    redis.server.fail(Fault::Gone);
    let bus = redis.open(redis.options());
    let store = redis.store();
    assert!(bus.subscribe(&[Topic::SessionsRevoke]).await.is_err());
    assert!(bus.ping().await.is_err());
    let until = redis.world.now().plus(Duration::from_mins(1));
    assert!(
        store.claim("jti", until).await.is_err(),
        "unknown freshness is an error, not an answer"
    );
    redis.server.mend();
    while bus.ping().await.is_err() {}
    assert!(bus.subscribe(&[Topic::SessionsRevoke]).await.is_ok());
}

async fn flush(redis: &Redis) {
    redis::cmd("FLUSHALL")
        .query_async::<()>(&mut redis.raw().await)
        .await
        .expect("a server that answers");
}

/// What the store says once it answers.
async fn claim_of(store: &dyn ShortLived, generation: &str, key: &str, until: Timestamp) -> Claim {
    loop {
        if let Ok(claim) = store.claim_of("zone", generation, key, until).await {
            return claim;
        }
    }
}

#[tokio::test]
async fn after_a_flush_what_was_marked_before_is_refused_at_every_replica() {
    let redis = Redis::start();
    let (one, other) = (redis.store(), redis.store());
    let until = redis.world.now().plus(Duration::from_mins(1));
    let before = one.generation().await.unwrap();
    assert_eq!(
        other.generation().await,
        Ok(before.clone()),
        "one memory, one name"
    );
    assert_eq!(
        one.claim_of("zone", &before, "used", until).await,
        Ok(Claim::First)
    );
    flush(&redis).await;

    // Neither has been told. A claim in the lost memory must not come back as the first.
    for store in [&one, &other] {
        assert_ne!(
            store.claim_of("zone", &before, "used", until).await,
            Ok(Claim::First)
        );
        assert_eq!(claim_of(&**store, &before, "used", until).await, Claim::Forgotten);
        assert_eq!(
            claim_of(&**store, &before, "unused", until).await,
            Claim::Forgotten
        );
    }
    let after = one.generation().await.unwrap();
    assert_ne!(after, before);
    assert_eq!(claim_of(&*other, &after, "fresh", until).await, Claim::First);
    assert_eq!(claim_of(&*one, &after, "fresh", until).await, Claim::Repeated);
}

#[tokio::test]
async fn a_replica_that_is_behind_takes_what_was_marked_after_a_flush() {
    let redis = Redis::start();
    let (ahead, behind) = (redis.store(), redis.store());
    let until = redis.world.now().plus(Duration::from_mins(1));
    let before = behind.generation().await.unwrap();
    flush(&redis).await;
    let after = redis.store().generation().await.unwrap();
    assert_ne!(after, before);
    assert_eq!(
        behind.claim_of("zone", &after, "jti", until).await,
        Ok(Claim::First),
        "at the first attempt"
    );
    assert_eq!(claim_of(&*ahead, &after, "jti", until).await, Claim::Repeated);
}

#[tokio::test]
async fn after_a_restart_what_was_marked_before_is_refused_though_the_marker_was_kept() {
    let redis = Redis::start();
    let store = redis.store();
    let until = redis.world.now().plus(Duration::from_mins(1));
    let before = store.generation().await.unwrap();
    assert_eq!(
        store.claim_of("zone", &before, "used", until).await,
        Ok(Claim::First)
    );
    // On disk before the crash, so that nothing but the process tells the two servers apart.
    redis::cmd("SAVE")
        .query_async::<()>(&mut redis.raw().await)
        .await
        .unwrap();
    redis.server.fail(Fault::Gone);
    assert!(store.claim_of("zone", &before, "used", until).await.is_err());
    redis.server.mend();
    assert_eq!(claim_of(&*store, &before, "used", until).await, Claim::Forgotten);
    assert_eq!(
        claim_of(&*redis.store(), &before, "used", until).await,
        Claim::Forgotten
    );
}

#[tokio::test]
async fn a_hit_notices_a_flush_so_that_the_next_name_is_the_new_one() {
    let redis = Redis::start();
    let store = redis.store();
    let before = store.generation().await.unwrap();
    flush(&redis).await;
    assert!(
        store
            .hit("caller", 5, Duration::from_mins(1))
            .await
            .unwrap()
            .allowed
    );
    assert_ne!(store.generation().await.unwrap(), before);
}

#[tokio::test]
async fn callers_of_a_server_that_hangs_do_not_queue_up() {
    let redis = Redis::start();
    let mut options = redis.options();
    options.timeout = Duration::from_millis(300);
    let store = Arc::new(RedisShortLived::open(redis.world.clone(), &options).unwrap());
    redis.server.fail(Fault::Frozen);
    let until = redis.world.now().plus(Duration::from_mins(1));
    let mut calls = tokio::task::JoinSet::new();
    for call in 0..200 {
        let store = store.clone();
        calls.spawn(async move { store.claim(&format!("jti-{call}"), until).await });
    }
    let all = tokio::time::timeout(Duration::from_secs(30), calls.join_all()).await;
    assert!(
        all.expect("one wait for all, not one after another")
            .iter()
            .all(Result::is_err)
    );
    redis.server.mend();
    while store.claim("after", until).await.is_err() {}
}

/// Waits until as many replicas have said that they are there.
async fn listened_to(redis: &Redis, replicas: u64) {
    let mut raw = redis.raw().await;
    while redis::cmd("HLEN")
        .arg("caracal:heard")
        .query_async::<u64>(&mut raw)
        .await
        .expect("a server that answers")
        < replicas
    {}
}

#[tokio::test]
async fn settling_waits_until_every_replica_has_handled_what_was_appended() {
    let redis = Redis::start();
    let producer = redis.open(redis.options());
    let topics = [Topic::SessionsRevoke, Topic::PolicyInvalidate];
    let mut replicas = Vec::new();
    for _ in 0..3 {
        replicas.push(redis.open(redis.options()).subscribe(&topics).await.unwrap());
    }
    let handled = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    for mut replica in replicas {
        let handled = handled.clone();
        tokio::spawn(async move {
            while let Ok((_, entries)) = replica.next().await {
                // What a replica does with an entry takes its time.
                tokio::time::sleep(Duration::from_millis(50)).await;
                handled.fetch_add(entries.len(), std::sync::atomic::Ordering::SeqCst);
            }
        });
    }
    listened_to(&redis, 3).await;
    for round in 1..=5 {
        producer
            .append(Topic::SessionsRevoke, vec![revocation("ar-1")])
            .await
            .unwrap();
        producer.wait_in_sync(Duration::from_secs(30)).await;
        assert_eq!(handled.load(std::sync::atomic::Ordering::SeqCst), 3 * round);
    }
}

#[tokio::test]
async fn settling_waits_for_what_another_process_appended() {
    let redis = Redis::start();
    let (waits, publishes) = (redis.open(redis.options()), redis.open(redis.options()));
    let mut replica = redis
        .open(redis.options())
        .subscribe(&[Topic::SessionsRevoke])
        .await
        .unwrap();
    let handled = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let handles = handled.clone();
    let listening = tokio::spawn(async move {
        replica.next().await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        handles.store(true, std::sync::atomic::Ordering::SeqCst);
        // Asking for more says that it is handled.
        drop(tokio::time::timeout(Duration::from_millis(500), replica.next()).await);
    });
    listened_to(&redis, 1).await;
    publishes
        .append(Topic::SessionsRevoke, vec![revocation("ar-1")])
        .await
        .unwrap();
    waits.wait_in_sync(Duration::from_secs(30)).await;
    assert!(handled.load(std::sync::atomic::Ordering::SeqCst));
    listening.await.unwrap();
}

#[tokio::test]
async fn settling_does_not_wait_for_a_replica_that_is_gone() {
    let redis = Redis::start();
    let producer = redis.open(redis.options());
    let mut replica = redis
        .open(redis.options())
        .subscribe(&[Topic::SessionsRevoke])
        .await
        .unwrap();
    producer
        .append(Topic::SessionsRevoke, vec![revocation("ar-1")])
        .await
        .unwrap();
    assert_eq!(next(&mut *replica).await.unwrap().len(), 1);
    // Frozen, so to say: it never asks again, and its note grows old.
    let timeout = Duration::from_secs(30);
    tokio::time::timeout(timeout * 2, producer.wait_in_sync(timeout))
        .await
        .expect("its note is soon too old");
    drop(replica);
    producer.wait_in_sync(timeout).await;
}

#[tokio::test]
async fn evidence_has_arrived_once_every_group_acknowledged_it() {
    let redis = Redis::start();
    let bus = redis.open(redis.options());
    let first = bus.append_evidence(audit(3)).await.unwrap().unwrap();
    let second = bus.append_evidence(audit(2)).await.unwrap().unwrap();
    let receipts = [first, second];
    assert_eq!(
        bus.arrival(&receipts).await,
        Ok(Arrival::Of(0)),
        "there is no group yet"
    );
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    assert_eq!(
        bus.arrival(&receipts).await,
        Ok(Arrival::Of(0)),
        "nothing was read"
    );
    let taken = ledger.next(5, Duration::from_secs(5)).await.unwrap();
    let ids: Vec<String> = taken.iter().map(|entry| entry.id.clone()).collect();
    assert_eq!(
        bus.arrival(&receipts).await,
        Ok(Arrival::Of(0)),
        "nothing was acknowledged"
    );
    ledger.ack(&ids[1..]).await.unwrap();
    assert_eq!(
        bus.arrival(&receipts).await,
        Ok(Arrival::Of(0)),
        "one of the first is missing"
    );
    ledger.ack(&ids[..1]).await.unwrap();
    assert_eq!(bus.arrival(&receipts).await, Ok(Arrival::Of(2)));
    let third = bus.append_evidence(audit(1)).await.unwrap().unwrap();
    let [first, second] = receipts;
    assert_eq!(bus.arrival(&[first, second, third]).await, Ok(Arrival::Of(2)));
}

#[tokio::test]
async fn evidence_in_a_lost_memory_is_told_as_lost() {
    let redis = Redis::start();
    let bus = redis.open(redis.options());
    let receipt = bus.append_evidence(audit(3)).await.unwrap().unwrap();
    flush(&redis).await;
    assert_eq!(
        bus.arrival(std::slice::from_ref(&receipt)).await,
        Ok(Arrival::Lost)
    );
    // Into the new memory, with a new receipt; the old one stays lost though positions are higher now.
    let receipt = bus.append_evidence(audit(3)).await.unwrap().unwrap();
    assert_eq!(
        bus.arrival(std::slice::from_ref(&receipt)).await,
        Ok(Arrival::Of(0))
    );
    redis.server.fail(Fault::Gone);
    redis.server.mend();
    let arrival = loop {
        if let Ok(arrival) = bus.arrival(std::slice::from_ref(&receipt)).await {
            break arrival;
        }
    };
    assert_eq!(
        arrival,
        Arrival::Lost,
        "a restarted server may lack the last moments"
    );
}

#[tokio::test]
async fn a_spool_outlives_a_flush_of_what_the_ledger_has_not_read() {
    let redis = Redis::start();
    let directory = tempfile::tempdir().unwrap();
    let key = HmacKey::from_bytes(b"the key of the spool");
    let spool = Spool::open(
        directory.path(),
        SyncMode::Interval(Duration::from_mins(1)),
        key.clone(),
        1 << 20,
    )
    .unwrap();
    let bus: Arc<dyn Bus> = Arc::new(redis.open(redis.options()));
    let stop = CancellationToken::new();
    let drainer = tokio::spawn(SpoolDrainer::run(spool.clone(), bus.clone(), key, stop.clone()));
    let zone = ZoneId::parse("zone-1").unwrap();
    let record = |number: u32| {
        let mut event = AuditEvent::new(&redis.world, zone.clone(), "token_exchange", "r", "allow");
        event.id = format!("evt-{number}");
        spool.append(&[event]).unwrap();
    };
    for number in 0..50 {
        record(number);
    }
    let length = async || {
        let mut raw = redis.raw().await;
        let length: u64 = redis::cmd("XLEN")
            .arg("caracal.audit.events")
            .query_async(&mut raw)
            .await
            .unwrap();
        length
    };
    while length().await < 50 {}
    assert!(spool.stats().pending_bytes > 0, "no ledger has it");
    flush(&redis).await;
    for number in 50..60 {
        record(number);
    }
    let mut ledger = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .unwrap();
    let mut seen = std::collections::BTreeSet::new();
    while seen.len() < 60 {
        let taken = match ledger.next(100, Duration::from_secs(1)).await {
            Ok(taken) => taken,
            Err(error) => panic!("{error}"),
        };
        seen.extend(
            taken
                .iter()
                .filter_map(|entry| Some(entry.fields.get("id")?.to_owned())),
        );
        let ids: Vec<String> = taken.into_iter().map(|entry| entry.id).collect();
        ledger.ack(&ids).await.unwrap();
    }
    assert!(spool.wait_drained(Duration::from_secs(30)).await);
    stop.cancel();
    drainer.await.unwrap();
}

#[test]
fn a_bad_url_is_refused_without_repeating_it() {
    let options = RedisOptions::new("nonsense://user:hunter2@host");
    let refused = RedisBus::open(World::for_tests(), signer(), options.clone()).unwrap_err();
    assert!(!format!("{refused} {refused:?} {options:?}").contains("hunter2"));
}
