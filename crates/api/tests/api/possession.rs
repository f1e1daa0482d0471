//! Mandates of control keys that are bound to a key (DPoP, RFC 9449): who runs a command with one.

use std::time::Duration;

use caracal_api::ApiConfig;
use caracal_core::claims::{Confirmation, MandateClaims};
use caracal_testkit::{client::Answer, key_holder::KeyHolder, parts::Backends};
use serde_json::{Value, json};

use crate::{
    control::{Control, told},
    stack::ADMIN,
};

const BASE: &str = "https://control.example.com";
const INVOKE: &str = "https://control.example.com/v1/control/invoke";

async fn start(backends: Backends) -> Control {
    let config = ApiConfig {
        public_url: BASE.to_owned(),
        ..ApiConfig::default()
    };
    Control::over(backends, config).await
}

fn bound(control: &Control, holder: &KeyHolder) -> String {
    let cnf = Some(Confirmation {
        jkt: holder.thumbprint().into(),
    });
    control.token(&MandateClaims {
        cnf,
        ..control.claims("control:app:read")
    })
}

async fn present(control: &Control, authorization: &str, proofs: &[&str]) -> Answer {
    let mut headers = vec![("authorization", authorization)];
    headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
    let body = json!({"command": "app", "subcommand": "list"});
    control.send(None, &headers, body).await
}

#[track_caller]
fn refused(answer: &Answer, code: &str, about: &str) {
    assert_eq!(told(answer), format!("401 {code}"), "{about}");
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    assert!(challenge.starts_with("DPoP error=\""), "{about}: {challenge}");
    assert!(challenge.contains("algs=\"ES256"), "{about}: {challenge}");
}

async fn only_the_holder_runs_it(backends: Backends) {
    let control = start(backends).await;
    let holder = KeyHolder::new(&control.stack.parts.world);
    let stranger = KeyHolder::new(&control.stack.parts.world);
    let token = bound(&control, &holder);
    let plain = control.token(&control.claims("control:app:read"));
    let held = format!("DPoP {token}");
    let claims = holder.claims("POST", INVOKE, Some(&token));
    let good = holder.sign(&holder.header(), &claims);
    for (about, authorization, proofs, code) in [
        ("borne", format!("Bearer {token}"), vec![], "invalid_token"),
        (
            "borne with a proof",
            format!("Bearer {token}"),
            vec![good.as_str()],
            "invalid_token",
        ),
        ("no proof", held.clone(), vec![], "invalid_dpop_proof"),
        (
            "two proofs",
            held.clone(),
            vec![good.as_str(), &good],
            "invalid_dpop_proof",
        ),
        (
            "bound to nothing",
            format!("DPoP {plain}"),
            vec![good.as_str()],
            "invalid_token",
        ),
        (
            "no mandate",
            format!("DPoP {ADMIN}"),
            vec![good.as_str()],
            "unauthorized",
        ),
    ] {
        refused(&present(&control, &authorization, &proofs).await, code, about);
    }
    for (about, forged) in holder.forgeries(&claims) {
        refused(
            &present(&control, &held, &[&forged]).await,
            "invalid_dpop_proof",
            about,
        );
    }
    let elsewhere = format!("{BASE}/v1/control/catalog");
    for (about, proof, code) in [
        (
            "of no token",
            holder.proof("POST", INVOKE, None),
            "invalid_dpop_proof",
        ),
        (
            "of another token",
            holder.proof("POST", INVOKE, Some(&plain)),
            "invalid_dpop_proof",
        ),
        (
            "of another path",
            holder.proof("POST", &elsewhere, Some(&token)),
            "invalid_dpop_proof",
        ),
        (
            "by another key",
            stranger.proof("POST", INVOKE, Some(&token)),
            "invalid_token",
        ),
    ] {
        refused(&present(&control, &held, &[&proof]).await, code, about);
    }
    assert_eq!(
        control.evidence().await,
        Vec::<Value>::new(),
        "nobody ran anything"
    );

    // Neither the proof nor the mandate was spent by any of these; both are good once.
    present(&control, &held, &[&good]).await.expect(200);
    refused(
        &present(&control, &held, &[&good]).await,
        "invalid_dpop_proof",
        "the same again",
    );
    let fresh = holder.proof("POST", INVOKE, Some(&token));
    let again = present(&control, &held, &[&fresh]).await;
    assert_eq!(told(&again), "401 token_replay");
    control.stack.parts.pass(Duration::from_mins(2)).await;
    refused(
        &present(&control, &held, &[&good]).await,
        "invalid_dpop_proof",
        "and long after",
    );
}

#[tokio::test]
async fn only_whoever_proves_the_key_of_a_mandate_runs_its_command_embedded() {
    only_the_holder_runs_it(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whoever_proves_the_key_of_a_mandate_runs_its_command_production() {
    only_the_holder_runs_it(Backends::Production).await;
}
