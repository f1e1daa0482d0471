//! Documents of control keys: what is compared, what is made so, and what is left alone.

use serde_json::{Value, json};

use crate::{
    control::{Control, told},
    stack::grants,
};

fn document(objects: &Value) -> Value {
    json!({"document": json!({ "objects": objects }).to_string()})
}

fn with(objects: &Value, more: &Value) -> Value {
    let mut flags = document(objects);
    for (name, value) in more.as_object().unwrap() {
        flags[name] = value.clone();
    }
    flags
}

fn everything(application: &str) -> Value {
    json!([
        {"kind": "policy-set", "spec": {"name": "production", "policies": ["crm"]}},
        {"kind": "policy", "spec": {"name": "crm", "content": grants(application)}},
        {"kind": "resource", "spec": {
            "identifier": "resource://crm", "scopes": ["crm:write", "crm:read"],
            "upstream_url": "https://crm.example", "credential_provider": "provider://crm",
            "operations": [{"method": "get", "path": " /tickets ", "scope": "crm:read"}],
        }},
        {"kind": "identity-provider", "spec": {
            "identifier": "provider://crm", "name": "CRM", "kind": "api_key",
            "config_json": {"header_name": "X-Key", "api_key": "a-key-of-the-upstream"},
        }},
        {"kind": "identity-provider", "spec": {
            "identifier": "provider://basic", "kind": "http_basic", "config": {"username": "u", "password": "a-password"},
        }},
        {"kind": "application", "spec": {"name": "desk", "traits": ["team:sales", "tier:one"]}},
    ])
}

fn actions(report: &Value) -> Vec<(&str, &str)> {
    let outcomes = report["outcomes"].as_array().unwrap();
    outcomes
        .iter()
        .map(|outcome| {
            (
                outcome["identity"].as_str().unwrap(),
                outcome["action"].as_str().unwrap(),
            )
        })
        .collect()
}

#[tokio::test]
async fn what_is_no_document_of_the_zone_is_refused_before_anything_is_done() {
    let control = Control::start().await;
    let application = |spec: Value| json!([{"kind": "application", "spec": spec}]);
    for (flags, refusal) in [
        (json!({}), "400 invalid"),
        (json!({"document": "[]"}), "400 invalid"),
        (json!({"document": "{\"objects\": []}"}), "400 invalid"),
        (
            document(&json!([{"kind": "zone", "spec": {"name": "x"}}])),
            "400 invalid",
        ),
        (document(&application(json!({}))), "400 invalid"),
        (
            document(&application(json!({"name": "x", "client_secret": "y"}))),
            "400 invalid",
        ),
        (
            document(&application(json!({"name": "x", "zone_id": "another"}))),
            "409 zone_mismatch",
        ),
        (
            document(&application(json!({"name": "x", "traits": ["control:invoke"]}))),
            "403 denied",
        ),
        (
            document(&application(json!({"name": "x", "traits": ["caracal.sys:x"]}))),
            "403 denied",
        ),
        (
            document(&json!([
                {"kind": "application", "spec": {"name": "x"}},
                {"kind": "application", "spec": {"name": " x "}},
            ])),
            "400 invalid",
        ),
    ] {
        assert_eq!(
            control.refused("state", "apply", flags.clone()).await,
            refusal,
            "{flags}"
        );
    }
    // What stood in a wrong flag is not repeated.
    let long = json!("s3cret".repeat(20_000)).to_string();
    for document in [
        long.clone(),
        format!("{{\"objects\": [], \"prune\": {long}}}"),
        format!("{{\"objects\": {long}}}"),
    ] {
        let told = control.run("state", "apply", json!({"document": document})).await;
        assert_eq!(told.status, 400);
        assert!(told.text.len() < 2_048, "{} bytes", told.text.len());
        assert!(!told.text.contains(&"s3cret".repeat(20)));
    }
    let flags = document(&application(json!({"name": "x"})));
    for (scopes, subcommand, more, status) in [
        ("control:app:write", "apply", json!({}), "403 denied"),
        ("control:app:read", "apply", json!({}), "403 denied"),
        (
            "control:app:read control:app:write",
            "apply",
            json!({"prune": true}),
            "403 denied",
        ),
        ("control:app:read", "plan", json!({}), ""),
        ("control:app:read", "apply", json!({"dry-run": true}), ""),
    ] {
        let mut flags = flags.clone();
        flags
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let answer = control.run_with(scopes, "state", subcommand, flags).await;
        match status {
            "" => assert_eq!(answer.expect(200)["result"]["dryRun"], true),
            refused => assert_eq!(told(&answer), refused, "{scopes} {subcommand}"),
        }
    }
    let refers = document(&json!([
        {"kind": "policy-set", "spec": {"name": "s", "policies": ["p"]}},
    ]));
    let few = "control:policy-set:read control:policy-set:write";
    assert_eq!(
        told(&control.run_with(few, "state", "apply", refers).await),
        "403 denied"
    );
    assert_eq!(control.done("app", "list", json!({})).await["items"], json!([]));
}

