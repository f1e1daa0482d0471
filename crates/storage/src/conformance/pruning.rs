//! Administrative chains whose oldest records are deleted.

use std::time::Duration;

use caracal_core::{Timestamp, ZoneId};

use crate::{Access, AdminAuditRecord, AdminChainRow, ChainHead, PruneCheckpoint};

use super::{
    Backend,
    fixture::Fixture,
    race::{race, retry},
};

const DAY: Duration = Duration::from_hours(24);

/// Commits `old` records of 60 days ago, then `young` ones, of `zone` or of the deployment.
async fn administer(fixture: &Fixture, zone: Option<&ZoneId>, old: usize, young: usize) {
    let now = fixture.world.now();
    let mut work = fixture.global_write().await;
    for number in 0..old + young {
        let record = AdminAuditRecord {
            zone_id: zone.cloned(),
            occurred_at: if number < old { now.minus(60 * DAY) } else { now },
            ..fixture.a.given.admin_audit_record()
        };
        work.admin_audit().append(&record).await.unwrap();
    }
    work.commit().await.unwrap();
}

async fn rows(fixture: &Fixture, zone: Option<&ZoneId>) -> Vec<AdminChainRow> {
    let mut work = fixture.global_read().await;
    work.chains().admin_range(zone, 0, 100).await.unwrap()
}

async fn positions(fixture: &Fixture, zone: Option<&ZoneId>) -> Vec<i64> {
    let rows = rows(fixture, zone).await;
    rows.iter().map(|row| row.chain_seq).collect()
}

async fn chain(fixture: &Fixture, zone: Option<&ZoneId>) -> ChainHead {
    let set = fixture.global_read().await.chains().set().await.unwrap();
    let found = set.chains.into_iter().find(|chain| chain.zone.as_ref() == zone);
    found.unwrap()
}

/// Zones of the chains whose oldest record is from before `before`, by number.
async fn older(fixture: &Fixture, before: Timestamp) -> Vec<Option<ZoneId>> {
    let mut work = fixture.global_read().await;
    let mut found = Vec::new();
    let mut after = 0;
    // One at a time, as pages.
    while let Some(next) = work.chains().admin_older(before, after, 1).await.unwrap().pop() {
        after = next.head.chain_number;
        found.push(next.zone);
    }
    found
}

async fn prune(
    fixture: &Fixture,
    zone: Option<&ZoneId>,
    (from, to): (i64, i64),
    content: &str,
) -> Option<PruneCheckpoint> {
    let at = fixture.world.now();
    let mut work = fixture.global_write().await;
    let pruned = work
        .chains()
        .prune_admin(zone, from, to, content, at)
        .await
        .unwrap();
    work.commit().await.unwrap();
    pruned
}

