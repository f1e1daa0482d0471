//! What every route leaves in the administrative audit, allowed and refused.

use caracal_api::{ApiDeps, Reach, table};
use caracal_core::{ZoneId, entity::SessionStatus};
use caracal_service::front::{Record, Route};
use caracal_storage::{Access, AdminAuditFilter, PageRequest, conformance::given::Given};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::stack::{ADMIN, PASSWORD, Stack, grants};

/// A zone with one of everything.
pub(crate) struct Made {
    pub(crate) zone: String,
    pub(crate) application: String,
    pub(crate) provider: String,
    pub(crate) resource: String,
    pub(crate) policy: String,
    pub(crate) policy_version: String,
    pub(crate) policy_set: String,
    pub(crate) set_version: String,
    pub(crate) workload: String,
    pub(crate) issuer: String,
    pub(crate) sink: String,
    pub(crate) delivery: String,
    pub(crate) approval: String,
    /// Whoever holds authority.
    pub(crate) subject: String,
    /// A provider at which accounts are connected, and one that is.
    pub(crate) people: String,
    pub(crate) connection: String,
    pub(crate) session: String,
    /// A session that waits to go on.
    pub(crate) paused: String,
    pub(crate) delegation: String,
    pub(crate) grant: String,
    /// A resource that is called with mandates.
    pub(crate) guarded: String,
}

fn provider(name: &str) -> Value {
    let config =
        json!({"auth_location": "header", "header_name": "X-Key", "api_key": "a-key-of-the-upstream"});
    json!({"name": name, "kind": "api_key", "config_json": config})
}

fn people() -> Value {
    let config = json!({
        "authorization_endpoint": "https://id.example/auth", "token_endpoint": "https://id.example/token",
        "redirect_uri": "https://app.example/back", "client_id": "c", "client_secret": "a-secret-of-the-client",
    });
    json!({"name": "people", "kind": "oauth2_authorization_code", "config_json": config})
}

fn resource(identifier: &str, provider: &str) -> Value {
    json!({
        "name": identifier, "identifier": identifier, "upstream_url": "https://upstream.example",
        "scopes": ["crm:read"], "credential_provider_id": provider,
    })
}

fn sink(name: &str) -> Value {
    json!({"name": name, "url": "https://hooks.example/"})
}

fn issuer(name: &str) -> Value {
    let issuer = format!("https://login.example/{name}");
    json!({"issuer": issuer, "jwks_url": "https://login.example/keys", "audience": "caracal"})
}

impl Made {
    pub(crate) async fn of(stack: &Stack) -> Self {
        let body = json!({"name": format!("zone {}", stack.parts.world.uuid_v7()), "dcr_enabled": true});
        let zone = stack.post("/v1/zones", body).await.expect(201).text("id");
        let base = format!("/v1/zones/{zone}");
        let (application, _) = stack.application(&base, "crm").await;
        let key = stack.provider(&base, provider("key")).await;
        let made = stack
            .post(&format!("{base}/resources"), resource("resource://crm", &key))
            .await;
        let (policy_set, set_version, policy) = stack.policy_set(&base, "crm", &grants(&application)).await;
        let versions = stack
            .get(&format!("{base}/policies/{policy}/versions"))
            .await
            .expect(200);
        let workload = stack
            .post(&format!("{base}/workloads"), json!({"name": "nightly"}))
            .await;
        let trusted = stack
            .post(&format!("{base}/subject-issuers"), issuer("one"))
            .await;
        let sink = stack
            .post(&format!("{base}/notification-sinks"), sink("pager"))
            .await
            .expect(201)
            .text("id");
        let tried = stack
            .post(&format!("{base}/notification-sinks/{sink}/test"), json!({}))
            .await;
        let mandates = json!({"name": "mandates", "kind": "caracal_mandate"});
        let mandates = stack.provider(&base, mandates).await;
        let guarded = stack
            .post(
                &format!("{base}/resources"),
                resource("resource://guarded", &mandates),
            )
            .await;
        let guarded = guarded.expect(201).text("id");
        let granted = json!({
            "application_id": application, "user_id": "ada", "resource_id": guarded, "scopes": ["crm:read"],
        });
        let granted = stack.post(&format!("{base}/grants"), granted).await;
        let people = stack.provider(&base, people()).await;
        let body = json!({"provider_id": people, "access_token": "a-token-of-somebody"});
        let connected = stack.post(&format!("{base}/provider-connections"), body).await;
        let given = Given::in_zone(&stack.parts.world, &ZoneId::parse(&zone).unwrap());
        let approval = given.approval(&given.application());
        let agent = given.application();
        let record = given.authority_record(&agent);
        let session = given.session(&agent, &record);
        let mut paused = given.session(&agent, &record);
        paused.status = SessionStatus::Suspended;
        let mut delegation = given.delegation(&session, &paused);
        delegation.resource_id = None;
        stack
            .parts
            .change(&given.zone_id, async |work| {
                work.approvals().open(&approval).await.unwrap();
                work.applications().create(&agent).await.unwrap();
                work.authority_records().create(&record).await.unwrap();
                work.sessions().create(&session).await.unwrap();
                work.sessions().create(&paused).await.unwrap();
                work.delegations().create(&delegation).await.unwrap();
            })
            .await;
        Self {
            workload: workload.expect(201).text("id"),
            issuer: trusted.expect(201).text("id"),
            delivery: tried.expect(202).text("id"),
            sink,
            approval: approval.id.to_string(),
            subject: record.subject_id.clone(),
            connection: connected.expect(201).text("id"),
            session: session.id.to_string(),
            paused: paused.id.to_string(),
            delegation: delegation.id.to_string(),
            grant: granted.expect(201).text("id"),
            guarded,
            people,
            resource: made.expect(201).text("id"),
            policy_version: versions["items"][0]["id"].as_str().unwrap().to_owned(),
            zone,
            application,
            provider: key,
            policy,
            policy_set,
            set_version,
        }
    }

