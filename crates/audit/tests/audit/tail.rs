//! Live tails: every event once, in order, to whoever may read, over interruptions of all kinds.

use std::{collections::BTreeSet, time::Duration};

use axum::{
    body::{Body, BodyDataStream},
    http::StatusCode,
};
use caracal_audit::AuditDeps;
use caracal_core::ZoneId;
use caracal_service::tail::{TailLimits, Tails};
use caracal_testkit::sse::{EventReader, ServerSentEvent};
use futures_util::StreamExt as _;
use http::{Method, Request};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use crate::ledger::{Backends, Ledger, TOKEN};

const LIMIT: Duration = Duration::from_mins(1);

/// Looks and beats so often that no test waits for it.
fn quick() -> TailLimits {
    TailLimits {
        poll: Duration::from_millis(20),
        heartbeat: Duration::from_millis(20),
        ..TailLimits::default()
    }
}

/// An open tail.
struct Following {
    body: BodyDataStream,
    reader: EventReader,
    waiting: Vec<ServerSentEvent>,
}

impl Following {
    /// The next event; `None` at the end.
    async fn next(&mut self) -> Option<ServerSentEvent> {
        let next = async {
            loop {
                if !self.waiting.is_empty() {
                    return Some(self.waiting.remove(0));
                }
                let chunk = self.body.next().await?.unwrap();
                self.waiting = self.reader.read(&chunk);
            }
        };
        tokio::time::timeout(LIMIT, next).await.expect("the tail goes on")
    }

    /// Ids of the next `count` events.
    async fn ids(&mut self, count: u64) -> Vec<u64> {
        let mut ids = Vec::new();
        for _ in 0..count {
            let event = self.next().await.expect("the tail goes on");
            assert_eq!(event.kind, "", "{event:?}");
            let row: Value = serde_json::from_str(&event.data).unwrap();
            assert_eq!(row["chain_seq"].to_string(), event.id);
            ids.push(event.id.parse().unwrap());
        }
        ids
    }

    /// Until the client would come again behind `id`.
    async fn until_id(&mut self, id: &str) {
        let told = async {
            while self.reader.last_id != id {
                let chunk = self.body.next().await.expect("the tail goes on").unwrap();
                assert_eq!(self.reader.read(&chunk), [], "nothing of it is asked for");
            }
        };
        tokio::time::timeout(LIMIT, told)
            .await
            .expect("the position is told");
    }
}

async fn open(deps: &AuditDeps, query: &str, last_id: Option<&str>) -> Result<Following, StatusCode> {
    let mut request = Request::get(format!("/api/audit/tail?{query}"));
    if let Some(id) = last_id {
        request = request.header("last-event-id", id);
    }
    let request = request.header("authorization", format!("Bearer {TOKEN}"));
    let answer = axum::Router::from(caracal_audit::router(deps.clone()))
        .oneshot(request.body(Body::empty()).unwrap())
        .await
        .unwrap();
    if answer.status() != StatusCode::OK {
        return Err(answer.status());
    }
    assert_eq!(answer.headers()["content-type"], "text/event-stream");
    Ok(Following {
        body: answer.into_body().into_data_stream(),
        reader: EventReader::default(),
        waiting: Vec::new(),
    })
}

/// The role as another process serves it.
fn replica(ledger: &Ledger, limits: TailLimits) -> AuditDeps {
    AuditDeps {
        tails: Tails::new(limits, CancellationToken::new()),
        ..ledger.deps.clone()
    }
}

async fn append(ledger: &Ledger, zone: &ZoneId, count: usize) {
    let events: Vec<_> = (0..count).map(|_| ledger.event(zone, "r")).collect();
    ledger.append(&events).await;
}

