//! `caracal run --gateway`: what is wrong with the command line or the environment is told before anything is asked. What
//! it does is tried against the real services in the end-to-end tests.

use crate::bench::{Bench, Run};

const SECRET: &str = "cs_0123456789abcdef0123456789abcdef0123456789a";

fn refused(bench: &Bench, gateway: &str) -> Run {
    let run = bench.run(&["run", "--gateway", gateway, "--", "/bin/true"]);
    assert_eq!(run.code, 125, "{run:?}");
    assert!(!run.stderr.contains(SECRET), "{run:?}");
    run
}

fn application() -> Bench {
    Bench::new()
        .with("CARACAL_ZONE_ID", "z")
        .with("CARACAL_APPLICATION_ID", "a")
        .with("CARACAL_APP_CLIENT_SECRET", SECRET)
        .with("CARACAL_STS_URL", "http://127.0.0.1:1")
        .with("CARACAL_COORDINATOR_URL", "http://127.0.0.1:1")
        .with("CARACAL_GATEWAY_URL", "http://127.0.0.1:1")
}

#[test]
fn a_target_without_name_resource_or_scope_is_refused() {
    for (word, said) in [
        ("resource://tickets", "wants NAME=RESOURCE"),
        ("API=resource://tickets", "names no scope"),
        (
            "PATH=resource://tickets tickets:read",
            "decides what programs load",
        ),
        (
            "1API=resource://tickets tickets:read",
            "not the name of a variable",
        ),
    ] {
        let run = refused(&application(), word);
        assert!(run.stderr.contains(said), "{word}: {run:?}");
    }
}

#[test]
fn each_missing_variable_is_named() {
    for missing in ["CARACAL_ZONE_ID", "CARACAL_APPLICATION_ID", "CARACAL_GATEWAY_URL"] {
        let run = refused(&application().with(missing, ""), "API=resource://t t:r");
        assert!(run.stderr.contains(&format!("{missing} is not set")), "{run:?}");
    }
    let run = refused(
        &application().with("CARACAL_APP_CLIENT_SECRET", ""),
        "API=resource://t t:r",
    );
    assert!(
        run.stderr.contains("CARACAL_APP_CLIENT_SECRET_FILE is not set"),
        "{run:?}"
    );
    let remote = application().with("CARACAL_GATEWAY_URL", "http://gateway.example");
    let run = refused(&remote, "API=resource://t t:r");
    assert!(run.stderr.contains("over https alone"), "{run:?}");
}

#[test]
fn nothing_is_started_where_nobody_answers_and_the_environment_is_shown_without_asking() {
    let run = refused(&application(), "API=resource://t t:r");
    assert!(run.stderr.contains("cannot be asked"), "{run:?}");
    let arguments = [
        "run",
        "--gateway",
        "API=resource://t t:r",
        "--print-env",
        "--",
        "/bin/true",
    ];
    let run = application().run(&arguments);
    assert!(
        run.assert_good()
            .stdout
            .contains("API=http://127.0.0.1:*/*** (resource://t)"),
        "{run:?}"
    );
}
