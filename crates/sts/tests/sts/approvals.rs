//! Requests that wait for a person: held, decided, released once.

use std::{collections::BTreeSet, time::Duration};

use axum::http::{Method, StatusCode};
use caracal_core::{
    ApprovalId, AuthorityRecordId,
    claims::{Confirmation, MandateClaims, MandateUse, SubjectType},
    entity::AuthorityRecord,
};
use caracal_lifecycle::approvals::{Approver, EvidenceWriter, MAX_PENDING, decide};
use caracal_storage::Access;
use caracal_testkit::{client::Answer, key_holder::KeyHolder, parts::ISSUER};
use serde_json::{Value, json};

use crate::fixture::{Fixture, LIFECYCLE};

/// Policy documents under which reading tickets needs a person.
pub(crate) const TIER: &str = concat!(
    "risk := [{\"scope\": \"tickets:read\", \"tier\": \"high\"}]\n",
    "approval_tiers := [{\"tier\": \"high\", \"ttl_seconds\": 600}]"
);

async fn gated(tiers: &str) -> Fixture {
    let fixture = Fixture::new().await;
    fixture.activate(&fixture.policy(tiers)).await;
    fixture
}

/// Asks, and is held.
async fn held(fixture: &Fixture) -> Answer {
    let answer = fixture.mint(&[]).await;
    assert_eq!(answer.refusal(), "401 interaction_required", "{}", answer.text);
    answer
}

/// Decides as the Control API does.
pub(crate) async fn decided(fixture: &Fixture, id: &str, approve: bool) {
    said(fixture, "admin:1", id, approve).await;
}

async fn said(fixture: &Fixture, name: &str, id: &str, approve: bool) {
    let id = ApprovalId::parse(id).unwrap();
    let witness = EvidenceWriter {
        world: &fixture.parts.world,
        keys: Some(&fixture.parts.audit_key),
        request_id: "req-decision",
    };
    let mut work = fixture.work(Access::Write).await;
    let by = Approver::Operator(name);
    decide(work.as_mut(), &witness, &id, by, (approve, None))
        .await
        .unwrap();
    work.commit().await.unwrap();
    fixture.parts.outbox.wake();
}

async fn asked(fixture: &Fixture, path: &str) -> Answer {
    fixture.client.call(Method::GET, path).send().await
}

/// Type, decision and metadata of the events about the approval.
async fn evidence(fixture: &Fixture, id: &str) -> Vec<(String, String, Value)> {
    fixture.parts.wait_in_sync().await;
    let events = fixture.parts.events().await.into_iter();
    let about = events.filter_map(|event| {
        let metadata: Value = serde_json::from_str(event.metadata_json?.get()).unwrap();
        let about = event.event_type.starts_with("step_up_") && metadata["challenge_id"] == id;
        about.then(|| (event.event_type.to_string(), event.decision, metadata))
    });
    about.collect()
}

