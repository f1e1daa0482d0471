//! Retention: what a prune checkpoint says is gone goes, everything else stays, and the log goes on.

use std::{ops::Range, time::Duration};

use caracal_core::Timestamp;
use caracal_ledger::{
    chain::LogId,
    log_keys::LogKeys,
    merkle::{Frontier, tiles_of},
    prune::Prune,
    terms::SearchedEvent,
};

use crate::{Access, AuditFilter, Error, Hold, KeptPrune, PageRequest, RetentionDays, Swept, held_ids};

use super::{
    Backend,
    fixture::{Fixture, InZone, walk},
    ledger::append,
    ledger_blocks::{busy, written},
    records::open,
};

const TILE: u64 = 256;

/// Appends so many events and seals them all.
async fn sealed(zone: &InZone, count: u64) {
    let entries: Vec<_> = busy(zone, count).iter().map(written).collect();
    for some in entries.chunks(300) {
        append(zone, some).await;
    }
    let later = zone.given.world.now().plus(Duration::from_hours(24));
    let mut work = zone.write().await;
    assert!(work.retention().seal_before(later).await.unwrap());
    work.commit().await.unwrap();
}

async fn leaves(zone: &InZone) -> Vec<[u8; 32]> {
    zone.read().await.ledger().leaves(0..u64::MAX).await.unwrap()
}

/// Where blocks begin, and where the last ends.
async fn borders(zone: &InZone) -> Vec<u64> {
    let blocks = zone.read().await.ledger().blocks(0, 10_000).await.unwrap();
    let mut borders: Vec<u64> = blocks.iter().map(|block| block.first).collect();
    borders.extend(blocks.last().map(|block| block.first + block.entries));
    borders
}

/// The next prune checkpoint, up to `size`.
async fn next(zone: &InZone, size: u64, kept: Vec<Range<u64>>) -> KeptPrune {
    let keys = LogKeys::derive("a.example", &[7; 32], None).unwrap();
    let leaves = leaves(zone).await;
    let mut frontier = Frontier::default();
    for leaf in &leaves[..usize::try_from(size).unwrap()] {
        frontier.append(*leaf);
    }
    let prune = Prune {
        origin: keys.origin(&format!("ledger/{}", zone.id())),
        frontier,
        time: 1,
        reason: String::from("old"),
        kept,
    };
    let mut work = zone.read().await;
    let before = work.retention().newest_prune().await.unwrap();
    let tile = usize::try_from(size - size % TILE).unwrap();
    KeptPrune {
        number: before.map_or(0, |before| before.number) + 1,
        size,
        pruned_at: zone.given.world.now(),
        note: keys.sign_prune(prune).unwrap().encode(),
        holds: held_ids(&work.retention().holds().await.unwrap()),
        leaves: leaves[tile..usize::try_from(size).unwrap()].to_vec(),
        tag: String::new(),
    }
}

async fn prune(zone: &InZone, next: &KeptPrune) -> bool {
    let mut work = zone.write().await;
    let done = work.retention().prune(next).await.unwrap();
    work.commit().await.unwrap();
    done
}

async fn sweep(zone: &InZone, limit: u32) -> Swept {
    let mut work = zone.write().await;
    let swept = work.retention().sweep(limit).await.unwrap();
    work.commit().await.unwrap();
    swept
}

async fn positions(zone: &InZone) -> Vec<u64> {
    let rows = zone.read().await.ledger().range(0, 100_000).await.unwrap();
    rows.iter()
        .map(|row| u64::try_from(row.chain_seq).unwrap() - 1)
        .collect()
}

async fn found(zone: &InZone, filter: &AuditFilter) -> usize {
    let read = async |page: PageRequest| zone.read().await.ledger().search(filter, &page).await.unwrap();
    walk(100, read).await.len()
}

fn hold(id: &str, subject: Option<&str>, at: Timestamp) -> Hold {
    Hold {
        id: id.to_owned(),
        subject: subject.map(str::to_owned),
        reason: String::from("case 7"),
        placed_by: String::from("ops"),
        placed_at: at,
    }
}

