//! Failure drills: each part of a production deployment fails in turn while governed calls go on, and what clients
//! were told is held against the ledger.
//!
//! `cargo run -p caracal-e2e --example drills -- [--away SECONDS] [--only NAME] [--write FILE]` prints a table and ends
//! with 1 when a promise was broken: no success without authority, no acknowledged decision lost or doubled, answers
//! at once (503 with `Retry-After`) while it lasts, recovery without a hand.

mod load;
mod report;
mod revoker;

use std::{process::ExitCode, sync::Arc, time::Duration};

use caracal_e2e::{Deployment, Role, Scene, Stack};
use tokio::time::{Instant, sleep};

use crate::{
    load::{Load, Phase},
    report::{Report, table},
    revoker::Revoker,
};

/// Load before the fault and after the recovery.
const STEADY: Duration = Duration::from_secs(4);
/// What a supervisor takes to start a process that died.
const SUPERVISOR: Duration = Duration::from_secs(1);
/// Longest wait for the recovery.
const PATIENCE: Duration = Duration::from_mins(1);

/// What fails.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// SIGKILL; a supervisor starts it again.
    Kill(Role),
    /// SIGTERM, started again after the time away.
    Stop(Role),
    RedisAway,
    RedisRestart,
    RedisFlush,
    PostgresAway,
    PostgresRestart,
}

const DRILLS: [(&str, Fault); 12] = [
    ("kill -9 of API", Fault::Kill(Role::Api)),
    ("kill -9 of STS", Fault::Kill(Role::Sts)),
    ("kill -9 of Gateway", Fault::Kill(Role::Gateway)),
    ("kill -9 of Coordinator", Fault::Kill(Role::Coordinator)),
    ("kill -9 of Audit", Fault::Kill(Role::Audit)),
    ("Audit stopped", Fault::Stop(Role::Audit)),
    ("Coordinator stopped", Fault::Stop(Role::Coordinator)),
    ("Redis stopped", Fault::RedisAway),
    ("Redis restarted", Fault::RedisRestart),
    ("Redis flushed", Fault::RedisFlush),
    ("PostgreSQL stopped", Fault::PostgresAway),
    ("PostgreSQL restarted", Fault::PostgresRestart),
];

impl Fault {
    const fn deployment(self) -> Deployment {
        match self {
            Self::PostgresAway | Self::PostgresRestart => Deployment::ProductionAlone,
            _ => Deployment::Production,
        }
    }

    /// The role whose process is gone for a while, so that nobody can answer for it.
    const fn silent(self) -> Option<Role> {
        match self {
            Self::Kill(role) | Self::Stop(role) => Some(role),
            _ => None,
        }
    }

    /// Lets it happen and ends it; returns when it ended.
    async fn happen(self, stack: &Stack, away: Duration) -> Instant {
        let production = stack.production();
        match self {
            Self::Kill(role) => {
                stack.kill(role).await;
                sleep(SUPERVISOR).await;
            }
            Self::Stop(role) => {
                stack.terminate(role).await;
                sleep(away).await;
            }
            Self::RedisAway => {
                production.redis().await.kill();
                sleep(away).await;
                production.redis().await.restart();
            }
            Self::RedisRestart => production.redis().await.restart(),
            Self::RedisFlush => production.redis().await.flush(),
            Self::PostgresAway => {
                production.postgres().stop();
                sleep(away).await;
                production.postgres().restart();
            }
            Self::PostgresRestart => production.postgres().restart(),
        }
        let ended = Instant::now();
        stack.revive().await;
        ended
    }
}

async fn drill(name: &str, fault: Fault, away: Duration) -> Report {
    let stack = Stack::start(fault.deployment()).await;
    let scene = Scene::set_up(&stack).await;
    let load = Arc::new(Load::default());
    let mut revoker = Revoker::prepare(&scene, &load).await;
    let workers = load::agents(&scene).await;

    let script = async {
        sleep(STEADY).await;
        load.enter(Phase::Fault);
        let ended = fault.happen(&stack, away).await;
        let recovered = load.recovered(&stack, ended, PATIENCE).await;
        load.enter(Phase::After);
        sleep(STEADY).await;
        load.stop();
        recovered
    };
    let (recovered, (), ()) =
        tokio::join!(script, load::work(&load, &scene, &workers), revoker.work(&stack),);
    let still = revoker.good_for_something().await;
    let report = Report::of(name, fault.silent(), &load, recovered, still, &scene).await;
    stack.stop().await;
    report
}

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut away, mut only, mut file) = (Duration::from_secs(20), None, None);
    while let Some(argument) = arguments.next() {
        let value = arguments.next();
        match (argument.as_str(), value) {
            ("--away", Some(seconds)) => match seconds.parse() {
                Ok(seconds) => away = Duration::from_secs(seconds),
                Err(_) => return misuse(),
            },
            ("--only", Some(name)) => only = Some(name),
            ("--write", Some(path)) => file = Some(path),
            _ => return misuse(),
        }
    }
    let chosen: Vec<_> = DRILLS
        .into_iter()
        .filter(|(name, _)| only.as_ref().is_none_or(|only| name.contains(only.as_str())))
        .collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut reports = Vec::new();
    for (name, fault) in chosen {
        eprintln!("drill: {name}");
        let report = runtime.block_on(drill(name, fault, away));
        eprintln!("{report}");
        reports.push(report);
    }
    let page = table(&reports, away);
    println!("{page}");
    if let Some(file) = file
        && let Err(error) = std::fs::write(&file, page)
    {
        eprintln!("drills: cannot write {file}: {error}");
        return ExitCode::FAILURE;
    }
    if reports.iter().all(Report::holds) {
        ExitCode::SUCCESS
    } else {
        eprintln!("drills: a promise was broken");
        ExitCode::FAILURE
    }
}

fn misuse() -> ExitCode {
    eprintln!("usage: drills [--away SECONDS] [--only NAME] [--write FILE]");
    ExitCode::from(2)
}