pub async fn old_records_go_and_the_checkpoint_says_up_to_where(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (a, b) = (Some(fixture.a.id()), Some(fixture.b.id()));
    administer(&fixture, a, 3, 2).await;
    administer(&fixture, b, 0, 2).await;
    administer(&fixture, None, 2, 1).await;
    let before = fixture.world.now().minus(30 * DAY);
    assert_eq!(older(&fixture, before).await, [a.cloned(), None]);
    assert_eq!(older(&fixture, before.minus(60 * DAY)).await, []);

    let (whole, content) = (
        chain(&fixture, a).await,
        rows(&fixture, a).await[2].content_sha256.clone(),
    );
    assert_eq!(whole.pruned, None);
    let checkpoint = prune(&fixture, a, (0, 3), &content).await.unwrap();
    assert_eq!(
        checkpoint,
        PruneCheckpoint {
            chain_seq: 3,
            content_sha256: content.clone(),
            pruned_at: fixture.world.now(),
            checkpoint_hmac: checkpoint.checkpoint_hmac.clone(),
        }
    );
    let left = rows(&fixture, a).await;
    assert_eq!(left.iter().map(|row| row.chain_seq).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(left[0].prev_content_sha256, content);
    assert_eq!(
        chain(&fixture, a).await,
        ChainHead {
            pruned: Some(checkpoint),
            ..whole
        }
    );
    assert_eq!(older(&fixture, before).await, [None]);
    for other in [b, None] {
        assert_eq!(chain(&fixture, other).await.pruned, None);
    }
    assert_eq!(
        (
            positions(&fixture, b).await.len(),
            positions(&fixture, None).await.len()
        ),
        (2, 3)
    );

    // What is not committed is not gone.
    let content = rows(&fixture, None).await[0].content_sha256.clone();
    let mut work = fixture.global_write().await;
    let pruned = work
        .chains()
        .prune_admin(None, 0, 1, &content, fixture.world.now())
        .await;
    assert!(pruned.unwrap().is_some());
    drop(work);
    assert_eq!(chain(&fixture, None).await.pruned, None);
    assert_eq!(positions(&fixture, None).await, [1, 2, 3]);
}

pub async fn a_pruned_chain_goes_on_and_may_be_pruned_to_its_end(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let a = Some(fixture.a.id());
    administer(&fixture, a, 4, 0).await;
    let all = rows(&fixture, a).await;
    for (from, to) in [(0, 1), (1, 4)] {
        let content = &all[usize::try_from(to - 1).unwrap()].content_sha256;
        let pruned = prune(&fixture, a, (from, to), content).await;
        assert_eq!(pruned.unwrap().chain_seq, to);
    }
    assert_eq!(positions(&fixture, a).await, [0_i64; 0]);
    assert_eq!(older(&fixture, fixture.world.now()).await, []);
    administer(&fixture, a, 0, 1).await;
    let next = rows(&fixture, a).await;
    assert_eq!((next.len(), next[0].chain_seq), (1, 5));
    assert_eq!(next[0].prev_content_sha256, all[3].content_sha256);
    assert_eq!(chain(&fixture, a).await.head.chain_seq, 5);
}

pub async fn a_prune_that_does_not_fit_the_chain_deletes_nothing(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (a, b) = (Some(fixture.a.id()), Some(fixture.b.id()));
    administer(&fixture, a, 4, 0).await;
    administer(&fixture, b, 4, 0).await;
    let contents = rows(&fixture, a).await;
    let content = |position: usize| contents[position - 1].content_sha256.as_str();
    assert!(prune(&fixture, a, (0, 2), content(2)).await.is_some());
    for (zone, (from, to), content) in [
        // From another position than the chain begins at.
        (a, (0, 3), content(3)),
        (a, (1, 3), content(3)),
        (a, (3, 4), content(4)),
        (b, (2, 3), content(3)),
        // With another hash, of another position and of another chain.
        (a, (2, 3), content(4)),
        (a, (2, 3), ""),
        (b, (0, 3), content(3)),
        // Beyond the end, and backwards.
        (a, (2, 5), content(4)),
        (a, (2, 1), content(1)),
    ] {
        let pruned = prune(&fixture, zone, (from, to), content).await;
        assert_eq!(pruned, None, "{zone:?} {from} {to}");
    }
    assert_eq!(positions(&fixture, a).await, [3, 4]);
    assert_eq!(positions(&fixture, b).await, [1, 2, 3, 4]);
    assert_eq!(chain(&fixture, b).await.pruned, None);
}

pub async fn of_8_who_prune_from_one_position_exactly_one_does(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let a = fixture.a.id();
    administer(&fixture, Some(a), 12, 0).await;
    let contents = rows(&fixture, Some(a)).await;
    let outcomes = race(8, |number| {
        let (store, zone, at) = (fixture.backend.store.clone(), a.clone(), fixture.world.now());
        let to = &contents[number + 2];
        let (to, content) = (to.chain_seq, to.content_sha256.clone());
        async move {
            let attempt = || async {
                let mut work = store.global(Access::Write).await?;
                let pruned = work
                    .chains()
                    .prune_admin(Some(&zone), 0, to, &content, at)
                    .await?;
                work.commit().await.map(|()| pruned)
            };
            retry(attempt).await.unwrap()
        }
    })
    .await;
    let [one] = outcomes
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    assert_eq!(chain(&fixture, Some(a)).await.pruned.as_ref(), Some(&one));
    let expected: Vec<_> = (one.chain_seq + 1..=12).collect();
    assert_eq!(positions(&fixture, Some(a)).await, expected);
}
