//! A version that decides for some applications.

use http::Method;
use serde_json::{Value, json};

use crate::{
    access::in_force,
    sent_twice::two_sets,
    stack::{ADMIN, Stack, grants},
};

/// A zone with a version in force and another that is not: the paths of the zone, and where a canary of the other begins.
async fn zone(stack: &Stack) -> (String, String, String) {
    let zone = stack.zone("acme").await;
    let of_version = two_sets(stack, &zone).await;
    let candidate = of_version.rsplit('/').next().unwrap().to_owned();
    (zone, format!("{of_version}/canary"), candidate)
}

#[tokio::test]
async fn what_is_no_rule_of_a_canary_is_named() {
    let stack = Stack::start().await;
    let (zone, begin, _) = zone(&stack).await;
    let canary = format!("{zone}/policy-canary");
    for (method, path) in [
        (Method::GET, canary.as_str()),
        (Method::DELETE, &canary),
        (Method::POST, &format!("{canary}/activate")),
    ] {
        let refused = stack.call(Some(ADMIN), &[], method, path, None).await;
        assert_eq!(refused.refused(404), "policy_canary_not_found", "{path}");
    }
    let absent = stack.patch(&canary, json!({"share_percent": 5})).await;
    assert_eq!(absent.refused(404), "policy_canary_not_found");
    for (body, field) in [
        (json!({}), "share_percent"),
        (json!({"share_percent": 0}), "share_percent"),
        (json!({"share_percent": 101}), "share_percent"),
        (json!({"share_percent": "all"}), "share_percent"),
        (json!({"share_percent": 10, "min_decisions": 0}), "min_decisions"),
        (
            json!({"share_percent": 10, "min_decisions": 1_000_001}),
            "min_decisions",
        ),
        (
            json!({"share_percent": 10, "max_newly_denied_percent": 101}),
            "max_newly_denied_percent",
        ),
        (
            json!({"share_percent": 10, "max_denied_percent": null}),
            "max_denied_percent",
        ),
    ] {
        let refused = stack.post(&begin, &body).await;
        assert!(
            refused.body.to_string().contains(field),
            "{body}: {}",
            refused.text
        );
        assert_eq!(refused.refused(400), "invalid_body", "{body}");
    }
    assert_eq!(stack.get(&canary).await.refused(404), "policy_canary_not_found");
    // Another zone's version is none of this one.
    let elsewhere = stack.zone("other").await;
    let foreign = begin.replace(&zone, &elsewhere);
    let refused = stack.post(&foreign, json!({"share_percent": 10})).await;
    assert_eq!(refused.refused(404), "version_not_found");
}

#[tokio::test]
async fn one_begins_grows_and_is_put_in_force_for_everybody() {
    let stack = Stack::start().await;
    let (zone, begin, candidate) = zone(&stack).await;
    let canary = format!("{zone}/policy-canary");
    let begun = stack.post(&begin, json!({"share_percent": 10})).await.expect(201);
    let rules = |item: &Value| {
        let names = [
            "share_percent",
            "min_decisions",
            "max_newly_denied_percent",
            "max_denied_percent",
        ];
        names.map(|name| item[name].as_u64().unwrap())
    };
    assert_eq!(rules(&begun.body), [10, 100, 5, 100]);
    assert_eq!(
        (&begun["version_id"], &begun["running"]),
        (&json!(candidate), &json!(true))
    );
    // One at a time, in one way.
    let again = stack.post(&begin, json!({"share_percent": 10})).await;
    assert_eq!(again.refused(409), "conflict");
    let shadow = begin.replace("/canary", "/shadow");
    assert_eq!(stack.post(&shadow, json!({})).await.refused(409), "conflict");

    let read = stack.get(&canary).await.expect(200);
    let tag = read.headers["etag"].to_str().unwrap().to_owned();
    let body = json!({"share_percent": 50, "max_denied_percent": 40});
    let changed = stack
        .call(
            Some(ADMIN),
            &[("if-match", &tag)],
            Method::PATCH,
            &canary,
            Some(&body),
        )
        .await
        .expect(200);
    assert_eq!(rules(&changed.body), [50, 100, 5, 40]);
    for method in [Method::PATCH, Method::DELETE] {
        let stale = stack
            .call(Some(ADMIN), &[("if-match", &tag)], method, &canary, Some(&body))
            .await;
        assert_eq!(stale.refused(412), "precondition_failed");
    }
    assert_eq!(stack.patch(&canary, json!({})).await.refused(400), "no_fields");

    let activated = stack
        .post(&format!("{canary}/activate"), json!({}))
        .await
        .expect(202);
    assert_eq!(activated["version_id"], candidate);
    stack.parts.wait_in_sync().await;
    let status = stack
        .get(activated["status_url"].as_str().unwrap())
        .await
        .expect(200);
    assert_eq!(status["active"], true);
    let over = stack.get(&canary).await.expect(200);
    assert_eq!(
        (&over["running"], &over["outcome"]),
        (&json!(false), &json!("finished"))
    );
    // What is in force is no candidate.
    let refused = stack.post(&begin, json!({"share_percent": 10})).await;
    assert_eq!(refused.refused(409), "conflict");
    let rows = stack.admin_audit(&zone).await;
    for action in [
        format!("POST {begin}"),
        format!("PATCH {canary}"),
        format!("POST {canary}/activate"),
    ] {
        assert!(rows.iter().any(|row| row["action"] == action), "{action}");
    }
}

