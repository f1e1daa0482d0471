//! Issuers whose users are taken as subjects.

use http::Method;
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack, masked};

fn issuer(name: &str) -> Value {
    json!({
        "issuer": format!("https://login.example/{name}"),
        "jwks_url": "https://login.example/keys",
        "audience": "caracal",
    })
}

#[tokio::test]
async fn an_issuer_is_trusted_changed_and_archived() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/subject-issuers");
    let made = stack.post(&all, issuer("a")).await.expect(201);
    insta::assert_json_snapshot!(masked(made.clone(), &["id", "zone_id", "created_by"]), @r#"
    {
      "audience": "caracal",
      "created_at": "2026-05-21T12:00:00.000Z",
      "created_by": "[created_by]",
      "created_via_operator": false,
      "id": "[id]",
      "issuer": "https://login.example/a",
      "jwks_url": "https://login.example/keys",
      "updated_at": "2026-05-21T12:00:00.000Z",
      "updated_by": null,
      "updated_via_operator": false,
      "zone_id": "[zone_id]"
    }
    "#);
    let path = format!("{all}/{}", made["id"].as_str().unwrap());
    assert_eq!(stack.get(&path).await.expect(200), made.body);
    assert_eq!(stack.get(&all).await.expect(200)["items"], json!([made.body]));
    // An empty change answers what is there, and leaves no trace.
    assert_eq!(stack.patch(&path, json!({})).await.expect(200), made.body);
    let seen = stack.get(&path).await.headers["etag"]
        .to_str()
        .unwrap()
        .to_owned();
    let changed = stack
        .patch(&path, json!({ "audience": "other" }))
        .await
        .expect(200);
    assert_eq!(
        (&changed["audience"], &changed["jwks_url"]),
        (&json!("other"), &made["jwks_url"])
    );
    let body = json!({ "jwks_url": "https://login.example/other" });
    let headers = [("if-match", seen.as_str())];
    let late = stack
        .call(Some(ADMIN), &headers, Method::PATCH, &path, Some(&body))
        .await;
    assert_eq!(late.refused(412), "precondition_failed");
    let rows = stack.admin_audit(&zone).await;
    let rows = rows
        .iter()
        .filter(|row| row["entity_type"] == "subject-issuers" && row["status_code"] != 412);
    assert_eq!(rows.count(), 2);

    stack.delete(&path).await.expect(204);
    for refused in [
        stack.get(&path).await,
        stack.delete(&path).await,
        stack.patch(&path, json!({})).await,
    ] {
        assert_eq!(refused.refused(404), "subject_issuer_not_found");
    }
    stack.post(&all, issuer("a")).await.expect(201);
}

#[tokio::test]
async fn an_issuer_that_cannot_be_told_from_another_or_be_reached_safely_is_refused() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/subject-issuers");
    let made = stack.post(&all, issuer("a")).await.expect(201);
    assert_eq!(
        stack.post(&all, issuer("a")).await.refused(409),
        "subject_issuer_exists"
    );
    let path = format!("{all}/{}", made["id"].as_str().unwrap());
    for url in [
        "http://login.example/",
        "login.example",
        "https://u:p@login.example/",
        "https://login.example/?tenant=1",
        "https://login.example/#x",
        "https://login.example/\t",
        "https://",
        "",
    ] {
        for member in ["issuer", "jwks_url"] {
            let mut body = issuer("b");
            body[member] = json!(url);
            let refused = stack.post(&all, body).await;
            assert_eq!(
                refused["details"]["issues"][0]["path"],
                json!([member]),
                "{url:?}"
            );
            assert_eq!(refused.refused(400), "invalid_subject_issuer", "{member} {url:?}");
        }
        let refused = stack.patch(&path, json!({ "jwks_url": url })).await;
        assert_eq!(refused.refused(400), "invalid_subject_issuer", "{url:?}");
    }
    for body in [
        json!({}),
        json!({ "issuer": "https://login.example/b", "jwks_url": "https://login.example/keys" }),
        json!({ "issuer": 1, "jwks_url": "https://login.example/keys", "audience": "x" }),
    ] {
        assert_eq!(
            stack.post(&all, body).await.refused(400),
            "invalid_subject_issuer"
        );
    }
    let nowhere = stack.post("/v1/zones/nowhere/subject-issuers", issuer("b")).await;
    assert_eq!(nowhere.refused(404), "zone_not_found");
    let elsewhere = stack.zone("other").await;
    let path = format!("{elsewhere}/subject-issuers/{}", made["id"].as_str().unwrap());
    assert_eq!(stack.get(&path).await.refused(404), "subject_issuer_not_found");
    assert_eq!(stack.delete(&path).await.refused(404), "subject_issuer_not_found");
}

#[tokio::test]
async fn a_zone_trusts_twenty_issuers_however_many_are_named_at_once() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let all = format!("{zone}/subject-issuers");
    for number in 0..18 {
        stack.post(&all, issuer(&format!("t{number}"))).await.expect(201);
    }
    let make = |name: &'static str| stack.post(&all, issuer(name));
    let made = tokio::join!(make("a"), make("b"), make("c"), make("d"));
    let mut statuses = [made.0, made.1, made.2, made.3].map(|answer| answer.status.as_u16());
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 201, 409, 409]);
    assert_eq!(make("e").await.refused(409), "subject_issuer_limit_reached");
    assert_eq!(
        stack.get(&all).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        20
    );
}
