//! The kill switch, and what administrators read of sessions and records.

use std::{sync::Arc, time::Duration};

use caracal_api::ApiConfig;
use caracal_core::{
    ApplicationId, AuthorityRecordId, DelegationId, JsonObject, ScopeSet, SessionId, ZoneId,
    claims::SubjectType,
    entity::{
        AuthorityRecord, AuthorityRecordStatus, Constraints, Delegation, DelegationStatus, Lifecycle,
        Session, SessionStatus,
    },
};
use caracal_storage::Access;
use caracal_testkit::parts::Backends;
use serde_json::{Value, json};

use crate::stack::{Stack, masked};

/// A user's record, a session on it with a child of another application, and a delegation between them; and a
/// bystander.
pub(crate) async fn fixture(stack: &Stack) -> String {
    let zone = stack.zone("acme").await;
    let (application, _) = stack.application(&zone, "crm").await;
    let (helper, _) = stack.application(&zone, "helper").await;
    let id = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let (application, helper) = (
        ApplicationId::parse(&application).unwrap(),
        ApplicationId::parse(&helper).unwrap(),
    );
    let mut work = stack.parts.store.zone(&id, Access::Write).await.unwrap();
    let now = stack.parts.world.now();
    for (record, subject_type, subject, owner) in [
        ("rec-user", SubjectType::User, "ada", &application),
        ("rec-helper", SubjectType::Application, helper.as_str(), &helper),
        ("rec-other", SubjectType::User, "bob", &application),
    ] {
        let record = AuthorityRecord {
            id: AuthorityRecordId::parse(record).unwrap(),
            zone_id: id.clone(),
            subject_type,
            subject_id: subject.to_owned(),
            application_id: owner.clone(),
            parent_id: None,
            status: AuthorityRecordStatus::Active,
            expires_at: now.plus(Duration::from_hours(1)),
            authenticated_at: now,
            issuer: (subject_type == SubjectType::User).then(|| String::from("https://idp.example.com")),
            created_at: now,
            revoked_at: None,
            revoked_reason: None,
        };
        work.authority_records().create(&record).await.unwrap();
    }
    for (session, owner, parent, record) in [
        ("ses-user", &application, None, "rec-user"),
        ("ses-child", &helper, Some("ses-user"), "rec-helper"),
        ("ses-other", &application, None, "rec-other"),
    ] {
        let session = Session {
            id: SessionId::parse(session).unwrap(),
            zone_id: id.clone(),
            application_id: owner.clone(),
            parent_id: parent.map(|parent| SessionId::parse(parent).unwrap()),
            subject_authority_record_id: AuthorityRecordId::parse(record).unwrap(),
            status: SessionStatus::Active,
            lifecycle: Lifecycle::Task,
            depth: u32::from(parent.is_some()),
            labels: vec![Arc::from("reader")],
            max_children: 10,
            child_count: 0,
            ttl_seconds: Some(3600),
            last_heartbeat_at: None,
            heartbeat_deadline_at: None,
            lease_generation: 0,
            termination_reason: None,
            metadata_json: JsonObject::default(),
            started_at: now,
            last_active_at: now,
            updated_at: now,
            terminated_at: None,
        };
        work.sessions().create(&session).await.unwrap();
    }
    let delegation = Delegation {
        id: DelegationId::parse("del-1").unwrap(),
        zone_id: id.clone(),
        source_session_id: SessionId::parse("ses-user").unwrap(),
        target_session_id: SessionId::parse("ses-child").unwrap(),
        issuer_application_id: application.clone(),
        receiver_application_id: helper.clone(),
        parent_edge_id: None,
        resource_id: None,
        scopes: ScopeSet::parse("crm:read"),
        constraints: Constraints::default(),
        status: DelegationStatus::Active,
        expires_at: now.plus(Duration::from_mins(10)),
        edge_version: 1,
        revoked_at: None,
        created_at: now,
    };
    work.delegations().create(&delegation).await.unwrap();
    work.commit().await.unwrap();
    zone
}

pub(crate) fn statuses(page: &Value, id: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            (
                row[id].as_str().unwrap().to_owned(),
                row["status"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    found.sort();
    found
}

pub(crate) fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(id, status)| ((*id).to_owned(), (*status).to_owned()))
        .collect()
}

