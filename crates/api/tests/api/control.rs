//! Commands of control keys: who may run what, once, and what is left of it.

use std::{sync::Arc, time::Duration};

use caracal_api::ApiConfig;
use caracal_core::{
    AuthorityRecordId, ScopeSet, Timestamp, ZoneId,
    claims::{MandateClaims, MandateUse, SubjectType},
};
use caracal_crypto::{mandate, zone_key::SigningKey};
use caracal_events::shortlived::mark;
use caracal_storage::{Access, conformance::given::Given};
use caracal_testkit::{
    client::Answer,
    parts::{Backends, ISSUER},
};
use http::Method;
use serde_json::{Value, json};

use crate::stack::{Stack, grants};

const AUDIENCE: &str = "caracal-control";
pub(crate) const EVERYTHING: &str = "control:app:read control:app:write control:app:delete control:resource:read \
    control:resource:write control:resource:delete control:identity-provider:read control:identity-provider:write \
    control:identity-provider:delete control:policy:read control:policy:write control:policy:delete \
    control:policy-set:read control:policy-set:write control:policy-set:delete control:workload:read \
    control:workload:write control:workload:delete control:session:read control:session:write control:session:delete \
    control:delegation:read control:delegation:delete control:grant:read control:grant:write control:grant:delete control:approval:read control:audit:read \
    control:authority-record:read control:explain:read";

/// A zone with a control key that may run everything, and the gate open.
pub(crate) struct Control {
    pub(crate) stack: Stack,
    pub(crate) zone: String,
    pub(crate) zone_id: ZoneId,
    key: String,
    signing: SigningKey,
    /// Names the memory that uses of mandates are kept in.
    generation: Arc<str>,
    gate: std::path::PathBuf,
}

impl Control {
    pub(crate) async fn start() -> Self {
        Self::over(Backends::Embedded, ApiConfig::default()).await
    }

    pub(crate) async fn over(backends: Backends, config: ApiConfig) -> Self {
        let gate = std::env::temp_dir().join(format!("caracal-gate-{}", uuid()));
        std::fs::write(&gate, "").unwrap();
        let stack = Stack::over(
            backends,
            ApiConfig {
                control_enabled: true,
                control_gate_file: Some(gate.clone()),
                auth_fail_limit_per_min: 0,
                ..config
            },
        )
        .await;
        let zone = stack.zone("acme").await;
        let zone_id: ZoneId = zone.strip_prefix("/v1/zones/").unwrap().parse().unwrap();
        let traits: Vec<String> = EVERYTHING
            .split_whitespace()
            .map(|scope| format!("control:scope:{scope}"))
            .chain([String::from("control:invoke")])
            .collect();
        let body = json!({"name": "robot", "registration_method": "managed", "traits": traits});
        let made = stack
            .post(&format!("{zone}/applications"), body)
            .await
            .expect(201);
        let signing = stack.parts.add_signing_key(&zone_id, 1).await;
        stack.parts.zones.reload(&zone_id).await.unwrap();
        let generation = stack.parts.short_lived.generation().await.unwrap();
        Self {
            key: made.text("id"),
            stack,
            zone,
            zone_id,
            signing,
            generation,
            gate,
        }
    }

    fn now(&self) -> Timestamp {
        self.stack.parts.world.now()
    }

    pub(crate) fn claims(&self, scopes: &str) -> MandateClaims {
        let now = self.now();
        let sid = AuthorityRecordId::generate(&self.stack.parts.world);
        MandateClaims {
            iss: ISSUER.into(),
            sub: self.key.as_str().into(),
            aud: vec![AUDIENCE.into()],
            exp: now.plus(Duration::from_mins(5)).unix_seconds(),
            iat: now.unix_seconds(),
            nbf: None,
            jti: mark(self.stack.parts.world.uuid_v7().to_string(), &self.generation).into(),
            zone_id: self.zone_id.clone(),
            client_id: self.key.parse().unwrap(),
            scope: Some(scopes.split_whitespace().collect::<Vec<_>>().join(" ")),
            root_sid: sid.clone(),
            sid,
            mandate_use: MandateUse::Resource,
            sub_type: SubjectType::Application,
            target: vec![AUDIENCE.into()],
            agent_session_id: None,
            delegation_edge_id: None,
            source_session_id: None,
            target_session_id: None,
            delegation_path: Vec::new(),
            delegation_chain: Vec::new(),
            hop_count: 0,
            delegation_graph_epoch: 0,
            cnf: None,
        }
    }

