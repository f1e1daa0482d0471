//! Administrative records past their time are deleted, and `audit verify` tells that from tampering.

use std::{fs, process::Command, sync::Arc, time::Duration};

use caracal_core::{Secret, Timestamp, World, ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, system_world};
use caracal_e2e::{Deployment, Stack, Zone};
use caracal_storage::{Access, AdminAuditRecord, LedgerEntry, Store};
use caracal_storage_sql::{PostgresOptions, PostgresStore, SqliteStore};
use serde_json::{Value, json};

use crate::tampering::{Kept, VERIFY, report, tamper};

/// Of checkpoints.
const KEY: &str = "77557fb3f09f4394de0dc63a9ef3b1c461a2810a783d770e441f838dc8d57906";
const DAY: Duration = Duration::from_hours(24);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pruned_chain_holds_and_one_that_is_cut_does_not_embedded() {
    a_pruned_chain_holds_and_one_that_is_cut_does_not(Deployment::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pruned_chain_holds_and_one_that_is_cut_does_not_in_production() {
    a_pruned_chain_holds_and_one_that_is_cut_does_not(Deployment::Production).await;
}

/// The stack's database with the key of its chains.
async fn store(stack: &Stack) -> Arc<dyn Store> {
    let key = HmacKey::from_hex(&stack.secret("auditHmacKey")).expect("a key");
    if stack.deployment() == Deployment::Embedded {
        let path = stack.home().join("caracal.db");
        let store = SqliteStore::open_unmigrated(&path, Some(key)).await;
        return Arc::new(store.expect("the database opens"));
    }
    let production = stack.production();
    let url = production.postgres().url(production.database());
    let store = PostgresStore::connect(PostgresOptions::new(Secret::new(url)), Some(key)).await;
    Arc::new(store.expect("the database answers"))
}

/// The log of the administrative records of a zone, or of the deployment (`*`), as its rows name it.
fn filed(chain: &str) -> String {
    format!("admin/{}", chain.trim_start_matches('*'))
}

/// Condition: of that log.
fn of(chain: &str) -> String {
    format!(
        "log = (select number from evidence_logs where zone_id = '{}')",
        filed(chain)
    )
}

/// Takes what the stack wrote of a log out of it, so that it can be written anew.
fn empty(stack: &Stack, chain: &str) {
    tamper(stack, &format!("delete from evidence_blocks where {}", of(chain)));
    tamper(
        stack,
        &format!(
            "update evidence_logs set size = 0, sealed = 0, frontier = substr(frontier, 1, 0), root = '', \
             root_hmac = '' where zone_id = '{}'",
            filed(chain)
        ),
    );
}

/// Writes records to an empty chain as if so many days ago.
async fn write(stack: &Stack, world: &World, chain: &str, days_ago: &[u32]) {
    let store = store(stack).await;
    let mut work = store.global(Access::Write).await.expect("a unit of work");
    for days in days_ago {
        let record = record(chain, world, world.now().minus(*days * DAY));
        work.admin_audit().append(&record).await.expect("appended");
    }
    work.commit().await.expect("committed");
}

fn record(chain: &str, world: &World, occurred_at: Timestamp) -> AdminAuditRecord {
    AdminAuditRecord {
        request_id: String::from("of-another-day"),
        // The deployment's own chain has no id.
        zone_id: ZoneId::parse(chain).ok().filter(|_| chain != "*"),
        occurred_at,
        ..AdminAuditRecord::of_request(world, "PATCH", "/v1/zones/x", 200)
    }
}

fn chain<'r>(report: &'r Value, zone: &str) -> &'r Value {
    let chains = report["administrative"].as_array().expect("chains");
    let whose = |chain: &&Value| chain["zone_id"].as_str().unwrap_or("*") == zone;
    chains.iter().find(whose).expect("the chain")
}

