//! The ledger over many blocks: what is sealed is found like what is not.

use std::time::Duration;

use caracal_core::{Timestamp, audit::AuditEvent};
use caracal_ledger::terms::{MAX_SPAN, SearchedEvent};
use serde_json::json;

use crate::{AuditFilter, AuditRow, LedgerEntry, Order, PageRequest};

use super::{
    Backend,
    fixture::{Fixture, InZone, walk, walk_from},
    ledger::{append, chain, opened},
};

pub(super) const MINUTE: u64 = 60_000_000;

/// An event so many microseconds from now, with what is to be searched for.
fn event(zone: &InZone, micros: u64, metadata: &serde_json::Value) -> AuditEvent {
    let mut event = zone.given.audit_event("req").with_metadata(metadata);
    event.occurred_at = zone.given.world.now().plus(Duration::from_micros(micros));
    event
}

pub(super) fn written(event: &AuditEvent) -> LedgerEntry {
    LedgerEntry::written(event, None).unwrap()
}

/// Numbers that look like chance and are the same each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// Events of a busy zone over about two hours, most of them in order.
pub(super) fn busy(zone: &InZone, count: u64) -> Vec<AuditEvent> {
    let mut chance = Chance(7);
    (0..count)
        .map(|n| {
            let late = if chance.below(20) == 0 {
                chance.below(90)
            } else {
                0
            };
            let micros = (120 * MINUTE).saturating_sub(late * MINUTE) + n * 5_000_000;
            let metadata = json!({
                "application_id": format!("app-{}", chance.below(4)),
                "agent_session_id": format!("ses-{}", n / 40),
                "session_id": format!("rec-{}", n / 300),
                "agent_labels": [format!("label-{}", chance.below(3)), "all"],
            });
            let mut event = event(zone, micros, &metadata);
            event.request_id = format!("req-{}", n / 3);
            let types = ["token_exchange", "gateway_resource_request", "session_start"];
            event.event_type = types[usize::try_from(chance.below(3)).unwrap()].into();
            event.decision = String::from(if chance.below(10) == 0 { "deny" } else { "allow" });
            event
        })
        .collect()
}

fn passes(filter: &AuditFilter, event: &AuditEvent) -> bool {
    let searched = SearchedEvent::of(event);
    let is = |wanted: &Option<String>, has: Option<&String>| wanted.is_none() || wanted.as_ref() == has;
    filter.since.is_none_or(|since| event.occurred_at >= since)
        && filter.until.is_none_or(|until| event.occurred_at < until)
        && is(&filter.request_id, Some(&event.request_id))
        && is(&filter.decision, Some(&event.decision))
        && (filter.event_types.is_empty() || filter.event_types.contains(&searched.event_type))
        && is(&filter.application_id, searched.application_id.as_ref())
        && is(&filter.session_id, searched.session_id.as_ref())
        && is(&filter.authority_record_id, searched.authority_record_id.as_ref())
        && filter
            .label
            .as_ref()
            .is_none_or(|label| searched.labels.contains(label))
}

async fn found(zone: &InZone, filter: &AuditFilter, limit: u32) -> Vec<(Timestamp, String)> {
    let read = async |page: PageRequest| zone.read().await.ledger().search(filter, &page).await.unwrap();
    let keys = |rows: Vec<AuditRow>| -> Vec<_> {
        let rows = rows.into_iter();
        rows.map(|row| (row.event.occurred_at, row.event.id)).collect()
    };
    let newest_first = keys(walk(limit, &read).await);
    let oldest = PageRequest {
        order: Order::Oldest,
        ..PageRequest::first(limit)
    };
    let mut oldest_first = keys(walk_from(oldest, read).await);
    oldest_first.reverse();
    assert_eq!(newest_first, oldest_first, "{filter:?} the other way");
    newest_first
}

