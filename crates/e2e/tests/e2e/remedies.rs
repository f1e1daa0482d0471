//! What would have to be different for a refused request: made true, it is allowed; any less, and it is not.

use caracal_core::entity::ProviderKind;
use caracal_e2e::{
    Agent, Call, Document, Fixture, GATE, OTHER, READ, Reply, Stack, TICKETS, WRITE,
    oauth::{CLIENT_SECRET, in_front_of_the_tickets},
    on_every_deployment, provider,
};
use serde_json::{Value, json};

use crate::support::assert_passed;

on_every_deployment!(
    what_policy_refused_is_allowed_after_the_change_and_not_after_less,
    what_an_operation_lacks_is_declared_or_minted,
    what_ended_is_begun_again,
    what_a_delegation_does_not_reach_is_delegated,
    an_account_that_is_missing_is_connected,
);

/// The documents of a policy, as the test keeps them.
#[derive(Clone)]
pub(crate) struct Documents(Value);

impl Documents {
    pub(crate) fn of(fixture: &Fixture<'_>) -> Self {
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

    pub(crate) fn source(&self) -> String {
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
        "start_session" => input["principal"]["agent_session_id"] = json!("a-session"),
        "delegate" => {
            let scopes = input["context"]["requested_scopes"].clone();
            input["delegation_edge"] = json!({"id": "a-delegation", "scopes": scopes});
        }
        "add_session_label" => push(&mut input["principal"]["labels"], &change["label"]),
        "add_delegation_scope" => push(&mut input["delegation_edge"]["scopes"], &change["scope"]),
        other => panic!("{other} is not for policy"),
    }
}

pub(crate) async fn explained(fixture: &Fixture<'_>, refused: &Reply) -> Value {
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
pub(crate) async fn assert_least(
    fixture: &Fixture<'_>,
    documents: &Documents,
    denial: &Value,
    changes: &[&str],
) {
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

pub(crate) fn change(denial: &Value) -> &Value {
    let changes = denial["suggestion"]["changes"].as_array().expect("changes");
    assert_eq!(changes.len(), 1, "{denial:#}");
    let read = denial["read"]
        .as_array()
        .unwrap_or_else(|| panic!("nothing was read: {denial:#}"));
    assert!(
        denial["explanation"].is_string() && !read.is_empty(),
        "{denial:#}"
    );
    &changes[0]
}

/// A refusal as it is explained. What is asked again as it was is refused again: the change is needed.
pub(crate) async fn gate(fixture: &Fixture<'_>, ask: impl AsyncFn() -> Reply) -> Value {
    let refused = ask().await;
    assert!(refused.status >= 400, "{refused:#?}");
    let denial = explained(fixture, &refused).await;
    let again = ask().await;
    assert!(again.status >= 400, "less than the change is enough: {again:#?}");
    denial
}

async fn what_an_operation_lacks_is_declared_or_minted(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let resources = fixture
        .zone
        .admin("GET", "/resources", None)
        .await
        .expect(200)
        .json;
    let mut listed = resources["items"].as_array().expect("resources").iter();
    let tickets = listed
        .find(|resource| resource["identifier"] == TICKETS)
        .expect("it is there");
    let path = format!("/resources/{}", tickets["id"].as_str().expect("an id"));

    // An operation that is not declared.
    let put = Call {
        method: "PUT",
        ..Call::default()
    };
    let call = async |call: &Call<'_>, scopes: &str| {
        let mandate = fixture.mandate(&agent, scopes).await;
        fixture.call_with(&mandate, call).await
    };
    let denial = gate(&fixture, async || call(&put, READ).await).await;
    let declare =
        json!({"change": "declare_operation", "resource": TICKETS, "method": "PUT", "path": "/tickets"});
    assert_eq!(*change(&denial), declare);
    let mut operations = tickets["operations"].as_array().expect("operations").clone();
    operations.push(json!({"method": "PUT", "path": "/tickets", "scope": READ}));
    let body = json!({"operations": operations});
    fixture.zone.admin("PATCH", &path, Some(body)).await.expect(200);
    assert_passed(&call(&put, READ).await);

    // An operation whose scope the mandate has not.
    let post = Call {
        method: "POST",
        ..Call::default()
    };
    let denial = gate(&fixture, async || call(&post, READ).await).await;
    assert_eq!(
        *change(&denial),
        json!({"change": "add_mandate_scope", "scope": WRITE})
    );
    let both = format!("{READ} {WRITE}");
    assert_passed(&call(&post, &both).await);

    // A mandate that was used.
    let mandate = fixture.mandate(&agent, &both).await;
    assert_passed(&fixture.call_with(&mandate, &post).await);
    let denial = gate(&fixture, async || fixture.call_with(&mandate, &post).await).await;
    assert_eq!(*change(&denial), json!({"change": "mint_again"}));
    assert_passed(&call(&post, &both).await);

    // A scope that the resource does not have, and a resource that there is not.
    let denial = gate(&fixture, async || {
        fixture.mint(&agent, "tickets:unheard-of").await
    })
    .await;
    let declare = json!({"change": "declare_scope", "resource": TICKETS, "scope": "tickets:unheard-of"});
    assert_eq!(*change(&denial), declare);
    let fields = [("resource", "resource://unheard-of"), ("scope", READ)];
    let ask = async || fixture.zone.exchange(&fixture.application, &fields).await;
    let denial = gate(&fixture, ask).await;
    let declare = json!({"change": "declare_resource", "resource": "resource://unheard-of"});
    assert_eq!(*change(&denial), declare);
    assert_eq!(read(&denial, "resource", "resource://unheard-of"), Value::Null);

    // A zone that is frozen.
    fixture.zone.admin("POST", "/freeze", None).await.expect(200);
    let denial = gate(&fixture, async || fixture.mint(&agent, READ).await).await;
    assert_eq!(*change(&denial), json!({"change": "thaw_zone"}));
    assert!(read(&denial, "zone", "frozen_at").is_string(), "{denial:#}");
    fixture.zone.admin("POST", "/thaw", None).await.expect(200);
    fixture.mint(&agent, READ).await.expect(200);
}

async fn what_ended_is_begun_again(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    // A session that has ended: for what would be minted, and for a mandate that was.
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    fixture.about_session(&agent, "DELETE", "").await;
    let denial = gate(&fixture, async || fixture.mint(&agent, READ).await).await;
    assert_eq!(*change(&denial), json!({"change": "begin_again"}));
    assert_eq!(read(&denial, "session", &agent.session)["status"], "terminated");
    let denial = gate(&fixture, async || fixture.call(&mandate).await).await;
    assert_eq!(*change(&denial), json!({"change": "begin_again"}));
    let agent = fixture.agent().await;
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);

    // A delegation that was taken back.
    let revoke = format!("/delegations/{}/revoke", agent.delegation);
    fixture.zone.admin("POST", &revoke, None).await.expect(200);
    let denial = gate(&fixture, async || fixture.mint(&agent, READ).await).await;
    let told = change(&denial)["change"].as_str().expect("a change").to_owned();
    assert!(["delegate", "begin_again"].contains(&told.as_str()), "{denial:#}");
    assert_eq!(
        read(&denial, "delegation", &agent.delegation)["status"],
        "revoked"
    );
    let scopes = [READ, WRITE];
    let delegation = fixture
        .delegate(&agent.lifecycle, &agent.source, &agent.session, &scopes)
        .await;
    let again = Agent { delegation, ..agent };
    fixture.mint(&again, READ).await.expect(200);
}

async fn what_a_delegation_does_not_reach_is_delegated(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let delegated = async |resources: &[&str]| {
        let sessions = [agent.source.as_str(), agent.session.as_str()];
        let body = fixture.application.delegation(sessions, &[READ]);
        Agent {
            delegation: fixture.zone.delegate(&agent.lifecycle, body, resources).await,
            ..agent.clone()
        }
    };
    let narrow = delegated(&[OTHER]).await;
    let denial = gate(&fixture, async || fixture.mint(&narrow, READ).await).await;
    let reach = json!({"change": "add_delegation_resource", "resource": TICKETS});
    assert_eq!(*change(&denial), reach);
    let stands = read(&denial, "delegation", &narrow.delegation);
    assert_eq!(stands["constraints"]["resources"], json!([OTHER]), "{denial:#}");
    let wide = delegated(&[OTHER, TICKETS]).await;
    fixture.mint(&wide, READ).await.expect(200);
}

async fn an_account_that_is_missing_is_connected(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let config = json!({
        "authorization_endpoint": "https://id.example/auth", "token_endpoint": "https://id.example/token",
        "redirect_uri": "https://app.example/back", "client_id": "c", "client_secret": CLIENT_SECRET,
    });
    let people = provider("people", ProviderKind::Oauth2AuthorizationCode, config);
    let provider = in_front_of_the_tickets(&fixture, &people).await;
    let call = async || fixture.call(&fixture.mandate(&agent, READ).await).await;
    let denial = gate(&fixture, async || call().await).await;
    let connect = json!({"change": "connect_account", "resource": TICKETS});
    assert_eq!(*change(&denial), connect);
    let stands = read(&denial, "provider", &provider);
    assert_eq!(stands["kind"], "oauth2_authorization_code", "{denial:#}");
    assert!(!denial.to_string().contains(CLIENT_SECRET), "{denial:#}");
    let body = json!({"provider_id": provider, "access_token": "a-token-of-somebody"});
    let connected = fixture.zone.admin("POST", "/provider-connections", Some(body));
    connected.await.expect(201);
    assert_passed(&call().await);
}

/// What was read of a member.
pub(crate) fn read(denial: &Value, data: &str, name: &str) -> Value {
    let read = denial["read"]
        .as_array()
        .unwrap_or_else(|| panic!("nothing was read: {denial:#}"));
    let found = read
        .iter()
        .find(|read| read["data"] == data && read["name"] == name);
    found.unwrap_or_else(|| panic!("no {data} {name} in {denial:#}"))["value"].clone()
}
