//! Who sees what.

use serde_json::{Value, json};

use crate::stack::{OPERATOR, Stack};

fn ids(body: &Value, name: &str) -> Vec<String> {
    body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item[name].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_application_sees_its_own_sessions_and_the_operator_sees_all() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    let mine = stack
        .start(&app, json!({"labels": ["red"]}))
        .await
        .expect(201)
        .text("agent_session_id");
    let service = stack.service(&app).await;
    let theirs = stack.task(&other).await;
    let listed = |body: &Value| {
        let mut ids = ids(body, "agent_session_id");
        ids.sort();
        ids
    };
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    let own = stack.get("/agents", &app.token).await.expect(200);
    assert_eq!(listed(&own.body), sorted(vec![mine.clone(), service.clone()]));
    let all = stack.get("/agents", OPERATOR).await.expect(200);
    assert_eq!(
        listed(&all.body),
        sorted(vec![mine.clone(), service.clone(), theirs.clone()])
    );
    for (query, found) in [
        ("label=red", vec![mine.clone()]),
        ("lifecycle=service", vec![service.clone()]),
        ("status=suspended", vec![]),
        (
            &*format!("application_id={}", app.id),
            vec![mine.clone(), service.clone()],
        ),
        (&*format!("application_id={}", other.id), vec![]),
    ] {
        let answer = stack
            .get(&format!("/agents?{query}"), &app.token)
            .await
            .expect(200);
        assert_eq!(listed(&answer.body), sorted(found), "{query}");
    }
    assert_eq!(
        stack
            .get(&format!("/agents/{theirs}"), &app.token)
            .await
            .outcome(),
        (404, "session_not_found")
    );
    stack
        .get(&format!("/agents/{theirs}"), OPERATOR)
        .await
        .expect(200);
}

#[tokio::test]
async fn pages_add_up_to_the_whole_and_bad_queries_are_named() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    for _ in 0..5 {
        stack.task(&app).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = stack
            .get(&format!("/agents?limit=2{cursor}"), &app.token)
            .await
            .expect(200);
        seen.extend(ids(&page.body, "agent_session_id"));
        let Some(next) = page.body["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
    for (query, code) in [
        ("limit=0", "invalid_query"),
        ("limit=501", "invalid_query"),
        ("limit=many", "invalid_query"),
        ("status=gone", "invalid_query"),
        ("cursor=noise", "invalid_cursor"),
    ] {
        assert_eq!(
            stack.get(&format!("/agents?{query}"), &app.token).await.outcome(),
            (400, code)
        );
    }
}

#[tokio::test]
async fn children_are_listed_and_an_unknown_parent_has_none() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    let parent = stack.task(&app).await;
    let child = stack
        .child(&app, &parent, json!({}))
        .await
        .expect(201)
        .text("agent_session_id");
    let path = format!("/agents/{parent}/children");
    for token in [app.token.as_str(), OPERATOR] {
        let answer = stack.get(&path, token).await.expect(200);
        assert_eq!(
            ids(&answer.body, "agent_session_id"),
            std::slice::from_ref(&child)
        );
    }
    assert_eq!(
        stack.get(&path, &other.token).await.expect(200).body["items"],
        json!([])
    );
    assert_eq!(
        stack
            .get("/agents/ghost/children", OPERATOR)
            .await
            .expect(200)
            .body["items"],
        json!([])
    );
}

