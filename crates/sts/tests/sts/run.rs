//! What `caracal run` asks for, refusals first.

use std::time::Duration;

use axum::http::Method;
use caracal_core::{
    Secret,
    entity::{Workload, WorkloadBinding},
};
use caracal_storage::Access;
use caracal_testkit::client::Answer;
use serde_json::{Value, json};

use crate::{
    approvals::{TIER, decided},
    fixture::{Fixture, UPSTREAM_KEY},
    shadow::{begin, differences},
};

struct Launcher {
    fixture: Fixture,
    workload: Workload,
    secret: Secret,
}

fn binding(env: &str, resource: &str, scopes: &[&str]) -> WorkloadBinding {
    WorkloadBinding {
        env: env.to_owned(),
        resource: resource.to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        optional: false,
        on_failure: None,
    }
}

impl Launcher {
    async fn new(documents: &str) -> Self {
        let fixture = Fixture::new().await;
        fixture.activate(&fixture.policy(documents)).await;
        let (secret, stored) = fixture.parts.client_secret();
        let mut workload = fixture.given.workload();
        workload.secret_hash = stored;
        workload.bindings = vec![
            binding("TICKETS", &fixture.resource.identifier, &["tickets:read"]),
            binding("ALL", &fixture.resource.identifier, &[]),
            binding("BEYOND", &fixture.resource.identifier, &["tickets:delete"]),
            binding("NOWHERE", "resource://nowhere", &["tickets:read"]),
        ];
        fixture
            .store(async |work| {
                work.workloads().create(&workload).await.unwrap();
            })
            .await;
        Self {
            fixture,
            workload,
            secret,
        }
    }

    /// Lets the provider's credential out.
    async fn let_out(&self) {
        let mut provider = self.fixture.provider.clone();
        provider
            .config_json
            .insert(String::from("allow_runtime_injection"), json!(true));
        self.fixture
            .store(async |work| {
                assert!(work.providers().update(&provider).await.unwrap());
            })
            .await;
    }

    async fn post(&self, path: &str, changes: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("workload_id", self.workload.id.as_str()),
            ("secret", self.secret.expose()),
            ("env", "TICKETS"),
        ];
        for change in changes {
            fields.retain(|(name, _)| name != &change.0);
            fields.push(*change);
        }
        fields.retain(|(_, value)| !value.is_empty());
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let launch = [("x-caracal-launch-id", "01890a5d-ac96-774b-bcce-b302099a8057")];
        let call = self.fixture.client.call(Method::POST, path);
        call.headers(&launch).form(form).send().await
    }

    async fn credential(&self, changes: &[(&str, &str)]) -> Answer {
        self.post("/v1/run/credential", changes).await
    }

    async fn last(&self) -> (String, String, String, Value) {
        let event = self.fixture.last_exchange().await;
        let about = serde_json::from_str(event.metadata_json.unwrap().get()).unwrap();
        (
            event.event_type.to_string(),
            event.decision,
            event.evaluation_status,
            about,
        )
    }
}

#[tokio::test]
async fn a_workload_learns_its_variables_with_its_own_secret_alone() {
    let launcher = Launcher::new("").await;
    for changes in [
        &[("secret", "ws_wrong")][..],
        &[("workload_id", "nobody")],
        &[("secret", launcher.fixture.secret.expose())],
    ] {
        let answer = launcher.post("/v1/run/manifest", changes).await;
        assert_eq!(answer.outcome(), (401, "access_denied"), "{changes:?}");
        assert_eq!(answer.body["error_description"], "invalid workload credentials");
        assert_eq!(
            launcher.credential(changes).await.outcome(),
            (401, "access_denied")
        );
    }
    for changes in [
        &[("secret", "")][..],
        &[("workload_id", "")],
        &[("workload_id", "a/b")],
    ] {
        let answer = launcher.post("/v1/run/manifest", changes).await;
        assert_eq!(answer.outcome(), (400, "invalid_token"), "{changes:?}");
    }
    // Nobody was proved: the zone's chain has nothing of it.
    assert!(launcher.fixture.parts.events().await.is_empty());

    let manifest = launcher.post("/v1/run/manifest", &[]).await.expect(200);
    assert_eq!(manifest.headers["cache-control"], "no-store");
    assert_eq!(manifest["zone_id"], launcher.fixture.zone.id.as_str());
    assert_eq!(
        manifest["bindings"][0],
        json!({
            "env": "TICKETS", "resource": launcher.fixture.resource.identifier, "scopes": ["tickets:read"],
        })
    );
    let (kind, decision, _, about) = launcher.last().await;
    assert_eq!((kind.as_str(), decision.as_str()), ("run_launch", "allow"));
    assert_eq!(about["binding_count"], 4);
    assert_eq!(about["launch_id"], "01890a5d-ac96-774b-bcce-b302099a8057");
}

