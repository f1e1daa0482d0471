//! While a fleet is upgraded, older replicas hear events of newer ones: they skip what they do not know, and go on.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use caracal_crypto::system_world;
use caracal_events::{Fields, Topic};
use caracal_storage::conformance::given::Given;
use caracal_testkit::parts::{Backends, Parts, PartsOptions};

const LIMIT: Duration = Duration::from_mins(1);

async fn until(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(LIMIT, wait).await.is_ok(), "{what}");
}

/// Sends a follower what it cannot know, then what it must not miss.
async fn follows_past(parts: &Parts) {
    let (bus, revocations) = (&parts.bus, &parts.revocations);
    let given = Given::new(&parts.world);
    parts.create_zone(&given.zone()).await;
    until("it follows", || revocations.is_fresh()).await;

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
}

/// Parts that know of no revocation until they follow.
async fn parts(backends: Backends) -> Parts {
    Parts::with(PartsOptions {
        backends,
        world: system_world(),
        fresh: false,
        ..PartsOptions::default()
    })
    .await
}

#[tokio::test]
async fn events_of_a_later_release_are_skipped_on_the_embedded_bus() {
    follows_past(&parts(Backends::Embedded).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_and_topics_of_a_later_release_are_skipped_on_redis() {
    let parts = parts(Backends::Production).await;
    let server = parts.redis();
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
    follows_past(&parts).await;
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
