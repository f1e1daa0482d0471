//! Handing authority on.

use std::time::Duration;

use caracal_core::SessionId;
use serde_json::{Value, json};

use caracal_testkit::client::Answer;

use crate::stack::{App, OPERATOR, Stack};

/// Two applications with a session each.
struct Pair {
    stack: Stack,
    a: App,
    b: App,
    source: String,
    target: String,
}

impl Pair {
    async fn new() -> Self {
        let stack = Stack::new().await;
        let (a, b) = (stack.app().await, stack.app().await);
        let (source, target) = (stack.task(&a).await, stack.task(&b).await);
        Self {
            stack,
            a,
            b,
            source,
            target,
        }
    }

    async fn delegate(&self, extra: Value) -> Answer {
        self.stack
            .delegate((&self.a, &self.source), (&self.b, &self.target), extra)
            .await
    }
}

#[tokio::test]
async fn malformed_requests_have_their_documented_codes() {
    let pair = Pair::new().await;
    for (extra, outcome) in [
        (json!({"source_session_id": ""}), (400, "invalid_body")),
        (json!({"target_session_id": null}), (400, "invalid_body")),
        (json!({"scopes": null}), (400, "invalid_body")),
        (json!({"scopes": ["a b"]}), (400, "invalid_body")),
        (json!({"ttl_seconds": 0}), (400, "invalid_body")),
        (json!({"expires_at": "tomorrow"}), (400, "invalid_body")),
        (json!({"ttl_seconds": null}), (400, "delegation_expiry_required")),
        (json!({"constraints": 1}), (400, "invalid_delegation_constraint")),
        (
            json!({"constraints": {"unheard": 1}}),
            (400, "invalid_delegation_constraint"),
        ),
        (json!({"constraints": {"max_hops": 0}}), (400, "invalid_max_hops")),
        (
            json!({"constraints": {"max_hops": 1, "max_depth": 2}}),
            (400, "invalid_max_hops"),
        ),
        (
            json!({"constraints": {"resources": [""]}}),
            (400, "invalid_resources"),
        ),
        (
            json!({"expires_at": "2020-01-01T00:00:00Z"}),
            (400, "delegation_expired"),
        ),
        (
            json!({"target_session_id": pair.source}),
            (400, "self_delegation_denied"),
        ),
    ] {
        let answer = pair.delegate(extra.clone()).await;
        assert_eq!(answer.outcome(), outcome, "{extra}: {}", answer.body);
    }
}

#[tokio::test]
async fn issuer_sessions_applications_and_resources_must_be_what_they_say() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let body = |extra| {
        let mut body = json!({
            "source_session_id": pair.source, "target_session_id": pair.target,
            "issuer_application_id": pair.a.id, "receiver_application_id": pair.b.id,
            "scopes": ["weather:read"], "ttl_seconds": 60, "resource_id": stack.resource.id,
        });
        crate::stack::merge(&mut body, extra);
        body
    };
    let stranger = stack.post("/delegations", &pair.b.token, body(json!({}))).await;
    assert_eq!(stranger.outcome(), (403, "issuer_ownership_required"));
    let lent = stack.with_scopes(&pair.b, &format!("coordinator.delegate_from:{}", pair.a.id));
    stack
        .post("/delegations", &lent, body(json!({})))
        .await
        .expect(201);
    assert_eq!(
        stack
            .post("/delegations", OPERATOR, body(json!({})))
            .await
            .outcome(),
        (401, "invalid_token")
    );

    let ghost = SessionId::generate(&stack.world);
    let ended = stack.task(&pair.b).await;
    stack
        .delete(&format!("/agents/{ended}"), &pair.b.token)
        .await
        .expect(204);
    let paused = stack.task(&pair.b).await;
    stack
        .patch(&format!("/agents/{paused}/suspend"), &pair.b.token)
        .await
        .expect(200);
    for target in [ghost.as_str(), &ended, &paused] {
        let answer = pair.delegate(json!({"target_session_id": target})).await;
        assert_eq!(answer.outcome(), (404, "delegation_endpoint_not_found"));
    }
    let own = stack.task(&pair.a).await;
    let answer = pair.delegate(json!({"target_session_id": own})).await;
    assert_eq!(answer.outcome(), (409, "delegation_application_mismatch"));

    let answer = pair
        .delegate(json!({"constraints": {"resources": ["resource://unknown"]}}))
        .await;
    assert_eq!(answer.outcome(), (404, "resource_not_found"));
    let answer = pair.delegate(json!({"resource_id": "resource://unknown"})).await;
    assert_eq!(answer.outcome(), (404, "resource_not_found"));
    let answer = pair
        .delegate(json!({"resource_id": stack.other_resource.id}))
        .await;
    assert_eq!(answer.outcome(), (400, "delegation_resource_scope_mismatch"));
    let answer = pair
        .delegate(json!({"scopes": ["weather:read", "mail:send"]}))
        .await;
    assert_eq!(answer.outcome(), (403, "delegation_scopes_exceed_resource"));
    assert_eq!(answer.body["details"]["exceeding"], json!(["mail:send"]));
}

