//! Mandates that are bound to a key (DPoP, RFC 9449 §7): what is refused, whoever got hold of one, and what passes.

use std::time::Duration;

use axum::body::Body;
use caracal_core::{
    claims::{Confirmation, MandateClaims, MandateUse},
    entity::OperationEnforcement,
};
use caracal_testkit::key_holder::KeyHolder;
use futures_util::future::join_all;
use http::Request;

use crate::{
    client::Answer,
    evidence::metadata,
    stage::{Options, RESOURCE, Stage},
};

/// Reads the tickets with this `Authorization` and these proofs.
fn request(stage: &Stage, authorization: &str, proofs: &[&str]) -> Request<Body> {
    let request = Request::builder()
        .uri(here(stage))
        .header("authorization", authorization)
        .header("x-caracal-resource", RESOURCE);
    let request = proofs
        .iter()
        .fold(request, |request, proof| request.header("dpop", *proof));
    request.body(Body::empty()).unwrap()
}

fn here(stage: &Stage) -> String {
    format!("http://{}/tickets", stage.address)
}

fn bound(stage: &Stage, holder: &KeyHolder) -> MandateClaims {
    MandateClaims {
        cnf: Some(Confirmation {
            jkt: holder.thumbprint().into(),
        }),
        ..stage.claims()
    }
}

/// What a client that a person signed in with presents again and again.
fn access(stage: &Stage, holder: &KeyHolder) -> MandateClaims {
    MandateClaims {
        mandate_use: MandateUse::Access,
        aud: vec![RESOURCE.into()],
        ..bound(stage, holder)
    }
}

async fn call(stage: &Stage, token: &str, proofs: &[&str]) -> Answer {
    stage.send(request(stage, &format!("DPoP {token}"), proofs)).await
}

/// Refused and challenged to prove the key, and nothing left the Gateway.
fn refused(stage: &Stage, answer: &Answer, code: &str, reason: &str, about: &str) {
    let (status, said, description) = answer.refusal();
    assert_eq!((status, said.as_str()), (401, code), "{about}: {answer:?}");
    assert_eq!(answer.json()["reason"], reason, "{about}");
    let challenge = answer.header("www-authenticate").unwrap();
    assert_eq!(
        challenge,
        format!("DPoP error=\"{code}\", error_description=\"{description}\", algs=\"ES256 EdDSA Ed25519\""),
        "{about}"
    );
    assert_eq!(stage.upstream.requests(), 0, "{about}: the upstream was reached");
    assert_eq!(stage.decision.seen.lock().len(), 0, "{about}: the sts was asked");
}

