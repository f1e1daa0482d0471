//! The AuthZEN Authorization API: shapes of its answers, and that searches say what evaluations say.

use http::Method;
use serde_json::{Value, json};

use crate::{
    access::{Asked, in_force},
    stack::{ADMIN, Stack},
};

fn question(application: &str, scope: &str, resource: &str) -> Value {
    json!({
        "subject": {"type": "application", "id": application},
        "action": {"name": scope},
        "resource": {"type": "resource", "id": resource},
    })
}

fn with(mut question: Value, member: &str, value: Value) -> Value {
    question[member] = value;
    question
}

impl Asked {
    async fn authzen(&self, path: &str, body: &Value) -> caracal_testkit::client::Answer {
        let zone = self.zone.strip_prefix("/v1/zones/").unwrap();
        let headers = [("x-caracal-zone-scope", zone)];
        let path = format!("/access/v1/{path}");
        self.stack
            .call(Some(ADMIN), &headers, Method::POST, &path, Some(body))
            .await
    }

    async fn evaluate(&self, body: &Value) -> Value {
        self.authzen("evaluation", body).await.expect(200).body
    }
}

#[tokio::test]
async fn a_question_is_answered_for_callers_of_the_zone_alone() {
    let asked = in_force().await;
    let stack = &asked.stack;
    let body = question(&asked.application, "crm:read", "resource://crm");
    let zone = asked.zone.strip_prefix("/v1/zones/").unwrap();
    let own = stack.token("zone", Some(zone), "read").await;
    let other = stack.zone("other").await;
    let other = other.strip_prefix("/v1/zones/").unwrap();
    let stranger = stack.token("zone", Some(other), "write").await;
    for path in [
        "evaluation",
        "evaluations",
        "search/subject",
        "search/resource",
        "search/action",
    ] {
        let path = format!("/access/v1/{path}");
        let ask = async |token: Option<&str>, headers: &[(&str, &str)]| {
            stack.call(token, headers, Method::POST, &path, Some(&body)).await
        };
        assert_eq!(ask(None, &[]).await.refused(401), "invalid_admin_token");
        assert_eq!(ask(Some(ADMIN), &[]).await.refused(400), "zone_id_required");
        let bad = [("x-caracal-zone-scope", "no zone")];
        assert_eq!(ask(Some(ADMIN), &bad).await.refused(400), "invalid_params");
        let named = [("x-caracal-zone-scope", zone)];
        let refused = ask(Some(&stranger), &named).await;
        assert_eq!(refused.refused(403), "admin_token_zone_mismatch");
        ask(Some(&own), &[]).await.expect(200);
        ask(Some(&own), &named).await.expect(200);
        // The zone of a token is the zone that is asked about: it has no such application.
        let elsewhere = ask(Some(&stranger), &[]).await;
        assert!(!elsewhere.text.contains("true"), "{}", elsewhere.text);
    }
    let refused = [
        json!({}),
        with(body.clone(), "subject", json!({"type": "user", "id": "ada"})),
        with(body.clone(), "subject", json!({"id": "ada"})),
        with(body.clone(), "resource", json!({"type": "account", "id": "1"})),
        with(body.clone(), "action", json!("read")),
        with(
            body.clone(),
            "subject",
            json!({"type": "application", "id": "a", "properties": {"labels": "reader"}}),
        ),
    ];
    for body in refused {
        assert_eq!(
            asked.authzen("evaluation", &body).await.refused(400),
            "invalid_body",
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_evaluation_says_what_policy_allows_without_anybody_and_else_why_not() {
    let asked = in_force().await;
    let ask = |scope, resource| question(&asked.application, scope, resource);
    let allowed = asked.evaluate(&ask("crm:read", "resource://crm")).await;
    assert_eq!(
        allowed,
        json!({"decision": true, "context": {"policy_set_version_id": asked.version}})
    );
    for (body, reason) in [
        (ask("crm:write", "resource://crm"), "approval_required"),
        (ask("crm:spare", "resource://crm"), "role_scope_mismatch"),
        (ask("crm:undeclared", "resource://crm"), "scope_mismatch"),
        (ask("crm:read", "resource://gone"), "resource_not_found"),
        (ask("crm:read", "caracal-control"), "resource_not_found"),
        (
            question("nobody", "crm:read", "resource://crm"),
            "application_not_found",
        ),
        (
            question("not an id", "crm:read", "resource://crm"),
            "application_not_found",
        ),
        (
            with(
                ask("crm:read", "resource://crm"),
                "subject",
                json!({"type": "session", "id": "nothing"}),
            ),
            "session_inactive",
        ),
    ] {
        let answer = asked.evaluate(&body).await;
        assert_eq!(
            (&answer["decision"], &answer["context"]["reason"]),
            (&json!(false), &json!(reason)),
            "{body}"
        );
        assert!(
            answer["context"]["reason_admin"]["en"]
                .as_str()
                .unwrap()
                .ends_with('.')
        );
    }
    let waits = asked.evaluate(&ask("crm:write", "resource://crm")).await;
    assert_eq!(waits["context"]["approval_tiers"], json!(["high"]));
    let labelled = |labels: Value| {
        let subject =
            json!({"type": "application", "id": asked.application, "properties": {"labels": labels}});
        with(ask("crm:read", "resource://crm"), "subject", subject)
    };
    assert_eq!(
        asked.evaluate(&labelled(json!(["reader"]))).await["decision"],
        true
    );
    assert_eq!(
        asked.evaluate(&labelled(json!(["other"]))).await["decision"],
        false
    );
    assert_eq!(asked.evaluate(&labelled(json!([]))).await["decision"], false);
    let freeze = format!("{}/freeze", asked.zone);
    asked
        .stack
        .post(&freeze, json!({"reason": "incident"}))
        .await
        .expect(200);
    asked.stack.parts.wait_in_sync().await;
    let frozen = asked.evaluate(&ask("crm:read", "resource://crm")).await;
    assert_eq!(frozen["context"]["reason"], "zone_frozen");
}

#[tokio::test]
async fn several_questions_are_answered_as_far_as_their_semantic_says() {
    let asked = in_force().await;
    let batch = |semantic: Option<&str>, scopes: &[&str]| {
        let evaluations: Vec<_> = scopes
            .iter()
            .map(|scope| json!({"action": {"name": scope}}))
            .collect();
        let mut body = json!({
            "subject": {"type": "application", "id": asked.application},
            "resource": {"type": "resource", "id": "resource://crm"},
            "evaluations": evaluations,
        });
        if let Some(semantic) = semantic {
            body["options"] = json!({"evaluations_semantic": semantic});
        }
        body
    };
    let decisions = async |body: Value| -> Vec<bool> {
        let answer = asked.authzen("evaluations", &body).await.expect(200);
        let list = answer["evaluations"].as_array().unwrap();
        list.iter()
            .map(|one| one["decision"].as_bool().unwrap())
            .collect()
    };
    let mixed = ["crm:read", "crm:write", "crm:read"];
    assert_eq!(decisions(batch(None, &mixed)).await, [true, false, true]);
    assert_eq!(
        decisions(batch(Some("execute_all"), &mixed)).await,
        [true, false, true]
    );
    assert_eq!(
        decisions(batch(Some("deny_on_first_deny"), &mixed)).await,
        [true, false]
    );
    let other = ["crm:write", "crm:read", "crm:write"];
    assert_eq!(
        decisions(batch(Some("permit_on_first_permit"), &other)).await,
        [false, true]
    );
    let unknown = asked
        .authzen("evaluations", &batch(Some("best_effort"), &mixed))
        .await;
    assert_eq!(unknown.refused(400), "invalid_body");
    let many = vec!["crm:read"; 257];
    assert_eq!(
        asked
            .authzen("evaluations", &batch(None, &many))
            .await
            .refused(400),
        "invalid_body"
    );

    // One that is malformed is told by itself; one question alone is answered as one.
    let mut body = batch(None, &["crm:read"]);
    body["evaluations"]
        .as_array_mut()
        .unwrap()
        .push(json!({"action": {}}));
    let answer = asked.authzen("evaluations", &body).await.expect(200);
    assert_eq!(answer["evaluations"][0]["decision"], true);
    assert_eq!(answer["evaluations"][1]["decision"], false);
    assert_eq!(answer["evaluations"][1]["context"]["error"]["status"], 400);
    let alone = question(&asked.application, "crm:read", "resource://crm");
    for body in [alone.clone(), with(alone, "evaluations", json!([]))] {
        let one = asked.authzen("evaluations", &body).await.expect(200);
        assert_eq!(one["decision"], true);
    }
    assert_eq!(
        asked.authzen("evaluations", &json!({})).await.refused(400),
        "invalid_body"
    );
}

#[tokio::test]
async fn what_several_questions_share_is_read_once_and_little_of_it_is_repeated() {
    let asked = in_force().await;
    let mut shared = question(&asked.application, "crm:read", "resource://crm");
    shared["evaluations"] = json!(vec![json!({}); 256]);
    let long = with(shared.clone(), "subject", json!("s3cret".repeat(150_000)));
    let answer = asked.authzen("evaluations", &long).await.expect(200);
    assert!(answer.text.len() < 256 * 1024, "{} bytes", answer.text.len());
    assert!(!answer.text.contains(&"s3cret".repeat(20)));
    let first = &answer["evaluations"][0]["context"]["error"];
    assert!(
        first["message"].as_str().unwrap().starts_with("subject: "),
        "{first}"
    );

    let zeros = json!({"a": vec![0; 400_000]});
    let large = json!({"type": "application", "id": asked.application, "properties": zeros});
    let answer = asked
        .authzen("evaluations", &with(shared.clone(), "subject", large.clone()))
        .await;
    let first = &answer.expect(200)["evaluations"][0]["context"]["error"];
    assert_eq!(first["message"], "subject: must have at most 16384 bytes");
    // What means nothing is read past.
    let context = with(shared.clone(), "context", zeros);
    let answer = asked.authzen("evaluations", &context).await.expect(200);
    let all = answer["evaluations"].as_array().unwrap();
    assert!(all.len() == 256 && all.iter().all(|one| one["decision"] == true));

    let mut own = shared;
    own["evaluations"][1] = json!({"subject": {"type": "application", "id": 7}});
    own["evaluations"][2] =
        json!({"subject": {"type": "application", "id": "a", "properties": {"labels": null}}});
    own["evaluations"][3] =
        json!({"subject": {"type": "application", "id": "a", "properties": {"labels": vec!["l"; 33]}}});
    let answer = asked.authzen("evaluations", &own).await.expect(200);
    for (at, field) in [
        (1, "subject.id: "),
        (2, "subject.properties.labels: "),
        (3, "subject.properties.labels: "),
    ] {
        let error = &answer["evaluations"][at]["context"]["error"];
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.starts_with(field), "{error}");
    }
    assert_eq!(answer["evaluations"][4]["decision"], true);
    let alone = with(
        question(&asked.application, "crm:read", "resource://crm"),
        "subject",
        large,
    );
    for path in ["evaluation", "search/resource", "search/action"] {
        assert_eq!(
            asked.authzen(path, &alone).await.refused(413),
            "payload_too_large",
            "{path}"
        );
    }
}

#[tokio::test]
async fn searches_find_what_evaluations_say_yes_to() {
    let asked = in_force().await;
    let application = json!({"type": "application", "id": asked.application});
    let resource = json!({"type": "resource", "id": "resource://crm"});
    let found = async |path: &str, body: Value| -> Value {
        let answer = asked.authzen(path, &body).await.expect(200);
        assert_eq!(answer["page"]["next_token"], "", "{}", answer.text);
        answer["results"].clone()
    };
    let subjects =
        json!({"subject": {"type": "application"}, "action": {"name": "crm:read"}, "resource": resource});
    assert_eq!(
        found("search/subject", subjects.clone()).await,
        json!([application])
    );
    let resources =
        json!({"subject": application, "action": {"name": "crm:read"}, "resource": {"type": "resource"}});
    assert_eq!(found("search/resource", resources).await, json!([resource]));
    let actions = json!({"subject": application, "resource": resource});
    assert_eq!(
        found("search/action", actions.clone()).await,
        json!([{"name": "crm:read"}])
    );
    for scope in ["crm:write", "crm:spare", "crm:undeclared"] {
        let body = with(subjects.clone(), "action", json!({ "name": scope }));
        assert_eq!(found("search/subject", body).await, json!([]), "{scope}");
    }
    let gone = with(
        subjects.clone(),
        "resource",
        json!({"type": "resource", "id": "resource://gone"}),
    );
    assert_eq!(found("search/subject", gone).await, json!([]));
    let nobody = with(
        actions.clone(),
        "subject",
        json!({"type": "application", "id": "nobody"}),
    );
    assert_eq!(found("search/action", nobody).await, json!([]));

    // Pages concatenate to the whole, and a token of another question's policy is refused.
    let mut results = Vec::new();
    let mut token = String::new();
    for _ in 0..10 {
        let mut page = json!({"limit": 1});
        if !token.is_empty() {
            page["token"] = json!(token);
        }
        let page = with(actions.clone(), "page", page);
        let answer = asked.authzen("search/action", &page).await.expect(200);
        results.extend(answer["results"].as_array().unwrap().clone());
        token = answer["page"]["next_token"].as_str().unwrap().to_owned();
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(results, [json!({"name": "crm:read"})]);
    for page in [json!({"limit": 0}), json!({"limit": 501})] {
        let body = with(actions.clone(), "page", page);
        assert_eq!(
            asked.authzen("search/action", &body).await.refused(400),
            "invalid_body"
        );
    }
    let body = with(actions, "page", json!({"token": "nonsense"}));
    assert_eq!(
        asked.authzen("search/action", &body).await.refused(400),
        "invalid_cursor"
    );
}

#[tokio::test]
async fn where_everything_is_is_told_to_anybody() {
    let stack = Stack::start().await;
    let path = "/.well-known/authzen-configuration";
    let told = stack.call(None, &[], Method::GET, path, None).await.expect(200);
    let base = told["policy_decision_point"].as_str().unwrap();
    for (member, path) in [
        ("access_evaluation_endpoint", "/access/v1/evaluation"),
        ("access_evaluations_endpoint", "/access/v1/evaluations"),
        ("search_subject_endpoint", "/access/v1/search/subject"),
        ("search_resource_endpoint", "/access/v1/search/resource"),
        ("search_action_endpoint", "/access/v1/search/action"),
    ] {
        assert_eq!(told[member], format!("{base}{path}"));
    }
}
