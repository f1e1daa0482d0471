//! Every log of evidence, as its verification reads it.

use caracal_ledger::chain::LogId;

use crate::{Access, AdminAuditRecord, ChainHead, ChainSet, LedgerHead};

use super::{
    Backend,
    fixture::{Fixture, InZone},
    ledger::append,
    race::{race, retry},
};

async fn set(fixture: &Fixture) -> ChainSet {
    fixture.global_read().await.chains().set().await.unwrap()
}

fn named(chains: &[ChainHead]) -> Vec<(i64, LogId, i64)> {
    let named = chains
        .iter()
        .map(|chain| (chain.head.chain_number, chain.log.clone(), chain.head.chain_seq));
    named.collect()
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
            (1, LogId::Ledger(b.clone()), 2),
            (2, LogId::Deployment, 2),
            (3, LogId::Admin(b), 2),
            (4, LogId::Ledger(a), 2),
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
