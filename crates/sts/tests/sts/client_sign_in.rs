//! Clients that have people sign in: who is sent where, before anybody is anybody. What follows is in the end-to-end tests,
//! with a real identity provider.

use axum::{body::Body, http::Request};
use caracal_core::entity::{Application, Provider, ProviderKind, Resource, SubjectIssuer};
use caracal_testkit::{client::Answer, parts::ISSUER};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::fixture::Fixture;

const BACK: &str = "http://127.0.0.1:49152/back";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const TRAITS: [&str; 2] = ["sign-in:provider:company", "sign-in:resource:tools"];

/// A fixture with a resource at an address, and an application that people sign in for there.
struct Desk {
    fixture: Fixture,
    address: String,
}

impl Desk {
    async fn new() -> Self {
        let fixture = Fixture::new().await;
        let address = format!("https://gateway.example.com/r/{}/tools", fixture.zone.id);
        let given = &fixture.given;
        let company = Provider {
            identifier: String::from("provider://company"),
            kind: ProviderKind::Oauth2AuthorizationCode,
            config_json: settings(&json!({})),
            secret_config_keys: Vec::new(),
            ..given.provider()
        };
        let tools = Resource {
            identifier: address.clone(),
            scopes: caracal_core::ScopeSet::parse("tools:use tools:break agent:lifecycle"),
            ..given.resource(&fixture.provider)
        };
        let issuer = SubjectIssuer {
            issuer: String::from("https://id.example.com"),
            ..given.subject_issuer()
        };
        fixture
            .store(async |work| {
                work.providers().create(&company).await.unwrap();
                work.resources().create(&tools).await.unwrap();
                work.subject_issuers().create(&issuer).await.unwrap();
            })
            .await;
        let desk = Self { fixture, address };
        desk.let_in(&TRAITS).await;
        desk
    }

    async fn let_in(&self, traits: &[&str]) {
        let traits: Vec<String> = traits.iter().map(|name| (*name).to_owned()).collect();
        let id = &self.fixture.application.id;
        self.fixture
            .store(async |work| {
                let known = work.applications().get(id).await.unwrap().unwrap();
                let changed = Application { traits, ..known };
                assert!(work.applications().update(&changed).await.unwrap());
            })
            .await;
    }

