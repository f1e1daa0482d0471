//! People who sign in with clients that know nothing of Caracal, at a real `OpenID` provider, and call tools of a real MCP server.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use caracal_core::entity::ProviderKind;
use caracal_e2e::{
    Application, Deployment, Document, Reply, Role, Stack, Zone,
    oauth::{CLIENT_SECRET, OauthServer},
    provider,
    token::Token,
};
use caracal_testkit::process::Process;
use caracal_wire::control::providers::CreateProvider;
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use serde_json::{Value, json};

use crate::mcp::{CONNECT, SEARCH, line_of, script, tools};

/// Longest wait for Node.js: the first start installs the SDK.
const LIMIT: Duration = Duration::from_mins(2);
const BACK: &str = "http://127.0.0.1:49152/back";
const VERIFIER: &str = "a-verifier-of-this-test-that-is-long-enough-0123";

/// Tools at an address, and an application that clients act as which people sign in with.
pub(crate) struct Desk<'s> {
    stack: &'s Stack,
    server: &'s OauthServer,
    pub(crate) zone: Zone<'s>,
    application: Application,
    pub(crate) address: String,
    http: reqwest::Client,
    _tools: Process,
}

/// A code, and what it is redeemed with.
#[derive(Clone)]
struct Code {
    code: String,
    client: String,
}

impl<'s> Desk<'s> {
    pub(crate) async fn with(stack: &'s Stack, server: &'s OauthServer) -> Self {
        let mut process = script("server.mjs").await.start();
        let port = line_of(&mut process).await;
        let zone = Zone::create(stack).await;
        let application = zone.application("desk").await;
        let address = tools(&zone, &port).await;
        let grants = json!({&address: {"application": "desk", "roles": {"agent": [CONNECT, SEARCH]}}});
        let policy = Document::empty()
            .rule("app_ids", &json!({"desk": application.id}))
            .rule("grants", &grants);
        zone.activate(&[policy.into()]).await;
        let jwks_url = format!("{}/jwks", server.issuer());
        zone.trust(server.issuer(), &jwks_url, "sts").await;
        let settings = server.knows_sts(&stack.url(Role::Sts)).await;
        let company = CreateProvider {
            identifier: Some(String::from("provider://company")),
            ..provider("Company", ProviderKind::Oauth2AuthorizationCode, settings)
        };
        zone.provider(&company).await;
        let desk = Self {
            stack,
            server,
            address,
            application,
            http: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("a client"),
            zone,
            _tools: process,
        };
        desk.allow(&[
            "sign-in:provider:company",
            "sign-in:resource:tools",
            "sign-in:label:agent",
        ])
        .await;
        desk
    }

    pub(crate) async fn allow(&self, traits: &[&str]) {
        let path = format!("/applications/{}", self.application.id);
        let body = json!({ "traits": traits });
        self.zone.admin("PATCH", &path, Some(body)).await.expect(200);
    }

    fn sts(&self, path: &str) -> String {
        format!("{}{path}", self.stack.url(Role::Sts))
    }

    /// A client that registered.
    async fn client(&self) -> String {
        self.client_at(BACK).await
    }

    async fn client_at(&self, back: &str) -> String {
        let body = json!({"client_name": "<b>Mallory</b>", "redirect_uris": [back]});
        let made = Reply::of(self.http.post(self.sts("/oauth/2/register")).json(&body)).await;
        made.expect(201).text_of("client_id")
    }

    fn query(&self, client: &str, back: &str) -> Vec<(&'static str, String)> {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, VERIFIER.as_bytes());
        vec![
            ("response_type", String::from("code")),
            ("client_id", client.to_owned()),
            ("redirect_uri", back.to_owned()),
            ("resource", self.address.clone()),
            ("scope", format!("{CONNECT} {SEARCH} offline_access")),
            ("state", String::from("a state")),
            ("code_challenge", URL_SAFE_NO_PAD.encode(digest)),
            ("code_challenge_method", String::from("S256")),
        ]
    }

    async fn get(&self, url: &str, cookie: &str) -> reqwest::Response {
        let request = self.http.get(url).header(COOKIE, cookie);
        request.send().await.expect("it answers")
    }

