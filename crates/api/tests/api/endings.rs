//! What ends with an application, with a zone and with a subject, and who is told.

use std::collections::BTreeMap;

use caracal_events::Topic;
use http::Method;
use serde_json::json;

use crate::{
    stack::Stack,
    subjects::{fixture, pairs, statuses},
};

pub(crate) async fn id_of(stack: &Stack, zone: &str, name: &str) -> String {
    let page = stack.get(&format!("{zone}/applications")).await.expect(200);
    let items = page["items"].as_array().unwrap();
    let found = items.iter().find(|row| row["name"] == name).unwrap();
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn archiving_an_application_ends_what_it_holds_handed_on_and_runs() {
    let stack = Stack::start().await;
    let zone = fixture(&stack).await;
    let crm = id_of(&stack, &zone, "crm").await;
    stack
        .delete(&format!("{zone}/applications/{crm}"))
        .await
        .expect(204);
    // The child runs under another application and lives below a session of this one.
    for gone in [
        "rec-user",
        "rec-other",
        "ses-user",
        "ses-other",
        "ses-child",
        "del-1",
    ] {
        assert!(stack.parts.revocations.is_revoked(gone), "{gone}");
    }
    assert!(!stack.parts.revocations.is_revoked("rec-helper"));
    let sessions = stack.get(&format!("{zone}/sessions")).await.expect(200);
    assert_eq!(
        statuses(&sessions, "session_id"),
        pairs(&[
            ("ses-child", "terminated"),
            ("ses-other", "terminated"),
            ("ses-user", "terminated")
        ])
    );
    let rows = stack.admin_audit(&zone).await;
    let row = rows.iter().find(|row| row["method"] == "DELETE").unwrap();
    assert_eq!(row["payload_json"]["terminated_sessions"], 3);
    assert_eq!(row["payload_json"]["revoked_delegations"], 1);
}

#[tokio::test]
async fn archiving_the_receiver_ends_what_it_was_given_and_spares_the_giver() {
    let stack = Stack::start().await;
    let zone = fixture(&stack).await;
    let helper = id_of(&stack, &zone, "helper").await;
    stack
        .delete(&format!("{zone}/applications/{helper}"))
        .await
        .expect(204);
    for gone in ["rec-helper", "ses-child", "del-1"] {
        assert!(stack.parts.revocations.is_revoked(gone), "{gone}");
    }
    for kept in ["rec-user", "ses-user", "rec-other", "ses-other"] {
        assert!(!stack.parts.revocations.is_revoked(kept), "{kept}");
    }
}

#[tokio::test]
async fn archiving_a_zone_ends_everything_in_it_and_its_own_tokens() {
    let stack = Stack::start().await;
    let zone = fixture(&stack).await;
    let other = stack.zone("other").await;
    let id = |path: &str| path.strip_prefix("/v1/zones/").unwrap().to_owned();
    let token = stack.token("zone", Some(&id(&zone)), "write").await;
    let kept = stack.token("zone", Some(&id(&other)), "write").await;
    let crm = id_of(&stack, &zone, "crm").await;
    let applications = format!("{zone}/applications");
    stack
        .call(Some(&token), &[], Method::GET, &applications, None)
        .await
        .expect(200);
    stack.delete(&zone).await.expect(204);
    for gone in [
        "rec-user",
        "rec-other",
        "rec-helper",
        "ses-user",
        "ses-other",
        "ses-child",
        "del-1",
    ] {
        assert!(stack.parts.revocations.is_revoked(gone), "{gone}");
    }
    for (method, path) in [
        (Method::GET, applications.clone()),
        (Method::GET, format!("{applications}/{crm}/client-secret")),
        (Method::POST, format!("{applications}/{crm}/rotate-secret")),
        (Method::GET, format!("{zone}/audit")),
        (Method::GET, format!("{zone}/admin-audit")),
        (Method::GET, String::from("/v1/policy-templates")),
    ] {
        let reply = stack.call(Some(&token), &[], method, &path, None).await;
        assert_eq!(reply.refused(401), "invalid_admin_token", "{path}");
    }
    stack
        .call(
            Some(&kept),
            &[],
            Method::GET,
            &format!("{other}/applications"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(stack.delete(&zone).await.refused(404), "zone_not_found");
    let never = "/v1/zones/never-there";
    assert_eq!(stack.delete(never).await.refused(404), "zone_not_found");
}

#[tokio::test]
async fn the_kill_switch_tells_the_same_as_every_other_end() {
    let stack = Stack::start().await;
    let zone = fixture(&stack).await;
    let topics = [
        Topic::SessionsRevoke,
        Topic::DelegationsInvalidate,
        Topic::AgentsLifecycle,
    ];
    let mut heard = stack.parts.bus.subscribe(&topics).await.unwrap();
    let reader = tokio::spawn(async move {
        let mut events: Vec<(Topic, BTreeMap<String, String>)> = Vec::new();
        while events.len() < 6 {
            let (topic, batch) = heard.next().await.unwrap();
            events.extend(
                batch
                    .into_iter()
                    .map(|entry| (topic, entry.fields.into_iter().collect())),
            );
        }
        events
    });
    let body = json!({ "subject_id": "ada", "reason": "left" });
    stack
        .post(&format!("{zone}/subjects/revoke"), body)
        .await
        .expect(200);
    let events = tokio::time::timeout(std::time::Duration::from_secs(30), reader)
        .await
        .unwrap()
        .unwrap();
    let edge = events
        .iter()
        .find(|(topic, _)| *topic == Topic::DelegationsInvalidate)
        .map(|(_, fields)| fields)
        .unwrap();
    assert_eq!(
        [
            &edge["event"],
            &edge["edge_id"],
            &edge["affected_edges"],
            &edge["epoch"],
            &edge["reason"]
        ],
        ["edge_revoke", "del-1", "1", "1", "left"]
    );
    let ended: Vec<&str> = events
        .iter()
        .filter(|(topic, _)| *topic == Topic::AgentsLifecycle)
        .map(|(_, fields)| fields["agent_session_id"].as_str())
        .collect();
    assert_eq!(ended, ["ses-user", "ses-child"], "each once, root first");
}
