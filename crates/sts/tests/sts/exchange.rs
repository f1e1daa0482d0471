//! The Gateway's signed exchange, refusals first.

use axum::http::StatusCode;
use caracal_core::claims::MandateUse;
use caracal_crypto::{
    HmacKey,
    request_signature::{NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, new_nonce, sign},
};
use caracal_storage::Access;
use serde_json::Value;

use caracal_testkit::client::Answer;

use crate::fixture::{Fixture, GATEWAY_KEY, GRANT, LIFECYCLE, UPSTREAM_KEY};

pub(crate) struct Exchange<'s> {
    fixture: &'s Fixture,
    token: String,
    resource: String,
    method: &'static str,
    path: &'static str,
    /// Thumbprint of the key that its caller proved to hold.
    key: Option<String>,
    /// A proof of DPoP that comes with it.
    proof: Option<String>,
}

impl<'s> Exchange<'s> {
    pub(crate) fn of(fixture: &'s Fixture, token: &str) -> Self {
        Self {
            fixture,
            token: token.to_owned(),
            resource: fixture.resource.identifier.clone(),
            method: "GET",
            path: "/tickets",
            key: None,
            proof: None,
        }
    }

    /// With a proof of its own.
    pub(crate) fn with_proof(self, proof: String) -> Self {
        Self {
            proof: Some(proof),
            ..self
        }
    }

    /// Of a caller who proved to hold the key of this thumbprint.
    pub(crate) fn by(self, key: Option<&str>) -> Self {
        Self {
            key: key.map(str::to_owned),
            ..self
        }
    }

    fn body(&self) -> String {
        let fields = [
            ("grant_type", GRANT),
            ("zone_id", self.fixture.zone.id.as_str()),
            ("application_id", self.fixture.application.id.as_str()),
            ("subject_token", &self.token),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:access_token",
            ),
            ("resource", &self.resource),
            ("request_method", self.method),
            ("request_path", self.path),
            ("gateway_request_id", "req-1"),
        ];
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .extend_pairs(self.key.iter().map(|key| ("request_key", key)))
            .finish()
    }

    pub(crate) async fn send(&self) -> Answer {
        let body = self.body();
        let nonce = new_nonce(&self.fixture.parts.world);
        self.send_signed(&body, &body, &nonce, self.fixture.now().unix_seconds())
            .await
    }

    async fn send_signed(&self, body: &str, signed: &str, nonce: &str, unix: i64) -> Answer {
        let key = HmacKey::from_hex(GATEWAY_KEY).unwrap();
        let signature = sign(&key, unix, nonce, "POST", "/oauth/2/token", signed.as_bytes());
        let unix = unix.to_string();
        let mut headers = vec![
            ("x-request-id", "req-1"),
            (TIMESTAMP_HEADER, unix.as_str()),
            (NONCE_HEADER, nonce),
            (SIGNATURE_HEADER, signature.as_str()),
        ];
        headers.extend(self.proof.iter().map(|proof| ("dpop", proof.as_str())));
        self.fixture.send(body.to_owned(), &headers).await
    }
}

#[tokio::test]
async fn a_signature_that_does_not_hold_is_never_an_ordinary_request() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    let exchange = Exchange::of(&fixture, &token);
    let body = exchange.body();
    let now = fixture.now().unix_seconds();
    let nonce = new_nonce(&fixture.parts.world);
    let refused = [
        exchange.send_signed(&body, "tampered", &nonce, now).await,
        exchange.send_signed(&body, &body, &nonce, now - 61).await,
        exchange.send_signed(&body, &body, &nonce, now + 61).await,
        exchange.send_signed(&body, &body, "short", now).await,
        fixture
            .send(
                body.clone(),
                &[("x-request-id", "req-1"), (SIGNATURE_HEADER, "00")],
            )
            .await,
        fixture.send(body.clone(), &[(TIMESTAMP_HEADER, "")]).await,
    ];
    for answer in refused {
        assert_eq!(answer.refusal(), "401 access_denied", "{}", answer.body);
    }
    assert_eq!(
        exchange.send_signed(&body, &body, &nonce, now).await.status,
        StatusCode::OK
    );
    let again = exchange.send_signed(&body, &body, &nonce, now).await;
    assert_eq!(again.refusal(), "401 access_denied", "a nonce is good once");
}

