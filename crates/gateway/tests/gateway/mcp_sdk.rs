//! A server and a client of MCP by the official SDK, with a mandate for everything that the client says.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use caracal_core::{Operation, entity::OperationEnforcement};
use serde_json::Value;

use crate::stage::{RESOURCE, Stage, directive};

/// Mandates of one session: each of its requests uses one up.
const MANDATES: usize = 20;

/// Server and client, installed on first use.
fn installed() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let there = root.join("target/e2e-mcp");
    let installing = Command::new(root.join("scripts/e2e-mcp.sh")).arg(&there).status();
    assert!(installing.unwrap().success(), "Node.js 20 or newer is needed");
    there
}

/// The server; it ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn serve() -> (Server, String) {
    let mut server = Command::new("node")
        .arg("server.mjs")
        .current_dir(installed())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let said = server.stdout.take().unwrap();
    let mut port = String::new();
    BufReader::new(said).read_line(&mut port).unwrap();
    (Server(server), format!("http://127.0.0.1:{}", port.trim()))
}

#[tokio::test]
async fn an_ordinary_client_of_mcp_is_shown_what_its_mandates_allow_and_calls_it() {
    let stage = Stage::new().await;
    let declared = [
        ("MCP", "initialize"),
        ("MCP", "notifications/initialized"),
        ("MCP", "tools/list"),
        ("MCP", "tools/call:search"),
        ("MCP", "tools/call:delete"),
        ("GET", "/"),
        ("DELETE", "/"),
    ];
    stage.declare(OperationEnforcement::Enforced, &declared).await;
    let (_server, url) = tokio::task::spawn_blocking(serve).await.unwrap();
    *stage.decision.directive.lock() = directive(&url);
    let mandate = |_| {
        let mut claims = stage.claims();
        claims.scope = Some(String::from("tools/list tools/call:search"));
        stage.sign(claims)
    };
    let mandates: Vec<String> = (0..MANDATES).map(mandate).collect();
    let gateway = format!("http://{}/", stage.address);
    let run = move || {
        Command::new("node")
            .arg("client.mjs")
            .current_dir(installed())
            .env("GATEWAY", gateway)
            .env("RESOURCE", RESOURCE)
            .env("MANDATES", mandates.join(" "))
            .output()
            .unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let seen: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(seen["tools"], serde_json::json!(["search"]));
    assert_eq!(seen["called"], "search done");
    let asked = stage.decision.seen.lock();
    let call = String::from("tools/call:search");
    assert!(
        asked
            .iter()
            .any(|asked| *asked.operation == Operation::Mcp { call: call.clone() })
    );
}
