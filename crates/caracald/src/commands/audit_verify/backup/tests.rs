use std::{fs, io::Write as _, path::PathBuf};

use caracal_audit::{KeptHeads, verify_evidence};
use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_crypto::{AgeWriter, HmacKey, OsRandom, system_world};
use caracal_storage::{Access, LedgerEntry, Store as _};
use caracal_storage_sql::SqliteStore;

use super::*;
use crate::wire;

const RECIPIENT: &str = "age1d4lq2yzth3etl84y3l8x6y0278hu4m2553d74cu0zempq7fvmcgqqmmsqr";
const IDENTITY: &str = "AGE-SECRET-KEY-1WQYMY6VK86SQMWYGSNY5QK3JVG2TRPL79HPGEN7SN0PVV8JMPLSQV53LX0";

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
    let unpacked = Unpacked::open(&file, None).unwrap();
    let place = unpacked.0.path().to_owned();
    assert!(place.join("secrets/auditHmacKey").exists());
    assert!(!place.join("secrets/secretStoreKek").exists());
    assert!(holds(&unpacked).await);
    drop(unpacked);
    assert!(!place.exists());

    let second = TempDir::new().unwrap();
    let file = backup(second.path(), key, other).await;
    assert!(
        !holds(&Unpacked::open(&file, None).unwrap()).await,
        "the ends are keyed"
    );

    let none = second.path().join("none.tar");
    tar::Builder::new(File::create(&none).unwrap()).finish().unwrap();
    let refused = Unpacked::open(&none, None).map(|_| ()).unwrap_err();
    assert!(format!("{refused:#}").contains("is no backup"), "{refused:#}");
    let left = fs::read_dir(second.path()).unwrap().flatten();
    assert!(
        !left
            .into_iter()
            .any(|left| left.file_name().to_string_lossy().starts_with(".caracal-verify"))
    );
}

fn refused(file: &Path, identity: Option<&Path>, why: &str) {
    let refused = Unpacked::open(file, identity).map(|_| ()).unwrap_err();
    assert!(format!("{refused:#}").contains(why), "{refused:#}");
    let left = fs::read_dir(file.parent().unwrap()).unwrap().flatten();
    let unpacked = left
        .map(|left| left.file_name().to_string_lossy().into_owned())
        .find(|name| name.starts_with(".caracal-verify"));
    assert_eq!(unpacked, None);
}

#[tokio::test]
async fn an_encrypted_backup_is_verified_by_whoever_has_its_key_and_only_as_a_whole() {
    let directory = TempDir::new().unwrap();
    let key = "6c1f0e9d4b7a28355e90c3d2f1a4b687990d3c5e7f2b184a6d8e0f1c2b3a4958";
    let plain = backup(directory.path(), key, key).await;
    let path = |name: &str| directory.path().join(name);
    let (identity, none, sealed) = (path("identity"), path("none"), path("backup.tar.age"));
    fs::write(&identity, IDENTITY).unwrap();
    fs::write(&none, "# no key\n").unwrap();
    let recipients = [RECIPIENT.parse().unwrap()];
    let mut writer = AgeWriter::new(File::create(&sealed).unwrap(), &recipients, &OsRandom).unwrap();
    writer.write_all(&fs::read(&plain).unwrap()).unwrap();
    // Behind the end of the archive, so that what is cut off there is no part of any member.
    writer.write_all(&vec![0; 256 * 1024]).unwrap();
    writer.finish().unwrap();

    refused(&sealed, None, "name the file with the key");
    refused(&plain, Some(&identity), "is not encrypted");
    refused(&sealed, Some(&none), "no identity of age");
    refused(&sealed, Some(&path("nowhere")), "--identity: ");
    let whole = fs::read(&sealed).unwrap();
    let cut = path("cut.tar.age");
    fs::write(&cut, &whole[..whole.len() - 100_000]).unwrap();
    refused(&cut, Some(&identity), "changed or cut short");

    assert!(holds(&Unpacked::open(&sealed, Some(&identity)).unwrap()).await);
}
