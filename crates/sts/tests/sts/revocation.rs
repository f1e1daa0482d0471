//! Mandates that are given back, and by whom.

use axum::http::StatusCode;
use caracal_core::{
    AuthorityRecordId,
    entity::{Application, AuthorityRecordStatus, Session, SessionStatus},
};
use caracal_storage::Access;
use caracal_testkit::client::Answer;

use crate::fixture::{Fixture, LIFECYCLE};

async fn give_back(fixture: &Fixture, token: &str, changes: &[(&str, &str)]) -> Answer {
    fixture.present("/oauth/2/revoke", token, changes).await
}

/// Whether introspection calls it active.
async fn is_active(fixture: &Fixture, token: &str) -> bool {
    let answer = fixture.present("/oauth/2/introspect", token, &[]).await;
    answer.body["active"].as_bool().unwrap()
}

#[tokio::test]
async fn nobody_gives_back_what_is_not_theirs() {
    let fixture = Fixture::new().await;
    let session = fixture.mint(&LIFECYCLE).await.text("access_token");
    let (secret, stored) = fixture.parts.client_secret();
    let other = Application {
        client_secret_hash: Some(stored),
        ..fixture.given.application()
    };
    fixture
        .store(async |work| work.applications().create(&other).await.unwrap())
        .await;
    for (changes, status, code) in [
        (vec![("client_secret", "wrong")], 401, "access_denied"),
        (vec![("zone_id", "")], 401, "access_denied"),
        (vec![("token", "")], 400, "invalid_token"),
        (
            vec![
                ("application_id", other.id.as_str()),
                ("client_secret", secret.expose()),
            ],
            403,
            "access_denied",
        ),
    ] {
        let refused = give_back(&fixture, &session, &changes).await;
        assert_eq!(refused.status.as_u16(), status, "{changes:?}: {}", refused.body);
        assert_eq!(refused.body["error"], code, "{changes:?}");
    }
    // Of a single-use mandate nothing is kept that could end.
    let (gateway, _) = fixture.mandate().await;
    let refused = give_back(&fixture, &gateway, &[]).await;
    assert_eq!(
        (refused.status.as_u16(), refused.code()),
        (400, "unsupported_token_type")
    );
    assert!(is_active(&fixture, &session).await && is_active(&fixture, &gateway).await);
    // What is none is as good as given back, and tells nothing.
    for token in ["x", "a.b.c"] {
        assert_eq!(give_back(&fixture, token, &[]).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_session_mandate_ends_at_once_with_what_hangs_on_it_and_nothing_else() {
    let fixture = Fixture::new().await;
    let given = fixture.mint(&LIFECYCLE).await.text("access_token");
    let kept = fixture.mint(&LIFECYCLE).await.text("access_token");
    let sid = fixture.claims(&given).await.sid;
    let anchored = Session {
        subject_authority_record_id: sid.clone(),
        ..fixture.given.session(&fixture.application, &fixture.record)
    };
    fixture
        .store(async |work| work.sessions().create(&anchored).await.unwrap())
        .await;
    for _ in 0..2 {
        let answer = give_back(&fixture, &given, &[("token_type_hint", "refresh_token")]).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert!(!is_active(&fixture, &given).await);
    }
    assert!(is_active(&fixture, &kept).await);
    let mut work = fixture.work(Access::Read).await;
    let status = async |work: &mut dyn caracal_storage::ZoneWork, id: &AuthorityRecordId| {
        work.authority_records().get(id).await.unwrap().unwrap().status
    };
    assert_eq!(status(work.as_mut(), &sid).await, AuthorityRecordStatus::Revoked);
    let ended = work.sessions().get(&anchored.id).await.unwrap().unwrap();
    assert_eq!(ended.status, SessionStatus::Terminated);
    let other = work.sessions().get(&fixture.target.id).await.unwrap().unwrap();
    assert_eq!(other.status, SessionStatus::Active);
    drop(work);
    // One event tells what ended; the rest goes on.
    fixture.parts.outbox.wake();
    fixture.parts.wait_in_sync().await;
    let events = fixture.parts.events().await.into_iter();
    let told = events.filter(|event| event.event_type.as_str() == "mandate_revoked");
    let told: Vec<_> = told.filter_map(|event| event.metadata_json).collect();
    let [told] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert!(told.get().contains(anchored.id.as_str()), "{told}");
    fixture.mandate().await;
}
