//! What a governed call needs before it can be made: a zone with policy, applications, sessions, delegations.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use caracal_core::{ApplicationId, Secret, SessionId, World, entity::Constraints, json};
use caracal_wire::coordinator::{delegations::CreateDelegation, sessions::StartSession};

use crate::{
    http::Connection,
    json_client::{JsonClient, text},
    scan::text_member,
    stack::Stack,
    upstream::Upstream,
};

mod declared;

use self::declared::{Application, Declared};
pub(crate) use self::declared::{SetOfZone, activate, add_policy};

pub use crate::upstream::HANGING_PATH;

/// Path of the upstream that is called.
const PATH: &str = "/bench";
/// The one scope of the resource.
const SCOPE: &str = "bench:call";
/// The label whose role holds the scope.
const LABEL: &str = "bench";
/// Life of sessions and delegations, in seconds: longer than the longest run.
const LIFE_SECONDS: u32 = 7200;
/// Applications in one zone at most.
pub const MOST_APPLICATIONS: usize = 256;

/// A zone in which every agent may call the upstream.
#[derive(Debug)]
pub struct Fixture {
    /// The upstream behind the Gateway.
    pub upstream: Arc<Upstream>,
    /// One agent per application.
    pub agents: Vec<Arc<Agent>>,
    payload: usize,
    gateway: SocketAddr,
}

/// An application that nobody has used.
#[derive(Debug)]
pub struct Unused {
    zone: String,
    application: Application,
}

impl Unused {
    /// Its first use: a lifecycle token, two sessions and a delegation between them.
    ///
    /// # Errors
    /// When one of them is refused.
    pub async fn start(self, stack: &Stack) -> anyhow::Result<Agent> {
        Agent::start(stack, self.zone, self.application).await
    }
}

/// An application with a session that acts under a delegation.
#[derive(Debug)]
pub struct Agent {
    zone: String,
    application: ApplicationId,
    secret: Secret,
    resource: String,
    source_session: String,
    sts: SocketAddr,
    coordinator: SocketAddr,
    /// Authority that lasts as long as the fixture.
    pub grant: DelegatedSession,
}

/// Authority to call: a session and the delegation it acts under.
#[derive(Debug, Clone)]
pub struct DelegatedSession {
    /// The session that acts.
    pub session: String,
    /// The delegation it acts under.
    pub delegation: String,
}

impl Fixture {
    /// Sets everything up over the Control API and the Coordinator. Calls carry `payload` bytes both ways.
    ///
    /// # Errors
    /// The first call that fails.
    pub async fn set_up(
        stack: &Stack,
        world: &World,
        applications: usize,
        payload: usize,
    ) -> anyhow::Result<Self> {
        let upstream = Upstream::start(world, payload)
            .await
            .context("cannot start the upstream")?;
        Self::with(stack, world, applications, payload, Arc::new(upstream)).await
    }

    /// Another zone with one application, whose upstream is one that serves already.
    ///
    /// # Errors
    /// The first call that fails.
    pub async fn beside(stack: &Stack, world: &World, upstream: Arc<Upstream>) -> anyhow::Result<Self> {
        Self::with(stack, world, 1, 0, upstream).await
    }

    async fn with(
        stack: &Stack,
        world: &World,
        applications: usize,
        payload: usize,
        upstream: Arc<Upstream>,
    ) -> anyhow::Result<Self> {
        let declared = Declared::make(stack, world, applications, &upstream).await?;
        let mut agents = Vec::with_capacity(applications);
        for application in declared.applications {
            let agent = Agent::start(stack, declared.zone.clone(), application).await?;
            agents.push(Arc::new(agent));
        }
        Ok(Self {
            upstream,
            agents,
            payload,
            gateway: stack.gateway,
        })
    }

