//! Administrative chains whose oldest records are deleted.

use std::time::Duration;

use caracal_core::{Timestamp, ZoneId};

use crate::{Access, AdminAuditRecord, AdminChainRow, ChainHead, PruneCheckpoint};

use super::{
    Backend,
    race::{race, retry},
    scene::Scene,
};

const DAY: Duration = Duration::from_hours(24);

/// Commits `old` records of 60 days ago, then `young` ones, of `zone` or of the deployment.
async fn administer(scene: &Scene, zone: Option<&ZoneId>, old: usize, young: usize) {
    let now = scene.world.now();
    let mut work = scene.global_write().await;
    for number in 0..old + young {
        let record = AdminAuditRecord {
            zone_id: zone.cloned(),
            occurred_at: if number < old { now.minus(60 * DAY) } else { now },
            ..scene.a.given.admin_audit_record()
        };
        work.admin_audit().append(&record).await.unwrap();
    }
    work.commit().await.unwrap();
}

async fn rows(scene: &Scene, zone: Option<&ZoneId>) -> Vec<AdminChainRow> {
    let mut work = scene.global_read().await;
    work.chains().admin_range(zone, 0, 100).await.unwrap()
}

async fn positions(scene: &Scene, zone: Option<&ZoneId>) -> Vec<i64> {
    let rows = rows(scene, zone).await;
    rows.iter().map(|row| row.chain_seq).collect()
}

async fn chain(scene: &Scene, zone: Option<&ZoneId>) -> ChainHead {
    let set = scene.global_read().await.chains().set().await.unwrap();
    let found = set.chains.into_iter().find(|chain| chain.zone.as_ref() == zone);
    found.unwrap()
}

/// Zones of the chains whose oldest record is from before `before`, by number.
async fn older(scene: &Scene, before: Timestamp) -> Vec<Option<ZoneId>> {
    let mut work = scene.global_read().await;
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
    scene: &Scene,
    zone: Option<&ZoneId>,
    (from, to): (i64, i64),
    content: &str,
) -> Option<PruneCheckpoint> {
    let at = scene.world.now();
    let mut work = scene.global_write().await;
    let pruned = work
        .chains()
        .prune_admin(zone, from, to, content, at)
        .await
        .unwrap();
    work.commit().await.unwrap();
    pruned
}

pub async fn old_records_go_and_the_checkpoint_says_up_to_where(backend: Backend) {
    let scene = Scene::new(backend).await;
    let (a, b) = (Some(scene.a.id()), Some(scene.b.id()));
    administer(&scene, a, 3, 2).await;
    administer(&scene, b, 0, 2).await;
    administer(&scene, None, 2, 1).await;
    let before = scene.world.now().minus(30 * DAY);
    assert_eq!(older(&scene, before).await, [a.cloned(), None]);
    assert_eq!(older(&scene, before.minus(60 * DAY)).await, []);

    let (whole, content) = (
        chain(&scene, a).await,
        rows(&scene, a).await[2].content_sha256.clone(),
    );
    assert_eq!(whole.pruned, None);
    let checkpoint = prune(&scene, a, (0, 3), &content).await.unwrap();
    assert_eq!(
        checkpoint,
        PruneCheckpoint {
            chain_seq: 3,
            content_sha256: content.clone(),
            pruned_at: scene.world.now(),
            checkpoint_hmac: checkpoint.checkpoint_hmac.clone(),
        }
    );
    let left = rows(&scene, a).await;
    assert_eq!(left.iter().map(|row| row.chain_seq).collect::<Vec<_>>(), [4, 5]);
    assert_eq!(left[0].prev_content_sha256, content);
    assert_eq!(
        chain(&scene, a).await,
        ChainHead {
            pruned: Some(checkpoint),
            ..whole
        }
    );
    assert_eq!(older(&scene, before).await, [None]);
    for other in [b, None] {
        assert_eq!(chain(&scene, other).await.pruned, None);
    }
    assert_eq!(
        (
            positions(&scene, b).await.len(),
            positions(&scene, None).await.len()
        ),
        (2, 3)
    );

    // What is not committed is not gone.
    let content = rows(&scene, None).await[0].content_sha256.clone();
    let mut work = scene.global_write().await;
    let pruned = work
        .chains()
        .prune_admin(None, 0, 1, &content, scene.world.now())
        .await;
    assert!(pruned.unwrap().is_some());
    drop(work);
    assert_eq!(chain(&scene, None).await.pruned, None);
    assert_eq!(positions(&scene, None).await, [1, 2, 3]);
}

pub async fn a_pruned_chain_goes_on_and_may_be_pruned_to_its_end(backend: Backend) {
    let scene = Scene::new(backend).await;
    let a = Some(scene.a.id());
    administer(&scene, a, 4, 0).await;
    let all = rows(&scene, a).await;
    for (from, to) in [(0, 1), (1, 4)] {
        let content = &all[usize::try_from(to - 1).unwrap()].content_sha256;
        let pruned = prune(&scene, a, (from, to), content).await;
        assert_eq!(pruned.unwrap().chain_seq, to);
    }
    assert_eq!(positions(&scene, a).await, [0_i64; 0]);
    assert_eq!(older(&scene, scene.world.now()).await, []);
    administer(&scene, a, 0, 1).await;
    let next = rows(&scene, a).await;
    assert_eq!((next.len(), next[0].chain_seq), (1, 5));
    assert_eq!(next[0].prev_content_sha256, all[3].content_sha256);
    assert_eq!(chain(&scene, a).await.head.chain_seq, 5);
}

pub async fn a_prune_that_does_not_fit_the_chain_deletes_nothing(backend: Backend) {
    let scene = Scene::new(backend).await;
    let (a, b) = (Some(scene.a.id()), Some(scene.b.id()));
    administer(&scene, a, 4, 0).await;
    administer(&scene, b, 4, 0).await;
    let contents = rows(&scene, a).await;
    let content = |position: usize| contents[position - 1].content_sha256.as_str();
    assert!(prune(&scene, a, (0, 2), content(2)).await.is_some());
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
        let pruned = prune(&scene, zone, (from, to), content).await;
        assert_eq!(pruned, None, "{zone:?} {from} {to}");
    }
    assert_eq!(positions(&scene, a).await, [3, 4]);
    assert_eq!(positions(&scene, b).await, [1, 2, 3, 4]);
    assert_eq!(chain(&scene, b).await.pruned, None);
}

pub async fn of_8_who_prune_from_one_position_exactly_one_does(backend: Backend) {
    let scene = Scene::new(backend).await;
    let a = scene.a.id();
    administer(&scene, Some(a), 12, 0).await;
    let contents = rows(&scene, Some(a)).await;
    let outcomes = race(8, |number| {
        let (store, zone, at) = (scene.backend.store.clone(), a.clone(), scene.world.now());
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
    assert_eq!(chain(&scene, Some(a)).await.pruned.as_ref(), Some(&one));
    let expected: Vec<_> = (one.chain_seq + 1..=12).collect();
    assert_eq!(positions(&scene, Some(a)).await, expected);
}
