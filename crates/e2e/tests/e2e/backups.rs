//! `caracal backup` of a stack that works at full load, put back elsewhere.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    time::Duration,
};

use caracal_e2e::{Agent, Call, Daemon, Deployment, Fixture, READ, Reply, Role, Stack};
use futures_util::future::join_all;
use serde_json::Value;

use crate::support::assert_passed;

/// Clients at once.
const WORKERS: usize = 6;
/// Calls that are on record before the backup begins.
const BEFORE: usize = 30;

/// Makes one governed call whose evidence bears `id`.
async fn call(fixture: &Fixture<'_>, agent: &Agent, id: &str) {
    let mandate = fixture.mandate(agent, READ).await;
    let call = Call {
        request_id: Some(id),
        ..Call::default()
    };
    assert_passed(&fixture.call_with(&mandate, &call).await);
}

/// `caracal` on a state directory.
async fn caracal(home: &Path, arguments: &[&str]) -> Value {
    let finished = Daemon::embedded(home)
        .run_cli(&[&["--json"], arguments].concat())
        .await;
    serde_json::from_str(&finished.assert_good().stdout).expect("JSON")
}

#[tokio::test]
async fn a_backup_under_load_is_restored_with_all_that_was_acknowledged_before_it() {
    let stack = Stack::start(Deployment::Embedded).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    for number in 0..BEFORE {
        call(&fixture, &agent, &format!("before-{number}")).await;
    }
    // Not used before the backup, so that only the copy could take it for unused later.
    let old = fixture.mandate(&agent, READ).await;

    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("under load.tar").display().to_string();
    let (made, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let worker = |name: usize| {
        let (fixture, agent, made, done) = (&fixture, &agent, &made, &done);
        async move {
            for number in 0.. {
                if done.load(Ordering::SeqCst) {
                    return;
                }
                call(fixture, agent, &format!("meanwhile-{name}-{number}")).await;
                made.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    let backup = async {
        // With everybody at work.
        while made.load(Ordering::SeqCst) < WORKERS {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let written = caracal(stack.home(), &["backup", &file]).await;
        done.store(true, Ordering::SeqCst);
        written
    };
    let (written, _) = tokio::join!(backup, join_all((0..WORKERS).map(worker)));
    assert_eq!(written["verified"], true, "{written}");
    call(&fixture, &agent, "after").await;

    let elsewhere = directory.path().join("elsewhere");
    let restored = caracal(&elsewhere, &["restore", &file]).await;
    assert_eq!(restored["dry_run"], false, "{restored}");

    // Under the same name, on ports of its own; the first one is gone.
    let issuer = stack.url(Role::Sts);
    stack.stop().await;
    let daemon = Daemon::embedded(&elsewhere).with("ISSUER_URL", &issuer);
    let mut second = daemon.serve_ready().await;
    for role in Role::ALL {
        stack.point(role, &format!("http://{}", second.addresses[role.name()]));
    }
    for number in [0, BEFORE / 2, BEFORE - 1] {
        let id = format!("before-{number}");
        fixture.zone.events_of(&id, |events| events.len() >= 2).await;
    }
    let refused: Reply = fixture.call(&old).await;
    assert!(
        (401..=403).contains(&refused.status),
        "what was minted before may have been used since: {refused:#?}"
    );
    // Work goes on, on record behind what was restored.
    call(&fixture, &agent, "restored").await;
    fixture
        .zone
        .events_of("restored", |events| events.len() >= 2)
        .await;
    second.stop().await;
    daemon.run(&["audit", "verify"]).await.assert_good();
}
