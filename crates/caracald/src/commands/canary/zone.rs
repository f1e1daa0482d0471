//! The canary's zone, and what is asked of each role about it.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use caracal_core::{
    ApplicationId, PolicySetVersionId, PolicyVersionId, ProviderId, SessionId, entity::Constraints,
};
use caracal_wire::{
    control::{
        Line,
        applications::CreateApplication,
        policies::CreatePolicy,
        policy_sets::{ActivateVersion, AddSetVersion, CreatePolicySet, ManifestEntry},
        providers::CreateProvider,
        resources::CreateResource,
    },
    coordinator::{delegations::CreateDelegation, sessions::StartSession},
};
use http::Method;
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    Answer, Client, Deployment, RequestOptions,
    control::{Control, Created, JSON},
};

/// The resource.
const RESOURCE: &str = "resource://canary";
/// Its one scope.
const SCOPE: &str = "canary:call";
/// Its one operation.
const PATH: &str = "/.well-known/jwks.json";
/// What all that has a name is called.
const NAME: &str = "canary";
/// Label of its sessions.
const LABEL: &str = "caller";
/// Seconds that a session and its delegation live, unless they are ended.
const LIFE_SECONDS: u32 = 300;
/// Longest wait for policy to be in force.
const PROPAGATION: Duration = Duration::from_secs(20);
const FORM: &str = "application/x-www-form-urlencoded";

#[derive(Deserialize)]
struct Application {
    id: ApplicationId,
    client_secret: String,
}

#[derive(Debug, Deserialize)]
struct Version<I> {
    version_id: I,
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
    agent_session_id: SessionId,
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
    id: SessionId,
    delegation: String,
}

impl Session {
    /// Whose end is asked for.
    pub(crate) const fn id(&self) -> &SessionId {
        &self.id
    }
}

/// The zone.
pub(crate) struct CanaryZone<'c> {
    control: Control<'c>,
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
        let control = Control::make_zone(client, deployment, token, NAME).await?;
        let body = CreateApplication::named(NAME);
        match control.made("/applications", &body).await {
            Ok(application) => Ok(Self {
                declared: format!("{PATH}?zone_id={}", control.zone),
                control,
                application,
            }),
            Err(error) => {
                let _ = control.archive().await;
                Err(error)
            }
        }
    }

    /// Path and query of the declared operation.
    pub(crate) fn declared(&self) -> &str {
        &self.declared
    }

    /// What the Control API says below the zone.
    pub(crate) async fn read(&self, path: &str) -> anyhow::Result<Answer> {
        self.control.below(Method::GET, path, None).await
    }

    /// A credential, a resource over `upstream`, and policy that lets the application call it.
    pub(crate) async fn fill(&self, upstream: &str) -> anyhow::Result<()> {
        let body = CreateProvider::api_key(NAME, "X-Canary", &self.control.zone);
        let provider: Created<ProviderId> = self.control.made("/providers", &body).await?;
        let upstream = upstream.trim_end_matches('/');
        let body = CreateResource {
            name: Some(Line(NAME.to_owned())),
            ..CreateResource::forwarding(RESOURCE, upstream, provider.id, &[("GET", PATH, SCOPE)])
        };
        let _: Created = self.control.made("/resources", &body).await?;
        let document = format!(
            "# caracal:data-document\npackage caracal.authz\nimport rego.v1\napp_ids := {{\"canary\": {:?}}}\ngrants := {{{RESOURCE:?}: {{\"application\": \"canary\", \"roles\": {{{LABEL:?}: [{SCOPE:?}]}}}}}}\n",
            self.application.id.as_str()
        );
        let body = CreatePolicy {
            name: Line(NAME.to_owned()),
            description: None,
            content: document,
        };
        let policy: Version<PolicyVersionId> = self.control.made("/policies", &body).await?;
        let body = CreatePolicySet {
            name: Line(NAME.to_owned()),
            description: None,
        };
        let set: Created = self.control.made("/policy-sets", &body).await?;
        let body = AddSetVersion {
            manifest: vec![ManifestEntry {
                policy_version_id: policy.version_id,
            }],
        };
        let path = format!("/policy-sets/{}/versions", set.id);
        let version: Version<PolicySetVersionId> = self.control.made(&path, &body).await?;
        let path = format!("/policy-sets/{}/activate", set.id);
        let body = ActivateVersion {
            version_id: version.version_id,
        };
        let body = serde_json::to_string(&body)?;
        let answer = self.control.below(Method::POST, &path, Some(body)).await?;
        let activation: Activation = answer.expect(202)?.read()?;
        self.until_in_force(&activation.status_url).await
    }

    async fn until_in_force(&self, status_url: &str) -> anyhow::Result<()> {
        let ends = Instant::now().checked_add(PROPAGATION);
        loop {
            let answer = self.control.ask(Method::GET, status_url, None).await?;
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
            .append_pair("zone_id", &self.control.zone)
            .append_pair("application_id", self.application.id.as_str())
            .append_pair("client_secret", &self.application.client_secret)
            .append_pair("resource", RESOURCE)
            .extend_pairs(fields)
            .finish();
        let url = format!(
            "{}/oauth/2/token",
            self.control.deployment.sts.trim_end_matches('/')
        );
        let asked = RequestOptions {
            body: Some((FORM, form)),
            ..RequestOptions::default()
        };
        self.control.client.ask(Method::POST, &url, asked).await
    }

    async fn coordinate(
        &self,
        lifecycle: &str,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> anyhow::Result<Answer> {
        let base = self.control.deployment.coordinator.trim_end_matches('/');
        let asked = RequestOptions {
            token: Some(lifecycle),
            body: body.map(|body| (JSON, body)),
            ..RequestOptions::default()
        };
        let url = format!("{base}/zones/{}{path}", self.control.zone);
        self.control.client.ask(method, &url, asked).await
    }

    /// Two sessions, and authority handed from one to the other.
    pub(crate) async fn session(&self) -> anyhow::Result<Session> {
        let answer = self.exchange(&[("scope", "agent:lifecycle")]).await?;
        let lifecycle: Minted = answer.expect(200).context("no lifecycle token")?.read()?;
        let lifecycle = lifecycle.access_token;
        let source = self.start(&lifecycle).await?;
        let id = self.start(&lifecycle).await?;
        let constraints = Constraints {
            resources: vec![RESOURCE.into()],
            ..Constraints::default()
        };
        let of = |session| (self.application.id.clone(), session);
        let body = CreateDelegation {
            constraints: Some(serde_json::to_value(constraints)?),
            ttl_seconds: Some(LIFE_SECONDS),
            ..CreateDelegation::between(of(source), of(id.clone()), vec![SCOPE.into()])
        };
        let body = serde_json::to_string(&body)?;
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

    async fn start(&self, lifecycle: &str) -> anyhow::Result<SessionId> {
        let body = StartSession {
            labels: Some(vec![LABEL.to_owned()]),
            ttl_seconds: Some(LIFE_SECONDS),
            ..StartSession::of(self.application.id.clone())
        };
        let body = serde_json::to_string(&body)?;
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
        &self.control.zone
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
        let url = format!("{}{path}", self.control.deployment.gateway.trim_end_matches('/'));
        let asked = RequestOptions {
            token: Some(mandate),
            resource: Some(RESOURCE),
            request_id,
            ..RequestOptions::default()
        };
        self.control.client.ask(Method::GET, &url, asked).await
    }

    /// Puts the zone away.
    pub(crate) async fn archive(&self) -> anyhow::Result<()> {
        self.control.archive().await
    }
}
