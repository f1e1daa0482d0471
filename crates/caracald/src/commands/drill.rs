//! `caracald drill`: breaks a part of somebody's own deployment on purpose, keeps governed calls going, and checks what was
//! promised for that part.
//!
//! The command breaks nothing by itself but what the API lets it: the part is broken and mended by commands that the
//! operator gives. What needs the inside of a process or of a disk is tried on a stack of its own (`make drills`).

mod asked;
mod report;
mod traffic;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, bail, ensure};
use caracal_core::Secret;
use caracal_crypto::system_world;
use caracal_service::config::{Role, Settings};
use http::Method;
use serde::Deserialize;
use tokio::time::Instant;

pub(crate) use self::asked::Command;
use self::{
    asked::{Drill, DrillOptions},
    report::{Expectation, Report},
    traffic::{Phase, Traffic},
};
use super::{
    canary::{Deployment, zone::CanaryZone},
    client::{Client, RequestOptions},
    processes::{Operator, Process, values},
    say,
};
use crate::config::declared;

/// How long calls go on before anything is broken, and after everything is back.
const CALM: Duration = Duration::from_secs(3);
/// Calls that must have passed before anything is broken.
const ENOUGH: usize = 5;
/// Longest wait for these.
const HEALTHY: Duration = Duration::from_secs(30);
/// Longest run of a command that breaks or mends.
const HOOK: Duration = Duration::from_mins(10);

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
}

