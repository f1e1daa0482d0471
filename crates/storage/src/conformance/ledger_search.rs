//! Searching the ledger.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Value, json};

use crate::{AuditFilter, LedgerEntry, Order, PageRequest, Total};

use super::{
    Backend,
    fixture::{ALL, Fixture, InZone, walk_from},
    ledger::{append, opened},
};

fn entry(
    zone: &InZone,
    micros: u64,
    event_type: &str,
    decision: &str,
    metadata: &serde_json::Value,
) -> LedgerEntry {
    let mut event = zone.given.audit_event(&format!("req-{micros}"));
    event.occurred_at = zone.given.world.now().plus(Duration::from_micros(micros));
    event.event_type = event_type.into();
    event.decision = decision.into();
    LedgerEntry::written(&event.with_metadata(metadata), None).unwrap()
}

pub async fn every_filter_of_events_selects(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let now = fixture.world.now();
    let a = &fixture.a;
    let entries = [
        entry(
            a,
            0,
            "token_exchange",
            "allow",
            &json!({ "application_id": "app-1", "agent_labels": ["team:red", "x"] }),
        ),
        entry(
            a,
            1,
            "token_exchange",
            "deny",
            &json!({ "application_id": "app-2", "agent_session_id": "ses-1" }),
        ),
        entry(
            a,
            2,
            "replay_detected",
            "deny",
            &json!({ "session_id": "rec-1", "agent_labels": ["team:blue"] }),
        ),
        entry(
            a,
            3,
            "gateway_resource_request",
            "allow",
            &json!({ "agent_labels": "team:red", "application_id": 7 }),
        ),
        entry(
            a,
            4,
            "gateway_resource_request",
            "allow",
            &json!({ "nested": { "application_id": "app-1" } }),
        ),
    ];
    append(a, &entries).await;
    let none = AuditFilter::default;
    let at = |micros| Some(now.plus(Duration::from_micros(micros)));
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (none(), vec![0, 1, 2, 3, 4]),
        (
            AuditFilter {
                since: at(2),
                ..none()
            },
            vec![2, 3, 4],
        ),
        (
            AuditFilter {
                until: at(2),
                ..none()
            },
            vec![0, 1],
        ),
        (
            AuditFilter {
                since: at(1),
                until: at(3),
                ..none()
            },
            vec![1, 2],
        ),
        (
            AuditFilter {
                since: at(3),
                until: at(3),
                ..none()
            },
            vec![],
        ),
        (
            AuditFilter {
                request_id: text("req-1"),
                ..none()
            },
            vec![1],
        ),
        (
            AuditFilter {
                request_id: text("req-%"),
                ..none()
            },
            vec![],
        ),
        (
            AuditFilter {
                decision: text("deny"),
                ..none()
            },
            vec![1, 2],
        ),
        (
            AuditFilter {
                event_types: vec!["replay_detected".into()],
                ..none()
            },
            vec![2],
        ),
        (
            AuditFilter {
                event_types: vec!["replay_detected".into(), "token_exchange".into(), "never".into()],
                ..none()
            },
            vec![0, 1, 2],
        ),
        (
            AuditFilter {
                application_id: text("app-1"),
                ..none()
            },
            vec![0],
        ),
        (
            AuditFilter {
                session_id: text("ses-1"),
                ..none()
            },
            vec![1],
        ),
        (
            AuditFilter {
                session_id: text("rec-1"),
                ..none()
            },
            vec![],
        ),
        (
            AuditFilter {
                authority_record_id: text("rec-1"),
                ..none()
            },
            vec![2],
        ),
        (
            AuditFilter {
                label: text("team:blue"),
                ..none()
            },
            vec![2],
        ),
        (
            AuditFilter {
                label: text("x"),
                ..none()
            },
            vec![0],
        ),
        (
            AuditFilter {
                label: text("team:%"),
                ..none()
            },
            vec![],
        ),
        (
            AuditFilter {
                label: text("team:"),
                ..none()
            },
            vec![],
        ),
        (
            AuditFilter {
                decision: text("allow"),
                application_id: text("app-2"),
                ..none()
            },
            vec![],
        ),
        (
            AuditFilter {
                decision: text("deny"),
                application_id: text("app-2"),
                ..none()
            },
            vec![1],
        ),
    ] {
        let rows = fixture
            .a
            .read()
            .await
            .ledger()
            .search(&filter, &ALL)
            .await
            .unwrap()
            .items;
        let found: BTreeSet<_> = rows.into_iter().map(|row| row.event.id).collect();
        let expected: BTreeSet<_> = expected
            .into_iter()
            .map(|index: usize| entries[index].event.id.clone())
            .collect();
        assert_eq!(found, expected, "{filter:?}");
    }
}

