//! A whole zone as one document.

use std::collections::BTreeSet;

use caracal_api::ApiConfig;
use caracal_core::{
    PolicyId, PolicyVersionId, ZoneId,
    entity::{Attribution, Policy, PolicyVersion},
};
use caracal_testkit::{client::Answer, parts::Backends};
use http::Method;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack};

async fn apply(stack: &Stack, zone: &str, query: &str, headers: &[(&str, &str)], document: &Value) -> Answer {
    let path = format!("{zone}/state{query}");
    stack
        .call(Some(ADMIN), headers, Method::PUT, &path, Some(document))
        .await
}

async fn exported(stack: &Stack, zone: &str) -> Value {
    let answer = stack.get(&format!("{zone}/state")).await;
    serde_json::from_str(&answer.expect(200).text).unwrap()
}

fn tag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

/// What changes: kind, name, action.
fn changes(plan: &Answer) -> Vec<(String, String, String)> {
    let changes = plan["changes"].as_array().unwrap().iter();
    let word = |change: &Value, member: &str| change[member].as_str().unwrap().to_owned();
    changes
        .map(|change| (word(change, "kind"), word(change, "name"), word(change, "action")))
        .collect()
}

/// Paths of everything that is wrong.
fn paths(refused: &Answer) -> Vec<String> {
    let issues = refused["details"]["issues"].as_array().unwrap();
    let path = |issue: &Value| {
        let parts = issue["path"].as_array().unwrap().iter();
        parts
            .map(|part| part.as_str().unwrap())
            .collect::<Vec<_>>()
            .join(".")
    };
    issues.iter().map(path).collect()
}

fn policy(scope: &str) -> String {
    format!(
        "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n\
         app_ids := {{\"crm\": \"${{application:CRM agent}}\"}}\n\
         grants := {{\"resource://crm\": {{\"application\": \"crm\", \"roles\": {{\"reader\": [\"{scope}\"]}}}}}}\n"
    )
}