#[tokio::test]
async fn an_unsigned_caller_cannot_exchange_a_mandate() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    let mut fields = fixture.mint_form(&[
        ("scope", ""),
        ("agent_session_id", ""),
        ("delegation_edge_id", ""),
    ]);
    fields.push((String::from("subject_token"), token));
    fields.push((
        String::from("subject_token_type"),
        String::from("urn:ietf:params:oauth:token-type:access_token"),
    ));
    assert_eq!(
        fixture.post(&fields, &[]).await.refusal(),
        "401 invalid_token",
        "not of class session"
    );

    let token = fixture.mint(&LIFECYCLE).await.text("access_token");
    fields.retain(|(name, _)| name != "subject_token");
    fields.push((String::from("subject_token"), token));
    let answer = fixture.post(&fields, &[]).await;
    assert_eq!(answer.refusal(), "403 access_denied");
    assert_eq!(
        answer.body["error_description"],
        "resource exchanges must use the Gateway"
    );
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_with_its_code_and_an_event() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    let cases = [
        (
            Exchange {
                method: "DELETE",
                ..Exchange::of(&fixture, &token)
            },
            "403 operation_not_permitted",
            "operation_not_permitted",
        ),
        (
            Exchange {
                path: "/tickets/1",
                ..Exchange::of(&fixture, &token)
            },
            "403 operation_not_permitted",
            "operation_not_permitted",
        ),
        (
            Exchange {
                resource: String::from("resource://unknown"),
                ..Exchange::of(&fixture, &token)
            },
            "403 access_denied",
            "resource_not_found",
        ),
    ];
    for (exchange, refusal, reason) in cases {
        let answer = exchange.send().await;
        assert_eq!(answer.refusal(), refusal, "{}", answer.body);
        assert_eq!(answer.body["reason"], reason);
        let event = fixture.last_event().await;
        assert_eq!(
            (event.decision.as_str(), event.request_id.as_str()),
            ("deny", "req-1")
        );
    }
}

#[tokio::test]
async fn policy_is_asked_again_at_use() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    fixture
        .activate(&fixture.policy(r#"restrict := ["incident"]"#))
        .await;
    let answer = Exchange::of(&fixture, &token).send().await;
    assert_eq!(
        answer.body["error_description"],
        "policy denied (restriction_active)"
    );
}

#[tokio::test]
async fn authority_that_ended_after_the_mint_is_refused_at_use() {
    for anchor in ["session", "source", "delegation", "record"] {
        let fixture = Fixture::new().await;
        let (token, _) = fixture.mandate().await;
        let id = match anchor {
            "session" => fixture.target.id.as_str(),
            "source" => fixture.source.id.as_str(),
            "delegation" => fixture.delegation.id.as_str(),
            _ => fixture.record.id.as_str(),
        };
        fixture.parts.revocations.mark([id]);
        let answer = Exchange::of(&fixture, &token).send().await;
        assert_eq!(answer.refusal(), "403 access_denied", "{anchor}");
        assert_eq!(answer.body["reason"], "revoked", "{anchor}");
    }
}

#[tokio::test]
async fn an_archived_provider_or_application_serves_nothing() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    fixture
        .store(async |work| {
            assert!(
                work.providers()
                    .archive(&fixture.provider.id, fixture.now())
                    .await
                    .unwrap()
            );
        })
        .await;
    assert_eq!(
        Exchange::of(&fixture, &token).send().await.refusal(),
        "502 http_request_failed"
    );

    fixture
        .store(async |work| {
            assert!(
                work.applications()
                    .archive(&fixture.application.id, fixture.now())
                    .await
                    .unwrap()
            );
        })
        .await;
    assert_eq!(
        Exchange::of(&fixture, &token).send().await.refusal(),
        "401 access_denied"
    );
}

