//! Mandates that are bound to a key (DPoP, RFC 9449): who enters with one.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use caracal_coordinator::CoordinatorConfig;
use caracal_core::{
    Timestamp,
    claims::{Confirmation, MandateClaims},
};
use caracal_events::shortlived::{ReplayStore, ShortLivedError};
use caracal_testkit::{client::Answer, key_holder::KeyHolder, parts::Backends};
use http::Method;
use serde_json::{Value, json};

use crate::stack::{App, OPERATOR, Stack, start_body};

/// The Coordinator as its clients know it, behind a proxy that takes a part of the path away.
const BASE: &str = "https://caracal.example.com/coordinator/";

fn config() -> CoordinatorConfig {
    CoordinatorConfig {
        public_url: Some(BASE.to_owned()),
        ..CoordinatorConfig::default()
    }
}

/// An application whose mandate is bound to a key.
struct Bound {
    stack: Stack,
    app: App,
    holder: KeyHolder,
    token: String,
}

impl Bound {
    async fn over(backends: Backends) -> Self {
        let stack = Stack::over(backends, config()).await;
        let app = stack.app().await;
        let holder = KeyHolder::new(&stack.world);
        let token = stack.sign(&bound(stack.claims(&app.record), &holder));
        Self {
            stack,
            app,
            holder,
            token,
        }
    }

    /// Address of a path below the zone, as clients know it.
    fn url(&self, path: &str) -> String {
        format!("{BASE}zones/{}{path}", self.stack.zone)
    }

    fn proof(&self, method: &Method, path: &str) -> String {
        self.holder
            .proof(method.as_str(), &self.url(path), Some(&self.token))
    }

    /// Sends what a holder would, with this `Authorization` and these proofs.
    async fn present(
        &self,
        (method, path): (&Method, &str),
        authorization: &str,
        proofs: &[&str],
        body: Option<Value>,
    ) -> Answer {
        let mut headers = vec![("authorization", authorization)];
        headers.extend(proofs.iter().map(|proof| ("dpop", *proof)));
        self.stack.send(method.clone(), path, "", &headers, body).await
    }

    async fn by_holder(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let proof = self.proof(&method, path);
        let authorization = format!("DPoP {}", self.token);
        self.present((&method, path), &authorization, &[&proof], body)
            .await
    }
}

fn bound(claims: MandateClaims, holder: &KeyHolder) -> MandateClaims {
    MandateClaims {
        cnf: Some(Confirmation {
            jkt: holder.thumbprint().into(),
        }),
        ..claims
    }
}

#[track_caller]
fn refused(answer: &Answer, code: &str, about: &str) {
    assert_eq!(answer.outcome(), (401, code), "{about}: {answer}");
    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
    let begins = format!("DPoP error=\"{code}\"");
    assert!(challenge.starts_with(&begins), "{about}: {challenge}");
    assert!(challenge.contains("algs=\"ES256"), "{about}: {challenge}");
}

async fn only_the_holder_enters(backends: Backends) {
    let bound = Bound::over(backends).await;
    let (stack, token) = (&bound.stack, &bound.token);
    let held = format!("DPoP {token}");
    for route in caracal_coordinator::table() {
        let method: Method = route.method.parse().unwrap();
        let path = route.path.strip_prefix("/zones/{zone}").unwrap();
        let path = path.replace("{id}", "x").replace("{session}", "y");
        let of = (&method, path.as_str());
        let borne = format!("Bearer {token}");
        let proof = bound.proof(&method, &path);
        refused(
            &bound.present(of, &borne, &[], None).await,
            "invalid_token",
            &path,
        );
        refused(
            &bound.present(of, &borne, &[&proof], None).await,
            "invalid_token",
            &path,
        );
        refused(
            &bound.present(of, &held, &[], None).await,
            "invalid_dpop_proof",
            &path,
        );
        let unbound = format!("DPoP {}", bound.app.token);
        let answer = bound.present(of, &unbound, &[&proof], None).await;
        refused(&answer, "invalid_token", &path);
        let operator = bound
            .present(of, &format!("DPoP {OPERATOR}"), &[&proof], None)
            .await;
        refused(&operator, "invalid_token", &path);
    }

    let (method, path) = (Method::GET, "/agents");
    let present = async |proofs: &[&str]| bound.present((&method, path), &held, proofs, None).await;
    let url = bound.url(path);
    let claims = bound.holder.claims("GET", &url, Some(token));
    for (about, forged) in bound.holder.forgeries(&claims) {
        refused(&present(&[&forged]).await, "invalid_dpop_proof", about);
    }
    let good = bound.holder.sign(&bound.holder.header(), &claims);
    let elsewhere = format!("https://caracal.example.com/zones/{}/agents", stack.zone);
    let other_path = bound.url("/delegations/active");
    for (about, proof) in [
        ("of no token", bound.holder.proof("GET", &url, None)),
        (
            "of another token",
            bound.holder.proof("GET", &url, Some(&bound.app.token)),
        ),
        ("of another method", bound.holder.proof("POST", &url, Some(token))),
        (
            "of another path",
            bound.holder.proof("GET", &other_path, Some(token)),
        ),
        (
            "below another base",
            bound.holder.proof("GET", &elsewhere, Some(token)),
        ),
    ] {
        refused(&present(&[&proof]).await, "invalid_dpop_proof", about);
    }
    refused(&present(&[&good, &good]).await, "invalid_dpop_proof", "two");
    let other = KeyHolder::new(&stack.world).proof("GET", &url, Some(token));
    refused(&present(&[&other]).await, "invalid_token", "by another key");

    // None of these spent the id that all of them have, and it is good once.
    present(&[&good]).await.expect(200);
    refused(&present(&[&good]).await, "invalid_dpop_proof", "again");
    stack.advance(Duration::from_mins(2)).await;
    refused(&present(&[&good]).await, "invalid_dpop_proof", "and long after");
    bound.by_holder(method, path, None).await.expect(200);
    // Nothing of it is asked of whoever knows nothing of keys.
    stack.get(path, &bound.app.token).await.expect(200);
}

