//! People who sign in to the console at a real `OpenID` provider.

use caracal_core::{entity::AccountRole, json};
use caracal_e2e::{
    Deployment, Reply, Role, Stack,
    account::invite,
    oauth::{CONSOLE_URL, OauthServer},
};
use caracal_wire::control::{
    Line,
    accounts::{ChangeAccount, FinishSingleSignOn},
};
use serde_json::{Value, json};

/// A sign-in that began, and what the person came back with.
struct Begun {
    browser: String,
    back: Vec<(String, String)>,
}

async fn begin(stack: &Stack) -> Reply {
    let request = stack.request(Role::Api, "POST", "/v1/console/single-sign-on/begin");
    Reply::of(request.json(&json!({}))).await
}

/// Goes to the provider and comes back.
async fn away_and_back(stack: &Stack, server: &OauthServer) -> Begun {
    let begun = begin(stack).await.expect(200);
    let url = begun.text_of("authorization_url");
    for part in [
        "code_challenge_method=S256",
        "nonce=",
        "state=",
        "response_type=code",
    ] {
        assert!(url.contains(part), "{part} in {url}");
    }
    assert!(!url.contains(&begun.text_of("browser")), "the secret stays");
    Begun {
        browser: begun.text_of("browser"),
        back: server.agree(&url).await,
    }
}

async fn hand_in(stack: &Stack, browser: &str, back: &[(String, String)]) -> Reply {
    let brought = |wanted: &str| {
        let found = back.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.clone())
    };
    let body = FinishSingleSignOn {
        browser: Line(browser.to_owned()),
        state: Line(brought("state").unwrap_or_default()),
        code: brought("code").map(Line),
        error: brought("error").map(Line),
        iss: brought("iss").map(Line),
        user_agent: Some(String::from("a browser")),
    };
    let request = stack.request(Role::Api, "POST", "/v1/console/single-sign-on/finish");
    Reply::of(request.json(&body)).await
}

async fn sign_in(stack: &Stack, server: &OauthServer) -> Reply {
    let begun = away_and_back(stack, server).await;
    hand_in(stack, &begun.browser, &begun.back).await
}

fn assert_refused(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status, reply.text_of("error").as_str()),
        (status, code),
        "{reply:#?}"
    );
}

fn locked(locked: bool) -> ChangeAccount {
    ChangeAccount {
        locked: Some(locked),
        ..ChangeAccount::default()
    }
}

async fn me(stack: &Stack, token: &str) -> Reply {
    Reply::of(
        stack
            .request(Role::Api, "GET", "/v1/console/me")
            .bearer_auth(token),
    )
    .await
}

fn person(subject: &str, email: &str) -> Value {
    json!({"sub": subject, "email": email, "email_verified": true, "name": "Alice"})
}

fn with(back: &[(String, String)], name: &str, value: &str) -> Vec<(String, String)> {
    let others = back.iter().filter(|(other, _)| other != name).cloned();
    others.chain([(name.to_owned(), value.to_owned())]).collect()
}

fn of<'b>(back: &'b [(String, String)], name: &str) -> &'b str {
    let found = back.iter().find(|(other, _)| other == name);
    found.map(|(_, value)| value.as_str()).expect("it is there")
}

async fn stack(server: &OauthServer, deployment: Deployment, more: &[(&str, &str)]) -> Stack {
    let own = server.of_the_console();
    let own: Vec<_> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
    server.stack(deployment, &[&own, more].concat()).await
}

