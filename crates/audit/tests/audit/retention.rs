//! Old administrative records go, verified and vouched for; what does not verify stays.

use std::{sync::Arc, time::Duration};

use caracal_audit::{AdminRetention, KeptHead, KeptHeads, verify_evidence};
use caracal_core::{Timestamp, World, ZoneId};
use caracal_storage::{Access, AdminAuditRecord, Store};
use caracal_testkit::parts::Parts;
use caracal_wire::audit::{ChainReport, EvidenceReport, FaultKind};
use tokio_util::sync::CancellationToken;

use crate::ledger::{Backends, parts};

const DAY: Duration = Duration::from_hours(24);
const KEEP: Duration = Duration::from_hours(24 * 30);

struct Chains {
    store: Arc<dyn Store>,
    world: World,
    parts: Parts,
}

impl Chains {
    async fn over(backends: Backends) -> Self {
        let parts = Parts::with(parts(backends)).await;
        Self {
            store: parts.store.clone(),
            world: parts.world.clone(),
            parts,
        }
    }

    fn days_ago(&self, days: u32) -> Timestamp {
        self.world.now().minus(days * DAY)
    }

    /// Appends `count` records of `days` ago.
    async fn administer(&self, zone: Option<&ZoneId>, count: usize, days: u32) {
        let mut work = self.store.global(Access::Write).await.unwrap();
        for _ in 0..count {
            let record = AdminAuditRecord {
                id: self.world.uuid_v7().to_string(),
                request_id: String::from("req-1"),
                actor_id: None,
                actor_name: None,
                actor_scope: None,
                action: String::from("PATCH /v1/zones/x"),
                method: String::from("PATCH"),
                path: String::from("/v1/zones/x"),
                zone_id: zone.cloned(),
                entity_type: None,
                entity_id: None,
                status_code: 200,
                payload_json: None,
                occurred_at: self.days_ago(days),
            };
            work.admin_audit().append(&record).await.unwrap();
        }
        work.commit().await.unwrap();
    }

    /// Runs retention until the chain of `zone` begins behind `up_to`. Chains that began earlier had their turn then.
    async fn prune_until(&self, zone: Option<&ZoneId>, up_to: i64) {
        let stop = CancellationToken::new();
        let retention = AdminRetention {
            store: self.store.clone(),
            world: self.world.clone(),
            audit_key: Some(self.parts.audit_key.clone()),
            keep: KEEP,
        };
        let running = tokio::spawn(retention.run(stop.clone()));
        let reached = async {
            while self.pruned(zone).await != Some(up_to) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let in_time = tokio::time::timeout(Duration::from_mins(2), reached).await;
        assert!(in_time.is_ok(), "not pruned up to {up_to}");
        stop.cancel();
        running.await.unwrap();
    }

    async fn pruned(&self, zone: Option<&ZoneId>) -> Option<i64> {
        let mut work = self.store.global(Access::Read).await.unwrap();
        let set = work.chains().set().await.unwrap();
        let chain = set.chains.iter().find(|chain| chain.zone.as_ref() == zone);
        chain.and_then(|chain| chain.pruned.as_ref().map(|pruned| pruned.chain_seq))
    }

    async fn positions(&self, zone: Option<&ZoneId>) -> Vec<i64> {
        let mut work = self.store.global(Access::Read).await.unwrap();
        let rows = work.chains().admin_range(zone, 0, 2_000).await.unwrap();
        rows.iter().map(|row| row.chain_seq).collect()
    }

    async fn verify(&self, kept: &KeptHeads) -> EvidenceReport {
        let report = verify_evidence(self.store.as_ref(), None, Some(&self.parts.audit_key), kept).await;
        report.unwrap().unwrap()
    }

    /// Changes rows as somebody with the database could.
    fn tamper(&self, sql: &str) {
        self.parts.database().sql(sql);
    }
}

fn of<'r>(report: &'r EvidenceReport, zone: Option<&ZoneId>) -> &'r ChainReport {
    let mut chains = report.administrative.iter();
    chains.find(|chain| chain.zone_id.as_ref() == zone).unwrap()
}

fn kinds(chain: &ChainReport) -> Vec<FaultKind> {
    chain.faults.iter().map(|fault| fault.kind).collect()
}

fn kept(zone: Option<&ZoneId>, entries: i64, head: &str) -> KeptHeads {
    KeptHeads {
        zones: Vec::new(),
        administrative: vec![KeptHead {
            zone_id: zone.cloned(),
            entries,
            head: head.to_owned(),
        }],
    }
}