    pub(crate) fn token(&self, claims: &MandateClaims) -> String {
        mandate::sign(claims, &self.signing).unwrap()
    }

    pub(crate) async fn send(&self, token: Option<&str>, headers: &[(&str, &str)], body: Value) -> Answer {
        let path = "/v1/control/invoke";
        self.stack
            .call(token, headers, Method::POST, path, Some(&body))
            .await
    }

    /// Runs a command with a fresh mandate that may do everything.
    pub(crate) async fn run(&self, command: &str, subcommand: &str, flags: Value) -> Answer {
        self.run_with(EVERYTHING, command, subcommand, flags).await
    }

    pub(crate) async fn run_with(
        &self,
        scopes: &str,
        command: &str,
        subcommand: &str,
        flags: Value,
    ) -> Answer {
        let token = self.token(&self.claims(scopes));
        let body = json!({"command": command, "subcommand": subcommand, "flags": flags});
        self.send(Some(&token), &[], body).await
    }

    pub(crate) async fn done(&self, command: &str, subcommand: &str, flags: Value) -> Value {
        let answer = self.run(command, subcommand, flags).await.expect(200);
        assert_eq!(answer["ok"], true);
        answer["result"].clone()
    }

    /// Status and code of a refusal, whose envelope is that of commands.
    pub(crate) async fn refused(&self, command: &str, subcommand: &str, flags: Value) -> String {
        told(&self.run(command, subcommand, flags).await)
    }

    /// What the ledger gets of commands, oldest first: decision, command, subcommand, reason.
    pub(crate) async fn evidence(&self) -> Vec<Value> {
        self.stack.parts.wait_in_sync().await;
        let events = self.stack.parts.events().await;
        let commands = events
            .into_iter()
            .filter(|event| event.event_type.as_str() == "control.invoke");
        commands
            .map(|event| {
                let about: Value = serde_json::from_str(event.metadata_json.unwrap().get()).unwrap();
                json!([
                    event.decision,
                    about["command"],
                    about["subcommand"],
                    about["reason"]
                ])
            })
            .collect()
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.gate);
    }
}

fn uuid() -> String {
    use std::hash::{BuildHasher, Hasher};
    let random = std::hash::RandomState::new().build_hasher().finish();
    format!("{}-{random:x}", std::process::id())
}

pub(crate) fn told(answer: &Answer) -> String {
    assert_eq!(answer.body["ok"], false, "{}", answer.text);
    assert!(answer.body["error"]["reason"].is_string(), "{}", answer.text);
    assert!(answer.body["requestId"].is_string(), "{}", answer.text);
    format!(
        "{} {}",
        answer.status.as_u16(),
        answer.body["error"]["code"].as_str().unwrap()
    )
}

#[tokio::test]
async fn a_closed_gate_takes_no_command_and_spends_no_mandate() {
    let control = Control::start().await;
    let token = control.token(&control.claims("control:app:read"));
    let body = json!({"command": "app", "subcommand": "list"});
    std::fs::remove_file(&control.gate).unwrap();
    assert_eq!(
        told(&control.send(Some(&token), &[], body.clone()).await),
        "503 control_disabled"
    );
    std::fs::write(&control.gate, "").unwrap();
    control.send(Some(&token), &[], body.clone()).await.expect(200);
    for (control_enabled, file, refusal) in [
        (false, Some(control.gate.clone()), "404 route_not_found"),
        (true, None, "503 control_disabled"),
    ] {
        let closed = Stack::with(ApiConfig {
            control_enabled,
            control_gate_file: file,
            ..ApiConfig::default()
        })
        .await;
        let answer = closed
            .call(Some(&token), &[], Method::POST, "/v1/control/invoke", Some(&body))
            .await;
        assert_eq!(told(&answer), refusal);
    }
}

