//! PostgreSQL and what is in it: `postgres-outage`, `tamper`, `backup-restore`, one after the other over one server.

use std::{ffi::OsStr, path::PathBuf};

use caracal_e2e::{Deployment, Role, Stack};
use caracal_testkit::fault::{Fault, Faults as _};

use super::held;

async fn a_database_that_is_away_altered_or_backed_up_is_drilled(stack: &Stack) {
    let production = stack.production();
    let faults = (
        async {
            production.postgres().fail(Fault::Gone);
        },
        async {
            production.postgres().mend();
        },
    );
    held(stack, "postgres-outage", &[], faults).await;

    // Somebody with the database changes what a block of the ledger says of itself.
    let change = |by: &str| {
        production.sql(&format!(
            "UPDATE evidence_blocks SET occurred_from = occurred_from {by} WHERE (log, first_index) = \
             (SELECT log, first_index FROM evidence_blocks ORDER BY log, first_index LIMIT 1)"
        ));
    };
    let verify = [String::from("--detect"), verification(stack)];
    let faults = (async { change("+ 1") }, async { change("- 1") });
    let report = held(stack, "tamper", &verify, faults).await;
    let found = report["promises"].as_array().expect("promises").iter();
    assert!(
        found
            .map(|promise| promise["found"].as_str().unwrap_or_default())
            .any(|found| found == "found while it was, not found afterwards"),
        "{report}"
    );

    held(stack, "backup-restore", &[], (restored(stack), async {})).await;
}

/// The command that verifies the ledger, for a shell.
fn verification(stack: &Stack) -> String {
    let command = stack.environment_of(Role::Audit).command(&["audit", "verify"]);
    let quoted = |text: &OsStr| format!("'{}'", text.to_str().expect("text"));
    let variables = command
        .get_envs()
        .filter_map(|(name, value)| Some(format!("{}={}", name.to_str()?, quoted(value?))));
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<String> = variables.chain(words.map(quoted)).collect();
    format!("exec env -i {} >/dev/null 2>&1", words.join(" "))
}

/// Takes a dump while calls go on, restores it into a database of its own and verifies the ledger there.
async fn restored(stack: &Stack) {
    let production = stack.production();
    let (from, directory) = (
        production.postgres().url(production.database()),
        tempfile::tempdir().expect("a directory"),
    );
    let dump: PathBuf = directory.path().join("dump");
    let to = production
        .postgres()
        .url(&production.postgres().create_database());
    for (program, arguments) in [
        ("pg_dump", ["--format=custom", "--file"]),
        ("pg_restore", ["--no-privileges", "--exit-on-error"]),
    ] {
        let mut command = tokio::process::Command::new(program);
        command.args(arguments).arg(&dump).arg("--dbname");
        let address = if program == "pg_dump" { &from } else { &to };
        let ended = command
            .arg(address)
            .output()
            .await
            .expect("PostgreSQL's programs");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{program}: {said}");
    }
    let verified = stack
        .environment_of(Role::Audit)
        .without("DATABASE_URL_FILE")
        .with("DATABASE_URL", &to)
        .run(&["audit", "verify"])
        .await;
    verified.assert_good();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_away_altered_or_backed_up_is_drilled_in_production() {
    caracal_e2e::run(
        Deployment::ProductionAlone,
        a_database_that_is_away_altered_or_backed_up_is_drilled,
    )
    .await;
}
