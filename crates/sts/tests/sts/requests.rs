//! What a caller brings: the form, the transport, the credentials, and how often.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use caracal_core::Secret;
use caracal_storage::Access;

use crate::fixture::Fixture;

const CHOSEN: &str = "correct horse battery staple";

impl Fixture {
    /// With so many failed logins a minute, and an application whose secret a person chose; what it is stored as.
    async fn with_chosen_secret(failures: u32) -> (Self, String) {
        let mut fixture = Self::new().await;
        let mut config = (*fixture.deps.config).clone();
        config.auth_fail_limit_per_min = failures;
        fixture.reconfigure(config);
        let hasher = &fixture.parts.hasher;
        let stored = hasher
            .hash_chosen(&fixture.parts.world, &Secret::new(CHOSEN))
            .unwrap();
        let mut application = fixture.application.clone();
        application.client_secret_hash = Some(stored.clone());
        fixture
            .store(async |work| {
                let id = application.id.clone();
                application.attribution.version = work
                    .applications()
                    .get(&id)
                    .await
                    .unwrap()
                    .unwrap()
                    .attribution
                    .version;
                work.applications().update(&application).await.unwrap();
            })
            .await;
        fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
        (fixture, stored)
    }

    async fn ask(&self, path: &str) -> String {
        self.client.call(Method::GET, path).send().await.refusal()
    }
}

#[tokio::test]
async fn malformed_requests_are_400_and_name_the_field() {
    let fixture = Fixture::new().await;
    for (changes, field) in [
        (vec![("grant_type", "client_credentials")], "grant_type"),
        (vec![("resource", "")], "resource"),
        (vec![("ttl_seconds", "soon")], "ttl_seconds"),
        (vec![("ttl_seconds", "-5")], "ttl_seconds"),
        (vec![("ttl_seconds", "3601")], "ttl_seconds"),
        (vec![("application_id", "")], "application_id"),
        (vec![("agent_session_id", "a b")], "agent_session_id"),
        (vec![("actor_token", "x")], "actor_token"),
        (vec![("subject_token", "x")], "subject_token_type"),
    ] {
        let answer = fixture.mint(&changes).await;
        assert_eq!(answer.refusal(), "400 invalid_token", "{changes:?}");
        let text = answer.body["error_description"].as_str().unwrap();
        assert!(text.contains(field), "{changes:?}: {text}");
        assert!(answer.body["requestId"].is_string());
    }
}

#[tokio::test]
async fn transport_rules_hold_before_anything_is_parsed() {
    let fixture = Fixture::new().await;
    let json = axum::http::Request::post("/oauth/2/token")
        .header("content-type", "application/json")
        .body(axum::body::Body::from("{}"))
        .unwrap();
    assert_eq!(fixture.request(json).await.refusal(), "415 invalid_token");
    let query = axum::http::Request::post("/oauth/2/token?grant_type=x")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::empty())
        .unwrap();
    assert_eq!(fixture.request(query).await.refusal(), "400 invalid_token");
    let large = fixture.send("a".repeat(70_000), &[]).await;
    assert_eq!(large.refusal(), "413 payload_too_large");
}

