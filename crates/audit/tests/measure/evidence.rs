//! What the evidence of governed calls costs by itself: recorded, spooled, on the bus, in the ledger, in its tree and
//! under a published checkpoint. Nothing else happens in the process, so its CPU time is that of evidence.

use std::{sync::Arc, time::Duration};

use caracal_audit::{AuditDeps, Checkpoints, Directory, IngestHealth, Packing};
use caracal_bench::{es256, process::cpu_time};
use caracal_core::ZoneId;
use caracal_crypto::system_world;
use caracal_ledger::log_keys::LogKeys;
use caracal_service::{
    background::Background,
    bearers::Bearers,
    known_tokens::KnownTokens,
    tail::{TailLimits, Tails},
};
use caracal_storage::Access;
use caracal_testkit::parts::{Parts, PartsOptions};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::calls::Calls;

/// Calls of a pass of the clock.
const TICK: Duration = Duration::from_millis(2);

pub(crate) async fn measure(count: usize, rate: usize) {
    let world = system_world();
    let limit = es256::measure(&world, Duration::from_secs(1)).unwrap();
    let parts = Parts::with(PartsOptions {
        world: world.clone(),
        follow: false,
        collect: false,
        spool_bytes: 1 << 30,
        ..PartsOptions::default()
    })
    .await;
    let directory = Directory::open(&parts.directory().join("checkpoints")).unwrap();
    let checkpoints = std::sync::Arc::new(Checkpoints::new(
        parts.store.clone(),
        world.clone(),
        Some(parts.audit_key.clone()),
        LogKeys::derive("audit.example", &[1; 32], None).unwrap(),
        Some(directory),
        Vec::new(),
    ));
    let background = Background::on_thread("evidence").unwrap();
    let stop = CancellationToken::new();
    let deps = AuditDeps {
        world: world.clone(),
        store: parts.store.clone(),
        bus: parts.bus.clone(),
        audit_keys: Some(parts.audit_key.clone()),
        admin_tokens: Bearers::default(),
        limits: Arc::new(caracal_audit::limits(
            parts.short_lived.clone(),
            world.clone(),
            60,
        )),
        known_tokens: Arc::new(KnownTokens::of_people()),
        consumer: String::from("measure"),
        checkpoints: Some(checkpoints.clone()),
        tails: Tails::new(TailLimits::default(), stop.clone()),
        packing: Packing::default(),
        background: background.clone(),
        health: Arc::new(IngestHealth::default()),
    };
    let _ingest = background.spawn(caracal_audit::run(deps, stop.clone()));
    let _publisher = background.spawn(caracal_audit::publish(checkpoints, stop.clone()));

    let zone = ZoneId::generate(&world);
    let mut calls = Calls::new(&world, &zone);
    let made: Vec<_> = (0..count).map(|_| calls.next()).collect();
    let cpu = || cpu_time(std::process::id()).unwrap();
    let (before, begun) = (cpu(), Instant::now());
    let mut left = made.as_slice();
    let mut due = begun;
    while !left.is_empty() {
        let (now, later) = left.split_at(left.len().min((rate * 2).div_ceil(1000).max(1)));
        for [mint, used, outcome] in now {
            // As they come: one by one, each before its answer.
            for event in [mint, used, outcome] {
                parts
                    .spool
                    .append_async(std::slice::from_ref(event))
                    .await
                    .unwrap();
            }
        }
        left = later;
        due += TICK;
        tokio::time::sleep_until(due).await;
    }
    let wanted = 3 * count as u64;
    loop {
        let mut work = parts.store.zone(&zone, Access::Read).await.unwrap();
        if work.ledger().head().await.unwrap().size == wanted {
            break;
        }
        drop(work);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    // The last checkpoint.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let each = cpu().saturating_sub(before).as_secs_f64() * 1e6 / count as f64;
    let crypto = limit.es256_sign_us + limit.es256_verify_us;
    println!(
        "{count} calls at {rate} a second: {each:.1} µs of CPU for the evidence of each, {:.2} of an ES256 signature and \
         verification ({limit})",
        each / crypto
    );
    stop.cancel();
}
