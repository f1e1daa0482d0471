//! Asking the STS for what a workload is started with.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures_util::future::join_all;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::identity::Identity;
use super::notice::Notice;
use crate::clock;
use crate::http::{Http, Reply};
use crate::output::note;

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait of one question about an approval, in seconds; the STS answers then.
const POLL_SECONDS: u64 = 25;
/// How long an approval is waited for that does not say when it ends, and at least.
const APPROVAL: (Duration, Duration) = (Duration::from_mins(5), Duration::from_secs(5));

/// A variable and what its credential is for.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Binding {
    pub(super) env: String,
    pub(super) resource: String,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default)]
    on_failure: Option<String>,
}

impl Binding {
    /// Whether the program starts without it.
    fn is_dispensable(&self) -> bool {
        self.optional && self.on_failure.as_deref() == Some("warn")
    }
}

#[derive(Debug, Deserialize)]
struct Manifest {
    bindings: Vec<Binding>,
}

/// What a variable is set to.
#[derive(Clone)]
pub(super) struct Credential {
    pub(super) value: Zeroizing<String>,
    /// Seconds since 1970.
    pub(super) expires_at: Option<i64>,
}

/// Why a credential could not be had.
struct Denied {
    reason: String,
    request: Option<String>,
}

impl From<anyhow::Error> for Denied {
    fn from(error: anyhow::Error) -> Self {
        Self {
            reason: format!("{error:#}"),
            request: None,
        }
    }
}

/// One launch: who asks, and the id that its questions have in common.
pub(super) struct Launcher {
    identity: Identity,
    http: Http,
    launch: String,
}

impl Launcher {
    pub(super) fn new(identity: Identity, http: Http) -> Self {
        let launch = uuid::Uuid::new_v4().to_string();
        Self {
            identity,
            http,
            launch,
        }
    }

    async fn post(&self, path: &str, more: &[(&str, &str)]) -> anyhow::Result<Reply> {
        let url = format!("{}{path}", self.identity.sts);
        let who = [
            ("workload_id", self.identity.workload.as_str()),
            ("secret", self.identity.secret.as_str()),
        ];
        let headers = [("X-Caracal-Launch-Id", self.launch.as_str())];
        self.http
            .form(&url, &[&who, more].concat(), &headers, TIMEOUT)
            .await
    }

    /// The variables of the workload.
    pub(super) async fn manifest(&self) -> anyhow::Result<Vec<Binding>> {
        let reply = self.post("/v1/run/manifest", &[]).await?;
        if reply.status != StatusCode::OK {
            bail!(
                "the STS does not say what {} is started with: {}",
                self.identity.workload,
                reply.why()
            );
        }
        let manifest: Manifest = serde_json::from_value(reply.body)
            .context("the STS answered with something that is no manifest")?;
        Ok(manifest.bindings)
    }

    /// The credentials of all bindings, asked for at the same time.
    ///
    /// # Errors
    /// When one that is needed cannot be had; what to know of each is on stderr then.
    pub(super) async fn credentials(
        &self,
        bindings: &[Binding],
    ) -> anyhow::Result<BTreeMap<String, Credential>> {
        let asked = bindings.iter().map(|binding| self.credential(binding));
        let mut minted = BTreeMap::new();
        let mut missing = Vec::new();
        for (binding, outcome) in bindings.iter().zip(join_all(asked).await) {
            match outcome {
                Ok(credential) => {
                    minted.insert(binding.env.clone(), credential);
                }
                Err(denied) if binding.is_dispensable() => {
                    note(&format!(
                        "{} is not set: {} ({})",
                        binding.env, denied.reason, binding.resource
                    ));
                }
                Err(denied) => {
                    let refused = Notice {
                        resource: &binding.resource,
                        reason: &denied.reason,
                        request_id: denied.request.as_deref(),
                        ..Notice::default()
                    };
                    refused.tell();
                    missing.push(binding.env.as_str());
                }
            }
        }
        if !missing.is_empty() {
            bail!("no credential for {}; nothing was started", missing.join(", "));
        }
        Ok(minted)
    }

    async fn credential(&self, binding: &Binding) -> Result<Credential, Denied> {
        let env = ("env", binding.env.as_str());
        let mut reply = self.post("/v1/run/credential", &[env]).await?;
        if reply.status == StatusCode::UNAUTHORIZED && reply.text("error") == Some("interaction_required") {
            let approval = self.approved(binding, &reply).await?;
            let approval = ("approval_id", approval.as_str());
            reply = self.post("/v1/run/credential", &[env, approval]).await?;
        }
        if reply.status != StatusCode::OK {
            return Err(Denied {
                reason: reply.why(),
                request: reply.text("requestId").map(str::to_owned),
            });
        }
        let value = reply
            .text("credential")
            .filter(|value| !value.contains('\0'))
            .context("the STS answered without a credential that can be set")?;
        Ok(Credential {
            value: Zeroizing::new(value.to_owned()),
            expires_at: reply.body.get("expires_at").and_then(serde_json::Value::as_i64),
        })
    }

    /// Waits until somebody approves, and gives the approval's id.
    async fn approved(&self, binding: &Binding, held: &Reply) -> Result<String, Denied> {
        let approval = held
            .text("approval_id")
            .context("the STS wants an approval and does not say which")?
            .to_owned();
        let ends = held.text("approval_expires_at");
        Notice {
            binding: held.text("binding"),
            ..Notice::approval(&binding.resource, &approval, ends)
        }
        .tell();
        let wait = ends.and_then(time_until).unwrap_or(APPROVAL.0).max(APPROVAL.1);
        let deadline = Instant::now() + wait;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            note(&format!(
                "{} waits for the approval {approval}, for {} s more",
                binding.env,
                left.as_secs()
            ));
            let seconds = left.as_secs().clamp(1, POLL_SECONDS);
            let url = format!("{}/approvals/{approval}?wait={seconds}", self.identity.sts);
            let timeout = Duration::from_secs(seconds + 10);
            let asked = Instant::now();
            let reply = self
                .http
                .ask(Method::GET, &url, &[], String::new(), timeout)
                .await?;
            match reply.text("state") {
                _ if reply.status != StatusCode::OK => return Err(denied(&approval, &reply.why())),
                Some("approved") => return Ok(approval),
                Some("pending") if Instant::now() < deadline => {
                    // An STS that answers at once is not asked in a circle.
                    let pause = Duration::from_secs(1).saturating_sub(asked.elapsed());
                    tokio::time::sleep(pause).await;
                }
                Some("pending") | None => return Err(denied(&approval, "approval_expired")),
                Some(state) => return Err(denied(&approval, &format!("approval_{state}"))),
            }
        }
    }
}

fn denied(approval: &str, reason: &str) -> Denied {
    Denied {
        reason: reason.to_owned(),
        request: Some(approval.to_owned()),
    }
}

fn time_until(instant: &str) -> Option<Duration> {
    let instant: jiff::Timestamp = instant.parse().ok()?;
    let seconds = u64::try_from(instant.as_second()).ok()?;
    Some(Duration::from_secs(seconds).saturating_sub(clock::now()))
}
