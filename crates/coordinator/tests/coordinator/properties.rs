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

async fn hand_on(stack: &Stack, app: &App, held: (&str, &str), step: &Step) -> Option<(String, String)> {
    let (from, parent) = held;
    if step.inherit {
        let answer = stack.child(app, from, json!({})).await;
        return (answer.status == 201 && answer.body["delegation_edge_id"].is_string())
            .then(|| (answer.text("agent_session_id"), answer.text("delegation_edge_id")));
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
    let mut body = json!({"scopes": asked, "ttl_seconds": step.ttl, "parent_edge_id": parent});
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
    (answer.status == 201).then(|| (to, answer.text("delegation_edge_id")))
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
                let first = stack.delegate((&app, &root), (&app, &holder), body).await;
                let mut edge = first.expect(201).text("delegation_edge_id");
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
                    let Some(next) = hand_on(&stack, &app, (&holder, &edge), step).await else {
                        continue;
                    };
                    let (next, handed) = next;
                    let inner = read(next.clone()).await;
                    if !inner.is_within(&outer) {
                        return Err(format!("{step:?}: {inner:?} is not within {outer:?}"));
                    }
                    made += 1;
                    (holder, edge, outer) = (next, handed, inner);
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

/// What the owner of a session does, and what strangers do to it meanwhile.
#[derive(Debug, Clone)]
enum Move {
    /// The owner hands on out of its own.
    Give { scopes: usize },
    /// The owner narrows what it handed itself, by name.
    Narrow { scopes: usize },
    /// The owner starts a child.
    Child { inherit: bool },
    /// The owner takes back the last it gave.
    TakeBack,
    /// A stranger hands something to the owner's session.
    Uninvited { scopes: usize, hops: u32 },
    /// The stranger takes back everything, and asks for the session's end.
    Withdraw { terminate: bool },
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = prop_oneof![
        (0..4_usize).prop_map(|scopes| Move::Give { scopes }),
        (0..4_usize).prop_map(|scopes| Move::Narrow { scopes }),
        any::<bool>().prop_map(|inherit| Move::Child { inherit }),
        Just(Move::TakeBack),
        (0..4_usize, 1..4_u32).prop_map(|(scopes, hops)| Move::Uninvited { scopes, hops }),
        any::<bool>().prop_map(|terminate| Move::Withdraw { terminate }),
    ];
    proptest::collection::vec(one, 1..9)
}

const SETS: [&[&str]; 4] = [
    &[],
    &["weather:read"],
    &["weather:write"],
    &["weather:read", "weather:write"],
];

/// Plays the owner's moves, with or without the strangers'; tells what each of the owner's was answered and what it
/// holds in the end.
async fn play(stack: &Stack, owner: &App, stranger: &App, moves: &[Move], strangers: bool) -> Vec<Value> {
    let (session, first) = (stack.task(owner).await, stack.task(owner).await);
    let theirs = stack.task(stranger).await;
    let bound = |hops: u32| json!({"resources": [stack.resource.identifier], "max_hops": hops});
    let own = json!({"scopes": SETS[3], "constraints": bound(5)});
    let own = stack.delegate((owner, &first), (owner, &session), own).await;
    let own = own.expect(201).text("delegation_edge_id");
    let (mut given, mut handed, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for step in moves {
        let answer = match step {
            Move::Give { scopes } | Move::Narrow { scopes } => {
                let to = stack.task(owner).await;
                let mut body = json!({"scopes": SETS[*scopes], "constraints": bound(2)});
                if matches!(step, Move::Narrow { .. }) {
                    body["parent_edge_id"] = json!(own);
                }
                let answer = stack.delegate((owner, &session), (owner, &to), body).await;
                given.push((answer.text("delegation_edge_id"), to));
                answer
            }
            Move::Child { inherit } => {
                let authority = if *inherit { "inherit" } else { "none" };
                let body = json!({"parent_authority": authority});
                let answer = stack.child(owner, &session, body).await;
                let edge = &answer.body["delegation_edge_id"];
                told.push(json!({"inherits": edge.is_string()}));
                answer
            }
            Move::TakeBack => {
                let Some((edge, _)) = given.pop() else { continue };
                stack
                    .patch(&format!("/delegations/{edge}/revoke"), &owner.token)
                    .await
            }
            Move::Uninvited { scopes, hops } => {
                if strangers {
                    let body = json!({"scopes": SETS[*scopes], "constraints": bound(*hops)});
                    let answer = stack.delegate((stranger, &theirs), (owner, &session), body).await;
                    handed.push(answer.expect(201).text("delegation_edge_id"));
                }
                continue;
            }
            Move::Withdraw { terminate } => {
                for edge in handed.drain(..) {
                    let path = format!("/delegations/{edge}/revoke");
                    if *terminate {
                        let ending = format!("{path}?terminate_target=true");
                        stack.patch(&ending, &stranger.token).await.expect(403);
                    }
                    stack.patch(&path, &stranger.token).await.expect(200);
                }
                continue;
            }
        };
        told.push(json!({
            "status": answer.status.as_u16(), "error": answer.body["error"], "scopes": answer.body["scopes"],
            "root": answer.body["parent_edge_id"].is_null(), "ends": answer.body["expires_at"],
            "effective": answer.body["effective_authority"]["scopes"],
        }));
    }
    for (edge, _) in &given {
        told.push(json!({"revoked": stack.deps.revocations.is_revoked(edge)}));
    }
    let state = stack.get(&format!("/agents/{session}"), &owner.token).await;
    told.push(state.expect(200).body["status"].clone());
    told
}

#[test]
fn strangers_change_nothing_of_what_a_session_does_on_its_own() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let stack = runtime.block_on(Stack::new());
    let (owner, stranger) = runtime.block_on(async { (stack.app().await, stack.app().await) });
    let config = Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner
        .run(&moves(), |moves| {
            let (alone, among) = runtime.block_on(async {
                (
                    play(&stack, &owner, &stranger, &moves, false).await,
                    play(&stack, &owner, &stranger, &moves, true).await,
                )
            });
            prop_assert_eq!(alone, among);
            Ok(())
        })
        .unwrap();
}