#[tokio::test]
async fn a_tail_goes_on_behind_its_last_id_on_any_replica_without_loss_or_repetition() {
    for backends in [Backends::Embedded, Backends::Postgres] {
        let ledger = Ledger::over(backends).await;
        let (zone, other) = (ledger.zone(), ledger.zone());
        let query = format!("zone_id={zone}");
        append(&ledger, &zone, 2).await;
        // It begins with what comes.
        let mut first = open(&ledger.deps, &query, None).await.unwrap();
        append(&ledger, &other, 5).await;
        append(&ledger, &zone, 3).await;
        assert_eq!(first.ids(3).await, [3, 4, 5]);
        let seen = first.reader.last_id.clone();
        drop(first);
        append(&ledger, &zone, 300).await;
        // Another process, which is not told what this one takes.
        let second = replica(&ledger, quick());
        let mut resumed = open(&second, &format!("{query}&cursor=1"), Some(&seen))
            .await
            .unwrap();
        assert_eq!(resumed.ids(300).await, (6..=305).collect::<Vec<_>>());
        append(&ledger, &zone, 2).await;
        assert_eq!(resumed.ids(2).await, [306, 307]);
        let mut whole = open(&second, &format!("{query}&cursor=0"), None).await.unwrap();
        assert_eq!(whole.ids(307).await, (1..=307).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_client_that_is_cut_off_anywhere_sees_every_event_once() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let zone = ledger.zone();
    let query = format!("zone_id={zone}&cursor=0");
    let (mut seen, mut last) = (BTreeSet::new(), None::<String>);
    for round in 0..12 {
        append(&ledger, &zone, 7).await;
        let mut tail = open(&ledger.deps, &query, last.as_deref()).await.unwrap();
        let ahead = u64::try_from((round + 1) * 7 - seen.len()).unwrap();
        for id in tail.ids(ahead.min(5)).await {
            assert!(seen.insert(id), "{id} came twice");
        }
        last = Some(tail.reader.last_id.clone());
    }
    assert_eq!(seen, (1..=60).collect());
}

#[tokio::test]
async fn a_tail_shows_only_what_is_asked_for_and_tells_how_far_it_is_all_the_same() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let zone = ledger.zone();
    let deps = replica(&ledger, quick());
    let mut none = open(&deps, &format!("zone_id={zone}&decision=allow"), None)
        .await
        .unwrap();
    let mut some = open(&deps, &format!("zone_id={zone}&request_id=mine"), None)
        .await
        .unwrap();
    ledger
        .append(&[
            ledger.event(&zone, "theirs"),
            ledger.event(&zone, "mine"),
            ledger.event(&zone, "theirs"),
        ])
        .await;
    assert_eq!(some.ids(1).await, [2]);
    some.until_id("3").await;
    none.until_id("3").await;
}

#[tokio::test]
async fn a_slow_reader_is_cut_with_the_reason_and_can_go_on() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let zone = ledger.zone();
    let limits = TailLimits {
        of_one: 1,
        slow: Duration::from_millis(50),
        ..quick()
    };
    let deps = replica(&ledger, limits);
    let query = format!("zone_id={zone}&cursor=0");
    append(&ledger, &zone, 200).await;
    let mut slow = open(&deps, &query, None).await.unwrap();
    // Its place is free once it is cut.
    let cut = async {
        while open(&deps, &format!("zone_id={zone}"), None).await.is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, cut).await.expect("it is cut");
    let mut ids = Vec::new();
    let end = loop {
        let event = slow.next().await.expect("the reason comes last");
        if event.kind == "end" {
            break event;
        }
        ids.push(event.id.parse::<u64>().unwrap());
    };
    assert_eq!(end.data, r#"{"reason":"slow_reader"}"#);
    assert_eq!(slow.next().await, None);
    let last = ids.len() as u64;
    assert!(last < 200);
    assert_eq!(ids, (1..=last).collect::<Vec<_>>());
    let mut again = open(&replica(&ledger, quick()), &query, Some(&slow.reader.last_id))
        .await
        .unwrap();
    assert_eq!(again.ids(200 - last).await, (last + 1..=200).collect::<Vec<_>>());
}

#[tokio::test]
async fn tails_are_bounded_for_one_and_for_all_and_end_at_shutdown() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let zone = ledger.zone();
    let stop = CancellationToken::new();
    let limits = TailLimits { of_one: 2, ..quick() };
    let deps = AuditDeps {
        tails: Tails::new(limits, stop.clone()),
        ..ledger.deps.clone()
    };
    let query = format!("zone_id={zone}");
    let mut kept = open(&deps, &query, None).await.unwrap();
    let given_back = open(&deps, &query, None).await.unwrap();
    let refused = open(&deps, &query, None).await.err();
    assert_eq!(refused, Some(StatusCode::TOO_MANY_REQUESTS));
    drop(given_back);
    let free = async {
        loop {
            match open(&deps, &query, None).await {
                Ok(tail) => return tail,
                Err(status) => assert_eq!(status, StatusCode::TOO_MANY_REQUESTS),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let mut second = tokio::time::timeout(LIMIT, free)
        .await
        .expect("its place is free");
    stop.cancel();
    for tail in [&mut kept, &mut second] {
        let end = tail.next().await.unwrap();
        assert_eq!(
            (end.kind.as_str(), end.data.as_str()),
            ("end", r#"{"reason":"shutdown"}"#)
        );
        assert_eq!(tail.next().await, None);
    }
    let all = Tails::new(TailLimits { in_all: 0, ..quick() }, stop);
    let full = AuditDeps {
        tails: all,
        ..ledger.deps.clone()
    };
    assert_eq!(
        open(&full, &query, None).await.err(),
        Some(StatusCode::TOO_MANY_REQUESTS)
    );
}

#[tokio::test]
async fn a_tail_that_cannot_begin_is_refused_with_the_reason() {
    let ledger = Ledger::over(Backends::Embedded).await;
    let zone = ledger.zone();
    append(&ledger, &zone, 2).await;
    for (query, last_id) in [
        (format!("zone_id={zone}&cursor=3"), None),
        (format!("zone_id={zone}&cursor=-1"), None),
        (format!("zone_id={zone}"), Some("3")),
        (format!("zone_id={zone}"), Some("soon")),
        (String::new(), None),
    ] {
        let refused = open(&ledger.deps, &query, last_id).await.err();
        assert_eq!(refused, Some(StatusCode::BAD_REQUEST), "{query} {last_id:?}");
    }
    for token in [None, Some("wrong")] {
        let path = format!("/api/audit/tail?zone_id={zone}");
        let refused = ledger.ask(Method::GET, &path, token).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    }
}