#[tokio::test]
async fn a_delegation_is_answered_as_documented() {
    let pair = Pair::new().await;
    let answer = pair
        .delegate(json!({"resource_id": pair.stack.resource.identifier}))
        .await
        .expect(201);
    let id = answer.text("delegation_edge_id");
    let identifier = &pair.stack.resource.identifier;
    let expected = json!({
        "delegation_edge_id": id, "zone_id": pair.stack.zone,
        "source_session_id": pair.source, "target_session_id": pair.target,
        "issuer_application_id": pair.a.id, "receiver_application_id": pair.b.id,
        "parent_edge_id": null, "resource_id": pair.stack.resource.id, "scopes": ["weather:read"],
        "constraints_json": {"resources": [identifier], "ttl_seconds": 600},
        "remaining_hops": 1, "status": "active", "expires_at": "2026-05-21T12:10:00.000Z", "edge_version": 1,
        "revoked_at": null, "created_at": "2026-05-21T12:00:00.000Z", "warnings": [],
        "allow_reason": [
            "same_zone_endpoints_active", "resource_scope_checked", "source_authority_root",
            "typed_constraints_validated",
        ],
        "effective_authority": {
            "source_session_id": pair.source, "target_session_id": pair.target, "parent_edge_id": null,
            "resource_id": pair.stack.resource.id, "resources": [identifier], "scopes": ["weather:read"],
            "expires_at": "2026-05-21T12:10:00.000Z", "max_hops": 1, "ttl_seconds": 600, "broad": false,
            "parent_edges_considered": [],
        },
    });
    assert_eq!(answer.body, expected);
    let events = pair.stack.parts.new_events().await;
    let event = events
        .iter()
        .find(|event| event.event_type == "delegation_create")
        .unwrap();
    let metadata: Value = serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap();
    assert_eq!(metadata["delegation_edge_id"], id.as_str());
    assert_eq!(event.decision, "allow");
}

#[tokio::test]
async fn naming_no_resource_is_for_those_who_may_delegate_broadly() {
    let pair = Pair::new().await;
    let open = json!({"constraints": {}});
    let answer = pair.delegate(open.clone()).await;
    assert_eq!(answer.outcome(), (403, "broad_delegation_permission_required"));

    let mut broad = pair.a.clone();
    broad.token = pair.stack.with_scopes(&pair.a, "coordinator.delegate_broad");
    let answer = pair
        .stack
        .delegate((&broad, &pair.source), (&pair.b, &pair.target), open)
        .await
        .expect(201);
    assert_eq!(answer.body["effective_authority"]["broad"], true);
    assert_eq!(answer.body["constraints_json"]["policy_approved"], true);
    assert_eq!(
        answer.body["constraints_json"]["broad_reason"],
        "resource_null_delegation"
    );
    assert_eq!(
        answer.body["warnings"],
        json!(["resource_null_delegation_broadens_resource_matching"])
    );
}