#[tokio::test]
async fn records_past_their_time_go_and_the_chains_hold_against_heads_kept_before() {
    let chains = Chains::over(Backends::Embedded).await;
    let (busy, archived) = (ZoneId::generate(&chains.world), ZoneId::generate(&chains.world));
    // More than two batches, then what is young enough.
    chains.administer(Some(&busy), 1_200, 31).await;
    chains.administer(Some(&busy), 1, 30).await;
    chains.administer(Some(&busy), 2, 0).await;
    // Nothing young follows in an archived zone.
    chains.administer(Some(&archived), 5, 400).await;
    chains.administer(None, 2, 31).await;
    let whole = chains.verify(&KeptHeads::default()).await;
    assert!(whole.holds, "{whole:#?}");
    assert!(whole.administrative.iter().all(|chain| chain.pruned.is_none()));
    let heads: KeptHeads = serde_json::from_value(serde_json::to_value(&whole).unwrap()).unwrap();
    let at_1200 = {
        let mut work = chains.store.global(Access::Read).await.unwrap();
        let rows = work.chains().admin_range(Some(&busy), 1_199, 1).await.unwrap();
        rows[0].content_sha256.clone()
    };

    // The deployment's chain began last.
    chains.prune_until(None, 2).await;
    assert_eq!(chains.positions(Some(&busy)).await, [1_201, 1_202, 1_203]);
    for zone in [Some(&archived), None] {
        assert_eq!(chains.positions(zone).await, [0_i64; 0]);
    }
    for heads in [&KeptHeads::default(), &heads] {
        let report = chains.verify(heads).await;
        assert!(report.holds, "{report:#?}");
        for (zone, entries, up_to) in [(Some(&busy), 1_203, 1_200), (Some(&archived), 5, 5), (None, 2, 2)] {
            let chain = of(&report, zone);
            assert_eq!(chain.entries, entries, "{chain:#?}");
            assert_eq!(chain.head, of(&whole, zone).head);
            let pruned = chain.pruned.as_ref().unwrap();
            assert_eq!((pruned.up_to, pruned.at), (up_to, chains.world.now()));
        }
    }
    // A head among what is gone cannot be compared; the last that is gone, and what is left, can.
    for (entries, head, fault) in [
        (600, "aa", None),
        (1_200, at_1200.as_str(), None),
        (1_200, "aa", Some(FaultKind::KeptHeadDiffers)),
        (1_201, "aa", Some(FaultKind::KeptHeadDiffers)),
        (1_204, "aa", Some(FaultKind::KeptHeadMissing)),
    ] {
        let report = chains.verify(&kept(Some(&busy), entries, head)).await;
        let found = kinds(of(&report, Some(&busy)));
        assert_eq!(found, fault.into_iter().collect::<Vec<_>>(), "{entries} {head}");
    }
    // Chains that were pruned to their end go on.
    chains.administer(None, 1, 0).await;
    chains.world.manual_clock().advance(31 * DAY);
    chains.prune_until(None, 3).await;
    assert_eq!(chains.positions(Some(&busy)).await, [0_i64; 0]);
    let report = chains.verify(&heads).await;
    assert!(report.holds, "{report:#?}");
}

#[tokio::test]
async fn a_chain_that_does_not_verify_keeps_its_old_records() {
    let chains = Chains::over(Backends::Postgres).await;
    let old = chains.days_ago(60).as_micros();
    let hash = "(SELECT content_sha256 FROM admin_audit_events WHERE chain_key = '@' AND chain_seq = 2)";
    let cases = [
        // Young records that are dated back, and a young beginning that is cut before an old record.
        (
            "dated back",
            0,
            format!("UPDATE admin_audit_events SET occurred_at = {old} WHERE chain_key = '@'"),
        ),
        (
            "cut and dated back",
            0,
            format!(
                "DELETE FROM admin_audit_events WHERE chain_key = '@' AND chain_seq < 4; \
                 UPDATE admin_audit_events SET occurred_at = {old}, chain_seq = chain_seq - 3 WHERE chain_key = '@'"
            ),
        ),
        (
            "changed",
            60,
            String::from(
                "UPDATE admin_audit_events SET record_json = replace(record_json, 'PATCH', 'PUT') \
                 WHERE chain_key = '@' AND chain_seq = 2",
            ),
        ),
        (
            "with a gap",
            60,
            String::from("DELETE FROM admin_audit_events WHERE chain_key = '@' AND chain_seq = 3"),
        ),
        (
            "without a beginning",
            60,
            String::from("DELETE FROM admin_audit_events WHERE chain_key = '@' AND chain_seq < 3"),
        ),
        (
            "behind a checkpoint without our key",
            60,
            format!(
                "INSERT INTO admin_audit_pruned VALUES ('@', 2, {hash}, {old}, ''); \
                 DELETE FROM admin_audit_events WHERE chain_key = '@' AND chain_seq < 3"
            ),
        ),
    ];
    let mut zones = Vec::new();
    for (what, days, sql) in cases {
        let zone = ZoneId::generate(&chains.world);
        chains.administer(Some(&zone), 6, days).await;
        chains.tamper(&sql.replace('@', zone.as_str()));
        zones.push((what, chains.positions(Some(&zone)).await, zone));
    }
    chains.administer(None, 2, 60).await;
    chains.prune_until(None, 2).await;
    let report = chains.verify(&KeptHeads::default()).await;
    for (what, left, zone) in &zones {
        assert_eq!(&chains.positions(Some(zone)).await, left, "{what}");
        assert!(!of(&report, Some(zone)).holds(), "{what}");
    }
    assert!(of(&report, None).holds());
}

#[tokio::test]
async fn a_checkpoint_set_back_to_a_former_one_is_found() {
    let chains = Chains::over(Backends::Postgres).await;
    chains.administer(None, 3, 40).await;
    chains.administer(None, 2, 29).await;
    chains.administer(None, 1, 0).await;
    chains.prune_until(None, 3).await;
    chains.tamper("CREATE TABLE former AS SELECT * FROM admin_audit_pruned");
    chains.world.manual_clock().advance(5 * DAY);
    chains.prune_until(None, 5).await;
    assert!(chains.verify(&KeptHeads::default()).await.holds);
    chains.tamper("DELETE FROM admin_audit_pruned; INSERT INTO admin_audit_pruned SELECT * FROM former");
    let report = chains.verify(&KeptHeads::default()).await;
    assert_eq!(
        kinds(of(&report, None)),
        [FaultKind::SequenceGap, FaultKind::BrokenLink]
    );
    chains.tamper("DELETE FROM admin_audit_pruned");
    let report = chains.verify(&KeptHeads::default()).await;
    assert_eq!(
        kinds(of(&report, None)),
        [FaultKind::SequenceGap, FaultKind::BrokenLink]
    );
}
