//! The ledger and the administrative chain as administrators read them.

use std::time::Duration;

use caracal_core::{ZoneId, audit::AuditEvent};
use caracal_storage::{Access, LedgerEntry};
use http::Method;
use serde_json::{Value, json, value::to_raw_value};

use crate::stack::{ADMIN, Stack, masked};

/// A zone whose ledger holds an allow and, a second later, a denial of the same request.
async fn ledger(stack: &Stack) -> String {
    let zone = stack.zone("acme").await;
    let id = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let world = &stack.parts.world;
    let mut entries = Vec::new();
    for (decision, reason) in [("allow", None), ("deny", Some("role_scope_mismatch"))] {
        let mut event = AuditEvent::new(world, id.clone(), "token_exchange", "req-1", decision)
            .with_metadata(&json!({
                "application_id": "app-1",
                "resource": "resource://crm",
                "requested_scopes": ["crm:write"],
                "agent_session_id": "ses-1",
                "agent_labels": ["=reader"],
                "session_id": "rec-1",
                "authorization": "Bearer canary",
            }));
        let diagnostics: Vec<Value> = reason
            .map(|reason| json!({ "reason": reason }))
            .into_iter()
            .collect();
        event.diagnostics_json = Some(to_raw_value(&diagnostics).unwrap());
        entries.push(LedgerEntry::written(&event, None).unwrap());
        world.manual_clock().advance(Duration::from_secs(1));
    }
    let mut work = stack.parts.store.zone(&id, Access::Write).await.unwrap();
    work.ledger().append(&entries, world.now()).await.unwrap();
    work.commit().await.unwrap();
    zone
}

