//! People who sign in to the console: how they come to be, what their role lets them do, and how they are kept out.

use std::{net::SocketAddr, time::Duration};

use axum::body::Body;
use caracal_api::{ApiConfig, RelyingParty};
use caracal_crypto::sha256;
use caracal_service::server::PeerAddr;
use caracal_testkit::client::Answer;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::stack::{PASSWORD, Stack};

async fn post(stack: &Stack, token: Option<&str>, path: &str, body: &Value) -> Answer {
    stack.call(token, &[], Method::POST, path, Some(body)).await
}

async fn get(stack: &Stack, token: &str, path: &str) -> Answer {
    stack.call(Some(token), &[], Method::GET, path, None).await
}

async fn sign_in(stack: &Stack, email: &str, password: &str, device: Option<&str>) -> Answer {
    let body = match device {
        Some(device) => json!({"email": email, "password": password, "device": device}),
        None => json!({"email": email, "password": password}),
    };
    post(stack, None, "/v1/console/sign-in", &body).await
}

#[tokio::test]
async fn a_link_makes_the_first_owner_once_and_nobody_else_can() {
    let stack = Stack::start().await;
    let setup = async || get(&stack, "", "/v1/console/setup").await.expect(200)["needed"].clone();
    assert_eq!(setup().await, true);
    let made = caracal_api::setup_link(&stack.deps).await.unwrap().unwrap();
    let link = made.expose();
    let about = post(&stack, None, "/v1/console/links/read", &json!({"link": link}))
        .await
        .expect(200);
    assert_eq!(
        (about["purpose"].as_str(), &about["email"]),
        (Some("setup"), &Value::Null)
    );

    let body = |password: &str| json!({"link": link, "email": " Ada@Example.com", "name": "Ada", "password": password});
    let weak = post(&stack, None, "/v1/console/links/use", &body("short")).await;
    assert_eq!(weak.refused(400), "invalid_account");
    let nameless = json!({"link": link, "password": PASSWORD});
    let nameless = post(&stack, None, "/v1/console/links/use", &nameless).await;
    assert_eq!(nameless.refused(400), "invalid_account");
    let used = post(&stack, None, "/v1/console/links/use", &body(PASSWORD))
        .await
        .expect(201);
    assert_eq!(used["account"]["email"], "ada@example.com");
    assert_eq!(used["account"]["role"], "owner");
    let again = post(&stack, None, "/v1/console/links/use", &body(PASSWORD)).await;
    assert_eq!(again.refused(404), "link_not_found");
    assert_eq!(setup().await, false);
    assert!(caracal_api::setup_link(&stack.deps).await.unwrap().is_none());
    // Who signed in is on record by name, and no secret is.
    let me = get(&stack, used["token"].as_str().unwrap(), "/v1/console/me")
        .await
        .expect(200);
    assert_eq!(me["may"].as_array().unwrap().len(), 7);
    assert!(!me.to_string().contains("argon2id"));
}

#[tokio::test]
async fn whoever_guesses_closes_an_account_for_strangers_and_for_nobody_else() {
    let stack = Stack::start().await;
    stack.owner().await;
    stack.account("ada@example.com", "admin", None).await;
    let device = sign_in(&stack, "ada@example.com", PASSWORD, None)
        .await
        .expect(200)
        .text("device");
    // Unknown and known addresses are refused alike.
    for email in ["ada@example.com", "nobody@example.com"] {
        assert_eq!(
            sign_in(&stack, email, "not the password at all", None)
                .await
                .refused(401),
            "sign_in_refused"
        );
    }
    for _ in 0..20 {
        sign_in(&stack, "ada@example.com", "a guess that is wrong", None).await;
    }
    let shut = sign_in(&stack, "ada@example.com", PASSWORD, None).await;
    assert!(shut.headers.contains_key("retry-after"));
    assert_eq!(shut.refused(429), "rate_limited");
    // The mark of another account's browser, or a made-up one, opens nothing.
    for mark in ["AAAAAAAAAAAAAAAAAAAAAA.AAAA", "x"] {
        assert_eq!(
            sign_in(&stack, "ada@example.com", PASSWORD, Some(mark))
                .await
                .refused(429),
            "rate_limited"
        );
    }
    sign_in(&stack, "ada@example.com", PASSWORD, Some(&device))
        .await
        .expect(200);
    sign_in(&stack, "owner@example.com", PASSWORD, None)
        .await
        .expect(200);
    assert_eq!(
        sign_in(
            &stack,
            "owner@example.com",
            "a guess that is wrong",
            Some(&device)
        )
        .await
        .refused(401),
        "sign_in_refused"
    );
}