    /// A zone with applications that nobody has used.
    ///
    /// # Errors
    /// The first call that fails.
    pub async fn unused(
        stack: &Stack,
        world: &World,
        applications: usize,
    ) -> anyhow::Result<(Self, Vec<Unused>)> {
        let upstream = Upstream::start(world, 0)
            .await
            .context("cannot start the upstream")?;
        let declared = Declared::make(stack, world, applications, &upstream).await?;
        let fixture = Self {
            upstream: Arc::new(upstream),
            agents: Vec::new(),
            payload: 0,
            gateway: stack.gateway,
        };
        let unused = declared.applications.into_iter().map(|application| Unused {
            zone: declared.zone.clone(),
            application,
        });
        Ok((fixture, unused.collect()))
    }

    /// A connection to the Gateway.
    pub fn gateway_connection(&self) -> Connection {
        Connection::new(self.gateway)
    }

    /// The gateway request of an agent, without the mandate.
    pub fn gateway_request(&self, agent: &Agent) -> GatewayRequest {
        let body = vec![b'x'; self.payload];
        let method = if body.is_empty() { "GET" } else { "POST" };
        let head = format!(
            "{method} {PATH} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer ",
            self.gateway
        );
        let mut after = format!("\r\nX-Caracal-Resource: {}\r\n", agent.resource);
        if !body.is_empty() {
            after.push_str("Content-Type: application/octet-stream\r\nContent-Length: ");
            after.push_str(&body.len().to_string());
            after.push_str("\r\n");
        }
        after.push_str("\r\n");
        let mut after = after.into_bytes();
        after.extend_from_slice(&body);
        GatewayRequest {
            before: head.into_bytes(),
            after,
        }
    }
}

impl Agent {
    async fn start(stack: &Stack, zone: String, application: Application) -> anyhow::Result<Self> {
        let mut agent = Self {
            zone,
            application: application.id,
            secret: application.secret,
            resource: application.resource,
            source_session: String::new(),
            sts: stack.sts,
            coordinator: stack.coordinator,
            grant: DelegatedSession {
                session: String::new(),
                delegation: String::new(),
            },
        };
        let coordinator = agent.coordinator_client().await?;
        agent.source_session = agent.start_session(&coordinator).await?;
        agent.grant = agent.new_grant(&coordinator).await?;
        Ok(agent)
    }

    /// A Coordinator client with a fresh lifecycle token.
    ///
    /// # Errors
    /// When the token is refused.
    pub async fn coordinator_client(&self) -> anyhow::Result<JsonClient> {
        let request = self.token_request(&[("scope", "agent:lifecycle")]);
        let mut connection = Connection::new(self.sts);
        let token = mint(&mut connection, &request).await.context("lifecycle token")?;
        Ok(JsonClient::new(self.coordinator, Some(Secret::new(token))))
    }

    /// A new session and a new delegation to it, which others can end without ending anything else.
    ///
    /// # Errors
    /// When the Coordinator refuses.
    pub async fn new_grant(&self, coordinator: &JsonClient) -> anyhow::Result<DelegatedSession> {
        let session = self.start_session(coordinator).await?;
        let constraints = Constraints {
            resources: vec![self.resource.as_str().into()],
            ..Constraints::default()
        };
        let of = |session: &str| SessionId::parse(session).map(|id| (self.application.clone(), id));
        let body = CreateDelegation {
            constraints: Some(json::tree(&constraints)),
            ttl_seconds: Some(LIFE_SECONDS),
            ..CreateDelegation::between(of(&self.source_session)?, of(&session)?, vec![SCOPE.into()])
        };
        let body = json::tree(&body);
        let path = format!("/zones/{}/delegations", self.zone);
        let delegation = coordinator.call(201, "POST", &path, Some(&body)).await?;
        Ok(DelegatedSession {
            session,
            delegation: text(&delegation, "delegation_edge_id")?.to_owned(),
        })
    }

    async fn start_session(&self, coordinator: &JsonClient) -> anyhow::Result<String> {
        let body = json::tree(&self.session());
        let path = self.sessions_path();
        let session = coordinator.call(201, "POST", &path, Some(&body)).await?;
        Ok(text(&session, "agent_session_id")?.to_owned())
    }

    /// What makes a session of this agent. The source lives longer than what it hands on.
    pub fn session(&self) -> StartSession {
        StartSession {
            labels: Some(vec![LABEL.to_owned()]),
            ttl_seconds: Some(LIFE_SECONDS + 600),
            ..StartSession::of(self.application.clone())
        }
    }

