//! Sinks of notifications as they are set up.

use http::Method;
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack, masked};

fn sink(url: &str) -> Value {
    json!({ "name": "pager", "url": url })
}

const URL: &str = "https://hooks.example/caracal?channel=1";

#[tokio::test]
async fn a_sink_is_made_changed_and_deleted_and_its_secret_is_shown_once() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/notification-sinks");
    let made = stack.post(&all, sink(URL)).await.expect(201);
    let secret = made["secret"].as_str().unwrap().to_owned();
    let hex = secret.strip_prefix("nsk_").unwrap();
    assert!(hex.len() == 48 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    insta::assert_json_snapshot!(masked(made.clone(), &["id", "zone_id", "created_by", "secret"]), @r#"
    {
      "active": true,
      "consecutive_failures": 0,
      "created_at": "2026-05-21T12:00:00.000Z",
      "created_by": "[created_by]",
      "created_via_operator": false,
      "event_types": [
        "step_up_issued",
        "step_up_decided",
        "step_up_consumed",
        "step_up_expired",
        "zone_frozen",
        "zone_thawed",
        "subject_revoked",
        "grant_revoked",
        "application_archived",
        "workload_deleted",
        "connection_revoked",
        "policy_activated",
        "policy_canary_returned"
      ],
      "id": "[id]",
      "last_error": null,
      "last_failure_at": null,
      "last_success_at": null,
      "name": "pager",
      "secret": "[secret]",
      "updated_at": "2026-05-21T12:00:00.000Z",
      "updated_by": null,
      "updated_via_operator": false,
      "url": "https://hooks.example/caracal?channel=1",
      "zone_id": "[zone_id]"
    }
    "#);
    let path = format!("{all}/{}", made["id"].as_str().unwrap());
    let mut shown = made.body.clone();
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(stack.get(&path).await.expect(200), shown);
    assert_eq!(stack.get(&all).await.expect(200)["items"], json!([shown]));
    // An empty change answers what is there, and leaves no trace.
    assert_eq!(stack.patch(&path, json!({})).await.expect(200), shown);
    let seen = stack.get(&path).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let change = json!({ "event_types": ["zone_frozen", "step_up_decided", "zone_frozen"], "active": false });
    let changed = stack.patch(&path, change).await.expect(200);
    assert_eq!(changed["event_types"], json!(["step_up_decided", "zone_frozen"]));
    assert_eq!(
        (&changed["active"], &changed["url"]),
        (&json!(false), &json!(URL))
    );
    let body = json!({ "active": true });
    let headers = [("if-match", seen.as_str())];
    let late = stack
        .call(Some(ADMIN), &headers, Method::PATCH, &path, Some(&body))
        .await;
    assert_eq!(late.refused(412), "precondition_failed");
    let rotated = stack
        .post(&format!("{path}/rotate-secret"), json!({}))
        .await
        .expect(200);
    assert_ne!(rotated["secret"], json!(secret));
    // What is recorded names neither secret.
    let rows = stack.admin_audit(&zone).await;
    let rows: Vec<_> = rows
        .into_iter()
        .filter(|row| row["entity_type"] == "notification-sinks" && row["status_code"] != 412)
        .collect();
    assert_eq!(rows.len(), 3);
    let mut kinds: Vec<_> = rows
        .iter()
        .map(|row| &row["payload_json"]["change_kind"])
        .collect();
    // All of one instant.
    kinds.sort_by_key(|kind| kind.as_str());
    assert_eq!(kinds, ["create", "secret_rotation", "update"]);
    let text = serde_json::to_string(&rows).unwrap();
    assert!(!text.contains(&secret) && !text.contains(rotated["secret"].as_str().unwrap()));

    stack.delete(&path).await.expect(204);
    for refused in [
        stack.get(&path).await,
        stack.delete(&path).await,
        stack.patch(&path, json!({})).await,
        stack.get(&format!("{path}/deliveries")).await,
        stack.get(&format!("{path}/deliveries/d")).await,
        stack.post(&format!("{path}/test"), json!({})).await,
        stack.post(&format!("{path}/rotate-secret"), json!({})).await,
        stack
            .post(&format!("{path}/deliveries/d/redeliver"), json!({}))
            .await,
    ] {
        assert_eq!(refused.refused(404), "sink_not_found");
    }
}

#[tokio::test]
async fn a_place_that_must_not_be_called_is_refused_before_it_is_kept() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/notification-sinks");
    let made = stack.post(&all, sink(URL)).await.expect(201);
    let path = format!("{all}/{}", made["id"].as_str().unwrap());
    for url in [
        "http://hooks.example/",
        "ftp://hooks.example/",
        "file:///etc/passwd",
        "hooks.example",
        "https://u:p@hooks.example/",
        "https://a@b@hooks.example/",
        "https://hooks.example/#x",
        "https://hooks.example:0/",
        "https:\\\\hooks.example/",
        "https://",
        "https://169.254.169.254/latest/meta-data",
        "https://0xa9fea9fe/",
        "https://10.0.0.1/",
        "https://192.168.0.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://[fd00::1]/",
        "https://[fe80::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://224.0.0.1/",
    ] {
        for refused in [
            stack.post(&all, sink(url)).await,
            stack.patch(&path, json!({ "url": url })).await,
        ] {
            assert_eq!(refused["details"]["issues"][0]["path"], json!(["url"]), "{url:?}");
            assert_eq!(refused.refused(400), "invalid_sink_url", "{url:?}");
        }
    }
    for body in [
        json!({}),
        json!({ "name": "x" }),
        json!({ "name": "", "url": URL }),
        json!({ "name": "x".repeat(121), "url": URL }),
        json!({ "name": "x", "url": "" }),
        json!({ "name": "x", "url": "https://hooks.example/\t" }),
        json!({ "name": "x", "url": format!("https://hooks.example/{}", "x".repeat(2048)) }),
        json!({ "name": "x", "url": URL, "event_types": [] }),
        json!({ "name": "x", "url": URL, "event_types": ["sink_test"] }),
        json!({ "name": "x", "url": URL, "event_types": ["step_up_issued", "sink_test"] }),
        json!({ "name": "x", "url": URL, "event_types": ["unknown"] }),
        json!({ "name": "x", "url": URL, "event_types": null }),
        json!({ "name": 1, "url": URL }),
    ] {
        let refused = stack.post(&all, body.clone()).await;
        assert_eq!(refused.refused(400), "invalid_sink", "{body}");
    }
    let nowhere = stack
        .post("/v1/zones/nowhere/notification-sinks", sink(URL))
        .await;
    assert_eq!(nowhere.refused(404), "zone_not_found");
    let elsewhere = stack.zone("other").await;
    let path = format!("{elsewhere}/notification-sinks/{}", made["id"].as_str().unwrap());
    assert_eq!(stack.get(&path).await.refused(404), "sink_not_found");
    assert_eq!(stack.delete(&path).await.refused(404), "sink_not_found");
    // Receivers on the machine that somebody works on need no certificate.
    stack.post(&all, sink("http://127.0.0.1:9/")).await.expect(201);
    stack.post(&all, sink("http://localhost:9/")).await.expect(201);
}

#[tokio::test]
async fn a_zone_has_twenty_sinks_however_many_are_made_at_once() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/notification-sinks");
    for _ in 0..18 {
        stack.post(&all, sink(URL)).await.expect(201);
    }
    let make = || stack.post(&all, sink(URL));
    let made = tokio::join!(make(), make(), make(), make());
    let mut statuses = [made.0, made.1, made.2, made.3].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 409, 409]);
    assert_eq!(make().await.refused(409), "sink_limit_reached");
}

#[tokio::test]
async fn trying_a_sink_out_again_and_again_fills_nothing() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/notification-sinks");
    let made = stack.post(&all, sink(URL)).await.expect(201);
    let path = format!("{all}/{}", made.text("id"));
    for _ in 0..10 {
        stack.post(&format!("{path}/test"), json!({})).await.expect(202);
    }
    let refused = stack.post(&format!("{path}/test"), json!({})).await;
    assert_eq!(refused.headers["retry-after"], "60");
    assert_eq!(refused.refused(429), "rate_limited");
    let listed = stack.get(&format!("{path}/deliveries")).await.expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 10);
}
