//! The ledger: one unbroken log for each zone, each event once.

use std::{sync::Arc, time::Duration};

use caracal_core::audit::AuditEvent;
use caracal_ledger::{
    entry::Entry,
    merkle::{Frontier, tiles_of},
};
use serde_json::json;

use crate::{AppendOutcome, AuditRow, LedgerEntry};

use super::{
    Backend,
    fixture::{Fixture, InZone},
    race::{race, retry},
};

/// Commits a batch.
pub(super) async fn append(zone: &InZone, entries: &[LedgerEntry]) -> AppendOutcome {
    let mut work = zone.write().await;
    let outcome = work
        .ledger()
        .append(entries, zone.given.world.now())
        .await
        .unwrap();
    work.commit().await.unwrap();
    outcome
}

fn inserted(inserted: u64) -> AppendOutcome {
    AppendOutcome {
        inserted,
        ..AppendOutcome::default()
    }
}

/// The whole log, after checking that it is one, and that its tree and its tiles are those of its entries.
pub(super) async fn chain(zone: &InZone) -> Vec<AuditRow> {
    let mut work = zone.read().await;
    let head = work.ledger().head().await.unwrap();
    let rows = work.ledger().range(0, 100_000).await.unwrap();
    let leaves = work.ledger().leaves(0..u64::MAX).await.unwrap();
    let name = format!("ledger/{}", zone.id());
    let mut tree = Frontier::default();
    for ((row, leaf), index) in rows.iter().zip(&leaves).zip(0_u64..) {
        assert_eq!(
            u64::try_from(row.chain_seq),
            Ok(index + 1),
            "a gap or a repeat in the log"
        );
        let entry = Entry {
            log: &name,
            index,
            body: &row.received,
            taken_at: row.ingested_at,
            producer_key: &row.producer_key,
        };
        assert_eq!(row.content_sha256, hex::encode(entry.content_hash()));
        assert_eq!(*leaf, entry.leaf());
        tree.append(*leaf);
    }
    let count = rows.len() as u64;
    assert_eq!(
        (tree.size(), leaves.len() as u64, head.size),
        (count, count, count)
    );
    assert_eq!(head.peaks, tree.peaks(), "the log ends with its last entry");
    if count > 0 {
        assert_eq!(head.root, hex::encode(tree.root()));
    }
    for tile in tiles_of(count) {
        let hashes = work.ledger().tile(&tile).await.unwrap().unwrap();
        assert_eq!(hashes.len(), usize::from(tile.width), "{tile:?}");
        let place = tile.index..tile.index + 1;
        let stored = work.ledger().stored_tiles(tile.level, place).await.unwrap();
        let full = (tile.width == 256).then(|| (tile.index, hashes.clone()));
        assert_eq!(stored, Vec::from_iter(full), "full ones are stored");
        if tile.level == 0 {
            let first = usize::try_from(tile.index * 256).unwrap();
            assert_eq!(hashes, leaves[first..first + hashes.len()]);
        }
    }
    let beyond = tiles_of(count + 1);
    let beyond = beyond
        .iter()
        .find(|tile| tile.level == 0 && tile.index == count / 256)
        .unwrap();
    assert_eq!(work.ledger().tile(beyond).await.unwrap(), None);
    rows
}

fn written(event: &AuditEvent) -> LedgerEntry {
    LedgerEntry::written(event, None).unwrap()
}

/// The whole event of an entry.
pub(super) fn opened(entry: &LedgerEntry) -> AuditEvent {
    serde_json::from_str(&entry.received).unwrap()
}

fn value(event: &AuditEvent) -> serde_json::Value {
    serde_json::to_value(event).unwrap()
}