    /// Is sent to the provider: where, and with which cookie.
    async fn sent(&self, client: &str, back: &str) -> (String, String) {
        let mut url: reqwest::Url = self.sts("/oauth/2/authorize").parse().expect("a URL");
        url.query_pairs_mut().extend_pairs(self.query(client, back));
        let answer = self.get(url.as_str(), "").await;
        (location(&answer), cookie(&answer))
    }

    /// Comes back from the provider: the page, and the cookie beside it.
    async fn shown(&self, client: &str) -> (String, String) {
        self.shown_at(client, BACK).await
    }

    async fn shown_at(&self, client: &str, back: &str) -> (String, String) {
        let (away, kept) = self.sent(client, back).await;
        let answer = self.come_back(&self.server.agree(&away).await, &kept).await;
        assert_eq!(answer.status(), 200, "{answer:?}");
        let kept = cookie(&answer);
        (answer.text().await.expect("text"), kept)
    }

    async fn come_back(&self, brought: &[(String, String)], kept: &str) -> reqwest::Response {
        let mut url: reqwest::Url = self.sts("/oauth/2/callback").parse().expect("a URL");
        url.query_pairs_mut().extend_pairs(brought);
        self.get(url.as_str(), kept).await
    }

    /// Leaves the page as it is, and says so.
    async fn decide(&self, page: &str, kept: &str, decision: &str) -> reqwest::Response {
        self.decide_on(page, kept, decision, &scopes_of(page)).await
    }

    async fn decide_on(&self, page: &str, kept: &str, decision: &str, scopes: &[&str]) -> reqwest::Response {
        let mut form = vec![("token", token_of(page)), ("decision", decision)];
        form.extend(scopes.iter().map(|scope| ("scope", *scope)));
        let request = self.http.post(self.sts("/oauth/2/consent")).form(&form);
        let request = request
            .header(COOKIE, kept)
            .header("origin", self.stack.url(Role::Sts));
        request.send().await.expect("it answers")
    }

    async fn code(&self, client: &str) -> Code {
        let (page, kept) = self.shown(client).await;
        let answer = self.decide(&page, &kept, "allow").await;
        self.code_in(&answer, client)
    }

    /// The code that a browser is sent back with.
    fn code_in(&self, answer: &reqwest::Response, client: &str) -> Code {
        let back: reqwest::Url = location(answer).parse().expect("a URL");
        assert!(!back.as_str().starts_with(&self.stack.url(Role::Sts)), "{back}");
        assert_eq!(parameter(&back, "state").as_deref(), Some("a state"));
        assert_eq!(parameter(&back, "iss"), Some(self.stack.url(Role::Sts)));
        Code {
            code: parameter(&back, "code").unwrap_or_else(|| panic!("no code: {back}")),
            client: client.to_owned(),
        }
    }

    async fn redeem(&self, code: &Code, changes: &[(&str, &str)]) -> Reply {
        let own = [
            ("grant_type", "authorization_code"),
            ("code", &code.code),
            ("client_id", &code.client),
            ("redirect_uri", BACK),
            ("code_verifier", VERIFIER),
            ("resource", &self.address),
        ];
        self.ask(&own, changes).await
    }

    async fn renew(&self, client: &str, token: &str, changes: &[(&str, &str)]) -> Reply {
        let own = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", client),
        ];
        self.ask(&own, changes).await
    }

    async fn give_back(&self, client: &str, token: &str) -> Reply {
        let form = [("client_id", client), ("token", token)];
        Reply::of(self.http.post(self.sts("/oauth/2/revoke")).form(&form)).await
    }

    async fn ask(&self, own: &[(&str, &str)], changes: &[(&str, &str)]) -> Reply {
        let kept = own
            .iter()
            .filter(|(name, _)| changes.iter().all(|(other, _)| other != name));
        let fields: Vec<_> = kept
            .chain(changes.iter().filter(|(_, value)| !value.is_empty()))
            .collect();
        Reply::of(self.http.post(self.sts("/oauth/2/token")).form(&fields)).await
    }

    /// Signs in; the client, and its tokens.
    async fn signed_in(&self) -> (String, Reply) {
        let client = self.client().await;
        let code = self.code(&client).await;
        let tokens = self.redeem(&code, &[]).await.expect(200);
        (client, tokens)
    }

    /// Calls a tool.
    async fn call(&self, token: &str, tool: &str) -> Reply {
        let message = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}},
        });
        let request = self.http.post(&self.address).bearer_auth(token).json(&message);
        Reply::of(request.header("accept", "application/json, text/event-stream")).await
    }

    /// The server wants a session before tools: what passes the Gateway is told so by it.
    async fn passes(&self, token: &str, tool: &str) -> bool {
        self.call(token, tool).await.json.get("requestId").is_none()
    }
}