#[tokio::test]
async fn a_right_password_brings_nobody_nearer_to_the_limit_of_guesses() {
    let stack = Stack::start().await;
    stack.owner().await;
    let limiter = &stack.parts.short_lived;
    let of_account = hex::encode(sha256(b"owner@example.com"));
    let counter = format!("api:sign_in:account:{of_account}");
    let guess = async || limiter.hit(&counter, 20, Duration::from_mins(15)).await.unwrap();
    for _ in 0..19 {
        assert!(guess().await.allowed);
    }
    // A person with several programs signs in as often as they like.
    for _ in 0..4 {
        sign_in(&stack, "owner@example.com", PASSWORD, None)
            .await
            .expect(200);
    }
    let wrong = sign_in(&stack, "owner@example.com", "a guess that is wrong", None).await;
    assert_eq!(wrong.refused(401), "sign_in_refused");
    assert!(!guess().await.allowed, "the guess is counted");
    let shut = sign_in(&stack, "owner@example.com", PASSWORD, None).await;
    assert_eq!(shut.refused(429), "rate_limited");
}

#[tokio::test]
async fn guesses_at_many_accounts_from_one_address_end_before_anything_is_looked_up_or_derived() {
    let stack = Stack::with(ApiConfig {
        auth_fail_limit_per_min: 0,
        ..ApiConfig::default()
    })
    .await;
    stack.owner().await;
    let limiter = &stack.parts.short_lived;
    let window = Duration::from_mins(15);
    let hit = async || {
        limiter
            .hit("api:sign_in:address:127.0.0.1", 100, window)
            .await
            .unwrap()
    };
    for _ in 0..98 {
        hit().await;
    }
    // Those that were right are given back.
    for _ in 0..4 {
        sign_in(&stack, "owner@example.com", PASSWORD, None)
            .await
            .expect(200);
    }
    for _ in 0..2 {
        hit().await;
    }
    let before = stack.parts.store.statements();
    for number in 0..40 {
        let email = format!("nobody-{number}@example.com");
        let refused = sign_in(&stack, &email, "a guess that is wrong", None).await;
        assert!(refused.headers.contains_key("retry-after"));
        assert_eq!(refused.refused(429), "rate_limited");
    }
    // The relay makes a few of its own.
    assert!(stack.parts.store.statements() - before < 20);
}

#[tokio::test]
async fn what_strangers_ask_in_vain_is_counted_by_address_and_then_costs_no_statement() {
    for (path, body, refused) in [
        (
            "/v1/console/links/read",
            json!({"link": "nothing-that-was-ever-made"}),
            (404, "link_not_found"),
        ),
        (
            "/v1/console/links/use",
            json!({"link": "nothing-that-was-ever-made", "password": PASSWORD}),
            (404, "link_not_found"),
        ),
        (
            "/v1/console/sign-in",
            json!({"email": "nobody@example.com", "password": "a guess that is wrong"}),
            (401, "sign_in_refused"),
        ),
    ] {
        let stack = Stack::with(ApiConfig {
            auth_fail_limit_per_min: 2,
            ..ApiConfig::default()
        })
        .await;
        for _ in 0..3 {
            assert_eq!(
                post(&stack, None, path, &body).await.refused(refused.0),
                refused.1,
                "{path}"
            );
        }
        let before = stack.parts.store.statements();
        for _ in 0..40 {
            assert_eq!(
                post(&stack, None, path, &body).await.refused(429),
                "rate_limited",
                "{path}"
            );
        }
        assert!(stack.parts.store.statements() - before < 20, "{path}");
        // Whoever is somebody goes on.
        stack.get("/v1/zones").await.expect(200);
    }
}

#[tokio::test]
async fn an_address_of_mail_holds_nothing_that_is_not_seen() {
    let stack = Stack::start().await;
    stack.owner().await;
    for hidden in [
        '\u{202e}',
        '\u{200b}',
        '\u{feff}',
        '\u{2066}',
        '\u{e0041}',
        '\u{3164}',
    ] {
        let email = format!("ada{hidden}@example.com");
        let refused = sign_in(&stack, &email, "a guess that is wrong", None).await;
        assert_eq!(refused.refused(400), "invalid_account", "{hidden:?}");
    }
}

