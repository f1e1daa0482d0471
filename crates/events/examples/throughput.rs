//! Measures the spool and the embedded bus: `cargo run --release -p caracal-events --example throughput`.

use std::{sync::Arc, time::Instant};

use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, system_world};
use caracal_events::{
    Bus, EmbeddedBus, Fields, ReplayStore, Spool, SpoolDrainer, StreamSigner, SyncMode, Topic,
    shortlived::{MemoryOptions, MemoryShortLived},
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

type Failure = Box<dyn std::error::Error>;

const EVENTS: u32 = 100_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let dir = std::env::args()
        .nth(1)
        .ok_or("usage: throughput <directory on the disk to measure>")?;
    let key = HmacKey::from_bytes(b"a key for measuring, nothing else");
    let world = system_world();
    let event = AuditEvent::new(
        &world,
        ZoneId::parse("zone-1")?,
        "token_exchange",
        "req-1",
        "allow",
    )
    .with_metadata(&serde_json::json!({
        "application_id": "0197f3a0-0000-7000-8000-000000000001",
        "application_name": "planner",
        "resource": "https://api.example.com/orders",
        "requested_scopes": ["orders:read", "orders:write"],
        "session_id": "0197f3a0-0000-7000-8000-000000000002",
        "agent_session_id": "0197f3a0-0000-7000-8000-000000000003",
        "subject_kind": "user",
    }));
    let mode = SyncMode::Interval(Duration::from_millis(100));
    let spool = Spool::open(&dir, mode, key.clone(), 1 << 30)?;
    report("spool append, one event", EVENTS, || {
        Ok(spool.append(std::slice::from_ref(&event))?)
    })?;
    let four = vec![event.clone(); 4];
    report("spool append, four events", EVENTS / 4, || {
        Ok(spool.append(&four)?)
    })?;

    let bus = EmbeddedBus::in_memory(world.clone(), StreamSigner::new(key.clone()));
    let mut ledger = bus.consume(Topic::AuditEvents, "audit-ingestor", "c").await?;
    let shutdown = CancellationToken::new();
    let drainer = tokio::spawn(SpoolDrainer::run(
        spool.clone(),
        Arc::new(bus.clone()),
        key,
        shutdown.clone(),
    ));
    let (start, mut drained) = (Instant::now(), 0);
    while drained < 2 * EVENTS as usize {
        let batch = ledger.next(1_000, Duration::from_secs(5)).await?;
        drained += batch.len();
        let ids: Vec<String> = batch.into_iter().map(|entry| entry.id).collect();
        ledger.ack(&ids).await?;
    }
    rate("spool drained and acknowledged", drained, start);
    shutdown.cancel();
    drainer.await?;

    let mut subscription = bus.subscribe(&[Topic::SessionsRevoke]).await?;
    let (start, mut seen, rounds) = (Instant::now(), 0, 1_000);
    for _ in 0..rounds {
        let entry = Fields::new()
            .with("zone_id", "zone-1")
            .with("session_id", "ar-1")
            .with("reason", "r");
        bus.append(Topic::SessionsRevoke, vec![entry; 100]).await?;
        while seen < 100 {
            seen += subscription.next().await?.1.len();
        }
        seen = 0;
    }
    rate("embedded bus, signed, appended and verified", rounds * 100, start);

    let options = MemoryOptions {
        replay_dir: Some(format!("{dir}/replay").into()),
        ..Default::default()
    };
    let store = MemoryShortLived::open(world.clone(), options)?;
    let until = world.now().plus(Duration::from_mins(5));
    let start = Instant::now();
    for number in 0..EVENTS {
        store.claim(&format!("seen:jti:{number}"), until).await?;
    }
    rate("journalled replay claims", EVENTS as usize, start);
    Ok(())
}

fn report(what: &str, times: u32, mut work: impl FnMut() -> Result<(), Failure>) -> Result<(), Failure> {
    let start = Instant::now();
    for _ in 0..times {
        work()?;
    }
    println!("{what}: {:?} per call", start.elapsed() / times);
    Ok(())
}

fn rate(what: &str, count: usize, start: Instant) {
    let each = start.elapsed() / u32::try_from(count).unwrap_or(u32::MAX);
    println!("{what}: {:.0} per second", 1.0 / each.as_secs_f64());
}
