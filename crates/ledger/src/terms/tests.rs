use std::{collections::BTreeSet, sync::Arc};

use caracal_core::World;
use serde_json::{Value, json};

use super::*;

fn event(metadata: &Value) -> AuditEvent {
    let world = World::for_tests();
    let zone = ZoneId::parse("z-1").unwrap();
    AuditEvent::new(&world, zone, "token_exchange", "req\0-1", "deny").with_metadata(metadata)
}

fn terms_of(searched: SearchedEvent) -> Vec<i64> {
    Indexed::terms_of([&Indexed::Event(Arc::new(searched))])
}

#[test]
fn records_are_found_by_what_they_say_and_only_in_a_log_of_records() {
    let body = r#"{"action":"POST /x","actor_id":"tok","actor_name":null,"actor_scope":null,"entity_id":"o-1",
        "entity_type":"objects","id":"r-1","method":"POST","occurred_at":"2026-01-02T03:04:05.000006Z",
        "path":"/x","payload_json":null,"request_id":"req","status_code":201,"zone_id":"z-1"}"#;
    let zone = ZoneId::parse("z-1").unwrap();
    let (of, record) = Indexed::read(Chain::Admin(&zone), body).unwrap();
    assert_eq!((of.as_ref(), record.id()), (Some(&zone), "r-1"));
    let expected = [
        Term::Actor("tok"),
        Term::EntityType("objects"),
        Term::Entity("o-1"),
        Term::Method("POST"),
        Term::Request("req"),
    ];
    let expected: BTreeSet<i64> = expected.into_iter().map(Term::hash).collect();
    let terms: BTreeSet<i64> = Indexed::terms_of([&record]).into_iter().collect();
    assert_eq!(terms, expected);
    let bare = body
        .replace(r#""tok""#, "null")
        .replace(r#""o-1""#, "null")
        .replace(r#""z-1""#, "null");
    let (of, record) = Indexed::read(Chain::Deployment, &bare).unwrap();
    assert_eq!((of, Indexed::terms_of([&record]).len()), (None, 3));
    assert!(Indexed::read(Chain::Deployment, r#"{"id":"e"}"#).is_err());
    let event = serde_json::to_string(&event(&json!({}))).unwrap();
    assert!(Indexed::read(Chain::Admin(&zone), &event).is_err());
    assert!(Indexed::read(Chain::Ledger(&zone), &event).is_ok());
}

/// Computed independently from the definition: the terms are stored, so they never change.
#[test]
fn a_term_depends_on_its_kind_and_each_of_its_values() {
    let all = [
        Term::Request("a"),
        Term::Session("a"),
        Term::AuthorityRecord("a"),
        Term::Application("a"),
        Term::Label("a"),
        Term::Type("a"),
        Term::Decision("a"),
        Term::ApplicationDecision("a", ""),
        Term::ApplicationType("a", ""),
        Term::TypeDecision("a", ""),
        Term::SessionDecision("a", ""),
        Term::SessionDecision("", "a"),
        Term::SessionDecision("a", "a"),
        Term::Actor("a"),
        Term::EntityType("a"),
        Term::Entity("a"),
        Term::Method("a"),
        Term::Request("aa"),
    ];
    let hashes: BTreeSet<i64> = all.into_iter().map(Term::hash).collect();
    assert_eq!(hashes.len(), all.len());
    assert_eq!(Term::Request("a").hash(), i64::from_be_bytes(KNOWN));
}

/// `SHA-256` of the three parts, each after its length in eight bytes.
const KNOWN: [u8; 8] = [0xb6, 0x8d, 0xeb, 0x8d, 0xb2, 0x0e, 0x07, 0xee];

#[test]
fn events_are_found_by_what_they_say_and_by_nothing_else() {
    let searched = SearchedEvent::of(&event(&json!({
        "application_id": "app", "agent_session_id": "ses", "session_id": "rec", "agent_labels": ["x", 7, "y\0"],
    })));
    let terms = terms_of(searched);
    for term in [
        Term::Request("req-1"),
        Term::Session("ses"),
        Term::AuthorityRecord("rec"),
        Term::Application("app"),
        Term::Label("x"),
        Term::Label("y"),
        Term::Type("token_exchange"),
        Term::Decision("deny"),
        Term::ApplicationDecision("app", "deny"),
        Term::ApplicationType("app", "token_exchange"),
        Term::TypeDecision("token_exchange", "deny"),
        Term::SessionDecision("ses", "deny"),
    ] {
        assert!(terms.contains(&term.hash()), "{term:?}");
    }
    assert_eq!(terms.len(), 12);
    // What is no text, or empty, is not searched for.
    let odd = json!({"application_id": 7, "agent_session_id": "", "agent_labels": "x"});
    assert_eq!(terms_of(SearchedEvent::of(&event(&odd))).len(), 4);
    for none in [json!([1]), json!("x"), json!(null)] {
        assert_eq!(terms_of(SearchedEvent::of(&event(&none))).len(), 4, "{none}");
    }
}

#[test]
fn members_are_found_however_they_are_spelt_and_the_last_of_a_name_counts() {
    for metadata in [
        r#"{"application_id":"app"}"#,
        r#"{"\u0061pplication_id":"\u0061pp","x":[{"application_id":"other"}]}"#,
        r#"{"application_id":"other","application_id":"app"}"#,
        r#"{"application_id":7, "x":1e999, "application_id":"a\u0000pp"}"#,
    ] {
        let mut event = event(&json!({}));
        event.metadata_json = Some(RawValue::from_string(metadata.to_owned()).unwrap());
        let searched = SearchedEvent::of(&event);
        assert_eq!(searched.application_id.as_deref(), Some("app"), "{metadata}");
        let written = serde_json::to_string(&event).unwrap();
        assert_eq!(
            SearchedEvent::read(&written).unwrap(),
            (event.zone_id, searched),
            "{metadata}"
        );
    }
}

#[test]
fn a_text_is_an_event_here_exactly_when_it_is_one_elsewhere() {
    let whole = serde_json::to_value(event(&json!({"application_id": "app"}))).unwrap();
    let members = [
        "id",
        "zone_id",
        "event_type",
        "request_id",
        "decision",
        "policy_set_id",
        "policy_set_version_id",
        "manifest_sha",
        "evaluation_status",
        "determining_policies_json",
        "diagnostics_json",
        "metadata_json",
        "record",
        "occurred_at",
        "unknown",
    ];
    let mut texts = vec![String::from("[]"), String::from("{}"), String::from("nothing")];
    for member in members {
        let mut without = whole.clone();
        without.as_object_mut().unwrap().remove(member);
        let twice = without
            .to_string()
            .replacen('{', &format!(r#"{{"{member}":"a","{member}":"b","#), 1);
        texts.extend([without.to_string(), twice]);
        for other in [
            json!("text"),
            json!("t\"\u{e9}\n"),
            json!(""),
            json!(7),
            json!(null),
            json!([{}]),
            json!({"a": 1}),
            json!("2026-11-28T15:21:37.241143Z"),
        ] {
            let mut with = whole.clone();
            with[member] = other;
            texts.push(with.to_string());
        }
    }
    let (mut events, mut others) = (0, 0);
    for text in texts {
        match (
            serde_json::from_str::<AuditEvent>(&text),
            SearchedEvent::read(&text),
        ) {
            (Ok(event), Ok(read)) => {
                assert_eq!(read, (event.zone_id.clone(), SearchedEvent::of(&event)), "{text}");
                events += 1;
            }
            (Err(_), Err(_)) => others += 1,
            (event, read) => panic!("{text}: {event:?} {read:?}"),
        }
    }
    assert!(events > 40 && others > 40, "{events} {others}");
}