#[tokio::test]
async fn an_end_beyond_what_the_platform_allows_is_cut_at_a_root() {
    let pair = Pair::new().await;
    let answer = pair
        .delegate(json!({"expires_at": "2099-01-01T00:00:00Z"}))
        .await
        .expect(201);
    assert_eq!(answer.text("expires_at"), "2026-06-20T12:00:00.000Z");
    assert_eq!(
        answer.body["warnings"],
        json!(["expiry_clamped_to_platform_limit"])
    );
}

#[tokio::test]
async fn every_way_to_hand_on_more_than_is_held_is_refused_with_its_rule_and_limit() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let held = pair
        .delegate(json!({"constraints": {
            "resources": [stack.resource.identifier], "max_hops": 3, "ttl_seconds": 300, "budget": 1,
        }}))
        .await
        .expect(201);
    let parent = held.text("delegation_edge_id");
    let c = stack.app().await;
    let last = stack.task(&c).await;
    let resources = json!([stack.resource.identifier]);
    let good = json!({"resources": resources, "ttl_seconds": 300, "max_hops": 2, "budget": 1});
    let with = |name: &str, value: Value| {
        let mut constraints = good.clone();
        constraints[name] = value;
        json!({"constraints": constraints})
    };
    let both = json!([stack.resource.identifier, stack.other_resource.identifier]);
    for (extra, rule) in [
        (json!({"scopes": ["weather:write"]}), "scopes"),
        (with("resources", both), "resources"),
        (
            with("resources", json!([stack.other_resource.identifier])),
            "resources",
        ),
        (
            json!({"resource_id": stack.other_resource.id, "constraints": {"ttl_seconds": 300}}),
            "resources",
        ),
        (with("max_hops", json!(3)), "hops"),
        (with("max_hops", json!(10)), "hops"),
        (with("ttl_seconds", json!(301)), "ttl"),
        (with("budget", json!(2)), "budget"),
    ] {
        let mut body = json!({"constraints": good, "parent_edge_id": parent});
        crate::stack::merge(&mut body, extra.clone());
        let answer = stack.delegate((&pair.b, &pair.target), (&c, &last), body).await;
        assert_eq!(
            answer.outcome(),
            (403, "delegation_exceeds_parent_authority"),
            "{extra}: {}",
            answer.body
        );
        assert_eq!(answer.body["details"]["rule"], rule, "{extra}");
        assert!(answer.body["details"].get("limit").is_some(), "{extra}");
    }
    let later = json!({"constraints": good, "expires_at": "2026-05-21T12:20:00Z", "parent_edge_id": parent});
    let answer = stack.delegate((&pair.b, &pair.target), (&c, &last), later).await;
    assert_eq!(answer.body["details"]["rule"], "expiry");
    assert_eq!(answer.body["details"]["limit"], "2026-05-21T12:05:00.000Z");

    let narrowed = stack
        .delegate(
            (&pair.b, &pair.target),
            (&c, &last),
            json!({"constraints": good, "parent_edge_id": parent}),
        )
        .await;
    let narrowed = narrowed.expect(201);
    assert_eq!(narrowed.body["parent_edge_id"], held.body["delegation_edge_id"]);
    assert_eq!(narrowed.body["effective_authority"]["max_hops"], 2);
    assert_eq!(
        narrowed.body["effective_authority"]["parent_edges_considered"],
        json!([held.text("delegation_edge_id")])
    );
    assert_eq!(narrowed.body["allow_reason"][2], "parent_authority_narrowed");
}

#[tokio::test]
async fn a_default_delegation_cannot_be_handed_on() {
    let pair = Pair::new().await;
    let held = pair.delegate(json!({})).await.expect(201);
    let c = pair.stack.app().await;
    let last = pair.stack.task(&c).await;
    let named = json!({"parent_edge_id": held.text("delegation_edge_id")});
    let answer = pair
        .stack
        .delegate((&pair.b, &pair.target), (&c, &last), named)
        .await;
    assert_eq!(answer.outcome(), (403, "delegation_exceeds_parent_authority"));
    assert_eq!(
        answer.body["details"],
        json!({"rule": "hops", "requested": 1, "limit": 0})
    );
}