    /// The ids of what is there.
    pub(crate) fn ids(&self) -> [&str; 21] {
        [
            &self.zone,
            &self.application,
            &self.provider,
            &self.resource,
            &self.policy,
            &self.policy_version,
            &self.policy_set,
            &self.set_version,
            &self.workload,
            &self.issuer,
            &self.sink,
            &self.delivery,
            &self.approval,
            &self.subject,
            &self.people,
            &self.connection,
            &self.session,
            &self.paused,
            &self.delegation,
            &self.grant,
            &self.guarded,
        ]
    }

    /// The path of a route, about what is there.
    pub(crate) fn path(&self, route: &Route<ApiDeps>) -> String {
        let (noun, _) = route.name.rsplit_once('.').unwrap();
        let (id, version) = match noun {
            "applications" => (&self.application, ""),
            // Only a client of an OAuth server can be tried, and an upstream that verifies mandates.
            "providers" if route.name == "providers.test" => (&self.people, ""),
            "providers" => (&self.provider, ""),
            "grants" => (&self.grant, ""),
            "resources" if route.name == "resources.test" => (&self.guarded, ""),
            "resources" => (&self.resource, ""),
            "policies" => (&self.policy, self.policy_version.as_str()),
            "policy_sets" | "policy_shadow" | "policy_canary" => {
                (&self.policy_set, self.set_version.as_str())
            }
            "workloads" => (&self.workload, ""),
            "subject_issuers" => (&self.issuer, ""),
            "approvals" => (&self.approval, ""),
            "notification_sinks" => (&self.sink, ""),
            "provider_connections" => (&self.connection, ""),
            "sessions" if route.name == "sessions.resume" => (&self.paused, ""),
            "sessions" => (&self.session, ""),
            "delegations" => (&self.delegation, ""),
            _ => (&self.zone, ""),
        };
        route
            .path
            .replace("{zoneId}", &self.zone)
            .replace("{id}", id)
            .replace("{versionId}", version)
            .replace("{deliveryId}", &self.delivery)
            .replace("{requestId}", "of-nobody")
    }

    /// A body that the route takes.
    pub(crate) fn body(&self, name: &str) -> Option<Value> {
        let content = grants(&self.application);
        Some(match name {
            "zones.update"
            | "applications.update"
            | "providers.update"
            | "resources.update"
            | "workloads.update" => json!({"name": "renamed"}),
            "workloads.create" => json!({"name": "weekly"}),
            "notification_sinks.create" => sink("another"),
            "notification_sinks.update" => json!({"active": true}),
            "subject_issuers.create" => issuer("another"),
            "subject_issuers.update" => json!({"audience": "another"}),
            "applications.create" => json!({"name": "desk", "registration_method": "managed"}),
            "applications.register" => json!({"name": "for a while"}),
            "resources.create" => resource("resource://other", &self.provider),
            "providers.create" => provider("another key"),
            "providers.discover" => json!({"issuer": "https://nothing.invalid"}),
            "grants.create" => json!({
                "application_id": self.application, "user_id": "bob", "resource_id": self.guarded, "scopes": ["crm:read"],
            }),
            "policies.validate" | "policies.add_version" => json!({"content": content}),
            "policies.create" => json!({"name": "another", "content": content}),
            "zones.create" | "policy_sets.create" => json!({"name": "another"}),
            "policy_sets.add_version" => json!({"manifest": [{"policy_version_id": self.policy_version}]}),
            "policy_sets.activate" => json!({"version_id": self.set_version}),
            name if name.starts_with("authzen.") => json!({
                "subject": {"type": "application", "id": self.application}, "action": {"name": "crm:read"},
                "resource": {"type": "resource", "id": "resource://crm"},
            }),
            "policy_sets.replay" | "policy_sets.least_privilege" | "policy_shadow.begin" => json!({}),
            "policy_canary.begin" | "policy_canary.update" => json!({"share_percent": 10}),
            "zone_state.apply" => json!({"applications": [{"name": "declared"}]}),
            "policy_sets.simulate" => json!({"version_id": self.set_version, "input": {}}),
            "provider_connections.create" => {
                json!({"provider_id": self.people, "access_token": "t", "subject_id": "ada"})
            }
            "provider_connections.authorize" | "provider_connections.revoke" => {
                json!({"provider_id": self.people})
            }
            "subjects.revoke" | "subjects.unblock" => json!({"subject_id": self.subject}),
            "audit_retention.set" | "audit_retention.set_of_zone" => json!({"retention_days": 30}),
            "audit_holds.place" => json!({"subject_id": "ada", "reason": "case 7"}),
            "accounts.create" => {
                json!({"email": format!("{}@example.com", self.zone), "name": "New", "role": "viewer"})
            }
            "accounts.update" => json!({"role": "auditor"}),
            "console.password" => json!({"current": PASSWORD, "password": PASSWORD}),
            "admin_tokens.create" => json!({"name": "t", "scope": "global", "capability": "read"}),
            _ => return None,
        })
    }
}