pub async fn search_pages_go_both_ways_and_are_complete_within_one_microsecond(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut entries = Vec::new();
    for index in 0..40 {
        let decision = if index % 3 == 0 { "deny" } else { "allow" };
        entries.push(entry(
            &fixture.a,
            index % 4,
            "token_exchange",
            decision,
            &json!({}),
        ));
    }
    append(&fixture.a, &entries).await;
    let filter = AuditFilter {
        decision: Some("allow".into()),
        ..AuditFilter::default()
    };
    let mut expected: Vec<_> = entries
        .iter()
        .filter(|entry| entry.event.decision == "allow")
        .map(|entry| (entry.event.occurred_at, entry.event.id.clone()))
        .collect();
    expected.sort_by(|one, other| other.cmp(one));
    for order in [Order::Newest, Order::Oldest] {
        for limit in [1, 4, 7, 100] {
            let read = async |page| {
                fixture
                    .a
                    .read()
                    .await
                    .ledger()
                    .search(&filter, &page)
                    .await
                    .unwrap()
            };
            let first = PageRequest {
                order,
                ..PageRequest::first(limit)
            };
            let walked: Vec<_> = walk_from(first, read)
                .await
                .into_iter()
                .map(|row| (row.event.occurred_at, row.event.id))
                .collect();
            assert_eq!(walked, expected, "limit {limit} {order:?}");
        }
        expected.reverse();
    }
}

pub async fn events_are_searched_by_what_they_say_and_counted(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let mut entries = Vec::new();
    for micros in 0..700 {
        let metadata = json!({
            "application_id": format!("app-{}", micros % 7), "agent_labels": ["Team:50%"],
            "note": "said nowhere that is searched",
        });
        let kind = if micros == 3 {
            "replay_detected"
        } else {
            "token_exchange"
        };
        entries.push(entry(zone, micros * 1_000_000, kind, "allow", &metadata));
    }
    append(zone, &entries).await;
    let none = AuditFilter::default;
    let until = AuditFilter {
        until: Some(fixture.world.now().plus(Duration::from_secs(50))),
        ..none()
    };
    for (filter, text, count) in [
        (none(), None, 700),
        (none(), Some("APP-3"), 100),
        (until.clone(), Some("app-3"), 7),
        (until, None, 50),
        (none(), Some("50%"), 700),
        (none(), Some("50_"), 0),
        (none(), Some("Replay_"), 1),
        (none(), Some("nowhere"), 0),
    ] {
        for order in [Order::Newest, Order::Oldest] {
            let first = PageRequest {
                order,
                count: true,
                search: text.map(str::to_owned),
                ..PageRequest::first(300)
            };
            let read = async |page| {
                let page = zone.read().await.ledger().search(&filter, &page).await.unwrap();
                assert_eq!(page.total, Some(Total { count, exact: true }), "{text:?}");
                page
            };
            let found = walk_from(first, read).await.len() as u64;
            assert_eq!(found, count, "{text:?} {order:?}");
        }
    }
}

