//! The Redis bus and store keep every promise of the suites, and survive what a server can do to them.

#[expect(
    unreachable_pub,
    reason = "the module is written to move into a crate of its own"
)]
mod support;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_core::World;
use caracal_crypto::{HmacKey, system_world};
use caracal_events::{
    Bus, BusError, Fields, RedisBus, RedisOptions, ShortLived, StreamSigner, Topic,
    conformance::{bus::BusBackend, shortlived::ShortLivedBackend},
    shortlived::RedisShortLived,
};

use support::private_redis::PrivateRedis;

struct Redis {
    server: PrivateRedis,
    world: World,
}

impl Redis {
    fn start() -> Self {
        Self {
            server: PrivateRedis::start(),
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
    let mut redis = Redis::start();
    let bus = redis.open(redis.options());
    let mut subscription = bus.subscribe(&[Topic::SessionsRevoke]).await.unwrap();
    bus.append(Topic::SessionsRevoke, vec![revocation("ar-1")])
        .await
        .unwrap();
    assert_eq!(next(&mut *subscription).await.unwrap().len(), 1);
    redis.server.crash();
    assert!(matches!(subscription.next().await, Err(BusError::Unavailable(_))));
    assert!(
        bus.append(Topic::SessionsRevoke, vec![revocation("ar-2")])
            .await
            .is_err()
    );
    redis.server.restart();
    assert!(matches!(next(&mut *subscription).await, Err(BusError::Gap(_))));
    while bus
        .append(Topic::SessionsRevoke, vec![revocation("ar-3")])
        .await
        .is_err()
    {}
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
    redis::cmd("FLUSHALL")
        .query_async::<()>(&mut redis.raw().await)
        .await
        .unwrap();
    assert!(matches!(next(&mut *subscription).await, Err(BusError::Gap(_))));
}

#[tokio::test]
async fn a_server_that_hangs_is_waited_out_without_loss() {
    let redis = Redis::start();
    let mut options = redis.options();
    options.timeout = Duration::from_millis(300);
    let bus = redis.open(options);
    let mut subscription = bus.subscribe(&[Topic::SessionsRevoke]).await.unwrap();
    redis.server.freeze();
    assert!(matches!(subscription.next().await, Err(BusError::Unavailable(_))));
    assert!(matches!(bus.ping().await, Err(BusError::Unavailable(_))));
    redis.server.thaw();
    while bus
        .append(Topic::SessionsRevoke, vec![revocation("ar-1")])
        .await
        .is_err()
    {}
    // The same server with the same history: nothing was lost, so there is no gap.
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
    redis::cmd("FLUSHALL")
        .query_async::<()>(&mut redis.raw().await)
        .await
        .unwrap();
    bus.append(Topic::AuditEvents, audit(3)).await.unwrap();
    let mut seen = 0;
    while seen < 3 {
        seen += consumer.next(10, Duration::from_millis(200)).await.unwrap().len();
    }
}

#[tokio::test]
async fn evidence_is_trimmed_only_below_what_every_group_acknowledged() {
    let redis = Redis::start();
    let bus = redis.open(redis.options());
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
    let mut redis = Redis::start();
    redis.server.crash();
    let bus = redis.open(redis.options());
    let store = redis.store();
    assert!(bus.subscribe(&[Topic::SessionsRevoke]).await.is_err());
    assert!(bus.ping().await.is_err());
    let until = redis.world.now().plus(Duration::from_mins(1));
    assert!(
        store.claim("jti", until).await.is_err(),
        "unknown freshness is an error, not an answer"
    );
    redis.server.restart();
    while bus.ping().await.is_err() {}
    assert!(bus.subscribe(&[Topic::SessionsRevoke]).await.is_ok());
    assert_eq!(bus.eviction_policy().await.as_deref(), Some("noeviction"));
}

#[test]
fn a_bad_url_is_refused_without_repeating_it() {
    let options = RedisOptions::new("nonsense://user:hunter2@host");
    let refused = RedisBus::open(World::for_tests(), signer(), options.clone()).unwrap_err();
    assert!(!format!("{refused} {refused:?} {options:?}").contains("hunter2"));
}