#[tokio::test]
async fn a_document_makes_the_zone_as_it_says_and_a_second_run_changes_nothing() {
    let control = Control::start().await;
    let (application, _) = control.stack.application(&control.zone, "crm").await;
    let objects = everything(&application);
    let planned = control.done("state", "plan", document(&objects)).await;
    assert_eq!(planned["summary"]["created"], 6, "{planned}");
    assert_eq!(
        control.done("resource", "list", json!({})).await["items"],
        json!([])
    );
    let applied = control.done("state", "apply", document(&objects)).await;
    assert_eq!(applied["ok"], true, "{applied}");
    assert_eq!(applied["summary"]["created"], 6, "{applied}");
    let sets = control.done("policy-set", "list", json!({})).await;
    assert!(sets["items"][0]["active_version_id"].is_string(), "{sets}");
    let before = control.stack.admin_audit(&control.zone).await.len();
    for verb in ["verify", "apply"] {
        let report = control.done("state", verb, document(&objects)).await;
        assert_eq!(
            (&report["drift"], &report["summary"]["unchanged"]),
            (&json!(false), &json!(6)),
            "{report}"
        );
    }
    assert_eq!(control.stack.admin_audit(&control.zone).await.len(), before);

    // What is said otherwise is told by its member and made so; what is left out is left alone.
    let mut other = objects.clone();
    other[1]["spec"]["content"] = json!(format!("{}# more\n", grants(&application)));
    other[2]["spec"]["scopes"] = json!(["crm:read"]);
    other[3]["spec"].as_object_mut().unwrap().remove("name");
    other[5]["spec"]["traits"] = json!(["tier:one"]);
    let planned = control.done("state", "plan", document(&other)).await;
    let drift = |report: &Value| -> Vec<Value> {
        let outcomes = report["outcomes"].as_array().unwrap().iter();
        outcomes
            .filter(|outcome| outcome["action"] == "update")
            .map(|outcome| json!([outcome["identity"], outcome["drift"]]))
            .collect()
    };
    let expected = [
        json!(["desk", ["traits"]]),
        json!(["resource://crm", ["scopes"]]),
        json!(["crm", ["content"]]),
        json!(["production", ["policies"]]),
    ];
    assert_eq!(drift(&planned), expected, "{planned}");
    let applied = control.done("state", "apply", document(&other)).await;
    assert_eq!(drift(&applied), expected, "{applied}");
    assert_eq!(applied["ok"], true, "{applied}");
    assert_eq!(
        control.done("state", "verify", document(&other)).await["drift"],
        false
    );
}

#[tokio::test]
async fn a_secret_that_is_another_is_replaced_and_a_plan_says_nothing_of_it() {
    let control = Control::start().await;
    let provider = |password: &str| {
        document(&json!([{"kind": "identity-provider", "spec": {
            "identifier": "provider://basic", "kind": "http_basic", "config": {"username": "u", "password": password},
        }}]))
    };
    control.done("state", "apply", provider("first-password")).await;
    assert_eq!(
        control.done("state", "plan", provider("guessed")).await["drift"],
        false
    );
    assert_eq!(
        control.done("state", "plan", provider("first-password")).await["drift"],
        false
    );
    let replaced = control.done("state", "apply", provider("second-password")).await;
    assert_eq!(replaced["outcomes"][0]["drift"], json!(["config"]), "{replaced}");
    let again = control.done("state", "apply", provider("second-password")).await;
    assert_eq!(again["drift"], false, "{again}");
}

#[tokio::test]
async fn one_object_in_error_leaves_the_others_and_names_itself() {
    let control = Control::start().await;
    let report = control
        .done(
            "state",
            "apply",
            document(&json!([
                {"kind": "resource", "spec": {"identifier": "no uri", "scopes": ["a"]}},
                {"kind": "resource", "spec": {
                    "identifier": "resource://a", "scopes": ["a"], "credential_provider": "provider://nowhere",
                }},
                {"kind": "policy-set", "spec": {"name": "s", "policies": ["nowhere"]}},
                {"kind": "application", "spec": {"name": "made"}},
            ])),
        )
        .await;
    assert_eq!(report["ok"], false);
    assert_eq!(
        report["summary"],
        json!({"created": 1, "updated": 0, "unchanged": 0, "pruned": 0, "failed": 3})
    );
    for outcome in report["outcomes"].as_array().unwrap().iter().skip(1) {
        assert_eq!(
            (&outcome["error"]["code"], &outcome["applied"]),
            (&json!("invalid"), &json!(false)),
            "{outcome}"
        );
    }
}

#[tokio::test]
async fn pruning_archives_what_the_document_does_not_name_of_its_kinds() {
    let control = Control::start().await;
    for name in ["kept", "gone"] {
        control.done("app", "create", json!({ "name": name })).await;
    }
    control
        .done("policy-set", "create", json!({"name": "other kind"}))
        .await;
    let kept = json!([{"kind": "application", "spec": {"name": "kept"}}]);
    let planned = control
        .done("state", "plan", with(&kept, &json!({"prune": true})))
        .await;
    assert_eq!(
        actions(&planned),
        [("kept", "unchanged"), ("gone", "prune")],
        "{planned}"
    );
    let inside = json!({"document": json!({"objects": kept, "prune": true}).to_string()});
    let spared = control
        .done("state", "apply", with(&kept, &json!({"prune": false})))
        .await;
    assert_eq!(spared["summary"]["pruned"], 0);
    let pruned = control.done("state", "apply", inside).await;
    assert_eq!(pruned["summary"]["pruned"], 1, "{pruned}");
    let left = control.done("app", "list", json!({})).await;
    assert_eq!(left["items"].as_array().unwrap().len(), 1, "{left}");
    let sets = control.done("policy-set", "list", json!({})).await;
    assert_eq!(sets["items"].as_array().unwrap().len(), 1, "{sets}");
    // The key itself goes on.
    let ensured = control
        .done("ensure", "application", json!({"spec": "{\"name\": \"kept\"}"}))
        .await;
    assert_eq!(ensured["summary"]["unchanged"], 1);
}
