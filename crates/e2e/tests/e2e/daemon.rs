//! The daemon as a process: starting, refusing to start, draining, its commands.

use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use caracal_e2e::{Daemon, Deployment, Fixture, READ, Role, Stack};
use caracal_testkit::upstream::{Answer, Gate};
use tempfile::TempDir;

fn home() -> TempDir {
    tempfile::tempdir().expect("a directory for the state")
}

#[tokio::test]
async fn a_stopping_daemon_finishes_what_it_began() {
    let stack = Stack::start(Deployment::Embedded).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let gate = Gate::default();
    fixture.upstream.next(Answer::Behind {
        gate: gate.clone(),
        then: Box::new(Answer::Echo),
    });
    let call = fixture.call(&mandate);
    let stop = async {
        fixture
            .upstream
            .until("the call arrived", Duration::from_secs(10), |seen| {
                seen.len() == 1
            })
            .await;
        let stopping = stack.stop();
        let open = async {
            // Once it takes no more calls it is stopping; only then the upstream answers.
            let address = stack.url(Role::Gateway).trim_start_matches("http://").to_owned();
            while tokio::net::TcpStream::connect(&address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            gate.open();
        };
        tokio::join!(stopping, open);
    };
    let (answer, ()) = tokio::join!(call, stop);
    assert_eq!(answer.status, 200, "{answer:#?}");
    assert!(
        !stack.home().join("endpoints.json").exists(),
        "a stopped daemon says where it listens"
    );

    // The same state again: the zone, the agent and the evidence of that last call are there.
    stack.revive().await;
    let id = answer.headers["x-request-id"].to_str().expect("text").to_owned();
    fixture.zone.events_of(&id, |events| events.len() == 2).await;
    fixture
        .call(&fixture.mandate(&agent, READ).await)
        .await
        .expect(200);
    stack.stop().await;
}

#[tokio::test]
async fn a_port_in_use_is_told_in_one_sentence_before_anything_is_changed() {
    let home = home();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let state = home.path().join("state");
    let daemon = Daemon::embedded(&state).with("CARACAL_GATEWAY_LISTEN", &address);
    let refused = daemon.run(&["serve", "all"]).await;
    refused.assert_refused(&[
        "caracald: cannot listen on",
        &address,
        "gateway",
        "CARACAL_GATEWAY_LISTEN",
    ]);
    assert!(!state.join("caracal.db").exists(), "a database was made");
}

#[tokio::test]
async fn a_home_that_cannot_be_one_is_told_in_one_sentence() {
    let directory = home();
    let file = directory.path().join("file");
    fs::write(&file, "not a directory").expect("a file");
    for bad in [file.clone(), file.join("below")] {
        let refused = Daemon::embedded(&bad).run(&["serve", "all"]).await;
        refused.assert_refused(&["caracald: ", &bad.display().to_string()]);
        let refused = Daemon::embedded(&bad).run(&["migrate"]).await;
        refused.assert_refused(&["caracald: ", &bad.display().to_string()]);
    }
    assert_eq!(fs::read_to_string(&file).expect("the file"), "not a directory");
}

#[tokio::test]
async fn secrets_that_others_can_read_are_refused() {
    let home = home();
    let stack = Stack::start(Deployment::Embedded).await;
    stack.stop().await;
    let secrets = stack.home().join("secrets");
    assert_eq!(mode(&secrets), 0o700);
    assert_eq!(mode(stack.home()), 0o700);
    for entry in fs::read_dir(&secrets).expect("the secrets") {
        assert_eq!(mode(&entry.expect("an entry").path()), 0o600);
    }
    for (name, change) in [
        (
            "secretStoreKek",
            Box::new(|path: &Path| chmod(path, 0o644)) as Box<dyn Fn(&Path)>,
        ),
        (
            "auditHmacKey",
            Box::new(|path: &Path| fs::write(path, "").expect("an empty file")),
        ),
        (
            "streamsHmacKey",
            Box::new(|path: &Path| fs::write(path, "00".repeat(32)).expect("a weak key")),
        ),
    ] {
        let path = secrets.join(name);
        let genuine = fs::read(&path).expect("a secret");
        change(&path);
        let refused = Daemon::embedded(stack.home()).run(&["serve", "all"]).await;
        assert_eq!(refused.code, Some(1), "{name}: {refused:#?}");
        chmod(&path, 0o600);
        fs::write(&path, genuine).expect("the secret back");
    }
    stack.revive().await;
    stack.stop().await;
    drop(home);
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
}

#[tokio::test]
async fn weak_keys_are_refused_all_at_once() {
    let home = home();
    let daemon = Daemon::embedded(home.path())
        .with("SECRET_STORE_KEK", &"0".repeat(64))
        .with("AUDIT_HMAC_KEY", "tooshort")
        .with("CARACAL_ADMIN_TOKEN", "guessme");
    for command in [&["serve", "all"][..], &["check-config"][..]] {
        let refused = daemon.run(command).await;
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        for name in ["SECRET_STORE_KEK", "AUDIT_HMAC_KEY", "CARACAL_ADMIN_TOKEN"] {
            assert!(refused.stderr.contains(name), "{refused:#?}");
        }
        assert!(
            !refused.stderr.contains("guessme") && !refused.stderr.contains("tooshort"),
            "{refused:#?}"
        );
    }
    assert!(!home.path().join("secrets").exists(), "secrets were generated");
}

#[tokio::test]
async fn a_published_mode_is_the_default_and_generates_nothing() {
    let home = home();
    for daemon in [
        Daemon::embedded(home.path()).without("CARACAL_MODE"),
        Daemon::embedded(home.path()).with("CARACAL_MODE", "stable"),
        Daemon::embedded(home.path()).with("CARACAL_MODE", "rc"),
    ] {
        let refused = daemon.run(&["serve", "all"]).await;
        assert_eq!(refused.code, Some(1), "{refused:#?}");
        for name in [
            "DATABASE_URL",
            "REDIS_URL",
            "SECRET_STORE_KEK",
            "STREAMS_HMAC_KEY",
            "AUDIT_HMAC_KEY",
        ] {
            assert!(refused.stderr.contains(name), "{name}: {refused:#?}");
        }
    }
    assert!(
        fs::read_dir(home.path()).expect("the directory").next().is_none(),
        "something was made"
    );
    let refused = Daemon::embedded(home.path())
        .with("CARACAL_MODE", "production")
        .run(&["check-config"])
        .await;
    assert_eq!(refused.code, Some(1), "{refused:#?}");
    assert!(refused.stderr.contains("CARACAL_MODE"), "{refused:#?}");
}

#[tokio::test]
async fn check_config_says_what_it_comes_to_and_changes_nothing() {
    let home = home();
    let good = Daemon::embedded(home.path()).run(&["check-config"]).await;
    assert!(good.assert_good().stdout.contains("embedded"), "{good:#?}");
    assert!(
        fs::read_dir(home.path()).expect("the directory").next().is_none(),
        "something was made"
    );
    let bad = Daemon::embedded(home.path())
        .with("CARACAL_API_LISTEN", "nowhere")
        .run(&["check-config"])
        .await;
    assert_eq!(bad.code, Some(1), "{bad:#?}");
    assert!(bad.stderr.contains("CARACAL_API_LISTEN"), "{bad:#?}");
    let unknown = Daemon::embedded(home.path()).run(&["serve", "everything"]).await;
    unknown.assert_refused(&["unknown role", "everything"]);
}

#[tokio::test]
async fn healthcheck_tells_ready_from_not() {
    let stack = Stack::start(Deployment::Embedded).await;
    for role in Role::ALL {
        let url = format!("{}/ready", stack.url(role));
        let ready = stack.caracald(&["healthcheck", "--url", &url]).await;
        assert_eq!(ready.assert_good().stdout, "ready\n", "{}", role.name());
    }
    let url = format!("{}/ready", stack.url(Role::Api));
    let wrong = stack
        .caracald(&["healthcheck", "--url", &url.replace("/ready", "/nowhere")])
        .await;
    wrong.assert_refused(&["not ready: HTTP 404"]);
    stack.stop().await;
    let gone = Daemon::embedded(stack.home())
        .run(&["healthcheck", "--url", &url])
        .await;
    gone.assert_refused(&["nothing answers at"]);
}

#[tokio::test]
async fn migrations_at_the_same_time_do_each_step_once() {
    let home = home();
    let daemon = Daemon::embedded(home.path());
    let migrate = ["migrate"];
    let (first, second, third) =
        tokio::join!(daemon.run(&migrate), daemon.run(&migrate), daemon.run(&migrate));
    for run in [&first, &second, &third] {
        assert_eq!(run.assert_good().stdout, first.stdout, "{run:#?}");
        assert!(run.stdout.starts_with("schema is at version "), "{run:#?}");
    }
    assert_eq!(daemon.run(&migrate).await.assert_good().stdout, first.stdout);
}

#[tokio::test]
async fn two_daemons_do_not_share_a_home() {
    let stack = Stack::start(Deployment::Embedded).await;
    let fixture = Fixture::set_up(&stack).await;
    let refused = stack.caracald(&["serve", "all"]).await;
    refused.assert_refused(&["caracald: ", &stack.home().display().to_string()]);
    // Nor with a spool elsewhere, nor a role that has none.
    let elsewhere = home();
    let spool = elsewhere.path().display().to_string();
    let second = Daemon::embedded(stack.home()).with("AUDIT_REPLAY_DIR", &spool);
    for roles in [["serve", "all"], ["serve", "audit"]] {
        let refused = second.run(&roles).await;
        refused.assert_refused(&["another caracald serves the state in"]);
    }
    // The first one goes on, and still says where it listens.
    let agent = fixture.agent().await;
    fixture
        .call(&fixture.mandate(&agent, READ).await)
        .await
        .expect(200);
    assert!(stack.home().join("endpoints.json").exists());
    stack.stop().await;
}

#[tokio::test]
async fn an_interrupt_drains_like_a_termination() {
    let home = home();
    let mut process = Daemon::embedded(home.path()).serve(&["all"]);
    let endpoints = home.path().join("endpoints.json");
    process
        .until("it listens", Duration::from_secs(30), async |_| {
            endpoints.exists()
        })
        .await;
    process.interrupt();
    let status = process.ended(Duration::from_secs(30)).await;
    assert!(status.success(), "{status}: {}", process.stderr());
    assert!(!endpoints.exists());
}