pub async fn what_a_prune_checkpoint_covers_goes_and_its_hashes_stay(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    sealed(zone, 900).await;
    let (before, borders) = (leaves(zone).await, borders(zone).await);
    let events = zone.read().await.ledger().range(0, 1_000).await.unwrap();
    // Not at the border of a tile, and the third block is held.
    let size = *borders.iter().rev().find(|border| *border % TILE != 0).unwrap();
    let held = borders[2]..borders[3];
    assert!(prune(zone, &next(zone, size, vec![held.clone()]).await).await);
    let mut gone = Swept::default();
    loop {
        let swept = sweep(zone, 3).await;
        assert!(swept.blocks <= 3);
        if swept == Swept::default() {
            break;
        }
        gone.blocks += swept.blocks;
        gone.entries += swept.entries;
    }
    let held_count = held.end - held.start;
    assert_eq!(gone.entries, size - held_count);
    let stays: Vec<u64> = held.clone().chain(size..900).collect();
    assert_eq!(positions(zone).await, stays);
    // A page of what is left goes over what is gone.
    let page = zone
        .read()
        .await
        .ledger()
        .range(0, u32::try_from(held_count).unwrap() + 1)
        .await
        .unwrap();
    assert_eq!(page.len() as u64, (held_count + 1).min(stays.len() as u64));
    assert_eq!(leaves(zone).await, before, "hashes stay");
    let mut work = zone.read().await;
    for tile in tiles_of(900) {
        assert!(work.ledger().tile(&tile).await.unwrap().is_some(), "{tile:?}");
    }
    let postings = work.ledger().postings(None, 100_000).await.unwrap();
    assert!(!postings.is_empty());
    assert!(postings.iter().all(|posting| stays.contains(&posting.first)));
    let newest = work.retention().newest_prune().await.unwrap().unwrap();
    assert_eq!((newest.number, newest.size), (1, size));
    drop(work);
    // Searches find what is left and nothing else.
    let session = SearchedEvent::of(&events[usize::try_from(held.start).unwrap()].event).session_id;
    let expected = events.iter().filter(|row| {
        let index = u64::try_from(row.chain_seq).unwrap() - 1;
        stays.contains(&index) && SearchedEvent::of(&row.event).session_id == session
    });
    let filter = AuditFilter {
        session_id: session.clone(),
        ..AuditFilter::default()
    };
    assert_eq!(found(zone, &filter).await, expected.count());
    assert_eq!(found(zone, &AuditFilter::default()).await, stays.len());

    // The log goes on, in this life and in the next, on the tree that it had.
    let mut fixture = fixture;
    for _ in 0..2 {
        let zone = &fixture.a;
        let entries: Vec<_> = busy(zone, 200).iter().map(written).collect();
        assert_eq!(append(zone, &entries).await.inserted, 200);
        let all = leaves(zone).await;
        let mut tree = Frontier::default();
        for leaf in &all {
            tree.append(*leaf);
        }
        let mut work = zone.read().await;
        let head = work.ledger().head().await.unwrap();
        assert_eq!(head.size, all.len() as u64);
        assert_eq!(head.root, hex::encode(tree.root()));
        assert_eq!(all[..900], before[..]);
        for tile in tiles_of(head.size) {
            assert!(work.ledger().tile(&tile).await.unwrap().is_some(), "{tile:?}");
        }
        drop(work);
        fixture.restart().await;
    }
}

pub async fn nothing_sealed_goes_without_the_next_prune_checkpoint(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    assert_eq!(sweep(zone, 10).await, Swept::default(), "there is no log");
    sealed(zone, 600).await;
    assert_eq!(sweep(zone, 10).await, Swept::default());
    let borders = borders(zone).await;
    let good = next(zone, borders[2], vec![]).await;
    for number in [0, 2] {
        let other = KeptPrune {
            number,
            ..good.clone()
        };
        assert!(!prune(zone, &other).await);
    }
    let held = KeptPrune {
        holds: String::from("hold-1"),
        ..good.clone()
    };
    assert!(!prune(zone, &held).await, "for holds that are not in force");
    assert_eq!(sweep(zone, 10).await, Swept::default());
    assert!(prune(zone, &good).await);
    assert!(!prune(zone, &good).await, "twice");
    let back = next(zone, borders[1], vec![]).await;
    assert!(!prune(zone, &back).await, "prune checkpoints only move forward");
    assert_eq!(sweep(zone, 10).await.entries, borders[2]);
    assert_eq!(positions(zone).await, (borders[2]..600).collect::<Vec<_>>());
    // Another zone has lost nothing.
    sealed(&fixture.b, 300).await;
    assert_eq!(sweep(&fixture.b, 10).await, Swept::default());
    assert_eq!(positions(&fixture.b).await.len(), 300);
}