    /// The path under which sessions are made and listed.
    pub fn sessions_path(&self) -> String {
        format!("/zones/{}/agents", self.zone)
    }

    /// The zone it lives in.
    pub fn zone(&self) -> &str {
        &self.zone
    }

    /// Its application.
    pub fn application(&self) -> &str {
        self.application.as_str()
    }

    /// The resource that it calls.
    pub fn resource(&self) -> &str {
        &self.resource
    }

    /// The path under which the Coordinator knows a session of this agent.
    pub fn session_path(&self, grant: &DelegatedSession) -> String {
        format!("/zones/{}/agents/{}", self.zone, grant.session)
    }

    /// The path that revokes a delegation of this agent.
    pub fn revocation_path(&self, grant: &DelegatedSession) -> String {
        format!("/zones/{}/delegations/{}/revoke", self.zone, grant.delegation)
    }

    /// Where this agent mints.
    pub fn sts(&self) -> SocketAddr {
        self.sts
    }

    /// The complete request for a mandate under `grant`.
    pub fn mint_request(&self, grant: &DelegatedSession) -> Vec<u8> {
        self.token_request(&[
            ("scope", SCOPE),
            ("agent_session_id", &grant.session),
            ("delegation_edge_id", &grant.delegation),
        ])
    }

    /// The complete request for a mandate by whoever says to be `application` with `secret`.
    pub fn login_request(&self, application: &str, secret: &str) -> Vec<u8> {
        self.login_request_in(&self.zone, application, secret)
    }

    /// The same in another zone.
    pub fn login_request_in(&self, zone: &str, application: &str, secret: &str) -> Vec<u8> {
        self.token_request_of(zone, application, secret, &[("scope", SCOPE)])
    }

    /// The complete request for `path` through the Gateway at `gateway`.
    pub fn call(&self, gateway: SocketAddr, path: &str, mandate: &str) -> Vec<u8> {
        format!(
            "GET {path} HTTP/1.1\r\nHost: {gateway}\r\nAuthorization: Bearer {mandate}\r\n\
             X-Caracal-Resource: {}\r\n\r\n",
            self.resource
        )
        .into_bytes()
    }

    fn token_request(&self, fields: &[(&str, &str)]) -> Vec<u8> {
        self.token_request_of(
            &self.zone,
            self.application.as_str(),
            self.secret.expose(),
            fields,
        )
    }

    fn token_request_of(
        &self,
        zone: &str,
        application: &str,
        secret: &str,
        fields: &[(&str, &str)],
    ) -> Vec<u8> {
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")
            .append_pair("zone_id", zone)
            .append_pair("application_id", application)
            .append_pair("client_secret", secret)
            .append_pair("resource", &self.resource)
            .extend_pairs(fields)
            .finish();
        format!(
            "POST /oauth/2/token HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.sts,
            body.len()
        )
        .into_bytes()
    }
}

/// Sends a token request and returns the token.
///
/// # Errors
/// When the STS does not answer 200 with a token.
pub async fn mint(connection: &mut Connection, request: &[u8]) -> anyhow::Result<String> {
    let answer = connection.exchange(request).await?;
    if answer.status != 200 {
        anyhow::bail!("the STS answered {}", answer.summary());
    }
    let token = text_member(answer.body, "access_token").context("the STS answered without access_token")?;
    Ok(token.to_owned())
}

/// A request through the Gateway around the place of its mandate.
#[derive(Debug, Clone)]
pub struct GatewayRequest {
    before: Vec<u8>,
    after: Vec<u8>,
}

impl GatewayRequest {
    /// Writes the request with `mandate` into `buffer`, replacing what it holds.
    pub fn write(&self, mandate: &str, buffer: &mut Vec<u8>) {
        buffer.clear();
        buffer.extend_from_slice(&self.before);
        buffer.extend_from_slice(mandate.as_bytes());
        buffer.extend_from_slice(&self.after);
    }
}