#[tokio::test]
async fn a_call_that_policy_denies_does_not_reach_for_the_credential() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    fixture
        .activate(&fixture.policy(r#"restrict := ["incident"]"#))
        .await;
    // Whoever reached for it would find that it cannot be opened, and say so.
    let location =
        caracal_crypto::sealed::Location::provider_secret_config(&fixture.zone.id, &fixture.provider.id);
    fixture
        .store(async |work| {
            let now = fixture.now();
            let put = work.secrets().put(location.as_str(), b"not sealed by us", now);
            put.await.unwrap();
        })
        .await;
    let answer = Exchange::of(&fixture, &token).send().await;
    assert_eq!(answer.refusal(), "403 access_denied", "{}", answer.body);
    assert_eq!(answer.body["reason"], "restriction_active");
    assert_eq!(fixture.last_event().await.evaluation_status, "complete");

    fixture.activate(&fixture.policy("")).await;
    let answer = Exchange::of(&fixture, &token).send().await;
    assert_eq!(answer.refusal(), "502 http_request_failed");
    assert_eq!(
        fixture.last_event().await.evaluation_status,
        "provider_unavailable"
    );
}

#[tokio::test]
async fn an_allowed_call_gets_the_credential_and_a_resource_mandate() {
    let fixture = Fixture::new().await;
    let (token, presented) = fixture.mandate().await;
    let answer = Exchange::of(&fixture, &token).send().await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let directive = &answer.body["upstreams"][&fixture.resource.identifier];
    assert_eq!(directive["auth_mode"], "provider_apikey");
    assert_eq!(directive["auth_header"], "X-Api-Key");
    assert_eq!(directive["provider_token"], UPSTREAM_KEY);
    let minted = fixture.claims(&answer.text("access_token")).await;
    assert_eq!(minted.mandate_use, MandateUse::Resource);
    assert_eq!(
        minted.aud.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
        [fixture.resource.identifier.as_str()]
    );
    assert!(
        minted.exp <= presented.exp,
        "never outlives the presented mandate"
    );
    assert_eq!(minted.root_sid, presented.root_sid);

    let events = fixture.parts.events().await;
    let recorded = serde_json::to_string(&events).unwrap();
    assert!(!recorded.contains(UPSTREAM_KEY) && !recorded.contains(fixture.secret.expose()));
    let metadata: Value =
        serde_json::from_str(events.last().unwrap().metadata_json.as_ref().unwrap().get()).unwrap();
    assert_eq!(metadata["jti"], &*presented.jti, "use and mint are linked");
    assert_eq!(
        (&metadata["method"], &metadata["path"]),
        (&Value::from("GET"), &Value::from("/tickets"))
    );
}

#[tokio::test]
async fn the_zones_public_keys_are_published_and_nobody_elses() {
    let fixture = Fixture::new().await;
    let get = |query: String| {
        let request = axum::http::Request::get(format!("/.well-known/jwks.json{query}"))
            .body(axum::body::Body::empty())
            .unwrap();
        fixture.request(request)
    };
    assert_eq!(get(String::new()).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        get(String::from("?zone_id=0199-unknown")).await.refusal(),
        "404 resource_not_found"
    );
    assert_eq!(
        get(format!("?zone_id={}", fixture.zone.id)).await.refusal(),
        "404 resource_not_found",
        "no key yet"
    );
    fixture.mandate().await;
    let answer = get(format!("?zone_id={}", fixture.zone.id)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.body["keys"][0]["alg"], "ES256");
    assert!(answer.body["keys"][0].get("d").is_none());
}

#[tokio::test]
async fn a_mandate_of_the_zones_own_key_with_more_scopes_than_its_delegation_is_refused() {
    let fixture = Fixture::new().await;
    let (_, mut claims) = fixture.mandate().await;
    let key = fixture.state().await.signing_key.clone().unwrap();
    claims.scope = Some(String::from("tickets:read admin:all"));
    let forged = key.sign(&claims).await.unwrap();
    let answer = Exchange::of(&fixture, &forged).send().await;
    assert_eq!(answer.refusal(), "403 access_denied", "{}", answer.body);
    assert_eq!(answer.body["reason"], "scope_exceeds_delegation");
    assert_eq!(
        fixture.last_event().await.evaluation_status,
        "scope_exceeds_delegation"
    );
}

#[tokio::test]
async fn methods_are_compared_as_they_were_sent() {
    let fixture = Fixture::new().await;
    for method in ["get", "Get", "gET"] {
        let (token, _) = fixture.mandate().await;
        let mut exchange = Exchange::of(&fixture, &token);
        exchange.method = method;
        let answer = exchange.send().await;
        assert_eq!(answer.refusal(), "403 operation_not_permitted", "{method}");
    }
}

#[tokio::test]
async fn the_directive_says_what_the_resource_says_about_silence_and_cookies() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    let answer = Exchange::of(&fixture, &token).send().await;
    let directive = &answer.body["upstreams"][&fixture.resource.identifier];
    assert_eq!(directive["timeout_seconds"], 300, "{}", answer.body);
    assert_eq!(directive["cookies"], true);
}

