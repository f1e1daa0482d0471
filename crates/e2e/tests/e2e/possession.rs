//! Tokens that are bound to a key (DPoP, RFC 9449), for clients of an ordinary OAuth library.

use std::time::Duration;

use caracal_crypto::system_world;
use caracal_e2e::{Deployment, Fixture, READ, Reply, Role, Stack, TICKETS, oauth::OauthServer, token::Token};
use caracal_testkit::key_holder::KeyHolder;
use serde_json::{Value, json};

use crate::{
    client_sign_in::Desk,
    mcp::{CONNECT, SEARCH, script},
};

/// Longest wait for Node.js: the first start installs the library.
const LIMIT: Duration = Duration::from_mins(2);

/// What a script of the checkout saw.
async fn seen(name: &str, environment: &[(&str, &str)]) -> Value {
    let options = script(name).await;
    let options = environment
        .iter()
        .fold(options, |options, (name, value)| options.env(name, value));
    let mut process = options.start();
    let ended = process.ended(LIMIT).await;
    assert!(ended.success(), "{} {}", process.stdout(), process.stderr());
    serde_json::from_str(&process.stdout()).expect("JSON")
}

/// A session mandate that is bound to the key of `holder`, which has `fields` for what it is of; with the nonce that the STS
/// asks for, where it does.
pub(crate) async fn session_mandate(
    fixture: &Fixture<'_>,
    holder: &KeyHolder,
    fields: &[(&str, &str)],
) -> Reply {
    let endpoint = format!("{}/oauth/2/token", fixture.zone.stack.url(Role::Sts));
    let ask = async |nonce: Option<&str>| {
        let mut claims = holder.claims("POST", &endpoint, None);
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        let proof = holder.sign(&holder.header(), &claims);
        let request = fixture.zone.exchange_request(&fixture.application, fields);
        Reply::of(request.header("dpop", proof)).await
    };
    let first = ask(None).await;
    if first.json["error"] != "use_dpop_nonce" {
        return first;
    }
    let nonce = first.headers["dpop-nonce"].to_str().expect("text");
    ask(Some(nonce)).await
}

/// A call of the Coordinator under `authorization`, with this proof.
pub(crate) async fn coordinate(
    fixture: &Fixture<'_>,
    (method, path): (&str, &str),
    (authorization, proof): (&str, Option<&str>),
    body: Option<Value>,
) -> Reply {
    let path = format!("/zones/{}{path}", fixture.zone.id);
    let request = fixture.zone.stack.request(Role::Coordinator, method, &path);
    let request = request.header("authorization", authorization);
    let request = proof
        .iter()
        .fold(request, |request, proof| request.header("dpop", *proof));
    Reply::of(match body {
        Some(body) => request.json(&body),
        None => request,
    })
    .await
}

/// Whoever got hold of a bound session mandate runs nothing with it.
async fn a_holder_alone_runs_sessions(fixture: &Fixture<'_>) {
    let holder = KeyHolder::new(&system_world());
    let fields = [("resource", TICKETS), ("scope", "agent:lifecycle")];
    let token = session_mandate(fixture, &holder, &fields).await.expect(200);
    assert_eq!(token.text_of("token_type"), "DPoP");
    let token = token.text_of("access_token");
    let url = format!(
        "{}/zones/{}/agents",
        fixture.zone.stack.url(Role::Coordinator),
        fixture.zone.id
    );
    let of = ("POST", "/agents");
    let body = || serde_json::to_value(fixture.application.task(&["writer"])).ok();
    let (borne, held) = (format!("Bearer {token}"), format!("DPoP {token}"));
    let stranger = KeyHolder::new(&system_world()).proof("POST", &url, Some(&token));
    for (presented, code) in [
        ((borne.as_str(), None), "invalid_token"),
        ((&held, None), "invalid_dpop_proof"),
        ((&held, Some(stranger.as_str())), "invalid_token"),
    ] {
        let refused = coordinate(fixture, of, presented, body()).await.expect(401);
        assert_eq!(refused.text_of("error"), code, "{refused:#?}");
    }
    let proof = holder.proof("POST", &url, Some(&token));
    coordinate(fixture, of, (&held, Some(&proof)), body())
        .await
        .expect(201);
    let again = coordinate(fixture, of, (&held, Some(&proof)), body())
        .await
        .expect(401);
    assert_eq!(again.text_of("error"), "invalid_dpop_proof", "{again:#?}");
}

