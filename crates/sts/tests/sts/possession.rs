//! Mandates that are bound to a key, for clients that prove to hold one (DPoP, RFC 9449).

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_core::{Operation, Timestamp, claims::MandateClaims};
use caracal_events::shortlived::{ReplayStore, ShortLivedError};
use caracal_testkit::{client::Answer, key_holder::KeyHolder, parts::ISSUER};
use serde_json::json;

use crate::{
    exchange::Exchange,
    fixture::{Asked, Fixture, LIFECYCLE, metadata},
};

fn token_endpoint() -> String {
    format!("{ISSUER}/oauth/2/token")
}

fn proof(holder: &KeyHolder) -> String {
    holder.proof("POST", &token_endpoint(), None)
}

/// A delegated mint with changes and these proofs.
async fn mint(fixture: &Fixture, changes: &[(&str, &str)], proofs: &[&str]) -> Answer {
    let headers: Vec<_> = proofs.iter().map(|proof| ("dpop", *proof)).collect();
    fixture.post(&fixture.mint_form(changes), &headers).await
}

fn refused(answer: &Answer, code: &str, about: &str) {
    assert_eq!(answer.outcome(), (400, code), "{about}: {answer}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert!(answer.body.get("access_token").is_none(), "{about}");
}

#[tokio::test]
async fn proofs_that_prove_nothing_get_nothing_and_leave_nothing() {
    let fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    let before = fixture.parts.events().await.len();
    let claims = holder.claims("POST", &token_endpoint(), None);
    for (about, forged) in holder.forgeries(&claims) {
        let answer = mint(&fixture, &[], &[&forged]).await;
        refused(&answer, "invalid_dpop_proof", about);
        assert!(answer.text("error_description").starts_with("DPoP: "), "{answer}");
        assert!(!answer.text.contains("attacker"), "{answer}");
    }
    for url in [
        format!("{ISSUER}/oauth/2/introspect"),
        format!("{ISSUER}/"),
        String::from("https://gateway.example.com/oauth/2/token"),
    ] {
        let answer = mint(&fixture, &[], &[&holder.proof("POST", &url, None)]).await;
        refused(&answer, "invalid_dpop_proof", &url);
        assert!(
            answer.text("error_description").contains(&token_endpoint()),
            "{answer}"
        );
    }
    let (one, other) = (proof(&holder), proof(&holder));
    refused(
        &mint(&fixture, &[], &[&one, &other]).await,
        "invalid_dpop_proof",
        "two",
    );
    refused(
        &mint(&fixture, &[], &[&one, &one]).await,
        "invalid_dpop_proof",
        "one twice",
    );
    assert_eq!(fixture.parts.events().await.len(), before, "no decision was made");
    // None of these spent the id that all of them have, and a query in the address counts for nothing.
    let good = holder.sign(&holder.header(), &claims);
    assert_eq!(
        mint(&fixture, &[], &[&good]).await.expect(200).text("token_type"),
        "DPoP"
    );
    let asked = holder.proof("POST", &format!("{}?a=b", token_endpoint()), None);
    mint(&fixture, &[], &[&asked]).await.expect(200);
}

#[tokio::test]
async fn a_mandate_is_bound_to_the_key_that_its_client_proves_and_to_none_where_it_proves_none() {
    let fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    let minted = mint(&fixture, &[], &[&proof(&holder)]).await.expect(200);
    assert_eq!(minted["token_type"], "DPoP");
    let token = minted.text("access_token");
    let claims = fixture.claims(&token).await;
    assert_eq!(claims.bound_to().map(AsRef::as_ref), Some(&*holder.thumbprint()));
    let event = fixture.last_event().await;
    assert_eq!(metadata(&event)["jkt"], json!(holder.thumbprint()), "{event:?}");
    let told = fixture
        .present("/oauth/2/introspect", &token, &[])
        .await
        .expect(200);
    assert_eq!(
        (&told["active"], &told["token_type"], &told["cnf"]),
        (&json!(true), &json!("DPoP"), &json!({"jkt": holder.thumbprint()}))
    );

    let minted = fixture.mint(&[]).await.expect(200);
    assert_eq!(minted["token_type"], "Bearer");
    let token = minted.text("access_token");
    assert_eq!(fixture.claims(&token).await.cnf, None);
    assert!(metadata(&fixture.last_event().await).get("jkt").is_none());
    let told = fixture
        .present("/oauth/2/introspect", &token, &[])
        .await
        .expect(200);
    assert_eq!((&told["token_type"], told.get("cnf")), (&json!("Bearer"), None));
    assert!(minted.headers.get("dpop-nonce").is_none());
}

#[tokio::test]
async fn a_proof_is_good_once_for_whoever_has_the_secret() {
    let fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    let once = proof(&holder);
    let wrong = mint(&fixture, &[("client_secret", "wrong")], &[&once]).await;
    assert_eq!(
        wrong.outcome(),
        (401, "access_denied"),
        "nobody's proof is looked at"
    );
    mint(&fixture, &[], &[&once]).await.expect(200);
    refused(
        &mint(&fixture, &[], &[&once]).await,
        "invalid_dpop_proof",
        "again",
    );
    // A refusal spends it as well: a request is sent once.
    let denied = proof(&holder);
    mint(&fixture, &[("scope", "tickets:none")], &[&denied])
        .await
        .expect(403);
    refused(
        &mint(&fixture, &[], &[&denied]).await,
        "invalid_dpop_proof",
        "after a refusal",
    );
    fixture.parts.pass(Duration::from_mins(2)).await;
    refused(
        &mint(&fixture, &[], &[&once]).await,
        "invalid_dpop_proof",
        "and long after",
    );
    mint(&fixture, &[], &[&proof(&holder)]).await.expect(200);
}

#[tokio::test]
async fn a_session_mandate_is_bound_as_well_and_whoever_asks_about_it_is_told() {
    let fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    let once = proof(&holder);
    let minted = mint(&fixture, &LIFECYCLE, &[&once]).await.expect(200);
    assert_eq!(minted["token_type"], "DPoP");
    let token = minted.text("access_token");
    let claims = fixture.claims(&token).await;
    assert_eq!(claims.bound_to().map(AsRef::as_ref), Some(&*holder.thumbprint()));
    assert_eq!(
        metadata(&fixture.last_event().await)["jkt"],
        json!(holder.thumbprint())
    );
    let again = mint(&fixture, &LIFECYCLE, &[&once]).await;
    refused(&again, "invalid_dpop_proof", "again");
    let told = fixture
        .present("/oauth/2/introspect", &token, &[])
        .await
        .expect(200);
    assert_eq!(
        (&told["active"], &told["token_type"], &told["cnf"]),
        (&json!(true), &json!("DPoP"), &json!({"jkt": holder.thumbprint()}))
    );
    // Its application gives it back by its secret: nothing is used by that.
    fixture.present("/oauth/2/revoke", &token, &[]).await.expect(200);
    assert_eq!(fixture.mint(&LIFECYCLE).await.expect(200)["token_type"], "Bearer");
}

#[tokio::test]
async fn a_bound_session_mandate_is_no_subject_to_whoever_does_not_prove_its_key() {
    let fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    let stranger = KeyHolder::new(&fixture.parts.world);
    let minted = mint(&fixture, &LIFECYCLE, &[&proof(&holder)]).await;
    let bound = minted.expect(200).text("access_token");
    let plain = fixture.mint(&LIFECYCLE).await.expect(200).text("access_token");
    let exchange = async |token: &str, proofs: &[&str]| {
        let changes = [
            ("subject_token", token),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("agent_session_id", ""),
            ("delegation_edge_id", ""),
        ];
        mint(&fixture, &changes, proofs).await
    };
    let of = |holder: &KeyHolder, token: Option<&str>| holder.proof("POST", &token_endpoint(), token);
    for (about, proofs) in [
        ("none", vec![]),
        ("of no token", vec![of(&holder, None)]),
        ("of another token", vec![of(&holder, Some(&plain))]),
        ("by another key", vec![of(&stranger, Some(&bound))]),
    ] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        let answer = exchange(&bound, &proofs).await;
        assert_eq!(answer.outcome(), (401, "invalid_token"), "{about}: {answer}");
    }
    // A session mandate is no way around the Gateway: that is what whoever may present one is told.
    let good = of(&holder, Some(&bound));
    let told = exchange(&bound, &[&good]).await;
    assert_eq!(
        (told.outcome(), &told["reason"]),
        ((403, "access_denied"), &json!("gateway_required"))
    );
    refused(&exchange(&bound, &[&good]).await, "invalid_dpop_proof", "again");
    for proofs in [vec![], vec![of(&holder, None)]] {
        let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
        assert_eq!(exchange(&plain, &proofs).await["reason"], "gateway_required");
    }
}

