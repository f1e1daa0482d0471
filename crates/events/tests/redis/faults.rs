//! Servers and ways that stay and refuse, or stay and say nothing.

use std::{net::SocketAddr, time::Duration};

use caracal_core::Timestamp;
use caracal_crypto::{HmacKey, system_world};
use caracal_events::{
    Bus, BusError, Fields, RateLimiter as _, RedisBus, RedisOptions, RedisUnusable, ReplayStore as _,
    StreamSigner, Topic,
    redis::access,
    shortlived::{Claim, Reachable as _, RedisShortLived},
};
use caracal_testkit::{
    fault::{Fault, Faults as _},
    fault_proxy::FaultProxy,
    redis::Redis,
};

fn address(server: &Redis) -> SocketAddr {
    ([127, 0, 0, 1], server.port()).into()
}

fn options(url: &str) -> RedisOptions {
    RedisOptions {
        timeout: Duration::from_millis(500),
        block: Duration::from_millis(200),
        backoff: (Duration::from_millis(5), Duration::from_millis(50)),
        ..RedisOptions::new(url)
    }
}

fn open(options: RedisOptions) -> RedisBus {
    let signer = StreamSigner::new(HmacKey::from_bytes(b"the key of these tests"));
    RedisBus::open(system_world(), signer, options).expect("a usable address")
}

fn revocation(record: &str) -> Vec<Fields> {
    vec![Fields::new().with("zone_id", "zone-1").with("session_id", record)]
}

async fn tell(server: &Redis, words: &[&str]) {
    let client = redis::Client::open(server.url()).expect("an address");
    let mut raw = client
        .get_multiplexed_async_connection()
        .await
        .expect("a connection");
    redis::cmd(words[0])
        .arg(&words[1..])
        .query_async::<()>(&mut raw)
        .await
        .expect("it is done");
}

