//! What the daemon exports on its own is verified without its database, and a changed part is told by its name.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use caracal_e2e::{Daemon, Stack};
use serde_json::Value;

use crate::{packs::Log, receipts::run_second_verifier};

/// Tables below a directory.
fn tables(directory: &Path) -> Vec<PathBuf> {
    let mut tables = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            tables.extend(self::tables(&path));
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            tables.push(path);
        }
    }
    tables
}

/// What `audit export` prints, and a changed copy of it, against the checkpoint that was published.
pub(crate) async fn lines_convince_the_second_verifier(
    stack: &Stack,
    directory: &Path,
    published: &Path,
    log: &Log<'_>,
) {
    let kept = directory.join("published-checkpoint");
    let name = format!("ledger/{}", log.zone);
    fs::copy(published.join(&name).join("checkpoint"), &kept).unwrap();
    let printed = stack.caracald(&["audit", "export", "--zone", log.zone]).await;
    let (file, lines) = (directory.join("lines"), &printed.assert_good().stdout);
    let note = fs::read_to_string(&kept).unwrap();
    let of = [
        "--log",
        &name,
        "--origin",
        note.lines().next().unwrap(),
        "--checkpoint",
        kept.to_str().unwrap(),
    ];
    let trusted = directory.join("trusted");
    let paths = [&file, &kept, &trusted].map(|path| path.display().to_string());
    let [lines_file, checkpoint, trusted] = paths.each_ref().map(String::as_str);
    let ours = [
        "audit",
        "verify",
        "--export",
        lines_file,
        "--trust",
        trusted,
        "--witnesses",
        "1",
        "--checkpoint",
        checkpoint,
    ];
    // No deployment is configured.
    let stranger = Daemon::default();
    let verify = async |lines: &str| {
        fs::write(&file, lines).unwrap();
        let theirs = run_second_verifier("export", &file, &of, log.deployed, log.witness);
        let ours = stranger.run(&ours).await;
        assert_eq!(theirs.status.code(), ours.code, "{theirs:?} {ours:#?}");
        (ours.code, ours.stdout)
    };
    assert_eq!(verify(lines).await.0, Some(0));
    let (code, said) = verify(&lines.replacen("\"allow\"", "\"deny\"", 1)).await;
    assert_eq!(code, Some(1));
    assert!(
        said.contains("DOES NOT HOLD") && said.contains("entry "),
        "{said}"
    );
    let (_, cut) = lines.split_once('\n').unwrap();
    let (code, said) = verify(cut).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("entry 1 stands where 0 is expected"), "{said}");
}

/// The export of a stack of whose `zone` there are events, into `directory`, with the file of trusted keys.
pub(crate) async fn hold_without_the_database(stack: &Stack, directory: &Path, trusted: &Path, zone: &str) {
    let of_zone = directory.join(format!("zone={zone}"));
    let end = Instant::now() + Duration::from_mins(1);
    let table = loop {
        if let Some(table) = tables(&of_zone).pop() {
            break table;
        }
        assert!(
            Instant::now() < end,
            "nothing was exported: {}",
            stack.log().await
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    // What is written during the verification must not count, so it has a copy.
    let copy = tempfile::tempdir().unwrap();
    let part = copy.path().join(table.strip_prefix(directory).unwrap());
    let name = table.file_stem().unwrap().to_str().unwrap();
    let record = format!("_{name}.json");
    fs::create_dir_all(part.parent().unwrap()).unwrap();
    fs::copy(&table, &part).unwrap();
    fs::copy(table.with_file_name(&record), part.with_file_name(&record)).unwrap();

    // No deployment is configured.
    let stranger = Daemon::default();
    let [copied, trusted] = [copy.path(), trusted].map(|path| path.display().to_string());
    let verify = [
        "audit", "verify", "--export", &copied, "--trust", &trusted, "--json",
    ];
    let holds = stranger.run(&verify).await;
    let said: Value = serde_json::from_str(&holds.assert_good().stdout).unwrap();
    assert_eq!(said["holds"], true, "{said}");
    let found = &said["zones"][0];
    assert_eq!(
        (&found["zone"], &found["parts"]),
        (&Value::from(format!("zone={zone}")), &Value::from(1))
    );
    assert!(found["to"].as_u64() > found["from"].as_u64(), "{said}");
    let mut bytes = fs::read(&part).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, bytes).unwrap();
    let found = stranger.run(&verify[..6]).await;
    assert_eq!(found.code, Some(1), "{found:#?}");
    assert!(
        found.stdout.contains("DOES NOT HOLD") && found.stdout.contains(name),
        "{found:#?}"
    );
}