#[tokio::test]
async fn subjects_are_listed_found_and_looked_at() {
    let stack = Stack::start().await;
    let zone = fixture(&stack).await;
    let all = stack.get(&format!("{zone}/subjects")).await.expect(200);
    let ids = |listed: &Value| -> Vec<String> {
        let items = listed["items"].as_array().unwrap().iter();
        items
            .map(|item| item["subject_id"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(&all).len(), 3);
    for (query, expected) in [
        ("search=DA", &["ada"][..]),
        ("search=%25", &[]),
        ("kind=user&search=bob", &["bob"]),
    ] {
        let found = stack.get(&format!("{zone}/subjects?{query}")).await.expect(200);
        assert_eq!(ids(&found), expected, "{query}");
    }
    let helper = stack
        .get(&format!("{zone}/subjects?search=HELP"))
        .await
        .expect(200);
    assert_eq!(helper["items"][0]["application_name"], "helper");
    let overview = stack
        .get(&format!("{zone}/subjects/overview?subject_id=ada"))
        .await
        .expect(200);
    insta::assert_json_snapshot!(masked(overview, &["application_id"]), @r#"
    {
      "approvals": {
        "pending": 0,
        "total": 0
      },
      "connections": [],
      "governed": {
        "active": 1,
        "recent": [
          {
            "application_id": "[application_id]",
            "application_name": "crm",
            "lifecycle": "task",
            "session_id": "ses-user",
            "started_at": "2026-05-21T12:00:00.000Z",
            "status": "active"
          }
        ],
        "total": 1
      },
      "subject": {
        "active_sessions": 1,
        "application_name": null,
        "federated": true,
        "first_seen": "2026-05-21T12:00:00.000Z",
        "issuer": "https://idp.example.com",
        "last_revoked_at": null,
        "last_seen": "2026-05-21T12:00:00.000Z",
        "revoked_sessions": 0,
        "subject_id": "ada",
        "total_sessions": 1
      }
    }
    "#);
    for (query, status, code) in [
        ("?subject_id=nobody", 404, "subject_not_found"),
        ("?subject_id=", 400, "invalid_query"),
        ("", 400, "invalid_query"),
    ] {
        let refused = stack.get(&format!("{zone}/subjects/overview{query}")).await;
        assert_eq!(refused.refused(status), code, "{query}");
    }
}

#[tokio::test]
async fn revoking_a_subject_ends_what_it_holds_and_nothing_else() {
    let stack = Stack::start().await;
    let zone = fixture(&stack).await;
    let path = format!("{zone}/subjects/revoke");
    let body = json!({ "subject_id": "ada", "reason": "left the company" });
    let ended = stack.post(&path, body.clone()).await.expect(200);
    assert_eq!(
        ended,
        json!({
            "subject_id": "ada", "authority_records": 1, "sessions": 2, "delegations": 1, "connections": 0,
            "blocked": false,
        })
    );
    let records = stack.get(&format!("{zone}/authority-records")).await.expect(200);
    assert_eq!(
        statuses(&records, "authority_record_id"),
        pairs(&[
            ("rec-helper", "active"),
            ("rec-other", "active"),
            ("rec-user", "revoked")
        ])
    );
    let sessions = stack.get(&format!("{zone}/sessions")).await.expect(200);
    assert_eq!(
        statuses(&sessions, "session_id"),
        pairs(&[
            ("ses-child", "terminated"),
            ("ses-other", "active"),
            ("ses-user", "terminated")
        ])
    );
    // In force in this process with the answer; the helper's own record, on which the child was anchored, lives.
    let revocations = &stack.parts.revocations;
    for gone in ["rec-user", "ses-user", "ses-child", "del-1"] {
        assert!(revocations.is_revoked(gone), "{gone}");
    }
    for kept in ["rec-helper", "rec-other", "ses-other"] {
        assert!(!revocations.is_revoked(kept), "{kept}");
    }
    let again = stack.post(&path, body).await.expect(200);
    assert_eq!(again["authority_records"], 0);
    assert_eq!(again["sessions"], 0);
    let rows = stack.admin_audit(&zone).await;
    let row = rows
        .iter()
        .find(|row| row["payload_json"]["terminated_sessions"] == 2)
        .unwrap();
    assert_eq!(row["payload_json"]["reason"], "left the company");
}

#[tokio::test]
async fn a_subject_is_kept_out_of_its_zone_until_somebody_lets_it_in() {
    for backends in [Backends::Embedded, Backends::Production] {
        let stack = Stack::over(backends, ApiConfig::default()).await;
        let (zone, other) = (fixture(&stack).await, stack.zone("other").await);
        let (revoke, unblock) = (
            format!("{zone}/subjects/revoke"),
            format!("{zone}/subjects/unblock"),
        );
        let blocked = async |zone: &str| {
            let page = stack.get(&format!("{zone}/subjects/blocked")).await.expect(200);
            page["items"].as_array().unwrap().clone()
        };
        let ada = json!({ "subject_id": "ada" });
        assert_eq!(stack.post(&unblock, &ada).await.refused(404), "subject_not_found");
        let body = json!({ "subject_id": "ada", "reason": "left", "block": true });
        let ended = stack.post(&revoke, &body).await.expect(200);
        assert_eq!(
            (&ended["authority_records"], &ended["blocked"]),
            (&json!(1), &json!(true))
        );
        // Whoever never came is kept out as well, and whoever is stays so.
        let unseen = json!({ "subject_id": "mallory", "block": true });
        stack.post(&revoke, &unseen).await.expect(200);
        stack.post(&revoke, &body).await.expect(200);
        let listed = blocked(&zone).await;
        assert_eq!(listed.len(), 2);
        let of_ada = listed.iter().find(|item| item["subject_id"] == "ada").unwrap();
        assert_eq!(
            (&of_ada["reason"], &of_ada["blocked_at"]),
            (&json!("left"), &json!("2026-05-21T12:00:00.000Z"))
        );
        assert!(blocked(&other).await.is_empty());
        // One alone, whoever else is kept out, and nothing of those who are not.
        let of = async |zone: &str, query: &str| {
            let page = stack
                .get(&format!("{zone}/subjects/blocked?subject_id={query}"))
                .await
                .expect(200);
            assert!(page["next_cursor"].is_null());
            page["items"].as_array().unwrap().clone()
        };
        assert_eq!(of(&zone, "ada").await, std::slice::from_ref(of_ada));
        for nobody in ["bob", "ad", "ADA", "%25"] {
            assert!(of(&zone, nobody).await.is_empty(), "{nobody}");
        }
        assert!(of(&other, "ada").await.is_empty());
        let wrong = format!("{zone}/subjects/blocked?subject_id={}", "x".repeat(513));
        assert_eq!(stack.get(&wrong).await.refused(400), "invalid_query");

        // Whatever way a person comes, they get a record by this.
        let id = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
        let other_id = ZoneId::parse(other.strip_prefix("/v1/zones/").unwrap()).unwrap();
        let admitted = async |zone: &ZoneId, person: &str| {
            let mut work = stack.parts.store.zone(zone, Access::Write).await.unwrap();
            work.subjects().admits(person).await.unwrap()
        };
        assert!(!admitted(&id, "ada").await && !admitted(&id, "mallory").await);
        assert!(admitted(&id, "bob").await && admitted(&other_id, "ada").await);
        let let_in = stack.post(&unblock, &ada).await.expect(200);
        assert_eq!(let_in, json!({ "subject_id": "ada", "blocked": false }));
        assert!(admitted(&id, "ada").await);
        assert_eq!(stack.post(&unblock, &ada).await.refused(404), "subject_not_found");
        let rows = stack.admin_audit(&zone).await;
        let noted = |member: &str, value: Value| {
            rows.iter()
                .filter(|row| row["payload_json"][member] == value)
                .count()
        };
        assert_eq!(noted("blocked", json!(true)), 3);
    }
}

#[tokio::test]
async fn a_revocation_of_nobody_and_with_hostile_text_is_refused() {
    let stack = Stack::start().await;
    let zone = fixture(&stack).await;
    let path = format!("{zone}/subjects/revoke");
    for (body, status, code) in [
        (json!({ "subject_id": "nobody" }), 404, "subject_not_found"),
        (json!({}), 400, "invalid_subject_revoke"),
        (json!({ "subject_id": "" }), 400, "invalid_subject_revoke"),
        (
            json!({ "subject_id": "ada", "reason": "a\nzone_id=other" }),
            400,
            "invalid_subject_revoke",
        ),
        (
            json!({ "subject_id": "ada", "reason": "x".repeat(513) }),
            400,
            "invalid_subject_revoke",
        ),
        (
            json!({ "subject_id": "ada", "block": "yes" }),
            400,
            "invalid_subject_revoke",
        ),
    ] {
        assert_eq!(
            stack.post(&path, body.clone()).await.refused(status),
            code,
            "{body}"
        );
    }
    let other = stack.zone("other").await;
    let reply = stack
        .post(
            &format!("{other}/subjects/revoke"),
            json!({ "subject_id": "ada" }),
        )
        .await;
    assert_eq!(reply.refused(404), "subject_not_found");
    assert!(!stack.parts.revocations.is_revoked("rec-user"));
}

#[tokio::test]
async fn records_and_sessions_are_listed_with_filters_and_as_csv() {
    let stack = Stack::start().await;
    let zone = fixture(&stack).await;
    let users = stack
        .get(&format!("{zone}/authority-records?kind=user&subject_id=ada"))
        .await
        .expect(200);
    insta::assert_json_snapshot!(masked(users, &["zone_id", "application_id"]), @r#"
    {
      "items": [
        {
          "application_id": "[application_id]",
          "authenticated_at": "2026-05-21T12:00:00.000Z",
          "authority_record_id": "rec-user",
          "authority_record_type": "user",
          "created_at": "2026-05-21T12:00:00.000Z",
          "expires_at": "2026-05-21T13:00:00.000Z",
          "federated_user_issuer": "https://idp.example.com",
          "parent_authority_record_id": null,
          "revoked_at": null,
          "revoked_reason": null,
          "status": "active",
          "subject_id": "ada",
          "zone_id": "[zone_id]"
        }
      ],
      "next_cursor": null
    }
    "#);
    let children = stack
        .get(&format!("{zone}/sessions?parent_session_id=ses-user"))
        .await
        .expect(200);
    insta::assert_json_snapshot!(masked(children, &["application_id", "subject_id"]), @r#"
    {
      "items": [
        {
          "application_id": "[application_id]",
          "child_count": 0,
          "depth": 1,
          "federated_user_id": null,
          "federated_user_issuer": null,
          "labels": [
            "reader"
          ],
          "last_active_at": "2026-05-21T12:00:00.000Z",
          "lifecycle": "task",
          "parent_session_id": "ses-user",
          "session_id": "ses-child",
          "started_at": "2026-05-21T12:00:00.000Z",
          "status": "active",
          "subject_authority_record_id": "rec-helper",
          "subject_id": "[subject_id]",
          "terminated_at": null,
          "termination_reason": null,
          "ttl_seconds": 3600
        }
      ],
      "next_cursor": null
    }
    "#);
    let of_ada = stack
        .get(&format!(
            "{zone}/sessions?subject_id=ada&label=reader&status=active"
        ))
        .await
        .expect(200);
    assert_eq!(of_ada["items"][0]["federated_user_id"], "ada");
    let csv = stack.get(&format!("{zone}/sessions?format=csv")).await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert!(
        csv.headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment; filename=\"sessions-")
    );
    assert_eq!(csv.text.matches("\r\n").count(), 4);
    for bad in [
        "sessions?status=gone",
        "sessions?limit=1001",
        "sessions?parent_session_id=a%20b",
        "authority-records?kind=robot",
        "authority-records?status=suspended",
        "authority-records?format=xml",
    ] {
        assert_eq!(
            stack.get(&format!("{zone}/{bad}")).await.refused(400),
            "invalid_query",
            "{bad}"
        );
    }
}

#[tokio::test]
async fn revoking_live_short_lived_applications_ends_their_authority() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    stack
        .patch(&zone, json!({ "dcr_enabled": true }))
        .await
        .expect(200);
    let made = stack
        .post(&format!("{zone}/applications/dcr"), json!({ "name": "bot" }))
        .await
        .expect(201);
    let application = ApplicationId::parse(made["id"].as_str().unwrap()).unwrap();
    let id = ZoneId::parse(zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let now = stack.parts.world.now();
    let record = AuthorityRecord {
        id: AuthorityRecordId::parse("rec-bot").unwrap(),
        zone_id: id.clone(),
        subject_type: SubjectType::Application,
        subject_id: application.as_str().to_owned(),
        application_id: application.clone(),
        parent_id: None,
        status: AuthorityRecordStatus::Active,
        expires_at: now.plus(Duration::from_hours(1)),
        authenticated_at: now,
        issuer: None,
        created_at: now,
        revoked_at: None,
        revoked_reason: None,
    };
    let mut work = stack.parts.store.zone(&id, Access::Write).await.unwrap();
    work.authority_records().create(&record).await.unwrap();
    work.commit().await.unwrap();
    let off = json!({ "dcr_enabled": false, "dcr_shutdown": "revoke_live" });
    stack.patch(&zone, off).await.expect(200);
    let records = stack.get(&format!("{zone}/authority-records")).await.expect(200);
    assert_eq!(records["items"][0]["revoked_reason"], "dcr_shutdown");
    assert!(stack.parts.revocations.is_revoked("rec-bot"));
}