pub async fn the_events_of_a_request_come_oldest_first(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let mut entries = Vec::new();
    for micros in [5, 1, 3, 1, 4] {
        let mut event = opened(&entry(&fixture.a, micros, "token_exchange", "allow", &json!({})));
        event.request_id = String::from("req-one");
        entries.push(LedgerEntry::written(&event, None).unwrap());
    }
    append(&fixture.a, &entries).await;
    append(&fixture.a, &[fixture.a.given.ledger_entry("req-other")]).await;
    append(&fixture.b, &[fixture.b.given.ledger_entry("req-one")]).await;
    let mut expected: Vec<_> = entries
        .iter()
        .map(|entry| (entry.event.occurred_at, entry.event.id.clone()))
        .collect();
    // Of one moment: in the order of their arrival.
    expected.sort_by_key(|(at, _)| *at);
    let mut work = fixture.a.read().await;
    let all = PageRequest::first(1000);
    let rows = work.ledger().by_request("req-one", &all).await.unwrap();
    assert_eq!(rows.next, None);
    let found: Vec<_> = rows
        .items
        .into_iter()
        .map(|row| (row.event.occurred_at, row.event.id))
        .collect();
    assert_eq!(found, expected);
    let none = work.ledger().by_request("req-", &all).await.unwrap();
    assert!(none.items.is_empty() && none.next.is_none());
}

pub async fn pages_of_a_request_are_bounded_by_count_and_bytes_and_hold_each_event_once(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let zone = &fixture.a;
    let padding = json!({"padding": "x".repeat(20_000)});
    let of_request = |micros: u64, metadata: &Value| {
        // Some of one moment.
        let mut event = opened(&entry(zone, micros / 2, "token_exchange", "allow", metadata));
        event.request_id = String::from("req-busy");
        LedgerEntry::written(&event, None).unwrap()
    };
    let small: Vec<_> = (0..603).map(|n| of_request(n, &json!({}))).collect();
    let large: Vec<_> = (0..100).map(|n| of_request(400 + n, &padding)).collect();
    append(zone, &small).await;
    append(zone, &large).await;
    let mut expected: Vec<_> = (small.iter().chain(&large))
        .map(|entry| (entry.event.occurred_at, entry.event.id.clone()))
        .collect();
    // Of one moment: in the order of their arrival.
    expected.sort_by_key(|(at, _)| *at);

    for limit in [1000, 7] {
        let (mut found, mut pages) = (Vec::new(), 0);
        let mut page = PageRequest::first(limit);
        loop {
            let mut work = zone.read().await;
            let read = work.ledger().by_request("req-busy", &page).await.unwrap();
            pages += 1;
            assert!(read.items.len() <= limit as usize);
            let bytes: usize = read.items.iter().map(|row| row.received.len()).sum();
            assert!(bytes < 600 * 1024, "{bytes}");
            let keys = read.items.into_iter();
            found.extend(keys.map(|row| (row.event.occurred_at, row.event.id)));
            match read.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        assert_eq!(found, expected, "pages of {limit}");
        assert!(pages >= 4, "{pages} pages");
    }
}

pub async fn events_of_several_requests_are_found_by_type_and_within_the_zone(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let (a, b) = (&fixture.a, &fixture.b);
    let nothing = json!({});
    for zone in [a, b] {
        let mut without = opened(&entry(zone, 3, "gateway_resource_request", "allow", &nothing));
        without.request_id.clear();
        let entries = [
            entry(zone, 0, "token_exchange", "allow", &nothing),
            entry(zone, 1, "gateway_resource_request", "allow", &nothing),
            entry(zone, 2, "gateway_resource_request", "allow", &nothing),
            LedgerEntry::written(&without, None).unwrap(),
        ];
        append(zone, &entries).await;
    }
    let mut work = a.read().await;
    let asked = ["req-0", "req-1", "req-2", "req-none", ""].map(String::from);
    let mut found = async |ids: &[String], limit| {
        let rows = work
            .ledger()
            .of_requests(ids, "gateway_resource_request", limit)
            .await
            .unwrap();
        assert!(rows.iter().all(|row| row.event.zone_id == *a.id()));
        rows.into_iter()
            .map(|row| row.event.request_id)
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(
        found(&asked, 10).await,
        ["req-1", "req-2"].map(String::from).into()
    );
    assert_eq!(found(&asked[..1], 10).await, BTreeSet::new());
    assert_eq!(found(&[], 10).await, BTreeSet::new());
    assert_eq!(found(&asked, 1).await.len(), 1);
}