#[tokio::test]
async fn a_request_under_a_tier_waits_and_is_released_once_for_all_that_was_asked() {
    let fixture = gated(TIER).await;
    let first = held(&fixture).await;
    assert_eq!(
        first.headers["www-authenticate"],
        "Bearer error=\"interaction_required\""
    );
    let id = first.text("approval_id");
    for (member, value) in [
        ("approval_type", "human_approval"),
        ("state", "pending"),
        ("tier", "high"),
        ("reason", "approval_required"),
    ] {
        assert_eq!(first.body[member], value, "{}", first.text);
    }
    assert_eq!(first.text("binding").len(), 64);
    let end = fixture.now().plus(Duration::from_mins(10));
    assert_eq!(
        first.body["approval_expires_at"],
        serde_json::to_value(end).unwrap()
    );
    // Who asks again, with or without naming it, waits for the same.
    assert_eq!(held(&fixture).await.text("approval_id"), id);
    let named = fixture.mint(&[("approval_id", &id)]).await;
    assert_eq!(named.refusal(), "401 interaction_required");
    assert_eq!(named.text("approval_id"), id);
    let event = fixture.last_exchange().await;
    assert_eq!(
        (event.decision.as_str(), event.evaluation_status.as_str()),
        ("deny", "approval_pending")
    );

    let path = format!("/approvals/{id}");
    let status = asked(&fixture, &path).await.expect(200);
    assert_eq!((&status["id"], &status["state"]), (&json!(id), &json!("pending")));
    for (path, outcome) in [
        ("/approvals/no-such-approval", (404, "resource_not_found")),
        (&format!("{path}?wait=soon"), (400, "invalid_token")),
        (&format!("{path}?wait=-1"), (400, "invalid_token")),
    ] {
        assert_eq!(asked(&fixture, path).await.outcome(), outcome, "{path}");
    }

    decided(&fixture, &id, true).await;
    assert_eq!(
        asked(&fixture, &format!("{path}?wait=25")).await["state"],
        "approved"
    );
    let minted = fixture.mint(&[("approval_id", &id)]).await.expect(200);
    let claims = fixture.claims(&minted.text("access_token")).await;
    fixture.rules(&[MandateUse::Gateway]).check(&claims).unwrap();
    assert_eq!(asked(&fixture, &path).await["state"], "consumed");
    let mut work = fixture.work(Access::Read).await;
    let record = work.authority_records().get(&claims.sid).await.unwrap().unwrap();
    assert_eq!(
        record.parent_id.as_ref(),
        Some(&fixture.record.id),
        "a cascade reaches it"
    );
    drop(work);

    // An answer that was lost is given again: another token of the same record, and no longer.
    fixture.parts.pass(Duration::from_secs(100)).await;
    let again = fixture.mint(&[("approval_id", &id)]).await.expect(200);
    let repeated = fixture.claims(&again.text("access_token")).await;
    assert!(repeated.sid == claims.sid && repeated.jti != claims.jti && repeated.exp <= claims.exp);
    fixture.parts.pass(Duration::from_secs(21)).await;
    let late = fixture.mint(&[("approval_id", &id)]).await;
    assert_eq!(late.outcome(), (409, "approval_consumed"));
    // The next request is another, which waits anew.
    assert_ne!(held(&fixture).await.text("approval_id"), id);

    let told = evidence(&fixture, &id).await;
    let words: Vec<_> = told
        .iter()
        .map(|(kind, decision, _)| (kind.as_str(), decision.as_str()))
        .collect();
    assert_eq!(
        words,
        [
            ("step_up_issued", "pending"),
            ("step_up_decided", "approved"),
            ("step_up_consumed", "consumed"),
            ("step_up_consumed", "consumed"),
        ]
    );
    assert_eq!(told[0].2["resources"], json!([fixture.resource.identifier]));
    assert_eq!(told[0].2["agent_session_id"], fixture.target.id.as_str());
    assert_eq!(told[2].2["authority_record_id"], claims.sid.as_str());
    assert_eq!(told[3].2["reissued"], true);
}

#[tokio::test]
async fn an_approval_releases_nothing_but_what_it_was_given_for() {
    let fixture = gated(TIER).await;
    let id = held(&fixture).await.text("approval_id");
    decided(&fixture, &id, true).await;
    let unknown = "01890a5d-ac96-474b-8cce-b302099a8057";
    for changes in [
        &[("approval_id", unknown)][..],
        &[("approval_id", &id), ("scope", "tickets:write")],
        &[("approval_id", &id), ("scope", "")],
        &[("approval_id", &id), ("session_id", fixture.record.id.as_str())],
        &[("approval_id", &id), LIFECYCLE[0], LIFECYCLE[1], LIFECYCLE[2]],
    ] {
        let answer = fixture.mint(changes).await;
        assert_eq!(
            answer.refusal(),
            "401 access_denied",
            "{changes:?}: {}",
            answer.text
        );
        assert_eq!(answer.body["reason"], "approval_invalid", "{changes:?}");
    }
    assert_eq!(
        fixture.last_exchange().await.evaluation_status,
        "approval_invalid"
    );
    // Nor what policy says another word about meanwhile.
    let restricted = format!("{TIER}\nrestrict := [\"incident\"]");
    fixture.activate(&fixture.policy(&restricted)).await;
    let answer = fixture.mint(&[("approval_id", &id)]).await;
    assert_eq!(answer.body["reason"], "approval_invalid");
    assert_eq!(fixture.mint(&[]).await.body["reason"], "restriction_active");
}