#[tokio::test]
async fn nothing_but_a_live_mandate_of_this_api_runs_a_command() {
    let control = Control::start().await;
    let stack = &control.stack;
    let body = json!({"command": "app", "subcommand": "list"});
    let good = control.claims("control:app:read");
    let other_zone = stack.zone("other").await;
    let other_zone = other_zone.strip_prefix("/v1/zones/").unwrap();
    let now = control.now().unix_seconds();
    let bad: Vec<(&str, MandateClaims)> = vec![
        (
            "audience",
            MandateClaims {
                aud: vec![ISSUER.into()],
                ..good.clone()
            },
        ),
        (
            "issuer",
            MandateClaims {
                iss: "https://elsewhere".into(),
                ..good.clone()
            },
        ),
        (
            "class",
            MandateClaims {
                mandate_use: MandateUse::Gateway,
                ..good.clone()
            },
        ),
        (
            "class",
            MandateClaims {
                mandate_use: MandateUse::Session,
                ..good.clone()
            },
        ),
        (
            "expired",
            MandateClaims {
                exp: now,
                iat: now - 300,
                ..good.clone()
            },
        ),
        (
            "zone",
            MandateClaims {
                zone_id: other_zone.parse().unwrap(),
                ..good.clone()
            },
        ),
        (
            "zone",
            MandateClaims {
                zone_id: "no-zone".parse().unwrap(),
                ..good.clone()
            },
        ),
        (
            "application",
            MandateClaims {
                client_id: "no-app".parse().unwrap(),
                ..good.clone()
            },
        ),
    ];
    for (what, claims) in bad {
        let answer = control
            .send(Some(&control.token(&claims)), &[], body.clone())
            .await;
        assert_eq!(told(&answer), "401 unauthorized", "{what}");
        assert!(answer.headers.contains_key("www-authenticate"));
    }
    let foreign = SigningKey::generate(&stack.parts.world, control.signing.id().clone()).unwrap();
    let forged = mandate::sign(&good, &foreign).unwrap();
    for token in [
        None,
        Some(""),
        Some("x.y.z"),
        Some(forged.as_str()),
        Some(crate::stack::ADMIN),
    ] {
        let answer = control.send(token, &[], body.clone()).await;
        assert_eq!(told(&answer), "401 unauthorized", "{token:?}");
    }
    // Nobody's requests leave no evidence in the zone's chain.
    assert_eq!(control.evidence().await, Vec::<Value>::new());
    // And a mandate of it is no admin token.
    let token = control.token(&good);
    let admin = stack
        .call(
            Some(&token),
            &[],
            Method::GET,
            &format!("{}/applications", control.zone),
            None,
        )
        .await;
    assert_eq!(admin.refused(401), "invalid_admin_token");
    control.send(Some(&token), &[], body).await.expect(200);
}

#[tokio::test]
async fn a_mandate_is_good_for_one_command_however_many_ask_at_once() {
    let control = Control::start().await;
    let token = control.token(&control.claims("control:app:write"));
    let body = json!({"command": "app", "subcommand": "create", "flags": {"name": "once"}});
    let sends = (0..8).map(|_| control.send(Some(&token), &[], body.clone()));
    let answers = futures_util::future::join_all(sends).await;
    let good = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(good, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!(told(answer), "401 token_replay");
    }
    // A wrong command spends it as well.
    let token = control.token(&control.claims("control:app:read"));
    let wrong = json!({"command": "nothing"});
    assert_eq!(told(&control.send(Some(&token), &[], wrong).await), "403 denied");
    let right = json!({"command": "app", "subcommand": "list"});
    assert_eq!(
        told(&control.send(Some(&token), &[], right).await),
        "401 token_replay"
    );
    let replays = control.evidence().await;
    assert_eq!(
        replays.iter().filter(|event| event[3] == "token_replay").count(),
        8
    );
    assert_eq!(replays.iter().filter(|event| event[0] == "allow").count(), 1);
}

