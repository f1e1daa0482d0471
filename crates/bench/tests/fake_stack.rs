//! Whole measurements against a stack that is made up, so that what they must notice can be staged: calls that
//! fail, and authority that does not end.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use caracal_bench::{
    governed, isolation, revocation,
    stack::{Stack, StackArguments},
};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

/// What the made-up stack remembers. All roles answer at one address.
#[derive(Default)]
struct Fake {
    /// Whether an end takes effect.
    ends: bool,
    /// The Gateway refuses every call whose number this divides; 0 for none.
    refuse_every: u64,
    next: AtomicU64,
    statements: AtomicU64,
    ended: Mutex<HashSet<String>>,
    spent: Mutex<HashSet<String>>,
    replayed: AtomicBool,
}

impl Fake {
    async fn serve(self) -> (Arc<Self>, Stack) {
        let fake = Arc::new(self);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Some(format!("http://{}", listener.local_addr().unwrap()));
        let served = fake.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let fake = served.clone();
                tokio::spawn(async move {
                    let service = service_fn(|request| fake.answer(request));
                    let _ = hyper::server::conn::http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), service)
                        .await;
                });
            }
        });
        let token = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(token.path(), "cat_x").unwrap();
        let arguments = StackArguments {
            api: url.clone(),
            sts: url.clone(),
            gateway: url.clone(),
            coordinator: url,
            pid: vec![std::process::id()],
            admin_token_file: Some(token.path().to_owned()),
            ..StackArguments::default()
        };
        let stack = Stack::open(&arguments).await.unwrap();
        (fake, stack)
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let path = parts.uri.path();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (status, text) = match path {
            "/metrics" => {
                let statements = self.statements.load(Ordering::Relaxed);
                // Three ledger entries for each call.
                let entries = statements / 2 * 3;
                let statements = format!("caracal_storage_statements_total{{kind=\"read\"}} {statements}");
                (
                    200,
                    format!("{statements}\ncaracal_audit_inserts_total {entries}\n"),
                )
            }
            "/oauth/2/token" => self.mint(std::str::from_utf8(&body).unwrap(), number),
            "/bench" => self.through(parts.headers["authorization"].to_str().unwrap()),
            _ if path.ends_with("/activate") => (202, String::from("{}")),
            _ if parts.method == "DELETE" || path.ends_with("/revoke") => {
                let ended = path.trim_end_matches("/revoke").rsplit('/').next().unwrap();
                self.ended.lock().unwrap().insert(ended.to_owned());
                if parts.method == "DELETE" {
                    (204, String::new())
                } else {
                    (200, String::from("{}"))
                }
            }
            _ => (
                201,
                format!(
                    r#"{{"id":"i{number}","version_id":"v{number}","client_secret":"c","token":"t","agent_session_id":"s{number}","delegation_edge_id":"d{number}"}}"#
                ),
            ),
        };
        Ok(Response::builder()
            .status(status)
            .body(Full::new(Bytes::from(text)))
            .unwrap())
    }

    /// A mandate names the session and delegation it stands on.
    fn mint(&self, form: &str, number: u64) -> (u16, String) {
        let field = |name: &str| {
            form.split('&')
                .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
                .unwrap_or("-")
        };
        let (session, delegation) = (field("agent_session_id"), field("delegation_edge_id"));
        if self.is_ended(session, delegation) {
            return (403, String::from(r#"{"error":"access_denied"}"#));
        }
        (
            200,
            format!(r#"{{"access_token":"{session}.{delegation}.{number}","expires_in":900}}"#),
        )
    }

    fn through(&self, authorization: &str) -> (u16, String) {
        // Two statements for every call at the Gateway.
        let calls = self.statements.fetch_add(2, Ordering::Relaxed) / 2 + 1;
        let mandate = authorization.strip_prefix("Bearer ").unwrap();
        if !self.spent.lock().unwrap().insert(mandate.to_owned()) {
            self.replayed.store(true, Ordering::Relaxed);
        }
        let mut parts = mandate.split('.');
        if self.is_ended(parts.next().unwrap(), parts.next().unwrap()) {
            return (401, String::from(r#"{"error":"invalid_token"}"#));
        }
        if self.refuse_every > 0 && calls.is_multiple_of(self.refuse_every) {
            return (503, String::from(r#"{"error":"sts_unavailable"}"#));
        }
        (200, String::from("ok"))
    }

    fn is_ended(&self, session: &str, delegation: &str) -> bool {
        let ended = self.ended.lock().unwrap();
        self.ends && (ended.contains(session) || ended.contains(delegation))
    }
}

fn world() -> caracal_core::World {
    caracal_core::World::for_tests()
}

fn plan(rate: Option<u32>) -> governed::GovernedPlan {
    governed::GovernedPlan {
        workers: 3,
        seconds: 1,
        warmup: 0,
        rate,
        payload: 10,
        apps: 2,
    }
}

#[tokio::test]
async fn a_failed_call_is_reported_and_not_counted_as_done() {
    let (_, stack) = Fake {
        refuse_every: 10,
        ..Fake::default()
    }
    .serve()
    .await;
    let report = governed::run(&stack, &world(), &plan(None)).await.unwrap();
    assert!(report.failed > 0 && !report.is_clean());
    let failure = report.first_failure.unwrap();
    assert!(
        failure.contains("gateway") && failure.contains("sts_unavailable"),
        "{failure}"
    );
}

#[tokio::test]
async fn a_stack_that_refuses_everything_is_an_error() {
    let (_, stack) = Fake {
        refuse_every: 1,
        ..Fake::default()
    }
    .serve()
    .await;
    let error = governed::run(&stack, &world(), &plan(None))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("no call succeeded") || error.contains("too many calls fail"),
        "{error}"
    );
}

#[tokio::test]
async fn a_closed_loop_spends_each_mandate_once_and_counts_statements() {
    let (fake, stack) = Fake::default().serve().await;
    let report = governed::run(&stack, &world(), &plan(None)).await.unwrap();
    assert!(report.is_clean() && report.calls > 0, "{report}");
    assert!(!fake.replayed.load(Ordering::Relaxed));
    let statements = report.statements_per_call.unwrap();
    // Two, blurred by the calls in flight at both ends.
    assert!((1.0..=3.0).contains(&statements), "{statements}");
    let ledger = report.ledger.unwrap();
    assert!(ledger.ledger_caught_up, "{report}");
    assert!((ledger.ledger_entries_per_call - 3.0).abs() < 0.01, "{report}");
    let document = serde_json::to_value(&report).unwrap();
    for name in [
        "calls_per_second",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "max_ms",
        "cpu_us_per_call",
        "es256_limit_per_core",
        "ratio_to_limit",
        "statements_per_call",
        "ledger_entries_per_call",
    ] {
        assert!(document[name].is_number(), "{name} in {document}");
    }
}

#[tokio::test]
async fn an_open_loop_makes_no_more_calls_than_are_due() {
    let (_, stack) = Fake::default().serve().await;
    let report = governed::run(&stack, &world(), &plan(Some(50))).await.unwrap();
    assert!(report.is_clean(), "{report}");
    assert!((1..=50).contains(&report.calls), "{report}");
}

#[tokio::test]
async fn authority_that_ends_is_seen_to_end() {
    let (_, stack) = Fake {
        ends: true,
        ..Fake::default()
    }
    .serve()
    .await;
    let report = revocation::run(
        &stack,
        &world(),
        &revocation::RevocationPlan {
            rounds: 2,
            workers: 1,
        },
    )
    .await
    .unwrap();
    assert!(report.is_clean(), "{report}");
    assert_eq!(
        (
            report.session_end.to_first_refusal.count,
            report.delegation_revoke.request.count
        ),
        (2, 2)
    );
}

#[tokio::test]
async fn authority_that_does_not_end_is_noticed() {
    let (_, stack) = Fake::default().serve().await;
    let report = revocation::run(
        &stack,
        &world(),
        &revocation::RevocationPlan {
            rounds: 1,
            workers: 0,
        },
    )
    .await
    .unwrap();
    for kind in [&report.session_end, &report.delegation_revoke] {
        assert_eq!((kind.never_refused, kind.minted_after_answer), (1, 1), "{report}");
        assert!(kind.allowed_after_answer > 0, "{report}");
    }
    assert!(!report.is_clean());
}

fn worst(only: Vec<isolation::Case>) -> isolation::IsolationPlan {
    isolation::IsolationPlan {
        rate: 40,
        workers: 2,
        seconds: 1,
        warmup: 0,
        // Whatever else this machine does now is not the question.
        at_most: 1e6,
        only,
        worst: isolation::Worst {
            flood: 50,
            sessions: 50,
            hanging: 4,
            slow: 2,
            zones: 20,
        },
    }
}

#[tokio::test]
async fn isolation_says_what_one_zone_did_and_what_the_other_got() {
    let (_, stack) = Fake::default().serve().await;
    let cases = vec![
        isolation::Case::FailedLogins,
        isolation::Case::SessionEnds,
        isolation::Case::SlowBodies,
        isolation::Case::PolicyReloads,
        isolation::Case::PolicyActivations,
        isolation::Case::OddEvidence,
        isolation::Case::ManyZones,
    ];
    let report = isolation::run(&stack, &world(), &worst(cases.clone()))
        .await
        .unwrap();
    assert!(report.is_clean(), "{report}");
    let reported: Vec<_> = report.rows.iter().map(|row| row.case).collect();
    // And once more with nobody else there.
    let expected: Vec<_> = cases.into_iter().map(Some).chain([None]).collect();
    assert_eq!(reported, expected);
    assert!(report.quiet.count > 0);
    for row in &report.rows {
        assert!(row.zone_b.count > 0, "{report}");
        assert_eq!(row.zone_a.calls > 0, row.case.is_some(), "{report}");
    }
    let document = serde_json::to_value(&report).unwrap();
    for row in document["rows"].as_array().unwrap() {
        for name in ["quiet_p99_ms", "worst_p99_ms", "ratio", "calls", "refusals"] {
            assert!(row[name].is_number(), "{name} in {row}");
        }
    }
    // One line for each row, below two of head and one of column names.
    assert_eq!(
        report.to_string().lines().count(),
        report.rows.len() + 3,
        "{report}"
    );
}

#[tokio::test]
async fn a_case_that_damages_a_store_is_only_made_at_a_daemon_of_the_benchs_own() {
    let (_, stack) = Fake::default().serve().await;
    let refused = isolation::run(&stack, &world(), &worst(vec![isolation::Case::UnreadableZone])).await;
    assert!(refused.unwrap_err().to_string().contains("--spawn"));
}

#[tokio::test]
async fn a_zone_that_slows_or_breaks_another_is_noticed() {
    let (_, stack) = Fake::default().serve().await;
    let mut report = isolation::run(&stack, &world(), &worst(vec![isolation::Case::RefusedCalls]))
        .await
        .unwrap();
    let slowest = report.rows.iter().map(|row| row.ratio).fold(0.0, f64::max);
    report.at_most = slowest;
    assert!(report.is_clean(), "{report}");
    report.at_most = slowest / 2.0;
    assert!(!report.is_clean() && report.to_string().contains("TOO SLOW"));
    report.at_most = 1e6;
    report.rows[0].failed = 1;
    assert!(!report.is_clean());

    let (_, stack) = Fake {
        refuse_every: 2,
        ..Fake::default()
    }
    .serve()
    .await;
    let broken = isolation::run(&stack, &world(), &worst(vec![isolation::Case::RefusedCalls])).await;
    assert!(broken.is_err() || !broken.unwrap().is_clean());
}
