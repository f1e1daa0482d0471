//! An agent: a session that acts under a delegation from another.

use caracal_core::{LIFECYCLE_SCOPE, json};
use caracal_wire::{
    coordinator::{
        delegations::{CreateDelegation, DelegationCreated, DelegationRevoked},
        sessions::{SessionStarted, StartSession},
    },
    sts::TokenResponse,
};
use serde_json::json;

use crate::{Application, Fixture, Reply, Role, TICKETS, Zone};

/// Two sessions of the fixture's application, and authority handed from one to the other.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Lifecycle token.
    pub lifecycle: String,
    /// The session that handed authority on.
    pub source: String,
    /// The session that acts.
    pub session: String,
    /// The delegation it acts under.
    pub delegation: String,
}

/// What goes through the Gateway besides the mandate.
#[derive(Debug, Clone)]
pub struct Call<'c> {
    /// Method.
    pub method: &'c str,
    /// Path and query.
    pub path: &'c str,
    /// Named resource.
    pub resource: &'c str,
    /// Request id to send.
    pub request_id: Option<&'c str>,
}

impl Default for Call<'_> {
    /// Reads the tickets.
    fn default() -> Self {
        Self {
            method: "GET",
            path: "/tickets",
            resource: TICKETS,
            request_id: None,
        }
    }
}

impl Application {
    /// What starts a task with these labels.
    pub fn task(&self, labels: &[&str]) -> StartSession {
        StartSession {
            labels: Some(labels.iter().copied().map(String::from).collect()),
            ttl_seconds: Some(900),
            ..StartSession::of(self.id.parse().expect("an id"))
        }
    }

    /// What hands `scopes` from one of its sessions to another.
    pub fn delegation(&self, sessions: [&str; 2], scopes: &[&str]) -> CreateDelegation {
        let end = |session: &str| {
            let session = session.parse().expect("an id");
            (self.id.parse().expect("an id"), session)
        };
        let [source, target] = sessions.map(end);
        let scopes = scopes.iter().copied().map(Into::into).collect();
        CreateDelegation {
            ttl_seconds: Some(900),
            ..CreateDelegation::between(source, target, scopes)
        }
    }
}

impl Zone<'_> {
    /// An agent of an application with these labels, under a delegation of `scopes` on `resources`.
    pub async fn agent(
        &self,
        application: &Application,
        labels: &[&str],
        scopes: &[&str],
        resources: &[&str],
    ) -> Agent {
        let fields = [("resource", resources[0]), ("scope", LIFECYCLE_SCOPE)];
        let minted = self.exchange(application, &fields).await.expect(200);
        let lifecycle = minted.read::<TokenResponse>().access_token;
        let source = self.session(&lifecycle, &application.task(labels)).await;
        let session = self.session(&lifecycle, &application.task(labels)).await;
        let body = application.delegation([&source, &session], scopes);
        let delegation = self.delegate(&lifecycle, body, resources).await;
        Agent {
            lifecycle,
            source,
            session,
            delegation,
        }
    }

    /// Starts a session; returns its id.
    pub async fn session(&self, lifecycle: &str, body: &StartSession) -> String {
        let body = Some(json::tree(body));
        let started = self.coordinate(lifecycle, "POST", "/agents", body).await;
        let started: SessionStarted = started.expect(201).read();
        started.session.agent_session_id.to_string()
    }

    /// Hands on what `body` says, on `resources` alone; returns the delegation's id.
    pub async fn delegate(&self, lifecycle: &str, body: CreateDelegation, resources: &[&str]) -> String {
        let body = json::tree(&CreateDelegation {
            constraints: Some(json!({ "resources": resources })),
            ..body
        });
        let made = self
            .coordinate(lifecycle, "POST", "/delegations", Some(body))
            .await;
        let made: DelegationCreated = made.expect(201).read();
        made.delegation_edge_id.to_string()
    }
}

impl Fixture<'_> {
    /// A writer who may read and write the tickets.
    pub async fn agent(&self) -> Agent {
        self.agent_with(&["writer"], &[crate::READ, crate::WRITE]).await
    }

    /// An agent with these labels, under a delegation of these scopes on the tickets and the other resource.
    pub async fn agent_with(&self, labels: &[&str], scopes: &[&str]) -> Agent {
        let resources = [TICKETS, crate::OTHER];
        self.zone
            .agent(&self.application, labels, scopes, &resources)
            .await
    }

    /// Starts a session; returns its id.
    pub async fn session(&self, lifecycle: &str, labels: &[&str]) -> String {
        let body = self.application.task(labels);
        self.zone.session(lifecycle, &body).await
    }

    /// Hands `scopes` from session to session; returns the delegation's id.
    pub async fn delegate(&self, lifecycle: &str, source: &str, target: &str, scopes: &[&str]) -> String {
        let body = self.application.delegation([source, target], scopes);
        let on = [TICKETS, crate::OTHER];
        self.zone.delegate(lifecycle, body, &on).await
    }

    /// Asks for a mandate on the tickets.
    pub async fn mint(&self, agent: &Agent, scope: &str) -> Reply {
        self.mint_with(agent, scope, &[]).await
    }

    /// Asks for a mandate on the tickets with further form fields.
    pub async fn mint_with(&self, agent: &Agent, scope: &str, more: &[(&str, &str)]) -> Reply {
        Reply::of(self.mint_request(agent, scope, more)).await
    }

    /// The request of [`Fixture::mint_with`], not yet sent.
    pub fn mint_request(&self, agent: &Agent, scope: &str, more: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let mut fields = vec![
            ("resource", TICKETS),
            ("scope", scope),
            ("agent_session_id", agent.session.as_str()),
            ("delegation_edge_id", agent.delegation.as_str()),
        ];
        fields.extend_from_slice(more);
        self.zone.exchange_request(&self.application, &fields)
    }

    /// A mandate on the tickets.
    pub async fn mandate(&self, agent: &Agent, scope: &str) -> String {
        let minted = self.mint(agent, scope).await.expect(200);
        minted.read::<TokenResponse>().access_token
    }

    /// Reads the tickets through the Gateway.
    pub async fn call(&self, mandate: &str) -> Reply {
        self.call_with(mandate, &Call::default()).await
    }

    /// One request through the Gateway.
    pub async fn call_with(&self, mandate: &str, call: &Call<'_>) -> Reply {
        Reply::of(self.call_request(mandate, call)).await
    }

    /// The request of [`Fixture::call_with`], not yet sent.
    pub fn call_request(&self, mandate: &str, call: &Call<'_>) -> reqwest::RequestBuilder {
        let request = self.zone.stack.request(Role::Gateway, call.method, call.path);
        let request = request
            .bearer_auth(mandate)
            .header("X-Caracal-Resource", call.resource);
        match call.request_id {
            Some(id) => request.header("X-Request-Id", id),
            None => request,
        }
    }

    /// A Coordinator call about the acting session; `path` follows its id.
    pub async fn about_session(&self, agent: &Agent, method: &str, path: &str) -> Reply {
        self.zone
            .coordinate(
                &agent.lifecycle,
                method,
                &format!("/agents/{}{path}", agent.session),
                None,
            )
            .await
    }

    /// Revokes the delegation.
    pub async fn revoke(&self, agent: &Agent) -> DelegationRevoked {
        let path = format!("/delegations/{}/revoke", agent.delegation);
        self.zone
            .coordinate(&agent.lifecycle, "PATCH", &path, None)
            .await
            .expect(200)
            .read()
    }
}
