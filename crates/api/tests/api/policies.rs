//! Policies, policy sets, and what is in force.

use caracal_authz::document::PolicyDocuments;
use caracal_core::ZoneId;
use caracal_storage::Access;
use caracal_testkit::wait::eventually;
use http::Method;
use serde_json::{Value, json};

use crate::stack::{Stack, grants, masked};

const IDS: [&str; 6] = [
    "id",
    "zone_id",
    "version_id",
    "policy_id",
    "created_by",
    "content_sha256",
];

#[tokio::test]
async fn a_document_is_checked_by_the_real_parser() {
    let stack = Stack::start().await;
    let valid = stack
        .post("/v1/policies/validate", json!({ "content": grants("app") }))
        .await
        .expect(200);
    insta::assert_json_snapshot!(valid, @r#"
    {
      "input_schema_version": "2026-05-20",
      "output_contract": {
        "decision": [
          "allow",
          "deny"
        ],
        "evaluation_status": [
          "complete"
        ],
        "package": "caracal.authz",
        "rule": "result"
      },
      "preview": {
        "data_referenced": [],
        "decisions": [],
        "default_result": false,
        "inputs_referenced": [],
        "package": "caracal.authz",
        "rules": [
          "app_ids",
          "grants"
        ]
      },
      "schema_version": "2026-05-20",
      "valid": true,
      "warnings": []
    }
    "#);
    let bad = "# caracal:data-document\npackage elsewhere\ngrants := {}\n";
    let refused = stack
        .post("/v1/policies/validate", json!({ "content": bad }))
        .await
        .expect(422);
    assert_eq!(
        (&refused["valid"], &refused["error"]),
        (&json!(false), &json!("invalid_rego"))
    );
    assert_eq!(refused["error_description"], "must_use_package_caracal_authz");
    assert!(refused["details"]["issues"][0]["code"].is_string());
    let lines: Vec<String> = (0..15_000).map(|count| format!("z{count}:=1\n")).collect();
    let lines = lines.concat();
    let many = format!("# caracal:data-document\npackage caracal.authz\n{lines}");
    let refused = stack
        .post("/v1/policies/validate", json!({ "content": many }))
        .await
        .expect(422);
    let issues = refused["details"]["issues"].as_array().unwrap();
    assert!(refused.text.len() < 64 * 1024, "{} bytes", refused.text.len());
    let last = issues.last().unwrap();
    assert_eq!(
        (issues.len(), &last["code"]),
        (65, &json!("more_problems")),
        "{last}"
    );
    assert_eq!(
        stack
            .post("/v1/policies/validate", json!({ "content": "" }))
            .await
            .refused(400),
        "invalid_body"
    );

    // A token of one zone may ask, since nothing stored is touched.
    let zone = stack.zone("acme").await;
    let token = stack.token("zone", zone.strip_prefix("/v1/zones/"), "read").await;
    let body = json!({ "content": grants("app") });
    stack
        .call(
            Some(&token),
            &[],
            Method::POST,
            "/v1/policies/validate",
            Some(&body),
        )
        .await
        .expect(200);
    let templates = stack
        .call(Some(&token), &[], Method::GET, "/v1/policy-templates", None)
        .await
        .expect(200);
    let ids: Vec<&Value> = templates
        .as_array()
        .unwrap()
        .iter()
        .map(|template| &template["id"])
        .collect();
    assert_eq!(
        ids,
        [
            "application-bindings",
            "resource-grants",
            "label-confinement",
            "zone-restriction"
        ]
    );
}

#[tokio::test]
async fn policies_have_immutable_numbered_versions() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let path = format!("{zone}/policies");
    let made = stack
        .post(&path, json!({ "name": "grants", "content": grants("a") }))
        .await
        .expect(201);
    insta::assert_json_snapshot!(masked(made.clone(), &IDS), @r#"
    {
      "description": null,
      "id": "[id]",
      "name": "grants",
      "version": {
        "content_sha256": "[content_sha256]",
        "created_at": "2026-05-21T12:00:00.000Z",
        "id": "[id]",
        "policy_id": "[policy_id]",
        "schema_version": "2026-05-20",
        "version": 1
      },
      "version_id": "[version_id]",
      "warnings": [
        {
          "code": "unknown_application",
          "column": 20,
          "document": "app_ids",
          "line": 4,
          "message": "`app_ids` gives the key `crm` to `a`, which is no application of this zone"
        },
        {
          "code": "unknown_resource",
          "column": 12,
          "document": "grants",
          "line": 5,
          "message": "`grants` names `resource://crm`, which is no resource of this zone"
        }
      ],
      "zone_id": "[zone_id]"
    }
    "#);
    assert_eq!(
        made["version"]["content_sha256"],
        caracal_crypto::sha256_hex(grants("a").as_bytes())
    );
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let second = stack
        .post(&format!("{one}/versions"), json!({ "content": grants("b") }))
        .await
        .expect(201);
    assert_eq!(second["version"], 2);
    let detail = stack.get(&one).await.expect(200);
    let versions: Vec<(i64, &str)> = detail["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| {
            (
                version["version"].as_i64().unwrap(),
                version["content"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(versions, [(2, grants("b").as_str()), (1, grants("a").as_str())]);
    assert_eq!(stack.get(&path).await.expect(200)["items"][0]["name"], "grants");

    let reply = stack
        .post(&path, json!({ "name": "grants", "content": grants("a") }))
        .await;
    assert_eq!(reply.refused(409), "policy_name_conflict");
    let reply = stack
        .post(&path, json!({ "name": "x", "content": "package x" }))
        .await;
    assert_eq!(reply.refused(422), "invalid_rego");
    assert_eq!(
        stack.post(&path, json!({ "name": "x" })).await.refused(400),
        "invalid_body"
    );
    stack.delete(&one).await.expect(204);
    assert_eq!(stack.get(&one).await.refused(404), "policy_not_found");
    let reply = stack
        .post(&format!("{one}/versions"), json!({ "content": grants("c") }))
        .await;
    assert_eq!(reply.refused(404), "policy_not_found");
}

#[tokio::test]
async fn an_activation_is_in_force_with_its_answer_and_reported_as_loaded() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let (set, version, _) = stack.policy_set(&zone, "main", &grants("a")).await;
    let one = format!("{zone}/policy-sets/{set}");
    let pending = stack
        .get(&format!("{one}/activation-status?version_id={version}"))
        .await
        .expect(200);
    assert_eq!(
        (&pending["propagation_status"], &pending["active"]),
        (&json!("waiting_for_activation"), &json!(false))
    );
    let reply = stack.get(&format!("{one}/activation-status")).await;
    assert_eq!(reply.refused(404), "active_policy_set_version_not_found");
    // The zone is in memory before the activation, as in a process that serves traffic.
    let zone_id = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    stack.parts.zones.zone(&zone_id).await.unwrap();

    let activated = stack
        .post(&format!("{one}/activate"), json!({ "version_id": version }))
        .await
        .expect(202);
    assert_eq!(
        (&activated["activated"], &activated["version_id"]),
        (&json!(true), &json!(version))
    );
    let in_force = stack
        .parts
        .zones
        .zone(&zone_id)
        .await
        .unwrap()
        .policy_in_force()
        .identity()
        .policy_set_version_id
        .clone();
    assert_eq!(in_force.unwrap().as_str(), version);
    // In force already; other processes hear of it through the outbox, which notes a moment later that they did.
    let status = eventually("it is reported as loaded", async || {
        let status = stack
            .get(activated["status_url"].as_str().unwrap())
            .await
            .expect(200);
        (status["propagation_status"] == "loaded").then_some(status)
    })
    .await;
    assert_eq!(status["outbox"]["state"], "dispatched");
    assert_eq!(status["sts"]["policy_set_version_id"], json!(version));
    assert_eq!(
        stack.get(&one).await.expect(200)["active_version_id"],
        json!(version)
    );

    // Another set takes over; the first can come back; archiving leaves nothing in force.
    let (other, other_version, _) = stack.policy_set(&zone, "other", &grants("b")).await;
    stack
        .post(
            &format!("{zone}/policy-sets/{other}/activate"),
            json!({ "version_id": other_version }),
        )
        .await
        .expect(202);
    assert_eq!(
        stack.get(&one).await.expect(200)["active_version_id"],
        Value::Null
    );
    stack
        .post(&format!("{one}/activate"), json!({ "version_id": version }))
        .await
        .expect(202);
    stack.delete(&one).await.expect(204);
    let identity = stack
        .parts
        .zones
        .zone(&zone_id)
        .await
        .unwrap()
        .policy_in_force()
        .identity()
        .clone();
    assert_eq!(identity.policy_set_version_id, None);
    assert_eq!(stack.get(&one).await.refused(404), "policy_set_not_found");
    // The version stays readable as evidence; the list does not.
    stack.get(&format!("{one}/versions/{version}")).await.expect(200);
    assert_eq!(
        stack.get(&format!("{one}/versions")).await.refused(404),
        "policy_set_not_found"
    );
}

#[tokio::test]
async fn a_set_takes_only_policies_of_its_zone_that_work_together() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let elsewhere = stack.zone("elsewhere").await;
    let (set, version, _) = stack.policy_set(&zone, "main", &grants("a")).await;
    let (_, foreign_version, _) = stack.policy_set(&elsewhere, "main", &grants("a")).await;
    let path = format!("{zone}/policy-sets/{set}/versions");
    let detail = stack.get(&format!("{path}/{version}")).await.expect(200);
    let policy_version = detail["policies"][0].as_str().unwrap().to_owned();
    assert_eq!(
        detail["manifest_json"],
        json!([{ "policy_version_id": policy_version }])
    );
    let compact = format!("[{{\"policy_version_id\":\"{policy_version}\"}}]");
    assert_eq!(
        detail["manifest_sha256"],
        caracal_crypto::sha256_hex(compact.as_bytes())
    );
    let listed = stack.get(&path).await.expect(200);
    assert_eq!(listed["items"][0]["id"], json!(version));

    let foreign = stack.get(&format!("{elsewhere}/policies")).await.expect(200)["items"][0]["id"].clone();
    let foreign = stack
        .get(&format!("{elsewhere}/policies/{}", foreign.as_str().unwrap()))
        .await
        .expect(200);
    let conflicting = stack
        .post(
            &format!("{zone}/policies"),
            json!({ "name": "conflict", "content": grants("b") }),
        )
        .await
        .expect(201);
    let entry = |id: &Value| json!({ "policy_version_id": id });
    for (manifest, status, code) in [
        (json!([]), 400, "invalid_body"),
        (json!([entry(&json!("nobody"))]), 422, "invalid_policy_contract"),
        (
            json!([entry(&foreign["versions"][0]["id"])]),
            422,
            "invalid_policy_contract",
        ),
        (
            json!([entry(&json!(policy_version)), entry(&json!(policy_version))]),
            422,
            "invalid_policy_contract",
        ),
        (
            json!([entry(&json!(policy_version)), entry(&conflicting["version_id"])]),
            422,
            "invalid_policy_bundle",
        ),
    ] {
        let reply = stack.post(&path, json!({ "manifest": manifest })).await;
        assert_eq!(reply.refused(status), code, "{manifest}");
    }
    let reply = stack
        .post(
            &format!("{zone}/policy-sets/nobody/versions"),
            json!({ "manifest": [entry(&json!("x"))] }),
        )
        .await;
    assert_eq!(reply.refused(404), "policy_set_not_found");
    for id in [json!("nobody"), json!(foreign_version)] {
        let reply = stack
            .post(
                &format!("{zone}/policy-sets/{set}/activate"),
                json!({ "version_id": id }),
            )
            .await;
        assert_eq!(reply.refused(404), "version_not_found");
    }
    let reply = stack
        .post(&format!("{zone}/policy-sets"), json!({ "name": "main" }))
        .await;
    assert_eq!(reply.refused(409), "policy_set_name_conflict");
    assert_eq!(
        stack.get(&format!("{path}/nobody")).await.refused(404),
        "policy_set_version_not_found"
    );
}

#[tokio::test]
async fn a_simulation_decides_without_changing_anything() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let zone_id = zone.strip_prefix("/v1/zones/").unwrap();
    let (set, version, _) = stack.policy_set(&zone, "main", &grants("app-1")).await;
    let path = format!("{zone}/policy-sets/{set}/simulate");
    let input = |scope: &str| {
        json!({
            "schema_version": "2026-05-20",
            "principal": {
                "type": "Application", "id": "app-1", "zone_id": zone_id, "agent_session_id": "ses",
                "labels": ["reader"],
            },
            "resource": { "type": "Resource", "identifier": "resource://crm" },
            "action": { "id": "TokenExchange" },
            "context": {
                "requested_scopes": [scope], "agent_session_id": "ses", "delegation_edge_id": "del",
                "actor_claims": {},
            },
            "delegation_edge": { "id": "del", "scopes": ["crm:read"] },
        })
    };
    // What is wrong with it is told in excerpts that a terminal can show.
    let mut strange = input("crm:read");
    strange["schema_version"] = json!("\u{1b}[31m\u{202e}".repeat(60_000));
    let told = stack
        .post(&path, json!({ "version_id": version, "input": strange }))
        .await;
    assert!(told.text.len() < 8_192, "{} bytes", told.text.len());
    assert!(!told.text.contains(['\u{1b}', '\u{202e}']) && !told.text.contains("\\u001b"));
    let before = stack.admin_audit(&zone).await.len();
    let allowed = stack
        .post(
            &path,
            json!({ "version_id": version, "input": input("crm:read") }),
        )
        .await
        .expect(200);
    assert_eq!(allowed["explanation"]["decision"], "allow", "{allowed}");
    assert_eq!(
        (&allowed["would_activate"], &allowed["warnings"]),
        (&json!(true), &json!([]))
    );
    let denied = stack
        .post(
            &path,
            json!({ "version_id": version, "input": input("crm:write") }),
        )
        .await
        .expect(200);
    assert_eq!(
        denied["result"]["reason"], "delegation_scope_exceeded",
        "{denied}"
    );
    assert_eq!(denied["result"]["details"]["exceeding"], json!(["crm:write"]));

    let none = stack
        .post(&path, json!({ "version_id": version }))
        .await
        .expect(200);
    assert_eq!(
        (&none["explanation"]["evaluation"], &none["result"]),
        (&json!("not_executed"), &Value::Null)
    );
    // Nothing that a warning is for, and yet nothing that can be decided.
    let mut broken = input("crm:read");
    broken["principal"]["type"] = json!(7);
    let broken = stack
        .post(&path, json!({ "version_id": version, "input": broken }))
        .await
        .expect(200);
    assert_eq!(
        (
            &broken["explanation"]["evaluation"],
            &broken["warnings"],
            &broken["would_activate"]
        ),
        (&json!("failed"), &json!([]), &json!(false)),
        "{broken}"
    );
    let odd = json!({ "schema_version": "1", "principal": { "zone_id": "other" } });
    let odd = stack
        .post(&path, json!({ "version_id": version, "input": odd }))
        .await
        .expect(200);
    assert_eq!(odd["explanation"]["evaluation"], "failed");
    assert_eq!(
        odd["warnings"],
        json!([
            "input_schema_mismatch:1",
            "principal_zone_mismatch",
            "missing_resource",
            "missing_action",
            "missing_context",
        ])
    );
    assert_eq!(
        stack
            .post(&path, json!({ "version_id": "nobody" }))
            .await
            .refused(404),
        "version_not_found"
    );
    let after: Vec<Value> = stack.admin_audit(&zone).await;
    assert_eq!(after.len(), before + 1, "only the refusal is recorded");
}

#[tokio::test]
async fn a_policy_of_many_large_versions_is_answered_in_pages() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let source = |number: usize| format!("{}# {}{number}\n", grants("app"), "x".repeat(200_000));
    let body = json!({ "name": "large", "content": source(1) });
    let made = stack.post(&format!("{zone}/policies"), body).await.expect(201);
    let path = format!("{zone}/policies/{}", made["id"].as_str().unwrap());
    for number in 2..=12 {
        let body = json!({ "content": source(number) });
        stack.post(&format!("{path}/versions"), body).await.expect(201);
    }
    let reply = stack.get(&path).await;
    assert!(reply.text.len() < 1_200_000, "{} bytes", reply.text.len());
    let detail = reply.expect(200);
    let versions = detail["versions"].as_array().unwrap();
    assert_eq!(versions.len(), 12);
    assert_eq!(
        versions[0]["content"],
        source(12),
        "the newest comes with its source"
    );
    assert_eq!(
        (&versions[11]["content"], &versions[11]["content_bytes"]),
        (&Value::Null, &json!(source(1).len()))
    );
    let oldest = format!("{path}/versions/{}", versions[11]["id"].as_str().unwrap());
    assert_eq!(stack.get(&oldest).await.expect(200)["content"], source(1));

    let first = stack.get(&format!("{path}/versions?limit=7")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = stack
        .get(&format!("{path}/versions?limit=7&cursor={cursor}"))
        .await
        .expect(200);
    let numbers: Vec<_> = [&first, &rest]
        .into_iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|version| version["version"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (1..=12).rev().collect::<Vec<_>>());
    let stranger = format!(
        "{zone}/policies/other/versions/{}",
        versions[11]["id"].as_str().unwrap()
    );
    assert_eq!(
        stack.get(&stranger).await.refused(404),
        "policy_version_not_found"
    );
}

/// What half a kilobyte of brackets can cost is known before the parser runs, so the answer says where they stand.
#[tokio::test]
async fn brackets_that_would_keep_the_parser_busy_are_refused_with_their_place() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let token = stack.token("zone", zone.strip_prefix("/v1/zones/"), "read").await;
    for repeats in [20, 180, 800] {
        let items = vec!["[[[[[[[[[[1]]]]]]]]]]"; repeats].join(",");
        let content = format!("# caracal:data-document\npackage caracal.authz\nrestrict := [{items}]\n");
        let body = json!({ "content": content });
        let path = "/v1/policies/validate";
        let refused = stack
            .call(Some(&token), &[], Method::POST, path, Some(&body))
            .await
            .expect(422);
        let issue = &refused["details"]["issues"][0];
        assert_eq!(
            (&issue["code"], &issue["line"], &issue["path"]),
            (&json!("policy_too_complex"), &json!(3), &json!(["content"])),
            "{refused}"
        );
        assert!(issue["column"].as_u64() < Some(32), "{refused}");
        let body = json!({ "name": "brackets", "content": content });
        let reply = stack.post(&format!("{zone}/policies"), body).await;
        assert_eq!(reply.refused(422), "invalid_rego");
    }
}

