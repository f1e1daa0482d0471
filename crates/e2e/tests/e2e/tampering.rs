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
    "audit_events",
    "audit_heads",
    "admin_audit_events",
    "admin_audit_heads",
    "audit_chains",
];

/// Where it may be besides.
const PRUNED: &str = "admin_audit_pruned";

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

/// What is done, and the fault that tells of it.
fn attacks(zone: &str, entries: u64, records: u64) -> Vec<(&'static str, Vec<String>)> {
    let event = format!("zone_id = '{zone}' and chain_seq = {}", entries - 3);
    let change = |set: &str| vec![format!("update audit_events set {set} where {event}")];
    let ours = format!("zone_id = '{zone}'");
    let cut = |ledger: bool, to: u64, tag: &str| {
        let (events, heads, chain) = if ledger {
            ("audit_events", "audit_heads", "zone_id")
        } else {
            ("admin_audit_events", "admin_audit_heads", "chain_key")
        };
        let kept = format!("from {events} where {chain} = '{zone}' and chain_seq = {to}");
        vec![
            format!("delete from {events} where {chain} = '{zone}' and chain_seq > {to}"),
            format!(
                "update {heads} set chain_seq = {to}, content_sha256 = coalesce((select content_sha256 {kept}), ''){tag} \
                 where {chain} = '{zone}'"
            )
            .replace("@link", &format!("(select chain_hmac {kept})")),
        ]
    };
    let erase_ledger = vec![
        format!("delete from audit_events where {ours}"),
        format!("delete from audit_heads where {ours}"),
    ];
    let administered = format!("chain_key = '{zone}' and chain_seq = {}", records - 1);
    let administer = |set: &str| {
        vec![format!(
            "update admin_audit_events set {set} where {administered}"
        )]
    };
    let everything = TABLES.map(|table| format!("delete from {table}")).to_vec();
    let and = |mut first: Vec<String>, then: &str| {
        first.push(then.to_owned());
        first
    };
    vec![
        ("copy_mismatch", change("decision = 'deny'")),
        ("copy_mismatch", change("request_id = 'call-x'")),
        ("copy_mismatch", change("occurred_at = occurred_at + 1")),
        ("copy_mismatch", change("labels = '[]'")),
        (
            "content_mismatch",
            change("event_json = replace(event_json, 'tickets', 'weather')"),
        ),
        // Garbage is no report but an error.
        ("", change("event_json = '{}'")),
        (
            "content_mismatch",
            change("event_json = '{\"added\":1,' || substr(event_json, 2)"),
        ),
        ("content_mismatch", change("event_json = event_json || ' '")),
        ("content_mismatch", change("ingested_at = ingested_at + 1")),
        ("content_mismatch", change("signature = null")),
        ("content_mismatch", change("signature = 'ab' || signature")),
        ("unknown_hash_version", change("hash_version = 2")),
        ("broken_link", change("content_sha256 = prev_content_sha256")),
        ("wrong_link_key", change("chain_hmac = ''")),
        (
            "sequence_gap",
            vec![format!("delete from audit_events where {event}")],
        ),
        // The newest: nothing after it points to it.
        (
            "wrong_head",
            vec![format!(
                "delete from audit_events where {ours} and chain_seq = {entries}"
            )],
        ),
        ("wrong_head_key", cut(true, entries - 2, "")),
        ("wrong_head_key", cut(true, entries - 2, ", head_hmac = ''")),
        ("wrong_head_key", cut(true, entries - 2, ", head_hmac = @link")),
        ("wrong_head_key", cut(true, 0, ", head_hmac = ''")),
        (
            "chains_differ",
            cut(true, 0, ", head_hmac = '', chain_number = 0"),
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
        // Administrative chains.
        (
            "content_mismatch",
            administer("record_json = replace(record_json, '\"path\":\"', '\"path\":\"/x')"),
        ),
        (
            "content_mismatch",
            administer("record_json = replace(record_json, '\"action\":\"', '\"action\":\"x')"),
        ),
        ("copy_mismatch", administer("actor_id = 'somebody else'")),
        ("copy_mismatch", administer("occurred_at = occurred_at + 1")),
        ("wrong_link_key", administer("chain_hmac = ''")),
        (
            "sequence_gap",
            vec![format!("delete from admin_audit_events where {administered}")],
        ),
        ("wrong_head_key", cut(false, records - 1, "")),
        ("wrong_head_key", cut(false, records - 1, ", head_hmac = @link")),
        (
            "wrong_head",
            vec![format!(
                "delete from admin_audit_events where chain_key = '{zone}'"
            )],
        ),
        ("wrong_head_key", cut(false, 0, ", head_hmac = ''")),
        (
            "chains_differ",
            vec![
                String::from("delete from admin_audit_events"),
                String::from("delete from admin_audit_heads"),
            ],
        ),
        ("chains_uncounted", everything),
    ]
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
    for (fault, statements) in attacks(&zone, entries, records) {
        for sql in &statements {
            tamper(stack, sql);
        }
        let found = stack.caracald(&VERIFY).await;
        assert_eq!(found.code, Some(1), "{statements:#?}: {found:#?}");
        if fault.is_empty() {
            assert!(!found.stderr.is_empty(), "{statements:#?}: {found:#?}");
        } else {
            let report = report(&found);
            assert_eq!(report["holds"], false, "{statements:#?}: {found:#?}");
            assert!(
                found.stdout.contains(&format!("\"{fault}\"")),
                "{statements:#?}: no {fault} in {report:#}"
            );
        }
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