#[tokio::test]
async fn narrowing_without_naming_a_resource_keeps_the_parents_bound() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let c = stack.app().await;
    let last = stack.task(&c).await;
    let hops = json!({"resources": [stack.resource.identifier], "max_hops": 2});
    let held = pair.delegate(json!({"constraints": hops})).await.expect(201);
    let named = json!({"constraints": {}, "parent_edge_id": held.text("delegation_edge_id")});
    let narrowed = stack
        .delegate((&pair.b, &pair.target), (&c, &last), named)
        .await
        .expect(201);
    assert_eq!(
        narrowed.body["constraints_json"]["resources"],
        json!([stack.resource.identifier])
    );

    let (source, target) = (stack.task(&pair.a).await, stack.task(&pair.b).await);
    let by_row = json!({"resource_id": stack.resource.id, "constraints": {"max_hops": 2}});
    let held = stack
        .delegate((&pair.a, &source), (&pair.b, &target), by_row)
        .await
        .expect(201);
    let named = json!({"constraints": {}, "parent_edge_id": held.text("delegation_edge_id")});
    let narrowed = stack
        .delegate((&pair.b, &target), (&c, &last), named)
        .await
        .expect(201);
    assert_eq!(narrowed.body["resource_id"], stack.resource.id.as_str());
}

#[tokio::test]
async fn a_time_to_live_past_the_parents_end_is_cut_to_it() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let c = stack.app().await;
    let last = stack.task(&c).await;
    let hops = json!({"resources": [stack.resource.identifier], "max_hops": 2});
    let held = pair.delegate(json!({"constraints": hops})).await.expect(201);
    stack.advance(Duration::from_secs(10)).await;
    let named = json!({"parent_edge_id": held.text("delegation_edge_id")});
    let narrowed = stack
        .delegate((&pair.b, &pair.target), (&c, &last), named)
        .await
        .expect(201);
    assert_eq!(narrowed.text("expires_at"), "2026-05-21T12:10:00.000Z");
    assert_eq!(narrowed.body["warnings"], json!(["expiry_clamped_to_parent"]));
}

#[tokio::test]
async fn a_parent_is_the_one_that_is_named_and_it_must_be_live() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let c = stack.app().await;
    let last = stack.task(&c).await;
    let hops = json!({"constraints": {"resources": [stack.resource.identifier], "max_hops": 2}});
    let first = pair
        .delegate(hops.clone())
        .await
        .expect(201)
        .text("delegation_edge_id");
    let second = pair.delegate(hops).await.expect(201).text("delegation_edge_id");
    let from = (&pair.b, pair.target.as_str());
    let named = json!({"parent_edge_id": first});
    let narrowed = stack.delegate(from, (&c, &last), named.clone()).await.expect(201);
    assert_eq!(narrowed.text("parent_edge_id"), first);
    for ghost in ["ghost", narrowed.text("delegation_edge_id").as_str()] {
        let ghost = json!({"parent_edge_id": ghost});
        let ghost = stack.delegate(from, (&c, &last), ghost).await;
        assert_eq!(ghost.outcome(), (403, "parent_delegation_not_active"));
    }
    for edge in [&first, &second] {
        stack
            .patch(&format!("/delegations/{edge}/revoke"), &pair.a.token)
            .await
            .expect(200);
    }
    let ended = stack.delegate(from, (&c, &last), named).await;
    assert_eq!(ended.outcome(), (403, "parent_delegation_not_active"));
    let root = stack
        .delegate(
            (&pair.a, &pair.source),
            (&c, &last),
            json!({"parent_edge_id": "ghost"}),
        )
        .await;
    assert_eq!(root.outcome(), (403, "parent_delegation_not_active"));
}