#[tokio::test]
async fn one_is_taken_back_by_hand_and_by_another_activation() {
    let stack = Stack::start().await;
    let (zone, begin, _) = zone(&stack).await;
    let canary = format!("{zone}/policy-canary");
    let body = json!({"share_percent": 100});
    stack.post(&begin, &body).await.expect(201);
    stack.delete(&canary).await.expect(204);
    let over = stack.get(&canary).await.expect(200);
    assert_eq!(over["outcome"], "ended");
    assert!(over["ended_by"].is_string(), "{}", over.text);
    assert_eq!(
        stack.delete(&canary).await.refused(404),
        "policy_canary_not_found"
    );

    stack.post(&begin, &body).await.expect(201);
    let (set, version, _) = stack.policy_set(&zone, "third", &grants("c")).await;
    let activate = format!("{zone}/policy-sets/{set}/activate");
    stack
        .post(&activate, json!({"version_id": version}))
        .await
        .expect(202);
    assert_eq!(stack.get(&canary).await.expect(200)["outcome"], "superseded");
    // A token that only reads may look, and not touch.
    stack.post(&begin, &body).await.expect(201);
    let id = zone.strip_prefix("/v1/zones/").unwrap();
    let token = stack.token("zone", Some(id), "read").await;
    let call = async |method: Method| stack.call(Some(&token), &[], method, &canary, None).await;
    call(Method::GET).await.expect(200);
    assert_eq!(call(Method::DELETE).await.refused(403), "admin_token_read_only");
}

#[tokio::test]
async fn beside_nothing_no_canary_begins() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (set, version, _) = stack.policy_set(&zone, "main", &grants("a")).await;
    let begin = format!("{zone}/policy-sets/{set}/versions/{version}/canary");
    let refused = stack.post(&begin, json!({"share_percent": 10})).await;
    assert_eq!(refused.refused(409), "conflict");
}

#[tokio::test]
async fn who_can_is_told_by_the_version_that_decides() {
    let asked = in_force().await;
    let (stack, zone) = (&asked.stack, &asked.zone);
    let who = format!("{zone}/access/who-can?resource=resource://crm&scope=crm:read");
    let what = format!("{zone}/access/what-can?application_id={}", asked.application);
    let before = stack.get(&who).await.expect(200);
    assert!(!before["items"].as_array().unwrap().is_empty());
    assert_eq!(before["policy"]["canary"], Value::Null);
    // It grants nobody of this zone anything.
    let (set, version, _) = stack.policy_set(zone, "next", &grants("nobody")).await;
    let begin = format!("{zone}/policy-sets/{set}/versions/{version}/canary");
    stack
        .post(&begin, json!({"share_percent": 100}))
        .await
        .expect(201);
    stack.parts.wait_in_sync().await;
    // Every page of both policies.
    let (mut rows, mut cursor) = (Vec::new(), String::new());
    for _ in 0..4 {
        let page = stack.get(&format!("{who}{cursor}")).await.expect(200);
        rows.extend(page["items"].as_array().unwrap().clone());
        assert_eq!(page["policy"]["canary"]["policy_set_version_id"], version);
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(rows, Vec::<Value>::new());
    let told = stack.get(&what).await.expect(200);
    assert_eq!(told["items"], json!([]));
    assert_eq!(told["policy"]["policy_set_version_id"], version);
    let question = json!({
        "subject": {"type": "application", "id": asked.application, "properties": {"labels": ["reader"]}},
        "action": {"name": "crm:read"}, "resource": {"type": "resource", "id": "resource://crm"},
    });
    let id = zone.strip_prefix("/v1/zones/").unwrap();
    let named = [("x-caracal-zone-scope", id)];
    let evaluate = async || {
        let path = "/access/v1/evaluation";
        let answer = stack
            .call(Some(ADMIN), &named, Method::POST, path, Some(&question))
            .await;
        answer.expect(200)
    };
    let answer = evaluate().await;
    assert_eq!(
        (&answer["decision"], &answer["context"]["policy_set_version_id"]),
        (&json!(false), &json!(version))
    );
    stack.delete(&format!("{zone}/policy-canary")).await.expect(204);
    stack.parts.wait_in_sync().await;
    let after = stack.get(&who).await.expect(200);
    assert_eq!(after["items"], before["items"]);
    let answer = evaluate().await;
    assert_eq!(
        (&answer["decision"], &answer["context"]["policy_set_version_id"]),
        (&json!(true), &json!(asked.version))
    );
}