/// What is done to the log of `zone`, of whose 10 records 6 were pruned, or to another; and the fault that tells of it.
fn attacks(zone: &str, archived: &str) -> Vec<(&'static str, Vec<String>)> {
    let (ours, theirs) = (of(zone), of(archived));
    let checkpoint = |set: &str| format!("update evidence_prunes set {set} where {ours}");
    let cut =
        |positions: &str| format!("delete from evidence_blocks where {ours} and first_index {positions}");
    let lose = |of: &str| format!("delete from evidence_prunes where {of}");
    vec![
        // Cut without a checkpoint, or behind it.
        ("sequence_gap", vec![cut("= 6")]),
        ("sequence_gap", vec![cut("= 7")]),
        ("sequence_gap", vec![lose(&ours)]),
        ("wrong_head", vec![lose(&theirs)]),
        ("wrong_head", vec![cut("> 5")]),
        // Altered, put forward, of another log.
        ("wrong_prune_key", vec![checkpoint("pruned_at = pruned_at + 1")]),
        ("wrong_prune_key", vec![checkpoint("tag = ''")]),
        ("wrong_prune_key", vec![checkpoint("size = 8"), cut("< 8")]),
        (
            "wrong_prune_key",
            vec![checkpoint(&format!(
                "(size, pruned_at, note, tag) = (select size, pruned_at, note, tag from evidence_prunes \
                  where {theirs} order by number desc limit 1)"
            ))],
        ),
    ]
}

/// Events in the log of a zone whose time is over.
const OLD_EVENTS: usize = 2_000;
/// What each of them takes on the disk, at the least: its ids and digests.
const BYTES_OF_EVENT: u64 = 100;

/// Writes events to the log of a zone as if 90 days ago.
async fn write_events(stack: &Stack, world: &World, zone: &ZoneId) {
    let store = store(stack).await;
    let at = world.now().minus(90 * DAY);
    let entry = |_| {
        let ids = [(); 4].map(|()| world.uuid_v7().to_string());
        let mut event = AuditEvent::new(world, zone.clone(), "token_exchange", &ids[0], "allow")
            .with_metadata(&json!({"agent_session_id": ids[1], "session_id": ids[2], "jti": ids[3]}));
        event.occurred_at = at;
        LedgerEntry::written(&event, None).expect("an event")
    };
    let entries: Vec<_> = (0..OLD_EVENTS).map(entry).collect();
    for some in entries.chunks(500) {
        let mut work = store.zone(zone, Access::Write).await.expect("a unit of work");
        work.ledger().append(some, at).await.expect("appended");
        work.commit().await.expect("committed");
    }
}

/// Bytes of the database that are free, and its size without them.
fn disk(stack: &Stack) -> (u64, u64) {
    let program = "import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
page, free = [database.execute('pragma ' + name).fetchone()[0] for name in ('page_size', 'freelist_count')]
database.execute('vacuum')
print(page * free, page * database.execute('pragma page_count').fetchone()[0])";
    let path = stack.home().join("caracal.db");
    let output = Command::new("python3").args(["-c", program]).arg(path).output();
    let output = String::from_utf8(output.expect("python3 runs").stdout).expect("text");
    let (free, size) = output.trim().split_once(' ').expect("two numbers");
    (free.parse().expect("a number"), size.parse().expect("a number"))
}