#[tokio::test]
async fn what_somebody_hands_a_session_does_not_touch_what_it_hands_on_itself() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let c = stack.app().await;
    let last = stack.task(&c).await;
    let from = (&pair.b, pair.target.as_str());
    let mut uninvited = Vec::new();
    let mut mine = Vec::new();
    for scopes in [json!([]), json!(["weather:read"])] {
        let edge = pair
            .delegate(json!({"scopes": scopes}))
            .await
            .expect(201)
            .text("delegation_edge_id");
        uninvited.push(edge);
        let body = json!({"scopes": ["weather:read", "weather:write"]});
        let own = stack.delegate(from, (&c, &last), body).await.expect(201);
        assert_eq!(own.body["parent_edge_id"], Value::Null);
        assert_eq!(own.body["scopes"], json!(["weather:read", "weather:write"]));
        mine.push(own.text("delegation_edge_id"));
    }
    // Back to whoever handed it over: nothing was handed on, so nothing runs in a circle.
    stack
        .delegate(from, (&pair.a, &pair.source), json!({}))
        .await
        .expect(201);
    for edge in &uninvited {
        let path = format!("/delegations/{edge}/revoke");
        // Nor may the giver end the session that it gave to.
        let ending = stack
            .patch(&format!("{path}?terminate_target=true"), &pair.a.token)
            .await;
        assert_eq!(ending.outcome(), (403, "application_ownership_required"));
        stack.patch(&path, &pair.a.token).await.expect(200);
    }
    for edge in &mine {
        assert!(!stack.deps.revocations.is_revoked(edge));
    }
    stack.delegate(from, (&c, &last), json!({})).await.expect(201);
    let session = stack
        .get(&format!("/agents/{}", pair.target), &pair.b.token)
        .await;
    assert_eq!(session.expect(200).text("status"), "active");
}

#[tokio::test]
async fn authority_does_not_run_in_circles() {
    let pair = Pair::new().await;
    let hops = json!({"constraints": {"resources": [pair.stack.resource.identifier], "max_hops": 4}});
    let held = pair.delegate(hops).await.expect(201);
    let back = json!({
        "parent_edge_id": held.text("delegation_edge_id"),
        "constraints": {"resources": [pair.stack.resource.identifier], "max_hops": 3},
    });
    let answer = pair
        .stack
        .delegate((&pair.b, &pair.target), (&pair.a, &pair.source), back)
        .await;
    assert_eq!(answer.outcome(), (409, "delegation_cycle_denied"));
}

#[tokio::test]
async fn a_chain_over_three_applications_narrows_all_the_way() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let c = stack.app().await;
    let last = stack.task(&c).await;
    let bound = |hops: u32| {
        json!({"constraints": {"resources": [stack.resource.identifier], "max_hops": hops},
        "scopes": ["weather:read", "weather:write"]})
    };
    let held = pair.delegate(bound(2)).await.expect(201);
    let mut narrower = bound(1);
    narrower["parent_edge_id"] = json!(held.text("delegation_edge_id"));
    let leaf = stack
        .delegate((&pair.b, &pair.target), (&c, &last), narrower)
        .await
        .expect(201);
    assert_eq!(
        leaf.body["effective_authority"]["scopes"],
        json!(["weather:read", "weather:write"])
    );
    let effective = stack
        .get(&format!("/agents/{last}/effective-authority"), &c.token)
        .await
        .expect(200);
    assert_eq!(
        effective.body["effective_scopes"],
        json!(["weather:read", "weather:write"])
    );
    assert_eq!(
        effective.body["effective_resources"],
        json!([stack.resource.identifier])
    );
    assert_eq!(
        effective.body["effective_resource_ids"],
        json!([stack.resource.id])
    );
    assert_eq!(effective.body["effective_max_hops"], 1);
    assert_eq!(effective.body["effective_resource_constrained"], true);
    assert_eq!(
        effective.body["inbound_edges"][0]["id"],
        leaf.body["delegation_edge_id"]
    );
    let stranger = stack
        .get(&format!("/agents/{last}/effective-authority"), &pair.a.token)
        .await;
    assert_eq!(stranger.outcome(), (404, "session_not_found"));
    let none = stack
        .get(&format!("/agents/{}/effective-authority", pair.source), OPERATOR)
        .await
        .expect(200);
    assert_eq!(none.body["effective_max_hops"], 0);
    assert_eq!(none.body["earliest_expires_at"], Value::Null);
}

