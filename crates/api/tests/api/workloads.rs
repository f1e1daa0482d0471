//! Workloads, their variables and their secrets.

use caracal_core::WorkloadId;
use caracal_storage::Access;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack, masked};

async fn put(stack: &Stack, path: &str, body: &Value) -> caracal_testkit::client::Answer {
    stack.call(Some(ADMIN), &[], Method::PUT, path, Some(body)).await
}

/// Whether `secret` is the one that the workload of this path logs in with.
async fn logs_in(stack: &Stack, path: &str, secret: &str) -> bool {
    let mut parts = path.strip_prefix("/v1/zones/").unwrap().split('/');
    let zone = caracal_core::ZoneId::parse(parts.next().unwrap()).unwrap();
    let id = WorkloadId::parse(parts.next_back().unwrap()).unwrap();
    let mut work = stack.parts.store.zone(&zone, Access::Read).await.unwrap();
    let workload = work.workloads().get(&id).await.unwrap().unwrap();
    // A generated secret is not worth the time that a chosen one is.
    assert!(workload.secret_hash.starts_with("hmac-sha256$"));
    stack.parts.hasher.verify(&workload.secret_hash, secret).unwrap()
}

#[tokio::test]
async fn a_workload_is_made_with_a_secret_that_is_shown_once() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/workloads");
    let made = stack.post(&all, json!({ "name": " nightly " })).await.expect(201);
    insta::assert_json_snapshot!(masked(made.clone(), &["id", "zone_id", "created_by", "secret"]), @r#"
    {
      "bindings": [],
      "created_at": "2026-05-21T12:00:00.000Z",
      "created_by": "[created_by]",
      "created_via_operator": false,
      "id": "[id]",
      "name": "nightly",
      "secret": "[secret]",
      "updated_at": null,
      "updated_by": null,
      "updated_via_operator": false,
      "zone_id": "[zone_id]"
    }
    "#);
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("ws_") && secret.len() == 46);
    let path = format!("{all}/{}", made["id"].as_str().unwrap());
    assert!(logs_in(&stack, &path, secret).await);

    let mut read = made.body.clone();
    read.as_object_mut().unwrap().remove("secret");
    assert_eq!(stack.get(&path).await.expect(200), read);
    assert_eq!(stack.get(&all).await.expect(200)["items"], json!([read]));
    let rows = stack.admin_audit(&zone).await;
    let row = rows.iter().find(|row| row["entity_type"] == "workloads").unwrap();
    assert_eq!(
        (&row["entity_id"], &row["status_code"]),
        (&made["id"], &json!(201))
    );

    stack.delete(&path).await.expect(204);
    assert_eq!(stack.get(&path).await.refused(404), "workload_not_found");
    assert_eq!(stack.delete(&path).await.refused(404), "workload_not_found");
    // Nothing of it is left: neither its name nor the copy of its secret.
    let zone_id = caracal_core::ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let mut work = stack.parts.store.zone(&zone_id, Access::Read).await.unwrap();
    assert!(work.secrets().list("").await.unwrap().is_empty());
    drop(work);
    stack.post(&all, json!({ "name": "nightly" })).await.expect(201);
}

