//! Messages that the relay put aside are listed and put back by command.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use caracal_core::{AuthorityRecordId, ZoneId};
use caracal_crypto::system_world;
use caracal_events::OutboxQueue as _;
use caracal_storage::{Access, OutboxMessage, Store as _};
use caracal_storage_sql::{SqlOutboxQueue, SqliteStore};
use caracal_testkit::deployed::{Daemon, Finished};
use caracal_wire::events::SessionRevoked;
use serde_json::Value;

async fn run(home: &Path, arguments: &[&str]) -> Finished {
    let daemon = Daemon::embedded(home).program(env!("CARGO_BIN_EXE_caracald"));
    daemon.run(&[&["outbox"], arguments].concat()).await
}

/// Ids of what `list` prints.
async fn listed(home: &Path) -> BTreeSet<String> {
    let finished = run(home, &["list"]).await;
    let lines = finished.assert_good().stdout.lines();
    let id = |line: &str| {
        let told: Value = serde_json::from_str(line).unwrap();
        assert_eq!(told["error"], "malformed", "{line}");
        told["id"].as_str().unwrap().to_owned()
    };
    lines.map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_relay_put_aside_is_listed_and_put_back_once() {
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let world = system_world();
    let store = SqliteStore::open(&home.join("caracal.db"), None, world.now())
        .await
        .unwrap();
    let store = Arc::new(store);
    let queue = SqlOutboxQueue::new(store.clone(), world.clone());
    let zone = ZoneId::generate(&world);
    let message = || {
        let mut revoked = SessionRevoked::new(zone.clone(), String::from("test"));
        revoked.session_id = Some(AuthorityRecordId::generate(&world));
        OutboxMessage::of(&world, &revoked).unwrap()
    };
    let messages = [message(), message(), message()];
    let mut work = store.zone(&zone, Access::Write).await.unwrap();
    work.outbox().append(&messages).await.unwrap();
    work.commit().await.unwrap();
    for aside in &messages[..2] {
        queue.mark_dead(&aside.id, "malformed").await.unwrap();
    }
    let [first, second, waiting] = messages.map(|message| message.id);

    assert_eq!(
        listed(home).await,
        BTreeSet::from([first.clone(), second.clone()])
    );
    let refused = run(home, &["requeue"]).await;
    assert_eq!(refused.code, Some(2), "{refused:#?}");
    let back = run(home, &["requeue", &first, &waiting]).await;
    assert_eq!(back.code, Some(1), "one was in line already: {back:#?}");
    assert_eq!(listed(home).await, BTreeSet::from([second]));
    run(home, &["requeue", "--all"]).await.assert_good();
    assert_eq!(listed(home).await, BTreeSet::new());
    let stats = queue.pending().await.unwrap();
    assert_eq!((stats.pending, stats.dead), (3, 0));
}