#[tokio::test]
async fn a_no_stays_one_until_its_end_and_what_ended_releases_nothing() {
    let fixture = gated(TIER).await;
    let rejected = held(&fixture).await.text("approval_id");
    decided(&fixture, &rejected, false).await;
    for changes in [&[][..], &[("approval_id", rejected.as_str())]] {
        let answer = fixture.mint(changes).await;
        assert_eq!(answer.refusal(), "403 access_denied");
        assert_eq!(answer.body["reason"], "approval_rejected");
    }
    fixture.parts.pass(Duration::from_secs(601)).await;
    let next = held(&fixture).await.text("approval_id");
    assert_ne!(next, rejected);
    decided(&fixture, &next, true).await;
    fixture.parts.pass(Duration::from_mins(10)).await;
    let answer = fixture.mint(&[("approval_id", &next)]).await;
    assert_eq!(answer.refusal(), "401 access_denied");
    assert_eq!(answer.body["reason"], "approval_expired");
    let status = asked(&fixture, &format!("/approvals/{next}?wait=25")).await;
    assert_eq!(status["state"], "expired");

    // Nobody could decide this one.
    let both = concat!(
        "risk := [{\"scope\": \"tickets:read\", \"tier\": \"high\"}]\n",
        "approval_tiers := [{\"tier\": \"high\"}, {\"tier\": \"high\", \"approver\": \"subject\"}]"
    );
    fixture.activate(&fixture.policy(both)).await;
    let answer = fixture.mint(&[]).await;
    assert_eq!(answer.refusal(), "403 access_denied");
    assert_eq!(answer.body["reason"], "approval_class_conflict");
}

#[tokio::test]
async fn where_policy_asks_for_two_people_one_of_them_releases_nothing() {
    let two = TIER.replace("\"ttl_seconds\"", "\"approvals\": 2, \"ttl_seconds\"");
    let fixture = gated(&two).await;
    let id = held(&fixture).await.text("approval_id");
    said(&fixture, "admin:1", &id, true).await;
    let named = fixture.mint(&[("approval_id", &id)]).await;
    assert_eq!(named.refusal(), "401 interaction_required");
    said(&fixture, "admin:2", &id, true).await;
    fixture.mint(&[("approval_id", &id)]).await.expect(200);
    // What was allowed says by whose leave, and can be decided again from its record.
    // That the approval was used up is told on its own way, before or after it.
    let events = fixture.parts.events().await;
    let mut allowed = events.into_iter().rev().filter(|event| event.decision == "allow");
    let event = allowed.next().expect("a mint that was allowed");
    let metadata: Value = serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap();
    assert_eq!(metadata["challenge_id"], json!(id));
    let policy = fixture.state().await.policy_in_force().clone();
    assert!(caracal_authz::record::replay(&event, &policy).unwrap().is_some());
    let mut unnamed = event.clone();
    unnamed.metadata_json = None;
    assert!(caracal_authz::record::replay(&unnamed, &policy).is_err());
    let words: Vec<_> = evidence(&fixture, &id)
        .await
        .into_iter()
        .map(|(kind, decision, _)| (kind, decision))
        .collect();
    assert_eq!(
        words
            .iter()
            .filter(|(kind, word)| kind == "step_up_decided" && word == "approved")
            .count(),
        2
    );
}

#[tokio::test]
async fn of_rivals_with_one_approval_all_get_the_same_record() {
    let fixture = gated(TIER).await;
    let id = held(&fixture).await.text("approval_id");
    decided(&fixture, &id, true).await;
    let changes = [("approval_id", id.as_str())];
    let rivals = (0..6).map(|_| fixture.mint(&changes));
    let mut records = BTreeSet::new();
    let mut tokens = BTreeSet::new();
    for answer in futures_util::future::join_all(rivals).await {
        if answer.status == StatusCode::OK {
            let claims = fixture.claims(&answer.text("access_token")).await;
            tokens.insert(claims.jti.to_string());
            records.insert(claims.sid);
        } else {
            assert_eq!(answer.outcome(), (409, "approval_consumed"), "{}", answer.text);
        }
    }
    assert_eq!(records.len(), 1);
    assert!(!tokens.is_empty());
    let told = evidence(&fixture, &id).await;
    let used = told
        .iter()
        .filter(|(kind, _, about)| kind == "step_up_consumed" && about.get("reissued").is_none());
    assert_eq!(used.count(), 1);
}

