//! An agent: a session that acts under a delegation from another.

use caracal_wire::{
    coordinator::{
        delegations::{DelegationCreated, DelegationRevoked},
        sessions::SessionStarted,
    },
    sts::TokenResponse,
};
use serde_json::json;

use crate::{Fixture, Reply, Role, TICKETS};

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

impl Fixture<'_> {
    /// A writer who may read and write the tickets.
    pub async fn agent(&self) -> Agent {
        self.agent_with(&["writer"], &[crate::READ, crate::WRITE]).await
    }

    /// An agent with these labels, under a delegation of these scopes on the tickets and the other resource.
    pub async fn agent_with(&self, labels: &[&str], scopes: &[&str]) -> Agent {
        let lifecycle = self.lifecycle().await.expect(200).text_of("access_token");
        let source = self.session(&lifecycle, labels).await;
        let session = self.session(&lifecycle, labels).await;
        let delegation = self.delegate(&lifecycle, &source, &session, scopes).await;
        Agent {
            lifecycle,
            source,
            session,
            delegation,
        }
    }

    /// Starts a session; returns its id.
    pub async fn session(&self, lifecycle: &str, labels: &[&str]) -> String {
        let body = json!({"application_id": self.application.id, "ttl_seconds": 900, "labels": labels});
        let started = self
            .zone
            .coordinate(lifecycle, "POST", "/agents", Some(body))
            .await
            .expect(201);
        started
            .read::<SessionStarted>()
            .session
            .agent_session_id
            .to_string()
    }

    /// Hands `scopes` from session to session; returns the delegation's id.
    pub async fn delegate(&self, lifecycle: &str, source: &str, target: &str, scopes: &[&str]) -> String {
        let body = json!({
            "issuer_application_id": self.application.id, "receiver_application_id": self.application.id,
            "source_session_id": source, "target_session_id": target, "scopes": scopes,
            "constraints": {"resources": [TICKETS, crate::OTHER]}, "ttl_seconds": 900,
        });
        let made = self
            .zone
            .coordinate(lifecycle, "POST", "/delegations", Some(body))
            .await
            .expect(201);
        made.read::<DelegationCreated>().delegation_edge_id.to_string()
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
