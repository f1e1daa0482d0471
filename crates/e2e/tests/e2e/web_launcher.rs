//! `caracal web`: the console from its sources, before the stack of a home.

use std::{net::TcpListener, path::Path, process::Command, time::Duration};

use caracal_e2e::{checkout, program};
use caracal_testkit::process::Process;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long Node and its packages may take.
const LIMIT: Duration = Duration::from_mins(3);

/// A stack that `caracal up` started; it ends with this.
struct Home(TempDir);

impl Home {
    fn up() -> Self {
        let home = Self(TempDir::new().expect("a directory"));
        let output = home.caracal("up").output().expect("the command runs");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        home
    }

    fn caracal(&self, what: &str) -> Command {
        let mut command = Command::new(program("caracal"));
        command.arg("--home").arg(self.0.path()).arg(what);
        for role in ["API", "STS", "GATEWAY", "AUDIT", "COORDINATOR", "WEB"] {
            command.env(format!("CARACAL_{role}_LISTEN"), "127.0.0.1:0");
        }
        command
    }

    /// Where the stack itself serves the console.
    fn console(&self) -> String {
        let endpoints = std::fs::read(self.0.path().join("endpoints.json")).expect("a running stack");
        let endpoints: Value = serde_json::from_slice(&endpoints).expect("JSON");
        endpoints["web"].as_str().expect("the role web").to_owned()
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = self.caracal("down").output();
    }
}

fn web(home: &Path, port: u16) -> Process {
    Process::options(program("caracal"))
        .arg("--home")
        .arg(home)
        .args(["web", "--port", &port.to_string()])
        .env("CARACAL_REPO_ROOT", checkout())
        .start()
}

/// A sign-in that fails, asked of the console at `base` by a page of `origin`.
async fn sign_in(base: &str, origin: &str, site: &str) -> Response {
    reqwest::Client::new()
        .post(format!("{base}/api/session"))
        .header("origin", origin)
        .header("sec-fetch-site", site)
        .header("x-caracal-console", "1")
        .json(&json!({ "email": "nobody@example.com", "password": "a wrong password" }))
        .send()
        .await
        .expect("an answer")
}

#[tokio::test]
async fn the_console_is_served_from_its_sources_before_the_stack_and_guarded_as_the_stack_does() {
    let home = Home::up();
    let held = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = held.local_addr().expect("a bound port").port();
    drop(held);
    let mut launcher = web(home.0.path(), port);
    let served = format!("http://localhost:{port}");
    let is_served = async |_: &Process| match reqwest::get(&served).await {
        Ok(answer) if answer.status() == StatusCode::OK => {
            let page = answer.text().await.expect("a page");
            assert!(page.contains("/@vite/client"), "nothing that reloads: {page}");
            true
        }
        _ => false,
    };
    launcher.until("the console is served", LIMIT, is_served).await;

    // What its own page asks reaches the stack; what another site asks is refused there.
    let console = home.console();
    let (own, direct) = tokio::join!(
        sign_in(&served, &served, "same-origin"),
        sign_in(&console, &console, "same-origin")
    );
    assert_eq!(direct.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(own.status(), direct.status());
    for site in ["cross-site", "same-origin"] {
        let foreign = sign_in(&served, "https://evil.example", site).await;
        assert_eq!(foreign.status(), StatusCode::FORBIDDEN, "{site}");
    }

    launcher.terminate();
    let ended = launcher.ended(LIMIT).await;
    assert!(ended.success(), "{ended}: {}", launcher.stderr());
    TcpListener::bind(("127.0.0.1", port)).expect("nothing of it is left");
}

#[tokio::test]
async fn a_home_that_serves_no_console_is_told_how_to_start_one() {
    let home = TempDir::new().expect("a directory");
    let mut launcher = web(home.path(), 5173);
    let ended = launcher.ended(LIMIT).await;
    assert_eq!(ended.code(), Some(1));
    let said = launcher.stderr();
    assert!(
        said.contains("nothing serves the console of") && said.contains("up` starts it"),
        "{said}"
    );
}