#[tokio::test]
async fn a_caller_that_asks_for_ever_new_things_fills_no_inbox() {
    let fixture = gated(TIER).await;
    let first = held(&fixture).await.text("approval_id");
    fixture
        .store(async |work| {
            for _ in 1..MAX_PENDING {
                let approval = fixture.given.approval(&fixture.application);
                work.approvals().open(&approval).await.unwrap();
            }
        })
        .await;
    let other = fixture.mint(&[("session_id", fixture.record.id.as_str())]).await;
    assert_eq!(other.outcome(), (429, "provider_rate_limited"));
    assert_eq!(other.headers["retry-after"], "60");
    assert_eq!(
        held(&fixture).await.text("approval_id"),
        first,
        "what waits already goes on waiting"
    );
}

#[tokio::test]
async fn whoever_waits_is_woken_by_the_decision() {
    let fixture = gated(TIER).await;
    let id = held(&fixture).await.text("approval_id");
    let waiting = {
        let (client, path) = (fixture.client.clone(), format!("/approvals/{id}?wait=25"));
        tokio::spawn(async move { client.call(Method::GET, &path).send().await })
    };
    while fixture.parts.waiting.is_empty() {
        tokio::task::yield_now().await;
    }
    decided(&fixture, &id, true).await;
    let status = waiting.await.unwrap().expect(200);
    assert_eq!(status["state"], "approved");
    assert!(fixture.parts.waiting.is_empty());
}

const FOR_A_PERSON: &str = concat!(
    "risk := [{\"scope\": \"tickets:read\", \"tier\": \"high\"}]\n",
    "approval_tiers := [{\"tier\": \"high\", \"approver\": \"subject\", \"privacy\": \"pseudonymous\"}]"
);

/// A session mandate of a person, who came through the fixture's application.
async fn person(fixture: &Fixture, name: &str, change: impl FnOnce(&mut MandateClaims)) -> String {
    let minted = fixture.mint(&LIFECYCLE).await.expect(200);
    let mut claims = fixture.claims(&minted.text("access_token")).await;
    let record = AuthorityRecord {
        id: AuthorityRecordId::generate(&fixture.parts.world),
        subject_type: SubjectType::User,
        subject_id: name.to_owned(),
        issuer: Some(String::from("https://login.example")),
        ..fixture.given.authority_record(&fixture.application)
    };
    fixture
        .store(async |work| {
            work.authority_records().create(&record).await.unwrap();
        })
        .await;
    claims.sub = name.into();
    claims.sub_type = SubjectType::User;
    claims.sid = record.id.clone();
    claims.root_sid = record.id.clone();
    claims.scope = None;
    claims.target = Vec::new();
    change(&mut claims);
    let key = fixture.state().await.signing_key.clone().unwrap();
    key.sign(&claims).await.unwrap()
}

