//! What would have to be different for a refused request: made true, it is allowed; any less, and it is not.

use caracal_e2e::{
    Agent, Call, Document, Fixture, GATE, OTHER, READ, Reply, Stack, TICKETS, WRITE, on_every_deployment,
};
use serde_json::{Value, json};

use crate::support::assert_passed;

on_every_deployment!(
    what_policy_refused_is_allowed_after_the_change_and_not_after_less,
    what_another_gate_refused_gets_past_it_after_the_change,
);

/// The documents of a policy, as the test keeps them.
#[derive(Clone)]
struct Documents(Value);

impl Documents {
    fn of(fixture: &Fixture<'_>) -> Self {
        let roles = json!({"reader": [READ], "writer": [READ, WRITE]});
        Self(json!({
            "app_ids": {"desk": fixture.application.id, "ops": "nobody"},
            "grants": {
                TICKETS: {"application": "desk", "roles": roles},
                OTHER: {"application": "ops", "roles": {}},
            },
            "confinement": [{"label_prefix": "customer:", "scopes": [READ]}],
            "restrict": [],
        }))
    }

    fn source(&self) -> String {
        let mut document = Document::empty();
        for (name, value) in self.0.as_object().expect("documents") {
            document = document.rule(name, value);
        }
        document.into()
    }
}

fn push(list: &mut Value, item: &Value) {
    if list.is_null() {
        *list = json!([]);
    }
    list.as_array_mut().expect("a list").push(item.clone());
}

/// Makes a change in the documents, or in what is asked.
fn make(change: &Value, documents: &mut Value, input: &mut Value) {
    let text = |name: &str| {
        change[name]
            .as_str()
            .unwrap_or_else(|| panic!("no {name} in {change}"))
    };
    match text("change") {
        "remove_restriction" => {
            let reasons = documents["restrict"].as_array_mut().expect("reasons");
            reasons.retain(|reason| *reason != change["reason"]);
        }
        "add_application_key" => documents["app_ids"][text("key")] = change["application_id"].clone(),
        "add_grant" => {
            documents["grants"][text("resource")] =
                json!({"application": change["application"], "roles": {}});
        }
        "move_grant" if documents["grants"][text("resource")]["application"] == change["instead_of"] => {
            documents["grants"][text("resource")]["application"] = change["application"].clone();
        }
        "add_role_scope" => {
            if let Some(entry) = documents["grants"].get_mut(text("resource")) {
                push(&mut entry["roles"][text("label")], &change["scope"]);
            }
        }
        "add_confinement_scope" => {
            for rule in documents["confinement"].as_array_mut().expect("rules") {
                if rule["label_prefix"] == change["label_prefix"] {
                    push(&mut rule["scopes"], &change["scope"]);
                }
            }
        }
        "add_session_label" => push(&mut input["principal"]["labels"], &change["label"]),
        "add_delegation_scope" => push(&mut input["delegation_edge"]["scopes"], &change["scope"]),
        other => panic!("{other} is not for policy"),
    }
}

async fn explained(fixture: &Fixture<'_>, refused: &Reply) -> Value {
    let request = refused.headers["x-request-id"].to_str().expect("an id");
    fixture.zone.events_of(request, |events| !events.is_empty()).await;
    let path = format!("/audit/by-request/{request}/explain");
    let explained = fixture.zone.admin("GET", &path, None).await.expect(200).json;
    let denied = explained["denied"].as_array().expect("denials");
    assert_eq!(denied.len(), 1, "{explained:#}");
    let denial = denied[0].clone();
    // What the refusal itself tells is the same, whole, or kept back.
    if let Some(suggestion) = refused.json.get("suggestion") {
        assert_eq!(
            suggestion["changes"], denial["suggestion"]["changes"],
            "{refused:#?}"
        );
    }
    if let Some(explanation) = refused.json.get("explanation") {
        assert_eq!(*explanation, denial["explanation"], "{refused:#?}");
        assert_eq!(
            refused.json["explain"].as_str().map(|link| link.ends_with(&path)),
            Some(true),
            "{refused:#?}"
        );
    }
    denial
}

async fn decides(fixture: &Fixture<'_>, documents: &Documents, input: &Value) -> Value {
    let (set, version) = fixture.zone.candidate(&[documents.source()]).await;
    let body = json!({"version_id": version, "input": input});
    let simulated = fixture
        .zone
        .admin("POST", &format!("/policy-sets/{set}/simulate"), Some(body))
        .await;
    simulated.expect(200).json["result"]["decision"].clone()
}

/// Every part of the suggestion, the whole one last.
async fn assert_least(fixture: &Fixture<'_>, documents: &Documents, denial: &Value, changes: &[&str]) {
    let suggested = denial["suggestion"]["changes"].as_array().expect("changes");
    let words: Vec<&str> = suggested
        .iter()
        .filter_map(|change| change["change"].as_str())
        .collect();
    assert_eq!(words, changes, "{denial:#}");
    assert!(
        denial["explanation"].is_string() && !denial["read"].as_array().expect("facts").is_empty(),
        "{denial:#}"
    );
    let whole = (1_usize << suggested.len()) - 1;
    for part in 0..=whole {
        let (mut documents, mut input) = (documents.clone(), denial["policy_input"].clone());
        for (n, change) in suggested.iter().enumerate() {
            if part & (1 << n) != 0 {
                make(change, &mut documents.0, &mut input);
            }
        }
        let expected = if part == whole { "allow" } else { "deny" };
        assert_eq!(
            decides(fixture, &documents, &input).await,
            expected,
            "{part:b} of {suggested:#?}"
        );
    }
}

