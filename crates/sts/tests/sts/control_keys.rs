//! Mandates of the Control API: a control key gets them, within its traits, and nobody and nothing else does.

use std::time::Duration;

use axum::http::StatusCode;
use caracal_core::{
    ScopeSet,
    claims::{MandateClaims, MandateUse},
    entity::Resource,
};
use caracal_storage::Access;
use caracal_testkit::{client::Answer, key_holder::KeyHolder, parts::ISSUER};
use serde_json::{Value, json};

use crate::fixture::{Fixture, GRANT, metadata};

const AUDIENCE: &str = "caracal-control";

/// The fixture's application as a control key, and the resource that stands for the Control API.
struct Key {
    fixture: Fixture,
    resource: Resource,
}

impl Key {
    async fn with(traits: &[&str]) -> Self {
        let fixture = Fixture::new().await;
        let mut resource = fixture.given.resource(&fixture.provider);
        AUDIENCE.clone_into(&mut resource.identifier);
        resource.upstream_url = None;
        resource.scopes = ScopeSet::parse("control:app:read control:app:write control:policy:read");
        fixture
            .store(async |work| work.resources().create(&resource).await.unwrap())
            .await;
        let key = Self { fixture, resource };
        key.traits(traits).await;
        key
    }

    async fn usable() -> Self {
        Self::with(&[
            "control:invoke",
            "control:scope:control:app:read",
            "control:scope:control:policy:write",
        ])
        .await
    }

    async fn traits(&self, traits: &[&str]) {
        let id = &self.fixture.application.id;
        self.fixture
            .store(async |work| {
                let mut application = work.applications().get(id).await.unwrap().unwrap();
                application.traits = traits.iter().map(|name| (*name).to_owned()).collect();
                assert!(work.applications().update(&application).await.unwrap());
            })
            .await;
    }

    /// What the published control client sends, with changes.
    async fn ask(&self, changes: &[(&str, &str)]) -> Answer {
        self.ask_with(changes, &[]).await
    }

