//! Who can be given what by the policy in force.

use http::Method;
use serde_json::{Value, json};

use crate::stack::Stack;

/// Two labels at one resource, one of them confined, and a scope that somebody has to release.
fn policy(application: &str, gone: &str) -> String {
    format!(
        "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n\
         app_ids := {{\"crm\": \"{application}\", \"old\": \"{gone}\"}}\n\
         grants := {{\"resource://crm\": {{\"application\": \"crm\", \"roles\": {{\
             \"reader\": [\"crm:read\"], \"desk\": [\"crm:read\", \"crm:write\", \"crm:undeclared\"]}}}},\n\
           \"resource://gone\": {{\"application\": \"crm\", \"roles\": {{\"reader\": [\"crm:read\"]}}}}}}\n\
         confinement := [{{\"label_prefix\": \"confined\", \"scopes\": [\"crm:read\"]}}]\n\
         risk := [{{\"scope\": \"crm:write\", \"tier\": \"high\"}}]\n\
         approval_tiers := [{{\"tier\": \"high\"}}]\n"
    )
}

pub(crate) struct Asked {
    pub(crate) stack: Stack,
    pub(crate) zone: String,
    pub(crate) application: String,
    pub(crate) version: String,
}

pub(crate) async fn in_force() -> Asked {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (application, _) = stack.application(&zone, "planner").await;
    let key = json!({"name": "key", "kind": "api_key", "config_json": {
        "auth_location": "header", "header_name": "X-Key", "api_key": "a-key-of-the-upstream"}});
    let provider = stack.provider(&zone, key).await;
    let resource = json!({
        "name": "crm", "identifier": "resource://crm", "upstream_url": "https://upstream.example",
        "scopes": ["crm:read", "crm:write", "crm:spare"], "credential_provider_id": provider,
    });
    stack
        .post(&format!("{zone}/resources"), resource)
        .await
        .expect(201);
    let (set, version, _) = stack
        .policy_set(&zone, "live", &policy(&application, "gone"))
        .await;
    stack
        .post(
            &format!("{zone}/policy-sets/{set}/activate"),
            json!({"version_id": version}),
        )
        .await
        .expect(202);
    stack.parts.wait_in_sync().await;
    Asked {
        stack,
        zone,
        application,
        version,
    }
}

impl Asked {
    async fn ask(&self, what: &str) -> Value {
        self.stack
            .get(&format!("{}/access/{what}", self.zone))
            .await
            .expect(200)
            .body
    }
}

/// Labels, with the tiers that hold.
fn rows(answer: &Value) -> Vec<(String, String)> {
    let rows = answer["items"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            row["label"].as_str().unwrap().to_owned(),
            row["approval_tiers"].to_string(),
        )
    })
    .collect()
}

#[tokio::test]
async fn who_can_be_given_a_scope_is_told_with_who_has_to_release_it() {
    let asked = in_force().await;
    let readers = asked.ask("who-can?resource=resource://crm&scope=crm:read").await;
    let row = |label: &str, tiers: &str| (label.to_owned(), tiers.to_owned());
    assert_eq!(rows(&readers), [row("desk", "[]"), row("reader", "[]")]);
    assert_eq!(readers["items"][0]["application_id"], json!(asked.application));
    assert_eq!(readers["items"][0]["application_name"], "planner");
    assert_eq!(
        (
            &readers["policy"]["policy_set_version_id"],
            &readers["policy"]["frozen"]
        ),
        (&json!(asked.version), &json!(false))
    );
    let writers = asked.ask("who-can?resource=resource://crm&scope=crm:write").await;
    assert_eq!(rows(&writers), [row("desk", "[\"high\"]")]);
    // Declared and granted to nobody; granted and not declared; neither.
    for scope in ["crm:spare", "crm:undeclared", "crm:unknown"] {
        let none = asked
            .ask(&format!("who-can?resource=resource://crm&scope={scope}"))
            .await;
        assert_eq!(none["items"], json!([]), "{scope}");
    }
    // Page by page.
    let first = asked
        .ask("who-can?resource=resource://crm&scope=crm:read&limit=1")
        .await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = asked
        .ask(&format!(
            "who-can?resource=resource://crm&scope=crm:read&limit=1&cursor={cursor}"
        ))
        .await;
    assert_eq!(
        (rows(&first), rows(&second)),
        (vec![row("desk", "[]")], vec![row("reader", "[]")])
    );
    assert_eq!(second["next_cursor"], Value::Null);

    // A cursor of another policy is refused rather than read as a position in this one.
    let (set, version, _) = asked
        .stack
        .policy_set(&asked.zone, "next", &policy(&asked.application, "other"))
        .await;
    asked
        .stack
        .post(
            &format!("{}/policy-sets/{set}/activate", asked.zone),
            json!({"version_id": version}),
        )
        .await
        .expect(202);
    asked.stack.parts.wait_in_sync().await;
    let path = format!(
        "{}/access/who-can?resource=resource://crm&scope=crm:read&cursor={cursor}",
        asked.zone
    );
    assert_eq!(asked.stack.get(&path).await.refused(400), "invalid_cursor");
    let path = format!("{}/applications/{}", asked.zone, asked.application);
    asked.stack.delete(&path).await.expect(204);
    asked.stack.parts.wait_in_sync().await;
    let none = asked.ask("who-can?resource=resource://crm&scope=crm:read").await;
    assert_eq!(none["items"], json!([]), "nobody who can act holds it");
}

