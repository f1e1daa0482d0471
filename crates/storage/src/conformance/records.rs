//! Administrative records: entries of logs as events are, found by what they say, pruned by checkpoints.

use std::time::Duration;

use caracal_ledger::{
    chain::LogId,
    log_keys::LogKeys,
    merkle::{Frontier, tiles_of},
    prune::Prune,
    terms::Indexed,
};

use crate::{
    Access, AdminAuditFilter, AdminAuditRecord, Error, Hold, KeptPrune, LogWork, StoredEntry, held_ids,
};

use super::{
    Backend,
    fixture::{ALL, Fixture, walk},
};

const MINUTE: Duration = Duration::from_mins(1);

/// Commits `count` records of `log`, a minute apart, each alone as changes come.
async fn administer(fixture: &Fixture, log: &LogId, count: u32) -> Vec<AdminAuditRecord> {
    let mut records = Vec::new();
    for number in 0..count {
        let record = AdminAuditRecord {
            zone_id: log.zone().cloned(),
            actor_id: Some(format!("tok-{}", number % 3)),
            entity_id: (number % 5 != 0).then(|| format!("o-{}", number % 7)),
            occurred_at: fixture.world.now().plus(MINUTE * number),
            ..fixture.a.given.admin_audit_record()
        };
        let mut work = fixture.global_write().await;
        work.admin_audit().append(&record).await.unwrap();
        work.commit().await.unwrap();
        records.push(record);
    }
    records
}

pub(super) async fn open(fixture: &Fixture, log: &LogId, access: Access) -> Box<dyn LogWork> {
    fixture.backend.store.log(log, access).await.unwrap()
}

async fn entries(fixture: &Fixture, log: &LogId) -> Vec<StoredEntry> {
    let mut work = open(fixture, log, Access::Read).await;
    work.log().entries(0, 10_000).await.unwrap()
}

/// The tree of the log's entries, after checking that all else that is stored agrees with it.
async fn tree(fixture: &Fixture, log: &LogId) -> Frontier {
    let (entries, name) = (entries(fixture, log).await, log.name());
    let mut work = open(fixture, log, Access::Read).await;
    let stored = work.log();
    let leaves = stored.leaves(0..u64::MAX).await.unwrap();
    let mut tree = Frontier::default();
    for ((entry, leaf), index) in entries.iter().zip(&leaves).zip(0..) {
        assert_eq!(entry.index, index, "a gap or a repeat");
        assert_eq!(entry.entry(&name).leaf(), *leaf);
        tree.append(*leaf);
    }
    let head = stored.head().await.unwrap();
    assert_eq!((head.size, head.peaks.as_slice()), (tree.size(), tree.peaks()));
    assert_eq!(head.root, hex::encode(tree.root()));
    for tile in tiles_of(tree.size()) {
        assert!(stored.tile(&tile).await.unwrap().is_some(), "{tile:?}");
    }
    // What sealed blocks are found by is what their entries say.
    let mut expected = Vec::new();
    for block in stored.blocks(0, 10_000).await.unwrap() {
        let range = block.first..block.first + block.entries;
        let inside = entries.iter().filter(|entry| range.contains(&entry.index));
        let said: Vec<Indexed> = inside
            .map(|entry| Indexed::read(log.chain(), &entry.body).unwrap().1)
            .collect();
        assert_eq!(
            said.iter().map(Indexed::occurred_at).min(),
            Some(block.occurred_from)
        );
        if block.first < head.sealed {
            expected.extend(
                Indexed::terms_of(&said)
                    .into_iter()
                    .map(|term| (term, block.first)),
            );
        }
    }
    let postings = stored.postings(None, 100_000).await.unwrap();
    let mut postings: Vec<_> = postings.iter().map(|one| (one.term, one.first)).collect();
    postings.sort_unstable();
    expected.sort_unstable();
    assert_eq!(postings, expected);
    tree
}

pub async fn records_are_the_entries_of_a_log_of_their_own(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let logs = [LogId::Admin(fixture.a.id().clone()), LogId::Deployment];
    let mut roots = Vec::new();
    for log in &logs {
        let records = administer(&fixture, log, 300).await;
        let tree = tree(&fixture, log).await;
        assert_eq!(tree.size(), 300);
        roots.push(tree.root());
        let read = entries(&fixture, log).await;
        let read: Vec<AdminAuditRecord> = read
            .iter()
            .map(|entry| serde_json::from_str(&entry.body).unwrap())
            .collect();
        assert_eq!(read, records, "in the order of their changes");
    }
    assert_ne!(roots[0], roots[1]);
    let set = fixture.global_read().await.chains().set().await.unwrap();
    let said = set
        .chains
        .iter()
        .map(|chain| (chain.log.clone(), chain.head.chain_seq));
    assert_eq!(said.collect::<Vec<_>>(), logs.map(|log| (log, 300)));
    // Nobody's log is another's.
    for other in [
        LogId::Ledger(fixture.a.id().clone()),
        LogId::Admin(fixture.b.id().clone()),
    ] {
        let mut work = open(&fixture, &other, Access::Read).await;
        assert_eq!(work.log().head().await.unwrap().size, 0, "{other}");
        assert!(work.log().entries(0, 10).await.unwrap().is_empty());
    }
}