async fn what_policy_refused_is_allowed_after_the_change_and_not_after_less(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let mut documents = Documents::of(&fixture);
    fixture.zone.activate(&[documents.source()]).await;
    let refused =
        async |agent: &Agent, scope: &str| explained(&fixture, &fixture.mint(agent, scope).await).await;

    let writer = fixture.agent_with(&["writer"], &[READ, WRITE, GATE]).await;
    let denial = refused(&writer, GATE).await;
    assert_least(&fixture, &documents, &denial, &["add_role_scope"]).await;

    let unlabelled = fixture.agent_with(&[], &[READ, WRITE]).await;
    let denial = refused(&unlabelled, &format!("{READ} {WRITE}")).await;
    assert_least(&fixture, &documents, &denial, &["add_session_label"]).await;

    let confined = fixture
        .agent_with(&["customer:1", "reader"], &[READ, WRITE])
        .await;
    let denial = refused(&confined, WRITE).await;
    assert_least(
        &fixture,
        &documents,
        &denial,
        &["add_confinement_scope", "add_role_scope"],
    )
    .await;

    let narrow = fixture.agent_with(&["writer"], &[READ]).await;
    let denial = refused(&narrow, &format!("{WRITE} {GATE}")).await;
    let all = ["add_delegation_scope", "add_delegation_scope", "add_role_scope"];
    assert_least(&fixture, &documents, &denial, &all).await;

    // It belongs to another application, from which it would be taken.
    let mut elsewhere = vec![("scope", READ), ("resource", OTHER)];
    elsewhere.extend([
        ("agent_session_id", &*writer.session),
        ("delegation_edge_id", &*writer.delegation),
    ]);
    let reply = fixture.zone.exchange(&fixture.application, &elsewhere).await;
    let denial = explained(&fixture, &reply).await;
    assert_least(&fixture, &documents, &denial, &["move_grant", "add_role_scope"]).await;

    documents.0["restrict"] = json!(["incident", "audit"]);
    fixture.zone.activate(&[documents.source()]).await;
    let denial = refused(&writer, READ).await;
    assert_least(
        &fixture,
        &documents,
        &denial,
        &["remove_restriction", "remove_restriction"],
    )
    .await;
}

fn change(denial: &Value) -> &Value {
    let changes = denial["suggestion"]["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 1, "{denial:#}");
    assert!(denial["explanation"].is_string(), "{denial:#}");
    &changes[0]
}

async fn what_another_gate_refused_gets_past_it_after_the_change(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let resources = fixture
        .zone
        .admin("GET", "/resources", None)
        .await
        .expect(200)
        .json;
    let listed = resources["items"].as_array().expect("resources").iter();
    let tickets = listed
        .clone()
        .find(|resource| resource["identifier"] == TICKETS)
        .expect("it is there");
    let path = format!("/resources/{}", tickets["id"].as_str().expect("an id"));

    // An operation that is not declared.
    let put = Call {
        method: "PUT",
        ..Call::default()
    };
    let refused = fixture
        .call_with(&fixture.mandate(&agent, READ).await, &put)
        .await;
    let denial = explained(&fixture, &refused).await;
    let declare =
        json!({"change": "declare_operation", "resource": TICKETS, "method": "PUT", "path": "/tickets"});
    assert_eq!(*change(&denial), declare);
    let mut operations = tickets["operations"].as_array().expect("operations").clone();
    operations.push(json!({"method": "PUT", "path": "/tickets", "scope": READ}));
    let body = json!({"operations": operations});
    fixture.zone.admin("PATCH", &path, Some(body)).await.expect(200);
    let again = fixture
        .call_with(&fixture.mandate(&agent, READ).await, &put)
        .await;
    assert_passed(&again);

    // An operation whose scope the mandate has not.
    let post = Call {
        method: "POST",
        ..Call::default()
    };
    let refused = fixture
        .call_with(&fixture.mandate(&agent, READ).await, &post)
        .await;
    let denial = explained(&fixture, &refused).await;
    assert_eq!(
        *change(&denial),
        json!({"change": "add_mandate_scope", "scope": WRITE})
    );
    let mandate = fixture.mandate(&agent, &format!("{READ} {WRITE}")).await;
    assert_passed(&fixture.call_with(&mandate, &post).await);

    // A mandate that was used.
    let refused = fixture.call_with(&mandate, &post).await;
    let denial = explained(&fixture, &refused).await;
    assert_eq!(*change(&denial), json!({"change": "mint_again"}));

    // A scope that the resource does not have.
    let refused = fixture.mint(&agent, "tickets:unheard-of").await;
    let denial = explained(&fixture, &refused).await;
    let declare = json!({"change": "declare_scope", "resource": TICKETS, "scope": "tickets:unheard-of"});
    assert_eq!(*change(&denial), declare);

    // A zone that is frozen.
    fixture
        .zone
        .admin("POST", "/freeze", Some(json!({"reason": "test"})))
        .await;
    let refused = fixture.mint(&agent, READ).await;
    assert_ne!(refused.status, 200);
    let denial = explained(&fixture, &refused).await;
    assert_eq!(*change(&denial), json!({"change": "thaw_zone"}));
    fixture
        .zone
        .admin("POST", "/thaw", Some(json!({"reason": "test"})))
        .await;
    fixture.mint(&agent, READ).await.expect(200);

    // A session that has ended.
    fixture.about_session(&agent, "DELETE", "").await;
    let refused = fixture.mint(&agent, READ).await;
    assert_ne!(refused.status, 200);
    let denial = explained(&fixture, &refused).await;
    assert_eq!(*change(&denial), json!({"change": "begin_again"}));
}