#[tokio::test]
async fn delegations_are_seen_by_their_parties_and_by_the_operator() {
    let stack = Stack::new().await;
    let (a, b, c) = (stack.app().await, stack.app().await, stack.app().await);
    let (source, target) = (stack.task(&a).await, stack.task(&b).await);
    let edge = stack
        .delegate((&a, &source), (&b, &target), json!({}))
        .await
        .expect(201);
    let edge = edge.text("delegation_edge_id");

    for (path, token) in [
        (format!("/delegations/inbound/{target}"), b.token.as_str()),
        (format!("/delegations/outbound/{source}"), a.token.as_str()),
        (format!("/delegations/inbound/{target}"), OPERATOR),
        (format!("/delegations/outbound/{source}"), OPERATOR),
        (String::from("/delegations/active"), a.token.as_str()),
        (String::from("/delegations/active"), b.token.as_str()),
        (String::from("/delegations/active"), OPERATOR),
    ] {
        let answer = stack.get(&path, token).await.expect(200);
        assert_eq!(ids(&answer.body, "id"), std::slice::from_ref(&edge), "{path}");
        assert_eq!(answer.body["next_cursor"], Value::Null);
    }
    assert_eq!(
        stack.get("/delegations/active", &c.token).await.expect(200).body["items"],
        json!([])
    );
    for path in [
        format!("/delegations/inbound/{target}"),
        format!("/delegations/outbound/{source}"),
    ] {
        assert_eq!(
            stack.get(&path, &c.token).await.outcome(),
            (404, "session_not_found")
        );
    }

    let one = format!("/delegations/inbound/{target}/{edge}");
    let held = stack.get(&one, &b.token).await.expect(200);
    assert_eq!(
        (held.text("id"), held.text("status")),
        (edge.clone(), "active".into())
    );
    assert!(held.body["expires_at"].is_string());
    assert_eq!(
        stack.get(&one, &c.token).await.outcome(),
        (404, "delegation_not_found")
    );
    let elsewhere = format!("/delegations/inbound/{source}/{edge}");
    assert_eq!(
        stack.get(&elsewhere, &a.token).await.outcome(),
        (404, "delegation_not_found")
    );
    stack
        .patch(&format!("/delegations/{edge}/revoke"), &a.token)
        .await
        .expect(200);
    assert_eq!(
        stack.get(&one, &b.token).await.outcome(),
        (404, "delegation_not_found")
    );
    let listed = stack
        .get(&format!("/delegations/inbound/{target}"), &b.token)
        .await
        .expect(200);
    assert_eq!(listed.body["items"][0]["status"], "revoked");
    assert_eq!(
        stack.get("/delegations/active", OPERATOR).await.expect(200).body["items"],
        json!([])
    );
}

#[tokio::test]
async fn the_graph_below_a_delegation_is_for_operators() {
    let stack = Stack::new().await;
    let (a, b, c) = (stack.app().await, stack.app().await, stack.app().await);
    let (source, middle, last) = (stack.task(&a).await, stack.task(&b).await, stack.task(&c).await);
    let bound =
        |hops: u32| json!({"constraints": {"resources": [stack.resource.identifier], "max_hops": hops}});
    let root = stack
        .delegate((&a, &source), (&b, &middle), bound(2))
        .await
        .expect(201);
    let root = root.text("delegation_edge_id");
    let mut narrower = bound(1);
    narrower["parent_edge_id"] = json!(root);
    let leaf = stack
        .delegate((&b, &middle), (&c, &last), narrower)
        .await
        .expect(201);
    let leaf = leaf.text("delegation_edge_id");
    for verb in ["traverse", "impact"] {
        let path = format!("/delegations/{root}/{verb}");
        assert_eq!(
            stack.get(&path, &a.token).await.outcome(),
            (403, "coordinator_admin_required")
        );
    }
    let below = stack
        .get(&format!("/delegations/{root}/traverse"), OPERATOR)
        .await
        .expect(200);
    let nodes: Vec<(&str, i64)> = below
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|node| (node["id"].as_str().unwrap(), node["depth"].as_i64().unwrap()))
        .collect();
    assert_eq!(nodes, [(root.as_str(), 0), (leaf.as_str(), 1)]);
    assert_eq!(
        stack
            .get("/delegations/ghost/traverse", OPERATOR)
            .await
            .expect(200)
            .body,
        json!([])
    );

    let impact = stack
        .get(&format!("/delegations/{root}/impact"), OPERATOR)
        .await
        .expect(200);
    assert_eq!(impact.body["edge_id"], root.as_str());
    assert_eq!(impact.body["affected_edges"].as_array().unwrap().len(), 2);
    assert_eq!(impact.body["affected_sessions"], impact.body["affected_agents"]);
    assert_eq!(impact.body["affected_sessions"].as_array().unwrap().len(), 2);
    assert_eq!(
        impact.body["affected_authority_records"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        stack.get("/delegations/ghost/impact", OPERATOR).await.outcome(),
        (404, "delegation_not_found")
    );
}
