//! What people who are signed in at the console read here: receipts and packs of the zones that they reach, and nothing
//! else.

use std::time::Duration;

use caracal_audit::Needs;
use caracal_core::entity::AccountRole;
use caracal_service::bearers::Bearers;
use caracal_testkit::parts::Backends;
use http::{Method, StatusCode};

use crate::fixture::Fixture;

impl Fixture {
    /// How somebody is refused; `200` where they are not.
    async fn asked_by(&self, path: &str, token: &str) -> String {
        let answer = self.ledger.ask(Method::GET, path, Some(token)).await;
        answer.refusal().trim().to_owned()
    }
}

async fn people_read_receipts(backends: Backends) {
    let fixture = Fixture::over(backends, None, Vec::new()).await;
    let events = fixture.append("first", 2).await;
    let (zone, other) = (fixture.zone.clone(), fixture.ledger.zone());
    let elsewhere = fixture.ledger.event(&other, "elsewhere");
    fixture.ledger.append(std::slice::from_ref(&elsewhere)).await;
    let parts = &fixture.ledger.parts;
    let everywhere = parts.sign_in(AccountRole::Auditor, None).await;
    let bound = parts
        .sign_in(AccountRole::Approver, Some(vec![zone.clone()]))
        .await;
    let viewer = parts.sign_in(AccountRole::Viewer, None).await;

    let of_request = format!("/api/audit/logs/{zone}/receipts?request_id=first");
    let of_event = format!("/api/audit/logs/{zone}/receipts/{}", events[0].id);
    let keys = "/api/audit/keys";
    let pack = format!("/api/audit/logs/{zone}/pack?since=2000-01-01T00:00:00Z");
    for path in [of_request.as_str(), of_event.as_str(), keys, &pack] {
        assert_eq!(fixture.asked_by(path, &everywhere).await, "200", "{path}");
        assert_eq!(fixture.asked_by(path, &bound).await, "200", "{path}");
        let refused = fixture.asked_by(path, &viewer).await;
        assert_eq!(refused, "403 account_role_forbidden", "{path}");
        for nobody in ["ccs_of-nobody", "ccs_", "the-auditor"] {
            assert_eq!(fixture.asked_by(path, nobody).await, "401 unauthorized", "{path}");
        }
    }
    // Another zone: neither by its own path, nor an event of it by the path of one's own.
    let there = format!("/api/audit/logs/{other}/receipts/{}", elsewhere.id);
    assert_eq!(fixture.asked_by(&there, &bound).await, "403 zone_forbidden");
    assert_eq!(fixture.asked_by(&there, &everywhere).await, "200");
    let packed = format!("/api/audit/logs/{other}/pack?since=2000-01-01T00:00:00Z");
    assert_eq!(fixture.asked_by(&packed, &bound).await, "403 zone_forbidden");
    let here = format!("/api/audit/logs/{zone}/receipts/{}", elsewhere.id);
    assert_eq!(fixture.asked_by(&here, &bound).await, "404 entry_not_found");
    let by_request = format!("/api/audit/logs/{zone}/receipts?request_id=elsewhere");
    assert_eq!(fixture.asked_by(&by_request, &bound).await, "404 entry_not_found");

    // What is for the operator stays so, whoever somebody is.
    let owner = parts.sign_in(AccountRole::Owner, None).await;
    for route in caracal_audit::table() {
        if route.needs == Needs::Operator {
            let path = route.path.replace("{zone_id}", zone.as_str());
            let path = path.replace("{chain_seq}", "1").replace("{*path}", "0/000");
            let answer = fixture
                .ledger
                .ask(route.method.clone(), &path, Some(&owner))
                .await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        }
    }

    // The session counts until it ends, and not a moment longer.
    fixture
        .ledger
        .deps
        .world
        .manual_clock()
        .advance(Duration::from_mins(10));
    assert_eq!(fixture.asked_by(&of_event, &bound).await, "401 unauthorized");
}

#[tokio::test]
async fn people_read_receipts_of_their_zones_and_nothing_else() {
    people_read_receipts(Backends::Embedded).await;
}

#[tokio::test]
async fn people_read_receipts_of_their_zones_and_nothing_else_on_postgresql() {
    people_read_receipts(Backends::Postgres).await;
}

#[tokio::test]
async fn without_an_operators_token_people_read_receipts_all_the_same() {
    let mut fixture = Fixture::over(Backends::Embedded, None, Vec::new()).await;
    let events = fixture.append("first", 1).await;
    fixture.ledger.deps.admin_tokens = Bearers::default();
    let router = caracal_audit::router(fixture.ledger.deps.clone());
    let client = fixture.ledger.parts.client("audit", router);
    let auditor = fixture.ledger.parts.sign_in(AccountRole::Auditor, None).await;
    let ask = async |path: String| {
        let call = client.call(Method::GET, &path);
        call.header("authorization", &format!("Bearer {auditor}"))
            .send()
            .await
    };
    let receipt = ask(format!(
        "/api/audit/logs/{}/receipts/{}",
        fixture.zone, events[0].id
    ))
    .await;
    assert_eq!(receipt.status, StatusCode::OK);
    let search = ask(format!("/api/audit/search?zone_id={}", fixture.zone)).await;
    assert_eq!(search.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn whoever_guesses_at_sessions_waits_and_nobody_else_does() {
    let fixture = Fixture::over(Backends::Embedded, None, Vec::new()).await;
    let events = fixture.append("first", 1).await;
    let auditor = fixture.ledger.parts.sign_in(AccountRole::Auditor, None).await;
    let path = format!("/api/audit/logs/{}/receipts/{}", fixture.zone, events[0].id);
    let mut refused = Vec::new();
    for guess in 0..100 {
        refused.push(fixture.asked_by(&path, &format!("ccs_{guess}")).await);
    }
    assert_eq!(refused[0], "401 unauthorized");
    assert_eq!(refused[99], "429 rate_limited");
    // From the same address, which is that of the console for everybody.
    assert_eq!(fixture.asked_by(&path, &auditor).await, "200");
    assert_eq!(fixture.asked_by(&path, crate::ledger::TOKEN).await, "200");
}

#[tokio::test]
async fn an_account_that_asks_too_often_waits_alone() {
    let fixture = Fixture::over(Backends::Embedded, None, Vec::new()).await;
    let auditor = fixture.ledger.parts.sign_in(AccountRole::Auditor, None).await;
    let approver = fixture.ledger.parts.sign_in(AccountRole::Approver, None).await;
    let mut last = String::new();
    for _ in 0..301 {
        last = fixture.asked_by("/api/audit/keys", &auditor).await;
    }
    assert_eq!(last, "429 rate_limited");
    assert_eq!(fixture.asked_by("/api/audit/keys", &approver).await, "200");
    assert_eq!(
        fixture.asked_by("/api/audit/keys", crate::ledger::TOKEN).await,
        "200"
    );
}