async fn a_pruned_chain_holds_and_one_that_is_cut_does_not(deployment: Deployment) {
    let settings = [
        ("ADMIN_AUDIT_RETENTION_DAYS", "30"),
        ("AUDIT_RETENTION_DAYS", "30"),
        ("AUDIT_RETENTION_WITHOUT_ARCHIVE", "true"),
    ];
    let embedded = deployment == Deployment::Embedded;
    // Elsewhere nobody makes a key by itself, and nothing is deleted without one.
    let key = [("AUDIT_LOG_KEY", KEY), ("AUDIT_LOG_ORIGIN", "audit.example")];
    let settings: Vec<_> = if embedded {
        settings.to_vec()
    } else {
        settings[..1].iter().chain(&key).copied().collect()
    };
    let stack = Stack::with(deployment, &settings).await;
    let (zone, archived) = (Zone::create(&stack).await, Zone::create(&stack).await);
    archived.admin("DELETE", "", None).await.expect(204);
    let (zone, archived) = (zone.id, archived.id);
    stack.stop().await;
    let world = system_world();
    for chain in [&zone, &archived] {
        empty(&stack, chain);
    }
    write(&stack, &world, &zone, &[90, 80, 70, 60, 50, 31, 29, 2, 1, 0]).await;
    write(&stack, &world, &archived, &[90, 90, 90]).await;
    // The deployment's own chain begins here.
    write(&stack, &world, "*", &[40, 1]).await;
    let worked = ZoneId::generate(&world);
    let (_, full) = if embedded {
        write_events(&stack, &world, &worked).await;
        disk(&stack)
    } else {
        (0, 0)
    };
    let before = stack.caracald(&VERIFY).await;
    let whole = report(before.assert_good());
    assert!(chain(&whole, &zone).get("pruned").is_none(), "{whole:#}");
    let heads = stack.home().join("heads.json");
    fs::write(&heads, &before.stdout).expect("a file");
    let heads = heads.display().to_string();

    // Whoever serves the ledger prunes at once.
    stack.revive().await;
    let expected = [(zone.as_str(), 6, 10), (&archived, 3, 3), ("*", 1, 2)];
    let pruned = async {
        loop {
            let now = report(&stack.caracald(&VERIFY).await);
            let done = |(zone, up_to, _): &(&str, i64, i64)| chain(&now, zone)["pruned"]["up_to"] == *up_to;
            let events = now["zones"].as_array().and_then(|zones| zones.first());
            let gone = !embedded || events.is_some_and(|zone| zone["pruned"]["up_to"] == OLD_EVENTS);
            if gone && expected.iter().all(done) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let now = tokio::time::timeout(Duration::from_mins(1), pruned).await;
    let now = now.expect("old records are pruned");
    stack.stop().await;
    assert_eq!(now["holds"], true, "{now:#}");
    if embedded {
        // First for what comes next, and for others once the file is packed.
        let (free, packed) = disk(&stack);
        let events = OLD_EVENTS as u64 * BYTES_OF_EVENT;
        assert!(
            free >= events && packed + events <= full,
            "{free} free of {full}, {packed} without"
        );
    }
    for (zone, _, entries) in expected {
        let (chain, before) = (chain(&now, zone), chain(&whole, zone));
        assert_eq!(chain["entries"], entries, "{chain:#}");
        assert_eq!(chain["head"], before["head"], "{chain:#}");
        assert!(chain["pruned"]["at"].is_string(), "{chain:#}");
    }
    let expecting = ["audit", "verify", "--json", "--expect", heads.as_str()];
    stack.caracald(&expecting).await.assert_good();
    let told = stack.caracald(&["audit", "verify", "--zone", &zone]).await;
    // No call was made in the zone, so it has no ledger to verify alone.
    assert_eq!(told.code, Some(1), "{told:#?}");
    let told = stack.caracald(&["audit", "verify"]).await;
    let line = format!("zone {zone}, administrative log: 10 records (1 to 6 pruned, last at ");
    assert!(told.assert_good().stdout.contains(&line), "{told:#?}");

    let kept = Kept::of(&stack, "pruned");
    for (fault, statements) in attacks(&zone, &archived) {
        for sql in &statements {
            tamper(&stack, sql);
        }
        let found = stack.caracald(&VERIFY).await;
        assert_eq!(found.code, Some(1), "{statements:#?}: {found:#?}");
        assert!(
            found.stdout.contains(&format!("\"{fault}\"")),
            "{statements:#?}: no {fault} in {:#}",
            report(&found)
        );
        kept.restore();
    }
    stack.caracald(&expecting).await.assert_good();
}
