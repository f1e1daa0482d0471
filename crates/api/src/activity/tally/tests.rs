use serde_json::{Value, json};

use super::*;

const NOON: Timestamp = Timestamp::from_micros(1_779_364_800_000_000);

fn event(at: Timestamp, event_type: &str, decision: &str, metadata: &Value) -> String {
    let event = json!({
        "event_type": event_type, "decision": decision, "evaluation_status": "complete",
        "metadata_json": metadata, "occurred_at": at.to_rfc3339_micros(),
    });
    event.to_string()
}

fn counted(events: &[String]) -> Tally {
    let within = NOON.minus(Duration::from_hours(1))..NOON.plus(Duration::from_hours(1));
    let mut found = Tally::default();
    for event in events {
        let mut part = Tally::default();
        part.count(event, &within);
        found.take(&part);
    }
    found
}

fn all(tally: &Tally) -> Slot {
    tally.over(Timestamp::from_micros(0)..NOON.plus(Duration::from_hours(100)))
}

#[test]
fn calls_mandates_and_denials_are_counted_apart_by_application_and_reason() {
    let call = |took: u64, status: u64| {
        let metadata = json!({"application_id": "a", "latency_ms": took, "upstream_status": status});
        event(NOON, "gateway_resource_request", "allow", &metadata)
    };
    let mut events: Vec<String> = (1..=100).map(|took| call(took, 200)).collect();
    events.push(event(
        NOON,
        "token_exchange",
        "allow",
        &json!({"application_id": "a"}),
    ));
    events.push(event(
        NOON,
        "token_exchange",
        "deny",
        &json!({"client_id": "b", "reason": "x"}),
    ));
    events.push(event(
        NOON,
        "token_exchange",
        "deny",
        &json!({"principal_id": "b"}),
    ));
    // Without an answer there is nothing to measure.
    let away = json!({"application_id": "a", "latency_ms": 30_000});
    events.push(event(NOON, "gateway_resource_request", "allow", &away));
    let slot = all(&counted(&events));
    let counts = slot.counts();
    assert_eq!((counts.allowed, counts.denied, counts.calls), (102, 2, 101));
    assert!((50..=53).contains(&counts.p50_ms.unwrap()), "{counts:?}");
    assert!((95..=101).contains(&counts.p95_ms.unwrap()), "{counts:?}");
    let a = slot.applications.known["a"];
    assert_eq!((a.mandates, a.calls, a.denied), (1, 101, 0));
    assert_eq!(slot.applications.known["b"].denied, 2);
    assert_eq!(
        (slot.reasons.known["x"], slot.reasons.known["policy_denied"]),
        (1, 1)
    );
}

#[test]
fn what_is_of_another_time_or_no_decision_or_noise_is_not_counted() {
    let hours = Duration::from_hours(1);
    let events = [
        event(NOON.plus(hours), "token_exchange", "allow", &json!({})),
        event(
            NOON.minus(hours).minus(Duration::from_micros(1)),
            "token_exchange",
            "deny",
            &json!({}),
        ),
        event(NOON, "policy_shadowed", "shadow", &json!({"application_id": "a"})),
        event(NOON, "step_up_issued", "pending", &json!({"application_id": "a"})),
        String::from("{"),
        String::from(r#"{"decision":"allow"}"#),
    ];
    assert_eq!(all(&counted(&events)).counts(), ActivityCounts::default());
    // Metadata of other forms says nothing, and the decision counts.
    let odd = event(NOON, "token_exchange", "deny", &json!({"application_id": 7}));
    let list = event(NOON, "token_exchange", "deny", &json!([1]));
    let slot = all(&counted(&[odd, list]));
    assert_eq!(slot.counts().denied, 2);
    assert!(slot.applications.known.is_empty());
}

#[test]
fn names_are_told_apart_up_to_a_bound_and_none_is_lost() {
    let many: Vec<String> = (0..500)
        .map(|number| {
            let metadata = json!({"application_id": format!("a{number}"), "reason": format!("r{number}")});
            event(NOON, "token_exchange", "deny", &metadata)
        })
        .collect();
    let slot = all(&counted(&many));
    assert_eq!(slot.applications.known.len(), APPLICATIONS);
    assert_eq!(slot.reasons.known.len(), REASONS);
    assert_eq!(
        slot.applications.others.denied + slot.applications.known.len() as u64,
        500
    );
    assert_eq!(slot.reasons.others + slot.reasons.known.len() as u64, 500);
    let long = json!({"application_id": "a".repeat(NAME + 1)});
    let slot = all(&counted(&[event(NOON, "token_exchange", "deny", &long)]));
    assert_eq!(
        (slot.applications.known.len(), slot.applications.others.denied),
        (0, 1)
    );
}

#[test]
fn slots_begin_where_their_number_says_and_are_forgotten_by_it() {
    let late = NOON.plus(SLOT);
    let mut tally = counted(&[
        event(NOON, "token_exchange", "allow", &json!({})),
        event(late, "token_exchange", "allow", &json!({})),
    ]);
    assert_eq!(begin(late.plus(Duration::from_secs(1)), 1), late);
    assert_eq!(begin(late, 6), NOON, "noon begins a half hour");
    assert_eq!(tally.over(NOON..late).counts().allowed, 1);
    assert_eq!(tally.over(late..NOON).counts().allowed, 0);
    tally.forget(late);
    assert_eq!(all(&tally).counts().allowed, 1);
}