/// One of everything.
fn whole() -> Value {
    json!({
        "applications": [{"name": "CRM agent", "traits": ["team:sales"]}, {"name": "Idle"}],
        "workloads": [{"name": "nightly", "bindings": [
            {"env": "CRM_TOKEN", "resource": "resource://crm", "scopes": ["crm:read"], "optional": true},
        ]}],
        "providers": [
            {"identifier": "provider://crm", "name": "CRM", "kind": "api_key",
             "config_json": {"auth_location": "header", "header_name": "x-key"}, "secrets": {"api_key": "s3cret-of-crm"}},
            {"identifier": "provider://none", "kind": "none"},
        ],
        "resources": [
            {"identifier": "resource://crm", "name": "CRM", "upstream_url": "https://crm.example/api",
             "scopes": ["crm:write", "crm:read"], "credential_provider": "provider://crm",
             "operations": [{"method": "get", "path": "/contacts", "scope": "crm:read"}],
             "upstream_timeout_seconds": 30},
        ],
        "subject_issuers": [
            {"issuer": "https://login.example", "jwks_url": "https://login.example/keys", "audience": "acme"},
        ],
        "policies": [{"name": "base", "description": "Who may read", "content": policy("crm:read")}],
        "policy_sets": [{"name": "main", "policies": [{"policy": "base"}], "active": true}],
        "notification_sinks": [
            {"name": "ops", "url": "https://hooks.example/caracal", "event_types": ["zone_frozen"]},
            {"name": "quiet", "url": "https://hooks.example/quiet", "active": false},
        ],
        "audit_retention_days": 90,
    })
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_at_once_and_nothing_is_made() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let document = json!({
        "applications": [{"name": "a"}, {"name": 7}, {"name": "A"}, {"name": "caracal.sys/x"},
            {"name": "b", "traits": ["control:invoke"]}, {"name": "c", "secret": "x"}],
        "providers": [{"identifier": "nowhere", "kind": "none"},
            {"identifier": "provider://key", "kind": "api_key",
             "config_json": {"auth_location": "header", "header_name": "x-key"}},
            {"identifier": "provider://shown", "kind": "api_key",
             "config_json": {"auth_location": "header", "header_name": "x-key", "api_key": "s3cret"}}],
        "resources": [{"identifier": "crm", "upstream_url": "ftp://x", "scopes": [], "credential_provider": "provider://gone",
            "operations": [{"method": "GET", "path": "/a", "scope": "other"}]}],
        "subject_issuers": [{"issuer": "http://login.example", "jwks_url": "https://x/?a", "audience": "a"}],
        "policies": [{"name": "p", "content": "package nothing"},
            {"name": "q", "content": "# caracal:data-document\npackage caracal.authz\nimport rego.v1\napp_ids := {\"x\": \"${application:gone}\"}\n"}],
        "policy_sets": [{"name": "s", "policies": [{"policy": "gone"}], "active": true}, {"name": "t", "active": true}],
        "notification_sinks": [{"name": "n", "url": "http://hooks.example/"}],
    });
    for query in ["", "?dry_run=true"] {
        let refused = apply(&stack, &zone, query, &[], &document).await;
        let told = paths(&refused);
        assert_eq!(refused.code(), "invalid_zone_state");
        for path in [
            "applications.1.name",
            "applications.2",
            "applications.3",
            "applications.4.traits",
            "applications.5.secret",
            "providers.0.identifier",
            "providers.1.secrets.api_key",
            "providers.2.config_json.api_key",
            "resources.0.identifier",
            "resources.0.upstream_url",
            "resources.0.scopes",
            "resources.0.credential_provider",
            "resources.0.operations.0.scope",
            "subject_issuers.0.issuer",
            "subject_issuers.0.jwks_url",
            "policies.0.content",
            "policies.1.content",
            "policy_sets.0.policies.0",
            "policy_sets.1.active",
            "policy_sets.1.policies",
            "notification_sinks.0.url",
        ] {
            assert!(
                told.iter().any(|told| told == path),
                "{path} is not among {told:?}"
            );
        }
        assert!(!refused.text.contains("s3cret"), "{}", refused.text);
        refused.refused(400);
    }
    let empty = exported(&stack, &zone).await;
    assert_eq!(empty["applications"], json!([]));
    for (path, status) in [
        ("?dryrun=true", 400),
        ("?dry_run=yes", 400),
        ("?dry_run=true&dry_run=false", 400),
        ("?manager=", 400),
    ] {
        let answer = apply(
            &stack,
            &zone,
            path,
            &[],
            &json!({"applications": [{"name": "a"}]}),
        )
        .await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
    assert_eq!(exported(&stack, &zone).await, empty);
}

#[tokio::test]
async fn a_document_makes_a_zone_and_changes_nothing_the_second_time() {
    make_twice(Backends::Embedded).await;
}

#[tokio::test]
async fn a_document_makes_a_zone_and_changes_nothing_the_second_time_over_postgresql() {
    make_twice(Backends::Production).await;
}

async fn make_twice(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let zone = stack.zone("acme").await;
    let reviewed = apply(&stack, &zone, "?dry_run=true", &[], &whole())
        .await
        .expect(200);
    assert_eq!(
        (&reviewed["dry_run"], &reviewed["applied"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(changes(&reviewed).len(), 12, "{}", reviewed.text);
    assert!(!exported(&stack, &zone).await.to_string().contains("CRM"));

    let tag_reviewed = tag(&reviewed);
    let made = apply(&stack, &zone, "", &[("if-match", &tag_reviewed)], &whole())
        .await
        .expect(200);
    assert_eq!(changes(&made), changes(&reviewed));
    // What was reviewed is not what is there any more.
    let late = apply(&stack, &zone, "", &[("if-match", &tag_reviewed)], &whole()).await;
    assert_eq!(late.refused(412), "precondition_failed");
    assert_eq!(tag(&stack.get(&format!("{zone}/state")).await), tag(&made));

    let rows = stack.admin_audit(&zone).await;
    let again = apply(
        &stack,
        &zone,
        "?prune=true",
        &[("if-match", &tag(&made))],
        &whole(),
    )
    .await
    .expect(200);
    assert_eq!(
        (&again["applied"], &again["changes"]),
        (&json!(false), &json!([]))
    );
    assert_eq!(again["unchanged"], 11);
    let after = stack.admin_audit(&zone).await;
    let changed = |rows: &[Value]| rows.iter().filter(|row| row["status_code"] != 412).count();
    assert_eq!(changed(&after), changed(&rows), "nothing was written");

    // Each object is recorded as its own route would, and the request once.
    let by_document =
        |row: &&Value| row["action"] == format!("PUT {zone}/state") && row["status_code"] != 412;
    let kinds: BTreeSet<_> = rows
        .iter()
        .filter(by_document)
        .map(|row| row["entity_type"].as_str().unwrap())
        .collect();
    for kind in [
        "applications",
        "providers",
        "resources",
        "policies",
        "policy-sets",
        "workloads",
        "zones",
    ] {
        assert!(kinds.contains(kind), "{kind} is not among {kinds:?}");
    }
    assert_eq!(rows.iter().filter(by_document).count(), 13);
    assert!(!serde_json::to_string(&rows).unwrap().contains("s3cret"));

    // It is in force, with ids in the place of names.
    let applications = stack.get(&format!("{zone}/applications")).await.expect(200);
    let crm = applications["items"].as_array().unwrap();
    let crm = crm.iter().find(|item| item["name"] == "CRM agent").unwrap();
    let policies = stack.get(&format!("{zone}/policies")).await.expect(200);
    let policy = stack
        .get(&format!(
            "{zone}/policies/{}",
            policies["items"][0]["id"].as_str().unwrap()
        ))
        .await
        .expect(200);
    assert!(
        policy.text.contains(crm["id"].as_str().unwrap()),
        "{}",
        policy.text
    );
    let can = stack
        .get(&format!(
            "{zone}/access/who-can?resource=resource://crm&scope=crm:read"
        ))
        .await
        .expect(200);
    assert!(can.text.contains(crm["id"].as_str().unwrap()), "{}", can.text);
}

#[tokio::test]
async fn what_changes_is_told_by_member_and_sets_follow_their_policies() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    apply(&stack, &zone, "", &[], &whole()).await.expect(200);

    let mut document = whole();
    document["resources"][0]["upstream_url"] = json!("https://crm.example/v2");
    document["providers"][0]["secrets"]["api_key"] = json!("another-s3cret");
    document["policies"][0]["content"] = json!(policy("crm:write"));
    let plan = apply(&stack, &zone, "", &[], &document).await.expect(200);
    let fields: Vec<_> = plan["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| (change["kind"].as_str().unwrap(), change["fields"].clone()))
        .collect();
    assert_eq!(
        fields,
        [
            ("provider", json!(["secrets.api_key"])),
            ("resource", json!(["upstream_url"])),
            ("policy", json!(["content"])),
            ("policy_set", json!(["policies"])),
        ]
    );
    let again = apply(&stack, &zone, "", &[], &document).await.expect(200);
    assert_eq!(again["changes"], json!([]));
    // Left out, a credential stays what it is.
    document["providers"][0]
        .as_object_mut()
        .unwrap()
        .remove("secrets");
    let again = apply(&stack, &zone, "", &[], &document).await.expect(200);
    assert_eq!(again["changes"], json!([]));

    // A set that goes on naming the former version keeps it, and the document says so.
    document["policies"][0]["content"] = json!(policy("crm:read"));
    document.as_object_mut().unwrap().remove("policy_sets");
    apply(&stack, &zone, "", &[], &document).await.expect(200);
    let told = exported(&stack, &zone).await;
    assert_eq!(
        told["policy_sets"][0]["policies"],
        json!([{"policy": "base", "earlier": 0}])
    );
    let earlier = told["policies"][0]["earlier"][0].as_str().unwrap();
    assert_eq!(earlier, policy("crm:write"));
    // Nothing is said of what is left out, and the description of what there is stays.
    document["policies"][0]["description"] = json!("Another");
    let refused = apply(&stack, &zone, "", &[], &document).await;
    assert_eq!(paths(&refused), ["policies.0.description"]);
    // A set in force goes out of force only for another.
    let mut without = whole();
    without["policy_sets"][0]["active"] = json!(false);
    let refused = apply(&stack, &zone, "", &[], &without).await;
    assert_eq!(paths(&refused), ["policy_sets.0.active"]);
}

#[tokio::test]
async fn only_what_came_from_the_same_manager_is_taken_away() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    stack.application(&zone, "By hand").await;
    let control = json!({"name": "Robot", "registration_method": "managed", "traits": ["control:invoke"]});
    stack
        .post(&format!("{zone}/applications"), control)
        .await
        .expect(201);
    apply(&stack, &zone, "?manager=platform", &[], &whole())
        .await
        .expect(200);
    let theirs = json!({"applications": [{"name": "Theirs"}]});
    apply(&stack, &zone, "?manager=other", &[], &theirs)
        .await
        .expect(200);

    // What another's document declares is another's.
    let refused = apply(&stack, &zone, "?manager=platform", &[], &theirs).await;
    assert_eq!(paths(&refused), ["applications.0"]);
    // The platform's own is nobody's.
    let robot = json!({"applications": [{"name": "robot"}]});
    assert_eq!(
        paths(&apply(&stack, &zone, "", &[], &robot).await),
        ["applications.0"]
    );

    let mut document = whole();
    document["applications"] = json!([{"name": "CRM agent", "traits": ["team:sales"]}]);
    document["subject_issuers"] = json!([]);
    let kept = apply(&stack, &zone, "?manager=platform", &[], &document)
        .await
        .expect(200);
    assert_eq!((&kept["changes"], &kept["undeclared"]), (&json!([]), &json!(4)));
    let pruned = apply(&stack, &zone, "?manager=platform&prune=true", &[], &document)
        .await
        .expect(200);
    let delete = |kind: &str, name: &str| (kind.to_owned(), name.to_owned(), "delete".to_owned());
    assert_eq!(
        changes(&pruned),
        [
            delete("application", "Idle"),
            delete("subject_issuer", "https://login.example")
        ]
    );
    let names: BTreeSet<String> = stack.get(&format!("{zone}/applications")).await.expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        names,
        BTreeSet::from(["By hand", "CRM agent", "Robot", "Theirs"].map(str::to_owned))
    );

    // Nothing goes that something else needs, and no set that is in force.
    let refused = apply(
        &stack,
        &zone,
        "?manager=platform&prune=true",
        &[],
        &json!({"providers": []}),
    )
    .await;
    assert_eq!(paths(&refused), ["providers"]);
    let refused = apply(
        &stack,
        &zone,
        "?manager=platform&prune=true",
        &[],
        &json!({"policies": []}),
    )
    .await;
    assert_eq!(paths(&refused), ["policies"]);
    let refused = apply(
        &stack,
        &zone,
        "?manager=platform&prune=true",
        &[],
        &json!({"policy_sets": []}),
    )
    .await;
    assert_eq!(paths(&refused), ["policy_sets"]);
    // What somebody made by hand is taken in, and then it is this manager's.
    let taken = json!({"applications": [{"name": "By hand"}, {"name": "Theirs"}, {"name": "CRM agent", "traits": ["team:sales"]}]});
    let adopted = apply(&stack, &zone, "?manager=platform&take_over=true", &[], &taken)
        .await
        .expect(200);
    let actions: BTreeSet<_> = changes(&adopted)
        .into_iter()
        .map(|(_, name, action)| (name, action))
        .collect();
    assert_eq!(
        actions,
        BTreeSet::from([
            ("By hand".to_owned(), "adopt".to_owned()),
            ("Theirs".to_owned(), "adopt".to_owned())
        ])
    );
    let again = apply(&stack, &zone, "?manager=platform", &[], &taken)
        .await
        .expect(200);
    assert_eq!(again["changes"], json!([]));
}

#[tokio::test]
async fn of_64_who_reviewed_the_same_exactly_one_applies() {
    rivals(Backends::Embedded).await;
}

#[tokio::test]
async fn of_64_who_reviewed_the_same_exactly_one_applies_over_postgresql() {
    rivals(Backends::Production).await;
}

async fn rivals(backends: Backends) {
    let stack = Stack::over(backends, ApiConfig::default()).await;
    let zone = stack.zone("acme").await;
    let seen = tag(&stack.get(&format!("{zone}/state")).await);
    let documents: Vec<_> = (0..64)
        .map(|rival| json!({"applications": [{"name": "one", "traits": [format!("rival:{rival}")]}]}))
        .collect();
    let headers = [("if-match", seen.as_str())];
    let all = documents
        .iter()
        .map(|document| apply(&stack, &zone, "", &headers, document));
    let answers = futures_util::future::join_all(all).await;
    let mut applied = 0;
    for answer in answers {
        match answer.status.as_u16() {
            200 => applied += 1,
            // Whoever read before the winner committed gave way; whoever read after is told what changed.
            409 => assert_eq!(answer.refused(409), "conflict"),
            _ => assert_eq!(answer.refused(412), "precondition_failed"),
        }
    }
    assert_eq!(applied, 1);
    let told = exported(&stack, &zone).await;
    assert_eq!(told["applications"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_token_of_the_zone_suffices_and_reads_no_secret() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let id = zone.rsplit('/').next().unwrap();
    let write = stack.token("zone", Some(id), "write").await;
    let path = format!("{zone}/state");
    let applied = stack
        .call(Some(&write), &[], Method::PUT, &path, Some(&whole()))
        .await
        .expect(200);
    let read = stack.token("zone", Some(id), "read").await;
    let told = stack
        .call(Some(&read), &[], Method::GET, &path, None)
        .await
        .expect(200);
    assert_eq!(tag(&told), tag(&applied));
    assert!(
        !told.text.contains("s3cret") && !told.text.contains("\"secrets\""),
        "{}",
        told.text
    );
    let refused = stack
        .call(Some(&read), &[], Method::PUT, &path, Some(&whole()))
        .await;
    assert_eq!(refused.refused(403), "admin_token_read_only");
    let elsewhere = stack.zone("other").await;
    let path = format!("{elsewhere}/state");
    let refused = stack
        .call(Some(&write), &[], Method::PUT, &path, Some(&whole()))
        .await;
    assert_eq!(refused.refused(403), "admin_token_zone_mismatch");
}

#[tokio::test]
async fn a_document_is_bounded() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let many: Vec<_> = (0..5_001)
        .map(|number| json!({"name": format!("a{number}")}))
        .collect();
    let refused = apply(&stack, &zone, "", &[], &json!({"applications": many})).await;
    assert_eq!(refused.refused(400), "invalid_zone_state");
    let large = json!({"policies": [{"name": "p", "content": "x".repeat(4 * 1024 * 1024)}]});
    let refused = apply(&stack, &zone, "", &[], &large).await;
    assert_eq!(refused.refused(413), "payload_too_large");
    let nothing = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\ngrants := {}\n";
    let sources: Vec<_> = (0..258)
        .map(|number| json!({"name": format!("p{number}"), "content": nothing}))
        .collect();
    let refused = apply(&stack, &zone, "?dry_run=true", &[], &json!({"policies": sources})).await;
    assert_eq!(paths(&refused), ["policies.256.content", "policies.257.content"]);
    // Above what other routes take, and below what this one does.
    let comment = format!("{}# {}\n", policy("crm:read"), "x".repeat(100_000));
    let long =
        json!({"applications": [{"name": "CRM agent"}], "policies": [{"name": "p", "content": comment}]});
    let answer = apply(&stack, &zone, "?dry_run=true", &[], &long).await;
    assert!(answer.status == 200 || answer.status == 400, "{}", answer.text);
}

/// A zone somebody may have.
fn zones() -> impl Strategy<Value = Value> {
    let word = "[a-z]{3,8}";
    let names = prop::collection::btree_set(word, 0..6);
    let traits = prop::collection::vec("team:[a-z]{1,4}", 0..1);
    let applications = prop::collection::btree_map("[A-Za-z \u{e4}]{1,8}[a-z]", traits, 0..5);
    let scopes = prop::collection::vec("[a-z]{2,4}:[a-z]{2,4}", 1..4);
    let resources = prop::collection::btree_map(word, (scopes, any::<bool>(), 1_u32..3_600), 0..6);
    let sinks = prop::collection::btree_map(word, any::<bool>(), 0..4);
    (names, applications, resources, sinks, prop::option::of(1_u32..1_000)).prop_map(
        |(names, applications, resources, sinks, days)| {
            let mut folded = BTreeSet::new();
            let applications: Vec<_> = applications
                .into_iter()
                .filter(|(name, _)| folded.insert(name.trim().to_lowercase()))
                .map(|(name, traits)| (name.trim().to_owned(), traits))
                .collect();
            let grants: Vec<_> = resources
                .iter()
                .zip(applications.iter().cycle())
                .map(|((resource, (scopes, ..)), (application, _))| (resource, scopes[0].clone(), application))
                .collect();
            let app_ids: serde_json::Map<_, _> = grants
                .iter()
                .map(|(resource, _, application)| {
                    (format!("app-{resource}"), json!(format!("${{application:{application}}}")))
                })
                .collect();
            let granted: serde_json::Map<_, _> = grants
                .iter()
                .map(|(resource, scope, _)| {
                    let grant = json!({"application": format!("app-{resource}"), "roles": {"reader": [scope]}});
                    (format!("resource://{resource}"), grant)
                })
                .collect();
            let policies: Vec<_> = (!grants.is_empty())
                .then(|| {
                    json!({"name": "grants", "content": format!(
                        "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n\
                         app_ids := {}\ngrants := {}\n", json!(app_ids), json!(granted))})
                })
                .into_iter()
                .collect();
            let members: Vec<_> = policies.iter().map(|policy| json!({"policy": policy["name"]})).collect();
            let active = !members.is_empty();
            json!({
                "applications": applications.iter().map(|(name, traits)| json!({"name": name, "traits": traits}))
                    .collect::<Vec<_>>(),
                "workloads": names.iter().map(|name| json!({"name": name, "bindings": [
                    {"env": format!("T_{name}"), "resource": "resource://any", "optional": name.len() > 4}]}))
                    .collect::<Vec<_>>(),
                "providers": [{"identifier": "provider://none", "kind": "none"}],
                "resources": resources.iter().map(|(name, (scopes, cookies, seconds))| json!({
                    "identifier": format!("resource://{name}"), "upstream_url": format!("https://{name}.example/"),
                    "scopes": scopes, "credential_provider": "provider://none", "cookies": cookies,
                    "upstream_timeout_seconds": seconds})).collect::<Vec<_>>(),
                "subject_issuers": names.iter().map(|name| json!({"issuer": format!("https://{name}.example"),
                    "jwks_url": format!("https://{name}.example/keys"), "audience": name})).collect::<Vec<_>>(),
                "policies": policies,
                "policy_sets": [{"name": "main", "policies": members, "active": active}, {"name": "empty"}],
                "notification_sinks": sinks.iter().map(|(name, active)| json!({"name": name,
                    "url": format!("https://hooks.example/{name}"), "active": active})).collect::<Vec<_>>(),
                "audit_retention_days": days,
            })
        },
    )
}

#[test]
fn what_is_told_of_one_zone_makes_another_of_which_the_same_is_told() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let stack = runtime.block_on(Stack::start());
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let outcome = runner.run(&zones(), |document| {
        runtime.block_on(async {
            let one = stack.zone("one").await;
            let made = apply(&stack, &one, "", &[], &document).await;
            prop_assert_eq!(made.status.as_u16(), 200, "{} of {}", made.text, document);
            let told = stack.get(&format!("{one}/state")).await.expect(200);
            let other = stack.zone("other").await;
            let again: Value = serde_json::from_str(&told.text).unwrap();
            let applied = apply(&stack, &other, "", &[], &again).await;
            prop_assert_eq!(applied.status.as_u16(), 200, "{} of {}", applied.text, told.text);
            let told_again = stack.get(&format!("{other}/state")).await.expect(200);
            prop_assert_eq!(&told_again.text, &told.text);
            let nothing = apply(&stack, &other, "?prune=true", &[], &again)
                .await
                .expect(200);
            prop_assert_eq!(&nothing["changes"], &json!([]));
            let nothing = apply(&stack, &one, "?prune=true", &[], &document)
                .await
                .expect(200);
            prop_assert_eq!(&nothing["changes"], &json!([]));
            Ok(())
        })
    });
    outcome.unwrap();
}

#[tokio::test]
async fn a_zone_whose_sources_no_document_holds_is_refused_as_what_it_is() {
    let stack = Stack::start().await;
    let base = stack.zone("acme").await;
    let zone: ZoneId = base.rsplit('/').next().unwrap().parse().unwrap();
    let world = stack.parts.world.clone();
    let filler = format!("# {}\n", "x".repeat(250_000));
    for count in 0..18 {
        let now = world.now();
        let policy = Policy {
            id: PolicyId::generate(&world),
            zone_id: zone.clone(),
            name: format!("policy {count}"),
            description: None,
            archived_at: None,
            attribution: Attribution::made(None, now),
        };
        let version = PolicyVersion {
            id: PolicyVersionId::generate(&world),
            policy_id: policy.id.clone(),
            version: 1,
            content_sha256: caracal_crypto::sha256_hex(filler.as_bytes()),
            content: filler.clone(),
            schema_version: String::from("2026-05-20"),
            created_by: String::from("test"),
            created_at: now,
        };
        stack
            .parts
            .change(&zone, async |work| {
                work.policies().create(&policy, &version).await.unwrap();
            })
            .await;
    }
    let path = format!("{base}/state");
    let own = stack.token("zone", Some(zone.as_str()), "write").await;
    let ask = async |method: Method, path: &str, body: Option<&Value>| {
        stack.call(Some(&own), &[], method, path, body).await
    };
    for answer in futures_util::future::join_all((0..24).map(|_| ask(Method::GET, &path, None))).await {
        assert!(answer.text.contains("more than 4194304 bytes"), "{}", answer.text);
        assert_eq!(answer.refused(409), "zone_state_inexpressible");
    }
    let dry = format!("{path}?dry_run=true");
    let answer = ask(Method::PUT, &dry, Some(&json!({}))).await;
    assert_eq!(answer.refused(409), "zone_state_inexpressible");
}
