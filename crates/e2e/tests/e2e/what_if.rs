//! What would change if another policy were in force, told from what was decided.

use std::collections::BTreeSet;

use caracal_core::{Timestamp, json};
use caracal_e2e::{
    Call, Document, Fixture, GATE, OTHER, READ, Reply, Stack, TICKETS, WRITE, on_every_deployment,
};
use caracal_wire::control::{
    Line,
    replay::{AskLeastPrivilege, AskReplay},
};
use serde_json::{Value, json};

use crate::support::assert_passed;

on_every_deployment!(
    a_candidate_that_takes_a_scope_away_denies_exactly_what_used_it,
    a_candidate_that_says_the_same_changes_nothing,
    a_replay_goes_on_where_it_ended_and_adds_up,
    a_replay_of_what_is_not_there_is_refused,
    a_policy_is_tightened_to_what_was_used,
);

/// What the fixture runs with, with these roles for the tickets.
fn with_roles(fixture: &Fixture<'_>, roles: &Value) -> String {
    let other = json!({"reader": [READ], "writer": [READ, WRITE]});
    Document::empty()
        .rule("app_ids", &json!({"desk": fixture.application.id}))
        .rule(
            "grants",
            &json!({
                TICKETS: {"application": "desk", "roles": roles},
                OTHER: {"application": "desk", "roles": other},
            }),
        )
        .rule(
            "confinement",
            &json!([{"label_prefix": "customer:", "scopes": [READ]}]),
        )
        .into()
}

fn id_of(reply: &Reply) -> String {
    reply.headers["x-request-id"].to_str().expect("an id").to_owned()
}

/// A writer that reads, writes and asks for more than it may; the requests for writing, and the one that was refused.
async fn work(fixture: &Fixture<'_>) -> (BTreeSet<String>, String) {
    let agent = fixture.agent_with(&["writer"], &[READ, WRITE, GATE]).await;
    let read = fixture.mandate(&agent, READ).await;
    assert_passed(&fixture.call(&read).await);
    let minted = fixture.mint(&agent, WRITE).await.expect(200);
    let posted = Call {
        method: "POST",
        ..Call::default()
    };
    let written = fixture.call_with(&minted.text_of("access_token"), &posted).await;
    assert_passed(&written);
    let refused = fixture.mint(&agent, GATE).await;
    refused.assert_refused(403, "access_denied", "role_scope_mismatch");
    for (request, events) in [(id_of(&minted), 1), (id_of(&written), 2), (id_of(&refused), 1)] {
        fixture
            .zone
            .events_of(&request, |found| found.len() >= events)
            .await;
    }
    (BTreeSet::from([id_of(&minted), id_of(&written)]), id_of(&refused))
}

async fn replay(fixture: &Fixture<'_>, candidate: &(String, String), asked: AskReplay) -> Reply {
    let (set, version) = candidate;
    let path = format!("/policy-sets/{set}/versions/{version}/replay");
    fixture.zone.admin("POST", &path, Some(json::tree(&asked))).await
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).expect("an instant")
}

fn number(replayed: &Value, name: &str) -> u64 {
    replayed[name]
        .as_u64()
        .unwrap_or_else(|| panic!("no {name} in {replayed:#}"))
}