#[tokio::test]
async fn children_inherit_one_hop_less_until_none_is_left() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let other = stack.task(&pair.b).await;
    stack
        .delegate((&pair.b, &other), (&pair.b, &pair.target), json!({}))
        .await
        .expect(201);
    let child = stack.child(&pair.b, &pair.target, json!({})).await.expect(201);
    let copy = child.text("delegation_edge_id");
    let child_id = child.text("agent_session_id");
    let held = stack
        .get(&format!("/delegations/inbound/{child_id}"), &pair.b.token)
        .await
        .expect(200);
    assert_eq!(held.body["items"][0]["id"], copy.as_str());
    assert_eq!(held.body["items"][0]["remaining_hops"], 0);
    assert_eq!(held.body["items"][0]["scopes"], json!(["weather:read"]));

    let grandchild = stack
        .child(&pair.b, &child_id, json!({"parent_authority": "inherit"}))
        .await;
    assert_eq!(grandchild.outcome(), (403, "delegation_exceeds_parent_authority"));
    assert_eq!(grandchild.body["details"]["rule"], "hops");
    let without = stack
        .child(&pair.b, &child_id, json!({"parent_authority": "none"}))
        .await
        .expect(201);
    assert_eq!(without.body["delegation_edge_id"], Value::Null);
}

#[tokio::test]
async fn inheritance_is_never_ambiguous_and_never_from_ended_authority() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let other = stack.task(&pair.b).await;
    let mut edges = Vec::new();
    for _ in 0..2 {
        let own = stack
            .delegate((&pair.b, &other), (&pair.b, &pair.target), json!({}))
            .await;
        edges.push(own.expect(201).text("delegation_edge_id"));
    }
    let ambiguous = stack.child(&pair.b, &pair.target, json!({})).await;
    assert_eq!(ambiguous.outcome(), (409, "inherit_parent_edge_ambiguous"));
    let named = json!({"inherit_parent_edge_id": edges[0]});
    stack
        .child(&pair.b, &pair.target, named.clone())
        .await
        .expect(201);
    let ghost = stack
        .child(&pair.b, &pair.target, json!({"inherit_parent_edge_id": "ghost"}))
        .await;
    assert_eq!(ghost.outcome(), (409, "inherit_parent_edge_not_active"));
    for edge in &edges {
        stack
            .patch(&format!("/delegations/{edge}/revoke"), &pair.b.token)
            .await
            .expect(200);
    }
    for extra in [named, json!({})] {
        let answer = stack.child(&pair.b, &pair.target, extra).await;
        assert_eq!(answer.outcome(), (409, "inherit_parent_edge_not_active"));
    }
    let plain = stack.child(&pair.a, &pair.source, json!({})).await.expect(201);
    assert_eq!(
        plain.body["delegation_edge_id"],
        Value::Null,
        "a parent without delegations has none to give"
    );
}

#[tokio::test]
async fn children_inherit_what_others_handed_over_only_by_name() {
    let pair = Pair::new().await;
    let stack = &pair.stack;
    let hops = json!({"constraints": {"resources": [stack.resource.identifier], "max_hops": 3}});
    let handed = pair.delegate(hops).await.expect(201).text("delegation_edge_id");
    pair.delegate(json!({"scopes": []})).await.expect(201);
    let plain = stack.child(&pair.b, &pair.target, json!({})).await.expect(201);
    assert_eq!(plain.body["delegation_edge_id"], Value::Null);
    let named = json!({"inherit_parent_edge_id": handed});
    let named = stack.child(&pair.b, &pair.target, named).await.expect(201);
    assert!(named.body["delegation_edge_id"].is_string());
    // What was taken on by name is still somebody else's below.
    let child = named.text("agent_session_id");
    let grandchild = stack.child(&pair.b, &child, json!({})).await.expect(201);
    assert_eq!(grandchild.body["delegation_edge_id"], Value::Null);
    stack
        .patch(&format!("/delegations/{handed}/revoke"), &pair.a.token)
        .await
        .expect(200);
    stack.child(&pair.b, &pair.target, json!({})).await.expect(201);
}
