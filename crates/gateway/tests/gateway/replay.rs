//! A mandate is spent once, however many present it.

use axum::body::Body;
use futures_util::future::join_all;

use crate::stage::{Options, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_32_presentations_at_once_exactly_one_passes() {
    for issued in [false, true] {
        let stage = Stage::with(Options {
            issued,
            ..Options::default()
        })
        .await;
        let token = stage.mandate();
        let calls = (0..32).map(|_| stage.send(stage.request(&token, "/a").body(Body::empty()).unwrap()));
        let answers = join_all(calls).await;
        let passed = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(passed, 1);
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(
                answer.refusal(),
                (401, "invalid_token".into(), "token replay detected".into())
            );
        }
        assert_eq!(stage.upstream.requests(), 1);
        assert_eq!(stage.decision.seen.lock().len(), 1);
    }
}

#[tokio::test]
async fn a_replay_is_recorded_and_a_refused_exchange_spends_too() {
    let stage = Stage::new().await;
    let refusal =
        caracal_service::Refusal::of(caracal_wire::ErrorCode::AccessDenied).describe("policy denied");
    *stage.decision.refusal.lock() = Some(refusal);
    let token = stage.mandate();
    let send = || stage.send(stage.request(&token, "/a").body(Body::empty()).unwrap());
    assert_eq!(
        send().await.refusal(),
        (403, "access_denied".into(), "policy denied".into())
    );
    *stage.decision.refusal.lock() = None;
    assert_eq!(send().await.status, 401);
    let events = stage.events(1).await;
    assert_eq!(
        (events[0].event_type.as_str(), events[0].decision.as_str()),
        ("replay_detected", "deny")
    );
    assert_eq!(stage.upstream.requests(), 0);
}

#[tokio::test]
async fn a_mandate_of_a_memory_that_was_lost_never_passes() {
    let stage = Stage::new().await;
    for jti in ["jti-1.0123456789abcdef", "jti-1.", "."] {
        let mut claims = stage.claims();
        claims.jti = jti.into();
        let token = stage.sign(claims);
        let send = || stage.send(stage.request(&token, "/a").body(Body::empty()).unwrap());
        for _ in 0..2 {
            let answer = send().await;
            if jti == "jti-1.0123456789abcdef" {
                assert_eq!(
                    answer.refusal(),
                    (
                        401,
                        "invalid_token".into(),
                        "the memory of used mandates was lost, mint another".into()
                    )
                );
            }
        }
    }
    // An empty mark is that of a store that never forgets: such a mandate passes once like any other.
    assert_eq!(stage.upstream.requests(), 2);
}