async fn a_candidate_that_takes_a_scope_away_denies_exactly_what_used_it(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let (writes, refused) = work(&fixture).await;
    let roles = json!({"reader": [READ], "writer": [READ]});
    let candidate = fixture.zone.candidate(&[with_roles(&fixture, &roles)]).await;
    let replayed = replay(
        &fixture,
        &candidate,
        AskReplay {
            samples: Some(50),
            ..AskReplay::default()
        },
    )
    .await
    .expect(200)
    .json;
    // The mandate would not be minted, and one that was could not be used.
    assert_eq!(number(&replayed, "newly_denied"), 2, "{replayed:#}");
    assert_eq!(number(&replayed, "newly_allowed"), 0, "{replayed:#}");
    assert_eq!(
        number(&replayed, "unchanged") + 2,
        number(&replayed, "decisions"),
        "{replayed:#}"
    );
    assert!(number(&replayed, "decisions") >= 6, "{replayed:#}");
    assert_eq!(replayed["undecidable"], json!([]));
    let groups = replayed["groups"].as_array().expect("groups");
    assert_eq!(groups.len(), 1, "{replayed:#}");
    let group = &groups[0];
    assert_eq!(
        (
            &group["change"],
            &group["application_id"],
            &group["resource"],
            &group["scopes"],
            &group["reason"]
        ),
        (
            &json!("newly_denied"),
            &json!(fixture.application.id),
            &json!(TICKETS),
            &json!([WRITE]),
            &json!("role_scope_mismatch")
        )
    );
    let named = group["request_ids"].as_array().expect("requests");
    let named: BTreeSet<String> = named
        .iter()
        .filter_map(|id| id.as_str().map(str::to_owned))
        .collect();
    assert_eq!(named, writes);

    // The other way round.
    let roles = json!({"reader": [READ], "writer": [READ, WRITE, GATE]});
    let candidate = fixture.zone.candidate(&[with_roles(&fixture, &roles)]).await;
    let replayed = replay(&fixture, &candidate, AskReplay::default())
        .await
        .expect(200)
        .json;
    assert_eq!(
        (
            number(&replayed, "newly_allowed"),
            number(&replayed, "newly_denied")
        ),
        (1, 0),
        "{replayed:#}"
    );
    assert_eq!(replayed["groups"][0]["request_ids"], json!([refused]));
    // Nothing of it is in force.
    let agent = fixture.agent_with(&["writer"], &[GATE]).await;
    let refused = fixture.mint(&agent, GATE).await;
    refused.assert_refused(403, "access_denied", "role_scope_mismatch");
}

async fn a_candidate_that_says_the_same_changes_nothing(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    work(&fixture).await;
    let same = Document::of(&fixture.application).into();
    let candidate = fixture.zone.candidate(&[same]).await;
    let replayed = replay(
        &fixture,
        &candidate,
        AskReplay {
            hours: Some(1),
            ..AskReplay::default()
        },
    )
    .await
    .expect(200)
    .json;
    assert!(number(&replayed, "decisions") >= 6, "{replayed:#}");
    assert_eq!(
        number(&replayed, "unchanged"),
        number(&replayed, "decisions"),
        "{replayed:#}"
    );
    assert_eq!(
        (
            &replayed["groups"],
            &replayed["undecidable"],
            &replayed["complete"],
            &replayed["next_cursor"]
        ),
        (&json!([]), &json!([]), &json!(true), &Value::Null)
    );
    // Before anything was decided there is nothing to decide again.
    let window = AskReplay {
        since: Some(at("2020-01-01T00:00:00Z")),
        until: Some(at("2020-01-02T00:00:00Z")),
        ..AskReplay::default()
    };
    let before = replay(&fixture, &candidate, window).await.expect(200).json;
    assert_eq!(
        (number(&before, "decisions"), &before["complete"]),
        (0, &json!(true)),
        "{before:#}"
    );
}

async fn a_replay_goes_on_where_it_ended_and_adds_up(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    work(&fixture).await;
    let nothing = with_roles(&fixture, &json!({}));
    let candidate = fixture.zone.candidate(&[nothing]).await;
    let whole = replay(&fixture, &candidate, AskReplay::default())
        .await
        .expect(200)
        .json;
    assert_eq!(whole["complete"], true);
    let (mut parts, mut sum, mut body) = (
        0,
        [0; 4],
        AskReplay {
            limit: Some(2),
            ..AskReplay::default()
        },
    );
    let names = ["decisions", "unchanged", "newly_denied", "other_events"];
    loop {
        let part = replay(&fixture, &candidate, body).await.expect(200).json;
        for (sum, name) in sum.iter_mut().zip(names) {
            *sum += number(&part, name);
        }
        parts += 1;
        let Some(cursor) = part["next_cursor"].as_str() else {
            assert_eq!(
                (&part["complete"], number(&part, "entries_left")),
                (&json!(true), 0)
            );
            break;
        };
        assert!(
            number(&part, "entries_left") > 0 && part["complete"] == false,
            "{part:#}"
        );
        body = AskReplay {
            limit: Some(2),
            cursor: Some(Line(cursor.to_owned())),
            ..AskReplay::default()
        };
    }
    assert!(parts > 2, "{parts}");
    assert_eq!(sum.to_vec(), names.map(|name| number(&whole, name)));
}