#[tokio::test]
async fn only_whoever_proves_the_key_of_a_mandate_enters_with_it_embedded() {
    only_the_holder_enters(Backends::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_whoever_proves_the_key_of_a_mandate_enters_with_it_production() {
    only_the_holder_enters(Backends::Production).await;
}

#[tokio::test]
async fn a_holder_runs_sessions_as_anybody_does() {
    let bound = Bound::over(Backends::Embedded).await;
    let body = start_body(&bound.app, json!({}));
    let started = bound.by_holder(Method::POST, "/agents", Some(body)).await;
    let session = started.expect(201).text("agent_session_id");
    let path = format!("/agents/{session}");
    let read = bound.by_holder(Method::GET, &path, None).await.expect(200);
    assert_eq!(read["status"], "active", "{read}");
    let ended = bound.by_holder(Method::DELETE, &path, None).await;
    assert!(ended.status.is_success(), "{ended}");
}

#[tokio::test]
async fn a_bound_login_speaks_for_its_person_where_the_same_key_was_proved() {
    let bound = Bound::over(Backends::Embedded).await;
    let (stack, app) = (&bound.stack, &bound.app);
    let (person, plain) = stack.person(app, "ada").await;
    let stranger = KeyHolder::new(&stack.world);
    let login = |holder| stack.sign(&self::bound(stack.proof(&person), holder));
    let (ours, strangers) = (login(&bound.holder), login(&stranger));
    let body = |proof: &str| start_body(app, json!({"subject_token": proof}));
    for proof in [&ours, &strangers] {
        let borne = stack.post("/agents", &app.token, body(proof)).await;
        assert_eq!(borne.outcome(), (401, "invalid_subject_proof"), "{borne}");
    }
    let other = bound
        .by_holder(Method::POST, "/agents", Some(body(&strangers)))
        .await;
    assert_eq!(other.outcome(), (401, "invalid_subject_proof"), "{other}");
    for proof in [&ours, &plain] {
        let started = bound
            .by_holder(Method::POST, "/agents", Some(body(proof)))
            .await
            .expect(201);
        assert_eq!(started.text("subject_authority_record_id"), person.id.as_str());
    }
}

#[tokio::test]
async fn where_nobody_said_what_the_address_is_no_proof_holds() {
    let stack = Stack::new().await;
    let app = stack.app().await;
    let holder = KeyHolder::new(&stack.world);
    let token = stack.sign(&bound(stack.claims(&app.record), &holder));
    let path = format!("/zones/{}/agents", stack.zone);
    for base in ["", "http://localhost", "http://127.0.0.1:4000"] {
        let proof = holder.proof("GET", &format!("{base}{path}"), Some(&token));
        let authorization = format!("DPoP {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("dpop", &proof),
            ("host", "localhost"),
        ];
        let answer = stack.send(Method::GET, "/agents", "", &headers, None).await;
        refused(&answer, "invalid_dpop_proof", base);
    }
}

/// What cannot remember anything now.
#[derive(Debug)]
struct Forgetful;

#[async_trait]
impl ReplayStore for Forgetful {
    async fn claim(&self, _: &str, _: Timestamp) -> Result<bool, ShortLivedError> {
        Err(ShortLivedError::Unavailable(String::from("away")))
    }
}

#[tokio::test]
async fn a_proof_that_may_have_been_used_lets_nobody_in() {
    let mut bound = Bound::over(Backends::Embedded).await;
    bound.stack.replay(Arc::new(Forgetful));
    let answer = bound.by_holder(Method::GET, "/agents", None).await;
    assert_eq!(answer.outcome(), (503, "storage_unavailable"), "{answer}");
    assert!(answer.headers.contains_key("retry-after"));
    bound.stack.get("/agents", &bound.app.token).await.expect(200);
}