/// Tries until it works; a machine that is busy has as long as it needs, within reason.
async fn in_the_end<T, E: std::fmt::Debug>(mut attempt: impl AsyncFnMut() -> Result<T, E>) -> T {
    for _ in 0..300 {
        match attempt().await {
            Ok(answer) => return answer,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    attempt().await.expect("it works again by itself")
}

#[tokio::test]
async fn a_frozen_connection_is_replaced_while_new_ones_pass() {
    let server = Redis::in_memory();
    let way = FaultProxy::to(address(&server)).await;
    let options = options(&format!("redis://{}", way.address()));
    let bus = open(options.clone());
    let store = RedisShortLived::open(system_world(), &options).expect("a usable address");
    let mut consumer = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .expect("a group");
    bus.append(Topic::SessionsRevoke, revocation("before"))
        .await
        .expect("a way");
    store
        .hit("rl:z:r:a", 5, Duration::from_mins(1))
        .await
        .expect("a way");
    way.fail(Fault::Frozen);
    assert!(
        bus.append(Topic::SessionsRevoke, revocation("frozen"))
            .await
            .is_err(),
        "nobody answers"
    );
    in_the_end(async || bus.ping().await).await;
    in_the_end(async || bus.append(Topic::SessionsRevoke, revocation("after")).await).await;
    in_the_end(async || store.hit("rl:z:r:a", 5, Duration::from_mins(1)).await).await;
    in_the_end(async || consumer.next(1, Duration::ZERO).await).await;
}

/// As a probe does, which must answer before a command would fail: nothing else may be asked for as long as it says no.
#[tokio::test]
async fn a_frozen_connection_is_replaced_for_those_who_do_not_wait_for_its_end() {
    let server = Redis::in_memory();
    let way = FaultProxy::to(address(&server)).await;
    let url = format!("redis://{}", way.address());
    let bus = open(RedisOptions {
        timeout: Duration::from_mins(5),
        ..options(&url)
    });
    bus.ping().await.expect("a way");
    way.fail(Fault::Frozen);
    let probe = async || tokio::time::timeout(Duration::from_millis(600), bus.ping()).await;
    assert!(probe().await.is_err(), "nobody answers");
    in_the_end(async || probe().await.map_err(drop)?.map_err(drop)).await;
}

#[tokio::test]
async fn a_primary_that_became_a_replica_is_not_ready_and_is_left_for_its_successor() {
    let (old, new) = (Redis::in_memory(), Redis::in_memory());
    let way = FaultProxy::to(address(&old)).await;
    let options = options(&format!("redis://{}", way.address()));
    let bus = open(options.clone());
    let store = RedisShortLived::open(system_world(), &options).expect("a usable address");
    bus.ping().await.expect("a primary");
    store.generation().await.expect("a primary");
    let port = address(&new).port().to_string();
    tell(&old, &["REPLICAOF", "127.0.0.1", &port]).await;
    let refused = bus.ping().await.expect_err("it answers and may not write");
    assert!(refused.to_string().contains("ReadOnly"), "{refused}");
    assert!(
        bus.append(Topic::SessionsRevoke, revocation("lost"))
            .await
            .is_err()
    );
    let soon = Timestamp::from_micros(system_world().now().as_micros() + 60_000_000);
    assert!(
        store.claim("seen:jti:1", soon).await.is_err(),
        "no use is believed"
    );
    // The address follows the primary; the old server lives on and keeps its connections.
    way.lead_to(address(&new));
    in_the_end(async || bus.ping().await).await;
    in_the_end(async || bus.append(Topic::SessionsRevoke, revocation("kept")).await).await;
    let first = in_the_end(async || store.claim("seen:jti:2", soon).await).await;
    assert!(first);
}

#[tokio::test]
async fn a_server_that_was_a_replica_for_a_while_has_another_memory_whoever_looked_meanwhile() {
    let server = Redis::in_memory();
    let options = options(&server.url());
    let store = RedisShortLived::open(system_world(), &options).expect("a usable address");
    let soon = Timestamp::from_micros(system_world().now().as_micros() + 60_000_000);
    let before = store.generation().await.expect("a primary");
    // Nobody touches it meanwhile: the next look tells, by its readiness alone.
    tell(&server, &["REPLICAOF", "127.0.0.1", "1"]).await;
    tell(&server, &["REPLICAOF", "NO", "ONE"]).await;
    in_the_end(async || store.check().await).await;
    let unseen = store.generation().await.expect("a primary again");
    assert_ne!(before, unseen);
    // Whoever is dialled anew by a replica has no memory of it, though the marker is there to be read.
    tell(&server, &["REPLICAOF", "127.0.0.1", "1"]).await;
    for _ in 0..3 {
        assert!(store.claim_of("z", &unseen, "seen:jti:1", soon).await.is_err());
        assert!(store.check().await.is_err(), "a replica is not ready");
    }
    tell(&server, &["REPLICAOF", "NO", "ONE"]).await;
    let claim = in_the_end(async || store.claim_of("z", &unseen, "seen:jti:1", soon).await).await;
    assert_eq!(claim, Claim::Forgotten);
}

#[tokio::test]
async fn a_server_without_memory_is_not_ready_until_it_has_some() {
    let server = Redis::in_memory();
    let bus = open(options(&server.url()));
    let store = RedisShortLived::open(system_world(), &options(&server.url())).expect("a usable address");
    bus.ping().await.expect("a server");
    store.generation().await.expect("a server");
    tell(&server, &["CONFIG", "SET", "maxmemory", "1"]).await;
    let refused = bus.ping().await.expect_err("it takes nothing");
    assert!(refused.to_string().contains("OOM"), "{refused}");
    assert!(store.hit("rl:z:r:a", 5, Duration::from_mins(1)).await.is_err());
    tell(&server, &["CONFIG", "SET", "maxmemory", "0"]).await;
    in_the_end(async || bus.ping().await).await;
    in_the_end(async || store.hit("rl:z:r:a", 5, Duration::from_mins(1)).await).await;
}

#[tokio::test]
async fn a_subscription_of_a_server_that_takes_no_writes_is_out_of_sync_and_tells_a_gap_when_it_does_again() {
    let server = Redis::in_memory();
    let bus = open(options(&server.url()));
    let mut subscription = bus.subscribe(&[Topic::SessionsRevoke]).await.expect("a server");
    let in_sync = subscription.in_sync();
    let listening = tokio::spawn(async move {
        // A gap is told at its end, when storage is worth reading.
        loop {
            match subscription.next().await {
                Err(BusError::Gap(_)) => return subscription,
                Err(_) => {}
                Ok(entries) => panic!("nobody published {entries:?}"),
            }
        }
    });
    in_the_end(async || in_sync.is_set().then_some(()).ok_or("not yet")).await;
    tell(&server, &["CONFIG", "SET", "maxmemory", "1"]).await;
    in_the_end(async || (!in_sync.is_set()).then_some(()).ok_or("still in sync")).await;
    assert!(
        bus.append(Topic::SessionsRevoke, revocation("unheard"))
            .await
            .is_err(),
        "nobody can publish"
    );
    assert!(
        !listening.is_finished(),
        "no gap is told while nobody can publish"
    );
    tell(&server, &["CONFIG", "SET", "maxmemory", "0"]).await;
    let mut subscription = listening.await.expect("a gap");
    assert!(!in_sync.is_set(), "not before storage was read");
    bus.append(Topic::SessionsRevoke, revocation("heard"))
        .await
        .expect("it takes writes again");
    assert_eq!(subscription.next().await.expect("an entry").1.len(), 1);
}

/// An ACL user with this rule, and the address to log in with it.
async fn user(server: &Redis, rule: &str) -> String {
    let mut words = vec!["ACL", "SETUSER", "caracal", "reset", "on", ">secret"];
    words.extend(rule.split(' '));
    tell(server, &words).await;
    server.url().replace("redis://", "redis://caracal:secret@")
}

#[tokio::test]
async fn the_documented_acl_user_may_do_all_that_is_needed() {
    let server = Redis::in_memory();
    let options = options(&user(&server, &access::acl_rule()).await);
    let bus = open(options.clone());
    assert_eq!(bus.preflight().await.expect("a login that will do"), None);
    let store = RedisShortLived::open(system_world(), &options).expect("a usable address");
    let mut subscription = bus.subscribe(&[Topic::SessionsRevoke]).await.expect("allowed");
    let mut consumer = bus
        .consume(Topic::AuditEvents, "audit-ingestor", "c")
        .await
        .expect("allowed");
    bus.append(Topic::SessionsRevoke, revocation("ar-1"))
        .await
        .expect("allowed");
    assert_eq!(subscription.next().await.expect("allowed").1.len(), 1);
    bus.wait_in_sync(Duration::from_millis(50)).await;
    let frame = |id: &str| Fields::new().with("id", id).with("data", "{}");
    let receipt = bus
        .append_evidence(vec![frame("1"), frame("2")])
        .await
        .expect("allowed")
        .expect("a receipt");
    let taken = consumer.next(2, Duration::from_secs(5)).await.expect("allowed");
    consumer.ack(&[taken[0].id.clone()]).await.expect("allowed");
    consumer.dead_letter(&taken[1], "a test").await.expect("allowed");
    bus.arrival(&[receipt]).await.expect("allowed");
    bus.trim().await.expect("allowed");
    bus.len(Topic::AuditEvents).await.expect("allowed");
    let letters = bus
        .dead_letters(Topic::AuditEvents, None, 10)
        .await
        .expect("allowed");
    bus.remove_dead_letters(Topic::AuditEvents, &[letters[0].id.clone()])
        .await
        .expect("allowed");
    bus.ping().await.expect("allowed");
    // Every counter, by the beginning of its keys: one that is out of reach lets everything pass.
    for (beginning, _) in access::KEYS {
        let key = format!("{beginning}:test");
        store.hit(&key, 5, Duration::from_mins(1)).await.expect("allowed");
    }
    let soon = Timestamp::from_micros(system_world().now().as_micros() + 60_000_000);
    assert!(store.claim("seen:jti:1", soon).await.expect("allowed"));
    let log: Vec<redis::Value> = {
        let client = redis::Client::open(server.url()).expect("an address");
        let mut raw = client
            .get_multiplexed_async_connection()
            .await
            .expect("a connection");
        redis::cmd("ACL")
            .arg("LOG")
            .query_async(&mut raw)
            .await
            .expect("a log")
    };
    assert!(log.is_empty(), "something was refused: {log:?}");
}

#[tokio::test]
async fn a_login_that_cannot_reach_the_counters_is_turned_down_at_the_first_look() {
    let server = Redis::in_memory();
    for missing in ["~coordinator:*", "~api:*", "~rl:*"] {
        let rule = access::acl_rule().replace(missing, "");
        let rule: Vec<&str> = rule.split_whitespace().collect();
        let bus = open(options(&user(&server, &rule.join(" ")).await));
        let refused = bus.preflight().await;
        assert!(
            matches!(&refused, Err(RedisUnusable::Login(why)) if why.contains(&missing[1..])),
            "{missing}: {refused:?}"
        );
    }
}

#[test]
fn the_handbook_has_the_rule_and_the_keys_of_the_table() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/operate/redis.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let rule = format!("ACL SETUSER caracal on >PASSWORD {}", access::acl_rule());
    let one_line = page.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(one_line.contains(&rule), "the page should have:\n{rule}");
    for (beginning, holds) in access::KEYS {
        let row = format!("| `{beginning}*` | {holds} |");
        assert!(page.contains(&row), "the page should have:\n{row}");
    }
}