pub async fn sealed_events_are_found_as_if_each_had_been_looked_at(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let events = busy(&fixture.a, 1_400);
    let mut chance = Chance(11);
    let mut left = &events[..];
    while !left.is_empty() {
        let (batch, rest) = left.split_at(left.len().min(1 + usize::try_from(chance.below(500)).unwrap()));
        append(&fixture.a, &batch.iter().map(written).collect::<Vec<_>>()).await;
        left = rest;
    }
    assert_eq!(chain(&fixture.a).await.len(), events.len());
    let mut work = fixture.a.read().await;
    let head = work.ledger().head().await.unwrap();
    assert!(head.size - head.sealed < 256, "{head:?}");
    for block in work.ledger().blocks(0, 10_000).await.unwrap() {
        let span = block.occurred_until.as_micros() - block.occurred_from.as_micros();
        assert!(block.first >= head.sealed || span <= MAX_SPAN, "{}", block.first);
    }
    drop(work);

    let none = AuditFilter::default;
    let text = |text: &str| Some(text.to_owned());
    let now = fixture.world.now();
    let at = |minutes: u64| Some(now.plus(Duration::from_micros(minutes * MINUTE)));
    let types = |types: &[&str]| types.iter().map(|kind| (*kind).to_owned()).collect::<Vec<_>>();
    for (filter, limit) in [
        (none(), 90),
        (
            AuditFilter {
                since: at(125),
                until: at(140),
                ..none()
            },
            33,
        ),
        (
            AuditFilter {
                until: at(60),
                ..none()
            },
            7,
        ),
        (
            AuditFilter {
                request_id: text("req-77"),
                ..none()
            },
            1,
        ),
        (
            AuditFilter {
                request_id: text("req-"),
                ..none()
            },
            10,
        ),
        (
            AuditFilter {
                session_id: text("ses-3"),
                ..none()
            },
            9,
        ),
        (
            AuditFilter {
                session_id: text("ses-3"),
                decision: text("deny"),
                ..none()
            },
            2,
        ),
        (
            AuditFilter {
                authority_record_id: text("rec-1"),
                until: at(150),
                ..none()
            },
            50,
        ),
        (
            AuditFilter {
                label: text("label-1"),
                decision: text("deny"),
                ..none()
            },
            10,
        ),
        (
            AuditFilter {
                label: text("all"),
                application_id: text("app-2"),
                ..none()
            },
            100,
        ),
        (
            AuditFilter {
                application_id: text("app-1"),
                event_types: types(&["session_start"]),
                ..none()
            },
            40,
        ),
        (
            AuditFilter {
                application_id: text("app-3"),
                event_types: types(&["session_start", "token_exchange"]),
                decision: text("deny"),
                ..none()
            },
            5,
        ),
        (
            AuditFilter {
                event_types: types(&["never", "token_exchange"]),
                ..none()
            },
            150,
        ),
        (
            AuditFilter {
                decision: text("deny"),
                since: at(121),
                ..none()
            },
            13,
        ),
        (
            AuditFilter {
                event_types: types(&["session_start"]),
                decision: text("deny"),
                ..none()
            },
            200,
        ),
        (
            AuditFilter {
                application_id: text("app-9"),
                ..none()
            },
            10,
        ),
    ] {
        let mut expected: Vec<_> = events
            .iter()
            .filter(|event| passes(&filter, event))
            .map(|event| (event.occurred_at, event.id.clone()))
            .collect();
        expected.sort_by(|one, other| other.cmp(one));
        assert_eq!(found(&fixture.a, &filter, limit).await, expected, "{filter:?}");
    }
}

pub async fn an_event_is_known_again_after_its_block_was_sealed(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let entries: Vec<_> = (0..600)
        .map(|n| fixture.a.given.ledger_entry(&format!("req-{n}")))
        .collect();
    for batch in entries.chunks(200) {
        append(&fixture.a, batch).await;
    }
    // All over the log, beside new ones, and one whose id is of no time at all.
    let mut odd = fixture.a.given.audit_event("odd");
    odd.id = String::from("!");
    let odd = written(&odd);
    append(&fixture.a, std::slice::from_ref(&odd)).await;
    let mut forged = opened(&entries[3]);
    forged.decision = String::from("deny");
    let new = fixture.a.given.ledger_entry("new");
    let again = [
        &entries[0],
        &entries[255],
        &entries[256],
        &entries[599],
        &odd,
        &new,
    ]
    .map(LedgerEntry::clone);
    let batch: Vec<_> = again.into_iter().chain([written(&forged)]).collect();
    let outcome = append(&fixture.a, &batch).await;
    assert_eq!((outcome.inserted, outcome.duplicates), (1, 5));
    assert_eq!(outcome.mismatches, [entries[3].event.id.clone()]);
    assert_eq!(append(&fixture.a, &entries).await.duplicates, 600);
    assert_eq!(chain(&fixture.a).await.len(), 602);
}