fn location(answer: &reqwest::Response) -> String {
    let location = answer
        .headers()
        .get(LOCATION)
        .unwrap_or_else(|| panic!("{answer:?}"));
    location.to_str().expect("text").to_owned()
}

fn cookie(answer: &reqwest::Response) -> String {
    let set = answer
        .headers()
        .get(SET_COOKIE)
        .unwrap_or_else(|| panic!("{answer:?}"));
    let set = set.to_str().expect("text");
    assert!(set.contains("HttpOnly") && set.contains("SameSite=Lax"), "{set}");
    set.split(';').next().expect("a cookie").to_owned()
}

fn parameter(url: &reqwest::Url, name: &str) -> Option<String> {
    let found = url.query_pairs().find(|(other, _)| other == name);
    found.map(|(_, value)| value.into_owned())
}

fn token_of(page: &str) -> &str {
    let (_, after) = page
        .split_once("name=\"token\" value=\"")
        .unwrap_or_else(|| panic!("{page}"));
    after.split('"').next().expect("a value")
}

/// What stands checked on a page.
fn scopes_of(page: &str) -> Vec<&str> {
    let boxes = page.split("name=\"scope\" value=\"").skip(1);
    boxes.filter_map(|rest| rest.split('"').next()).collect()
}

/// The error that a browser is sent back with.
fn error_of(answer: &reqwest::Response) -> String {
    let back: reqwest::Url = location(answer).parse().expect("a URL");
    assert_eq!(parameter(&back, "code"), None, "{back}");
    parameter(&back, "error").unwrap_or_else(|| panic!("no error: {back}"))
}

fn refused(reply: &Reply, code: &str) {
    assert_eq!(
        (reply.status, reply.text_of("error").as_str()),
        (400, code),
        "{reply:#?}"
    );
}