#[tokio::test]
async fn a_key_that_lost_its_traits_its_scopes_or_its_zone_runs_nothing() {
    let control = Control::start().await;
    let path = format!("{}/applications/{}", control.zone, control.key);
    let list = || control.run_with("control:app:read", "app", "list", json!({}));
    list().await.expect(200);
    let only = |traits: &[&str]| json!({ "traits": traits });
    control
        .stack
        .patch(
            &path,
            only(&["control:invoke", "control:scope:control:app:write"]),
        )
        .await
        .expect(200);
    assert_eq!(told(&list().await), "403 denied");
    control
        .stack
        .patch(&path, only(&["control:scope:control:app:read"]))
        .await
        .expect(200);
    assert_eq!(told(&list().await), "401 unauthorized");
    let expired = [
        "control:invoke",
        "control:scope:control:app:read",
        "control:expires:2001-01-01T00:00:00Z",
    ];
    control.stack.patch(&path, only(&expired)).await.expect(200);
    assert_eq!(told(&list().await), "401 unauthorized");
    control
        .stack
        .patch(&path, only(&["control:invoke", "control:scope:control:app:read"]))
        .await
        .expect(200);
    list().await.expect(200);
    let freeze = format!("{}/freeze", control.zone);
    control
        .stack
        .post(&freeze, json!({"reason": "incident"}))
        .await
        .expect(200);
    assert_eq!(told(&list().await), "403 denied");
    control
        .stack
        .post(&format!("{}/thaw", control.zone), json!({}))
        .await
        .expect(200);
    control.stack.delete(&path).await.expect(204);
    assert_eq!(told(&list().await), "401 unauthorized");
}

#[tokio::test]
async fn a_command_needs_its_scope_its_flags_and_a_name() {
    let control = Control::start().await;
    for (command, subcommand, flags, refusal) in [
        ("zone", "list", json!({}), "403 denied"),
        ("admin-token", "create", json!({}), "403 denied"),
        ("app", "reveal", json!({}), "403 denied"),
        ("app", "", json!({}), "403 denied"),
        ("approval", "approve", json!({}), "403 denied"),
        ("grant", "list", json!({"user-id": ""}), "400 invalid"),
        ("app", "get", json!({}), "400 invalid"),
        ("app", "get", json!({"id": "a/../b"}), "400 invalid"),
        ("app", "get", json!({"id": "nobody"}), "404 not_found"),
        (
            "app",
            "create",
            json!({"name": "x", "traits": "control:invoke"}),
            "400 invalid",
        ),
        ("app", "create", json!({"name": ""}), "400 invalid"),
        ("app", "create", json!({"name": "caracal.sys/x"}), "409 conflict"),
        (
            "policy",
            "create",
            json!({"name": "p", "content": "package x"}),
            "400 invalid",
        ),
        (
            "resource",
            "get",
            json!({"id": "r", "zoneId": "other"}),
            "400 invalid",
        ),
    ] {
        assert_eq!(
            control.refused(command, subcommand, flags.clone()).await,
            refusal,
            "{command} {subcommand} {flags}"
        );
    }
    let few = control
        .run_with("control:app:read", "app", "create", json!({"name": "x"}))
        .await;
    assert_eq!(told(&few), "403 denied");
    assert!(
        few.body["error"]["reason"]
            .as_str()
            .unwrap()
            .contains("control:app:write")
    );
    let wrong = control.run("app", "create", json!({"name": ""})).await;
    assert_eq!(
        wrong.body["error"]["cause"], "invalid_application",
        "{}",
        wrong.text
    );
    // A body that is none, or is too long, is told in the same envelope.
    let token = control.token(&control.claims("control:app:read"));
    assert_eq!(
        told(&control.send(Some(&token), &[], json!({"command": 7})).await),
        "400 invalid"
    );
    let token = control.token(&control.claims("control:app:read"));
    let long = json!({"command": "app", "subcommand": "list", "pad": "x".repeat(262_144)});
    assert_eq!(
        told(&control.send(Some(&token), &[], long).await),
        "413 payload_too_large"
    );
    // Another zone is not reached by naming it.
    let token = control.token(&control.claims("control:app:read"));
    let list = json!({"command": "app", "subcommand": "list"});
    let elsewhere = [("x-caracal-zone-scope", "another-zone")];
    assert_eq!(
        told(&control.send(Some(&token), &elsewhere, list.clone()).await),
        "403 denied"
    );
    let token = control.token(&control.claims("control:app:read"));
    let own = [("x-caracal-zone-scope", control.zone_id.as_str())];
    control.send(Some(&token), &own, list).await.expect(200);
}