#[tokio::test]
async fn a_person_decides_what_is_asked_in_their_name_and_nobody_else_does() {
    let fixture = gated(FOR_A_PERSON).await;
    let hold = held(&fixture).await;
    let (id, binding) = (hold.text("approval_id"), hold.text("binding"));
    let decide = async |token: Option<&str>, id: &str, body: Value| {
        let path = format!("/approvals/{id}/decision");
        let mut call = fixture.client.call(Method::POST, &path).json(&body);
        let bearer = token.map(|token| format!("Bearer {token}"));
        if let Some(bearer) = &bearer {
            call = call.headers(&[("authorization", bearer.as_str())]);
        }
        call.send().await
    };
    let yes = || json!({"decision": "approved", "binding": binding});
    let anna = person(&fixture, "anna", |_| {}).await;
    let application = fixture.mint(&LIFECYCLE).await.expect(200).text("access_token");
    let no_record = person(&fixture, "anna", |claims| {
        claims.sid = AuthorityRecordId::parse("nobody").unwrap();
    })
    .await;
    let other_application = person(&fixture, "anna", |claims| {
        claims.client_id = caracal_core::ApplicationId::parse("other").unwrap();
    })
    .await;
    for (token, body, outcome) in [
        (None, yes(), (401, "invalid_token")),
        (Some("nonsense"), yes(), (401, "invalid_token")),
        (Some(application.as_str()), yes(), (403, "access_denied")),
        (Some(no_record.as_str()), yes(), (403, "access_denied")),
        (Some(other_application.as_str()), yes(), (403, "access_denied")),
        (
            Some(anna.as_str()),
            json!({"decision": "maybe", "binding": binding}),
            (400, "invalid_token"),
        ),
        (
            Some(anna.as_str()),
            json!({"decision": "approved", "binding": "00"}),
            (409, "access_denied"),
        ),
        (
            Some(anna.as_str()),
            json!({"decision": "approved", "binding": binding, "reason": "x".repeat(501)}),
            (400, "invalid_token"),
        ),
    ] {
        let answer = decide(token, &id, body.clone()).await;
        assert_eq!(answer.outcome(), outcome, "{body} {}", answer.text);
    }
    let unknown = decide(Some(&anna), "01890a5d-ac96-474b-8cce-b302099a8057", yes()).await;
    assert_eq!(unknown.outcome(), (404, "resource_not_found"));
    assert_eq!(
        asked(&fixture, &format!("/approvals/{id}")).await["state"],
        "pending"
    );

    let decided = decide(Some(&anna), &id, yes()).await.expect(200);
    assert_eq!(decided["state"], "approved");
    assert_eq!(
        decide(Some(&anna), &id, yes()).await.outcome(),
        (409, "access_denied")
    );
    fixture.mint(&[("approval_id", &id)]).await.expect(200);
    let told = evidence(&fixture, &id).await;
    let (_, word, about) = told.iter().find(|(kind, ..)| kind == "step_up_decided").unwrap();
    let who = about["approver_subject_id"].as_str().unwrap();
    assert!(
        who.starts_with("subject:pseudonym:") && !who.contains("anna"),
        "{who}"
    );
    assert_eq!(
        (word.as_str(), &about["approver_plane"]),
        ("approved", &json!("subject"))
    );
}

#[tokio::test]
async fn a_person_whose_mandate_is_bound_decides_by_their_key_alone() {
    let fixture = gated(FOR_A_PERSON).await;
    let hold = held(&fixture).await;
    let (id, binding) = (hold.text("approval_id"), hold.text("binding"));
    let holder = KeyHolder::new(&fixture.parts.world);
    let stranger = KeyHolder::new(&fixture.parts.world);
    let plain = person(&fixture, "anna", |_| {}).await;
    let bound = person(&fixture, "anna", |claims| {
        claims.cnf = Some(Confirmation {
            jkt: holder.thumbprint().into(),
        });
    })
    .await;
    let path = format!("/approvals/{id}/decision");
    let url = format!("{ISSUER}{path}");
    // A decision with a binding that is not the approval's: whoever gets that far is told so, and decides nothing.
    let decide = async |authorization: &str, proofs: &[&str], binding: &str| {
        let body = json!({"decision": "approved", "binding": binding});
        let call = fixture.client.call(Method::POST, &path).json(&body);
        let call = call.header("authorization", authorization);
        proofs
            .iter()
            .fold(call, |call, proof| call.header("dpop", proof))
            .send()
            .await
    };
    let (borne, held) = (format!("Bearer {bound}"), format!("DPoP {bound}"));
    let good = holder.proof("POST", &url, Some(&bound));
    let withdrawal = format!("{ISSUER}/approvals/{id}/withdraw");
    for (about, authorization, proof, code) in [
        ("borne", &borne, good.clone(), "invalid_token"),
        (
            "of no token",
            &held,
            holder.proof("POST", &url, None),
            "invalid_dpop_proof",
        ),
        (
            "of another path",
            &held,
            holder.proof("POST", &withdrawal, Some(&bound)),
            "invalid_dpop_proof",
        ),
        (
            "of another method",
            &held,
            holder.proof("GET", &url, Some(&bound)),
            "invalid_dpop_proof",
        ),
        (
            "by another key",
            &held,
            stranger.proof("POST", &url, Some(&bound)),
            "invalid_token",
        ),
        (
            "bound to nothing",
            &format!("DPoP {plain}"),
            good.clone(),
            "invalid_token",
        ),
    ] {
        let answer = decide(authorization, &[&proof], &binding).await;
        assert_eq!(answer.outcome(), (401, code), "{about}: {answer}");
        let challenge = answer.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("DPoP error="), "{about}: {challenge}");
    }
    for proofs in [vec![], vec![good.as_str(), &good]] {
        let answer = decide(&held, &proofs, &binding).await;
        assert_eq!(answer.outcome(), (401, "invalid_dpop_proof"), "{answer}");
    }
    let reached = decide(&held, &[&good], "00").await;
    assert_eq!(reached.outcome(), (409, "access_denied"), "{reached}");
    let again = decide(&held, &[&good], &binding).await;
    assert_eq!(again.outcome(), (401, "invalid_dpop_proof"), "{again}");
    let fresh = holder.proof("POST", &url, Some(&bound));
    let decided = decide(&held, &[&fresh], &binding).await.expect(200);
    assert_eq!(decided["state"], "approved", "{decided}");
}