async fn a_replay_of_what_is_not_there_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let same = Document::of(&fixture.application).into();
    let (set, version) = fixture.zone.candidate(&[same]).await;
    for (candidate, body, status, code) in [
        (
            (set.clone(), String::from("another")),
            AskReplay::default(),
            404,
            "version_not_found",
        ),
        (
            (String::from("another"), version.clone()),
            AskReplay::default(),
            404,
            "version_not_found",
        ),
        (
            (set.clone(), version.clone()),
            AskReplay {
                hours: Some(0),
                ..AskReplay::default()
            },
            400,
            "invalid_body",
        ),
        (
            (set.clone(), version.clone()),
            AskReplay {
                hours: Some(2161),
                ..AskReplay::default()
            },
            400,
            "invalid_body",
        ),
        (
            (set.clone(), version.clone()),
            AskReplay {
                limit: Some(0),
                ..AskReplay::default()
            },
            400,
            "invalid_body",
        ),
        (
            (set.clone(), version.clone()),
            AskReplay {
                samples: Some(51),
                ..AskReplay::default()
            },
            400,
            "invalid_body",
        ),
        (
            (set.clone(), version.clone()),
            AskReplay {
                since: Some(at("2020-01-01T00:00:00Z")),
                ..AskReplay::default()
            },
            400,
            "invalid_body",
        ),
        (
            (set.clone(), version.clone()),
            AskReplay {
                cursor: Some(Line(String::from("e30"))),
                ..AskReplay::default()
            },
            400,
            "invalid_cursor",
        ),
    ] {
        let refused = replay(&fixture, &candidate, body.clone()).await;
        assert_eq!(
            (refused.status, refused.json["error"].as_str()),
            (status, Some(code)),
            "{body:?} {refused:#?}"
        );
    }
    // Nor is another zone's version replayed over this one's evidence.
    let elsewhere = Fixture::set_up(stack).await;
    assert_eq!(
        replay(&elsewhere, &(set, version), AskReplay::default())
            .await
            .status,
        404
    );
}

async fn a_policy_is_tightened_to_what_was_used(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    work(&fixture).await;
    let same = Document::of(&fixture.application).into();
    let (set, version) = fixture.zone.candidate(&[same]).await;
    let path = format!("/policy-sets/{set}/versions/{version}/least-privilege");
    let judged = fixture
        .zone
        .admin(
            "POST",
            &path,
            Some(json::tree(&AskLeastPrivilege {
                hours: Some(1),
                ..AskLeastPrivilege::default()
            })),
        )
        .await
        .expect(200)
        .json;
    assert_eq!(
        (&judged["complete"], number(&judged, "undecidable")),
        (&json!(true), 0),
        "{judged:#}"
    );
    let part =
        |resource, label| json!({"resource": resource, "application": "desk", "label": label, "scope": null});
    assert_eq!(
        judged["unneeded"],
        json!([part(OTHER, Value::Null), part(TICKETS, json!("reader"))]),
        "{judged:#}"
    );
    assert_eq!(judged["unneeded_keys"], json!([]));
    let tight = judged["content"].as_str().expect("a policy").to_owned();
    let candidate = fixture.zone.candidate(std::slice::from_ref(&tight)).await;
    let replayed = replay(
        &fixture,
        &candidate,
        AskReplay {
            hours: Some(1),
            ..AskReplay::default()
        },
    )
    .await
    .expect(200)
    .json;
    assert_eq!(
        number(&replayed, "unchanged"),
        number(&replayed, "decisions"),
        "{replayed:#}"
    );
    // In force it goes on as before, and what nobody used is gone.
    fixture.zone.activate(&[tight]).await;
    work(&fixture).await;
    let reader = fixture.agent_with(&["reader"], &[READ]).await;
    let refused = fixture.mint(&reader, READ).await;
    refused.assert_refused(403, "access_denied", "role_scope_mismatch");
}