#[tokio::test]
async fn a_command_is_the_operation_of_its_route_with_its_audit_and_leaves_evidence() {
    let control = Control::start().await;
    let made = control.done("app", "create", json!({"name": "worker"})).await;
    let id = made["id"].as_str().unwrap();
    assert!(made["client_secret"].as_str().unwrap().starts_with("cs_"));
    let path = format!("{}/applications/{id}", control.zone);
    let read = control.stack.get(&path).await.expect(200);
    assert_eq!(read["created_by"], format!("control:{}", control.key));
    let rows = control.stack.admin_audit(&control.zone).await;
    let row = rows.iter().find(|row| row["entity_id"] == id).unwrap();
    assert_eq!(row["actor_id"], control.key.as_str());
    assert_eq!(row["action"], format!("POST {}/applications", control.zone));
    assert_eq!(row["status_code"], 201);
    assert_eq!(
        control.refused("app", "create", json!({"name": "Worker"})).await,
        "409 conflict"
    );
    let refused = control.stack.admin_audit(&control.zone).await;
    assert!(refused.iter().any(|row| row["status_code"] == 409), "{refused:?}");
    control.done("app", "list", json!({"limit": 10})).await;
    control.done("app", "delete", json!({"id": id})).await;
    // What changes something leaves its event with the change, what does not in the spool: they meet in the ledger.
    let mut evidence = control.evidence().await;
    evidence.sort_by_key(Value::to_string);
    assert_eq!(
        evidence,
        [
            json!(["allow", "app", "create", ""]),
            json!(["allow", "app", "delete", ""]),
            json!(["allow", "app", "list", ""]),
            json!(["deny", "app", "create", "conflict"]),
        ]
    );
}

#[tokio::test]
async fn control_keys_and_the_control_resource_are_neither_seen_nor_changed() {
    let control = Control::start().await;
    let resource = json!({"identifier": AUDIENCE, "scopes": ["control:app:read"]});
    let path = format!("{}/resources", control.zone);
    let resource = control.stack.post(&path, resource).await.expect(201).text("id");
    let list = control.done("app", "list", json!({})).await;
    assert_eq!(list["items"], json!([]));
    assert_eq!(
        control.done("resource", "list", json!({})).await["items"],
        json!([])
    );
    for (command, subcommand, flags) in [
        ("app", "get", json!({"id": control.key})),
        ("app", "patch", json!({"id": control.key, "name": "mine"})),
        ("app", "rotate-secret", json!({"id": control.key})),
        ("app", "delete", json!({"id": control.key})),
        ("resource", "get", json!({"id": resource})),
        (
            "resource",
            "patch",
            json!({"id": resource, "scopes": "control:app:write"}),
        ),
        ("resource", "delete", json!({"id": resource})),
    ] {
        let refusal = control.refused(command, subcommand, flags.clone()).await;
        assert_eq!(refusal, "404 not_found", "{command} {subcommand}");
    }
    let document = |spec: Value| json!({"document": json!({"objects": [spec]}).to_string()});
    let make = json!({"kind": "application", "spec": {"name": "another", "traits": ["control:invoke"]}});
    assert_eq!(
        control.refused("state", "apply", document(make)).await,
        "403 denied"
    );
    let taken = json!({"kind": "application", "spec": {"name": "robot", "traits": []}});
    let report = control.done("state", "apply", document(taken)).await;
    assert_eq!(report["outcomes"][0]["error"]["code"], "conflict", "{report}");
    let control_resource = json!({"kind": "resource", "spec": {"identifier": AUDIENCE, "scopes": ["a"]}});
    let report = control.done("state", "apply", document(control_resource)).await;
    assert_eq!(report["outcomes"][0]["error"]["code"], "conflict", "{report}");
    let keep = json!({"kind": "application", "spec": {"name": "kept"}});
    let mut pruning = document(keep);
    pruning["prune"] = json!(true);
    let report = control.done("state", "apply", pruning).await;
    assert_eq!(
        report["summary"],
        json!({"created": 1, "updated": 0, "unchanged": 0, "pruned": 0, "failed": 0})
    );
    control
        .stack
        .get(&format!("{}/applications/{}", control.zone, control.key))
        .await
        .expect(200);
}

