//! One Control API with a bootstrap token, and a client for it.

use std::{sync::Arc, time::Duration};

use axum::body::Body;
use caracal_api::{Activity, ApiConfig, ApiDeps, PolicyWork, router, seed_bootstrap};
use caracal_core::{Secret, ZoneId, entity::Approval};
use caracal_crypto::{
    HmacKey,
    sealed::DerivedKeys,
    tokens::{ConsoleToken, issue_account_assertion},
};
use caracal_service::{
    egress::{Egress, EgressPolicy},
    known_tokens::KnownTokens,
    oauth::TokenClient,
    tail::{TailLimits, Tails},
};
use caracal_testkit::{
    client::{Answer, Client},
    parts::{Backends, ISSUER, Parts, PartsOptions},
};
use caracal_wire::control::{
    Line, Name,
    admin_tokens::{CreateToken, TokenCapability, TokenScope},
    applications::CreateApplication,
    policies::CreatePolicy,
    policy_sets::{AddSetVersion, CreatePolicySet, ManifestEntry},
    zones::CreateZone,
};
use http::{Method, Request, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The password of every account here.
pub(crate) const PASSWORD: &str = "correct horse battery staple";
/// The deployment's admin token.
pub(crate) const ADMIN: &str = "test-admin-token-of-this-deployment";

fn ended() -> CancellationToken {
    let token = CancellationToken::new();
    token.cancel();
    token
}

/// A running Control API.
pub(crate) struct Stack {
    pub(crate) parts: Parts,
    pub(crate) deps: ApiDeps,
    client: Client,
}

impl Stack {
    pub(crate) async fn start() -> Self {
        Self::with(ApiConfig::default()).await
    }

    pub(crate) async fn with(config: ApiConfig) -> Self {
        Self::over(Backends::Embedded, config).await
    }

    pub(crate) async fn over(backends: Backends, config: ApiConfig) -> Self {
        let parts = Parts::with(PartsOptions {
            backends,
            ..PartsOptions::default()
        })
        .await;
        let deps = ApiDeps {
            world: parts.world.clone(),
            store: parts.store.clone(),
            zones: parts.zones.clone(),
            outbox: parts.outbox.clone(),
            keyring: parts.keyring.clone(),
            hasher: parts.hasher.clone(),
            audit_keys: Some(parts.audit_key.clone()),
            token_keys: DerivedKeys {
                current: HmacKey::from_bytes(b"the key of admin token digests"),
                previous: None,
            },
            admin_token: Some(Secret::new(ADMIN)),
            admin_token_previous: None,
            limits: Arc::new(config.limits(parts.short_lived.clone(), parts.world.clone())),
            forbidden: ApiDeps::forbidden(),
            known_tokens: Arc::new(KnownTokens::of_administrators_and_people()),
            // Whoever walks over all routes comes to an end; what is about tails has its own.
            tails: Tails::new(TailLimits::default(), ended()),
            oauth: TokenClient::new(Egress::new(EgressPolicy::default()), parts.world.clone()),
            activity: Activity::new(50_000),
            policy_work: PolicyWork::new(2),
            egress: Egress::new(EgressPolicy {
                allow_loopback: true,
                ..EgressPolicy::default()
            }),
            issuer: ISSUER.into(),
            replay: parts.short_lived.clone(),
            spool: parts.spool.clone(),
            single_sign_on: None,
            mailer: None,
            receipts: Arc::default(),
            config,
        };
        seed_bootstrap(&deps).await.unwrap();
        let client = parts.client("api", router(deps.clone()));
        Self { parts, deps, client }
    }

    /// The same, going out into the world through `egress`.
    pub(crate) fn going_out(self, egress: Arc<Egress>) -> Self {
        let deps = ApiDeps {
            oauth: TokenClient::new(egress.clone(), self.parts.world.clone()),
            egress,
            ..self.deps
        };
        let client = self.parts.client("api", router(deps.clone()));
        Self { deps, client, ..self }
    }

    /// Who calls it.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Sends a request exactly as given.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.client.send(request).await
    }

    /// Sends a request with a bearer token and further headers.
    pub(crate) async fn call(
        &self,
        token: Option<&str>,
        headers: &[(&str, &str)],
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        let call = self.client.call(method, path).headers(headers);
        let call = match token {
            Some(token) => call.header("authorization", &format!("Bearer {token}")),
            None => call,
        };
        let call = match body {
            Some(body) => call.json(body),
            None => call,
        };
        let answer = call.send().await;
        names_its_fields(path, &answer);
        answer
    }

    /// The owner of the deployment, made with a link; whose session it is.
    pub(crate) async fn owner(&self) -> String {
        let link = self
            .post("/v1/console/setup-links", json!({}))
            .await
            .expect(201)
            .text("link");
        let body = json!({"link": link, "email": "owner@example.com", "name": "Owner", "password": PASSWORD});
        let used = self
            .call(None, &[], Method::POST, "/v1/console/links/use", Some(&body))
            .await;
        used.expect(201).text("token")
    }

    /// An account of this role that has a password.
    pub(crate) async fn account(&self, email: &str, role: &str, zones: Option<Vec<&str>>) -> String {
        let body = json!({"email": email, "name": role, "role": role, "zones": zones});
        let made = self.post("/v1/accounts", body).await.expect(201);
        let body = json!({"link": made["link"]["link"], "password": PASSWORD});
        let used = self
            .call(None, &[], Method::POST, "/v1/console/links/use", Some(&body))
            .await;
        used.expect(201).text("token")
    }

    /// Signs in with the password.
    pub(crate) async fn sign_in(&self, email: &str) -> String {
        let body = json!({"email": email, "password": PASSWORD});
        let answer = self
            .call(None, &[], Method::POST, "/v1/console/sign-in", Some(&body))
            .await;
        answer.expect(200).text("token")
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Some(ADMIN), &[], Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Serialize) -> Answer {
        let call = self.client.call(Method::POST, path).bearer(ADMIN);
        let answer = call.json(&body).send().await;
        names_its_fields(path, &answer);
        answer
    }

    /// Makes something.
    async fn create(&self, path: &str, body: impl Serialize) -> Answer {
        self.post(path, body).await.expect(201)
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call(Some(ADMIN), &[], Method::PATCH, path, Some(&body))
            .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call(Some(ADMIN), &[], Method::DELETE, path, None).await
    }

    /// A console token and the assertion of `account`.
    pub(crate) fn console(&self, kind: ConsoleToken, account: &str) -> (String, String) {
        let admin = Secret::new(ADMIN);
        let until = self.parts.world.now().plus(Duration::from_mins(1));
        let assertion = issue_account_assertion(&admin, account, until).unwrap();
        (
            kind.derive(&admin).expose().to_owned(),
            assertion.expose().to_owned(),
        )
    }

    /// A minted token.
    pub(crate) async fn token(&self, scope: &str, zone: Option<&str>, capability: &str) -> String {
        let body = CreateToken {
            name: Name(format!("{scope}-{capability}")),
            scope: TokenScope::parse(scope).unwrap(),
            zone_id: zone.map(|zone| zone.parse().unwrap()),
            capability: Some(TokenCapability::parse(capability).unwrap()),
            reveals: None,
            expires_at: None,
        };
        self.create("/v1/admin-tokens", body).await.text("token")
    }

    /// A zone's base path.
    pub(crate) async fn zone(&self, name: &str) -> String {
        let zone = self.create("/v1/zones", CreateZone::named(name)).await;
        format!("/v1/zones/{}", zone.text("id"))
    }

    /// Opens a request that waits, as the STS does; its id.
    pub(crate) async fn open(&self, zone: &ZoneId, approval: &Approval) -> String {
        self.parts
            .change(zone, async |work| {
                work.approvals().open(approval).await.unwrap();
            })
            .await;
        approval.id.to_string()
    }

    /// A managed application: id and secret.
    pub(crate) async fn application(&self, zone: &str, name: &str) -> (String, String) {
        let body = CreateApplication::named(name);
        let made = self.create(&format!("{zone}/applications"), body).await;
        (made.text("id"), made.text("client_secret"))
    }

    /// A provider's id.
    pub(crate) async fn provider(&self, zone: &str, body: Value) -> String {
        self.create(&format!("{zone}/providers"), body).await.text("id")
    }

    /// A policy set with one document, not yet in force: set id, set version id, policy id.
    pub(crate) async fn policy_set(&self, zone: &str, name: &str, content: &str) -> (String, String, String) {
        let (name, content) = (Line(name.to_owned()), content.to_owned());
        let body = CreatePolicy {
            name: name.clone(),
            description: None,
            content,
        };
        let policy = self.create(&format!("{zone}/policies"), body).await;
        let body = CreatePolicySet {
            name,
            description: None,
        };
        let set = self.create(&format!("{zone}/policy-sets"), body).await.text("id");
        let entry = ManifestEntry {
            policy_version_id: policy.text("version_id").parse().unwrap(),
        };
        let body = AddSetVersion {
            manifest: vec![entry],
        };
        let version = self
            .create(&format!("{zone}/policy-sets/{set}/versions"), body)
            .await;
        (set, version.text("version_id"), policy.text("id"))
    }

    /// Administrative audit rows of a zone, newest first.
    pub(crate) async fn admin_audit(&self, zone: &str) -> Vec<Value> {
        let page = self
            .get(&format!("{zone}/admin-audit?limit=1000"))
            .await
            .expect(200);
        page["items"].as_array().unwrap().clone()
    }
}

