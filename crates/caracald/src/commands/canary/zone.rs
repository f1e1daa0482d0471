//! The canary's zone, and what is asked of each role about it.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Answer, Asked, Client, Deployment};

/// The resource.
const RESOURCE: &str = "resource://canary";
/// Its one scope.
const SCOPE: &str = "canary:call";
/// Its one operation.
const PATH: &str = "/.well-known/jwks.json";
/// Longest wait for policy to be in force.
const PROPAGATION: Duration = Duration::from_secs(20);
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Debug, Deserialize)]
struct Made {
    id: String,
}

#[derive(Deserialize)]
struct Application {
    id: String,
    client_secret: String,
}

#[derive(Debug, Deserialize)]
struct Version {
    version_id: String,
}

#[derive(Debug, Deserialize)]
struct Activation {
    status_url: String,
}

#[derive(Debug, Deserialize)]
struct Status {
    propagation_status: String,
}

#[derive(Debug, Deserialize)]
struct Started {
    agent_session_id: String,
}

#[derive(Debug, Deserialize)]
struct Delegated {
    delegation_edge_id: String,
}

/// A mandate.
#[derive(Deserialize)]
pub(crate) struct Minted {
    pub(crate) access_token: String,
}

/// What the ledger has.
#[derive(Debug, Deserialize)]
pub(crate) struct Decisions {
    items: Vec<Decided>,
}

#[derive(Debug, Deserialize)]
struct Decided {
    decision: Option<String>,
}

impl Decisions {
    pub(crate) fn has(&self, decision: &str) -> bool {
        self.items
            .iter()
            .any(|item| item.decision.as_deref() == Some(decision))
    }
}

/// A session that acts under a delegation of another.
#[derive(Debug)]
pub(crate) struct Session {
    lifecycle: String,
    id: String,
    delegation: String,
}

/// The zone.
pub(crate) struct CanaryZone<'c> {
    client: &'c Client,
    deployment: &'c Deployment,
    token: &'c str,
    id: String,
    application: Application,
    declared: String,
}

impl<'c> CanaryZone<'c> {
    /// Makes it, with an application.
    pub(crate) async fn make(
        client: &'c Client,
        deployment: &'c Deployment,
        token: &'c str,
    ) -> anyhow::Result<Self> {
        let url = format!("{}/v1/zones", deployment.api.trim_end_matches('/'));
        let asked = Asked {
            token: Some(token),
            body: Some((JSON, json!({"name": "canary"}).to_string())),
            ..Asked::default()
        };
        let answer = client.ask(Method::POST, &url, asked).await?;
        let zone: Made = answer.expect(201)?.read()?;
        let mut made = Self {
            client,
            deployment,
            token,
            declared: format!("{PATH}?zone_id={}", zone.id),
            id: zone.id,
            application: Application {
                id: String::new(),
                client_secret: String::new(),
            },
        };
        let body = json!({"name": "canary", "registration_method": "managed"});
        match made.made("/applications", body).await {
            Ok(application) => made.application = application,
            Err(error) => {
                let _ = made.archive().await;
                return Err(error);
            }
        }
        Ok(made)
    }

    /// Path and query of the declared operation.
    pub(crate) fn declared(&self) -> &str {
        &self.declared
    }

    /// A Control API call below the zone.
    pub(crate) async fn admin(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Answer> {
        self.control(method, &format!("/v1/zones/{}{path}", self.id), body)
            .await
    }

    async fn control(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.deployment.api.trim_end_matches('/'));
        let asked = Asked {
            token: Some(self.token),
            body: body.map(|body| (JSON, body.to_string())),
            ..Asked::default()
        };
        self.client.ask(method, &url, asked).await
    }

    async fn made<T: serde::de::DeserializeOwned>(&self, path: &str, body: Value) -> anyhow::Result<T> {
        self.admin(Method::POST, path, Some(body))
            .await?
            .expect(201)?
            .read()
    }

    /// A credential, a resource over `upstream`, and policy that lets the application call it.
    pub(crate) async fn fill(&self, upstream: &str) -> anyhow::Result<()> {
        let config = json!({"auth_location": "header", "header_name": "X-Canary", "api_key": self.id});
        let body = json!({"name": "Canary", "kind": "api_key", "config_json": config});
        let provider: Made = self.made("/providers", body).await?;
        let body = json!({
            "name": "Canary", "identifier": RESOURCE, "upstream_url": upstream.trim_end_matches('/'), "scopes": [SCOPE],
            "credential_provider_id": provider.id, "operations": [{"method": "GET", "path": PATH, "scope": SCOPE}],
        });
        let _: Made = self.made("/resources", body).await?;
        let apps = json!({"canary": self.application.id});
        let grants = json!({RESOURCE: {"application": "canary", "roles": {"caller": [SCOPE]}}});
        let document = format!(
            "# caracal:data-document\npackage caracal.authz\nimport rego.v1\napp_ids := {apps}\ngrants := {grants}\n"
        );
        let policy: Version = self
            .made("/policies", json!({"name": "canary", "content": document}))
            .await?;
        let set: Made = self.made("/policy-sets", json!({"name": "canary"})).await?;
        let body = json!({"manifest": [{"policy_version_id": policy.version_id}]});
        let version: Version = self
            .made(&format!("/policy-sets/{}/versions", set.id), body)
            .await?;
        let path = format!("/policy-sets/{}/activate", set.id);
        let body = json!({"version_id": version.version_id});
        let answer = self.admin(Method::POST, &path, Some(body)).await?;
        let activation: Activation = answer.expect(202)?.read()?;
        self.until_in_force(&activation.status_url).await
    }