#[tokio::test]
async fn each_role_does_what_it_may_in_its_zones_and_nowhere_else() {
    let stack = Stack::start().await;
    let (own, other) = (stack.zone("own").await, stack.zone("other").await);
    let id = own.strip_prefix("/v1/zones/").unwrap();
    // What: read, read evidence, change, stop, govern.
    for (role, [evidence, change, stop]) in [
        ("admin", [true, true, true]),
        ("operator", [true, false, true]),
        ("approver", [true, false, false]),
        ("auditor", [true, false, false]),
        ("viewer", [false, false, false]),
    ] {
        let token = stack
            .account(&format!("{role}@example.com"), role, Some(vec![id]))
            .await;
        let gate = |answer: &Answer, open: bool, what: &str| {
            let refused = answer.status == 403 && answer.text.contains("account_role_forbidden");
            assert_eq!(refused, !open, "{role} {what}: {}", answer.text);
        };
        get(&stack, &token, &format!("{own}/applications"))
            .await
            .expect(200);
        gate(
            &get(&stack, &token, &format!("{own}/audit")).await,
            evidence,
            "evidence",
        );
        let application = json!({"name": role, "registration_method": "managed"});
        gate(
            &post(&stack, Some(&token), &format!("{own}/applications"), &application).await,
            change,
            "change",
        );
        let subject = json!({"subject_id": "nobody"});
        gate(
            &post(&stack, Some(&token), &format!("{own}/subjects/revoke"), &subject).await,
            stop,
            "stop",
        );
        for kind in ["applications", "workloads"] {
            let path = format!("{own}/{kind}/never-there");
            let answer = stack.call(Some(&token), &[], Method::DELETE, &path, None).await;
            gate(&answer, stop, kind);
        }
        gate(&get(&stack, &token, "/v1/accounts").await, false, "govern");
        gate(&get(&stack, &token, "/v1/admin-tokens").await, false, "tokens");
        // Another zone is neither reached nor told of.
        assert_eq!(
            get(&stack, &token, &format!("{other}/applications"))
                .await
                .refused(403),
            "zone_forbidden"
        );
        let zones = get(&stack, &token, "/v1/zones").await.expect(200);
        assert_eq!(zones["items"].as_array().unwrap().len(), 1);
        assert_eq!(
            post(&stack, Some(&token), "/v1/zones", &json!({"name": "mine"}))
                .await
                .status,
            403
        );
        let overview = get(&stack, &token, &format!("{own}/overview")).await.expect(200);
        assert!(role != "viewer" || overview["recent_events"].as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_session_ends_by_disuse_by_hand_by_lock_and_only_by_whose_it_is() {
    let stack = Stack::start().await;
    let owner = stack.owner().await;
    let ada = stack.account("ada@example.com", "auditor", None).await;
    let agent =
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
    let body =
        json!({"email": "ada@example.com", "password": PASSWORD, "user_agent": format!("{agent}\u{1b}[31m")});
    let second = post(&stack, None, "/v1/console/sign-in", &body)
        .await
        .expect(200)
        .text("token");
    let sessions = get(&stack, &second, "/v1/console/sessions").await.expect(200);
    assert_eq!(sessions["items"][0]["user_agent"], format!("{agent}[31m"));
    let first = sessions["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["current"] == false)
        .unwrap();
    let path = format!("/v1/console/sessions/{}", first["id"].as_str().unwrap());
    let foreign = stack.call(Some(&owner), &[], Method::DELETE, &path, None).await;
    assert_eq!(foreign.refused(404), "account_not_found");
    stack
        .call(Some(&second), &[], Method::DELETE, &path, None)
        .await
        .expect(204);
    assert_eq!(
        get(&stack, &ada, "/v1/zones").await.refused(401),
        "invalid_admin_token"
    );

    // Another password ends the sessions of other browsers; the present one must be known.
    let third = stack.sign_in("ada@example.com").await;
    let change = |current: &str| json!({"current": current, "password": "a password of another kind"});
    let wrong = post(
        &stack,
        Some(&third),
        "/v1/console/password",
        &change("not it at all"),
    )
    .await;
    assert_eq!(wrong.refused(400), "invalid_account");
    post(&stack, Some(&third), "/v1/console/password", &change(PASSWORD))
        .await
        .expect(204);
    assert_eq!(get(&stack, &second, "/v1/zones").await.status, 401);
    get(&stack, &third, "/v1/zones").await.expect(200);

    // Unused for as long as sessions last unused.
    stack.parts.pass(Duration::from_hours(13)).await;
    assert_eq!(get(&stack, &third, "/v1/zones").await.status, 401);
}

#[tokio::test]
async fn the_last_owner_stays_and_a_locked_account_is_out_at_once() {
    let stack = Stack::start().await;
    let owner = stack.owner().await;
    let me = get(&stack, &owner, "/v1/console/me").await.expect(200);
    let path = format!("/v1/accounts/{}", me["account"]["id"].as_str().unwrap());
    let patch = async |path: &str, body: Value| {
        stack
            .call(Some(&owner), &[], Method::PATCH, path, Some(&body))
            .await
    };
    for change in [json!({"role": "admin"}), json!({"locked": true})] {
        assert_eq!(patch(&path, change).await.refused(409), "last_owner");
    }
    let gone = stack.call(Some(&owner), &[], Method::DELETE, &path, None).await;
    assert_eq!(gone.refused(409), "last_owner");
    assert_eq!(
        patch(&path, json!({"reach": {"zones": ["z"]}}))
            .await
            .refused(400),
        "invalid_account"
    );

    let bob = stack.account("bob@example.com", "operator", None).await;
    let accounts = get(&stack, &owner, "/v1/accounts").await.expect(200);
    let bobs = accounts["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["email"] == "bob@example.com")
        .unwrap();
    let bobs = format!("/v1/accounts/{}", bobs["id"].as_str().unwrap());
    patch(&bobs, json!({"locked": true})).await.expect(200);
    assert_eq!(get(&stack, &bob, "/v1/zones").await.status, 401);
    assert_eq!(
        sign_in(&stack, "bob@example.com", PASSWORD, None)
            .await
            .refused(401),
        "sign_in_refused"
    );
    let taken = json!({"email": "BOB@example.com", "name": "Bob", "role": "viewer"});
    assert_eq!(
        post(&stack, Some(&owner), "/v1/accounts", &taken)
            .await
            .refused(409),
        "account_email_taken"
    );
}

#[tokio::test]
async fn passkeys_are_added_and_removed_behind_a_fresh_sign_in_and_only_where_browsers_use_them() {
    let without = Stack::start().await;
    let owner = without.owner().await;
    let refused = post(
        &without,
        Some(&owner),
        "/v1/console/passkeys/registration",
        &Value::Null,
    );
    assert_eq!(refused.await.refused(404), "sign_in_way_not_configured");
    let refused = post(&without, None, "/v1/console/passkey/begin", &Value::Null).await;
    assert_eq!(refused.refused(404), "sign_in_way_not_configured");

    let stack = Stack::with(ApiConfig {
        relying_party: Some(RelyingParty {
            id: String::from("console.example.com"),
            origin: String::from("https://console.example.com"),
        }),
        ..ApiConfig::default()
    })
    .await;
    let owner = stack.owner().await;
    let path = "/v1/console/passkeys";
    let registration = "/v1/console/passkeys/registration";
    let begun = post(&stack, Some(&owner), registration, &Value::Null)
        .await
        .expect(200);
    let body = |challenge: &str| {
        json!({
            "name": "x", "challenge": challenge, "client_data": "e30", "authenticator_data": "AA", "public_key": "AA",
            "algorithm": -7,
        })
    };
    // Of another session, made up, or no passkey at all: nothing is added.
    let other = stack.account("ada@example.com", "admin", None).await;
    let theirs = post(&stack, Some(&other), path, &body(&begun.text("challenge"))).await;
    assert_eq!(theirs.refused(400), "sign_in_expired");
    let made_up = post(&stack, Some(&owner), path, &body("AAAA")).await;
    assert_eq!(made_up.refused(400), "sign_in_expired");
    let none = post(&stack, Some(&owner), path, &body(&begun.text("challenge"))).await;
    assert_eq!(none.refused(400), "invalid_passkey");
    let mut strange = body(&begun.text("challenge"));
    strange["algorithm"] = json!(-65535);
    let strange = post(&stack, Some(&owner), path, &strange).await;
    assert_eq!(strange.refused(400), "invalid_passkey");
    // What begins a sign-in adds nothing, and the other way round.
    let sign_in = post(&stack, None, "/v1/console/passkey/begin", &Value::Null)
        .await
        .expect(200);
    let crossed = post(&stack, Some(&owner), path, &body(&sign_in.text("challenge"))).await;
    assert_eq!(crossed.refused(400), "sign_in_expired");
    let unknown = json!({
        "browser": sign_in.text("browser"), "challenge": sign_in.text("challenge"), "credential_id": "AA",
        "client_data": "e30", "authenticator_data": "AA", "signature": "AA",
    });
    let unknown = post(&stack, None, "/v1/console/passkey/finish", &unknown).await;
    assert_eq!(unknown.refused(401), "sign_in_refused");

    stack.parts.world.manual_clock().advance(Duration::from_mins(10));
    let stale = post(&stack, Some(&owner), registration, &Value::Null).await;
    assert_eq!(stale.refused(403), "fresh_sign_in_required");
    let stale = stack
        .call(
            Some(&owner),
            &[],
            Method::DELETE,
            &format!("{path}/some-id"),
            None,
        )
        .await;
    assert_eq!(stale.refused(403), "fresh_sign_in_required");
    // Looking is no change.
    assert_eq!(
        get(&stack, &owner, path).await.expect(200)["items"],
        Value::Array(Vec::new())
    );
}

#[tokio::test]
async fn an_account_is_bound_to_zones_that_there_are_and_not_to_thousands() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let zone = zone.rsplit('/').next().unwrap();
    let body = |zones: Value| json!({"email": "a@example.com", "name": "A", "role": "admin", "zones": zones});
    let many: Vec<String> = (0..1001).map(|count| format!("zon_{count}")).collect();
    for (zones, field) in [(json!(many), "zones"), (json!([zone, "zon_nowhere"]), "zones.1")] {
        let refused = stack.post("/v1/accounts", body(zones)).await;
        assert!(refused.text.contains(&format!("\"{field}: ")), "{}", refused.text);
        assert!(refused.text.len() < 1024, "{}", refused.text.len());
        assert_eq!(refused.refused(400), "invalid_account");
    }
    let made = stack.post("/v1/accounts", body(json!([zone]))).await.expect(201);
    let id = made["account"]["id"].as_str().unwrap();
    let path = format!("/v1/accounts/{id}");
    let refused = stack
        .patch(&path, json!({"reach": {"zones": ["zon_nowhere"]}}))
        .await;
    assert!(refused.text.contains("reach.zones.0: "), "{}", refused.text);
    assert_eq!(refused.refused(400), "invalid_account");
    let refused = stack.patch(&path, json!({"reach": {"zones": many}})).await;
    assert_eq!(refused.refused(400), "invalid_account");
    stack
        .patch(&path, json!({"reach": {"zones": [zone]}}))
        .await
        .expect(200);
}

#[tokio::test]
async fn strangers_at_one_address_shut_the_door_for_no_other() {
    let config = ApiConfig {
        rate_limit_per_min: 100,
        auth_fail_limit_per_min: 5,
        ..ApiConfig::default()
    };
    let stack = Stack::with(config).await;
    let ask = async |address: &str, token: Option<&str>| {
        let request = match token {
            Some(token) => Request::get("/v1/zones").header("authorization", format!("Bearer {token}")),
            None => Request::get("/v1/console/setup"),
        };
        let peer = PeerAddr(SocketAddr::new(address.parse().unwrap(), 4711));
        stack
            .send(request.extension(peer).body(Body::empty()).unwrap())
            .await
    };
    let greedy = "2001:db8::1";
    for _ in 0..100 {
        ask(greedy, None).await.expect(200);
    }
    assert_eq!(ask(greedy, None).await.refused(429), "rate_limited");
    // An IPv6 address is one of a network.
    assert_eq!(ask("2001:db8::2", None).await.refused(429), "rate_limited");
    for other in ["2001:db8:0:1::1", "192.0.2.1"] {
        ask(other, None).await.expect(200);
    }
    // Nor do bad tokens from an address shut it for those who have none.
    for _ in 0..6 {
        assert!(ask("192.0.2.1", Some("nonsense")).await.status.is_client_error());
    }
    assert_eq!(
        ask("192.0.2.1", Some("nonsense")).await.refused(429),
        "rate_limited"
    );
    ask("192.0.2.1", None).await.expect(200);
}
