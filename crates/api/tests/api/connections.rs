//! Accounts at upstreams' OAuth servers: who begins and who may finish, what is shown, how they end. The way to a real
//! server and back is among the end-to-end tests.

use std::{collections::HashMap, time::Duration};

use caracal_core::{ConnectionId, ZoneId, entity::ConnectionToken};
use caracal_lifecycle::connections::open;
use caracal_storage::Access;
use caracal_testkit::client::Answer;
use http::Method;
use serde_json::{Value, json};
use url::Url;

use crate::stack::{ADMIN, Stack};

/// A provider, whose token endpoint is one that nobody may call.
pub(crate) fn settings(changes: &Value) -> Value {
    let mut config = json!({
        "authorization_endpoint": "https://id.example.com/auth?tenant=x", "token_endpoint": "https://127.0.0.1/token",
        "redirect_uri": "https://app.example.com/back", "client_id": "caracal", "client_secret": "s-canary",
        "scopes": ["a", "b"], "authorization_params": {"access_type": "offline"},
    });
    let settings = config.as_object_mut().unwrap();
    settings.extend(changes.as_object().unwrap().clone());
    json!({"name": "CRM", "kind": "oauth2_authorization_code", "config_json": config})
}

struct Place {
    stack: Stack,
    zone: String,
    provider: String,
}