async fn an_agent_binds_its_mandates(deployment: Deployment, settings: &[(&str, &str)], algorithm: &str) {
    let stack = Stack::with(deployment, settings).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let seen = seen(
        "bound-agent.mjs",
        &[
            ("STS", &stack.url(Role::Sts)),
            ("GATEWAY", &stack.url(Role::Gateway)),
            ("ZONE", &fixture.zone.id),
            ("APPLICATION", &fixture.application.id),
            ("SECRET", &fixture.application.secret),
            ("SESSION", &agent.session),
            ("DELEGATION", &agent.delegation),
            ("RESOURCE", TICKETS),
            ("SCOPE", READ),
            ("ALGORITHM", algorithm),
        ],
    )
    .await;
    assert_eq!(
        seen["supported"],
        json!(["ES256", "EdDSA", "Ed25519"]),
        "{seen:#}"
    );
    assert_eq!(seen["type"], "dpop", "{seen:#}");
    let claims = Token::parse(seen["token"].as_str().expect("a token")).claims;
    assert_eq!(claims["cnf"], json!({"jkt": seen["thumbprint"]}), "{claims:#}");
    assert_eq!(seen["passed"], json!({"status": 200}), "{seen:#}");
    let refused = json!({
        "status": 401, "scheme": "dpop", "error": "invalid_token", "algs": "ES256 EdDSA Ed25519",
    });
    for how in ["bearer", "other"] {
        assert_eq!(seen["stolen"][how], refused, "{how}: {seen:#}");
    }
    assert_eq!(seen["unspoilt"], json!({"status": 200}), "{seen:#}");
    assert_eq!(seen["spent"]["status"], 401, "{seen:#}");
    let asks = settings.iter().any(|(name, _)| *name == "DPOP_NONCES");
    assert_eq!(seen["nonces"], u8::from(asks), "{seen:#}");

    // The upstream had the calls of the holder, and nothing of how they were proved.
    let received = fixture.upstream.received();
    assert_eq!(received.len(), 2);
    for call in &received {
        assert_eq!((call.header("dpop"), call.header("authorization")), (None, None));
    }
    let key = seen["thumbprint"].clone();
    let bound = |event: &&Value| event["metadata_json"]["jkt"] == key;
    let denied = |event: &Value| event["metadata_json"]["reason"] == "proof_of_other_key";
    let events = fixture
        .zone
        .ledger_once(|events| events.iter().any(denied) && events.iter().filter(bound).count() >= 4)
        .await;
    let uses = events
        .iter()
        .filter(bound)
        .map(|event| &event["metadata_json"]["mandate_use"]);
    assert!(uses.clone().any(|class| class == "gateway"), "{events:#?}");
    assert!(uses.clone().any(|class| class == "resource"), "{events:#?}");
    a_holder_alone_runs_sessions(&fixture).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_binds_its_mandates_to_a_key_embedded() {
    an_agent_binds_its_mandates(Deployment::Embedded, &[], "ES256").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_binds_its_mandates_to_a_key_production() {
    an_agent_binds_its_mandates(Deployment::Production, &[("DPOP_NONCES", "true")], "Ed25519").await;
}

async fn a_person_signs_in_with_a_client_that_holds_a_key(deployment: Deployment, required: bool) {
    let server = OauthServer::start(600).await;
    let nonces = if required { "true" } else { "false" };
    let stack = server.stack(deployment, &[("DPOP_NONCES", nonces)]).await;
    let desk = Desk::with(&stack, &server).await;
    if required {
        desk.allow(&[
            "sign-in:provider:company",
            "sign-in:resource:tools",
            "sign-in:label:agent",
            "sign-in:dpop:required",
        ])
        .await;
    }
    let scope = format!("{CONNECT} {SEARCH}");
    let authority = server.authority().display().to_string();
    let environment = [
        ("STS", stack.url(Role::Sts)),
        ("SERVER", desk.address.clone()),
        ("SCOPE", scope),
        ("NODE_EXTRA_CA_CERTS", authority),
    ];
    let environment: Vec<_> = environment
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let seen = seen("bound-person.mjs", &environment).await;
    assert_eq!(
        seen["supported"],
        json!(["ES256", "EdDSA", "Ed25519"]),
        "{seen:#}"
    );
    assert_eq!(seen["bound"], true, "{seen:#}");
    assert_eq!(seen["types"], json!(["dpop", "dpop"]), "{seen:#}");
    let claims = Token::parse(seen["token"].as_str().expect("a token")).claims;
    assert_eq!(claims["cnf"], json!({"jkt": seen["thumbprint"]}), "{claims:#}");
    let without = if required {
        "invalid_dpop_proof"
    } else {
        "invalid_grant"
    };
    assert_eq!(seen["code_stolen"], json!(["invalid_grant", without]), "{seen:#}");
    // What is bound is refused for that, whether or not a proof is asked of everybody: it is on record then.
    let refused = json!(["invalid_grant", "invalid_grant"]);
    assert_eq!(seen["refresh_stolen"], refused, "{seen:#}");
    assert_eq!(seen["unproved"], without, "{seen:#}");
    assert_eq!(seen["calls"], json!(vec![json!({"status": 200}); 3]), "{seen:#}");
    let refused = json!({"status": 401, "scheme": "dpop", "error": "invalid_token"});
    assert_eq!(seen["token_stolen"], json!([refused, refused]), "{seen:#}");
    // Who signed in with which key is on record, and so is who tried another.
    let of = |event: &Value, decision: &str| {
        event["decision"] == decision && event["metadata_json"]["client_name"] == "A client with a key"
    };
    let granted = |event: &&Value| of(event, "allow") && event["metadata_json"]["jkt"] == seen["thumbprint"];
    let denied = |event: &&Value| of(event, "deny") && event["evaluation_status"] == "proof_of_other_key";
    desk.zone
        .ledger_once(|events| {
            events.iter().filter(granted).count() >= 2 && events.iter().filter(denied).count() >= 1
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_with_a_client_that_holds_a_key_production() {
    a_person_signs_in_with_a_client_that_holds_a_key(Deployment::Production, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_with_a_client_that_holds_a_key_embedded() {
    a_person_signs_in_with_a_client_that_holds_a_key(Deployment::Embedded, false).await;
}