#[tokio::test]
async fn whoever_asked_gives_it_up_before_a_decision_and_nobody_else_does() {
    let fixture = gated(TIER).await;
    let id = held(&fixture).await.text("approval_id");
    let give_up = async |token: Option<&str>, id: &str| {
        let path = format!("/approvals/{id}/withdraw");
        let mut call = fixture.client.call(Method::POST, &path);
        let bearer = token.map(|token| format!("Bearer {token}"));
        if let Some(bearer) = &bearer {
            call = call.headers(&[("authorization", bearer.as_str())]);
        }
        call.send().await
    };
    let application = fixture.mint(&LIFECYCLE).await.expect(200).text("access_token");
    let anna = person(&fixture, "anna", |_| {}).await;
    let other_application = person(&fixture, "anna", |claims| {
        claims.client_id = caracal_core::ApplicationId::parse("other").unwrap();
        claims.sub = fixture.application.id.as_str().into();
    })
    .await;
    let no_record = person(&fixture, "anna", |claims| {
        claims.sub = fixture.application.id.as_str().into();
        claims.sid = AuthorityRecordId::parse("nobody").unwrap();
    })
    .await;
    for (token, outcome) in [
        (None, (401, "invalid_token")),
        (Some("nonsense"), (401, "invalid_token")),
        (Some(anna.as_str()), (403, "access_denied")),
        (Some(other_application.as_str()), (403, "access_denied")),
        (Some(no_record.as_str()), (403, "access_denied")),
    ] {
        let answer = give_up(token, &id).await;
        assert_eq!(answer.outcome(), outcome, "{}", answer.text);
    }
    let unknown = give_up(Some(&application), "01890a5d-ac96-474b-8cce-b302099a8057").await;
    assert_eq!(unknown.outcome(), (404, "resource_not_found"));

    let given_up = give_up(Some(&application), &id).await.expect(200);
    assert_eq!(given_up["state"], "rejected");
    assert_eq!(
        give_up(Some(&application), &id).await.outcome(),
        (409, "access_denied")
    );
    let refused = fixture.mint(&[("approval_id", &id)]).await;
    assert_eq!(refused.refusal(), "403 access_denied");
    assert_eq!(refused.body["reason"], "approval_withdrawn", "{}", refused.text);
    let told = evidence(&fixture, &id).await;
    let (_, word, about) = told.iter().find(|(kind, ..)| kind == "step_up_decided").unwrap();
    assert_eq!(
        (word.as_str(), &about["approver_plane"]),
        ("withdrawn", &json!("asker"))
    );
}

#[tokio::test]
async fn a_yes_is_not_given_up_by_whoever_asked() {
    let fixture = gated(TIER).await;
    let id = held(&fixture).await.text("approval_id");
    decided(&fixture, &id, true).await;
    let application = fixture.mint(&LIFECYCLE).await.expect(200).text("access_token");
    let path = format!("/approvals/{id}/withdraw");
    let bearer = format!("Bearer {application}");
    let call = fixture.client.call(Method::POST, &path);
    let refused = call.headers(&[("authorization", bearer.as_str())]).send().await;
    assert_eq!(refused.outcome(), (409, "access_denied"));
    fixture.mint(&[("approval_id", &id)]).await.expect(200);
}
