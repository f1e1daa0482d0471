//! A process that is asked to stop under load answers everything that it took.

use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::{Duration, Instant},
};

use caracal_e2e::{Agent, Call, Deployment, Fixture, READ, Reply, Role, Stack};
use caracal_testkit::upstream::{Answer, Gate};
use futures_util::future::join_all;
use reqwest::StatusCode;

use crate::{outages::SOON, support::assert_passed};

/// Calls that are at the upstream when the process is asked to stop.
const UNDER_WAY: usize = 40;
/// Callers that go on calling meanwhile, one call after the other.
const CALLERS: usize = 8;

/// What became of the calls that went on.
#[derive(Debug, Default)]
struct Outcomes {
    passed: AtomicUsize,
    /// Nobody listened any more, so nothing was sent.
    not_taken: AtomicUsize,
}

/// Sends a request. `None` when it could not be sent because nobody listens any more.
pub(crate) async fn answered(request: reqwest::RequestBuilder) -> Option<Reply> {
    let response = match request.send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() => return None,
        Err(error) => panic!("a request that was taken has no answer: {error:?}"),
    };
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("the whole of the answer");
    let json = serde_json::from_str(&text).unwrap_or_default();
    Some(Reply {
        status,
        headers,
        text,
        json,
    })
}

/// Calls until the role is gone or `over` is set.
async fn go_on(fixture: &Fixture<'_>, agent: &Agent, over: &AtomicBool, outcomes: &Outcomes) {
    while !over.load(Ordering::Relaxed) {
        let Some(minted) = answered(fixture.mint_request(agent, READ, &[])).await else {
            outcomes.not_taken.fetch_add(1, Ordering::Relaxed);
            return;
        };
        let mandate = minted.expect(200).text_of("access_token");
        let Some(reply) = answered(fixture.call_request(&mandate, &Call::default())).await else {
            outcomes.not_taken.fetch_add(1, Ordering::Relaxed);
            return;
        };
        assert_passed(&reply);
        outcomes.passed.fetch_add(1, Ordering::Relaxed);
    }
}

/// Waits until the Gateway says that it is stopping, or takes no connection any more.
async fn until_stopping(stack: &Stack) {
    let deadline = Instant::now() + SOON;
    loop {
        match Reply::attempt(stack.request(Role::Gateway, "GET", "/ready")).await {
            Some(ready) if ready.status == 200 => {}
            _ => return,
        }
        assert!(Instant::now() < deadline, "it does not stop");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Asks the process of the Gateway to stop while many calls are under way.
async fn every_call_is_answered(deployment: Deployment) {
    // Long enough for a busy machine; what is tried is that it waits, not for how long at most.
    let variables = [("SHUTDOWN_GRACE_MS", "60000"), ("SHUTDOWN_DELAY_MS", "500")];
    let stack = Stack::with(deployment, &variables).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let gate = Gate::default();
    for _ in 0..UNDER_WAY {
        fixture.upstream.next(Answer::Behind {
            gate: gate.clone(),
            then: Box::new(Answer::fixed(StatusCode::OK, "late")),
        });
    }
    let mandates = join_all((0..UNDER_WAY).map(|_| fixture.mandate(&agent, READ))).await;
    let call = Call::default();
    let under_way = join_all(
        mandates
            .iter()
            .map(|mandate| answered(fixture.call_request(mandate, &call))),
    );
    let (over, outcomes) = (AtomicBool::new(false), Outcomes::default());
    let going_on = async {
        fixture
            .upstream
            .until("all calls are there", SOON, |received| {
                received.len() >= UNDER_WAY
            })
            .await;
        join_all((0..CALLERS).map(|_| go_on(&fixture, &agent, &over, &outcomes))).await;
    };
    let stopping = async {
        fixture
            .upstream
            .until("calls go on beside them", SOON, |received| {
                received.len() >= UNDER_WAY + CALLERS
            })
            .await;
        let open = async {
            until_stopping(&stack).await;
            gate.open();
        };
        // Ends well, or panics.
        tokio::join!(stack.terminate(Role::Gateway), open);
        over.store(true, Ordering::Relaxed);
    };
    let (late, (), ()) = tokio::join!(under_way, going_on, stopping);
    for reply in late {
        let reply = reply.expect("its connection was taken long before");
        assert_eq!((reply.status, reply.text.as_str()), (200, "late"), "{reply:#?}");
    }
    assert!(outcomes.passed.load(Ordering::Relaxed) > 0, "{outcomes:?}");
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_stopped_under_load_leaves_no_call_without_an_answer() {
    every_call_is_answered(Deployment::Production).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_with_all_roles_that_is_stopped_under_load_leaves_no_call_without_an_answer() {
    every_call_is_answered(Deployment::Embedded).await;
}
