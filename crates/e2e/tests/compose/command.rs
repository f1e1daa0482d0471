//! `caracal up --runtime`, as an operator types it.

use std::{path::Path, process::Output};

use caracal_e2e::{Fixture, READ, program};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::engine::{Project, image, near};

const NAME: &str = "caracal-command-test";

async fn caracal(project: &Project, home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program("caracal"));
    command
        .arg("--home")
        .arg(home)
        .args(arguments)
        .envs(project.variables())
        .env("COMPOSE_PROJECT_NAME", NAME)
        .env("CARACAL_CARACALD", program("caracald"));
    command.output().await.expect("the command runs")
}

/// What it answered, if it went well.
async fn answered(project: &Project, home: &Path, arguments: &[&str]) -> Value {
    let output = caracal(project, home, arguments).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {said}"))
}

/// The sentence it was refused with.
async fn refused(project: &Project, home: &Path, arguments: &[&str]) -> String {
    let output = caracal(project, home, arguments).await;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
#[ignore = "needs a Docker Engine: make test-compose"]
async fn the_command_starts_shows_and_stops_a_stack_of_containers() {
    let directory = TempDir::new().expect("a directory");
    let (home, other) = (directory.path().join("one"), directory.path().join("other"));
    let mut project = Project::of(NAME, "runtime-compose.yml");
    project.set("CARACAL_REGISTRY", &image("CARACAL_TEST_REGISTRY"));
    project.set("CARACAL_VERSION", "0.0.1-test");
    project.set("GATEWAY_PRIVATE_UPSTREAM_HOSTS", &near().await.to_string());

    let started = answered(&project, &home, &["up", "--runtime", "--json"]).await;
    assert_eq!(started["stack"], "runtime", "{started}");
    let secrets = home.join("secrets");
    assert_eq!(
        started["admin_token_file"],
        secrets.join("caracalAdminToken").to_string_lossy().as_ref()
    );

    let stack = project.stack(&secrets).await;
    let fixture = Fixture::set_up(&stack).await;
    let mandate = fixture.mandate(&fixture.agent().await, READ).await;
    fixture.call(&mandate).await.expect(200);

    let status = answered(&project, &home, &["status", "--ready", "--json"]).await;
    assert_eq!(
        (&status["ok"], &status["containers"]),
        (&true.into(), &"runtime".into()),
        "{status}"
    );
    let logs = caracal(&project, &home, &["logs", "sts", "-n", "3", "--json"]).await;
    let lines: Vec<Value> = String::from_utf8_lossy(&logs.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .collect();
    assert!(!lines.is_empty() && lines.len() <= 3, "{lines:?}");

    let looked = answered(&project, &home, &["doctor", "--json"]).await;
    assert_eq!(looked["ready"], true, "{looked:#}");
    // What would touch another kind of stack says what to do instead.
    for what in ["backup", "config"] {
        let said = refused(&project, &home, &[what]).await;
        assert!(said.contains("for a stack without containers"), "{what}: {said}");
    }
    let said = refused(&project, &home, &["up", "--compose"]).await;
    assert!(said.contains("has the stack that"), "{said}");
    let said = refused(&project, &other, &["up", "--runtime"]).await;
    assert!(said.contains("another stack of this name"), "{said}");

    let stopped = answered(&project, &home, &["down", "--json"]).await;
    assert_eq!(stopped["stopped"], "runtime", "{stopped}");
    let down = caracal(&project, &home, &["status", "--json"]).await;
    assert_eq!(down.status.code(), Some(1));
    // Without a flag it is the stack that the home has, with the data that it had.
    answered(&project, &home, &["up", "--json"]).await;
    let mandate = fixture.mandate(&fixture.agent().await, READ).await;
    fixture.call(&mandate).await.expect(200);

    // A release that nobody has changes nothing; the one that there is takes the place of itself, with a dump kept.
    let runs = answered(&project, &home, &["upgrade", "--check", "--json"]).await;
    assert_eq!(
        (&runs["running"], &runs["due"]),
        (&"0.0.1-test".into(), &false.into()),
        "{runs}"
    );
    project.set("CARACAL_VERSION", "0.0.2-nowhere");
    let said = refused(&project, &home, &["upgrade"]).await;
    assert!(said.contains("nothing was changed"), "{said}");
    project.set("CARACAL_VERSION", "0.0.1-test");
    let upgraded = answered(&project, &home, &["upgrade", "--json"]).await;
    assert_eq!(upgraded["stack"], "runtime", "{upgraded}");
    let dump = std::fs::read(home.join("upgrade/before.dump")).expect("a dump");
    assert!(dump.starts_with(b"PGDMP"), "what pg_restore reads");
    let mandate = fixture.mandate(&fixture.agent().await, READ).await;
    fixture.call(&mandate).await.expect(200);
    answered(&project, &home, &["down", "--json"]).await;
}