/// Runs one of them.
pub(crate) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Run(wanted) => drill(wanted),
        Command::Verify { report, trust } => {
            let report = report::verify(report, trust)?;
            say(&format!(
                "the signature holds: {} of {}, {}",
                report.drill,
                report.target,
                if report.holds {
                    "every promise held"
                } else {
                    "not every promise held"
                }
            ))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn drill(wanted: &DrillOptions) -> anyhow::Result<ExitCode> {
    ensure!(
        wanted.broken_by.is_some() || !wanted.drill.needs_hook(),
        "{} needs --break and --mend: the commands that break and mend what you run",
        wanted.drill.name()
    );
    let mut settings = Settings::from_process();
    let token = settings
        .find(&declared::ADMIN_TOKEN)
        .context("CARACAL_ADMIN_TOKEN is missing: the drill makes its zone as an administrator")?;
    let operator_token = settings.find(&declared::STS_ADMIN_TOKEN);
    let bearer = settings.find(&declared::METRICS_BEARER);
    // Before anything is broken: a report that cannot be written or signed is found out too late otherwise.
    let signer = report::Signer::read(&wanted.sign_with)?;
    report::writable(&wanted.report)?;
    let client = Client::from_settings(&mut settings)?;
    let report = super::block_on(async {
        guard(wanted, &client, bearer.as_ref().map(Secret::expose)).await?;
        let zone = CanaryZone::make(&client, &wanted.deployment, token.expose()).await?;
        let outcome = in_zone(
            wanted,
            &zone,
            &client,
            operator_token.as_ref().map(Secret::expose),
        )
        .await;
        let archived = zone.archive().await;
        let report = outcome?;
        archived?;
        Ok(report)
    })?;
    let files = report.write(&wanted.report, &signer)?;
    say(&format!(
        "{}\nwrote {files}\npublic key {}",
        report.lines(),
        signer.public()
    ))?;
    Ok(if report.holds {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether what answers is what was typed, and may be broken.
async fn guard(wanted: &DrillOptions, client: &Client, bearer: Option<&str>) -> anyhow::Result<()> {
    let sts = wanted.deployment.sts.trim_end_matches('/');
    let url = format!("{sts}/.well-known/oauth-authorization-server");
    let answer = client.ask(Method::GET, &url, RequestOptions::default()).await?;
    let metadata: Metadata = answer.expect(200)?.read()?;
    ensure!(
        metadata.issuer == wanted.target,
        "{sts} is {}, not {}; nothing was touched",
        metadata.issuer,
        wanted.target
    );
    let process = Process {
        role: Role::Sts,
        url: sts.to_owned(),
        name: sts.to_owned(),
    };
    let bearers: Vec<String> = bearer.map(str::to_owned).into_iter().collect();
    // What does not show its mode is taken for the strictest.
    let shown = Operator::new()?
        .metrics(&process, &bearers)
        .await
        .unwrap_or_default();
    let gentle = ["dev", "rc"].iter().any(|mode| {
        let labels = format!("mode=\"{mode}\"");
        values(&shown, "caracal_build_info", &labels).next().is_some()
    });
    ensure!(
        gentle || wanted.stable,
        "{} is in mode stable, or does not show its mode; say --stable if you mean it",
        wanted.target
    );
    Ok(())
}

async fn in_zone(
    wanted: &DrillOptions,
    zone: &CanaryZone<'_>,
    client: &Client,
    operator_token: Option<&str>,
) -> anyhow::Result<Report> {
    let upstream = wanted
        .deployment
        .upstream
        .as_deref()
        .unwrap_or(&wanted.deployment.sts);
    zone.fill(upstream).await?;
    let traffic = Traffic::start(zone).await?;
    let world = system_world();
    let began = world.now();
    let script = async {
        let outcome = script(wanted, zone, client, operator_token, &traffic).await;
        traffic.stop();
        outcome
    };
    let (scripted, (), ()) = tokio::join!(script, traffic.call(), traffic.end_sessions());
    let back_after = scripted?;
    let counts = traffic.counts();
    let lost = traffic.lost().await?;
    let during = counts.of(Phase::Fault);
    let mut promises = vec![
        Expectation::of(
            "what is answered is an allowed call, or a refusal that says when to come again",
            counts.wrong.is_empty(),
            match counts.wrong.first() {
                None => String::from("nothing else was answered"),
                Some(first) => format!("{} were not: {first}", counts.wrong.len()),
            },
        ),
        Expectation::of(
            "nothing of a session is good once its end was acknowledged",
            counts.used_after_end == 0 && counts.ended > 0,
            format!(
                "{} ended, {} were used afterwards",
                counts.ended, counts.used_after_end
            ),
        ),
        Expectation::of(
            "every call that passed is in the ledger",
            lost.is_empty(),
            match lost.first() {
                None => format!("all {} are", counts.passed_ids.len()),
                Some(first) => format!("{} are not, {first} among them", lost.len()),
            },
        ),
        Expectation::of(
            "calls pass again, and every role is ready, within the time given",
            back_after.is_some(),
            back_after.map_or_else(
                || format!("not within {} s", wanted.within),
                |after| format!("after {:.1} s", after.as_secs_f64()),
            ),
        ),
    ];
    if !wanted.drill.interrupts() {
        promises.push(Expectation::of(
            "no call is refused or finds nobody meanwhile",
            during.refused == 0 && during.unanswered == 0 && during.passed > 0,
            format!(
                "{} passed, {} were refused, {} found nobody",
                during.passed, during.refused, during.unanswered
            ),
        ));
    }
    Ok(Report::new(
        wanted.drill.name(),
        wanted.target.clone(),
        began,
        world.now(),
        &counts,
        promises,
    ))
}

/// Breaks, waits, mends, and waits until everything is back; how long that took, nothing when it did not come back.
async fn script(
    wanted: &DrillOptions,
    zone: &CanaryZone<'_>,
    client: &Client,
    operator_token: Option<&str>,
    traffic: &Traffic<'_>,
) -> anyhow::Result<Option<Duration>> {
    tokio::time::sleep(CALM).await;
    let calm = tokio::time::timeout(HEALTHY, traffic.until_passed(Phase::Before, ENOUGH)).await;
    ensure!(
        calm.is_ok() && traffic.counts().wrong.is_empty(),
        "calls do not pass before anything is broken; nothing was touched"
    );
    traffic.enter(Phase::Fault);
    let broken = match (&wanted.broken_by, wanted.drill) {
        (Some(command), _) => hook("--break", command).await,
        (None, Drill::KeyRotation) => rotate(wanted, zone, client, operator_token).await,
        (None, _) => Ok(()),
    };
    if broken.is_ok() {
        tokio::time::sleep(Duration::from_secs(wanted.lasts)).await;
    }
    // Whatever came out: what was broken in part is mended as well.
    if let Some(command) = &wanted.mended_by {
        hook("--mend", command).await?;
    }
    broken?;
    let ended = Instant::now();
    traffic.enter(Phase::Back);
    let within = Duration::from_secs(wanted.within);
    let back = tokio::time::timeout(within, async {
        traffic.until_passed(Phase::Back, 1).await;
        for role in wanted.deployment.urls() {
            while !is_ready(client, role).await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    });
    if back.await.is_err() {
        return Ok(None);
    }
    let after = ended.elapsed();
    tokio::time::sleep(CALM).await;
    Ok(Some(after))
}

async fn is_ready(client: &Client, url: &str) -> bool {
    let url = format!("{}/ready", url.trim_end_matches('/'));
    let asked = client.ask(Method::GET, &url, RequestOptions::default()).await;
    asked.is_ok_and(|answer| answer.status == 200)
}

/// Changes the signing key of the drill's zone.
async fn rotate(
    wanted: &DrillOptions,
    zone: &CanaryZone<'_>,
    client: &Client,
    operator_token: Option<&str>,
) -> anyhow::Result<()> {
    let token = operator_token.context("STS_ADMIN_TOKEN is missing: it rotates signing keys")?;
    let sts = wanted.deployment.sts.trim_end_matches('/');
    let url = format!("{sts}/internal/zones/{}/signing-key/rotate", zone.id());
    let asked = RequestOptions {
        token: Some(token),
        ..RequestOptions::default()
    };
    client.ask(Method::POST, &url, asked).await?.expect(200).map(drop)
}

/// Runs a command of the operator.
async fn hook(which: &str, command: &str) -> anyhow::Result<()> {
    let mut child = tokio::process::Command::new("/bin/sh")
        .args(["-c", command])
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot run the command of {which}"))?;
    match tokio::time::timeout(HOOK, child.wait()).await {
        Ok(status) => {
            let status = status.with_context(|| format!("the command of {which}"))?;
            ensure!(status.success(), "the command of {which} ended with {status}");
            Ok(())
        }
        Err(_) => bail!("the command of {which} ran longer than {} s", HOOK.as_secs()),
    }
}