#[tokio::test]
async fn a_credential_is_let_out_where_provider_and_policy_allow_it() {
    let launcher = Launcher::new("").await;
    let denied = launcher.credential(&[]).await;
    assert_eq!(denied.outcome(), (403, "access_denied"));
    assert_eq!(denied.body["reason"], "credential_injection_denied");
    launcher.let_out().await;
    for (env, outcome, reason) in [
        ("UNKNOWN", (404, "resource_not_found"), Value::Null),
        (
            "NOWHERE",
            (404, "resource_not_found"),
            json!("resource_not_found"),
        ),
        ("BEYOND", (403, "access_denied"), json!("scope_mismatch")),
    ] {
        let answer = launcher.credential(&[("env", env)]).await;
        assert_eq!(
            (answer.outcome(), &answer.body["reason"]),
            (outcome, &reason),
            "{env}"
        );
    }
    assert_eq!(
        launcher.credential(&[("env", "")]).await.outcome(),
        (400, "invalid_token")
    );

    let given = launcher.credential(&[]).await.expect(200);
    assert_eq!(
        (&given["env"], &given["credential"]),
        (&json!("TICKETS"), &json!(UPSTREAM_KEY))
    );
    assert_eq!(given.headers["cache-control"], "no-store");
    let (kind, decision, status, about) = launcher.last().await;
    assert_eq!(
        (kind.as_str(), decision.as_str(), status.as_str()),
        ("token_exchange", "allow", "complete")
    );
    assert_eq!(
        (&about["env"], &about["workload_name"]),
        (&json!("TICKETS"), &json!(launcher.workload.name))
    );
    let everything = format!("{:?}", launcher.fixture.parts.events().await);
    assert!(!everything.contains(UPSTREAM_KEY) && !everything.contains(launcher.secret.expose()));

    let restricted = launcher.fixture.policy("restrict := [\"incident\"]");
    launcher.fixture.activate(&restricted).await;
    let denied = launcher.credential(&[]).await;
    assert_eq!(
        denied.body["error_description"],
        "policy denied (restriction_active)"
    );
}

#[tokio::test]
async fn a_candidate_is_asked_about_credentials_of_workloads_too() {
    let launcher = Launcher::new("").await;
    launcher.let_out().await;
    // What its variables name is the workload's; a candidate can only restrict it.
    let restricted = launcher.fixture.policy("restrict := [\"incident\"]");
    begin(&launcher.fixture, &restricted).await;
    launcher.credential(&[]).await.expect(200);
    let differs = differences(&launcher.fixture, 1).await;
    assert_eq!(differs.len(), 1);
    let told = ["allowed", "enforced", "carried_out"].map(|member| differs[0][member].as_bool().unwrap());
    assert_eq!(
        (&differs[0]["change"], told),
        (&json!("newly_denied"), [false, true, true])
    );
    assert_eq!(differs[0]["application_id"], launcher.workload.id.as_str());
}

