//! Many zones, behind a PostgreSQL that is far away.

use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use caracal_core::{KeyId, Secret, World, ZoneId};
use caracal_crypto::zone_key::SigningKey;
use caracal_storage::Store;
use caracal_storage_sql::{PostgresOptions, PostgresStore};
use caracal_testkit::{fault_proxy::FaultProxy, postgres::Postgres};
use futures_util::future::join_all;

use super::super::{ZoneContents, ZoneDirectory};
use crate::revocation::Revocations;

/// Zones that a Gateway knows, as rows, each with a real key.
fn many(postgres: &Postgres, database: &str, zones: usize, point: &[u8]) {
    let point = hex::encode(point);
    postgres.sql(
        database,
        &format!(
            "INSERT INTO zones (id, name, slug, dcr_enabled, operator_coauthor_badge, operator_governed, \
                created_via_operator, created_at, updated_via_operator) \
             SELECT 'zone-' || n, 'zone', 'zone-' || n, FALSE, FALSE, FALSE, FALSE, 1, FALSE \
             FROM generate_series(1, {zones}) n; \
             INSERT INTO signing_keys (zone_id, id, version, public_key, envelope, signs_from, created_at) \
             SELECT 'zone-' || n, 'key-' || n, 1, decode('{point}', 'hex'), '', 1, 1 \
             FROM generate_series(1, {zones}) n; \
             INSERT INTO zone_revisions SELECT 'zone-' || n, 1 FROM generate_series(1, {zones}) n"
        ),
    );
}

/// Keeps `zones` zones recent behind a PostgreSQL that is 2 ms away each way.
async fn many_zones_stay_recent(zones: usize) {
    let world = World::for_tests();
    let postgres = tokio::task::spawn_blocking(Postgres::start).await.unwrap();
    let database = postgres.create_database();
    let near = postgres.url(&database);
    let port = near
        .split(['@', '/'])
        .find_map(|part| part.strip_prefix("127.0.0.1:"))
        .unwrap();
    let target: SocketAddr = format!("127.0.0.1:{port}").parse().unwrap();
    let way = FaultProxy::far(target, Duration::from_millis(2)).await;
    let far = near.replace(&target.to_string(), &way.address().to_string());
    let options = PostgresOptions::new(Secret::new(far.as_str()));
    let store = PostgresStore::connect(options, None).await.unwrap();
    store.migrate(world.now()).await.unwrap();
    let key = SigningKey::generate(&world, KeyId::generate(&world)).unwrap();
    many(&postgres, &database, zones, key.verifying_key().point());
    let store: Arc<dyn Store> = Arc::new(store);
    let directory = ZoneDirectory::reaching(store.clone(), world.clone(), ZoneContents::PublicKeys);
    let revocations = Revocations::new(world.clone());
    let ids: Vec<ZoneId> = (1..=zones)
        .map(|n| ZoneId::parse(&format!("zone-{n}")).unwrap())
        .collect();
    for chunk in ids.chunks(50) {
        for state in join_all(chunk.iter().map(|id| directory.zone(id))).await {
            state.unwrap();
        }
    }

    // Nothing changed: as many statements as there are thousands of zones, times what a transaction takes.
    world.manual_clock().advance(Duration::from_mins(1));
    let (before, began) = (store.statements(), Instant::now());
    directory.refresh().await;
    let statements = store.statements() - before;
    println!(
        "{zones} zones compared with {statements} statements in {:?}",
        began.elapsed()
    );
    assert!(
        statements <= 5 * (zones as u64).div_ceil(1000),
        "{statements} statements"
    );
    world.manual_clock().advance(Duration::from_mins(1));
    assert!(
        directory.in_memory(&ids[0]).is_some(),
        "confirmed, so still recent"
    );

    // Everything changed at once: revocations are read meanwhile, again and again.
    postgres.sql(&database, "UPDATE zone_revisions SET revision = revision + 1");
    let began = Instant::now();
    let mut reads = 0;
    let mut refresh = std::pin::pin!(directory.refresh());
    loop {
        tokio::select! {
            biased;
            () = &mut refresh => break,
            read = revocations.reload(store.as_ref()) => {
                read.unwrap();
                assert!(revocations.is_fresh());
                reads += 1;
            }
        }
    }
    println!(
        "{zones} changed zones read in {:?}, revocations {reads} times meanwhile",
        began.elapsed()
    );
    assert!(reads > 0, "revocations waited for zones");
    world.manual_clock().advance(Duration::from_mins(1));
    assert!(ids.iter().all(|id| directory.in_memory(id).is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_zones_far_from_their_storage_stay_recent_and_hold_up_no_revocation() {
    many_zones_stay_recent(500).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute"]
async fn ten_thousand_zones_far_from_their_storage_stay_recent_and_hold_up_no_revocation() {
    many_zones_stay_recent(10_000).await;
}