#[tokio::test]
async fn a_person_who_logs_in_with_a_proof_has_it_checked_first_and_spent() {
    let fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    let identity = [
        ("subject_token", "x.y.z"),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
        ("resource", ""),
        ("scope", ""),
        ("agent_session_id", ""),
        ("delegation_edge_id", ""),
    ];
    let stranger = holder.proof("GET", &token_endpoint(), None);
    refused(
        &mint(&fixture, &identity, &[&stranger]).await,
        "invalid_dpop_proof",
        "another method",
    );
    let once = proof(&holder);
    let nobody = mint(&fixture, &identity, &[&once]).await;
    assert_eq!(nobody.outcome(), (401, "invalid_token"), "{nobody}");
    refused(
        &mint(&fixture, &identity, &[&once]).await,
        "invalid_dpop_proof",
        "again",
    );
}

#[tokio::test]
async fn what_a_gateway_asks_for_is_bound_to_nothing() {
    let fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    let (token, _) = fixture.mandate().await;
    let answer = Exchange::of(&fixture, &token)
        .with_proof(proof(&holder))
        .send()
        .await;
    refused(&answer, "invalid_dpop_proof", "a Gateway's");
    Exchange::of(&fixture, &token).send().await.expect(200);
}

#[tokio::test]
async fn where_nonces_are_asked_for_a_proof_repeats_one_of_ours_from_a_moment_ago() {
    let mut fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    let mut config = (*fixture.deps.config).clone();
    config.dpop_nonces = true;
    fixture.reconfigure(config);
    let with = |nonce: &str| {
        let mut claims = holder.claims("POST", &token_endpoint(), None);
        claims["nonce"] = nonce.into();
        holder.sign(&holder.header(), &claims)
    };
    let told = |answer: &Answer| answer.headers["dpop-nonce"].to_str().unwrap().to_owned();
    let asked = mint(&fixture, &[], &[&proof(&holder)]).await;
    refused(&asked, "use_dpop_nonce", "none");
    let first = told(&asked);
    let mut forged = first.clone();
    forged.replace_range(forged.len() - 2.., "AA");
    let long = first.repeat(6);
    for made_up in ["", "x", "eyJh", &forged, &first[1..], &long] {
        refused(
            &mint(&fixture, &[], &[&with(made_up)]).await,
            "use_dpop_nonce",
            made_up,
        );
    }
    // It may be repeated until it is too old: the id of each proof is what is good once.
    let minted = mint(&fixture, &[], &[&with(&first)]).await.expect(200);
    let next = told(&minted);
    assert_ne!(next, first);
    mint(&fixture, &[], &[&with(&first)]).await.expect(200);
    fixture.parts.pass(Duration::from_mins(5)).await;
    refused(
        &mint(&fixture, &[], &[&with(&next)]).await,
        "use_dpop_nonce",
        "an old one",
    );
    // Whoever proves no key knows of none of this, and a proof that does not hold is told so first.
    let plain = fixture.mint(&[]).await.expect(200);
    assert!(plain.headers.get("dpop-nonce").is_none());
    let stolen = KeyHolder::new(&fixture.parts.world).proof("GET", &token_endpoint(), None);
    refused(
        &mint(&fixture, &[], &[&stolen]).await,
        "invalid_dpop_proof",
        "another method",
    );
}

