//! Zones.

use caracal_api::ApiConfig;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{ADMIN, Stack, grants, masked};

#[tokio::test]
async fn a_zone_is_made_read_changed_listed_and_archived() {
    let stack = Stack::start().await;
    let made = stack
        .post("/v1/zones", json!({ "name": "  Acme Inc. " }))
        .await
        .expect(201);
    insta::assert_json_snapshot!(masked(made.clone(), &["id", "created_by"]), @r#"
    {
      "created_at": "2026-05-21T12:00:00.000Z",
      "created_by": "[created_by]",
      "created_via_operator": false,
      "dcr_enabled": false,
      "id": "[id]",
      "name": "Acme Inc.",
      "operator_coauthor_badge": true,
      "operator_governed": false,
      "slug": "acme-inc",
      "updated_at": "2026-05-21T12:00:00.000Z",
      "updated_by": null,
      "updated_via_operator": false
    }
    "#);
    let zone = format!("/v1/zones/{}", made["id"].as_str().unwrap());
    assert_eq!(stack.get(&zone).await.expect(200), made);
    let patched = stack
        .patch(&zone, json!({ "name": "Acme", "dcr_enabled": true }))
        .await
        .expect(200);
    assert_eq!(
        (&patched["name"], &patched["dcr_enabled"]),
        (&json!("Acme"), &json!(true))
    );
    assert_eq!(
        stack.get(&format!("{zone}/dcr-status")).await.expect(200),
        json!({ "id": made["id"], "dcr_enabled": true, "live_dcr_applications": 0 })
    );
    assert_eq!(
        stack.get("/v1/zones").await.expect(200)["items"],
        json!([patched])
    );
    let reply = stack.call(Some(ADMIN), &[], Method::HEAD, &zone, None).await;
    assert_eq!((reply.status.as_u16(), reply.text.as_str()), (200, ""));
    assert_eq!(reply.headers["cache-control"], "no-store");
    assert_eq!(reply.headers["x-content-type-options"], "nosniff");

    stack.delete(&zone).await.expect(204);
    for refused in [
        stack.get(&zone).await,
        stack.delete(&zone).await,
        stack.patch(&zone, json!({ "name": "x" })).await,
    ] {
        assert_eq!(refused.refused(404), "zone_not_found");
    }
    let body = json!({ "name": "x", "registration_method": "managed" });
    let reply = stack.post(&format!("{zone}/applications"), body).await;
    assert_eq!(reply.refused(404), "zone_not_found");
}

#[tokio::test]
async fn slugs_are_never_reused() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    stack.delete(&zone).await.expect(204);
    let reply = stack
        .post("/v1/zones", json!({ "name": "x", "slug": "acme" }))
        .await;
    assert_eq!(reply.refused(409), "zone_slug_conflict");
    let second = stack
        .post("/v1/zones", json!({ "name": "ACME" }))
        .await
        .expect(201);
    assert_eq!(second["slug"], "acme-2");
    let second = format!("/v1/zones/{}", second["id"].as_str().unwrap());
    let reply = stack.patch(&second, json!({ "slug": "acme" })).await;
    assert_eq!(reply.refused(409), "zone_slug_conflict");
}

#[tokio::test]
async fn wrong_bodies_name_the_field() {
    let stack = Stack::start().await;
    for (body, field) in [
        (json!({}), None),
        (json!({ "name": "" }), Some("name")),
        (json!({ "name": "x".repeat(121) }), Some("name")),
        (json!({ "name": "a\u{7}b" }), Some("name")),
        (json!({ "name": "x", "slug": "A" }), Some("slug")),
        (json!({ "name": "x", "slug": null }), Some("slug")),
        (json!({ "name": "x", "owner": "me" }), Some("owner")),
        (json!({ "name": "x", "dcr_enabled": "yes" }), Some("dcr_enabled")),
    ] {
        let refused = stack.post("/v1/zones", body.clone()).await.expect(400);
        assert_eq!(refused["error"], "invalid_zone", "{body}");
        let issue = &refused["details"]["issues"][0];
        assert!(issue["message"].is_string(), "{refused}");
        if let Some(field) = field {
            assert_eq!(issue["path"], json!([field]), "{refused}");
        }
    }
    let zone = stack.zone("acme").await;
    assert_eq!(stack.patch(&zone, json!({})).await.refused(400), "no_fields");
    let reply = stack.patch(&zone, json!({ "dcr_shutdown": "keep_live" })).await;
    assert_eq!(reply.refused(400), "dcr_shutdown_not_applicable");
    assert_eq!(
        stack.patch(&zone, json!({ "name": null })).await.refused(400),
        "invalid_zone"
    );
}