pub async fn an_event_comes_back_as_it_was_appended(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let plain = fixture.a.given.ledger_entry("req-1");
    let mut event = fixture.a.given.audit_event("req-ü \"2\"");
    event.policy_set_id = Some("set".into());
    event.policy_set_version_id = Some("version".into());
    event.manifest_sha = Some("abc".into());
    event.evaluation_status = String::from("no_policy");
    event.determining_policies_json = serde_json::value::to_raw_value(&json!([{ "policy": "grants" }])).ok();
    event.diagnostics_json =
        serde_json::value::to_raw_value(&json!([{ "reason": "naïve \\ \u{1F680}" }])).ok();
    event.occurred_at = fixture.world.now().minus(Duration::from_micros(123_457));
    let mut full = LedgerEntry::written(&event, None).unwrap();
    // Another spelling and a member that this build does not know.
    full.received = full
        .received
        .replacen('{', "{ \"later\" : [1.0, \"\\u0000\"],", 1)
        .into();
    let bare = AuditEvent::new(&fixture.world, fixture.a.id().clone(), "", "", "");
    let bare = LedgerEntry::written(&bare, Some(String::new())).unwrap();
    assert_eq!(
        append(&fixture.a, &[plain.clone(), full.clone(), bare.clone()]).await,
        inserted(3)
    );
    let rows = chain(&fixture.a).await;
    assert_eq!(rows.len(), 3);
    // Of a batch, what happened first stands first.
    for (row, entry) in rows.iter().zip([full, plain, bare]) {
        assert_eq!(value(&row.event), value(&opened(&entry)));
        assert_eq!(
            row.event.occurred_at, entry.event.occurred_at,
            "to the microsecond"
        );
        assert_eq!(row.received, *entry.received, "byte for byte");
        assert_eq!(row.producer_key, entry.producer_key);
        assert_eq!(row.ingested_at, fixture.world.now());
    }
}

pub async fn an_empty_ledger_has_an_empty_head(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    assert!(chain(&fixture.a).await.is_empty());
    assert_eq!(append(&fixture.a, &[]).await, AppendOutcome::default());
    assert!(chain(&fixture.a).await.is_empty());
}

pub async fn batches_link_in_their_order_and_across_works(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut expected = Vec::new();
    for size in [1, 3, 200, 1, 7, 300, 255, 1, 256] {
        // Events of one moment stand in the order of their arrival, whatever their ids.
        let mut batch: Vec<_> = (0..size).map(|_| fixture.a.given.ledger_entry("req")).collect();
        batch.reverse();
        assert_eq!(append(&fixture.a, &batch).await, inserted(size));
        expected.extend(batch.into_iter().map(|entry| entry.event.id.clone()));
    }
    let stored: Vec<_> = chain(&fixture.a)
        .await
        .into_iter()
        .map(|row| row.event.id)
        .collect();
    assert_eq!(stored, expected);
}

pub async fn a_batch_that_comes_again_changes_nothing(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let batch: Vec<_> = (0..5).map(|_| fixture.a.given.ledger_entry("req")).collect();
    assert_eq!(append(&fixture.a, &batch[..3]).await, inserted(3));
    let outcome = append(&fixture.a, &batch).await;
    assert_eq!(
        outcome,
        AppendOutcome {
            inserted: 2,
            duplicates: 3,
            mismatches: Vec::new()
        }
    );
    let twice = fixture.a.given.ledger_entry("req");
    let outcome = append(&fixture.a, &[twice.clone(), twice]).await;
    assert_eq!(
        outcome,
        AppendOutcome {
            inserted: 1,
            duplicates: 1,
            mismatches: Vec::new()
        }
    );
    assert_eq!(chain(&fixture.a).await.len(), 6);
}