async fn by_the_official_client(deployment: Deployment, described: bool) {
    let server = OauthServer::start(600).await;
    let stack = server.stack(deployment, &[("LOG_LEVEL", "trace")]).await;
    let desk = Desk::with(&stack, &server).await;
    let description = if described {
        format!("{}/client.json", server.issuer())
    } else {
        String::new()
    };
    let mut client = script("signs-in.mjs")
        .await
        .env("SERVER", &desk.address)
        .env("CLIENT", &description)
        .env("NODE_EXTRA_CA_CERTS", server.authority())
        .start();
    let ended = client.ended(LIMIT).await;
    assert!(ended.success(), "{} {}", client.stdout(), client.stderr());
    let seen: Value = serde_json::from_str(&client.stdout()).expect("JSON");
    assert_eq!(seen["called"], json!(vec!["search done"; 4]), "{seen:#}");
    assert_eq!(seen["second"], json!(["search"]), "{seen:#}");
    assert!(
        !seen["refused"].as_str().expect("text").contains("called"),
        "{seen:#}"
    );
    assert_eq!(seen["again"], 0, "a refresh token asks no person: {seen:#}");
    assert_eq!(seen["renewals"], 1, "{seen:#}");
    assert_eq!(
        seen["signIns"], 3,
        "one to connect, and one for each tool that needs more: {seen:#}"
    );
    assert_eq!(
        server.described().await,
        usize::from(described),
        "a description is asked for once"
    );
    let name = if described {
        "A client that describes itself"
    } else {
        "An ordinary client"
    };
    for page in seen["pages"].as_array().expect("a list") {
        let policy = page["policy"].as_str().expect("text");
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"),
            "{policy}"
        );
        let shown = page["page"].as_str().expect("text");
        for part in [name, "alice", server.issuer(), &desk.address, CONNECT, "desk"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }
    let claims = Token::parse(
        seen["held"]["access_token"]
            .as_str()
            .filter(|token| token.len() > 9)
            .expect("a token"),
    )
    .claims;
    for (name, value) in [
        ("use", json!("access")),
        ("sub", json!("alice")),
        ("sub_type", json!("user")),
        ("aud", json!([desk.address])),
        ("client_id", json!(desk.application.id)),
    ] {
        assert_eq!(claims[name], value, "{claims:#}");
    }
    // Each call was decided, for this person, and who signed in with what is on record.
    let signed_in = |event: &Value| {
        let about = &event["metadata_json"];
        event["decision"] == "allow" && about["client_name"] == name && about["subject_id"] == "alice"
    };
    let decided = |event: &Value| event["metadata_json"]["mandate_use"] == "resource";
    let events = desk
        .zone
        .ledger_once(|events| {
            events.iter().any(signed_in) && events.iter().filter(|event| decided(event)).count() > 4
        })
        .await;
    let whose = |event: &&Value| event["metadata_json"]["subject_id"] != "alice";
    assert_eq!(events.iter().filter(|event| decided(event)).find(whose), None);
    let grants = desk
        .zone
        .admin("GET", "/grants?user_id=alice", None)
        .await
        .expect(200);
    assert!(
        !grants.json["items"].as_array().expect("a list").is_empty(),
        "{grants:#?}"
    );

    // Nothing that is good for anything is anywhere but with the client.
    let held = [
        seen["held"]["access_token"].as_str().expect("text"),
        seen["held"]["refresh_token"].as_str().expect("text"),
        CLIENT_SECRET,
    ];
    stack.stop().await;
    let log = stack.log().await;
    for secret in held {
        assert!(!log.contains(secret), "the log has {secret}");
        for (place, bytes) in stack.at_rest().await {
            let found = bytes
                .windows(secret.len())
                .any(|window| window == secret.as_bytes());
            assert!(!found, "{place} contains {secret} in clear");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_ordinary_client_registers_has_its_person_sign_in_and_calls_tools_production() {
    by_the_official_client(Deployment::Production, false).await;
}

/// Embedded in mode dev, where what anybody names may be on this machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_describes_itself_has_its_person_sign_in_and_calls_tools_embedded() {
    by_the_official_client(Deployment::Embedded, true).await;
}

async fn stolen_goods_are_worth_nothing(deployment: Deployment) {
    let server = OauthServer::start(600).await;
    let stack = server.stack(deployment, &[]).await;
    let desk = Desk::with(&stack, &server).await;
    let client = desk.client().await;
    let other = desk.client().await;

    // A code is its client's, with its verifier, its address and its resource, and none of these attempts spoils it.
    let code = desk.code(&client).await;
    for (name, value, error) in [
        ("client_id", other.as_str(), "invalid_grant"),
        ("client_id", "", "invalid_request"),
        (
            "code_verifier",
            "another-verifier-of-this-test-that-is-long-0123",
            "invalid_grant",
        ),
        ("code_verifier", "", "invalid_request"),
        ("redirect_uri", "http://127.0.0.1:49152/other", "invalid_grant"),
        ("redirect_uri", "", "invalid_request"),
        (
            "resource",
            "https://elsewhere.example.com/r/z/tools",
            "invalid_target",
        ),
        ("code", "made-up", "invalid_grant"),
    ] {
        refused(&desk.redeem(&code, &[(name, value)]).await, error);
    }
    let tokens = desk.redeem(&code, &[]).await.expect(200);
    assert_eq!(tokens.text_of("token_type"), "Bearer");
    assert_eq!(tokens.text_of("scope"), format!("{CONNECT} {SEARCH}"));
    let access = tokens.text_of("access_token");
    for _ in 0..3 {
        assert!(desk.passes(&access, "search").await);
    }
    desk.call(&access, "delete").await.assert_refused(
        403,
        "operation_not_permitted",
        "operation_not_permitted",
    );

    // An access token is good for calls to its resource and for nothing else.
    for (role, method, path) in [
        (
            Role::Coordinator,
            "GET",
            format!("/zones/{}/agents", desk.zone.id),
        ),
        (Role::Api, "GET", format!("/v1/zones/{}", desk.zone.id)),
    ] {
        let answer = Reply::of(stack.request(role, method, &path).bearer_auth(&access)).await;
        assert!(matches!(answer.status, 401 | 403), "{answer:#?}");
    }
    let fields = [
        ("subject_token", access.as_str()),
        (
            "subject_token_type",
            "urn:ietf:params:oauth:token-type:access_token",
        ),
        ("resource", desk.address.as_str()),
    ];
    let exchanged = desk.zone.exchange(&desk.application, &fields).await;
    assert_eq!(exchanged.status, 401, "{exchanged:#?}");
    let elsewhere = desk.http.post(format!("{}/mcp", stack.url(Role::Gateway)));
    let elsewhere = elsewhere
        .bearer_auth(&access)
        .header("x-caracal-resource", "resource://other");
    assert_eq!(Reply::of(elsewhere).await.status, 401);

    // Whoever redeems a code twice has stolen it, or was stolen from: what came of it ends.
    refused(&desk.redeem(&code, &[]).await, "invalid_grant");
    assert!(!desk.passes(&access, "search").await);
    refused(
        &desk.renew(&client, &tokens.text_of("refresh_token"), &[]).await,
        "invalid_grant",
    );

    // So with refresh tokens, which are good once.
    let code = desk.code(&client).await;
    let first = desk.redeem(&code, &[]).await.expect(200);
    let refresh = first.text_of("refresh_token");
    refused(&desk.renew(&other, &refresh, &[]).await, "invalid_grant");
    refused(
        &desk.renew(&client, &refresh, &[("scope", "tools:delete")]).await,
        "invalid_scope",
    );
    refused(
        &desk
            .renew(&client, &refresh, &[("resource", "https://x/r/z/t")])
            .await,
        "invalid_target",
    );
    let second = desk.renew(&client, &refresh, &[]).await.expect(200);
    assert_ne!(second.text_of("refresh_token"), refresh);
    assert!(desk.passes(&second.text_of("access_token"), "search").await);
    refused(&desk.renew(&client, &refresh, &[]).await, "invalid_grant");
    assert!(!desk.passes(&second.text_of("access_token"), "search").await);
    assert!(!desk.passes(&first.text_of("access_token"), "search").await);
    refused(
        &desk.renew(&client, &second.text_of("refresh_token"), &[]).await,
        "invalid_grant",
    );
    // A refresh token is no code, and a code no refresh token.
    let code = desk.code(&client).await;
    refused(&desk.renew(&client, &code.code, &[]).await, "invalid_grant");
    desk.redeem(&code, &[]).await.expect(200);
    // All of it is on record, under the person and the client it was about.
    let of = |events: &[Value], word: &str| {
        let denied = |event: &&Value| {
            let about = &event["metadata_json"];
            event["evaluation_status"] == word
                && event["decision"] == "deny"
                && about["subject_id"] == "alice"
                && about["client_name"] == "<b>Mallory</b>"
        };
        events.iter().filter(denied).count()
    };
    desk.zone
        .ledger_once(|events| {
            of(events, "token_replay") >= 2
                && of(events, "client_mismatch") >= 2
                && of(events, "redirect_uri_mismatch") == 1
                && of(events, "code_verifier_mismatch") == 1
        })
        .await;

    // Whoever has a code cannot fill the ledger with it, and spoils it for nobody.
    let code = desk.code(&client).await;
    let mut told = Vec::new();
    for _ in 0..8 {
        let wrong = ("code_verifier", "another-verifier-of-this-test-that-is-long-0123");
        told.push(desk.redeem(&code, &[wrong]).await.status);
    }
    assert_eq!(told, [400, 400, 400, 400, 400, 429, 429, 429]);
    desk.redeem(&code, &[]).await.expect(200);
    desk.zone
        .ledger_once(|events| of(events, "code_verifier_mismatch") == 6)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stolen_from_a_client_is_worth_nothing_embedded() {
    stolen_goods_are_worth_nothing(Deployment::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stolen_from_a_client_is_worth_nothing_production() {
    stolen_goods_are_worth_nothing(Deployment::Production).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sign_in_is_of_one_browser_and_of_the_person_in_front_of_it() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let desk = Desk::with(&stack, &server).await;
    let client = desk.client().await;

    // What a provider brings back is taken in the browser that began, once, of the provider that was asked.
    let (away, kept) = desk.sent(&client, BACK).await;
    let brought = server.agree(&away).await;
    let (_, others) = desk.sent(&client, BACK).await;
    for (brought, kept) in [
        (brought.clone(), String::new()),
        (brought.clone(), others.clone()),
        (brought.clone(), format!("{kept}; {kept}")),
        (with(&brought, "state", "another"), kept.clone()),
        (with(&brought, "state", ""), kept.clone()),
    ] {
        let answer = desk.come_back(&brought, &kept).await;
        assert_eq!(answer.status(), 400, "{answer:?}");
        assert!(answer.headers().get(LOCATION).is_none(), "{answer:?}");
    }
    for changed in [
        with(&brought, "iss", "https://other.example.com"),
        with(&brought, "code", "made-up"),
        with(&brought, "code", ""),
    ] {
        let back: reqwest::Url = location(&desk.come_back(&changed, &kept).await)
            .parse()
            .expect("a URL");
        assert!(back.as_str().starts_with(BACK), "{back}");
        assert_eq!(
            parameter(&back, "error").as_deref(),
            Some("access_denied"),
            "{back}"
        );
        assert_eq!(parameter(&back, "code"), None);
    }

    // The form is ours, in this browser, once.
    let (page, kept) = desk.shown(&client).await;
    assert!(
        page.contains("&lt;b&gt;Mallory&lt;/b&gt;") && !page.contains("<b>Mallory"),
        "{page}"
    );
    let form = [
        ("token", token_of(&page)),
        ("decision", "allow"),
        ("scope", CONNECT),
    ];
    let post = |kept: &str, origin: &str| {
        let request = desk.http.post(desk.sts("/oauth/2/consent")).form(&form);
        request.header(COOKIE, kept).header("origin", origin).send()
    };
    let own = stack.url(Role::Sts);
    let (other_page, other_kept) = desk.shown(&client).await;
    for (kept, origin) in [
        ("", own.as_str()),
        (other_kept.as_str(), own.as_str()),
        (kept.as_str(), "https://attacker.example.com"),
        (kept.as_str(), "null"),
    ] {
        let answer = post(kept, origin).await.expect("it answers");
        assert_eq!(answer.status(), 400, "{kept} {origin}");
    }
    let back: reqwest::Url = location(&desk.decide(&other_page, &other_kept, "deny").await)
        .parse()
        .expect("a URL");
    assert_eq!(parameter(&back, "error").as_deref(), Some("access_denied"));
    let answer = post(&kept, &own).await.expect("it answers");
    assert_eq!(answer.status(), 303, "{answer:?}");
    let answer = post(&kept, &own).await.expect("it answers");
    assert_eq!(answer.status(), 400, "a page is answered once");

    // What the person leaves checked is what the client gets, and nothing that it did not ask for.
    let (page, kept) = desk.shown(&client).await;
    assert_eq!(scopes_of(&page), [CONNECT, SEARCH]);
    let chosen = [SEARCH, "tools:delete"];
    let answer = desk.decide_on(&page, &kept, "allow", &chosen).await;
    let tokens = desk.redeem(&desk.code_in(&answer, &client), &[]).await;
    assert_eq!(tokens.expect(200).text_of("scope"), SEARCH);
    let (page, kept) = desk.shown(&client).await;
    let answer = desk.decide_on(&page, &kept, "allow", &[]).await;
    assert_eq!(error_of(&answer), "access_denied");
}

fn with(brought: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let others = brought.iter().filter(|(other, _)| other != name).cloned();
    let changed = (!value.is_empty()).then(|| (name.to_owned(), value.to_owned()));
    others.chain(changed).collect()
}

/// What an operator or a person takes back.
async fn take_back(desk: &Desk<'_>, what: &str) {
    let application = &desk.application.id;
    match what {
        "grant" => {
            let grants = desk
                .zone
                .admin("GET", "/grants?user_id=alice", None)
                .await
                .expect(200);
            for grant in grants.json["items"].as_array().expect("a list") {
                let path = format!("/grants/{}", grant["id"].as_str().expect("an id"));
                let _ = desk.zone.admin("DELETE", &path, None).await;
            }
        }
        "subject" => {
            let body = json!({"subject_id": "alice"});
            desk.zone
                .admin("POST", "/subjects/revoke", Some(body))
                .await
                .expect(200);
        }
        "traits" => desk.allow(&["team:desk"]).await,
        "policy" => {
            let nobody = Document::empty().rule("app_ids", &json!({}));
            desk.zone.activate(&[nobody.into()]).await;
        }
        "application" => {
            let path = format!("/applications/{application}");
            desk.zone.admin("DELETE", &path, None).await.expect(204);
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewal_right_after_a_call_that_lacked_a_scope_has_the_person_asked_once() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    let desk = Desk::with(&stack, &server).await;
    let client = desk.client().await;
    let (page, kept) = desk.shown(&client).await;
    let answer = desk.decide_on(&page, &kept, "allow", &[CONNECT]).await;
    let tokens = desk
        .redeem(&desk.code_in(&answer, &client), &[])
        .await
        .expect(200);
    let (access, refresh) = (tokens.text_of("access_token"), tokens.text_of("refresh_token"));
    assert!(!desk.passes(&access, "search").await);
    refused(&desk.renew(&client, &refresh, &[]).await, "interaction_required");
    // Nothing was used up, and whoever wants no more gets what there was.
    let renewed = desk.renew(&client, &refresh, &[]).await.expect(200);
    assert_eq!(renewed.text_of("scope"), CONNECT);
    let again = renewed.text_of("refresh_token");
    desk.renew(&client, &again, &[]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_of_clients_count_as_all_others_do() {
    let server = OauthServer::start(600).await;
    let full = [("MAX_AGENTS_PER_APP", "2")];
    let stack = server.stack(Deployment::Embedded, &full).await;
    let desk = Desk::with(&stack, &server).await;
    let (client, tokens) = desk.signed_in().await;
    let code = desk.code(&client).await;
    assert_eq!(desk.redeem(&code, &[]).await.status, 503, "both places are taken");
    assert!(desk.passes(&tokens.text_of("access_token"), "search").await);
    take_back(&desk, "subject").await;
    desk.redeem(&desk.code(&client).await, &[]).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_a_sign_in_stands_on_ends_it() {
    let server = OauthServer::start(600).await;
    let stack = server.stack(Deployment::Embedded, &[]).await;
    for what in ["grant", "subject", "policy", "application"] {
        let desk = Desk::with(&stack, &server).await;
        let (client, tokens) = desk.signed_in().await;
        let access = tokens.text_of("access_token");
        assert!(desk.passes(&access, "search").await, "{what}");
        let waiting = desk.code(&client).await;
        take_back(&desk, what).await;
        assert!(!desk.passes(&access, "search").await, "{what}");
        if what == "policy" {
            continue;
        }
        refused(
            &desk.renew(&client, &tokens.text_of("refresh_token"), &[]).await,
            "invalid_grant",
        );
        refused(&desk.redeem(&waiting, &[]).await, "invalid_grant");
    }
    // Whoever is stopped while the page is open is not let in by it; who signs in anew is.
    let desk = Desk::with(&stack, &server).await;
    let (client, _) = desk.signed_in().await;
    let (page, kept) = desk.shown(&client).await;
    take_back(&desk, "subject").await;
    assert_eq!(
        error_of(&desk.decide(&page, &kept, "allow").await),
        "access_denied"
    );
    desk.redeem(&desk.code(&client).await, &[]).await.expect(200);
    // A code alone is something that a person holds.
    let desk = Desk::with(&stack, &server).await;
    let client = desk.client().await;
    let waiting = desk.code(&client).await;
    take_back(&desk, "subject").await;
    refused(&desk.redeem(&waiting, &[]).await, "invalid_grant");
    // Whoever is kept out is let in by no page, neither by one that was open nor by another one.
    let desk = Desk::with(&stack, &server).await;
    let client = desk.client().await;
    let (page, kept) = desk.shown(&client).await;
    let waiting = desk.code(&client).await;
    let body = json!({"subject_id": "alice", "block": true});
    let blocked = desk.zone.admin("POST", "/subjects/revoke", Some(body)).await;
    blocked.expect(200);
    let answer = desk.decide(&page, &kept, "allow").await;
    assert_eq!(error_of(&answer), "access_denied");
    refused(&desk.redeem(&waiting, &[]).await, "invalid_grant");
    let (page, kept) = desk.shown(&client).await;
    let answer = desk.decide(&page, &kept, "allow").await;
    assert_eq!(error_of(&answer), "access_denied");
    // A client gives back what is its own, whatever became of the token since, and then has nothing more.
    let desk = Desk::with(&stack, &server).await;
    let (client, tokens) = desk.signed_in().await;
    let (access, refresh) = (tokens.text_of("access_token"), tokens.text_of("refresh_token"));
    let other = desk.client().await;
    assert_eq!(desk.give_back(&other, &refresh).await.status, 403);
    desk.give_back(&client, &access).await.expect(200);
    assert!(
        desk.passes(&access, "search").await,
        "an access token names no client"
    );
    let renewed = desk.renew(&client, &refresh, &[]).await.expect(200);
    desk.give_back(&client, &refresh).await.expect(200);
    assert!(!desk.passes(&access, "search").await);
    let (access, refresh) = (renewed.text_of("access_token"), renewed.text_of("refresh_token"));
    assert!(!desk.passes(&access, "search").await);
    refused(&desk.renew(&client, &refresh, &[]).await, "invalid_grant");
    desk.give_back(&client, &refresh).await.expect(200);
    let given_back = |event: &Value| {
        event["event_type"] == "mandate_revoked" && event["metadata_json"]["subject_id"] == "alice"
    };
    let events = desk
        .zone
        .ledger_once(|events| events.iter().any(given_back))
        .await;
    assert_eq!(events.iter().filter(|event| given_back(event)).count(), 1);

    // Where people may be sent back to is asked again at each step.
    let desk = Desk::with(&stack, &server).await;
    let traits = |more: &'static str| ["sign-in:provider:company", "sign-in:resource:tools", more];
    desk.allow(&traits("sign-in:redirect-scheme:desk.app")).await;
    let client = desk.client_at("desk.app://back").await;
    let (page, kept) = desk.shown_at(&client, "desk.app://back").await;
    let (other_page, other_kept) = desk.shown_at(&client, "desk.app://back").await;
    let code = desk.code_in(&desk.decide(&page, &kept, "allow").await, &client);
    let again = [("redirect_uri", "desk.app://back")];
    let tokens = desk.redeem(&code, &again).await.expect(200);
    let (page, kept) = desk.shown_at(&client, "desk.app://back").await;
    let waiting = desk.code_in(&desk.decide(&page, &kept, "allow").await, &client);
    desk.allow(&traits("sign-in:redirect-scheme:other.app")).await;
    refused(&desk.redeem(&waiting, &again).await, "invalid_grant");
    refused(
        &desk.renew(&client, &tokens.text_of("refresh_token"), &[]).await,
        "invalid_grant",
    );
    let answer = desk.decide(&other_page, &other_kept, "allow").await;
    assert_eq!(answer.status(), 400, "{answer:?}");
    assert!(
        answer.headers().get(LOCATION).is_none(),
        "nobody is sent there any more: {answer:?}"
    );

    // Without its traits an application signs nobody in any more; what was signed in ends with its tokens.
    let desk = Desk::with(&stack, &server).await;
    let (client, tokens) = desk.signed_in().await;
    take_back(&desk, "traits").await;
    refused(
        &desk.renew(&client, &tokens.text_of("refresh_token"), &[]).await,
        "invalid_grant",
    );
}