#[tokio::test]
async fn a_credential_under_a_tier_waits_for_a_person_and_is_given_once() {
    let launcher = Launcher::new(TIER).await;
    launcher.let_out().await;
    // Naming no scope asks for all of them, and so for this one.
    let all = launcher.credential(&[("env", "ALL")]).await;
    assert_eq!(all.outcome(), (401, "interaction_required"));
    let held = launcher.credential(&[]).await;
    assert_eq!(held.outcome(), (401, "interaction_required"));
    let id = held.text("approval_id");
    assert_ne!(all.text("approval_id"), id);
    let (_, decision, status, _) = launcher.last().await;
    assert_eq!((decision.as_str(), status.as_str()), ("deny", "approval_pending"));
    decided(&launcher.fixture, &id, true).await;
    let other = launcher.credential(&[("env", "ALL"), ("approval_id", &id)]).await;
    assert_eq!(other.body["reason"], "approval_invalid");
    let given = launcher.credential(&[("approval_id", &id)]).await.expect(200);
    assert_eq!(given["credential"], UPSTREAM_KEY);
    let (_, _, _, about) = launcher.last().await;
    assert_eq!(about["challenge_id"], id.as_str());
    let again = launcher.credential(&[("approval_id", &id)]).await;
    assert_eq!(again.outcome(), (409, "approval_consumed"));
}

#[tokio::test]
async fn a_workload_waits_for_no_person_that_it_does_not_act_for() {
    let person = TIER.replace("\"ttl_seconds\"", "\"approver\": \"subject\", \"ttl_seconds\"");
    let launcher = Launcher::new(&person).await;
    launcher.let_out().await;
    let denied = launcher.credential(&[]).await;
    assert_eq!(denied.outcome(), (403, "access_denied"));
    assert_eq!(denied.body["reason"], "approval_class_conflict");
}

#[tokio::test]
async fn a_workload_gets_nothing_while_nobody_can_tell_what_was_revoked() {
    let launcher = Launcher::new("").await;
    launcher.let_out().await;
    let before = launcher.fixture.parts.events().await.len();
    let clock = launcher.fixture.parts.world.manual_clock();
    clock.advance(Duration::from_secs(71));
    for path in ["/v1/run/manifest", "/v1/run/credential"] {
        let refused = launcher.post(path, &[]).await;
        assert_eq!(refused.outcome(), (503, "sts_unavailable"), "{path}");
        assert!(refused.headers.contains_key("retry-after"), "{path}");
    }
    assert_eq!(launcher.fixture.parts.events().await.len(), before);
}

#[tokio::test]
async fn a_workload_gets_nothing_in_a_frozen_zone_and_that_is_written_down() {
    let launcher = Launcher::new("").await;
    launcher.let_out().await;
    let fixture = &launcher.fixture;
    let freeze = async |at| {
        let mut work = fixture.parts.store.global(Access::Write).await.unwrap();
        let mut zone = work.zones().get(&fixture.zone.id).await.unwrap().unwrap();
        zone.frozen_at = at;
        assert!(work.zones().update(&zone).await.unwrap());
        work.commit().await.unwrap();
        fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
    };
    freeze(Some(fixture.now())).await;
    for path in ["/v1/run/manifest", "/v1/run/credential"] {
        let refused = launcher.post(path, &[]).await;
        assert_eq!(refused.outcome(), (403, "access_denied"), "{path}");
        assert_eq!(refused.body["reason"], "zone_frozen", "{path}");
        let (_, decision, status, about) = launcher.last().await;
        assert_eq!(
            (decision.as_str(), status.as_str()),
            ("deny", "zone_frozen"),
            "{path}"
        );
        assert_eq!(about["workload_id"], launcher.workload.id.as_str());
    }
    freeze(None).await;
    launcher.credential(&[]).await.expect(200);
}

#[tokio::test]
async fn an_unknown_variable_is_asked_for_as_often_as_any_and_no_more() {
    let mut launcher = Launcher::new("").await;
    let mut config = (*launcher.fixture.deps.config).clone();
    config.mint_rate_limit_per_min = 2;
    launcher.fixture.reconfigure(config);
    for expected in [404, 404, 429] {
        let refused = launcher.credential(&[("env", "UNKNOWN")]).await;
        assert_eq!(refused.outcome().0, expected);
    }
}