#[tokio::test]
async fn refusals_of_a_workload_say_why_and_change_nothing() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/workloads");
    let made = stack.post(&all, json!({ "name": "Nightly" })).await.expect(201);
    let other = stack.post(&all, json!({ "name": "other" })).await.expect(201);
    let path = format!("{all}/{}", other["id"].as_str().unwrap());
    for (body, status, code) in [
        (json!({ "name": "nightlY" }), 409, "workload_name_taken"),
        (json!({}), 400, "invalid_workload"),
        (json!({ "name": " " }), 400, "invalid_workload"),
        (json!({ "name": "x".repeat(201) }), 400, "invalid_workload"),
        (json!({ "name": "x", "bindings": [] }), 400, "invalid_workload"),
    ] {
        let refused = stack.post(&all, body.clone()).await;
        assert_eq!(refused.refused(status), code, "{body}");
    }
    let nowhere = stack
        .post("/v1/zones/nowhere/workloads", json!({ "name": "x" }))
        .await;
    assert_eq!(nowhere.refused(404), "zone_not_found");

    let bound = |env: &str| json!({ "env": env, "resource": "resource://r" });
    let many: Vec<_> = (0..65).map(|n| bound(&format!("E{n}"))).collect();
    let with = |member: &str, value: Value| {
        let mut binding = bound("KEY");
        binding[member] = value;
        json!({ "bindings": [binding] })
    };
    for (body, status, code) in [
        (json!({}), 400, "no_fields"),
        (json!({ "name": "NIGHTLY" }), 409, "workload_name_taken"),
        (json!({ "bindings": null }), 400, "invalid_workload"),
        (json!({ "secret": "mine" }), 400, "invalid_workload"),
        (json!({ "bindings": many }), 400, "invalid_workload"),
        (with("scopes", json!(vec!["s"; 33])), 400, "invalid_workload"),
        (with("scopes", json!([""])), 400, "invalid_workload"),
        (with("resource", json!("")), 400, "invalid_workload"),
        (with("resource", json!("r".repeat(501))), 400, "invalid_workload"),
        (with("on_failure", json!("ignore")), 400, "invalid_workload"),
        (with("value", json!("plain")), 400, "invalid_workload"),
    ] {
        let refused = put(&stack, &path, &body).await;
        assert_eq!(refused.refused(status), code, "{body}");
    }
    for (envs, code) in [
        (["1KEY", "A"], "invalid_credential_env"),
        (["A-B", "A"], "invalid_credential_env"),
        (["ÄKEY", "A"], "invalid_credential_env"),
        (["Ld_Preload", "A"], "invalid_credential_env"),
        (["NODE_OPTIONS", "A"], "invalid_credential_env"),
        (["DYLD_INSERT_LIBRARIES", "A"], "invalid_credential_env"),
        (["PATH", "A"], "invalid_credential_env"),
        (["ld_audit", "A"], "invalid_credential_env"),
        (["BASH_ENV", "A"], "invalid_credential_env"),
        (["GIT_SSH_COMMAND", "A"], "invalid_credential_env"),
        (["Https_Proxy", "A"], "invalid_credential_env"),
        (["CARACAL_STS_URL", "A"], "invalid_credential_env"),
        (["KEY", "KEY"], "duplicate_credential_env"),
    ] {
        let body = json!({ "bindings": envs.map(bound) });
        let refused = put(&stack, &path, &body).await;
        assert_eq!(refused["details"]["env"], envs[0], "{body}");
        assert_eq!(refused["details"]["issues"][0]["path"][0], "bindings", "{body}");
        assert_eq!(refused.refused(400), code, "{body}");
    }
    let body = json!({ "name": "x" });
    let unknown = put(&stack, &format!("{all}/nobody"), &body).await;
    assert_eq!(unknown.refused(404), "workload_not_found");
    let rotated = stack
        .post(&format!("{all}/nobody/rotate-secret"), json!({}))
        .await;
    assert_eq!(rotated.refused(404), "workload_not_found");
    assert_eq!(
        stack.get(&format!("{all}/nobody/secret")).await.refused(404),
        "workload_not_found"
    );
    let listed = stack.get(&all).await.expect(200);
    let names: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| &item["name"])
        .collect();
    assert_eq!(names.len(), 2, "{listed:?}");
    assert_eq!(stack.get(&path).await.expect(200)["bindings"], json!([]));

    // Of another zone, it is not there.
    let elsewhere = stack.zone("other").await;
    let path = format!("{elsewhere}/workloads/{}", made["id"].as_str().unwrap());
    assert_eq!(stack.get(&path).await.refused(404), "workload_not_found");
    assert_eq!(put(&stack, &path, &body).await.refused(404), "workload_not_found");
    assert_eq!(stack.delete(&path).await.refused(404), "workload_not_found");
    assert_eq!(
        stack.get(&format!("{path}/secret")).await.refused(404),
        "workload_not_found"
    );
}

