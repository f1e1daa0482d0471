//! A Redis that forgets everything, at every step of evidence from its spool to the ledger.

use std::time::Duration;

use caracal_audit::verify_zone;
use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_crypto::system_world;
use caracal_testkit::{parts::PartsOptions, wait::until};

use crate::ledger::{Backends, Ledger, parts};

const LIMIT: Duration = Duration::from_mins(1);
const STREAM: &str = "caracal.audit.events";
const GROUP: &str = "audit-ingestor";

/// Where evidence is when Redis forgets.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// In the stream; nobody has read it.
    HandedOver,
    /// Read by the ledger, which cannot store it now.
    Read,
    /// In the ledger.
    Stored,
}

impl Ledger {
    fn redis_says(&self, words: &[&str]) -> String {
        self.parts.redis().command(words).unwrap()
    }

    /// Records what an STS would, through the spool.
    async fn record(&self, zone: &ZoneId, request: &str, count: usize) -> Vec<AuditEvent> {
        let events: Vec<_> = (0..count).map(|_| self.event(zone, request)).collect();
        self.parts.spool.append_async(&events).await.unwrap();
        events
    }
}

async fn forgets_at(step: Step) {
    let ledger = Ledger::idle(PartsOptions {
        world: system_world(),
        ..parts(Backends::Production)
    })
    .await;
    let zone = ledger.zone();
    if !matches!(step, Step::HandedOver) {
        ledger.start();
        ledger.record(&zone, "before", 3).await;
        assert!(ledger.parts.spool.wait_drained(LIMIT).await);
    }
    let away = matches!(step, Step::Read);
    if away {
        ledger.sql("ALTER TABLE evidence_blocks RENAME TO evidence_blocks_away");
    }
    let events = ledger.record(&zone, "during", 5).await;
    match step {
        Step::HandedOver => {
            until("it is in the stream", async || {
                ledger.redis_says(&["XLEN", STREAM]) == ":5\r\n"
            })
            .await;
        }
        Step::Read => {
            // How many are read and not acknowledged comes first in the answer.
            let pending = async || {
                ledger
                    .redis_says(&["XPENDING", STREAM, GROUP])
                    .starts_with("*4\r\n:5\r\n")
            };
            until("it is read", pending).await;
        }
        Step::Stored => until("it is stored", async || ledger.requests(&zone).await.len() == 8).await,
    }

    ledger.parts.redis().flush();
    if away {
        ledger.sql("ALTER TABLE evidence_blocks_away RENAME TO evidence_blocks");
    }
    if matches!(step, Step::HandedOver) {
        ledger.start();
    }
    let later = ledger.record(&zone, "after", 2).await;
    assert!(
        ledger.parts.spool.wait_drained(LIMIT).await,
        "{step:?}: the spool is not rid of it"
    );

    let mut expected = if matches!(step, Step::HandedOver) {
        Vec::new()
    } else {
        vec!["before"; 3]
    };
    expected.extend(vec!["during"; events.len()]);
    expected.extend(vec!["after"; later.len()]);
    // What comes again may come after what was never lost.
    let mut found = ledger.requests(&zone).await;
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{step:?}");
    assert_eq!(ledger.reasons().await, [""; 0], "{step:?}");
    let report = verify_zone(ledger.deps.store.as_ref(), &zone, Some(&ledger.parts.audit_key)).await;
    assert!(report.unwrap().holds());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_forgets_what_nobody_has_read_loses_and_doubles_nothing() {
    forgets_at(Step::HandedOver).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_forgets_between_a_read_and_its_acknowledgement_loses_and_doubles_nothing() {
    forgets_at(Step::Read).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_forgets_what_the_ledger_has_loses_and_doubles_nothing() {
    forgets_at(Step::Stored).await;
}
