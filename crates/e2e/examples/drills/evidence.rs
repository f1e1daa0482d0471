//! Faults of evidence: what is odd, from another age, changed or cut off, and what the ledger has to say of it.

use std::{cell::RefCell, time::Duration};

use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_crypto::{HmacKey, audit_frame, system_world};
use caracal_e2e::{Fixture, READ, Reply, Role, Stack};
use caracal_testkit::upstream::Answer;
use serde_json::Value;
use tokio::time::{Instant, sleep};

/// Labels that look like an escape, a quotation, markup or SQL.
const LABELS: [&str; 5] = [r"\u0000", r#"\",""#, "' OR 1=1 --", "%00%0a", "<!--"];
/// Longest wait for the ledger.
const LEDGER: Duration = Duration::from_secs(30);
/// Pause between two of them.
const PAUSE: Duration = Duration::from_millis(200);
/// Between a call that hangs and the end of its Gateway.
const UNDER_WAY: Duration = Duration::from_secs(1);

/// What did not hold, in words.
#[derive(Debug, Default)]
pub(crate) struct Broken(RefCell<Vec<String>>);

impl Broken {
    pub(crate) fn note(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    pub(crate) fn into_inner(self) -> Vec<String> {
        self.0.into_inner()
    }
}

/// Sessions of odd labels ask for mandates all the time; each refusal has to be in the ledger.
pub(crate) async fn odd_labels(fixture: &Fixture<'_>, away: Duration, broken: &Broken) {
    let (until, mut refused) = (Instant::now() + away, Vec::new());
    for (number, label) in LABELS.iter().cycle().enumerate() {
        if Instant::now() > until {
            break;
        }
        let agent = fixture.agent_with(&[label], &[READ]).await;
        let id = format!("odd-{number}");
        let request = fixture
            .mint_request(&agent, READ, &[])
            .header("X-Request-Id", &id);
        match Reply::of(request).await.status {
            403 => refused.push(id),
            status => broken.note(format!("a label {label:?} was answered {status}")),
        }
        sleep(PAUSE).await;
    }
    let deadline = Instant::now() + LEDGER;
    loop {
        let ledger = fixture.zone.ledger().await;
        let known = |id: &String| ledger.iter().any(|event| event["request_id"] == id.as_str());
        refused.retain(|id| !known(id));
        if refused.is_empty() || Instant::now() > deadline {
            break;
        }
        sleep(PAUSE).await;
    }
    if !refused.is_empty() {
        broken.note(format!(
            "the ledger lacks {} refusals of odd labels",
            refused.len()
        ));
    }
}

/// Signed events of the first century come in: each is put aside at most once, or taken.
pub(crate) async fn another_age(stack: &Stack, fixture: &Fixture<'_>, away: Duration, broken: &Broken) {
    let world = system_world();
    let key = HmacKey::from_hex(&stack.secret("auditHmacKey")).expect("a key in hex");
    let zone = ZoneId::parse(&fixture.zone.id).expect("a zone has an id");
    let (until, mut sent) = (Instant::now() + away, 0);
    while Instant::now() < until {
        let event = AuditEvent::new(&world, zone.clone(), "token_exchange", "of-another-age", "deny");
        let mut event = serde_json::to_value(&event).expect("an event is JSON");
        event["occurred_at"] = "0001-01-01T00:00:00.000000Z".into();
        let (id, data) = (
            event["id"].as_str().unwrap_or_default().to_owned(),
            event.to_string(),
        );
        let signature = audit_frame::sign(&key, data.as_bytes());
        let words = [
            "XADD",
            "caracal.audit.events",
            "*",
            "id",
            &id,
            "data",
            &data,
            "sig",
            &signature,
        ];
        let added = stack.production().redis().await.command(&words);
        sent += usize::from(added.is_ok_and(|answer| answer.starts_with('$')));
        sleep(PAUSE).await;
    }
    if sent == 0 {
        broken.note("no event could be sent");
    }
    let letters = stack
        .production()
        .redis()
        .await
        .command(&["XLEN", "caracal.audit.events.dlq"]);
    let letters = letters.expect("redis-server answers");
    let letters: usize = letters
        .trim_start_matches(':')
        .trim()
        .parse()
        .unwrap_or(usize::MAX);
    if letters > sent {
        broken.note(format!("{sent} events became {letters} dead letters"));
    }
}

/// Somebody with the database changes what a block says of itself, and later puts it back.
pub(crate) async fn altered(stack: &Stack, fixture: &Fixture<'_>, away: Duration, broken: &Broken) {
    let log = format!(
        "log = (SELECT number FROM evidence_logs WHERE zone_id = '{}')",
        fixture.zone.id
    );
    let change = |by: &str| {
        let sql = format!(
            "UPDATE evidence_blocks SET occurred_from = occurred_from {by} WHERE {log} AND first_index = \
             (SELECT min(first_index) FROM evidence_blocks WHERE {log})"
        );
        stack.production().sql(&sql);
    };
    change("+ 1");
    if verified(stack).await {
        broken.note("a changed ledger verifies");
    }
    sleep(away).await;
    change("- 1");
    if !verified(stack).await {
        broken.note("the ledger as it was does not verify");
    }
}

async fn verified(stack: &Stack) -> bool {
    let finished = stack.caracald(&["audit", "verify", "--json"]).await;
    let verdict: Value = serde_json::from_str(&finished.stdout).unwrap_or(Value::Null);
    verdict["holds"] == true && finished.code == Some(0)
}

/// The upstream hangs, and the Gateway is killed under the call.
pub(crate) async fn cut_off(stack: &Stack, fixture: &Fixture<'_>) {
    fixture.upstream.next(Answer::Hang);
    sleep(UNDER_WAY).await;
    stack.kill(Role::Gateway).await;
}

/// A call whose Gateway died is told to have an unknown outcome.
pub(crate) async fn says_unknown(fixture: &Fixture<'_>, broken: &Broken) {
    let deadline = Instant::now() + LEDGER;
    loop {
        let ledger = fixture.zone.ledger().await;
        if ledger.iter().any(|event| event["outcome"] == "unknown") {
            return;
        }
        if Instant::now() > deadline {
            return broken.note("no call has an unknown outcome");
        }
        sleep(PAUSE).await;
    }
}
