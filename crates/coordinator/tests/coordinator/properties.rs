//! Authority handed on over HTTP never grows, whatever is asked for.

use caracal_core::{ScopeSet, Timestamp};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::stack::{App, Stack};

/// One request to hand on; indices are taken modulo what there is.
#[derive(Debug, Clone)]
struct Step {
    scopes: Vec<usize>,
    resources: Vec<usize>,
    by_row: bool,
    hops: Option<u32>,
    ttl: u32,
    mandate_ttl: Option<u32>,
    budget: Option<u32>,
    inherit: bool,
}

fn step() -> impl Strategy<Value = Step> {
    (
        proptest::collection::vec(0..3_usize, 0..3),
        proptest::collection::vec(0..2_usize, 0..3),
        any::<bool>(),
        proptest::option::of(1..6_u32),
        60..1200_u32,
        proptest::option::of(30..900_u32),
        proptest::option::of(1..4_u32),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(scopes, resources, by_row, hops, ttl, mandate_ttl, budget, inherit)| Step {
                scopes,
                resources,
                by_row,
                hops,
                ttl,
                mandate_ttl,
                budget,
                inherit,
            },
        )
}

/// What a session may do, as the Coordinator tells it.
#[derive(Debug)]
struct Held {
    scopes: ScopeSet,
    resources: Vec<String>,
    hops: i64,
    ttl: Option<i64>,
    ends: Timestamp,
}

impl Held {
    fn read(body: &Value) -> Self {
        Self {
            scopes: serde_json::from_value(body["effective_scopes"].clone()).unwrap(),
            resources: serde_json::from_value(body["effective_resources"].clone()).unwrap(),
            hops: body["effective_max_hops"].as_i64().unwrap(),
            ttl: body["effective_ttl_seconds"].as_i64(),
            ends: serde_json::from_value(body["earliest_expires_at"].clone()).unwrap(),
        }
    }

    fn is_within(&self, outer: &Self) -> bool {
        self.scopes.is_subset(&outer.scopes)
            && self
                .resources
                .iter()
                .all(|resource| outer.resources.contains(resource))
            && self.hops < outer.hops.max(1)
            && outer
                .ttl
                .is_none_or(|limit| self.ttl.is_some_and(|ttl| ttl <= limit))
            && self.ends <= outer.ends
    }
}

async fn hand_on(stack: &Stack, app: &App, from: &str, step: &Step) -> Option<String> {
    if step.inherit {
        let answer = stack.child(app, from, json!({})).await;
        return (answer.status == 201 && answer.body["delegation_edge_id"].is_string())
            .then(|| answer.text("agent_session_id"));
    }
    let to = stack.task(app).await;
    let names = ["weather:read", "weather:write", "mail:read"];
    let resources = [&stack.resource, &stack.other_resource];
    let asked: Vec<&str> = step.scopes.iter().map(|index| names[index % 3]).collect();
    let listed: Vec<&str> = step
        .resources
        .iter()
        .map(|index| resources[index % 2].identifier.as_str())
        .collect();
    let mut body = json!({"scopes": asked, "ttl_seconds": step.ttl});
    let mut constraints = json!({});
    match listed.first() {
        Some(one) if step.by_row => body["resource_id"] = json!(one),
        _ => constraints["resources"] = json!(listed),
    }
    for (name, value) in [
        ("max_hops", step.hops),
        ("ttl_seconds", step.mandate_ttl),
        ("budget", step.budget),
    ] {
        if let Some(value) = value {
            constraints[name] = json!(value);
        }
    }
    body["constraints"] = constraints;
    let answer = stack.delegate((app, from), (app, &to), body).await;
    assert!(
        answer.status == 201 || answer.status.is_client_error(),
        "{}",
        answer.body
    );
    (answer.status == 201).then_some(to)
}

#[test]
fn authority_handed_on_never_widens() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let stack = runtime.block_on(Stack::new());
    let app = runtime.block_on(stack.app());
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let accepted = std::cell::Cell::new(0_u32);
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let chain = proptest::collection::vec(step(), 1..5);
    runner
        .run(&chain, |steps| {
            let widened = runtime.block_on(async {
                let (root, mut holder) = (stack.task(&app).await, stack.task(&app).await);
                let both = json!([stack.resource.identifier, stack.other_resource.identifier]);
                let body = json!({
                    "scopes": ["weather:read", "weather:write", "mail:read"], "ttl_seconds": 900,
                    "constraints": {"resources": both, "max_hops": 4},
                });
                stack
                    .delegate((&app, &root), (&app, &holder), body)
                    .await
                    .expect(201);
                let read = |id: String| {
                    let (stack, app) = (&stack, &app);
                    async move {
                        let path = format!("/agents/{id}/effective-authority");
                        Held::read(&stack.get(&path, &app.token).await.expect(200).body)
                    }
                };
                let mut outer = read(holder.clone()).await;
                let mut made = 0;
                for step in &steps {
                    let Some(next) = hand_on(&stack, &app, &holder, step).await else {
                        continue;
                    };
                    let inner = read(next.clone()).await;
                    if !inner.is_within(&outer) {
                        return Err(format!("{step:?}: {inner:?} is not within {outer:?}"));
                    }
                    made += 1;
                    (holder, outer) = (next, inner);
                }
                Ok(made)
            });
            accepted.set(accepted.get() + widened.map_err(TestCaseError::fail)?);
            Ok(())
        })
        .unwrap();
    let accepted = accepted.get();
    assert!(
        accepted > 10,
        "the cases reach delegations that hold ({accepted} did)"
    );
}