#[tokio::test]
async fn whoever_only_got_hold_of_a_bound_mandate_is_refused_and_spoils_nothing() {
    type Kind = fn(&Stage, &KeyHolder) -> MandateClaims;
    let kinds: [Kind; 2] = [bound, access];
    for (issued, kind) in [(false, kinds[0]), (true, kinds[0]), (false, kinds[1])] {
        let stage = Stage::with(Options {
            issued,
            ..Options::default()
        })
        .await;
        let (holder, thief) = (KeyHolder::new(&stage.world), KeyHolder::new(&stage.world));
        let token = stage.sign(kind(&stage, &holder));
        let good = |holder: &KeyHolder| holder.proof("GET", &here(&stage), Some(&token));
        let bearing = |proofs: &[&str]| request(&stage, &format!("Bearer {token}"), proofs);
        for (about, request) in [
            ("as a bearer", bearing(&[])),
            ("as a bearer with a proof", bearing(&[&good(&holder)])),
            (
                "in small letters",
                request(&stage, &format!("bearer {token}"), &[]),
            ),
        ] {
            let answer = stage.send(request).await;
            refused(&stage, &answer, "invalid_token", "bound_to_key", about);
        }
        for (about, proofs) in [
            ("without a proof", Vec::new()),
            ("with two", vec![good(&holder), good(&holder)]),
            ("with one twice", vec![good(&holder); 2]),
        ] {
            let proofs: Vec<_> = proofs.iter().map(String::as_str).collect();
            let answer = call(&stage, &token, &proofs).await;
            refused(&stage, &answer, "invalid_dpop_proof", "proof_missing", about);
        }
        let answer = call(&stage, &token, &[&good(&thief)]).await;
        refused(
            &stage,
            &answer,
            "invalid_token",
            "proof_of_other_key",
            "by the thief's key",
        );
        let mut forgeries = holder.forgeries(&holder.claims("GET", &here(&stage), Some(&token)));
        let of = |method: &str, url: &str, token: Option<&str>| holder.proof(method, url, token);
        forgeries.extend([
            (
                "of another path",
                of("GET", &format!("{}/1", here(&stage)), Some(&token)),
            ),
            ("of the resource's name", of("GET", RESOURCE, Some(&token))),
            (
                "of the upstream",
                of(
                    "GET",
                    &format!("http://{}/tickets", stage.upstream.address()),
                    Some(&token),
                ),
            ),
            (
                "of another scheme",
                of("GET", &here(&stage).replace("http:", "https:"), Some(&token)),
            ),
            ("of another method", of("POST", &here(&stage), Some(&token))),
            ("of no token", of("GET", &here(&stage), None)),
            (
                "of another token",
                of("GET", &here(&stage), Some(&stage.mandate())),
            ),
        ]);
        for (about, forged) in &forgeries {
            let answer = call(&stage, &token, &[forged]).await;
            refused(&stage, &answer, "invalid_dpop_proof", "proof_invalid", about);
        }
        // A proof says where it is good for, and not whoever sends it.
        let mut elsewhere = request(
            &stage,
            &format!("DPoP {token}"),
            &[&holder.proof("GET", "http://elsewhere.example/tickets", Some(&token))],
        );
        let host = http::HeaderValue::from_static("elsewhere.example");
        elsewhere.headers_mut().insert("host", host);
        let answer = stage.send(elsewhere).await;
        refused(
            &stage,
            &answer,
            "invalid_dpop_proof",
            "proof_invalid",
            "another Host",
        );
        // Its holder uses it as if nothing had been.
        assert_eq!(call(&stage, &token, &[&good(&holder)]).await.status, 200);
    }
}

#[tokio::test]
async fn what_is_bound_to_no_key_is_presented_as_such() {
    let stage = Stage::new().await;
    let holder = KeyHolder::new(&stage.world);
    let token = stage.mandate();
    let proof = holder.proof("GET", &here(&stage), Some(&token));
    for proofs in [&[][..], &[proof.as_str()]] {
        let answer = call(&stage, &token, proofs).await;
        refused(&stage, &answer, "invalid_token", "not_bound_to_key", "unbound");
    }
    // A client that sends proofs to everybody is nobody's concern, and its upstream sees none of them.
    let bearing = request(&stage, &format!("Bearer {token}"), &[&proof, "x"]);
    assert_eq!(stage.send(bearing).await.status, 200);
    let seen = stage.upstream.received();
    assert!(!seen[0].headers.contains_key("dpop"), "{seen:?}");
    assert_eq!(stage.decision.seen.lock()[0].proved_key, None);
}