/// Every 400 that any test meets says of each field that breaks a rule which it is; of a whole that cannot be read the way is
/// empty. Commands have an envelope of their own.
pub(crate) fn names_its_fields(path: &str, answer: &Answer) {
    if answer.status != StatusCode::BAD_REQUEST || path.starts_with("/v1/control/") {
        return;
    }
    let issues = answer["details"]["issues"].as_array();
    let whole = issues.is_some_and(|issues| {
        let told = |issue: &Value| {
            issue["path"].is_array() && issue["message"].as_str().is_some_and(|rule| !rule.is_empty())
        };
        !issues.is_empty() && issues.iter().all(told)
    });
    assert!(whole, "{path}: {answer}");
}

/// A valid grants document.
pub(crate) fn grants(application: &str) -> String {
    format!(
        "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n\
         app_ids := {{\"crm\": \"{application}\"}}\n\
         grants := {{\"resource://crm\": {{\"application\": \"crm\", \"roles\": {{\"reader\": [\"crm:read\"]}}}}}}\n"
    )
}

/// Replaces what differs from run to run by its name.
pub(crate) fn masked(value: impl Into<Value>, members: &[&str]) -> Value {
    fn mask(value: &mut Value, members: &[&str]) {
        match value {
            Value::Object(object) => {
                for (name, member) in object.iter_mut() {
                    if members.contains(&name.as_str()) && !member.is_null() {
                        *member = json!(format!("[{name}]"));
                    } else {
                        mask(member, members);
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| mask(item, members)),
            _ => {}
        }
    }
    let mut value = value.into();
    mask(&mut value, members);
    value
}