#[tokio::test]
async fn switching_registration_off_asks_what_becomes_of_live_applications() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let dcr = format!("{zone}/applications/dcr");
    assert_eq!(
        stack.post(&dcr, json!({ "name": "bot" })).await.refused(403),
        "dcr_disabled"
    );
    stack
        .patch(&zone, json!({ "dcr_enabled": true }))
        .await
        .expect(200);
    let made = stack
        .post(&dcr, json!({ "name": "bot", "expires_in": 60 }))
        .await
        .expect(201);
    assert_eq!(made["expires_at"], "2026-05-21T12:01:00.000Z");
    for bad in [
        json!({ "name": "bot", "expires_in": 0 }),
        json!({ "name": "bot", "expires_in": 3601 }),
    ] {
        assert_eq!(stack.post(&dcr, bad).await.refused(400), "invalid_application");
    }

    let refused = stack
        .patch(&zone, json!({ "dcr_enabled": false }))
        .await
        .expect(409);
    assert_eq!(refused["error"], "dcr_shutdown_required");
    assert_eq!(refused["details"], json!({ "live_dcr_applications": 1 }));
    let off = json!({ "dcr_enabled": false, "dcr_shutdown": "revoke_live", "operator_governed": true });
    let patched = stack.patch(&zone, off).await.expect(200);
    assert_eq!(
        (&patched["dcr_enabled"], &patched["operator_governed"]),
        (&json!(false), &json!(true))
    );
    let gone = format!("{zone}/applications/{}", made["id"].as_str().unwrap());
    assert_eq!(stack.get(&gone).await.refused(404), "application_not_found");
}

#[tokio::test]
async fn pages_of_zones_join_to_the_whole() {
    let stack = Stack::start().await;
    for name in ["a", "b", "c"] {
        stack.zone(name).await;
    }
    let mut seen = Vec::new();
    let mut path = String::from("/v1/zones?limit=1");
    while seen.len() < 10 {
        let page = stack.get(&path).await.expect(200);
        seen.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|zone| zone["slug"].to_string()),
        );
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/zones?limit=1&cursor={cursor}");
    }
    seen.sort();
    assert_eq!(seen, ["\"a\"", "\"b\"", "\"c\""]);
    assert_eq!(
        stack.get("/v1/zones?cursor=nope").await.refused(400),
        "invalid_cursor"
    );
    assert_eq!(
        stack.get("/v1/zones?limit=501").await.refused(400),
        "invalid_query"
    );
}

#[tokio::test]
async fn an_overview_counts_what_there_is() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    stack.application(&zone, "crm").await;
    let overview = stack.get(&format!("{zone}/overview")).await.expect(200);
    insta::assert_json_snapshot!(masked(overview, &["zone_id"]), @r#"
    {
      "applications": {
        "expired": 0,
        "expiring_soon": 0,
        "total": 1
      },
      "decisions_24h": {
        "allowed": 0,
        "complete": true,
        "denied": 0
      },
      "generated_at": "2026-05-21T12:00:00.000Z",
      "policy_sets": {
        "active_name": null,
        "enforcing": 0,
        "total": 0
      },
      "providers": {
        "total": 0
      },
      "recent_events": [],
      "resources": {
        "total": 0,
        "unenforced": 0
      },
      "sessions": {
        "active": 0
      },
      "zone_id": "[zone_id]"
    }
    "#);
}

#[tokio::test]
async fn an_overview_finds_the_policy_set_in_force_behind_a_page_of_others() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (set, version, _) = stack.policy_set(&zone, "first", &grants("app")).await;
    let body = json!({ "version_id": version });
    stack
        .post(&format!("{zone}/policy-sets/{set}/activate"), body)
        .await
        .expect(202);
    // A page ends by its bytes long before its count.
    for number in 0..80 {
        let body = json!({ "name": format!("set-{number}"), "description": "\u{1f512}".repeat(4096) });
        stack.post(&format!("{zone}/policy-sets"), body).await.expect(201);
    }
    let page = stack
        .get(&format!("{zone}/policy-sets?limit=500"))
        .await
        .expect(200);
    assert!(page["next_cursor"].is_string(), "a page of all");
    let overview = stack.get(&format!("{zone}/overview")).await.expect(200);
    let sets = &overview["policy_sets"];
    assert_eq!(
        (&sets["active_name"], &sets["total"]),
        (&json!("first"), &json!(81))
    );
}

#[tokio::test]
async fn a_zone_is_frozen_and_thawed_by_one_call_each() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let freeze = format!("{zone}/freeze");
    let refused = stack.post(&freeze, json!({ "reason": "" })).await;
    assert_eq!(refused.refused(400), "invalid_body");
    let frozen = stack
        .post(&freeze, json!({ "reason": "incident 7" }))
        .await
        .expect(200);
    let since = frozen["frozen_at"].clone();
    assert!(since.is_string());
    stack
        .parts
        .world
        .manual_clock()
        .advance(std::time::Duration::from_secs(1));
    let again = stack.post(&freeze, json!({})).await.expect(200);
    assert_eq!(again["frozen_at"], since, "it is frozen since then");
    assert_eq!(stack.get(&zone).await.expect(200)["frozen_at"], since);
    let thawed = stack.post(&format!("{zone}/thaw"), json!({})).await.expect(200);
    assert!(thawed.get("frozen_at").is_none());
    let rows = stack.admin_audit(&zone).await;
    let told = rows
        .iter()
        .find(|row| row["payload_json"]["reason"] == "incident 7");
    assert_eq!(told.unwrap()["payload_json"]["change_kind"], "action");
    let nowhere = stack.post("/v1/zones/nowhere/freeze", json!({})).await;
    assert_eq!(nowhere.refused(404), "zone_not_found");
}

