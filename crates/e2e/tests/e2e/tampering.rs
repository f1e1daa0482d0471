//! What somebody with the database, but without the audit key, can do to evidence, and that `audit verify` finds it.

use std::{fs, process::Command};

use caracal_e2e::{Call, Deployment, Finished, Fixture, READ, Stack, on_every_deployment};
use serde_json::Value;

use crate::support::assert_passed;

on_every_deployment!(
    a_changed_ledger_is_found_out,
    an_older_state_put_back_is_found_by_the_heads_kept_elsewhere
);

pub(crate) const VERIFY: [&str; 3] = ["audit", "verify", "--json"];
/// Where evidence is, wherever there is any.
const TABLES: [&str; 5] = [
    "evidence_logs",
    "evidence_blocks",
    "evidence_terms",
    "evidence_tiles",
    "audit_chains",
];

/// Where it may be besides.
const PRUNED: &str = "evidence_prunes";

/// Runs a Python program over the database file, as somebody with access to the disk could.
fn python(stack: &Stack, program: &str, argument: &str) {
    let database = stack.home().join("caracal.db");
    let output = Command::new("python3")
        .args(["-c", program])
        .arg(database)
        .arg(argument)
        .output();
    let output = output.expect("python3 runs");
    assert!(
        output.status.success(),
        "{argument}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Changes rows, triggers out of the way.
const TAMPER: &str = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
triggers = database.execute(\"select name, sql from sqlite_master where type = 'trigger'\").fetchall()
for name, _ in triggers:
    database.execute(f'drop trigger {name}')
changed = database.execute(sys.argv[2]).rowcount
for _, sql in triggers:
    database.execute(sql)
database.commit()
sys.exit(0 if changed > 0 else f'{changed} rows changed')";

/// Saves the database to another file, or puts it back, journal included.
const SAVE: &str = "import sqlite3, sys
sqlite3.connect(sys.argv[1]).backup(sqlite3.connect(sys.argv[2]))";
const RESTORE: &str = "import sqlite3, sys
sqlite3.connect(sys.argv[2]).backup(sqlite3.connect(sys.argv[1]))";

/// Evidence as it was, with whatever access to its storage gives.
pub(crate) struct Kept<'s> {
    stack: &'s Stack,
    name: &'static str,
}

impl<'s> Kept<'s> {
    pub(crate) fn of(stack: &'s Stack, name: &'static str) -> Self {
        let this = Self { stack, name };
        if stack.deployment() == Deployment::Embedded {
            python(stack, SAVE, &this.file());
        } else {
            for table in TABLES.into_iter().chain([PRUNED]) {
                let sql = format!("CREATE TABLE {name}_{table} AS SELECT * FROM {table}");
                stack.production().sql(&sql);
            }
        }
        this
    }

    fn file(&self) -> String {
        self.stack.home().join(self.name).display().to_string()
    }

    pub(crate) fn restore(&self) {
        if self.stack.deployment() == Deployment::Embedded {
            python(self.stack, RESTORE, &self.file());
            return;
        }
        let name = self.name;
        for table in TABLES.into_iter().chain([PRUNED]) {
            let sql = format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM {name}_{table}");
            self.stack.production().sql(&sql);
        }
    }
}

/// Changes at least one row.
pub(crate) fn tamper(stack: &Stack, sql: &str) {
    if stack.deployment() == Deployment::Embedded {
        python(stack, TAMPER, sql);
    } else {
        let sql = format!("WITH changed AS ({sql} RETURNING 1) SELECT count(*) FROM changed");
        assert_ne!(stack.production().sql(&sql), "0", "{sql}");
    }
}

/// A zone with `calls` governed calls, all of them in the ledger.
async fn used(stack: &Stack, calls: usize) -> Fixture<'_> {
    let fixture = Fixture::set_up(stack).await;
    call(&fixture, "call", calls).await;
    fixture
}

async fn call(fixture: &Fixture<'_>, name: &str, calls: usize) {
    let agent = fixture.agent().await;
    for number in 0..calls {
        let mandate = fixture.mandate(&agent, READ).await;
        let id = format!("{name}-{number}");
        let call = Call {
            request_id: Some(&id),
            ..Call::default()
        };
        assert_passed(&fixture.call_with(&mandate, &call).await);
        fixture.zone.events_of(&id, |events| events.len() >= 2).await;
    }
}

pub(crate) fn report(finished: &Finished) -> Value {
    serde_json::from_str(&finished.stdout).unwrap_or(Value::Null)
}

/// What is done to the log that is filed under `zone`, and the fault that tells of it.
fn attacks_on(zone: &str) -> Vec<(&'static str, Vec<String>)> {
    let log = format!("log = (select number from evidence_logs where zone_id = '{zone}')");
    let place = |which: &str| format!("(select {which}(first_index) from evidence_blocks where {log})");
    let (oldest, newest) = (place("min"), place("max"));
    let change = |set: &str| {
        vec![format!(
            "update evidence_blocks set {set} where {log} and first_index = {newest}"
        )]
    };
    let ours = format!("zone_id = '{zone}'");
    let head = |set: &str| format!("update evidence_logs set {set} where {ours}");
    let cut = format!("delete from evidence_blocks where {log} and first_index >= {newest}");
    let erase_ledger = vec![
        format!("delete from evidence_blocks where {log}"),
        format!("delete from evidence_logs where {ours}"),
    ];
    let and = |mut first: Vec<String>, then: &str| {
        first.push(then.to_owned());
        first
    };
    vec![
        ("copy_mismatch", change("occurred_from = occurred_from + 1")),
        ("copy_mismatch", change("occurred_until = occurred_until - 1")),
        ("copy_mismatch", change("taken_at = taken_at + 1")),
        ("copy_mismatch", change("min_id = 'x'")),
        ("copy_mismatch", change("max_id = '0'")),
        ("copy_mismatch", change("entries = entries + 1")),
        (
            "copy_mismatch",
            vec![format!(
                "insert into evidence_terms select number, 7, 7, 0 from evidence_logs where {ours}"
            )],
        ),
        // As if its events were sealed, which are in no posting.
        ("copy_mismatch", vec![head("sealed = size")]),
        (
            "content_mismatch",
            change(&format!(
                "block = (select block from evidence_blocks where {log} and first_index = {oldest})"
            )),
        ),
        (
            "content_mismatch",
            change("block = (select frontier from evidence_logs limit 1)"),
        ),
        (
            "sequence_gap",
            vec![format!(
                "delete from evidence_blocks where {log} and first_index = {oldest}"
            )],
        ),
        // The newest: nothing comes after it. With the size set back, the root is that of other entries.
        ("wrong_head", vec![cut.clone()]),
        (
            "content_mismatch",
            vec![head(&format!("size = {newest}")), cut.clone()],
        ),
        ("wrong_head_key", vec![head(&format!("size = {newest}")), cut]),
        ("wrong_head_key", vec![head("root_hmac = ''")]),
        (
            "wrong_head_key",
            vec![head("root = substr(root, 2) || substr(root, 1, 1)")],
        ),
        (
            "wrong_head",
            vec![head("root = substr(root, 2) || substr(root, 1, 1)")],
        ),
        (
            "chains_differ",
            vec![
                format!("delete from evidence_blocks where {log}"),
                head("size = 0, root = '', root_hmac = '', number = 0"),
            ],
        ),
        ("chains_differ", erase_ledger.clone()),
        (
            "wrong_chains_key",
            and(
                erase_ledger.clone(),
                "update audit_chains set chains = chains - 1",
            ),
        ),
        ("chains_uncounted", and(erase_ledger, "delete from audit_chains")),
    ]
}

/// What is done to the ledger of a zone, to its administrative records or to everything.
fn attacks(zone: &str) -> Vec<(&'static str, Vec<String>)> {
    let everything = TABLES.map(|table| format!("delete from {table}"));
    // There are no full blocks of so few events.
    let everything = everything
        .into_iter()
        .filter(|sql| !sql.ends_with("terms") && !sql.ends_with("tiles"));
    let mut attacks = attacks_on(zone);
    attacks.extend(attacks_on(&format!("admin/{zone}")));
    attacks.push(("chains_uncounted", everything.collect()));
    attacks
}

async fn a_changed_ledger_is_found_out(stack: &Stack) {
    let fixture = used(stack, 5).await;
    let zone = fixture.zone.id.clone();
    stack.stop().await;
    let whole = report(stack.caracald(&VERIFY).await.assert_good());
    assert_eq!(whole["holds"], true, "{whole:#}");
    let length = |chains: &str| {
        let chains = whole[chains].as_array().expect("chains");
        let ours = chains.iter().find(|chain| chain["zone_id"] == *zone);
        ours.and_then(|chain| chain["entries"].as_u64())
            .expect("a length")
    };
    let (entries, records) = (length("zones"), length("administrative"));
    assert!(entries >= 11 && records >= 3, "{whole:#}");
    assert_eq!(whole["chains"]["faults"], serde_json::json!([]), "{whole:#}");

    let unknown = stack.caracald(&["audit", "verify", "--zone", "nope"]).await;
    assert_eq!(unknown.code, Some(1), "{unknown:#?}");
    let known = stack.caracald(&["audit", "verify", "--zone", &zone]).await;
    known.assert_good();

    let kept = Kept::of(stack, "kept");
    for (fault, statements) in attacks(&zone) {
        for sql in &statements {
            tamper(stack, sql);
        }
        let found = stack.caracald(&VERIFY).await;
        assert_eq!(found.code, Some(1), "{statements:#?}: {found:#?}");
        let report = report(&found);
        assert_eq!(report["holds"], false, "{statements:#?}: {found:#?}");
        assert!(
            found.stdout.contains(&format!("\"{fault}\"")),
            "{statements:#?}: no {fault} in {report:#}"
        );
        kept.restore();
    }
    stack.caracald(&VERIFY).await.assert_good();
}

async fn an_older_state_put_back_is_found_by_the_heads_kept_elsewhere(stack: &Stack) {
    let fixture = used(stack, 1).await;
    let older = Kept::of(stack, "older");
    call(&fixture, "later", 1).await;
    stack.stop().await;
    let newer = Kept::of(stack, "newer");
    let heads = stack.home().join("heads.json");
    fs::write(&heads, &stack.caracald(&VERIFY).await.assert_good().stdout).expect("a file");
    let heads = heads.display().to_string();
    let expecting = ["audit", "verify", "--json", "--expect", heads.as_str()];
    stack.caracald(&expecting).await.assert_good();

    // It once was the whole truth, so nothing inside it can tell.
    older.restore();
    stack.caracald(&VERIFY).await.assert_good();
    let found = stack.caracald(&expecting).await;
    assert_eq!(found.code, Some(1), "{found:#?}");
    assert!(found.stdout.contains("kept_head_missing"), "{found:#?}");
    newer.restore();
    stack.caracald(&expecting).await.assert_good();
}