/// Rows of every administrative chain.
pub(crate) async fn rows(stack: &Stack) -> i64 {
    let mut work = stack.deps.store.global(Access::Read).await.unwrap();
    let set = work.chains().set().await.unwrap();
    let administrative = set.chains.iter().filter(|chain| chain.log.is_administrative());
    administrative.map(|chain| chain.head.chain_seq).sum()
}

/// What a route is about is under way, where something has to be; the path of the route then.
pub(crate) async fn under_way(stack: &Stack, route: &Route<ApiDeps>, made: &Made) -> String {
    let mut path = made.path(route);
    let of_zone = |path: &str| format!("/v1/zones/{}/{path}", made.zone);
    match route.name {
        "admin_tokens.revoke" => {
            let body = json!({"name": "t", "scope": "global", "capability": "read"});
            let token = stack.post("/v1/admin-tokens", body).await.expect(201).text("id");
            path = format!("/v1/admin-tokens/{token}");
        }
        name if name.starts_with("accounts.") && route.path.contains("{id}") => {
            let email = format!("{}@example.com", stack.parts.world.uuid_v7());
            let body = json!({"email": email, "name": "N", "role": "viewer"});
            let new = stack.post("/v1/accounts", body).await.expect(201);
            path = route.path.replace("{id}", new["account"]["id"].as_str().unwrap());
        }
        "console.end_session" => {
            let other = stack.sign_in("owner@example.com").await;
            let read = stack
                .call(Some(&other), &[], Method::GET, "/v1/console/me", None)
                .await;
            let read = read.expect(200);
            path = route
                .path
                .replace("{id}", read["session"]["id"].as_str().unwrap());
        }
        "subjects.unblock" => {
            let body = json!({"subject_id": made.subject, "block": true});
            let blocked = stack.post(&of_zone("subjects/revoke"), body).await;
            blocked.expect(200);
        }
        // It is said of all zones at once, and stays said.
        "audit_retention.set" => {
            let (before, body) = (Method::PUT, json!({"retention_days": 40}));
            let said = stack.call(Some(ADMIN), &[], before, &path, Some(&body)).await;
            said.expect(200);
        }
        "audit_holds.lift" => {
            let holds = of_zone("audit-holds");
            let hold = stack.post(&holds, json!({"reason": "case 7"})).await.expect(201);
            path = format!("{holds}/{}", hold.text("id"));
        }
        // Nothing is taken back that nobody said; it is said once.
        "approvals.withdraw" => {
            let approve = of_zone(&format!("approvals/{}/approve", made.approval));
            stack.post(&approve, json!({})).await;
        }
        "policy_shadow.get" | "policy_shadow.end" => {
            let version = format!("policy-sets/{}/versions/{}", made.policy_set, made.set_version);
            // It goes on from the first call to the second.
            stack
                .post(&of_zone(&format!("{version}/shadow")), json!({}))
                .await;
        }
        name if name.starts_with("policy_canary.") => {
            let set = of_zone(&format!("policy-sets/{}", made.policy_set));
            // Another version has to be in force; putting it there ends the canary of the first call.
            let manifest = json!({"manifest": [{"policy_version_id": made.policy_version}]});
            let versions = format!("{set}/versions");
            let other = stack.post(&versions, manifest).await.expect(201).text("id");
            stack
                .post(&format!("{set}/activate"), json!({"version_id": other}))
                .await
                .expect(202);
            if route.name != "policy_canary.begin" {
                let begin = format!("{versions}/{}/canary", made.set_version);
                stack.post(&begin, json!({"share_percent": 10})).await.expect(201);
            }
        }
        "policy_sets.activation_status" => path = format!("{path}?version_id={}", made.set_version),
        "access.who_can" => path = format!("{path}?resource=resource://crm&scope=crm:read"),
        "access.what_can" => path = format!("{path}?application_id={}", made.application),
        _ => {}
    }
    path
}