pub async fn what_is_held_stays_until_the_hold_is_lifted(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    sealed(zone, 600).await;
    let borders = borders(zone).await;
    let now = fixture.world.now();
    let place = async |hold: Hold| {
        let mut work = zone.write().await;
        work.retention().place(&hold).await.unwrap();
        work.commit().await.unwrap();
    };
    let lift = async |id: &str| {
        let mut work = zone.write().await;
        let lifted = work.retention().lift(id, "ops", now).await.unwrap();
        work.commit().await.unwrap();
        lifted
    };
    assert!(prune(zone, &next(zone, borders[2], vec![]).await).await);
    // Placed between the checkpoint and the deletion.
    place(hold("hold-1", Some("subject-1"), now)).await;
    assert_eq!(sweep(zone, 10).await, Swept::default());
    let kept = borders[0]..borders[1];
    assert!(prune(zone, &next(zone, borders[2], vec![kept.clone()]).await).await);
    assert_eq!(sweep(zone, 10).await.entries, borders[2] - borders[1]);
    // Everything in the zone.
    place(hold("hold-2", None, now)).await;
    assert!(prune(zone, &next(zone, borders[3], vec![kept]).await).await);
    assert_eq!(sweep(zone, 10).await, Swept::default());
    let mut work = zone.read().await;
    let holds = work.retention().holds().await.unwrap();
    let expected = [hold("hold-1", Some("subject-1"), now), hold("hold-2", None, now)];
    assert_eq!(holds, expected);
    drop(work);
    assert!(lift("hold-1").await);
    assert!(lift("hold-2").await);
    assert!(!lift("hold-2").await, "it is lifted");
    assert!(!lift("hold-3").await, "there is none");
    assert_eq!(
        sweep(zone, 10).await,
        Swept::default(),
        "the checkpoint keeps for them"
    );
    assert!(prune(zone, &next(zone, borders[3], vec![]).await).await);
    sweep(zone, 10).await;
    assert_eq!(positions(zone).await, (borders[3]..600).collect::<Vec<_>>());
    let elsewhere = fixture.b.read().await.retention().holds().await.unwrap();
    assert!(elsewhere.is_empty());
}

pub async fn old_entries_are_sealed_however_few_they_are(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let mut work = zone.write().await;
    let now = fixture.world.now();
    assert!(
        !work.retention().seal_before(now).await.unwrap(),
        "there is no log"
    );
    drop(work);
    let mut events = busy(zone, 10);
    for (n, event) in (0..).zip(&mut events) {
        event.occurred_at = now.plus(Duration::from_secs(n));
    }
    append(zone, &events.iter().map(written).collect::<Vec<_>>()).await;
    for (seconds, sealed) in [(0, 0), (4, 4), (4, 4), (7, 7), (60, 10)] {
        let mut work = zone.write().await;
        // They were taken now.
        let before = now.plus(Duration::from_secs(seconds));
        work.retention().seal_before(before).await.unwrap();
        work.commit().await.unwrap();
        let head = zone.read().await.ledger().head().await.unwrap();
        assert_eq!((head.sealed, head.size), (sealed, 10), "{seconds}");
        assert_eq!(found(zone, &AuditFilter::default()).await, 10);
        assert_eq!(positions(zone).await.len(), 10);
    }
}

pub async fn retention_is_said_of_each_zone_and_of_the_deployment(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let said = |days| RetentionDays {
        days,
        updated_by: String::from("ops"),
        updated_at: fixture.world.now(),
    };
    let set = async |zone: &InZone, days: Option<RetentionDays>| {
        let mut work = zone.write().await;
        work.retention_days().set_days(days.as_ref()).await.unwrap();
        work.commit().await.unwrap();
    };
    set(&fixture.a, Some(said(90))).await;
    set(&fixture.a, Some(said(30))).await;
    let mut work = fixture.global_write().await;
    work.retention_days().set_days(Some(&said(400))).await.unwrap();
    work.commit().await.unwrap();
    let of = async |zone: &InZone| zone.read().await.retention_days().days().await.unwrap();
    let of_all = async || fixture.global_read().await.retention_days().days().await.unwrap();
    assert_eq!(of(&fixture.a).await, Some(said(30)));
    assert_eq!(of(&fixture.b).await, None);
    assert_eq!(of_all().await, Some(said(400)));
    // A view of a log says it too.
    let zones = [&fixture.a, &fixture.b].map(|zone| zone.given.zone_id.clone());
    let [a, b] = zones.map(LogId::Admin);
    for (log, days) in [(a, Some(30)), (b, None), (LogId::Deployment, Some(400))] {
        let mut work = open(&fixture, &log, Access::Read).await;
        assert_eq!(work.retention().said_days().await.unwrap(), days, "{log}");
    }
    set(&fixture.a, None).await;
    assert_eq!(of(&fixture.a).await, None);
    assert_eq!(of_all().await, Some(said(400)));
    // Who only reads may change neither.
    let mut work = fixture.a.read().await;
    let refused: Result<(), Error> = work.retention_days().set_days(Some(&said(1))).await;
    assert!(refused.is_err());
}