    /// The same with further headers.
    async fn ask_with(&self, changes: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let fixture = &self.fixture;
        let mut fields: Vec<(String, String)> = [
            ("grant_type", GRANT),
            ("application_id", fixture.application.id.as_str()),
            ("client_secret", fixture.secret.expose()),
            ("resource", AUDIENCE),
            ("scope", "control:app:read"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        for (name, value) in changes {
            if *name != "resource" {
                fields.retain(|(field, _)| field != name);
            }
            if !value.is_empty() {
                fields.push(((*name).to_owned(), (*value).to_owned()));
            }
        }
        fixture.post(&fields, headers).await
    }

    async fn refused(&self, changes: &[(&str, &str)]) -> (String, Value) {
        let answer = self.ask(changes).await;
        assert_eq!(
            answer.refusal(),
            "403 access_denied",
            "{changes:?}: {}",
            answer.body
        );
        let event = self.fixture.last_event().await;
        assert_eq!(event.decision, "deny", "{changes:?}");
        let reason = answer.body["reason"].as_str().unwrap().to_owned();
        assert_eq!(event.evaluation_status, reason);
        (reason, answer.body["details"]["explanation"].clone())
    }

    async fn minted(&self, changes: &[(&str, &str)]) -> MandateClaims {
        let answer = self.ask(changes).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        self.fixture.claims(&answer.text("access_token")).await
    }
}

#[tokio::test]
async fn whatever_is_no_control_key_is_refused_as_a_wrong_secret_where_it_names_no_zone() {
    let key = Key::with(&["control:scope:control:app:read"]).await;
    for changes in [
        &[][..],
        &[("application_id", "0199-unknown")],
        &[("resource", ""), ("client_secret", "wrong")],
    ] {
        assert_eq!(
            key.ask(changes).await.refusal(),
            "401 access_denied",
            "{changes:?}"
        );
    }
    key.traits(&["control:invoke", "control:scope:control:app:read"])
        .await;
    let wrong = key.ask(&[("client_secret", "wrong")]).await;
    assert_eq!(wrong.refusal(), "401 access_denied");
    // What is not asked for at the Control API needs a zone.
    let fixture = &key.fixture;
    let mut fields = fixture.mint_form(&[("zone_id", "")]);
    fields.retain(|(name, _)| name != "agent_session_id" && name != "delegation_edge_id");
    assert_eq!(fixture.post(&fields, &[]).await.refusal(), "401 access_denied");
}

#[tokio::test]
async fn only_a_live_control_key_is_given_a_mandate_and_only_within_its_traits() {
    let key = Key::with(&[]).await;
    let zone = key.fixture.zone.id.to_string();
    let rule = "control_resource_requires_control_key";
    let no_key = key.refused(&[("zone_id", &zone)]).await;
    assert_eq!(
        no_key,
        (
            rule.to_owned(),
            json!({"rule": "the application is no control key"})
        )
    );
    let end = key.fixture.now().plus(Duration::from_mins(5)).to_rfc3339_micros();
    let expires = format!("control:expires:{end}");
    key.traits(&[
        "control:invoke",
        "control:scope:control:app:read",
        "control:scope:control:policy:write",
        &expires,
    ])
    .await;
    let record = key.fixture.record.id.to_string();
    let session = key.fixture.target.id.to_string();
    let delegation = key.fixture.delegation.id.to_string();
    for (changes, reason) in [
        (&[("scope", "")][..], rule),
        (&[("scope", "control:app:write")], rule),
        (&[("scope", "control:app:read tickets:read")], rule),
        (&[("scope", "control:policy:write")], "scope_mismatch"),
        (&[("resource", "resource://other")], rule),
        (&[("session_id", &record)], rule),
        (&[("agent_session_id", &session)], rule),
        (
            &[
                ("agent_session_id", &session),
                ("delegation_edge_id", &delegation),
            ],
            rule,
        ),
        (&[("approval_id", "0199-approval")], rule),
    ] {
        assert_eq!(key.refused(changes).await.0, reason, "{changes:?}");
    }
    assert_eq!(
        key.ask(&[("ttl_seconds", "3601")]).await.refusal(),
        "400 invalid_token"
    );
    key.minted(&[]).await;
    key.fixture.parts.pass(Duration::from_mins(5)).await;
    assert_eq!(
        key.refused(&[]).await.1,
        json!({"rule": "the control key has expired"})
    );
}

#[tokio::test]
async fn a_zone_without_the_resource_and_a_frozen_zone_give_none() {
    let key = Key::usable().await;
    let (fixture, resource) = (&key.fixture, &key.resource);
    let freeze = async |at| {
        let mut work = fixture.parts.store.global(Access::Write).await.unwrap();
        let mut zone = work.zones().get(&fixture.zone.id).await.unwrap().unwrap();
        zone.frozen_at = at;
        assert!(work.zones().update(&zone).await.unwrap());
        work.commit().await.unwrap();
        fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
    };
    freeze(Some(fixture.now())).await;
    assert_eq!(key.refused(&[]).await.0, "zone_frozen");
    freeze(None).await;
    key.minted(&[]).await;
    fixture
        .store(async |work| {
            assert!(
                work.resources()
                    .archive(&resource.id, fixture.now())
                    .await
                    .unwrap()
            );
        })
        .await;
    assert_eq!(key.refused(&[]).await.0, "resource_not_found");
}

#[tokio::test]
async fn a_mandate_of_the_control_api_says_so_and_lives_as_long_as_its_key_lets_it() {
    let key = Key::usable().await;
    let claims = key.minted(&[]).await;
    assert_eq!(claims.mandate_use, MandateUse::Resource);
    assert_eq!(
        claims.aud.iter().map(|name| &**name).collect::<Vec<_>>(),
        [AUDIENCE]
    );
    assert_eq!(claims.zone_id, key.fixture.zone.id);
    assert_eq!(claims.scope.as_deref(), Some("control:app:read"));
    assert_eq!(claims.exp - claims.iat, 900);
    let event = key.fixture.last_event().await;
    assert_eq!(event.decision, "allow");
    assert!(serde_json::to_string(&event).unwrap().contains("control-key"));

    let scope = "control:scope:control:app:read";
    key.traits(&["control:invoke", scope, "control:max-ttl:120"])
        .await;
    for (asked, given) in [("", 120), ("60", 60), ("3600", 120)] {
        let claims = key.minted(&[("ttl_seconds", asked)]).await;
        assert_eq!(claims.exp - claims.iat, given, "{asked}");
    }
    let end = key.fixture.now().plus(Duration::from_secs(30));
    let expires = format!("control:expires:{}", end.to_rfc3339_micros());
    key.traits(&["control:invoke", scope, &expires]).await;
    assert_eq!(key.minted(&[]).await.exp, end.unix_seconds());
}

#[tokio::test]
async fn no_policy_and_no_delegation_gives_a_mandate_of_the_control_api() {
    let key = Key::with(&[]).await;
    let fixture = &key.fixture;
    let more = format!(
        "# caracal:data-document\npackage caracal.authz\nimport rego.v1\napp_ids := {}\ngrants := {}\n",
        json!({"app": fixture.application.id.as_str()}),
        json!({AUDIENCE: {"application": "app", "roles": {"reader": ["control:app:read"]}}}),
    );
    fixture.activate(&more).await;
    // By its name, and by its id, which is a name as well.
    for name in [AUDIENCE, key.resource.id.as_str()] {
        let answer = fixture
            .mint(&[("resource", name), ("scope", "control:app:read")])
            .await;
        assert_eq!(answer.refusal(), "403 access_denied", "{}", answer.body);
        assert_eq!(
            answer.body["reason"], "control_resource_requires_control_key",
            "{name}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn a_control_key_that_proves_a_key_gets_a_mandate_that_is_bound_to_it() {
    let key = Key::usable().await;
    let holder = KeyHolder::new(&key.fixture.parts.world);
    let proof = |method: &str| holder.proof(method, &format!("{ISSUER}/oauth/2/token"), None);
    let ask = async |proof: &str| key.ask_with(&[], &[("dpop", proof)]).await;
    let wrong = ask(&proof("GET")).await;
    assert_eq!(wrong.outcome(), (400, "invalid_dpop_proof"), "{wrong}");
    let once = proof("POST");
    let minted = ask(&once).await.expect(200);
    assert_eq!(minted["token_type"], "DPoP");
    let claims = key.fixture.claims(&minted.text("access_token")).await;
    assert_eq!(claims.bound_to().map(AsRef::as_ref), Some(&*holder.thumbprint()));
    let event = key.fixture.last_event().await;
    assert_eq!(metadata(&event)["jkt"], json!(holder.thumbprint()));
    let again = ask(&once).await;
    assert_eq!(again.outcome(), (400, "invalid_dpop_proof"), "{again}");
    assert_eq!(key.minted(&[]).await.cnf, None);
    assert!(metadata(&key.fixture.last_event().await).get("jkt").is_none());
}
