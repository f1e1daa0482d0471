//! The session that the program acts in, and a mandate for each of its requests.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use hyper::{Method, StatusCode};
use serde::Serialize;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::application::Application;
use super::refused::Refused;
use super::target::Target;
use crate::http::{Http, Reply};
use crate::output::note;
use crate::run::notice::Notice;

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Seconds that a session lives at most, as the Coordinator bounds it.
const LIFE_SECONDS: u32 = 86_400;
const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";

/// What one target is reached with.
struct Edge {
    resource: String,
    scopes: String,
    delegation: String,
}

/// A session with authority over the targets.
pub(super) struct Authority {
    application: Application,
    http: Http,
    /// Ends everything with it.
    root: String,
    /// The one that the program acts in.
    session: String,
    edges: Vec<Edge>,
    /// The approval that a target waits for, by its place.
    held: Mutex<HashMap<usize, String>>,
}

/// Starts a session.
#[derive(Serialize)]
struct NewSession<'a> {
    application_id: &'a str,
    ttl_seconds: u32,
    labels: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_authority: Option<&'static str>,
}

/// Hands authority over one target from one session to another.
#[derive(Serialize)]
struct NewDelegation<'a> {
    issuer_application_id: &'a str,
    receiver_application_id: &'a str,
    source_session_id: &'a str,
    target_session_id: &'a str,
    scopes: &'a [String],
    constraints: Constraints<'a>,
    ttl_seconds: u32,
}

#[derive(Serialize)]
struct Constraints<'a> {
    resources: [&'a str; 1],
}

impl Authority {
    /// Starts a session, and below it the program's own with no more than the targets' scopes.
    ///
    /// # Errors
    /// One sentence when the application or a scope is refused.
    pub(super) async fn begin(
        application: Application,
        http: Http,
        targets: &[Target],
        labels: &[String],
    ) -> anyhow::Result<Self> {
        let mut authority = Self {
            application,
            http,
            root: String::new(),
            session: String::new(),
            edges: Vec::new(),
            held: Mutex::default(),
        };
        let resource = targets
            .first()
            .map(|target| target.resource.clone())
            .unwrap_or_default();
        let token = authority.lifecycle(&resource).await?;
        authority.root = authority.start(&token, None, labels).await?;
        if let Err(error) = authority.hand_on(&token, targets, labels).await {
            authority.end().await;
            return Err(error);
        }
        Ok(authority)
    }

    async fn hand_on(&mut self, token: &str, targets: &[Target], labels: &[String]) -> anyhow::Result<()> {
        self.session = self.start(token, Some(&self.root), labels).await?;
        for target in targets {
            let asked = NewDelegation {
                issuer_application_id: &self.application.id,
                receiver_application_id: &self.application.id,
                source_session_id: &self.root,
                target_session_id: &self.session,
                scopes: &target.scopes,
                constraints: Constraints {
                    resources: [&target.resource],
                },
                ttl_seconds: LIFE_SECONDS,
            };
            let body = serde_json::to_string(&asked)?;
            let made = self.coordinate(token, Method::POST, "/delegations", body).await?;
            if made.status != StatusCode::CREATED {
                bail!("{} is not given to the program: {}", target.resource, made.why());
            }
            self.edges.push(Edge {
                resource: target.resource.clone(),
                scopes: target.scopes.join(" "),
                delegation: text(&made, "delegation_edge_id")?,
            });
        }
        Ok(())
    }

    async fn start(&self, token: &str, parent: Option<&str>, labels: &[String]) -> anyhow::Result<String> {
        let asked = NewSession {
            application_id: &self.application.id,
            ttl_seconds: LIFE_SECONDS,
            labels,
            parent_id: parent,
            // What it may do is handed to it.
            parent_authority: parent.map(|_| "none"),
        };
        let body = serde_json::to_string(&asked)?;
        let started = self.coordinate(token, Method::POST, "/agents", body).await?;
        if started.status != StatusCode::CREATED {
            bail!("no session is started for the program: {}", started.why());
        }
        text(&started, "agent_session_id")
    }