#[tokio::test]
async fn what_a_call_asks_for_comes_in_the_words_of_its_protocol() {
    let fixture = Fixture::new().await;
    let send = async |method: &'static str, path: &'static str, more: &str| {
        let (token, _) = fixture.mandate().await;
        let mut exchange = Exchange::of(&fixture, &token);
        (exchange.method, exchange.path) = (method, path);
        let body = [&exchange.body(), more].concat();
        let nonce = new_nonce(&fixture.parts.world);
        let now = fixture.now().unix_seconds();
        exchange.send_signed(&body, &body, &nonce, now).await
    };
    let message = "&request_protocol=mcp&request_call=tools%2Fcall%3Asearch";
    let answer = send("POST", "/", message).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    let metadata = |event: &caracal_core::audit::AuditEvent| -> Value {
        serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap()
    };
    let event = metadata(fixture.parts.events().await.last().unwrap());
    assert_eq!(
        (&event["protocol"], &event["call"]),
        (&"mcp".into(), &"tools/call:search".into())
    );
    for (method, path, more) in [
        (
            "POST",
            "/",
            "&request_protocol=mcp&request_call=tools%2Fcall%3Adelete",
        ),
        ("POST", "/", "&request_protocol=mcp&request_call=tools%2Flist"),
        // Nobody who says less is let through: neither an older Gateway nor a request that is spelled like a message.
        ("POST", "/", ""),
        ("MCP", "tools/call:search", ""),
        ("POST", "/tickets", "&request_protocol=grpc"),
    ] {
        let answer = send(method, path, more).await;
        assert_eq!(
            answer.refusal(),
            "403 operation_not_permitted",
            "{method} {path} {more}"
        );
    }
    let refused = send(
        "POST",
        "/",
        "&request_protocol=mcp&request_call=tools%2Fcall%3Adelete",
    )
    .await;
    assert_eq!(
        refused.body["details"]["call"], "tools/call:delete",
        "{}",
        refused.body
    );
    for (method, path, more) in [
        ("POST", "/", "&request_protocol=mcp"),
        ("GET", "/", message),
        ("POST", "/admin", message),
        ("POST", "/", "&request_protocol=soap&request_call=x"),
        ("POST", "/", "&request_call=tools%2Fcall%3Asearch"),
    ] {
        let answer = send(method, path, more).await;
        assert_eq!(answer.refusal(), "400 invalid_token", "{method} {path} {more}");
    }
}

#[tokio::test]
async fn in_a_frozen_zone_nothing_is_allowed_until_it_is_thawed() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    let freeze = async |at| {
        let mut work = fixture.parts.store.global(Access::Write).await.unwrap();
        let mut zone = work.zones().get(&fixture.zone.id).await.unwrap().unwrap();
        zone.frozen_at = at;
        assert!(work.zones().update(&zone).await.unwrap());
        work.commit().await.unwrap();
        fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
    };
    freeze(Some(fixture.now())).await;
    for refused in [
        Exchange::of(&fixture, &token).send().await,
        fixture.mint(&[]).await,
        fixture.mint(&LIFECYCLE).await,
    ] {
        assert_eq!(refused.refusal(), "403 access_denied", "{}", refused.text);
        assert_eq!(refused.body["reason"], "zone_frozen");
    }
    assert_eq!(fixture.last_event().await.decision, "deny");
    freeze(None).await;
    Exchange::of(&fixture, &token).send().await.expect(200);
}

#[tokio::test]
async fn a_gateway_is_asked_what_a_call_carries_and_one_that_does_not_say_is_refused() {
    let fixture = Fixture::new().await;
    let (token, _) = fixture.mandate().await;
    let risk = serde_json::json!([
        {"resource": fixture.resource.identifier, "method": "GET", "path": "/tickets", "tier": "calls"},
    ]);
    let more = format!("operation_risk := {risk}\napproval_tiers := [{{\"tier\": \"calls\"}}]");
    fixture.activate(&fixture.policy(&more)).await;
    let exchange = Exchange::of(&fixture, &token);
    let send = async |more: &str| {
        let body = exchange.body() + more;
        let nonce = new_nonce(&fixture.parts.world);
        let now = fixture.now().unix_seconds();
        exchange.send_signed(&body, &body, &nonce, now).await
    };
    let before = fixture.parts.events().await.len();
    let old = send("").await;
    assert_eq!(old.refusal(), "403 access_denied");
    assert_eq!(old.body["reason"], "call_not_read");
    assert_eq!(fixture.last_event().await.evaluation_status, "call_not_read");
    assert_eq!(fixture.parts.events().await.len(), before + 1);
    // To one that reads it is a question, and no decision.
    let asked = send("&request_content=unread").await;
    assert_eq!(asked.body["reason"], "call_not_read");
    assert_eq!(fixture.parts.events().await.len(), before + 1);
    // {"query":"open=1","body":"empty"}
    let held = send("&request_content=eyJxdWVyeSI6Im9wZW49MSIsImJvZHkiOiJlbXB0eSJ9").await;
    assert_eq!(held.refusal(), "401 interaction_required", "{}", held.text);
    // {"body":"empty","more":1}
    let more = send("&request_content=eyJib2R5IjoiZW1wdHkiLCJtb3JlIjoxfQ").await;
    assert_eq!(more.refusal(), "400 invalid_token", "{}", more.text);
    let id = held.text("approval_id");
    let named = send(&format!(
        "&approval_id={id}&request_content=eyJib2R5IjoiZW1wdHkifQ"
    ))
    .await;
    assert_eq!(named.body["reason"], "approval_of_other_arguments");
}