async fn whoever_is_invited_is_let_in(deployment: Deployment) {
    let server = OauthServer::start(600).await;
    let stack = stack(&server, deployment, &[("LOG_LEVEL", "trace")]).await;
    let setup = Reply::of(stack.request(Role::Api, "GET", "/v1/console/setup")).await;
    assert_eq!(setup.expect(200).text_of("single_sign_on"), "Example");

    // Nobody is let in whom nobody invited, or whose address may be anybody's.
    server.person(&person("alice", "alice@example.com")).await;
    assert_refused(&sign_in(&stack, &server).await, 403, "not_invited");
    let invited = invite(&stack, "alice@example.com", AccountRole::Viewer, None).await;
    let id = invited.account.id;
    for claims in [
        json!({"sub": "mallory", "email": "alice@example.com", "email_verified": false}),
        json!({"sub": "mallory", "email": "alice@example.com"}),
        json!({"sub": "mallory", "email": "other@example.com", "email_verified": true}),
    ] {
        server.person(&claims).await;
        assert_refused(&sign_in(&stack, &server).await, 403, "not_invited");
    }

    server.person(&person("alice", "Alice@Example.com")).await;
    let begun = away_and_back(&stack, &server).await;
    let first = hand_in(&stack, &begun.browser, &begun.back).await.expect(200);
    assert_eq!(first.json["account"]["id"], json!(id));
    assert_eq!(first.json["account"]["identity_issuer"], json!(server.issuer()));
    let token = first.text_of("token");
    let known = me(&stack, &token).await.expect(200);
    assert_eq!(known.json["session"]["way"], "single_sign_on");
    // What is handed in twice is taken once.
    let again = hand_in(&stack, &begun.browser, &begun.back).await;
    assert_refused(&again, 400, "sign_in_expired");

    // The person is who signs in from now on, whatever their address becomes; another with their address is not.
    server
        .person(&json!({"sub": "alice", "email": "new@example.com", "email_verified": false}))
        .await;
    let second = sign_in(&stack, &server).await.expect(200);
    assert_eq!(second.json["account"]["id"], json!(id));
    server.person(&person("mallory", "alice@example.com")).await;
    assert_refused(&sign_in(&stack, &server).await, 403, "not_invited");

    // An identity token may say itself what the provider tells otherwise.
    server.claims_in_tokens().await;
    server.person(&person("bob", "bob@example.com")).await;
    assert_refused(&sign_in(&stack, &server).await, 403, "not_invited");

    // Whoever signs out is sent on, and the session is no more.
    let request = stack
        .request(Role::Api, "POST", "/v1/console/sign-out")
        .bearer_auth(&token);
    let out = Reply::of(request.json(&json!({}))).await.expect(200);
    let on: reqwest::Url = out.text_of("continue_at").parse().expect("a URL");
    assert!(on.as_str().starts_with(server.issuer()), "{on}");
    let back = on
        .query_pairs()
        .find(|(name, _)| name == "post_logout_redirect_uri");
    assert_eq!(back.expect("it is there").1, format!("{CONSOLE_URL}/sign-in"));
    assert_eq!(me(&stack, &token).await.status, 401);

    // A locked account stays closed, and one that was let go of is its address's again.
    let path = format!("/v1/accounts/{id}");
    stack
        .admin("PATCH", &path, Some(json::tree(&locked(true))))
        .await
        .expect(200);
    server.person(&person("alice", "alice@example.com")).await;
    assert_refused(&sign_in(&stack, &server).await, 401, "sign_in_refused");
    stack
        .admin("PATCH", &path, Some(json::tree(&locked(false))))
        .await
        .expect(200);
    let token = sign_in(&stack, &server).await.expect(200).text_of("token");
    stack
        .admin("DELETE", &format!("{path}/identity"), None)
        .await
        .expect(204);
    assert_eq!(me(&stack, &token).await.status, 401, "its sessions ended");
    server.person(&person("alice-again", "alice@example.com")).await;
    sign_in(&stack, &server).await.expect(200);

    // No token, code or secret in what was logged.
    let logs = stack.log().await;
    for secret in [of(&begun.back, "code"), &begun.browser, &token] {
        assert!(!logs.contains(secret), "a secret is in the log");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_invited_is_let_in_embedded() {
    whoever_is_invited_is_let_in(Deployment::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_invited_is_let_in_in_production() {
    whoever_is_invited_is_let_in(Deployment::Production).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_is_taken_in_its_own_browser_of_its_own_provider_and_for_its_own_code() {
    let server = OauthServer::start(600).await;
    let stack = stack(&server, Deployment::Embedded, &[]).await;
    invite(&stack, "alice@example.com", AccountRole::Owner, None).await;
    server.person(&person("alice", "alice@example.com")).await;
    let mine = away_and_back(&stack, &server).await;
    let theirs = away_and_back(&stack, &server).await;

    // Of another browser: its answer in mine, mine in it, its code under my state.
    for (browser, back) in [
        (&mine.browser, theirs.back.clone()),
        (&theirs.browser, mine.back.clone()),
        (&mine.browser, with(&mine.back, "code", of(&theirs.back, "code"))),
        (&mine.browser, with(&mine.back, "code", "made-up")),
        (&mine.browser, with(&mine.back, "state", "made-up")),
        (&mine.browser, with(&mine.back, "state", &"A".repeat(75))),
    ] {
        assert_refused(&hand_in(&stack, browser, &back).await, 400, "sign_in_expired");
    }
    // Of another provider, whoever it may be.
    let mixed = with(&mine.back, "iss", "https://honest.example.com");
    assert_refused(
        &hand_in(&stack, &mine.browser, &mixed).await,
        400,
        "oauth_issuer_mismatch",
    );
    let nameless: Vec<_> = mine
        .back
        .iter()
        .filter(|(name, _)| name != "iss")
        .cloned()
        .collect();
    assert_refused(
        &hand_in(&stack, &mine.browser, &nameless).await,
        400,
        "oauth_issuer_mismatch",
    );
    // Without a code.
    let state = vec![
        (String::from("state"), of(&mine.back, "state").to_owned()),
        (String::from("iss"), server.issuer().to_owned()),
    ];
    let denied = hand_in(&stack, &mine.browser, &with(&state, "error", "access_denied")).await;
    assert_refused(&denied, 400, "provider_oauth_denied");
    assert_eq!(denied.json["details"]["error"], "access_denied");
    assert_refused(
        &hand_in(&stack, &mine.browser, &state).await,
        400,
        "authorization_code_required",
    );

    // A provider that fails signs nobody in, and says so as a failure.
    server.outage(Some(503)).await;
    let late = away_and_back(&stack, &server).await;
    let failed = hand_in(&stack, &late.browser, &late.back).await;
    assert_refused(&failed, 503, "identity_provider_unavailable");
    assert!(failed.headers.contains_key("retry-after"));
    server.outage(None).await;
    hand_in(&stack, &late.browser, &late.back).await.expect(200);
    // Whatever was tried with it elsewhere, theirs is theirs.
    hand_in(&stack, &theirs.browser, &theirs.back).await.expect(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn claims_let_people_in_change_what_they_may_and_put_them_out() {
    let server = OauthServer::start(600).await;
    let mapping = [
        ("CONSOLE_OIDC_SCOPES", "openid email profile groups"),
        ("CONSOLE_OIDC_ROLE_CLAIM", "groups"),
        ("CONSOLE_OIDC_ROLES", "watchers=viewer, runners=operator"),
    ];
    let stack = stack(&server, Deployment::Embedded, &mapping).await;
    let groups = |groups: Value| {
        let mut claims = person("carol", "carol@example.com");
        claims["groups"] = groups;
        claims
    };
    server.person(&groups(json!(["others"]))).await;
    assert_refused(&sign_in(&stack, &server).await, 403, "not_invited");
    server.person(&groups(json!(["watchers", "others"]))).await;
    let made = sign_in(&stack, &server).await.expect(200);
    assert_eq!(made.json["account"]["role"], "viewer");
    assert_eq!(made.json["account"]["name"], "Alice");
    server.person(&groups(json!(["runners", "watchers"]))).await;
    let risen = sign_in(&stack, &server).await.expect(200);
    assert_eq!(risen.json["account"]["role"], "operator");
    assert_eq!(risen.json["account"]["id"], made.json["account"]["id"]);
    server.person(&groups(json!([]))).await;
    assert_refused(&sign_in(&stack, &server).await, 403, "not_invited");
    for session in [made, risen] {
        assert_eq!(me(&stack, &session.text_of("token")).await.status, 401);
    }
    // Whom an owner invited is what the owner said.
    invite(&stack, "dora@example.com", AccountRole::Auditor, None).await;
    server.person(&person("dora", "dora@example.com")).await;
    let dora = sign_in(&stack, &server).await.expect(200);
    assert_eq!(dora.json["account"]["role"], "auditor");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_provider_nobody_begins() {
    let stack = Stack::with(Deployment::Embedded, &[]).await;
    assert_refused(&begin(&stack).await, 404, "sign_in_way_not_configured");
    let refused = hand_in(&stack, "x", &[(String::from("state"), String::from("x"))]).await;
    assert_refused(&refused, 404, "sign_in_way_not_configured");
}