/// One call, and what it left: nothing, or one row.
async fn leaves(stack: &Stack, token: &str, route: &Route<ApiDeps>, made: &Made) -> StatusCode {
    let path = under_way(stack, route, made).await;
    let before = rows(stack).await;
    let body = made.body(route.name);
    let named = [("x-caracal-zone-scope", made.zone.as_str())];
    let headers = match route.needs.reach {
        Reach::Home => &named[..],
        _ => &[],
    };
    let answer = stack
        .call(Some(token), headers, route.method.clone(), &path, body.as_ref())
        .await;
    let left = rows(stack).await - before;
    let allowed = answer.status.is_success();
    let evidence = route.evidence();
    let declared = if allowed {
        evidence.allowed
    } else {
        evidence.refused
    };
    let expected = match declared {
        Record::Nowhere => 0,
        Record::Administration => 1,
        Record::Ledger(event_type) => panic!("nothing here is a decision about an agent: {event_type:?}"),
    };
    // Everything in a zone ends in changes of their own, and what a server said of a revocation is one too; a document's
    // objects have a row each.
    let several = ["zones.archive", "provider_connections.revoke", "zone_state.apply"];
    let more = allowed && several.contains(&route.name);
    assert!(
        left == expected || (more && left > expected),
        "{} answered {} and left {left} rows: {}",
        route.name,
        answer.status,
        answer.text
    );
    answer.status
}

#[tokio::test]
async fn every_route_leaves_the_row_that_it_declares_allowed_and_refused() {
    let stack = Stack::start().await;
    let elsewhere = Made::of(&stack).await;
    let stranger = stack.token("zone", Some(&elsewhere.zone), "read").await;
    stack.owner().await;
    // What anybody may call who is nobody has tests of its own.
    for route in table()
        .into_iter()
        .filter(|route| !matches!(route.needs.reach, Reach::Open | Reach::Control))
    {
        let made = Made::of(&stack).await;
        let own = match route.needs.reach {
            Reach::Own => Some(stack.sign_in("owner@example.com").await),
            _ => None,
        };
        let admin = own.as_deref().unwrap_or(ADMIN);
        let status = leaves(&stack, &stranger, &route, &made).await;
        let open = route.needs.reach == Reach::Stateless;
        assert_eq!(status.is_success(), open, "{}: {status}", route.name);
        let status = leaves(&stack, admin, &route, &made).await;
        // The ledger has no such request, no subject is named, and nobody is on the way to a server: refusals as well.
        let missing = [
            "provider_connections.finish",
            "audit.by_request",
            "audit.explain",
            "subjects.overview",
            // Nobody publishes anything there.
            "providers.discover",
            // Without an address of the console there are no passkeys.
            "console.begin_passkey_registration",
            "console.register_passkey",
            "console.remove_passkey",
        ]
        .contains(&route.name);
        assert_eq!(status.is_success(), !missing, "{}: {status}", route.name);
    }
}

#[tokio::test]
async fn of_an_id_that_could_be_none_of_ours_the_record_of_a_refusal_keeps_the_length() {
    let stack = Stack::start().await;
    let made = Made::of(&stack).await;
    let (secret, unknown) = (
        "a-key-of-another-service-0123456789abcde",
        stack.parts.world.uuid_v7().to_string(),
    );
    for id in [secret, &unknown] {
        let path = format!("/v1/zones/{}/applications/{id}", made.zone);
        stack.delete(&path).await.expect(404);
    }
    let zone = ZoneId::parse(&made.zone).unwrap();
    let mut work = stack.parts.store.global(Access::Read).await.unwrap();
    let (filter, page) = (AdminAuditFilter::default(), PageRequest::first(200));
    let rows = work
        .admin_audit()
        .list(&zone, &filter, &page)
        .await
        .unwrap()
        .items;
    let refused = rows.iter().filter(|row| row.record.status_code == 404);
    let mut told: Vec<_> = refused
        .map(|row| (row.record.path.clone(), row.record.entity_id.clone().unwrap()))
        .collect();
    let as_told = |id: &str| (format!("/v1/zones/{zone}/applications/{id}"), id.to_owned());
    told.sort();
    assert_eq!(told, [as_told(&unknown), as_told("invalid_id:40")]);
    assert!(!format!("{rows:?}").contains(secret));
}