#[tokio::test]
async fn an_idempotency_key_makes_one_object() {
    let control = Control::start().await;
    let flags = json!({"name": "p", "content": grants("app"), "idempotency-key": "k-1"});
    let first = control.done("policy", "create", flags.clone()).await;
    let second = control.done("policy", "create", flags.clone()).await;
    assert_eq!(first["id"], second["id"]);
    let mut other = flags;
    other["name"] = json!("q");
    assert_eq!(control.refused("policy", "create", other).await, "409 conflict");
}

#[tokio::test]
async fn addresses_and_keys_come_only_so_often() {
    let config = ApiConfig {
        control_address_limit_per_min: 6,
        control_subject_limit: 4,
        ..ApiConfig::default()
    };
    let control = Control::over(Backends::Embedded, config).await;
    for _ in 0..4 {
        control.done("app", "list", json!({})).await;
    }
    let limited = control.run("app", "list", json!({})).await;
    assert_eq!(told(&limited), "429 rate_limited");
    assert!(limited.headers.contains_key("retry-after"));
    assert_eq!(
        control.refused("app", "list", json!({})).await,
        "429 rate_limited"
    );
    // Past the limit of addresses nothing of a request is looked at.
    let answer = control.send(None, &[], json!({})).await;
    assert_eq!(told(&answer), "429 rate_limited");
}

