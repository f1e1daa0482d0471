//! A zone that is ready for governed calls.

use std::fmt::Write as _;

use caracal_testkit::upstream::Upstream;
use caracal_wire::control::resources::CreateResource;
use serde_json::json;

use crate::{Application, Reply, Stack, Zone};

/// The resource that is called.
pub const TICKETS: &str = "resource://tickets";
/// Another resource of the same application.
pub const OTHER: &str = "resource://other";
/// The resource's scope for reading: `GET /tickets`.
pub const READ: &str = "tickets:read";
/// The resource's scope for writing: `POST /tickets`.
pub const WRITE: &str = "tickets:write";
/// The resource's scope that no role holds: `DELETE /tickets`.
pub const GATE: &str = "tickets:gate";
/// All scopes of the resource.
pub const SCOPES: [&str; 3] = [READ, WRITE, GATE];
/// Where the upstream wants its key.
pub const KEY_HEADER: &str = "X-Api-Key";

/// A policy document in the making.
#[derive(Debug, Clone)]
pub struct Document(String);

impl Document {
    /// A document that says nothing yet.
    pub fn empty() -> Self {
        Self(String::from(
            "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n",
        ))
    }

    /// What the fixture runs with: the application owns both resources; readers read, writers also write; sessions
    /// labelled for a customer only read.
    pub fn of(application: &Application) -> Self {
        Self::empty()
            .rule("app_ids", &json!({"desk": application.id}))
            .rule(
                "grants",
                &json!({
                    TICKETS: {"application": "desk", "roles": {"reader": [READ], "writer": [READ, WRITE]}},
                    OTHER: {"application": "desk", "roles": {"reader": [READ], "writer": [READ, WRITE]}},
                }),
            )
            .rule(
                "confinement",
                &json!([{"label_prefix": "customer:", "scopes": [READ]}]),
            )
    }

    /// Adds a rule.
    #[must_use]
    pub fn rule(mut self, name: &str, value: &serde_json::Value) -> Self {
        let _ = writeln!(self.0, "{name} := {value}");
        self
    }
}

impl From<Document> for String {
    fn from(document: Document) -> Self {
        document.0
    }
}

/// A zone with an application, two resources and policy, over an upstream that remembers what reaches it.
#[derive(Debug)]
pub struct Fixture<'s> {
    /// The zone.
    pub zone: Zone<'s>,
    /// The application that acts.
    pub application: Application,
    /// The upstream of both resources.
    pub upstream: Upstream,
    /// The key that only the Gateway may present to the upstream, a canary: it must be nowhere else.
    pub key: String,
}

impl<'s> Fixture<'s> {
    /// Sets everything up, policy in force.
    pub async fn set_up(stack: &'s Stack) -> Self {
        let fixture = Self::without_policy(stack).await;
        fixture
            .zone
            .activate(&[Document::of(&fixture.application).into()])
            .await;
        fixture
    }

    /// Sets everything up but policy.
    pub async fn without_policy(stack: &'s Stack) -> Self {
        let upstream = Upstream::start_at(stack.near()).await;
        let zone = Zone::create(stack).await;
        let application = zone.application("desk").await;
        let key = format!("canary{}", uuid::Uuid::new_v4().simple());
        let provider = zone.api_key(KEY_HEADER, &key).await;
        for identifier in [TICKETS, OTHER] {
            let operations = [
                ("GET", "/tickets", READ),
                ("POST", "/tickets", WRITE),
                ("DELETE", "/tickets", GATE),
            ];
            let body = CreateResource::forwarding(identifier, upstream.url(), provider.clone(), &operations);
            zone.resource(&body).await;
        }
        Self {
            zone,
            application,
            upstream,
            key,
        }
    }

    /// Mints a lifecycle token.
    pub async fn lifecycle(&self) -> Reply {
        self.zone
            .exchange(
                &self.application,
                &[("resource", TICKETS), ("scope", "agent:lifecycle")],
            )
            .await
    }
}
