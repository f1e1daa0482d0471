use std::{fs, path::PathBuf};

use caracal_audit::{KeptHeads, verify_evidence};
use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, system_world};
use caracal_storage::{Access, LedgerEntry, Store as _};
use caracal_storage_sql::SqliteStore;

use super::*;
use crate::wire;

/// A backup of a ledger that is keyed with `key`, as `caracal backup` writes it.
async fn backup(directory: &Path, key: &str, kept: &str) -> PathBuf {
    let world = system_world();
    let zone = ZoneId::generate(&world);
    let database = directory.join("live.db");
    let keyed = HmacKey::from_hex(key).unwrap();
    let store = SqliteStore::open(&database, Some(keyed), world.now())
        .await
        .unwrap();
    let event = AuditEvent::new(&world, zone.clone(), "token_exchange", "r", "allow");
    let entries = [LedgerEntry::written(&event, None).unwrap()];
    let mut work = store.zone(&zone, Access::Write).await.unwrap();
    work.ledger().append(&entries, world.now()).await.unwrap();
    work.commit().await.unwrap();
    let copy = directory.join("copy.db");
    store.copy_to(&copy).await.unwrap();
    let path = directory.join("backup.tar");
    let mut archive = tar::Builder::new(File::create(&path).unwrap());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, content).unwrap();
    };
    add("secrets/auditHmacKey", b"00");
    // The last of a name counts.
    add("secrets/auditHmacKey", kept.as_bytes());
    add("secrets/secretStoreKek", b"not for a verifier");
    add("caracal.db", &fs::read(copy).unwrap());
    archive.finish().unwrap();
    path
}

async fn holds(backup: &Unpacked) -> bool {
    let config = backup.config().unwrap();
    let (store, key) = Box::pin(wire::ledger(config)).await.unwrap();
    let report = verify_evidence(store.as_ref(), None, key.as_ref(), &KeptHeads::default(), &mut ()).await;
    report.unwrap().unwrap().holds
}

#[tokio::test]
async fn the_ledger_of_a_backup_is_verified_under_its_own_key_and_nothing_is_left() {
    let directory = TempDir::new().unwrap();
    let key = "6c1f0e9d4b7a28355e90c3d2f1a4b687990d3c5e7f2b184a6d8e0f1c2b3a4958";
    let other = "0b9c7d2e5f8a1346c3e1d0f9a8b7c6d5e4f3021827364554637281900a1b2c3d";
    let file = backup(directory.path(), key, key).await;
    let unpacked = Unpacked::open(&file).unwrap();
    let place = unpacked.0.path().to_owned();
    assert!(place.join("secrets/auditHmacKey").exists());
    assert!(!place.join("secrets/secretStoreKek").exists());
    assert!(holds(&unpacked).await);
    drop(unpacked);
    assert!(!place.exists());

    let second = TempDir::new().unwrap();
    let file = backup(second.path(), key, other).await;
    assert!(
        !holds(&Unpacked::open(&file).unwrap()).await,
        "the ends are keyed"
    );

    let none = second.path().join("none.tar");
    tar::Builder::new(File::create(&none).unwrap()).finish().unwrap();
    let refused = Unpacked::open(&none).map(|_| ()).unwrap_err();
    assert!(format!("{refused:#}").contains("is no backup"), "{refused:#}");
    let left = fs::read_dir(second.path()).unwrap().flatten();
    assert!(
        !left
            .into_iter()
            .any(|left| left.file_name().to_string_lossy().starts_with(".caracal-verify"))
    );
}