    /// `body` is JSON, or empty.
    async fn coordinate(
        &self,
        token: &str,
        method: Method,
        path: &str,
        body: String,
    ) -> anyhow::Result<Reply> {
        let url = format!(
            "{}/zones/{}{path}",
            self.application.coordinator, self.application.zone
        );
        let bearer = Zeroizing::new(format!("Bearer {token}"));
        let mut headers = vec![("Authorization", bearer.as_str())];
        if !body.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        self.http.ask(method, &url, &headers, body, TIMEOUT).await
    }

    async fn exchange(&self, fields: &[(&str, &str)]) -> anyhow::Result<Reply> {
        let url = format!("{}/oauth/2/token", self.application.sts);
        let who = [
            ("grant_type", EXCHANGE),
            ("zone_id", self.application.zone.as_str()),
            ("application_id", self.application.id.as_str()),
            ("client_secret", self.application.secret.as_str()),
        ];
        self.http.form(&url, &[&who, fields].concat(), &[], TIMEOUT).await
    }

    async fn lifecycle(&self, resource: &str) -> anyhow::Result<Zeroizing<String>> {
        let minted = self
            .exchange(&[("resource", resource), ("scope", "agent:lifecycle")])
            .await?;
        if minted.status != StatusCode::OK {
            bail!(
                "the application {} is not let in: {}",
                self.application.id,
                minted.why()
            );
        }
        text(&minted, "access_token").map(Zeroizing::new)
    }

    /// Identifier of the resource of a target.
    pub(super) fn resource(&self, place: usize) -> &str {
        self.edges.get(place).map_or("", |edge| edge.resource.as_str())
    }

    /// A mandate for one request to the target at `place`.
    ///
    /// # Errors
    /// The STS's refusal, or a 502 with a sentence where it cannot be asked.
    pub(super) async fn mandate(&self, place: usize) -> Result<Zeroizing<String>, Refused> {
        let Some(edge) = self.edges.get(place) else {
            return Err(Refused::unreachable("there is no such target"));
        };
        let approval = self.held.lock().await.get(&place).cloned();
        let mut fields = vec![
            ("resource", edge.resource.as_str()),
            ("scope", edge.scopes.as_str()),
            ("agent_session_id", self.session.as_str()),
            ("delegation_edge_id", edge.delegation.as_str()),
        ];
        if let Some(approval) = &approval {
            fields.push(("approval_id", approval));
        }
        let minted = match self.exchange(&fields).await {
            Ok(minted) => minted,
            Err(error) => return Err(Refused::unreachable(&format!("{error:#}"))),
        };
        if minted.status == StatusCode::OK {
            // Approvals are good for one mandate.
            self.held.lock().await.remove(&place);
            let mandate = minted.text("access_token").map(str::to_owned);
            return mandate
                .map(Zeroizing::new)
                .ok_or_else(|| Refused::unreachable("the STS answered without a mandate"));
        }
        match minted.text("approval_id") {
            Some(id) if minted.text("error") == Some("interaction_required") => {
                let told = self.held.lock().await.insert(place, id.to_owned());
                if told.as_deref() != Some(id) {
                    let ends = minted.text("approval_expires_at");
                    Notice::approval(&edge.resource, id, ends).tell();
                }
            }
            // Decided against, or ended: the next request asks anew.
            _ if approval.is_some() => {
                self.held.lock().await.remove(&place);
            }
            _ => {}
        }
        Err(Refused {
            status: minted.status,
            body: minted.body.to_string(),
        })
    }

    /// Ends the session with all below it. What cannot be ended now ends by itself within a day.
    pub(super) async fn end(&self) {
        if self.root.is_empty() {
            return;
        }
        let ended = async {
            let resource = self.edges.first().map_or("", |edge| edge.resource.as_str());
            let token = self.lifecycle(resource).await?;
            let path = format!("/agents/{}", self.root);
            let reply = self
                .coordinate(&token, Method::DELETE, &path, String::new())
                .await?;
            if !reply.status.is_success() && reply.status != StatusCode::NOT_FOUND {
                bail!("{}", reply.why());
            }
            anyhow::Ok(())
        };
        if let Err(error) = ended.await {
            note(&format!("the session {} is not ended: {error:#}", self.root));
        }
    }
}

fn text(reply: &Reply, name: &str) -> anyhow::Result<String> {
    let found = reply.text(name).map(str::to_owned);
    found.with_context(|| format!("the answer has no {name}"))
}
