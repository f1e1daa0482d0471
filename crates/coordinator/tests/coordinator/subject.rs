//! On whose behalf a session may run.

use std::time::Duration;

use caracal_core::{
    AuthorityRecordId, DelegationId, KeyId, SessionId,
    claims::{ChainHop, MandateClaims, MandateUse, SubjectType},
};
use caracal_crypto::{SigningKey, mandate};
use serde_json::json;

use crate::stack::Stack;

#[tokio::test]
async fn a_session_hangs_on_its_own_record_unless_told_otherwise() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let answer = stack.start(&app, json!({})).await.expect(201);
    assert_eq!(answer.text("subject_authority_record_id"), app.record.id.as_str());
    let (earlier, _) = stack.login(&app.application).await;
    let answer = stack
        .start(&app, json!({"subject_session_id": earlier.id}))
        .await
        .expect(201);
    assert_eq!(answer.text("subject_authority_record_id"), earlier.id.as_str());
}

#[tokio::test]
async fn nobody_acts_for_a_person_or_an_application_without_proof() {
    let stack = Stack::new().await;
    let (app, other) = (stack.app().await, stack.app().await);
    let (person, _) = stack.person(&app, "ada").await;
    let (others_person, _) = stack.person(&other, "ada").await;
    let unknown = AuthorityRecordId::generate(&stack.world);
    for record in [&person.id, &others_person.id, &other.record.id, &unknown] {
        for token in [json!(null), json!("")] {
            let body = json!({"subject_session_id": record, "subject_token": token});
            assert_eq!(
                stack.start(&app, body).await.outcome(),
                (403, "subject_proof_required")
            );
        }
    }
    let events = stack.parts.new_events().await;
    assert_eq!(events.len(), 8);
    assert!(events.iter().all(|event| event.decision == "deny"));
}

#[tokio::test]
async fn a_persons_login_at_this_application_is_proof() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let (person, proof) = stack.person(&app, "ada").await;
    let named = json!({"subject_session_id": person.id, "subject_token": proof});
    let implied = json!({"subject_token": proof});
    for body in [named, implied] {
        let answer = stack.start(&app, body).await.expect(201);
        assert_eq!(answer.text("subject_authority_record_id"), person.id.as_str());
    }
}

#[tokio::test]
async fn every_flaw_of_a_proof_is_refused() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let (person, _) = stack.person(&app, "ada").await;
    let (another, _) = stack.person(&app, "bob").await;
    let session = || Some(SessionId::generate(&stack.world));
    let edge = || Some(DelegationId::generate(&stack.world));
    let good = stack.proof(&person);
    let with = |change: &dyn Fn(&mut MandateClaims)| {
        let mut claims = good.clone();
        change(&mut claims);
        stack.sign(&claims)
    };
    let past = stack.world.now().minus(Duration::from_secs(61)).unix_seconds();
    let stranger = SigningKey::generate(&stack.world, stack.key.id().clone()).unwrap();
    let foreign = SigningKey::generate(&stack.world, KeyId::generate(&stack.world)).unwrap();
    let hop = ChainHop {
        application_id: app.id.clone(),
        agent_session_id: None,
        delegation_edge_id: None,
    };
    let flawed = [
        ("noise", String::from("noise")),
        ("forged", mandate::sign(&good, &stranger).unwrap()),
        ("foreign", mandate::sign(&good, &foreign).unwrap()),
        ("expired", with(&|claims| claims.exp = past)),
        (
            "another issuer",
            with(&|claims| claims.iss = "https://other.example".into()),
        ),
        ("another audience", with(&|claims| claims.aud = vec!["x".into()])),
        (
            "for a resource",
            with(&|claims| claims.mandate_use = MandateUse::Resource),
        ),
        (
            "for the gateway",
            with(&|claims| claims.mandate_use = MandateUse::Gateway),
        ),
        (
            "an application",
            with(&|claims| claims.sub_type = SubjectType::Application),
        ),
        (
            "with scopes",
            with(&|claims| claims.scope = Some(String::from("weather:read"))),
        ),
        (
            "with a target",
            with(&|claims| claims.target = vec!["resource://weather".into()]),
        ),
        (
            "in a session",
            with(&|claims| claims.agent_session_id = session()),
        ),
        (
            "from a session",
            with(&|claims| claims.source_session_id = session()),
        ),
        (
            "to a session",
            with(&|claims| claims.target_session_id = session()),
        ),
        ("delegated", with(&|claims| claims.delegation_edge_id = edge())),
        (
            "with a path",
            with(&|claims| claims.delegation_path = edge().into_iter().collect()),
        ),
        (
            "with a chain",
            with(&|claims| claims.delegation_chain = vec![hop.clone()]),
        ),
        ("not a root", with(&|claims| claims.root_sid = another.id.clone())),
        ("of another record", stack.sign(&stack.proof(&another))),
        ("the caller's own bearer", app.token.clone()),
    ];
    for (what, proof) in flawed {
        let body = json!({"subject_session_id": person.id, "subject_token": proof});
        assert_eq!(
            stack.start(&app, body).await.outcome(),
            (401, "invalid_subject_proof"),
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_proof_given_to_one_application_is_worth_nothing_at_another() {
    let stack = Stack::new().await;
    let (app, thief) = (stack.app().await, stack.app().await);
    let (person, proof) = stack.person(&app, "ada").await;
    let body = json!({"subject_session_id": person.id, "subject_token": proof});
    assert_eq!(
        stack.start(&thief, body).await.outcome(),
        (403, "subject_proof_application_mismatch")
    );
}

#[tokio::test]
async fn a_proof_must_match_the_stored_record_and_the_record_must_be_live() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let (person, _) = stack.person(&app, "ada").await;
    let renamed = MandateClaims {
        sub: "mallory".into(),
        ..stack.proof(&person)
    };
    let unknown = AuthorityRecordId::generate(&stack.world);
    let unstored = MandateClaims {
        sid: unknown.clone(),
        root_sid: unknown,
        ..stack.proof(&person)
    };
    let dressed_up = stack.sign(&stack.proof(&app.record));
    for proof in [stack.sign(&renamed), stack.sign(&unstored), dressed_up] {
        let answer = stack.start(&app, json!({"subject_token": proof})).await;
        assert_eq!(answer.outcome(), (404, "session_not_found"));
        assert!(answer.body["detail"].is_string());
    }

    let (revoked, proof) = stack.person(&app, "eve").await;
    let mut work = stack.write().await;
    work.authority_records()
        .revoke_tree(&revoked.id, "test", stack.world.now())
        .await
        .unwrap();
    work.commit().await.unwrap();
    assert_eq!(
        stack.start(&app, json!({"subject_token": proof})).await.outcome(),
        (404, "session_not_found")
    );
    stack.deps.revocations.mark([revoked.id.as_str()]);
    assert_eq!(
        stack.start(&app, json!({"subject_token": proof})).await.outcome(),
        (401, "invalid_subject_proof")
    );
}
