//! `caracald canary`: a governed call through a running deployment, and the calls beside it that must be refused.
//!
//! Ready says that a role could serve; this says that the roles together do: a mandate is minted, honoured once, refused
//! the second time, refused where nothing was declared and once its session ended, and the ledger has all of it. It works in a
//! zone of its own, which it archives whatever came out.

mod control;
pub(crate) mod zone;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, ensure};
use caracal_service::config::Settings;
use http::Method;
use tokio::time::Instant;

use self::zone::{CanaryZone, Session};
use super::{
    client::{Answer, Client, RequestOptions},
    say,
};
use crate::config::declared;

/// Longest wait for the ledger to have what was decided.
const LEDGER: Duration = Duration::from_secs(20);
/// Longest wait for a role to be ready, and for a network that only just heard of who asks.
const READY: Duration = Duration::from_secs(30);
/// Between two looks.
const AGAIN: Duration = Duration::from_millis(200);

/// Where the roles answer.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Deployment {
    /// The Control API. It is asked with `CARACAL_ADMIN_TOKEN`.
    #[arg(long, value_name = "URL", default_value = "http://localhost:3000")]
    pub(super) api: String,
    /// The token service. It is also what is called: its keys are the upstream.
    #[arg(long, value_name = "URL", default_value = "http://localhost:8080")]
    pub(super) sts: String,
    /// The Coordinator.
    #[arg(long, value_name = "URL", default_value = "http://localhost:4000")]
    pub(super) coordinator: String,
    /// The Gateway.
    #[arg(long, value_name = "URL", default_value = "http://localhost:8081")]
    pub(super) gateway: String,
    /// The token service as the Gateway reaches it, where that is another address.
    #[arg(long, value_name = "URL")]
    pub(super) upstream: Option<String>,
}

impl Deployment {
    /// Where its roles answer.
    pub(super) fn urls(&self) -> [&str; 4] {
        [&self.api, &self.sts, &self.coordinator, &self.gateway]
    }
}

/// Makes the calls; says what held, and ends at the first thing that did not.
pub(crate) fn run(deployment: &Deployment) -> anyhow::Result<ExitCode> {
    let mut settings = Settings::from_process();
    let token = settings
        .find(&declared::ADMIN_TOKEN)
        .context("CARACAL_ADMIN_TOKEN is missing: the canary makes its zone as an administrator")?;
    let client = Client::from_settings(&mut settings)?;
    super::block_on(async {
        let upstream = deployment.upstream.as_deref().unwrap_or(&deployment.sts);
        for role in deployment.urls() {
            ready(&client, role).await?;
        }
        say("ok  every role is ready")?;
        let zone = CanaryZone::make(&client, deployment, token.expose()).await?;
        let outcome = calls(&zone, upstream).await;
        // What a canary that failed left behind would be in everybody's list of zones.
        let archived = zone.archive().await;
        outcome?;
        archived?;
        say("ok  the zone is archived")?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Waits until the role at `url` is ready.
async fn ready(client: &Client, url: &str) -> anyhow::Result<()> {
    let ends = Instant::now().checked_add(READY);
    let url = format!("{}/ready", url.trim_end_matches('/'));
    loop {
        let asked = client.ask(Method::GET, &url, RequestOptions::default()).await;
        let Err(error) = asked.and_then(|answer| answer.expect(200).map(|_| ())) else {
            return Ok(());
        };
        if ends.is_none_or(|ends| Instant::now() >= ends) {
            return Err(error.context(format!("not ready after {} s", READY.as_secs())));
        }
        tokio::time::sleep(AGAIN).await;
    }
}

/// What must hold, in order.
async fn calls(zone: &CanaryZone<'_>, upstream: &str) -> anyhow::Result<()> {
    zone.fill(upstream).await?;
    let session = zone.session().await?;
    say("ok  a zone with an application, a credential, a resource, policy and a session")?;

    let mandate = zone.mandate(&session).await?;
    let answer = zone.call(&mandate, zone.declared()).await?;
    answer
        .expect(200)
        .context("a governed call did not reach its upstream")?;
    ensure!(
        answer.text().contains("\"keys\""),
        "the Gateway answered with something else than its upstream"
    );
    say("ok  a governed call reached its upstream")?;

    refused(
        &zone.call(&mandate, zone.declared()).await?,
        "a mandate that was used",
    )?;
    let other = zone.mandate(&session).await?;
    refused(
        &zone.call(&other, "/undeclared").await?,
        "an operation that nobody declared",
    )?;
    let held = zone.mandate(&session).await?;
    zone.end(&session).await?;
    let ended = zone.call(&held, zone.declared()).await?;
    refused(&ended, "a mandate of a session that ended")?;
    refused(&zone.mint(&session).await?, "a mandate for a session that ended")?;

    in_the_ledger(zone).await?;
    say("ok  the ledger has what was allowed and what was refused")?;
    Ok(())
}

/// Says that it was refused; anything else than a refusal is a failure, a role that is away, too.
fn refused(answer: &Answer, what: &str) -> anyhow::Result<()> {
    ensure!(
        matches!(answer.status, 400 | 401 | 403),
        "{what} was to be refused: {answer}"
    );
    Ok(say(&format!("ok  {what} is refused"))?)
}

/// Evidence is kept before an answer is sent and in the ledger a moment later.
async fn in_the_ledger(zone: &CanaryZone<'_>) -> anyhow::Result<()> {
    let ends = Instant::now().checked_add(LEDGER);
    loop {
        let answer = zone.read("/audit?limit=100&fields=decision").await?;
        let found: zone::Decisions = answer.expect(200)?.read()?;
        if found.has("allow") && found.has("deny") {
            return Ok(());
        }
        ensure!(
            ends.is_some_and(|ends| Instant::now() < ends),
            "the ledger does not have what was decided after {} s: is the Audit role there?",
            LEDGER.as_secs()
        );
        tokio::time::sleep(AGAIN).await;
    }
}

/// What belongs to one session.
impl CanaryZone<'_> {
    /// A mandate for the one declared operation.
    async fn mandate(&self, session: &Session) -> anyhow::Result<String> {
        let answer = self.mint(session).await?;
        let minted: zone::Minted = answer.expect(200).context("no mandate was minted")?.read()?;
        Ok(minted.access_token)
    }
}