#[tokio::test]
async fn sessions_and_delegations_are_seen_and_stopped() {
    for backends in [Backends::Embedded, Backends::Production] {
        let control = Control::over(backends, ApiConfig::default()).await;
        let parts = &control.stack.parts;
        let given = Given::in_zone(&parts.world, &control.zone_id);
        let application = given.application();
        let record = given.authority_record(&application);
        let source = given.session(&application, &record);
        let mut child = given.session(&application, &record);
        child.parent_id = Some(source.id.clone());
        child.depth = 1;
        let target = given.session(&application, &record);
        let mut delegation = given.delegation(&source, &target);
        delegation.resource_id = None;
        let mut work = parts.store.zone(&control.zone_id, Access::Write).await.unwrap();
        work.applications().create(&application).await.unwrap();
        work.authority_records().create(&record).await.unwrap();
        for session in [&source, &child, &target] {
            work.sessions().create(session).await.unwrap();
        }
        work.delegations().create(&delegation).await.unwrap();
        work.commit().await.unwrap();

        let id = |id: &str| json!({ "id": id });
        let source = source.id.as_str();
        assert_eq!(
            control.refused("session", "get", id("nobody")).await,
            "404 not_found"
        );
        assert_eq!(
            control.done("session", "get", id(source)).await["session_id"],
            source
        );
        let tree = control.done("session", "tree", id(source)).await;
        assert_eq!(tree["nodes"].as_array().unwrap().len(), 2, "{tree}");
        assert_eq!(
            control.done("session", "suspend", id(source)).await,
            json!({"suspended": 2})
        );
        assert_eq!(
            control.done("session", "suspend", id(source)).await,
            json!({"suspended": 0})
        );
        assert_eq!(
            control.done("session", "resume", id(source)).await,
            json!({"resumed": 2})
        );
        let edge = delegation.id.as_str();
        let live = control.done("delegation", "active", json!({})).await;
        assert_eq!(live["items"].as_array().unwrap().len(), 1, "{live}");
        for (subcommand, session) in [("inbound", target.id.as_str()), ("outbound", source)] {
            let found = control
                .done("delegation", subcommand, json!({"session-id": session}))
                .await;
            assert_eq!(found["items"].as_array().unwrap().len(), 1, "{found}");
        }
        assert_eq!(
            control.done("delegation", "traverse", id(edge)).await["nodes"][0]["id"],
            edge
        );
        let revoked = control.done("delegation", "revoke", id(edge)).await;
        assert_eq!(revoked["revoked_edges"], 1);
        let revoked = control.done("delegation", "revoke", id(edge)).await;
        assert_eq!(revoked["revoked_edges"], 0);
        let ended = control.done("session", "terminate", id(source)).await;
        assert_eq!(ended["terminated_sessions"], 2);
        assert_eq!(
            control.refused("session", "resume", id(source)).await,
            "409 conflict"
        );
        parts.wait_in_sync().await;
        let events = parts.events().await;
        // What stops something leaves an event each time.
        for (kind, times) in [
            ("session_suspend", 2),
            ("session_resume", 1),
            ("delegation_revoke", 2),
            ("session_end", 1),
        ] {
            let left = events
                .iter()
                .filter(|event| event.event_type.as_str() == kind)
                .count();
            assert_eq!(left, times, "{kind}");
        }
        let rows = control.stack.admin_audit(&control.zone).await;
        let stopped = rows
            .iter()
            .find(|row| row["action"].as_str().unwrap().ends_with("/terminate"));
        assert_eq!(stopped.unwrap()["entity_id"], source);
    }
}

#[tokio::test]
async fn the_catalogue_tells_what_runs() {
    let control = Control::start().await;
    let answer = control
        .run_with("control:app:read", "catalog", "describe", json!({}))
        .await
        .expect(200);
    let commands = answer["result"]["commands"].as_array().unwrap();
    let app = commands
        .iter()
        .find(|command| command["command"] == "app")
        .unwrap();
    assert_eq!(app["delegatesScope"], false);
    let create = app["subcommands"]
        .as_array()
        .unwrap()
        .iter()
        .find(|known| known["subcommand"] == "create");
    assert_eq!(create.unwrap()["scope"], "control:app:write");
    let kinds = answer["result"]["declarative"]["kinds"].as_array().unwrap();
    assert_eq!(kinds.len(), 5);
    let scopes = commands
        .iter()
        .flat_map(|command| command["subcommands"].as_array().unwrap())
        .filter_map(|known| known["scope"].as_str());
    let scopes: ScopeSet = scopes.collect();
    assert_eq!(scopes, ScopeSet::parse(EVERYTHING));
}

#[tokio::test]
async fn no_value_of_a_member_of_a_command_is_an_outage() {
    let control = Control::start().await;
    for name in ["command", "subcommand", "flags"] {
        for value in [
            Value::Null,
            json!(true),
            json!(7),
            json!([true]),
            json!({"id": {"b": [1]}}),
            json!({"id": "\u{0}"}),
            json!("x".repeat(9000)),
        ] {
            let mut body = json!({"command": "resource", "subcommand": "list", "flags": {}});
            body[name] = value;
            let token = control.token(&control.claims(EVERYTHING));
            let answer = control.send(Some(&token), &[], body.clone()).await;
            assert!(!answer.status.is_server_error(), "{body}: {}", answer.text);
            assert!(
                answer.status.is_success() || answer.body["error"].is_object(),
                "{body}: {}",
                answer.text
            );
        }
    }
}