#[tokio::test]
async fn an_activated_set_is_loaded_without_reading_its_sources_again() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let zone_id = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let (set, version, _) = stack.policy_set(&zone, "main", &grants("a")).await;
    let path = format!("{zone}/policy-sets/{set}/activate");
    stack
        .post(&path, json!({ "version_id": version }))
        .await
        .expect(202);
    let mut work = stack.parts.store.zone(&zone_id, Access::Read).await.unwrap();
    let kept = work.policy_sets().evaluated().await.unwrap().unwrap();
    drop(work);
    let documents = PolicyDocuments::from_stored(&kept.evaluated).unwrap();
    assert_eq!(documents.app_ids, Some(json!({ "crm": "a" })));
    // What is loaded is what was kept: something that the sources do not say shows it.
    let marked = PolicyDocuments {
        restrict: Some(json!(["kept"])),
        ..documents.clone()
    };
    for (kept_text, reasons) in [
        (marked.to_stored(), vec!["kept"]),
        (String::from("{\"form\":0}"), vec![]),
    ] {
        let mut work = stack.parts.store.zone(&zone_id, Access::Write).await.unwrap();
        let sha = &kept.version.manifest_sha256;
        assert!(
            work.policy_sets()
                .keep_evaluated(&kept.version.id, sha, &kept_text)
                .await
                .unwrap()
        );
        work.commit().await.unwrap();
        let loaded = stack.parts.zones.reload(&zone_id).await.unwrap();
        assert_eq!(loaded.policy_in_force().restriction_reasons(), reasons);
        assert_eq!(loaded.policy_in_force().unusable_reason(), None);
    }
}