#[tokio::test]
async fn a_bound_mandate_is_used_by_whoever_proved_its_key_and_its_upstream_sees_no_binding() {
    let fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    let other = KeyHolder::new(&fixture.parts.world).thumbprint();
    let bound = mint(&fixture, &[], &[&proof(&holder)]).await.text("access_token");
    let plain = fixture.mint(&[]).await.text("access_token");
    // A Gateway of a release before this one says nothing of a key, and lets nobody use what is bound to one.
    for (token, key) in [
        (&bound, None),
        (&bound, Some(other.as_str())),
        (&plain, Some(&*holder.thumbprint())),
    ] {
        let answer = Exchange::of(&fixture, token).by(key).send().await;
        assert_eq!(answer.outcome(), (401, "invalid_token"), "{answer}");
        assert!(answer.body.get("upstreams").is_none());
    }
    let exchange = Exchange::of(&fixture, &bound).by(Some(&holder.thumbprint()));
    let answer = exchange.send().await.expect(200);
    assert_eq!(
        answer["token_type"], "Bearer",
        "it is the Gateway that presents it"
    );
    let minted = fixture.claims(&answer.text("access_token")).await;
    assert_eq!(minted.cnf, None);
    let event = fixture.last_event().await;
    assert_eq!(metadata(&event)["jkt"], json!(holder.thumbprint()));

    // The same in one process.
    let operation = Operation::Http {
        method: String::from("GET"),
        path: String::from("/tickets"),
    };
    let asked = || Asked {
        operation: &operation,
        arguments: None,
        content: None,
        approval: None,
    };
    let claims = fixture.claims(&bound).await;
    let resource = fixture.resource.identifier.clone();
    let unbound = MandateClaims {
        cnf: None,
        ..claims.clone()
    };
    let used = fixture
        .call((bound.clone(), claims.clone()), &resource, asked())
        .await;
    assert!(used.is_ok(), "{used:?}");
    let local = fixture.call_as((bound, claims), None, &resource, asked()).await;
    assert_eq!(local.unwrap_err().status, 401);
    let key = Some(holder.thumbprint().into());
    let local = fixture.call_as((plain, unbound), key, &resource, asked()).await;
    assert_eq!(local.unwrap_err().status, 401);
}

/// What cannot remember anything now.
#[derive(Debug)]
struct Away;

#[async_trait]
impl ReplayStore for Away {
    async fn claim(&self, _: &str, _: Timestamp) -> Result<bool, ShortLivedError> {
        Err(ShortLivedError::Unavailable(String::from("away")))
    }
}

#[tokio::test]
async fn a_proof_that_may_have_been_used_is_none() {
    let mut fixture = Fixture::new().await;
    let holder = KeyHolder::new(&fixture.parts.world);
    fixture.deps.replay = Arc::new(Away);
    fixture.reconfigure((*fixture.deps.config).clone());
    let answer = mint(&fixture, &[], &[&proof(&holder)]).await;
    assert_eq!(answer.outcome(), (503, "sts_unavailable"), "{answer}");
    assert!(answer.headers.contains_key("retry-after"));
}
