//! While a fleet is upgraded, older replicas hear events of newer ones: they skip what they do not know, and go on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use caracal_core::World;
use caracal_crypto::{HmacKey, KeyRing, system_world};
use caracal_events::{Bus, EmbeddedBus, Fields, RedisBus, RedisOptions, StreamSigner, Topic};
use caracal_service::{
    revocation::Revocations,
    zones::{Followed, LiveAuthority, ZoneDirectory, follow},
};
use caracal_storage::{Access, Store, conformance::given::Given};
use caracal_storage_sql::SqliteStore;
use caracal_testkit::redis::Redis;
use tokio_util::sync::CancellationToken;

const LIMIT: Duration = Duration::from_mins(1);

fn signer() -> StreamSigner {
    StreamSigner::new(HmacKey::from_bytes(&[9; 32]))
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, wait).await.is_ok(), "{what}");
}

/// A follower over `bus` that is sent what it cannot know, then what it must not miss.
async fn follows_past(bus: Arc<dyn Bus>, world: World) {
    let files = tempfile::tempdir().unwrap();
    let path = files.path().join("caracal.db");
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, None, world.now()).await.unwrap());
    let given = Given::new(&world);
    let mut work = store.global(Access::Write).await.unwrap();
    work.zones().create(&given.zone()).await.unwrap();
    work.commit().await.unwrap();
    let keys = Arc::new(KeyRing::from_hex(&"31a2b3c4d5e6f708".repeat(4), None).unwrap());
    let followed = Followed {
        zones: Arc::new(ZoneDirectory::new(store.clone(), keys, world.clone())),
        authority: Arc::new(LiveAuthority::new(store.clone(), world.clone())),
        revocations: Arc::new(Revocations::new(world.clone())),
        store,
    };
    let stop = CancellationToken::new();
    let task = tokio::spawn(follow(followed.clone(), bus.clone(), stop.clone()));
    until("it follows", || followed.revocations.is_fresh()).await;

    let zone = given.zone_id.as_str();
    let of = |event: &str| {
        Fields::new()
            .with("zone_id", zone)
            .with("event", event)
            .with("added_later", "7")
    };
    let hibernating = "0198f0a0-0000-7000-8000-000000000001";
    for (topic, entry) in [
        (
            Topic::AgentsLifecycle,
            of("hibernate").with("agent_session_id", hibernating),
        ),
        (
            Topic::AgentsLifecycle,
            of("terminate").with("fleet_id", "no session at all"),
        ),
        (
            Topic::AgentsLifecycle,
            Fields::new().with("region_id", "no zone either"),
        ),
        (
            Topic::DelegationsInvalidate,
            of("forked").with("epoch", "not a number"),
        ),
        (
            Topic::DirectoryInvalidate,
            of("moved").with("kind", "gizmo").with("id", "g-1"),
        ),
        (
            Topic::PolicyInvalidate,
            of("drafted").with("policy_set_id", "not-known"),
        ),
        (Topic::KeysInvalidate, of("escrowed")),
        (Topic::SessionsRevoke, of("paused").with("gizmo_id", "g-1")),
    ] {
        bus.append(topic, vec![entry]).await.unwrap();
    }
    let ended = [
        "0198f0a0-0000-7000-8000-000000000002",
        "0198f0a0-0000-7000-8000-000000000003",
    ];
    let known = [
        (
            Topic::SessionsRevoke,
            of("revoke").with("agent_session_id", ended[0]),
        ),
        (
            Topic::AgentsLifecycle,
            of("terminate").with("agent_session_id", ended[1]),
        ),
    ];
    for (topic, entry) in known {
        bus.append(topic, vec![entry]).await.unwrap();
    }
    let revocations = &followed.revocations;
    until("what is known takes effect", || {
        ended.iter().all(|id| revocations.is_revoked(id))
    })
    .await;
    assert!(
        !revocations.is_revoked(hibernating),
        "what is not known ends nothing"
    );
    assert!(revocations.is_fresh());
    for topic in Topic::ALL {
        let buried = bus.dead_letters(topic, None, 10).await.unwrap();
        assert!(buried.is_empty(), "{topic}: {buried:?}");
    }
    stop.cancel();
    task.await.unwrap();
}

#[tokio::test]
async fn events_of_a_later_release_are_skipped_on_the_embedded_bus() {
    let world = system_world();
    let bus = Arc::new(EmbeddedBus::in_memory(world.clone(), signer()));
    follows_past(bus, world).await;
}

#[tokio::test]
async fn events_and_topics_of_a_later_release_are_skipped_on_redis() {
    let (server, world) = (Redis::start(), system_world());
    let bus = RedisBus::open(world.clone(), signer(), RedisOptions::new(&server.url())).unwrap();
    let unknown = [
        "XADD",
        "caracal.gizmos.lifecycle",
        "*",
        "zone_id",
        "zone-1",
        "event",
        "forged",
    ];
    server.command(&unknown).unwrap();
    follows_past(Arc::new(bus), world).await;
    server.command(&unknown).unwrap();
    assert_eq!(
        server
            .command(&["EXISTS", "caracal.gizmos.lifecycle.dead"])
            .unwrap()
            .trim(),
        ":0"
    );
    assert_eq!(
        server
            .command(&["XLEN", "caracal.gizmos.lifecycle"])
            .unwrap()
            .trim(),
        ":2"
    );
}