#[tokio::test]
async fn bindings_are_replaced_as_a_whole_and_kept_as_the_launcher_reads_them() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/workloads");
    let made = stack.post(&all, json!({ "name": "nightly" })).await.expect(201);
    let path = format!("{all}/{}", made["id"].as_str().unwrap());
    let body = json!({ "bindings": [
        { "env": " KEY ", "resource": " resource://not-there-yet ", "scopes": [], "optional": false, "on_failure": "warn" },
        { "env": "_b2", "resource": "resource://r", "scopes": ["r:read"], "optional": true },
        { "env": "_B2", "resource": "resource://r", "optional": true, "on_failure": "warn" },
    ] });
    let kept = json!([
        { "env": "KEY", "resource": "resource://not-there-yet" },
        { "env": "_b2", "resource": "resource://r", "scopes": ["r:read"], "optional": true, "on_failure": "error" },
        { "env": "_B2", "resource": "resource://r", "optional": true, "on_failure": "warn" },
    ]);
    let changed = put(&stack, &path, &body).await.expect(200);
    assert_eq!(changed["bindings"], kept);
    assert_eq!(changed["updated_at"], "2026-05-21T12:00:00.000Z");
    // What is absent stays.
    let renamed = put(&stack, &path, &json!({ "name": "daily" })).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["bindings"]), (&json!("daily"), &kept));
    let emptied = put(&stack, &path, &json!({ "bindings": [] })).await.expect(200);
    assert_eq!(
        (&emptied["name"], &emptied["bindings"]),
        (&json!("daily"), &json!([]))
    );
    // What somebody else changed is not overwritten unseen.
    let seen = stack.get(&path).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let change = async |name: &str| {
        let body = json!({ "name": name });
        let headers = [("if-match", seen.as_str())];
        stack
            .call(Some(ADMIN), &headers, Method::PUT, &path, Some(&body))
            .await
    };
    change("first").await.expect(200);
    assert_eq!(change("second").await.refused(412), "precondition_failed");
    assert_eq!(stack.get(&path).await.expect(200)["name"], "first");
}

#[tokio::test]
async fn of_many_workloads_made_with_one_name_at_once_exactly_one_is_there() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/workloads");
    let make = |name: &'static str| stack.post(&all, json!({ "name": name }));
    let made = tokio::join!(make("Nightly"), make("nightly"), make("NIGHTLY"), make("nightlY"));
    let mut statuses = [made.0, made.1, made.2, made.3].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
    assert_eq!(
        stack.get(&all).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn the_secret_of_a_workload_is_rotated_and_revealed_with_evidence() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/workloads");
    let made = stack.post(&all, json!({ "name": "nightly" })).await.expect(201);
    let path = format!("{all}/{}", made["id"].as_str().unwrap());
    let old = made["secret"].as_str().unwrap();
    let rotated = stack
        .post(&format!("{path}/rotate-secret"), json!({}))
        .await
        .expect(200);
    let new = rotated["secret"].as_str().unwrap();
    assert!(logs_in(&stack, &path, new).await && !logs_in(&stack, &path, old).await);

    let secret = format!("{path}/secret");
    for capability in ["read", "approve"] {
        let token = stack.token("global", None, capability).await;
        let refused = stack.call(Some(&token), &[], Method::GET, &secret, None).await;
        refused.refused(403);
    }
    assert!(stack.parts.events().await.is_empty());
    let headers = [("x-request-id", "reveal-1")];
    let revealed = stack
        .call(Some(ADMIN), &headers, Method::GET, &secret, None)
        .await;
    assert_eq!(revealed.expect(200), json!({ "secret": new }));
    let shown = async || loop {
        let events = stack.parts.events().await;
        if !events.is_empty() {
            return events;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let events = tokio::time::timeout(std::time::Duration::from_secs(30), shown())
        .await
        .unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].event_type.as_str(), events[0].request_id.as_str()),
        ("credential_revealed", "reveal-1")
    );
    let metadata = events[0].metadata_json.as_ref().unwrap().get();
    let metadata: Value = serde_json::from_str(metadata).unwrap();
    assert_eq!(metadata["credential"], "workload_secret");
    assert_eq!(
        (&metadata["workload_id"], &metadata["workload_name"]),
        (&made["id"], &json!("nightly"))
    );
    assert!(!metadata.to_string().contains(new));
    // A copy that is not there cannot be shown.
    let zone_id = caracal_core::ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let mut work = stack.parts.store.zone(&zone_id, Access::Write).await.unwrap();
    let (reference, _) = work.secrets().list("").await.unwrap().remove(0);
    work.secrets().delete(&reference).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(
        stack.get(&secret).await.refused(404),
        "workload_secret_not_stored"
    );
}