pub async fn the_same_content_in_another_spelling_is_a_duplicate(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut event = fixture.a.given.audit_event("req");
    let raw = |text: &str| Some(serde_json::value::RawValue::from_string(text.to_owned()).unwrap());
    event.metadata_json = raw(r#"{"b": 1, "a": "\u00e9"}"#);
    append(&fixture.a, &[written(&event)]).await;
    event.metadata_json = raw(r#"{"a":"é","b":1}"#);
    let outcome = append(&fixture.a, &[written(&event)]).await;
    assert_eq!(
        outcome.duplicates, 1,
        "canonical JSON decides, not the spelling: {outcome:?}"
    );
}

pub async fn an_id_with_other_content_is_reported_and_not_linked(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let original = fixture.a.given.ledger_entry("req");
    append(&fixture.a, std::slice::from_ref(&original)).await;
    let mut forged = opened(&original);
    forged.decision = String::from("deny");
    let mut later = opened(&original);
    later.occurred_at = later.occurred_at.plus(Duration::from_micros(1));
    let mut silent = opened(&original);
    silent.metadata_json = None;
    let fresh = fixture.a.given.ledger_entry("req");
    let mut twin = opened(&fresh);
    twin.event_type = "other".into();
    let [forged, later, silent, twin] = [&forged, &later, &silent, &twin].map(written);
    let outcome = append(&fixture.a, &[forged, later, silent, fresh.clone(), twin]).await;
    let (id, twin) = (original.event.id.clone(), fresh.event.id.clone());
    assert_eq!((outcome.inserted, outcome.duplicates), (1, 0));
    assert_eq!(
        outcome.mismatches,
        [id.clone(), id.clone(), id, twin],
        "each forgery is reported"
    );
    let rows = chain(&fixture.a).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(
        value(&rows[0].event),
        value(&opened(&original)),
        "the first entry stands"
    );
}

pub async fn the_chain_has_no_gap_under_8_appenders(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    race(8, |appender| {
        let zone = fixture.a.clone();
        async move {
            for round in 0..4 {
                let batch: Vec<_> = (0..=appender).map(|_| zone.given.ledger_entry("req")).collect();
                let append = async |commit| {
                    let mut work = zone.try_write().await?;
                    let outcome = work.ledger().append(&batch, zone.given.world.now()).await?;
                    if commit {
                        work.commit().await?;
                    }
                    Ok(outcome)
                };
                if round == 1 {
                    // A work that gives up leaves no gap.
                    let _ = retry(|| append(false)).await;
                }
                assert_eq!(
                    retry(|| append(true)).await.unwrap(),
                    inserted(appender as u64 + 1)
                );
            }
        }
    })
    .await;
    assert_eq!(chain(&fixture.a).await.len(), (1..=8).sum::<usize>() * 4);
}

pub async fn one_batch_from_8_consumers_is_linked_once(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let batch: Arc<Vec<_>> = Arc::new((0..20).map(|_| fixture.a.given.ledger_entry("req")).collect());
    let outcomes = race(8, |consumer| {
        let (zone, batch) = (fixture.a.clone(), batch.clone());
        async move {
            // Overlapping halves, as consumers that reclaim from each other see them.
            let part = if consumer % 2 == 0 {
                &batch[..15]
            } else {
                &batch[5..]
            };
            retry(|| async {
                let mut work = zone.try_write().await?;
                let outcome = work.ledger().append(part, zone.given.world.now()).await?;
                work.commit().await?;
                Ok(outcome)
            })
            .await
            .unwrap()
        }
    })
    .await;
    assert_eq!(outcomes.iter().map(|outcome| outcome.inserted).sum::<u64>(), 20);
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.inserted + outcome.duplicates == 15)
    );
    assert_eq!(chain(&fixture.a).await.len(), 20);
}

pub async fn each_zone_has_a_chain_of_its_own(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    append(
        &fixture.a,
        &[
            fixture.a.given.ledger_entry("req"),
            fixture.a.given.ledger_entry("req"),
        ],
    )
    .await;
    let known = fixture.a.given.ledger_entry("req");
    append(&fixture.a, std::slice::from_ref(&known)).await;
    // An id seen in one zone says nothing in another: nobody can block a foreign event by using its id first.
    let mut same_id = fixture.b.given.audit_event("req");
    same_id.id.clone_from(&known.event.id);
    assert_eq!(append(&fixture.b, &[written(&same_id)]).await, inserted(1));
    assert_eq!(chain(&fixture.a).await.len(), 3);
    let rows = chain(&fixture.b).await;
    assert_eq!(
        (rows.len(), rows[0].event.zone_id.clone()),
        (1, fixture.b.id().clone())
    );
}

pub async fn a_range_starts_after_its_position_and_keeps_its_limit(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let batch: Vec<_> = (0..10).map(|_| fixture.a.given.ledger_entry("req")).collect();
    append(&fixture.a, &batch).await;
    let mut work = fixture.a.read().await;
    for (after, limit, expected) in [(0, 3, 1..=3), (3, 4, 4..=7), (8, 100, 9..=10)] {
        let rows = work.ledger().range(after, limit).await.unwrap();
        let positions: Vec<_> = rows.iter().map(|row| row.chain_seq).collect();
        assert_eq!(positions, expected.collect::<Vec<_>>());
    }
    assert!(work.ledger().range(10, 5).await.unwrap().is_empty());
    assert!(work.ledger().range(i64::MAX, 5).await.unwrap().is_empty());
}