pub async fn what_a_unit_of_work_gave_up_is_not_remembered(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let given_up: Vec<_> = (0..300).map(|_| fixture.a.given.ledger_entry("lost")).collect();
    for round in 0..4_usize {
        let mut work = fixture.a.write().await;
        let ledger = work.ledger();
        ledger.append(&given_up, fixture.world.now()).await.unwrap();
        // Twice in one unit, and known within it.
        assert_eq!(
            ledger
                .append(&given_up[..20], fixture.world.now())
                .await
                .unwrap()
                .duplicates,
            20
        );
        drop(work);
        let batch: Vec<_> = (0..150).map(|_| fixture.a.given.ledger_entry("kept")).collect();
        assert_eq!(append(&fixture.a, &batch).await.inserted, 150);
        assert_eq!(chain(&fixture.a).await.len(), 150 * (round + 1));
    }
    assert_eq!(append(&fixture.a, &given_up).await.inserted, 300);
}

/// Blocks where what is searched for meets, but in no event: a page opens so many and says where to go on.
pub async fn a_search_that_looks_in_vain_ends_its_page_and_goes_on(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let a = &fixture.a;
    let mut entries = Vec::new();
    for n in 0..200 {
        // Too far apart for one block.
        let micros = n * 16 * MINUTE;
        for (label, application) in [("x", "app-2"), ("y", "app-1")] {
            let metadata = json!({"agent_labels": [label], "application_id": application});
            entries.push(written(&event(a, micros, &metadata)));
        }
    }
    let both = json!({"agent_labels": ["x"], "application_id": "app-1"});
    let sought = [event(a, 1, &both), event(a, 190 * 16 * MINUTE, &both)];
    entries.extend(sought.iter().map(written));
    append(a, &entries).await;
    let filter = AuditFilter {
        label: Some(String::from("x")),
        application_id: Some(String::from("app-1")),
        ..AuditFilter::default()
    };
    let page = a
        .read()
        .await
        .ledger()
        .search(&filter, &PageRequest::first(10))
        .await
        .unwrap();
    assert_eq!(page.items.len(), 1, "the newer of the two");
    let mut ids: Vec<String> = page.items.into_iter().map(|row| row.event.id).collect();
    let mut next = page.next;
    assert!(next.is_some(), "and the page ended early");
    while let Some(after) = next {
        let page = PageRequest {
            after: Some(after),
            ..PageRequest::first(10)
        };
        let page = a.read().await.ledger().search(&filter, &page).await.unwrap();
        ids.extend(page.items.into_iter().map(|row| row.event.id));
        next = page.next;
    }
    assert_eq!(ids, [sought[1].id.clone(), sought[0].id.clone()]);
    assert_eq!(found(a, &filter, 10).await.len(), 2);
}

pub async fn an_event_that_no_entry_can_hold_is_refused(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut entry = fixture.a.given.ledger_entry("large");
    entry.received = format!("{}{}", entry.received, " ".repeat(1024 * 1024)).into();
    let mut work = fixture.a.write().await;
    let refused = work.ledger().append(&[entry], fixture.world.now()).await;
    assert!(
        matches!(&refused, Err(error) if !error.is_retryable()),
        "{refused:?}"
    );
    drop(work);
    // Many that are just not too large share no block.
    let large = |n| {
        let mut entry = fixture.a.given.ledger_entry(&format!("req-{n}"));
        let missing = 1024 * 1024 - entry.received.len();
        entry.received = format!("{}{}", entry.received, " ".repeat(missing)).into();
        entry
    };
    let batch: Vec<_> = (0..18).map(large).collect();
    assert_eq!(append(&fixture.a, &batch).await.inserted, 18);
    assert_eq!(chain(&fixture.a).await.len(), 18);
}