#[tokio::test]
async fn events_are_searched_redacted_and_projected() {
    let stack = Stack::start().await;
    let zone = ledger(&stack).await;
    let path = format!("{zone}/audit");
    let page = stack
        .get(&format!("{path}?decision=deny&session_id=ses-1&label=%3Dreader"))
        .await
        .expect(200);
    insta::assert_json_snapshot!(masked(page, &["id", "zone_id"]), @r#"
    {
      "items": [
        {
          "decision": "deny",
          "determining_policies_json": null,
          "diagnostics_json": [
            {
              "reason": "role_scope_mismatch"
            }
          ],
          "evaluation_status": "complete",
          "event_type": "token_exchange",
          "id": "[id]",
          "ingested_at": "2026-05-21T12:00:02.000Z",
          "manifest_sha": null,
          "metadata_json": {
            "agent_labels": [
              "=reader"
            ],
            "agent_session_id": "ses-1",
            "application_id": "app-1",
            "authorization": "[redacted]",
            "requested_scopes": [
              "crm:write"
            ],
            "resource": "resource://crm",
            "session_id": "[redacted]"
          },
          "occurred_at": "2026-05-21T12:00:01.000Z",
          "policy_set_id": null,
          "policy_set_version_id": null,
          "request_id": "req-1",
          "zone_id": "[zone_id]"
        }
      ],
      "next_cursor": null
    }
    "#);
    let first = stack.get(&format!("{path}?limit=1")).await.expect(200);
    assert_eq!(first["items"][0]["decision"], "deny");
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = stack
        .get(&format!("{path}?limit=1&cursor={cursor}"))
        .await
        .expect(200);
    assert_eq!(
        (&second["items"][0]["decision"], &second["next_cursor"]),
        (&json!("allow"), &Value::Null)
    );
    let none = stack
        .get(&format!("{path}?authority_record_id=nobody"))
        .await
        .expect(200);
    assert_eq!(none["items"], json!([]));
    let flat = stack
        .get(&format!(
            "{path}?fields=decision,resource,tier&since=2026-05-21T12:00:01Z"
        ))
        .await
        .expect(200);
    assert_eq!(
        flat["items"],
        json!([{ "decision": "deny", "resource": "resource://crm" }])
    );
    let csv = stack
        .get(&format!("{path}?format=csv&fields=decision,agent_labels"))
        .await;
    assert_eq!(
        csv.text,
        "decision,agent_labels\r\ndeny,'=reader\r\nallow,'=reader\r\n"
    );
    let all = stack.get(&format!("{path}?format=csv")).await.text;
    assert!(all.starts_with("id,occurred_at,event_type,") && !all.contains("canary"));
    for (bad, code) in [
        ("decision=approved", "invalid_query"),
        ("since=yesterday", "invalid_query"),
        ("event_type=a,,b", "invalid_query"),
        ("limit=0", "invalid_query"),
        ("fields=metadata_json", "invalid_fields"),
        ("fields=", "invalid_fields"),
        ("cursor=x", "invalid_cursor"),
    ] {
        assert_eq!(
            stack.get(&format!("{path}?{bad}")).await.refused(400),
            code,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn a_denied_request_is_explained_with_its_reason_and_an_input_to_simulate() {
    let stack = Stack::start().await;
    let zone = ledger(&stack).await;
    let path = format!("{zone}/audit/by-request/req-1");
    let rows = stack.get(&path).await.expect(200);
    let decisions: Vec<&Value> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["decision"])
        .collect();
    assert_eq!(decisions, ["allow", "deny"], "oldest first");
    let explained = stack.get(&format!("{path}/explain")).await.expect(200);
    assert_eq!(explained["final_decision"], "deny");
    assert_eq!(explained["events"].as_array().unwrap().len(), 2);
    insta::assert_json_snapshot!(masked(explained["denied"].clone(), &["event_id", "zone_id"]), @r#"
    [
      {
        "details": null,
        "determining_policies": [],
        "diagnostics": [
          {
            "reason": "role_scope_mismatch"
          }
        ],
        "evaluation_status": "complete",
        "event_id": "[event_id]",
        "event_type": "token_exchange",
        "explanation": "no single label of the session holds every scope",
        "metadata": {
          "agent_labels": [
            "=reader"
          ],
          "agent_session_id": "ses-1",
          "application_id": "app-1",
          "authorization": "[redacted]",
          "requested_scopes": [
            "crm:write"
          ],
          "resource": "resource://crm",
          "session_id": "[redacted]"
        },
        "policy_input": {
          "action": {
            "id": "TokenExchange"
          },
          "context": {
            "actor_claims": {},
            "agent_session_id": "ses-1",
            "challenge_resolved": false,
            "requested_scopes": [
              "crm:write"
            ],
            "session_id": "rec-1"
          },
          "principal": {
            "agent_session_id": "ses-1",
            "id": "app-1",
            "labels": [
              "=reader"
            ],
            "type": "Application",
            "zone_id": "[zone_id]"
          },
          "resource": {
            "identifier": "resource://crm",
            "scopes": [
              "crm:write"
            ],
            "type": "Resource"
          },
          "schema_version": "2026-05-20",
          "session": {
            "id": "rec-1"
          }
        },
        "reason": "role_scope_mismatch",
        "suggestion": {
          "changes": [],
          "obstacle": "not_recorded"
        }
      }
    ]
    "#);
    for missing in ["by-request/req-2", "by-request/req-2/explain"] {
        assert_eq!(
            stack.get(&format!("{zone}/audit/{missing}")).await.refused(404),
            "request_not_found"
        );
    }
    let other = stack.zone("other").await;
    let reply = stack.get(&format!("{other}/audit/by-request/req-1")).await;
    assert_eq!(reply.refused(404), "request_not_found");
}

#[tokio::test]
async fn many_events_of_a_request_come_in_pages_of_bounded_bytes_that_a_header_links() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let id = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let world = &stack.parts.world;
    let padding = json!({ "padding": "x".repeat(20_000) });
    let entries: Vec<LedgerEntry> = (0..60)
        .map(|n| {
            let decision = if n == 59 { "deny" } else { "allow" };
            let event = AuditEvent::new(world, id.clone(), "token_exchange", "req-many", decision);
            LedgerEntry::written(&event.with_metadata(&padding), None).unwrap()
        })
        .collect();
    let mut work = stack.parts.store.zone(&id, Access::Write).await.unwrap();
    work.ledger().append(&entries, world.now()).await.unwrap();
    work.commit().await.unwrap();

    let path = format!("{zone}/audit/by-request/req-many");
    let (mut found, mut pages) = (Vec::new(), 0);
    let mut next = Some(String::new());
    while let Some(query) = next {
        let reply = stack.get(&format!("{path}{query}")).await;
        assert!(reply.text.len() < 600 * 1024, "{} bytes", reply.text.len());
        let link = reply.headers.get("link").map(|link| link.to_str().unwrap());
        next = link.map(|link| {
            let target = link.strip_suffix(">; rel=\"next\"").unwrap();
            target.strip_prefix('<').unwrap().to_owned()
        });
        pages += 1;
        for event in reply.expect(200).as_array().unwrap() {
            found.push(event["id"].as_str().unwrap().to_owned());
        }
    }
    let sent: Vec<_> = entries.iter().map(|entry| entry.event.id.clone()).collect();
    assert_eq!((found, pages), (sent, 3));

    // What ended the request is behind the first page, and is told all the same.
    let explained = stack.get(&format!("{path}/explain")).await;
    assert!(
        explained.text.len() < 700 * 1024,
        "{} bytes",
        explained.text.len()
    );
    let explained = explained.expect(200);
    assert_eq!(explained["final_decision"], "deny");
    assert_eq!(explained["denied"].as_array().unwrap().len(), 1);
    let cursor = explained["next_cursor"].as_str().unwrap();
    let rest = stack.get(&format!("{path}?cursor={cursor}")).await.expect(200);
    let shown = explained["events"].as_array().unwrap().len();
    assert_eq!(rest[0]["id"], entries[shown].event.id);
}

#[tokio::test]
async fn every_change_and_every_refusal_is_in_the_administrative_chain() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let body = json!({ "name": "crm", "registration_method": "managed" });
    let path = format!("{zone}/applications");
    let made = stack
        .call(
            Some(ADMIN),
            &[("x-request-id", "req-7")],
            Method::POST,
            &path,
            Some(&body),
        )
        .await
        .expect(201);
    stack.get(&format!("{path}/nobody")).await.refused(404);
    stack.post(&path, json!({})).await.refused(400);

    let rows = stack.admin_audit(&zone).await;
    assert_eq!(rows.len(), 4, "the zone, the application, two refusals: {rows:?}");
    let row = rows
        .iter()
        .find(|row| row["request_id"] == "req-7")
        .unwrap()
        .clone();
    let shown = masked(row, &["id", "actor_id", "entity_id", "action", "path"]);
    insta::assert_json_snapshot!(shown, @r#"
    {
      "action": "[action]",
      "actor_id": "[actor_id]",
      "actor_name": "bootstrap",
      "actor_scope": "global",
      "chain_seq": 2,
      "entity_id": "[entity_id]",
      "entity_type": "applications",
      "id": "[id]",
      "method": "POST",
      "occurred_at": "2026-05-21T12:00:00.000Z",
      "path": "[path]",
      "payload_json": {
        "change_kind": "create",
        "changed_fields": [
          "name",
          "registration_method"
        ],
        "rls_mode": "zone_scoped"
      },
      "request_id": "req-7",
      "signed": true,
      "status_code": 201
    }
    "#);
    let id = made["id"].as_str().unwrap();
    let of_it = stack
        .get(&format!("{zone}/admin-audit?entity_id={id}&method=POST"))
        .await
        .expect(200);
    assert_eq!(of_it["items"].as_array().unwrap().len(), 1);
    let flat = stack
        .get(&format!(
            "{zone}/admin-audit?entity_id={id}&fields=change_kind,changed_fields,status_code"
        ))
        .await
        .expect(200);
    assert_eq!(
        flat["items"],
        json!([{ "change_kind": "create", "changed_fields": ["name", "registration_method"], "status_code": 201 }])
    );
    let csv = stack
        .get(&format!(
            "{zone}/admin-audit?format=csv&fields=method,status_code"
        ))
        .await
        .text;
    assert!(
        csv.starts_with("method,status_code\r\n")
            && csv.contains("POST,400\r\n")
            && csv.contains("GET,404\r\n")
    );
    for (bad, code) in [
        ("method=GET", "invalid_query"),
        ("fields=payload_json", "invalid_fields"),
    ] {
        assert_eq!(
            stack.get(&format!("{zone}/admin-audit?{bad}")).await.refused(400),
            code
        );
    }
}

#[tokio::test]
async fn a_refused_change_leaves_nothing_but_its_record() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let body =
        json!({ "identifier": "resource://x", "scopes": ["a"], "upstream_url": "https://x.example.com" });
    stack.post(&format!("{zone}/resources"), body).await.refused(400);
    let control = json!({ "identifier": "caracal-control", "scopes": ["a"], "operations": [
        { "method": "GET", "path": "/", "scope": "b" },
    ] });
    // The provider this would have needed is made in the same transaction, and goes with it.
    stack
        .post(&format!("{zone}/resources"), control)
        .await
        .refused(400);
    assert_eq!(
        stack.get(&format!("{zone}/providers")).await.expect(200)["items"],
        json!([])
    );
    assert_eq!(
        stack.get(&format!("{zone}/resources")).await.expect(200)["items"],
        json!([])
    );
}