pub async fn sealed_records_are_found_as_if_each_had_been_looked_at(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let records = administer(&fixture, &LogId::Admin(fixture.a.id().clone()), 600).await;
    let none = AdminAuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let at = |number: usize| Some(records[number].occurred_at);
    for filter in [
        none(),
        AdminAuditFilter {
            actor_id: text("tok-2"),
            ..none()
        },
        AdminAuditFilter {
            entity_id: text("o-4"),
            ..none()
        },
        AdminAuditFilter {
            entity_type: text("application"),
            actor_id: text("tok-0"),
            ..none()
        },
        AdminAuditFilter {
            method: text("PATCH"),
            entity_id: text("o-1"),
            since: at(40),
            until: at(311),
            ..none()
        },
        AdminAuditFilter {
            since: at(255),
            until: at(258),
            ..none()
        },
        AdminAuditFilter {
            actor_id: text("tok-9"),
            ..none()
        },
    ] {
        let is = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
        let mut expected: Vec<&str> = records
            .iter()
            .filter(|record| {
                is(&filter.actor_id, &record.actor_id)
                    && is(&filter.entity_id, &record.entity_id)
                    && is(&filter.entity_type, &record.entity_type)
                    && filter.since.is_none_or(|since| record.occurred_at >= since)
                    && filter.until.is_none_or(|until| record.occurred_at < until)
            })
            .map(|record| record.id.as_str())
            .collect();
        expected.reverse();
        for limit in [7, 500] {
            let read = async |page| {
                let mut work = fixture.a.read().await;
                work.admin_audit()
                    .list(fixture.a.id(), &filter, &page)
                    .await
                    .unwrap()
            };
            let found = walk(limit, read).await;
            let found: Vec<&str> = found.iter().map(|row| row.record.id.as_str()).collect();
            assert_eq!(found, expected, "{filter:?}");
        }
    }
}

/// The next prune checkpoint of a log, up to `size`.
async fn next(fixture: &Fixture, log: &LogId, size: u64) -> KeptPrune {
    let mut work = open(fixture, log, Access::Read).await;
    let leaves = work.log().leaves(0..size).await.unwrap();
    let mut frontier = Frontier::default();
    for leaf in &leaves {
        frontier.append(*leaf);
    }
    let keys = LogKeys::derive("a.example", &[7; 32], None).unwrap();
    let prune = Prune {
        origin: keys.origin(&log.name()),
        frontier,
        time: 1,
        reason: String::from("old"),
        kept: Vec::new(),
    };
    let before = work.retention().newest_prune().await.unwrap();
    KeptPrune {
        number: before.map_or(0, |before| before.number) + 1,
        size,
        pruned_at: fixture.world.now(),
        note: keys.sign_prune(prune).unwrap().encode(),
        holds: held_ids(&work.retention().holds().await.unwrap()),
        leaves: leaves[usize::try_from(size - size % 256).unwrap()..].to_vec(),
        tag: String::new(),
    }
}

pub async fn old_records_go_behind_a_prune_checkpoint_and_their_hashes_stay(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    for log in [LogId::Admin(fixture.a.id().clone()), LogId::Deployment] {
        let records = administer(&fixture, &log, 40).await;
        let before = tree(&fixture, &log).await;
        let mut work = open(&fixture, &log, Access::Write).await;
        let limit = records[30].occurred_at;
        assert!(work.retention().seal_before(limit).await.unwrap());
        work.commit().await.unwrap();
        // Nothing goes without a checkpoint.
        let mut work = open(&fixture, &log, Access::Write).await;
        assert_eq!(work.retention().sweep(100).await.unwrap().entries, 0);
        drop(work);
        let prune = next(&fixture, &log, 30).await;
        let mut work = open(&fixture, &log, Access::Write).await;
        assert!(work.retention().prune(&prune).await.unwrap());
        assert_eq!(work.retention().sweep(100).await.unwrap().entries, 30);
        work.commit().await.unwrap();
        let left = entries(&fixture, &log).await;
        assert_eq!(
            left.iter().map(|entry| entry.index).collect::<Vec<_>>(),
            (30..40).collect::<Vec<_>>()
        );
        let mut work = open(&fixture, &log, Access::Read).await;
        assert_eq!(work.log().head().await.unwrap().root, hex::encode(before.root()));
        assert_eq!(work.log().leaves(0..40).await.unwrap().len(), 40);
        drop(work);
        // And the log goes on.
        administer(&fixture, &log, 1).await;
        assert_eq!(entries(&fixture, &log).await.last().unwrap().index, 40);
    }
    let mut work = fixture.a.read().await;
    let none = AdminAuditFilter::default();
    let listed = work
        .admin_audit()
        .list(fixture.a.id(), &none, &ALL)
        .await
        .unwrap();
    assert_eq!(listed.items.len(), 11);
}

pub async fn holds_of_a_zone_count_for_its_records_and_nothing_of_the_deployment_is_held(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (zone, deployment) = (LogId::Admin(fixture.a.id().clone()), LogId::Deployment);
    administer(&fixture, &zone, 3).await;
    administer(&fixture, &deployment, 3).await;
    let hold = Hold {
        id: String::from("h-1"),
        subject: None,
        reason: String::from("case 7"),
        placed_by: String::from("ops"),
        placed_at: fixture.world.now(),
    };
    let mut work = fixture.a.write().await;
    work.retention().place(&hold).await.unwrap();
    work.commit().await.unwrap();
    let mut work = open(&fixture, &zone, Access::Read).await;
    assert_eq!(
        work.retention().holds().await.unwrap(),
        std::slice::from_ref(&hold)
    );
    drop(work);
    let mut work = open(&fixture, &deployment, Access::Write).await;
    assert_eq!(work.retention().holds().await.unwrap(), []);
    let refused = work.retention().place(&hold).await;
    assert!(matches!(refused, Err(Error::MissingReference)), "{refused:?}");
}