    async fn registered(&self, body: &Value) -> Answer {
        let request = Request::post("/oauth/2/register").header("content-type", "application/json");
        self.fixture
            .request(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    async fn client(&self) -> String {
        let answer = self
            .registered(&json!({"client_name": "Desk", "redirect_uris": [BACK]}))
            .await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
        answer.text("client_id")
    }

    async fn begin(&self, client: &str, changes: &[(&str, &str)]) -> Answer {
        let mut query = vec![
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", BACK),
            ("resource", &self.address),
            ("scope", "tools:use offline_access"),
            ("state", "s"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            query.retain(|(known, _)| known != name);
            if !value.is_empty() {
                query.push((name, value));
            }
        }
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(query)
            .finish();
        self.get(&format!("/oauth/2/authorize?{query}"), "").await
    }

    async fn get(&self, uri: &str, cookie: &str) -> Answer {
        let request = Request::get(uri).header("cookie", cookie);
        self.fixture.request(request.body(Body::empty()).unwrap()).await
    }
}

fn settings(changes: &Value) -> serde_json::Map<String, Value> {
    let settings = json!({
        "authorization_endpoint": "https://id.example.com/auth?tenant=x", "token_endpoint": "https://id.example.com/token",
        "redirect_uri": format!("{ISSUER}/oauth/2/callback"), "client_id": "sts", "client_auth_method": "none",
        "issuer": "https://id.example.com",
    });
    let mut settings = settings.as_object().unwrap().clone();
    settings.extend(changes.as_object().unwrap().clone());
    settings
}

/// A page for a person, who is sent nowhere.
fn told(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{answer}");
    assert!(answer.headers.get("location").is_none(), "{:?}", answer.headers);
    assert!(
        answer.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
        "{policy}"
    );
}

fn location(answer: &Answer) -> Url {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    answer.headers["location"].to_str().unwrap().parse().unwrap()
}

fn parameter(url: &Url, name: &str) -> Option<String> {
    let found = url.query_pairs().find(|(other, _)| other == name);
    found.map(|(_, value)| value.into_owned())
}

/// The client hears why, at its own address, in a way that cannot be taken for another server's.
fn sent_back(answer: &Answer, error: &str) {
    let back = location(answer);
    assert!(back.as_str().starts_with(BACK), "{back}");
    assert_eq!(parameter(&back, "error").as_deref(), Some(error), "{back}");
    assert_eq!(parameter(&back, "state").as_deref(), Some("s"));
    assert_eq!(parameter(&back, "iss").as_deref(), Some(ISSUER));
    assert_eq!(parameter(&back, "code"), None);
}

#[tokio::test]
async fn until_it_is_known_who_asks_nobody_is_sent_anywhere() {
    let desk = Desk::new().await;
    let client = desk.client().await;
    let forged = format!("{}x", &client[..client.len() - 1]);
    for change in [
        ("client_id", ""),
        ("client_id", "made-up"),
        ("client_id", forged.as_str()),
        ("client_id", "http://app.example.com/client.json"),
        ("redirect_uri", ""),
        ("redirect_uri", "https://attacker.example.com/back"),
        ("redirect_uri", "http://127.0.0.1:49152/back/elsewhere"),
        ("redirect_uri", "http://127.0.0.1:49152@attacker.example.com/back"),
        ("redirect_uri", "javascript:alert(1)"),
        ("resource", ""),
        (
            "resource",
            "https://gateway.example.com/r/0198c0de-0000-7000-8000-000000000000/tools",
        ),
        ("resource", "resource://pipernet"),
        ("state", "\u{202e}"),
    ] {
        told(&desk.begin(&client, &[change]).await);
    }
    let twice = format!("/oauth/2/authorize?client_id={client}&client_id={client}");
    told(&desk.get(&twice, "").await);
    told(&desk.get("/oauth/2/authorize", "").await);
    // Nor where nobody said that people sign in, or two did, or something that cannot be read.
    for traits in [
        &["team:desk"][..],
        &["sign-in:provider:company"],
        &["sign-in:provider:company", "sign-in:resource:others"],
        &[
            "sign-in:provider:company",
            "sign-in:resource:tools",
            "sign-in:max-age:soon",
        ],
    ] {
        desk.let_in(traits).await;
        told(&desk.begin(&client, &[]).await);
    }
    desk.let_in(&TRAITS).await;
    let twin = Application {
        traits: TRAITS.map(str::to_owned).into(),
        ..desk.fixture.given.application()
    };
    desk.fixture
        .store(async |work| work.applications().create(&twin).await.unwrap())
        .await;
    told(&desk.begin(&client, &[]).await);
}

#[tokio::test]
async fn what_a_client_asks_wrongly_it_is_told_at_its_own_address() {
    let desk = Desk::new().await;
    let client = desk.client().await;
    for (change, error) in [
        (("response_type", ""), "unsupported_response_type"),
        (("response_type", "token"), "unsupported_response_type"),
        (("response_mode", "fragment"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("request", "x"), "request_not_supported"),
        (
            ("request_uri", "https://attacker.example.com"),
            "request_not_supported",
        ),
        (("scope", "offline_access"), "invalid_scope"),
        (("scope", "agent:lifecycle"), "invalid_scope"),
        (("dpop_jkt", "short"), "invalid_request"),
        (
            ("dpop_jkt", "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4!"),
            "invalid_request",
        ),
    ] {
        sent_back(&desk.begin(&client, &[change]).await, error);
    }
}

#[tokio::test]
async fn a_person_is_sent_to_the_provider_with_nothing_of_the_client() {
    let desk = Desk::new().await;
    let client = desk.client().await;
    let answer = desk
        .begin(&client, &[("redirect_uri", "http://127.0.0.1:50000/back")])
        .await;
    let away = location(&answer);
    assert_eq!(away.host_str(), Some("id.example.com"));
    for (name, value) in [
        ("tenant", "x"),
        ("response_type", "code"),
        ("client_id", "sts"),
        ("scope", "openid"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", &format!("{ISSUER}/oauth/2/callback")),
    ] {
        assert_eq!(parameter(&away, name).as_deref(), Some(value), "{away}");
    }
    assert_ne!(parameter(&away, "code_challenge").as_deref(), Some(CHALLENGE));
    assert_ne!(parameter(&away, "state").as_deref(), Some("s"));
    let cookie = answer.headers["set-cookie"].to_str().unwrap();
    assert!(cookie.contains("HttpOnly; SameSite=Lax"), "{cookie}");
    let kept = cookie.split(';').next().unwrap();

    // An answer without its state or its browser is none; one that the provider refused is told to the client.
    let state = parameter(&away, "state").unwrap();
    told(
        &desk
            .get(&format!("/oauth/2/callback?code=c&state={state}"), "")
            .await,
    );
    told(&desk.get("/oauth/2/callback?code=c&state=other", kept).await);
    told(&desk.get("/oauth/2/callback?code=c", kept).await);
    let refused = desk
        .get(
            &format!("/oauth/2/callback?error=access_denied&state={state}"),
            kept,
        )
        .await;
    let back = location(&refused);
    assert!(
        back.as_str().starts_with("http://127.0.0.1:50000/back?"),
        "{back}"
    );
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    let elsewhere = format!("/oauth/2/callback?code=c&state={state}&iss=https%3A%2F%2Fother.example.com");
    let back = location(&desk.get(&elsewhere, kept).await);
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    // What is kept for one step is nothing at another.
    let form = desk.fixture.client.call(Method::POST, "/oauth/2/consent");
    let form = form
        .headers(&[("cookie", kept)])
        .form(String::from("token=t&decision=allow"));
    told(&form.send().await);
}

#[tokio::test]
async fn a_provider_that_does_not_fit_signs_nobody_in() {
    let desk = Desk::new().await;
    let client = desk.client().await;
    for changes in [
        json!({"issuer": null}),
        json!({"redirect_uri": "https://app.example.com/back"}),
    ] {
        let mut settings = settings(&changes);
        settings.retain(|_, value| !value.is_null());
        desk.fixture
            .store(async |work| {
                let found = work.providers().all_live().await.unwrap();
                let known = found
                    .into_iter()
                    .find(|it| it.identifier == "provider://company")
                    .unwrap();
                let changed = Provider {
                    config_json: settings,
                    ..known
                };
                assert!(work.providers().update(&changed).await.unwrap());
            })
            .await;
        sent_back(&desk.begin(&client, &[]).await, "server_error");
    }
}

#[tokio::test]
async fn a_client_registers_what_it_is_and_nothing_else() {
    let desk = Desk::new().await;
    let answer = desk
        .registered(&json!({
            "client_name": "Desk", "redirect_uris": [BACK, "cursor://sign-in/back"], "grant_types": ["authorization_code"],
            "response_types": ["code"], "token_endpoint_auth_method": "none", "dpop_bound_access_tokens": true, "logo_uri": "https://app.example.com/logo",
        }))
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer}");
    assert_eq!(answer.headers["cache-control"], "no-store");
    assert_eq!(answer.body["token_endpoint_auth_method"], "none");
    assert_eq!(answer.body["dpop_bound_access_tokens"], true);
    assert!(
        answer.body.get("client_secret").is_none() && answer.body.get("logo_uri").is_none(),
        "{answer}"
    );
    assert_ne!(desk.client().await, desk.client().await, "each is one of its own");
    for (body, code) in [
        (json!({}), "invalid_client_metadata"),
        (json!([]), "invalid_client_metadata"),
        (json!({"redirect_uris": []}), "invalid_redirect_uri"),
        (json!({"redirect_uris": ["/back"]}), "invalid_redirect_uri"),
        (
            json!({"redirect_uris": ["http://app.example.com/back"]}),
            "invalid_redirect_uri",
        ),
        (
            json!({"redirect_uris": ["https://app.example.com/back#x"]}),
            "invalid_redirect_uri",
        ),
        (
            json!({"redirect_uris": ["javascript:alert(1)"]}),
            "invalid_redirect_uri",
        ),
        (json!({"redirect_uris": vec![BACK; 9]}), "invalid_redirect_uri"),
        (
            json!({"redirect_uris": [format!("{BACK}/{}", "x".repeat(512))]}),
            "invalid_redirect_uri",
        ),
        (
            json!({"redirect_uris": [BACK], "client_name": "a\nb"}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": [BACK], "client_name": "x".repeat(65)}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": [BACK], "token_endpoint_auth_method": "client_secret_basic"}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": [BACK], "grant_types": ["client_credentials"]}),
            "invalid_client_metadata",
        ),
        (
            json!({"redirect_uris": [BACK], "response_types": ["token"]}),
            "invalid_client_metadata",
        ),
    ] {
        let answer = desk.registered(&body).await;
        assert_eq!(answer.outcome(), (400, code), "{body}");
    }
    let form = desk.fixture.client.call(Method::POST, "/oauth/2/register");
    form.form(String::from("redirect_uris=x"))
        .send()
        .await
        .refused(415);
}

#[tokio::test]
async fn registrations_and_beginnings_of_one_network_are_bounded() {
    let desk = Desk::new().await;
    let mut last = None;
    for _ in 0..61 {
        last = Some(desk.registered(&json!({"redirect_uris": [BACK]})).await);
    }
    let last = last.unwrap();
    assert_eq!(last.outcome(), (429, "provider_rate_limited"));
    assert!(last.headers.contains_key("retry-after"));
    for _ in 0..121 {
        if desk.get("/oauth/2/authorize", "").await.status == StatusCode::TOO_MANY_REQUESTS {
            return;
        }
    }
    panic!("nobody was told to wait");
}

#[tokio::test]
async fn codes_and_refresh_tokens_that_nobody_made_are_refused_and_counted() {
    let desk = Desk::new().await;
    let ask = async |fields: &[(&str, &str)]| {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        desk.fixture.send(form, &[]).await
    };
    for (fields, code) in [
        (&[("grant_type", "authorization_code")][..], "invalid_request"),
        (&[("grant_type", "refresh_token")], "invalid_request"),
        (
            &[
                ("grant_type", "authorization_code"),
                ("code", "Q1NTMQ"),
                ("client_id", "c"),
                ("redirect_uri", BACK),
                ("code_verifier", "v"),
            ],
            "invalid_grant",
        ),
        (
            &[
                ("grant_type", "refresh_token"),
                ("refresh_token", "!"),
                ("client_id", "c"),
            ],
            "invalid_grant",
        ),
    ] {
        let answer = ask(fields).await;
        assert_eq!(answer.outcome(), (400, code), "{answer}");
        assert_eq!(answer.headers.get("location"), None);
    }
    let long = "A".repeat(7000);
    let long = [
        ("grant_type", "refresh_token"),
        ("refresh_token", long.as_str()),
        ("client_id", "c"),
    ];
    assert_eq!(ask(&long).await.outcome(), (400, "invalid_grant"));
}

#[tokio::test]
async fn a_client_gives_nothing_back_that_it_does_not_have() {
    let desk = Desk::new().await;
    let ask = async |fields: &[(&str, &str)]| {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let call = desk.fixture.client.call(Method::POST, "/oauth/2/revoke");
        call.form(form).send().await
    };
    assert_eq!(ask(&[("client_id", "c")]).await.outcome(), (400, "invalid_token"));
    assert_eq!(ask(&[("token", "x")]).await.outcome(), (401, "access_denied"));
    // What is none is as good as given back (RFC 7009 §2.2).
    let nonsense = ask(&[("client_id", "c"), ("token", "!"), ("token_type_hint", "x")]).await;
    assert_eq!(nonsense.status, StatusCode::OK, "{nonsense}");
    // Whoever says that it is an application has to prove that.
    let application = desk.fixture.application.id.to_string();
    let both = [
        ("client_id", "c"),
        ("token", "x"),
        ("zone_id", desk.fixture.zone.id.as_str()),
        ("application_id", application.as_str()),
    ];
    assert_eq!(ask(&both).await.status, StatusCode::UNAUTHORIZED);
    for _ in 0..601 {
        if ask(&[("client_id", "c"), ("token", "!")]).await.status == StatusCode::TOO_MANY_REQUESTS {
            return;
        }
    }
    panic!("nobody was told to wait");
}

#[tokio::test]
async fn pages_of_other_origins_reach_what_a_client_in_one_needs() {
    let desk = Desk::new().await;
    let asks = async |path: &str, method: &str| {
        let request = Request::builder().method("OPTIONS").uri(path);
        let request = request
            .header("origin", "https://inspector.example.com")
            .header("access-control-request-method", method);
        desk.fixture.request(request.body(Body::empty()).unwrap()).await
    };
    for (path, method) in [
        ("/.well-known/oauth-authorization-server", "GET"),
        ("/.well-known/jwks.json", "GET"),
        ("/oauth/2/token", "POST"),
        ("/oauth/2/register", "POST"),
        ("/oauth/2/revoke", "POST"),
    ] {
        let answer = asks(path, method).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}");
        assert_eq!(answer.headers["access-control-allow-origin"], "*", "{path}");
        assert_eq!(answer.headers["access-control-allow-methods"], method, "{path}");
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
    // What a browser of a person goes to itself, and what proves somebody, is no page's.
    for path in [
        "/oauth/2/authorize",
        "/oauth/2/callback",
        "/oauth/2/consent",
        "/oauth/2/introspect",
        "/v1/run/manifest",
        "/health",
    ] {
        let answer = asks(path, "POST").await;
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{path}: {:?}",
            answer.headers
        );
    }
    let refused = desk.registered(&json!({})).await;
    assert_eq!(refused.headers["access-control-allow-origin"], "*");
}