#[tokio::test]
async fn a_call_of_the_holder_passes_and_its_upstream_sees_neither_mandate_nor_proof() {
    let stage = Stage::new().await;
    let holder = KeyHolder::new(&stage.world);
    let token = stage.sign(bound(&stage, &holder));
    let url = format!("{}?a=b#c", here(&stage));
    let mut request = request(
        &stage,
        &format!("dpop {token}"),
        &[&holder.proof("GET", &url, Some(&token))],
    );
    *request.uri_mut() = format!("{}?a=b", here(&stage)).parse().unwrap();
    stage.upstream.next(crate::stage::upstream_answer(
        200,
        &[("dpop-nonce", "of-the-upstream"), ("x-other", "1")],
    ));
    let answer = stage.send(request).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("x-other")),
        (200, Some("1"))
    );
    assert_eq!(answer.header("dpop-nonce"), None, "proofs are checked here");
    let seen = stage.upstream.received();
    assert_eq!(seen.len(), 1);
    assert!(!seen[0].headers.contains_key("dpop"), "{seen:?}");
    assert_eq!(
        seen[0].headers["authorization"],
        format!("Bearer {}", crate::stage::TOKEN)
    );
    let asked = stage.decision.seen.lock();
    assert_eq!(asked[0].proved_key.as_deref(), Some(&*holder.thumbprint()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_calls_with_one_proof_one_passes_and_each_next_one_takes_another() {
    let stage = Stage::new().await;
    let holder = KeyHolder::new(&stage.world);
    let token = stage.sign(access(&stage, &holder));
    let one = holder.proof("GET", &here(&stage), Some(&token));
    let proofs = [one.as_str()];
    let answers = join_all((0..16).map(|_| call(&stage, &token, &proofs))).await;
    let (passed, others): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((passed.len(), stage.upstream.requests()), (1, 1));
    for answer in others {
        let (status, code, _) = answer.refusal();
        assert_eq!((status, code.as_str()), (401, "invalid_dpop_proof"));
        assert_eq!(answer.json()["reason"], "proof_repeated");
    }
    for _ in 0..3 {
        let next = holder.proof("GET", &here(&stage), Some(&token));
        assert_eq!(call(&stage, &token, &[&next]).await.status, 200);
    }
    // Another key may use the same id, and a proof's id is spent for its whole life.
    let other = KeyHolder::new(&stage.world);
    let theirs = stage.sign(access(&stage, &other));
    let mut claims = other.claims("GET", &here(&stage), Some(&theirs));
    claims["jti"] = "the same".into();
    assert_eq!(
        call(&stage, &theirs, &[&other.sign(&other.header(), &claims)])
            .await
            .status,
        200
    );
    let mut claims = holder.claims("GET", &here(&stage), Some(&token));
    claims["jti"] = "the same".into();
    let ours = holder.sign(&holder.header(), &claims);
    assert_eq!(call(&stage, &token, &[&ours]).await.status, 200);
    stage.world.manual_clock().advance(Duration::from_mins(1));
    assert_eq!(
        call(&stage, &token, &[&ours]).await.json()["reason"],
        "proof_repeated"
    );
}

#[tokio::test]
async fn a_stolen_mandate_leaves_evidence_of_whose_it_was() {
    let stage = Stage::new().await;
    let (holder, thief) = (KeyHolder::new(&stage.world), KeyHolder::new(&stage.world));
    let claims = bound(&stage, &holder);
    let token = stage.sign(claims.clone());
    stage.send(request(&stage, &format!("Bearer {token}"), &[])).await;
    call(
        &stage,
        &token,
        &[&thief.proof("GET", &here(&stage), Some(&token))],
    )
    .await;
    let events = stage.events(2).await;
    for (event, reason) in events.iter().zip(["bound_to_key", "proof_of_other_key"]) {
        assert_eq!(
            (
                event.event_type.as_str(),
                event.decision.as_str(),
                event.evaluation_status.as_str()
            ),
            ("gateway_request_denied", "deny", reason)
        );
        assert_eq!(metadata(event)["jti"], *claims.jti);
    }
}

/// A bound mandate that is refused for anything else is asked for again as a bound one.
#[tokio::test]
async fn whoever_proves_a_key_is_challenged_by_the_scheme_that_they_use() {
    let stage = Stage::new().await;
    let holder = KeyHolder::new(&stage.world);
    let path = format!("/r/{}/tools", stage.zone);
    let address = format!("http://{}{path}", stage.address);
    stage
        .declare_as(&address, OperationEnforcement::Enforced, &[("GET", "/")])
        .await;
    let token = stage.sign(MandateClaims {
        aud: vec![address.as_str().into()],
        ..access(&stage, &holder)
    });
    let send = async |proof: String| {
        let request = Request::builder()
            .uri(&address)
            .header("authorization", format!("DPoP {token}"))
            .header("dpop", proof);
        stage.send(request.body(Body::empty()).unwrap()).await
    };
    let proof = |method: &str| holder.proof(method, &address, Some(&token));
    assert_eq!(send(proof("GET")).await.status, 200);
    let answer = send(proof("POST")).await;
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("DPoP error=\"invalid_dpop_proof\", "),
        "{challenge}"
    );
    assert!(challenge.contains("algs=\"ES256 EdDSA Ed25519\""), "{challenge}");
    assert!(
        challenge.contains("/.well-known/oauth-protected-resource/r/"),
        "{challenge}"
    );
    stage.revocations.mark(["rec-1"]);
    let answer = send(proof("GET")).await;
    assert_eq!(answer.json()["reason"], "session_revoked");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("DPoP error=\"invalid_token\", "),
        "{challenge}"
    );
    assert!(
        challenge.contains("algs=\"ES256 EdDSA Ed25519\", resource_metadata="),
        "{challenge}"
    );
}
