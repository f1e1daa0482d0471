//! `caracald drill`: breaks a part of somebody's own deployment on purpose, keeps governed calls going, and checks what was
//! promised for that part.
//!
//! The command breaks nothing by itself but what the API lets it: the part is broken and mended by commands that the
//! operator gives, and where something has to be found, by another one that looks.

mod asked;
mod hooks;
mod report;
mod traffic;

use std::{process::ExitCode, time::Duration};

use anyhow::{Context as _, ensure};
use caracal_core::Secret;
use caracal_crypto::system_world;
use caracal_service::config::{Role, Settings};
use http::Method;
use serde::Deserialize;
use tokio::time::Instant;

pub(crate) use self::asked::Command;
use self::{
    asked::{Drill, DrillOptions},
    hooks::{Detection, detects, hook},
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

/// How long calls go on before anything is broken, and after everything is back: as long as the fault lasts, and no longer
/// than this.
const CALM: Duration = Duration::from_secs(3);
/// Calls that must have passed before anything is broken.
const ENOUGH: usize = 5;
/// Longest wait for these.
const HEALTHY: Duration = Duration::from_secs(30);

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
    ensure!(
        wanted.detected_by.is_some() || !wanted.drill.needs_detection(),
        "{} needs --detect: the command that has to find what --break did",
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
    let Course {
        back_after,
        detection,
    } = scripted?;
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
            counts.used_after_end.is_empty() && counts.ended > 0,
            match counts.used_after_end.first() {
                None => format!("{} ended, 0 were used afterwards", counts.ended),
                Some(first) => format!(
                    "{} ended, {} were used afterwards: {first}",
                    counts.ended,
                    counts.used_after_end.len()
                ),
            },
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
    promises.extend(detection.map(Detection::expected));
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

/// What came of breaking and mending.
struct Course {
    /// How long it took until everything was back; nothing when it did not come back.
    back_after: Option<Duration>,
    detection: Option<Detection>,
}

/// Breaks, waits, looks, mends, and waits until everything is back.
async fn script(
    wanted: &DrillOptions,
    zone: &CanaryZone<'_>,
    client: &Client,
    operator_token: Option<&str>,
    traffic: &Traffic<'_>,
) -> anyhow::Result<Course> {
    let lasts = Duration::from_secs(wanted.lasts);
    tokio::time::sleep(CALM.min(lasts)).await;
    let calm = tokio::time::timeout(HEALTHY, traffic.until_passed(Phase::Before, ENOUGH)).await;
    ensure!(
        calm.is_ok() && traffic.counts().wrong.is_empty(),
        "calls do not pass before anything is broken; nothing was touched"
    );
    if let Some(command) = &wanted.detected_by {
        ensure!(
            !detects(command).await?,
            "the command of --detect finds something before anything is broken; nothing was touched"
        );
    }
    traffic.enter(Phase::Fault);
    let broken = match (&wanted.broken_by, wanted.drill) {
        (Some(command), _) => hook("--break", command).await,
        (None, Drill::KeyRotation) => rotate(wanted, zone, client, operator_token).await,
        (None, _) => Ok(()),
    };
    let mut while_broken = Ok(false);
    if broken.is_ok() {
        tokio::time::sleep(lasts).await;
        if let Some(command) = &wanted.detected_by {
            while_broken = detects(command).await;
        }
    }
    // Whatever came out: what was broken in part is mended as well.
    if let Some(command) = &wanted.mended_by {
        hook("--mend", command).await?;
    }
    broken?;
    let while_broken = while_broken?;
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
    let back_after = back.await.is_ok().then(|| ended.elapsed());
    if back_after.is_some() {
        tokio::time::sleep(CALM.min(lasts)).await;
    }
    let detection = match &wanted.detected_by {
        None => None,
        Some(command) => Some(Detection {
            while_broken,
            afterwards: detects(command).await?,
        }),
    };
    Ok(Course {
        back_after,
        detection,
    })
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