#[tokio::test]
async fn a_mistyped_name_is_warned_of_and_a_restriction_without_a_value_is_refused() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let token = stack.token("zone", zone.strip_prefix("/v1/zones/"), "read").await;
    let codes = |answer: &Value| -> Vec<String> {
        let warnings = answer["warnings"].as_array().unwrap();
        warnings
            .iter()
            .map(|warning| warning["code"].as_str().unwrap().to_owned())
            .collect()
    };
    let head = "# caracal:data-document\npackage caracal.authz\n";
    let typo = format!(
        "{head}grants := {{\"r:1\": {{\"application\": \"desk\", \"role\": {{\"x\": [\"read\"]}}}}}}\n"
    );
    let expected = ["unknown_resource", "unknown_member"];
    let body = json!({ "content": typo });
    let path = "/v1/policies/validate";
    let valid = stack
        .call(Some(&token), &[], Method::POST, path, Some(&body))
        .await
        .expect(200);
    assert_eq!(codes(&valid), expected);
    assert_eq!(
        (&valid["warnings"][1]["line"], &valid["warnings"][1]["document"]),
        (&json!(3), &json!("grants"))
    );
    let body = json!({ "name": "typo", "content": typo });
    let made = stack.post(&format!("{zone}/policies"), body).await.expect(201);
    assert_eq!(codes(&made), expected);
    let set = stack
        .post(&format!("{zone}/policy-sets"), json!({ "name": "set" }))
        .await
        .expect(201);
    let path = format!("{zone}/policy-sets/{}", set["id"].as_str().unwrap());
    let entry = json!({ "policy_version_id": made["version_id"] });
    let version = stack
        .post(&format!("{path}/versions"), json!({ "manifest": [entry] }))
        .await
        .expect(201);
    assert_eq!(codes(&version), expected);
    let body = json!({ "version_id": version["version_id"] });
    let activated = stack.post(&format!("{path}/activate"), body).await.expect(202);
    assert_eq!(codes(&activated), expected);

    let undefined =
        "confinement := [{\"label_prefix\": \"agent\", \"scopes\": grants[\"gone\"].roles.agent}]\n";
    let body = json!({ "name": "undefined", "content": format!("{typo}{undefined}") });
    let refused = stack.post(&format!("{zone}/policies"), body).await.expect(422);
    assert_eq!(
        refused["error_description"],
        "data_document_undefined:confinement"
    );
}