impl Place {
    async fn with(changes: &Value) -> Self {
        let stack = Stack::start().await;
        let zone = stack.zone("acme").await;
        let provider = stack.provider(&zone, settings(changes)).await;
        Self {
            stack,
            zone,
            provider,
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/provider-connections{rest}", self.zone)
    }

    async fn begin(&self) -> (Url, String) {
        let body = json!({"provider_id": self.provider, "subject_id": "alice"});
        let begun = self
            .stack
            .post(&self.path("/oauth/authorize"), body)
            .await
            .expect(200);
        (
            begun.text("authorization_url").parse().unwrap(),
            begun.text("state"),
        )
    }

    async fn come_back(&self, token: &str, query: &[(&str, &str)]) -> Answer {
        let mut url = Url::parse("https://x").unwrap();
        url.query_pairs_mut().extend_pairs(query);
        let path = format!("{}?{}", self.path("/oauth/callback"), url.query().unwrap());
        self.stack.call(Some(token), &[], Method::GET, &path, None).await
    }

    async fn connect(&self, subject: Option<&str>) -> Answer {
        let mut body = json!({
            "provider_id": self.provider, "access_token": "at-canary", "refresh_token": "rt-canary",
            "expires_at": "2026-05-21T13:00:00Z",
        });
        if let Some(subject) = subject {
            body["subject_id"] = json!(subject);
        }
        self.stack.post(&self.path(""), body).await
    }
}

#[tokio::test]
async fn a_person_is_sent_away_with_a_challenge_and_a_state_that_nobody_keeps() {
    let place = Place::with(&json!({})).await;
    let (url, state) = place.begin().await;
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let once: HashMap<_, _> = query.iter().cloned().collect();
    assert_eq!(once.len(), query.len(), "{url}");
    assert_eq!((url.host_str(), url.path()), (Some("id.example.com"), "/auth"));
    for (name, value) in [
        ("tenant", "x"),
        ("access_type", "offline"),
        ("response_type", "code"),
        ("client_id", "caracal"),
        ("redirect_uri", "https://app.example.com/back"),
        ("scope", "a b"),
        ("state", &state),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(once[name], value, "{name}");
    }
    let (other, second) = place.begin().await;
    assert_ne!(state, second);
    let challenge = |url: &Url| {
        let mut pairs = url.query_pairs().into_owned();
        pairs.find(|(name, _)| name == "code_challenge").unwrap().1
    };
    assert_ne!(challenge(&url), challenge(&other));
    // Neither the record of it nor anything else tells the state.
    let rows = json!(place.stack.admin_audit(&place.zone).await).to_string();
    assert!(
        rows.contains("oauth/authorize") && !rows.contains(&state),
        "{rows}"
    );
}

#[tokio::test]
async fn only_whoever_began_can_finish_and_another_does_not_spoil_it() {
    let place = Place::with(&json!({})).await;
    let (_, state) = place.begin().await;
    let query = [("state", state.as_str()), ("code", "c-canary")];
    for (scope, zone) in [("global", None), ("zone", place.zone.strip_prefix("/v1/zones/"))] {
        let another = place.stack.token(scope, zone, "write").await;
        let refused = place.come_back(&another, &query).await;
        assert_eq!(refused.refused(403), "oauth_initiator_mismatch");
    }
    let reads = place.stack.token("global", None, "read").await;
    assert_eq!(
        place.come_back(&reads, &query).await.refused(403),
        "admin_token_read_only"
    );
    let nobody = place.come_back("cat_nobody", &query).await;
    assert_eq!(nobody.refused(401), "invalid_admin_token");
    // It goes as far as the question for a token, which may not be asked there.
    let refused = place.come_back(ADMIN, &query).await.expect(400);
    assert!(!refused.text.contains("c-canary"), "{refused:?}");
    assert_eq!(refused.code(), "provider_token_endpoint_not_allowed");
    // And is spent.
    let again = place.come_back(ADMIN, &query).await;
    assert_eq!(again.refused(400), "oauth_state_expired");
    // Whoever tried is recorded, and no code or state with it.
    let rows = place.stack.admin_audit(&place.zone).await;
    let tried = rows.iter().filter(|row| row["status_code"] == 403).count();
    assert_eq!(tried, 2, "{rows:?}");
    let rows = json!(rows).to_string();
    assert!(!rows.contains("c-canary") && !rows.contains(&state), "{rows}");
}

#[tokio::test]
async fn an_answer_that_is_not_to_this_question_connects_nothing() {
    let place = Place::with(&json!({"issuer": "https://id.example.com/x"})).await;
    let iss = ("iss", "https://id.example.com/x");
    let refused = place
        .come_back(ADMIN, &[("state", "made-up"), ("code", "c"), iss])
        .await;
    assert_eq!(refused.refused(400), "oauth_state_expired");
    assert_eq!(
        place.come_back(ADMIN, &[("code", "c"), iss]).await.refused(400),
        "invalid_query"
    );
    // Twice the same parameter: no two readers shall disagree about it.
    let (_, state) = place.begin().await;
    let twice = [("state", state.as_str()), ("state", "x"), ("code", "c"), iss];
    assert_eq!(place.come_back(ADMIN, &twice).await.refused(400), "invalid_query");

    for (query, code) in [
        (
            vec![("code", "c"), ("iss", "https://honest.example.com")],
            "oauth_issuer_mismatch",
        ),
        (vec![("code", "c")], "oauth_issuer_mismatch"),
        (vec![("error", "access_denied")], "oauth_issuer_mismatch"),
        (vec![("error", "access_denied"), iss], "provider_oauth_denied"),
        (vec![iss], "authorization_code_required"),
    ] {
        let (_, state) = place.begin().await;
        let query: Vec<_> = [vec![("state", state.as_str())], query].concat();
        let refused = place.come_back(ADMIN, &query).await.expect(400);
        assert_eq!(refused.code(), code, "{query:?}");
        let again = place.come_back(ADMIN, &query).await;
        assert_eq!(again.refused(400), "oauth_state_expired", "each serves once");
    }
    // Words are told, sentences are not repeated.
    for (word, told) in [
        ("access_denied", json!("access_denied")),
        ("<script>", Value::Null),
    ] {
        let (_, state) = place.begin().await;
        let query = [
            ("state", state.as_str()),
            ("error", word),
            ("error_description", "x-canary"),
            iss,
        ];
        let refused = place.come_back(ADMIN, &query).await.expect(400);
        assert_eq!(refused["details"]["error"], json!(told));
        let members = refused["details"].as_object().unwrap().keys();
        assert!(members.eq(["error", "issues"]), "{refused:?}");
        assert!(
            !refused.text.contains("canary") && !refused.text.contains("<script"),
            "{refused:?}"
        );
    }
    let (_, state) = place.begin().await;
    place
        .stack
        .parts
        .world
        .manual_clock()
        .advance(Duration::from_mins(10));
    let late = place
        .come_back(ADMIN, &[("state", state.as_str()), ("code", "c"), iss])
        .await;
    assert_eq!(late.refused(400), "oauth_state_expired");
}

#[tokio::test]
async fn a_code_is_not_carried_to_an_endpoint_that_took_the_place_of_the_one_it_is_for() {
    let place = Place::with(&json!({})).await;
    let (_, state) = place.begin().await;
    let mut changed = settings(&json!({"token_endpoint": "https://elsewhere.example.com/token"}));
    changed.as_object_mut().unwrap().remove("kind");
    let one = format!("{}/providers/{}", place.zone, place.provider);
    place.stack.patch(&one, changed).await.expect(200);
    let query = [("state", state.as_str()), ("code", "c")];
    assert_eq!(
        place.come_back(ADMIN, &query).await.refused(400),
        "oauth_state_mismatch"
    );
    // Nor in another zone, whose state it is not.
    let (_, state) = place.begin().await;
    let other = place.stack.zone("other").await;
    let path = format!("{other}/provider-connections/oauth/callback?state={state}&code=c");
    assert_eq!(place.stack.get(&path).await.refused(400), "oauth_state_expired");
    place.stack.delete(&one).await.expect(204);
    let query = [("state", state.as_str()), ("code", "c")];
    assert_eq!(
        place.come_back(ADMIN, &query).await.refused(404),
        "provider_not_found"
    );
}

#[tokio::test]
async fn tokens_are_sealed_for_their_connection_and_shown_by_nothing() {
    let place = Place::with(&json!({})).await;
    let made = place.connect(None).await.expect(201);
    let id = made.text("id");
    assert_eq!(made["subject_id"], "caracal:shared");
    assert_eq!(
        (&made["status"], &made["renewable"]),
        (&json!("active"), &json!(true))
    );
    let listed = place.stack.get(&place.path("")).await.expect(200);
    let one = place.stack.get(&place.path(&format!("/{id}"))).await.expect(200);
    assert_eq!(listed["items"], json!([*one]));
    let rows = json!(place.stack.admin_audit(&place.zone).await).to_string();
    for text in [&made.text, &listed.text, &one.text, &rows] {
        assert!(!text.contains("canary"), "{text}");
    }
    let zone = ZoneId::parse(place.zone.strip_prefix("/v1/zones/").unwrap()).unwrap();
    let stored = async |id: &str| {
        let mut work = place.stack.parts.store.zone(&zone, Access::Read).await.unwrap();
        let id = ConnectionId::parse(id).unwrap();
        work.connections().get(&id).await.unwrap().unwrap()
    };
    let shared = stored(&id).await;
    let keys = &place.stack.parts.keyring;
    let opened = open(keys, &shared, ConnectionToken::Access).unwrap().unwrap();
    assert_eq!(opened.expose(), "at-canary");
    // Nobody's token opens as another's, nor as the other kind.
    let alices = place.connect(Some("alice")).await.expect(201).text("id");
    let mut swapped = stored(&alices).await;
    swapped.access_token.clone_from(&shared.access_token);
    assert!(open(keys, &swapped, ConnectionToken::Access).is_err());
    let mut turned = shared.clone();
    turned.access_token.clone_from(&shared.refresh_token);
    assert!(open(keys, &turned, ConnectionToken::Access).is_err());
    // The same subject again is the same connection with other tokens.
    assert_eq!(place.connect(Some("alice")).await.expect(201).text("id"), alices);
    let filtered = place.path("?subject_id=alice&status=active");
    assert_eq!(
        place.stack.get(&filtered).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn what_is_no_connection_is_refused_by_field() {
    let place = Place::with(&json!({})).await;
    let key = json!({"name": "K", "kind": "none"});
    let keyed = place.stack.provider(&place.zone, key).await;
    for (body, status, code) in [
        (json!({}), 400, "invalid_provider_connection"),
        (
            json!({"provider_id": place.provider}),
            400,
            "invalid_provider_connection",
        ),
        (
            json!({"provider_id": place.provider, "access_token": "a b"}),
            400,
            "invalid_provider_connection",
        ),
        (
            json!({"provider_id": place.provider, "access_token": "a", "refresh_token": "a\nb"}),
            400,
            "invalid_provider_connection",
        ),
        (
            json!({"provider_id": place.provider, "access_token": "a", "subject_id": "a\nb"}),
            400,
            "invalid_provider_connection",
        ),
        (
            json!({"provider_id": "p", "access_token": "a"}),
            404,
            "provider_not_found",
        ),
        (
            json!({"provider_id": keyed, "access_token": "a"}),
            400,
            "provider_connection_unsupported",
        ),
    ] {
        let refused = place.stack.post(&place.path(""), body.clone()).await;
        assert_eq!(refused.refused(status), code, "{body}");
    }
    for (body, status, code) in [
        (json!({}), 400, "invalid_provider_oauth_authorize"),
        (json!({"provider_id": "p"}), 404, "provider_not_found"),
        (
            json!({"provider_id": keyed}),
            400,
            "provider_connection_unsupported",
        ),
    ] {
        let refused = place
            .stack
            .post(&place.path("/oauth/authorize"), body.clone())
            .await;
        assert_eq!(refused.refused(status), code, "{body}");
    }
    let missing = place.stack.get(&place.path("/nothing")).await;
    assert_eq!(missing.refused(404), "provider_connection_not_found");
}

#[tokio::test]
async fn a_connection_ends_by_hand_with_its_subject_and_with_its_provider() {
    let place = Place::with(&json!({"revocation_endpoint": "https://127.0.0.1/revoke"})).await;
    let id = place.connect(Some("alice")).await.expect(201).text("id");
    let body = json!({"provider_id": place.provider, "subject_id": "alice"});
    let revoked = place.stack.post(&place.path("/revoke"), &body).await.expect(200);
    // It is revoked here, whatever becomes of telling the server.
    assert_eq!(
        (&revoked["status"], &revoked["upstream_revocation"]),
        (&json!("revoked"), &json!("failed"))
    );
    let shown = place.stack.get(&place.path(&format!("/{id}"))).await.expect(200);
    assert_eq!(shown["upstream_revocation"], "failed");
    assert_eq!(shown["renewable"], false);
    // Asked again it is answered as it stands, and of nobody there is none.
    let again = place.stack.post(&place.path("/revoke"), &body).await.expect(200);
    assert_eq!(
        (&again["id"], &again["upstream_revocation"]),
        (&json!(id), &json!("failed"))
    );
    let nobodys = json!({"provider_id": place.provider, "subject_id": "nobody"});
    let nobodys = place.stack.post(&place.path("/revoke"), &nobodys).await;
    assert_eq!(nobodys.refused(404), "provider_connection_not_found");

    let next = place.connect(Some("alice")).await.expect(201).text("id");
    assert_ne!(next, id);
    let killed = place
        .stack
        .post(
            &format!("{}/subjects/revoke", place.zone),
            json!({"subject_id": "alice"}),
        )
        .await
        .expect(200);
    assert_eq!(killed["connections"], 1);

    let shared = place.connect(None).await.expect(201).text("id");
    let one = format!("{}/providers/{}", place.zone, place.provider);
    place.stack.delete(&one).await.expect(204);
    for id in [next, shared] {
        let shown = place.stack.get(&place.path(&format!("/{id}"))).await.expect(200);
        assert_eq!(shown["status"], "revoked");
    }
}
