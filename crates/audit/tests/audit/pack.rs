//! Evidence packs: what is in them, and that no changed copy is believed.

use caracal_audit::{PackUnverified, verify_pack};
use caracal_core::{Timestamp, ZoneId, audit::AuditEvent};
use caracal_ledger::{
    log_keys::LogKeys,
    note::NoteKey,
    pack::{PackFault, PackManifest},
};
use caracal_testkit::client::Answer;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    fixture::{Fixture, keys},
    ledger::{Backends, Ledger, TOKEN},
};

#[path = "../support/tampered_pack.rs"]
mod tampered_pack;

use self::tampered_pack::{copies, files};

fn public() -> Vec<NoteKey> {
    keys().public().cloned().collect()
}

/// An event of a session and an authority record, or of neither.
fn event(ledger: &Ledger, zone: &ZoneId, request: &str, about: Option<(&str, &str)>) -> AuditEvent {
    let event = ledger.event(zone, request);
    match about {
        Some((session, record)) => {
            event.with_metadata(&json!({"agent_session_id": session, "session_id": record}))
        }
        None => event,
    }
}

/// 303 events, those of session `s-1` among them, and the outcomes of their requests.
async fn filled(fixture: &Fixture) -> Vec<String> {
    let (ledger, zone) = (&fixture.ledger, &fixture.zone);
    let mut events = Vec::new();
    for number in 0..101 {
        let request = format!("r-{number}");
        let about = match number % 50 {
            0 => Some(("s-1", "rec-1")),
            1 => Some(("s-2", "rec-1")),
            // A mandate of the session has a record of its own.
            2 => Some(("s-2", "rec-2")),
            _ => None,
        };
        events.extend([
            event(ledger, zone, &request, about),
            event(ledger, zone, &request, None),
            event(ledger, zone, "", None),
        ]);
    }
    ledger.append(&events).await;
    events.into_iter().map(|event| event.id).collect()
}

async fn asked(fixture: &Fixture, zone: &ZoneId, query: &str) -> (StatusCode, Vec<u8>) {
    fixture.bytes_of(zone, &format!("pack?{query}")).await
}

fn ids(pack: &[u8]) -> Vec<String> {
    let files = files(pack);
    let entries = &files.iter().find(|(name, _)| name == "entries.ndjson").unwrap().1;
    let id = |line: &str| {
        let packed: Value = serde_json::from_str(line).unwrap();
        let event: Value = serde_json::from_str(packed["body"].as_str().unwrap()).unwrap();
        event["id"].as_str().unwrap().to_owned()
    };
    std::str::from_utf8(entries).unwrap().lines().map(id).collect()
}

fn verified(pack: &[u8]) -> Result<PackManifest, PackUnverified> {
    verify_pack(pack, &public(), 0)
}

#[tokio::test]
async fn a_pack_has_what_was_asked_for_and_the_other_events_of_its_requests_and_convinces_a_stranger() {
    for backends in [Backends::Embedded, Backends::Postgres] {
        let fixture = Fixture::over(backends, None, Vec::new()).await;
        let all = filled(&fixture).await;
        let of = |numbers: &[usize]| -> Vec<String> {
            numbers
                .iter()
                .flat_map(|n| all[n * 3..n * 3 + 2].to_vec())
                .collect()
        };
        for (query, expected) in [
            ("session_id=s-1", of(&[0, 50, 100])),
            ("session_id=s-2", of(&[1, 2, 51, 52])),
            ("authority_record_id=rec-1", of(&[0, 1, 2, 50, 51, 52, 100])),
            ("authority_record_id=rec-2", of(&[1, 2, 51, 52])),
            ("authority_record_id=rec-2,rec-1", of(&[0, 1, 2, 50, 51, 52, 100])),
            ("session_id=s-1&authority_record_id=rec-1", of(&[0, 50, 100])),
            ("since=2000-01-01T00:00:00Z", all.clone()),
        ] {
            let (status, pack) = asked(&fixture, &fixture.zone, query).await;
            assert_eq!(status, StatusCode::OK, "{query}");
            let manifest = verified(&pack).unwrap();
            assert_eq!(ids(&pack), expected, "{query}");
            assert_eq!((manifest.size, manifest.entries), (303, expected.len() as u64));
            assert_eq!(manifest.zone_id, fixture.zone);
        }
        let at = Timestamp::from_unix_seconds(4_000_000_000);
        let mut late = fixture.ledger.event(&fixture.zone, "late");
        late.occurred_at = at;
        fixture.ledger.append(std::slice::from_ref(&late)).await;
        let query = format!("since={}", at.to_rfc3339_micros());
        let (_, pack) = asked(&fixture, &fixture.zone, &query).await;
        assert_eq!(ids(&pack), [late.id]);
        assert_eq!(verified(&pack).unwrap().asked.since, Some(at));
    }
}