#[tokio::test]
async fn wrong_credentials_are_401_whatever_is_wrong() {
    let fixture = Fixture::new().await;
    for changes in [
        [("client_secret", "cs_wrong")],
        [("client_secret", "")],
        [("application_id", "0199-unknown")],
        [("zone_id", "")],
    ] {
        assert_eq!(
            fixture.mint(&changes).await.refusal(),
            "401 access_denied",
            "{changes:?}"
        );
    }
    // Whatever failed before, the right secret still works.
    assert_eq!(fixture.mint(&[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn basic_credentials_are_form_decoded_and_given_in_one_place() {
    use base64::Engine as _;
    let fixture = Fixture::new().await;
    let basic = |id: &str, secret: &str| {
        let encode = |text: &str| {
            text.bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect::<Vec<_>>()
                .concat()
        };
        let pair = format!("{}:{}", encode(id), encode(secret));
        format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair))
    };
    let own = basic(fixture.application.id.as_str(), fixture.secret.expose());
    let without = fixture.mint_form(&[("application_id", ""), ("client_secret", "")]);
    let minted = fixture.post(&without, &[("authorization", &own)]).await;
    assert_eq!(minted.status, StatusCode::OK, "{}", minted.body);

    let wrong = basic(fixture.application.id.as_str(), "cs_wrong");
    for header in [wrong.as_str(), "Basic !!!", "basic YQ=="] {
        let refused = fixture.post(&without, &[("authorization", header)]).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{header}");
        assert!(
            refused.headers["www-authenticate"]
                .to_str()
                .unwrap()
                .starts_with("Basic ")
        );
    }
    let twice = fixture
        .post(&fixture.mint_form(&[]), &[("authorization", &own)])
        .await;
    assert_eq!(twice.status, StatusCode::BAD_REQUEST, "{}", twice.body);
    let other = fixture.mint_form(&[("application_id", "somebody-else"), ("client_secret", "")]);
    let other = fixture.post(&other, &[("authorization", &own)]).await;
    assert_eq!(other.status, StatusCode::BAD_REQUEST, "{}", other.body);
}

#[tokio::test]
async fn too_many_failures_from_one_address_are_429_and_do_not_lock_the_application_out() {
    let fixture = Fixture::new().await;
    let mut last = String::new();
    for _ in 0..=fixture.deps.config.auth_fail_limit_per_min {
        last = fixture.mint(&[("client_secret", "cs_wrong")]).await.refusal();
    }
    assert_eq!(last, "429 provider_rate_limited");
    assert_eq!(fixture.mint(&[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_right_secret_in_the_wrong_zone_learns_where_it_belongs() {
    let fixture = Fixture::new().await;
    let other = fixture.given.zone();
    let other = caracal_core::entity::Zone {
        id: caracal_core::ZoneId::generate(&fixture.parts.world),
        slug: String::from("other"),
        ..other
    };
    let mut work = fixture.parts.store.global(Access::Write).await.unwrap();
    work.zones().create(&other).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(
        fixture.mint(&[("zone_id", other.id.as_str())]).await.refusal(),
        "403 zone_invalid"
    );
    let guess = fixture
        .mint(&[("zone_id", other.id.as_str()), ("client_secret", "cs_guess")])
        .await;
    assert_eq!(guess.refusal(), "401 access_denied");
}

#[tokio::test]
async fn refused_mints_are_limited_before_they_are_written_down() {
    let mut fixture = Fixture::new().await;
    let mut config = (*fixture.deps.config).clone();
    config.mint_rate_limit_per_min = 3;
    fixture.reconfigure(config);
    for (change, refusal) in [
        (("resource", "resource://nowhere"), "403 access_denied"),
        (("agent_session_id", "0199-nobody"), "403 access_denied"),
    ] {
        let mut answers = Vec::new();
        for _ in 0..5 {
            answers.push(fixture.mint(&[change]).await.refusal());
        }
        assert_eq!(
            answers,
            [
                refusal,
                refusal,
                refusal,
                "429 provider_rate_limited",
                "429 provider_rate_limited"
            ],
            "{change:?}"
        );
    }
    assert_eq!(fixture.parts.events().await.len(), 6);
}

#[tokio::test]
async fn a_zone_lowers_the_limit_of_its_mints_and_never_raises_it() {
    let mut fixture = Fixture::new().await;
    let mut config = (*fixture.deps.config).clone();
    config.mint_rate_limit_per_min = 4;
    fixture.reconfigure(config);
    let mints = async |limit: Option<u32>| {
        fixture.parts.pass(Duration::from_secs(61)).await;
        let mut work = fixture.parts.store.global(Access::Write).await.unwrap();
        let mut zone = work.zones().get(&fixture.zone.id).await.unwrap().unwrap();
        zone.mint_limit_per_minute = limit;
        assert!(work.zones().update(&zone).await.unwrap());
        work.commit().await.unwrap();
        fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
        let mut allowed = 0;
        loop {
            let answer = fixture.mint(&[]).await;
            if answer.status != 200 {
                assert_eq!(answer.refusal(), "429 provider_rate_limited");
                assert!(answer.headers.contains_key("retry-after"));
                return allowed;
            }
            allowed += 1;
        }
    };
    assert_eq!(mints(Some(2)).await, 2);
    assert_eq!(mints(Some(1000)).await, 4);
    assert_eq!(mints(None).await, 4);
}

#[tokio::test]
async fn guesses_at_a_chosen_secret_past_the_limit_are_never_derived() {
    let (fixture, stored) = Fixture::with_chosen_secret(2).await;
    let guess = async |number: u32| {
        let guess = format!("guess {number}");
        let answer = fixture.mint(&[("client_secret", &guess)]).await.refusal();
        (answer, fixture.deps.hasher.needs_derivation(&stored, &guess))
    };
    for number in 0..2 {
        assert_eq!(guess(number).await, (String::from("401 access_denied"), false));
    }
    for number in 2..6 {
        let limited = (String::from("429 provider_rate_limited"), true);
        assert_eq!(guess(number).await, limited, "{number}");
    }
    fixture
        .parts
        .world
        .manual_clock()
        .advance(Duration::from_secs(61));
    // The right one is no failure, however often it is derived: what was counted ahead is given back.
    for _ in 0..4 {
        let minted = fixture.mint(&[("client_secret", CHOSEN)]).await;
        assert_eq!(minted.status, StatusCode::OK, "{}", minted.body);
        assert!(!fixture.deps.hasher.needs_derivation(&stored, CHOSEN));
    }
    assert_eq!(guess(7).await.0, "401 access_denied");
}

#[tokio::test]
async fn strangers_past_their_limit_cost_no_statement_and_lock_no_known_application_out() {
    let mut fixture = Fixture::new().await;
    let mut config = (*fixture.deps.config).clone();
    config.stranger_limit_per_min = 3;
    fixture.reconfigure(config);
    assert_eq!(fixture.mint(&[]).await.status, StatusCode::OK);
    // A new application each time, so that no limit of one is ever met.
    let mut answers = Vec::new();
    for number in 0..5 {
        let id = format!("nobody-{number}");
        answers.push(fixture.mint(&[("application_id", &id)]).await.refusal());
    }
    assert_eq!(answers[2], "401 access_denied");
    assert_eq!(answers[4], "429 provider_rate_limited");
    let before = fixture.deps.store.statements();
    for number in 0..40 {
        let (id, zone) = (format!("nobody-{number}"), format!("nowhere-{number}"));
        for changes in [
            vec![("application_id", id.as_str())],
            vec![("zone_id", zone.as_str())],
        ] {
            let refused = fixture.mint(&changes).await.refusal();
            assert_eq!(refused, "429 provider_rate_limited", "{changes:?}");
        }
        for path in [
            format!("/.well-known/jwks.json?zone_id={zone}"),
            format!("/approvals/{id}"),
        ] {
            assert_eq!(fixture.ask(&path).await, "429 provider_rate_limited", "{path}");
        }
    }
    // The relay makes a few of its own.
    let made = fixture.deps.store.statements() - before;
    assert!(made < 40, "{made} statements for 160 strangers");
    assert_eq!(fixture.mint(&[]).await.status, StatusCode::OK);
}

#[tokio::test]
async fn unknown_zones_approvals_and_keys_are_questions_that_are_counted() {
    let mut fixture = Fixture::new().await;
    let mut config = (*fixture.deps.config).clone();
    config.stranger_limit_per_min = 2;
    fixture.reconfigure(config);
    for (path, first) in [
        ("/approvals/nobodys", "404 resource_not_found"),
        ("/.well-known/jwks.json?zone_id=nowhere", "404 resource_not_found"),
    ] {
        let mut answers = Vec::new();
        for _ in 0..4 {
            answers.push(fixture.ask(path).await);
        }
        assert_eq!(answers[..2], [first, first], "{path}");
        assert_eq!(answers[3], "429 provider_rate_limited", "{path}");
        fixture.parts.world.manual_clock().advance(Duration::from_mins(2));
    }
}

#[tokio::test]
async fn a_scope_that_no_resource_could_declare_is_refused_unquoted_and_unrecorded() {
    let fixture = Fixture::new().await;
    let before = fixture.parts.events().await.len();
    let long = "s".repeat(7_800);
    let refused = fixture.mint(&[("scope", &long)]).await;
    assert_eq!(refused.refusal(), "400 invalid_token");
    assert!(refused.body.to_string().len() < 400, "{}", refused.body);
    assert_eq!(fixture.parts.events().await.len(), before);
    // Many that are not declared are not all told.
    let many: Vec<_> = (0..60)
        .map(|number| format!("{number}{}", "x".repeat(100)))
        .collect();
    let denied = fixture.mint(&[("scope", &many.join(" "))]).await;
    assert_eq!(denied.body["reason"], "scope_mismatch");
    assert!(denied.body.to_string().len() < 6_000, "{}", denied.body);
}