#[tokio::test]
async fn what_an_application_can_be_given_depends_on_the_labels_of_its_session() {
    let asked = in_force().await;
    let id = &asked.application;
    let scopes = |answer: &Value| -> Vec<String> {
        let rows = answer["items"].as_array().unwrap().iter();
        rows.map(|row| {
            let scopes = row["scopes"].as_array().unwrap().iter();
            let scopes: Vec<_> = scopes.map(|scope| scope["scope"].as_str().unwrap()).collect();
            format!(
                "{} {} {}",
                row["resource"].as_str().unwrap(),
                row["label"].as_str().unwrap(),
                scopes.join(",")
            )
        })
        .collect()
    };
    let any = asked.ask(&format!("what-can?application_id={id}")).await;
    assert_eq!(
        scopes(&any),
        [
            "resource://crm desk crm:read,crm:write",
            "resource://crm reader crm:read"
        ],
        "neither what is not declared nor what is not there"
    );
    assert_eq!(any["items"][0]["scopes"][1]["approval_tiers"], json!(["high"]));
    let confined = asked
        .ask(&format!("what-can?application_id={id}&labels=desk,confined-1"))
        .await;
    assert_eq!(scopes(&confined), ["resource://crm desk crm:read"]);
    let nothing = asked
        .ask(&format!("what-can?application_id={id}&labels=nobody"))
        .await;
    assert_eq!(nothing["items"], json!([]));
    asked
        .stack
        .post(&format!("{}/freeze", asked.zone), json!({}))
        .await
        .expect(200);
    asked.stack.parts.wait_in_sync().await;
    let frozen = asked.ask(&format!("what-can?application_id={id}")).await;
    assert_eq!(frozen["policy"]["frozen"], true);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_and_a_zone_without_a_policy_gives_nothing() {
    let asked = in_force().await;
    let refused = async |what: &str, status: u16| {
        let path = format!("{}/access/{what}", asked.zone);
        asked.stack.get(&path).await.refused(status)
    };
    for query in [
        "who-can",
        "who-can?resource=resource://crm",
        "who-can?scope=crm:read",
        "who-can?resource=&scope=crm:read",
        "who-can?resource=resource://crm&scope=crm:read&limit=0",
        "what-can",
        "what-can?application_id=",
        "what-can?application_id=x&labels=",
        "what-can?application_id=x&labels=a,,b",
    ] {
        assert_eq!(refused(query, 400).await, "invalid_query", "{query}");
    }
    assert_eq!(
        refused("who-can?resource=resource://none&scope=crm:read", 404).await,
        "resource_not_found"
    );
    assert_eq!(
        refused("what-can?application_id=unknown", 404).await,
        "application_not_found"
    );
    let bare = asked.stack.zone("bare").await;
    let (id, _) = asked.stack.application(&bare, "idle").await;
    let path = format!("{bare}/access/what-can?application_id={id}");
    let answer = asked
        .stack
        .call(Some(crate::stack::ADMIN), &[], Method::GET, &path, None)
        .await
        .expect(200);
    assert_eq!(
        (&answer["items"], &answer["policy"]["policy_set_version_id"]),
        (&json!([]), &Value::Null)
    );
    let path = format!("{bare}/access/what-can?application_id={}", asked.application);
    assert_eq!(asked.stack.get(&path).await.refused(404), "application_not_found");
    let nowhere = asked
        .stack
        .get("/v1/zones/nowhere/access/what-can?application_id=x")
        .await;
    assert_eq!(nowhere.refused(404), "zone_not_found");
}