#[tokio::test]
async fn no_changed_copy_of_a_pack_is_believed() {
    let fixture = Fixture::over(Backends::Embedded, None, Vec::new()).await;
    filled(&fixture).await;
    let other = fixture.ledger.zone();
    let elsewhere: Vec<_> = (0..3)
        .map(|_| event(&fixture.ledger, &other, "r", Some(("s-1", "rec-1"))))
        .collect();
    fixture.ledger.append(&elsewhere).await;
    let (_, good) = asked(&fixture, &fixture.zone, "session_id=s-1").await;
    let (_, foreign) = asked(&fixture, &other, "session_id=s-1").await;
    verified(&good).unwrap();
    verified(&foreign).unwrap();
    let mut places = Vec::new();
    for (what, copy) in copies(&good, &foreign) {
        let error = verified(&copy).expect_err(&what);
        places.push((what, error.to_string()));
    }
    for (what, place) in [
        (
            "an event changed",
            "entry 0 (line 1): its proof does not lead to the root",
        ),
        (
            "an event removed",
            "the file `entries.ndjson` is not the one that was packed",
        ),
        ("an event twice", "entry 0 (line 2) stands behind a later one"),
        (
            "a file added",
            "the file `more` stands where `the end` is expected",
        ),
        ("`checkpoint` of another pack", "`checkpoint` is not believed"),
        (
            "the manifest says \"size\": 1",
            "the manifest is not the one that was signed",
        ),
    ] {
        let found = places.iter().find(|(known, _)| known == what).unwrap();
        assert_eq!(found.1, place, "{what}");
    }
    // Keys of somebody else, and witnesses that did not sign.
    let stranger = LogKeys::derive("audit.example", &[2; 32], None).unwrap();
    let stranger: Vec<_> = stranger.public().cloned().collect();
    assert!(matches!(
        verify_pack(good.as_slice(), &stranger, 0),
        Err(PackUnverified::Fault(PackFault::Distrust(..)))
    ));
    assert!(matches!(
        verify_pack(good.as_slice(), &public(), 1),
        Err(PackUnverified::Fault(PackFault::Keys(_)))
    ));
}

#[tokio::test]
async fn a_pack_that_cannot_be_made_is_refused_with_the_reason() {
    let fixture = Fixture::over(Backends::Embedded, None, Vec::new()).await;
    let many: Vec<_> = (0..2_001)
        .map(|number| event(&fixture.ledger, &fixture.zone, &format!("r-{number}"), None))
        .collect();
    fixture.ledger.append(&many).await;
    let zone = &fixture.zone;
    let nowhere = fixture.ledger.zone();
    let ask = async |zone: &ZoneId, query: &str, token: Option<&str>| -> Answer {
        let path = format!("/api/audit/logs/{zone}/pack?{query}");
        fixture.ledger.ask(Method::GET, &path, token).await
    };
    let too_many = format!("authority_record_id={}", vec!["rec"; 101].join(","));
    for (zone, query, refusal) in [
        (zone, "", "400 invalid_query"),
        (zone, "authority_record_id=", "400 invalid_query"),
        (zone, "authority_record_id=rec-1,,rec-2", "400 invalid_query"),
        (zone, too_many.as_str(), "400 invalid_query"),
        (zone, "since=yesterday", "400 invalid_query"),
        (zone, "session_id=unknown", "404 entry_not_found"),
        (zone, "until=2000-01-01T00:00:00Z", "404 entry_not_found"),
        (zone, "since=2000-01-01T00:00:00Z", "400 pack_too_large"),
        (&nowhere, "session_id=s-1", "404 log_unknown"),
    ] {
        let refused = ask(zone, query, Some(TOKEN)).await;
        assert_eq!(refused.refusal(), refusal, "{query}");
    }
    for token in [None, Some("wrong")] {
        let refused = ask(zone, "session_id=s-1", token).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
}
