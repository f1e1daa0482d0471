//! Every chain of evidence, as its verification reads it.

use caracal_core::ZoneId;

use crate::{Access, AdminAuditRecord, ChainHead, ChainKind, ChainSet, LedgerHead};

use super::{
    Backend,
    fixture::{Fixture, InZone},
    ledger::append,
    race::{race, retry},
};

async fn set(fixture: &Fixture) -> ChainSet {
    fixture.global_read().await.chains().set().await.unwrap()
}

fn named(chains: &[ChainHead]) -> Vec<(i64, ChainKind, Option<ZoneId>, i64)> {
    chains
        .iter()
        .map(|chain| {
            (
                chain.head.chain_number,
                chain.kind,
                chain.zone.clone(),
                chain.head.chain_seq,
            )
        })
        .collect()
}

/// Commits a record of `zone`, or of the deployment.
async fn administer(fixture: &Fixture, zone: Option<&InZone>) -> AdminAuditRecord {
    let record = AdminAuditRecord {
        zone_id: zone.map(|zone| zone.id().clone()),
        ..fixture.a.given.admin_audit_record()
    };
    let mut work = fixture.global_write().await;
    work.admin_audit().append(&record).await.unwrap();
    work.commit().await.unwrap();
    record
}

pub async fn each_chain_is_counted_once_in_the_order_in_which_it_began(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    assert_eq!(set(&fixture).await, ChainSet::default());
    let (a, b) = (fixture.a.id().clone(), fixture.b.id().clone());
    for _ in 0..2 {
        append(&fixture.b, &[fixture.b.given.ledger_entry("req")]).await;
        administer(&fixture, None).await;
        administer(&fixture, Some(&fixture.b)).await;
        append(&fixture.a, &[fixture.a.given.ledger_entry("req")]).await;
    }
    let found = set(&fixture).await;
    assert_eq!(
        named(&found.chains),
        [
            (1, ChainKind::Ledger, Some(b.clone()), 2),
            (2, ChainKind::Admin, None, 2),
            (3, ChainKind::Admin, Some(b), 2),
            (4, ChainKind::Ledger, Some(a), 2),
        ]
    );
    let summary = found.summary.unwrap();
    assert_eq!((summary.count, summary.digest.len()), (4, 64));
    // The head that the chain itself reports.
    let head = fixture.a.read().await.ledger().head().await.unwrap();
    let expected = LedgerHead {
        chain_seq: 2,
        content_sha256: head.root,
        head_hmac: head.root_hmac,
        chain_number: head.number,
    };
    assert_eq!(found.chains[3].head, expected);
}

pub async fn chains_that_begin_at_once_have_numbers_of_their_own(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    race(8, |writer| {
        let (zone, store) = (
            if writer % 2 == 0 { &fixture.a } else { &fixture.b }.clone(),
            fixture.backend.store.clone(),
        );
        async move {
            let begin = || async {
                if writer < 4 {
                    let mut work = zone.try_write().await?;
                    let entries = [zone.given.ledger_entry("req")];
                    work.ledger().append(&entries, zone.given.world.now()).await?;
                    work.commit().await
                } else {
                    let mut work = store.global(Access::Write).await?;
                    work.admin_audit()
                        .append(&zone.given.admin_audit_record())
                        .await?;
                    work.commit().await
                }
            };
            retry(begin).await.unwrap();
        }
    })
    .await;
    let found = set(&fixture).await;
    let numbers: Vec<_> = found.chains.iter().map(|chain| chain.head.chain_number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert!(found.chains.iter().all(|chain| chain.head.chain_seq == 2));
    assert_eq!(found.summary.unwrap().count, 4);
}

pub async fn a_chain_that_did_not_begin_is_not_counted(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut work = fixture.a.write().await;
    let entries = [fixture.a.given.ledger_entry("req")];
    work.ledger().append(&entries, fixture.world.now()).await.unwrap();
    work.admin_audit()
        .append(&fixture.a.given.admin_audit_record())
        .await
        .unwrap();
    drop(work);
    assert_eq!(set(&fixture).await, ChainSet::default());
}

pub async fn an_administrative_chain_is_read_in_its_order(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut records = Vec::new();
    for _ in 0..5 {
        records.push(administer(&fixture, Some(&fixture.a)).await.id);
        administer(&fixture, None).await;
    }
    let mut work = fixture.global_read().await;
    for zone in [Some(fixture.a.id()), None] {
        let rows = work.chains().admin_range(zone, 0, 10).await.unwrap();
        assert_eq!(rows.len(), 5);
        let mut previous = String::new();
        for (row, position) in rows.iter().zip(1..) {
            assert_eq!(row.chain_seq, position);
            assert_eq!(row.prev_content_sha256, previous);
            assert!(row.copies_agree, "{row:?}");
            assert!(row.record_json.contains(&row.id), "{row:?}");
            previous.clone_from(&row.content_sha256);
        }
        if zone.is_some() {
            let ids: Vec<_> = rows.into_iter().map(|row| row.id).collect();
            assert_eq!(ids, records);
        }
        let rest = work.chains().admin_range(zone, 3, 1).await.unwrap();
        assert_eq!(rest.iter().map(|row| row.chain_seq).collect::<Vec<_>>(), [4]);
    }
    assert!(
        work.chains()
            .admin_range(Some(fixture.b.id()), 0, 10)
            .await
            .unwrap()
            .is_empty()
    );
}