    async fn until_in_force(&self, status_url: &str) -> anyhow::Result<()> {
        let ends = Instant::now().checked_add(PROPAGATION);
        loop {
            let answer = self.control(Method::GET, status_url, None).await?;
            let status: Status = answer.expect(200)?.read()?;
            match status.propagation_status.as_str() {
                "loaded" => return Ok(()),
                "failed" => bail!("policy could not be loaded"),
                other => ensure!(
                    ends.is_some_and(|ends| Instant::now() < ends),
                    "policy is not in force after {} s ({other}): does the STS hear of changes?",
                    PROPAGATION.as_secs()
                ),
            }
            tokio::time::sleep(super::AGAIN).await;
        }
    }

    async fn exchange(&self, fields: &[(&str, &str)]) -> anyhow::Result<Answer> {
        let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", grant)
            .append_pair("zone_id", &self.id)
            .append_pair("application_id", &self.application.id)
            .append_pair("client_secret", &self.application.client_secret)
            .append_pair("resource", RESOURCE)
            .extend_pairs(fields)
            .finish();
        let url = format!("{}/oauth/2/token", self.deployment.sts.trim_end_matches('/'));
        let asked = Asked {
            body: Some((FORM, form)),
            ..Asked::default()
        };
        self.client.ask(Method::POST, &url, asked).await
    }

    async fn coordinate(
        &self,
        lifecycle: &str,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> anyhow::Result<Answer> {
        let base = self.deployment.coordinator.trim_end_matches('/');
        let asked = Asked {
            token: Some(lifecycle),
            body: body.map(|body| (JSON, body.to_string())),
            ..Asked::default()
        };
        let url = format!("{base}/zones/{}{path}", self.id);
        self.client.ask(method, &url, asked).await
    }

    /// Two sessions, and authority handed from one to the other.
    pub(crate) async fn session(&self) -> anyhow::Result<Session> {
        let answer = self.exchange(&[("scope", "agent:lifecycle")]).await?;
        let lifecycle: Minted = answer.expect(200).context("no lifecycle token")?.read()?;
        let lifecycle = lifecycle.access_token;
        let source = self.start(&lifecycle).await?;
        let id = self.start(&lifecycle).await?;
        let body = json!({
            "issuer_application_id": self.application.id, "receiver_application_id": self.application.id,
            "source_session_id": source, "target_session_id": id, "scopes": [SCOPE],
            "constraints": {"resources": [RESOURCE]}, "ttl_seconds": 300,
        });
        let answer = self
            .coordinate(&lifecycle, Method::POST, "/delegations", Some(body))
            .await?;
        let delegated: Delegated = answer.expect(201)?.read()?;
        Ok(Session {
            lifecycle,
            id,
            delegation: delegated.delegation_edge_id,
        })
    }

    async fn start(&self, lifecycle: &str) -> anyhow::Result<String> {
        let body = json!({"application_id": self.application.id, "ttl_seconds": 300, "labels": ["caller"]});
        let answer = self
            .coordinate(lifecycle, Method::POST, "/agents", Some(body))
            .await?;
        let started: Started = answer.expect(201)?.read()?;
        Ok(started.agent_session_id)
    }

    /// Ends the session.
    pub(crate) async fn end(&self, session: &Session) -> anyhow::Result<()> {
        let path = format!("/agents/{}", session.id);
        let answer = self
            .coordinate(&session.lifecycle, Method::DELETE, &path, None)
            .await?;
        answer.expect(204).map(|_| ())
    }

    /// Asks for a mandate.
    pub(crate) async fn mint(&self, session: &Session) -> anyhow::Result<Answer> {
        let fields = [
            ("scope", SCOPE),
            ("agent_session_id", session.id.as_str()),
            ("delegation_edge_id", session.delegation.as_str()),
        ];
        self.exchange(&fields).await
    }

    /// Its id.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// A call through the Gateway.
    pub(crate) async fn call(&self, mandate: &str, path: &str) -> anyhow::Result<Answer> {
        self.call_as(mandate, path, None).await
    }

    /// The same with a request id of the caller's.
    pub(crate) async fn call_as(
        &self,
        mandate: &str,
        path: &str,
        request_id: Option<&str>,
    ) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", self.deployment.gateway.trim_end_matches('/'));
        let asked = Asked {
            token: Some(mandate),
            resource: Some(RESOURCE),
            request_id,
            ..Asked::default()
        };
        self.client.ask(Method::GET, &url, asked).await
    }

    /// Puts the zone away.
    pub(crate) async fn archive(&self) -> anyhow::Result<()> {
        let answer = self.admin(Method::DELETE, "", None).await?;
        ensure!(
            (200..300).contains(&answer.status),
            "the canary's zone {} is left: {answer}",
            self.id
        );
        Ok(())
    }
}