#[tokio::test]
async fn of_an_archived_zone_nobody_sees_or_does_anything_but_its_evidence() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let id = zone.strip_prefix("/v1/zones/").unwrap();
    let (application, _) = stack.application(&zone, "crm").await;
    let (set, version, _) = stack.policy_set(&zone, "main", &grants(&application)).await;
    let admin = stack.account("admin@example.com", "admin", Some(vec![id])).await;
    let global = stack.token("global", None, "write").await;
    stack.delete(&zone).await.expect(204);
    let activate = json!({"version_id": version});
    for (method, path, body) in [
        (Method::GET, "applications", None),
        (Method::GET, "policy-shadow", None),
        (Method::GET, &*format!("applications/{application}"), None),
        (
            Method::GET,
            &*format!("applications/{application}/client-secret"),
            None,
        ),
        (
            Method::POST,
            &*format!("applications/{application}/rotate-secret"),
            Some(json!({})),
        ),
        (
            Method::POST,
            &*format!("policy-sets/{set}/activate"),
            Some(activate),
        ),
        (Method::GET, "state", None),
    ] {
        for token in [&admin, &global, ADMIN] {
            let path = format!("{zone}/{path}");
            let answer = stack
                .call(Some(token), &[], method.clone(), &path, body.as_ref())
                .await;
            assert_eq!(answer.refused(404), "zone_not_found", "{method} {path}");
        }
    }
    let question = json!({
        "subject": {"type": "application", "id": application},
        "action": {"name": "crm:read"},
        "resource": {"type": "resource", "id": "resource://crm"},
    });
    let named = [("x-caracal-zone-scope", id)];
    let asked = stack
        .call(
            Some(&global),
            &named,
            Method::POST,
            "/access/v1/evaluation",
            Some(&question),
        )
        .await;
    assert_eq!(asked.refused(404), "zone_not_found");
    for path in ["audit", "admin-audit", "audit-holds", "audit-retention"] {
        for token in [&admin, &global, ADMIN] {
            let path = format!("{zone}/{path}");
            let answer = stack.call(Some(token), &[], Method::GET, &path, None).await;
            assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_zone_may_allow_fewer_mints_than_the_deployment_and_never_more() {
    let stack = Stack::with(ApiConfig {
        mint_rate_limit_per_min: 100,
        ..ApiConfig::default()
    })
    .await;
    let zone = stack.zone("acme").await;
    assert!(
        stack
            .get(&zone)
            .await
            .expect(200)
            .get("mint_limit_per_minute")
            .is_none()
    );
    for wrong in [
        json!(0),
        json!(-1),
        json!(1.5),
        json!("5"),
        json!(4_294_967_296_i64),
    ] {
        let refused = stack
            .patch(&zone, json!({ "mint_limit_per_minute": wrong }))
            .await
            .expect(400);
        assert_eq!(
            (&refused["error"], &refused["details"]["issues"][0]["path"]),
            (&json!("invalid_zone"), &json!(["mint_limit_per_minute"])),
            "{wrong}"
        );
    }
    let refused = stack
        .patch(&zone, json!({ "mint_limit_per_minute": 101 }))
        .await
        .expect(400);
    assert_eq!(
        (&refused["error"], &refused["max_per_minute"]),
        (&json!("rate_limit_above_ceiling"), &json!(100))
    );
    for (said, kept) in [(json!(100), Some(100)), (json!(1), Some(1)), (json!(null), None)] {
        let patched = stack
            .patch(&zone, json!({ "mint_limit_per_minute": said }))
            .await
            .expect(200);
        let read = stack.get(&zone).await.expect(200);
        for told in [&*patched, &*read] {
            let told = told.get("mint_limit_per_minute").and_then(Value::as_u64);
            assert_eq!(told, kept);
        }
        let rows = stack.admin_audit(&zone).await;
        let row = rows.iter().max_by_key(|row| row["chain_seq"].as_u64()).unwrap();
        assert_eq!(row["payload_json"]["mint_limit_per_minute"], said, "{row}");
    }
    // Another change leaves it alone.
    stack
        .patch(&zone, json!({ "mint_limit_per_minute": 7 }))
        .await
        .expect(200);
    let renamed = stack.patch(&zone, json!({ "name": "other" })).await.expect(200);
    assert_eq!(renamed["mint_limit_per_minute"], 7);
}
