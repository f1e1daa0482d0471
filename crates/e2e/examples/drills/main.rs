//! Failure drills: each part of a production deployment fails in turn while governed calls go on, and what clients
//! were told is held against the ledger.
//!
//! `cargo run -p caracal-e2e --example drills -- [--away SECONDS] [--only NAME] [--write FILE]` prints a table and ends
//! with 1 when a promise was broken: no success without authority, no acknowledged decision lost or doubled, answers
//! at once (503 with `Retry-After`) while it lasts, recovery without a hand.

mod evidence;
mod fault;
mod load;
mod report;
mod revoker;

use std::{process::ExitCode, sync::Arc, time::Duration};

use caracal_e2e::{Fixture, Stack, program};
use tokio::time::sleep;

use crate::{
    evidence::Broken,
    fault::{DRILLS, Fault, Volume},
    load::{Load, Phase},
    report::{Report, table},
    revoker::Revoker,
};

/// Load before the fault and after the recovery.
const STEADY: Duration = Duration::from_secs(4);
/// What an answer waits for replicas where nobody sets it.
const AS_DEPLOYED: [(&str, &str); 1] = [("REPLICA_SYNC_TIMEOUT_MS", "250")];
/// Longest wait for the recovery.
const TIMEOUT: Duration = Duration::from_mins(1);

async fn drill(name: &str, fault: Fault, away: Duration) -> Report {
    let stack = Stack::with(fault.deployment(), &[&AS_DEPLOYED, fault.variables()].concat()).await;
    // Unmounted when the stack has stopped.
    let volume = fault.volume(&stack).await;
    let fixture = Fixture::set_up(&stack).await;
    let load = Arc::new(Load::default());
    let mut revoker = Revoker::prepare(&fixture, &load).await;
    let workers = load::agents(&fixture).await;
    let broken = Broken::default();

    let script = async {
        sleep(STEADY).await;
        load.enter(Phase::Fault);
        let ended = fault.happen(&fixture, volume.as_ref(), away, &broken).await;
        let recovered = load.recovered(&stack, ended, TIMEOUT).await;
        fault.look_back(&fixture, &broken).await;
        load.enter(Phase::After);
        sleep(STEADY).await;
        load.stop();
        recovered
    };
    let (recovered, (), ()) = tokio::join!(
        script,
        load::work(&load, &fixture, &workers),
        revoker.work(&stack),
    );
    let still = revoker.good_for_something().await;
    let mut report = Report::of(name, fault.silent(), &load, recovered, still, &fixture).await;
    report.add(broken.into_inner());
    stack.stop().await;
    drop(volume);
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
        if fault.needs_root() && !Volume::may_mount() {
            eprintln!("drill: {name}: left out, since only root may mount a small volume");
            continue;
        }
        if matches!(fault, Fault::Neighbour(_)) {
            // Built where it is not current, which must not be while its load is measured.
            program("caracal-bench");
        }
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
