//! A server and a client of gRPC by the library for Go, with the Gateway between.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use caracal_core::{Operation, entity::OperationEnforcement};
use caracal_gateway::GatewayConfig;
use caracal_service::{Refusal, server::ServerLimits};
use caracal_wire::{ErrorCode, sts::DenialReason};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::stage::{Options, RESOURCE, Stage, TOKEN, directive};

/// Longest wait for something that is said.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Server and client, built where they are not.
fn built() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let there = root.join("target/e2e-grpc");
    let building = Command::new(root.join("scripts/e2e-grpc.sh"))
        .arg(&there)
        .status();
    assert!(building.unwrap().success(), "Go 1.26 or newer is needed");
    there
}

/// A program that says line by line what happens. It ends with the test.
struct Talker {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Talker {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let (send, lines) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            let lines = said.lines().map_while(Result::ok);
            let _ = lines
                .map(|line| send.send(line))
                .take_while(Result::is_ok)
                .count();
        });
        Self { child, lines }
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(TIMEOUT, self.lines.recv()).await;
        line.expect("nothing was said").expect("it ended")
    }

    async fn value(&mut self) -> Value {
        serde_json::from_str(&self.line().await).unwrap()
    }

    fn said_nothing(&mut self) {
        assert_eq!(self.lines.try_recv().ok(), None);
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Gateway before a real server of gRPC.
struct GrpcStage {
    stage: Stage,
    server: Talker,
    programs: PathBuf,
}

impl GrpcStage {
    async fn new() -> Self {
        let programs = tokio::task::spawn_blocking(built).await.unwrap();
        let stage = Stage::with(Options {
            config: GatewayConfig {
                max_request_bytes: 8 << 20,
                ..GatewayConfig::default()
            },
            limits: ServerLimits {
                http2: true,
                ..ServerLimits::default()
            },
            ..Options::default()
        })
        .await;
        let calls = ["Once", "Fails", "Unknown", "Hangs", "Lists", "Collects", "Talks"];
        let calls = calls.map(|call| ("GRPC", format!("/chat.Chat/{call}")));
        let calls: Vec<(&str, &str)> = calls
            .iter()
            .map(|(method, path)| (*method, path.as_str()))
            .collect();
        stage.declare(OperationEnforcement::Enforced, &calls).await;
        let mut server = Talker::start(Command::new(programs.join("server")));
        let port = server.line().await;
        *stage.decision.directive.lock() = directive(&format!("http://127.0.0.1:{port}"));
        Self {
            stage,
            server,
            programs,
        }
    }

    /// The client, with a mandate for the one call that it makes.
    fn call(&self, name: &str, mandate: &str) -> Talker {
        let mut client = Command::new(self.programs.join("client"));
        client
            .arg(name)
            .env("GATEWAY", self.stage.address.to_string())
            .env("RESOURCE", RESOURCE)
            .env("MANDATE", mandate);
        Talker::start(client)
    }

    /// What comes of the call.
    async fn outcome(&self, name: &str) -> Value {
        self.call(name, &self.stage.mandate()).value().await
    }
}

#[tokio::test]
async fn calls_of_every_shape_are_what_they_are_without_a_gateway() {
    let mut grpc = GrpcStage::new().await;
    let told = json!(["a", "b, c"]);
    let once = grpc.outcome("once").await;
    assert_eq!(
        (&once["code"], &once["got"]),
        (&json!(0), &json!(["b25l"])),
        "{once}"
    );
    for place in ["header", "trailer"] {
        assert_eq!(once[place]["x-told"], told, "{once}");
        assert_eq!(once[place]["x-told-bin"], json!(["0001fffe"]), "{once}");
    }
    assert_eq!(grpc.server.line().await, format!("once Bearer {TOKEN}"));
    let asked = grpc.stage.decision.seen.lock()[0].operation.clone();
    let path = String::from("/chat.Chat/Once");
    assert_eq!(*asked, Operation::Grpc { path });

    let large = grpc.outcome("large").await;
    assert_eq!(large["got"], json!(["dGhlIHNhbWU="]), "three megabytes: {large}");
    let lists = grpc.outcome("lists").await;
    assert_eq!(
        (&lists["code"], &lists["got"]),
        (&json!(0), &json!(["YQ==", "Yg==", "Yw=="])),
        "{lists}"
    );
    let collects = grpc.outcome("collects").await;
    assert_eq!(
        (&collects["code"], &collects["got"]),
        (&json!(0), &json!(["YWJjZA=="])),
        "{collects}"
    );
    let talks = grpc.outcome("talks").await;
    assert_eq!(talks["got"], json!(["b25l", "dHdv", "dGhyZWU="]), "{talks}");
    assert_eq!(
        (&talks["code"], &talks["trailer"]["x-told"]),
        (&json!(0), &told),
        "{talks}"
    );

    // A status without anything before it.
    let fails = grpc.outcome("fails").await;
    assert_eq!(
        (&fails["code"], &fails["message"]),
        (&json!(9), &json!("not now: 100% é\n")),
        "{fails}"
    );
    let unknown = grpc.outcome("unknown").await;
    assert_eq!(unknown["code"], 12, "{unknown}");
}

#[tokio::test]
async fn a_deadline_and_a_caller_that_gives_up_reach_the_server() {
    let mut grpc = GrpcStage::new().await;
    let mut client = grpc.call("deadline", &grpc.stage.mandate());
    let hangs = grpc.server.line().await;
    let left: u64 = hangs.strip_prefix("hangs ").unwrap().parse().unwrap();
    assert!((1..=3000).contains(&left), "{hangs}");
    assert!(grpc.server.line().await.starts_with("ended "));
    assert_eq!(client.value().await["code"], 4);

    let mut client = grpc.call("cancelled", &grpc.stage.mandate());
    assert!(grpc.server.line().await.starts_with("hangs "));
    client.child.stdin.take().unwrap().write_all(b"\n").unwrap();
    assert_eq!(client.value().await["code"], 1);
    assert_eq!(grpc.server.line().await, "ended context canceled");
}

#[tokio::test]
async fn an_end_of_authority_ends_a_conversation_on_both_sides() {
    let mut grpc = GrpcStage::new().await;
    let mut client = grpc.call("talks-on", &grpc.stage.mandate());
    assert_eq!(client.value().await, "talking");
    assert_eq!(grpc.server.line().await, "talks");
    grpc.stage.revocations.mark(["ses-1"]);
    let end = client.value().await;
    assert_eq!(end["code"], 16, "{end}");
    assert_eq!(end["trailer"]["x-caracal-revoked"], json!(["true"]), "{end}");
    assert_eq!(grpc.server.line().await, "ended context canceled");
}

#[tokio::test]
async fn a_refusal_is_a_status_with_its_reason_and_reaches_no_server() {
    let mut grpc = GrpcStage::new().await;
    let nobody = grpc.call("once", "not-a-mandate").value().await;
    assert_eq!(
        (&nobody["code"], &nobody["reason"]),
        (&json!(16), &json!("caracal/INVALID_TOKEN")),
        "{nobody}"
    );
    assert_eq!(nobody["message"], "malformed bearer token", "{nobody}");

    let mandate = grpc.stage.mandate();
    let refusal = Refusal::of(ErrorCode::AccessDenied)
        .describe("100% denied")
        .reason(DenialReason::ProviderUnavailable)
        .with("approval_id", "apr-1");
    *grpc.stage.decision.refusal.lock() = Some(refusal);
    let denied = grpc.call("once", &mandate).value().await;
    assert_eq!(
        (&denied["code"], &denied["message"]),
        (&json!(7), &json!("100% denied")),
        "{denied}"
    );
    assert_eq!(denied["reason"], "caracal/ACCESS_DENIED", "{denied}");
    let details = &denied["details"];
    assert_eq!(
        (&details["error"], &details["approval_id"]),
        (&json!("access_denied"), &json!("apr-1")),
        "{denied}"
    );
    assert!(
        details["requestId"].is_string() && details["reason"].is_string(),
        "{denied}"
    );
    *grpc.stage.decision.refusal.lock() = None;

    // Used up by what was refused: the same in a stream.
    let again = grpc.call("talks", &mandate).value().await;
    assert_eq!(
        (&again["code"], &again["details"]["reason"]),
        (&json!(16), &json!("token_replay")),
        "{again}"
    );
    grpc.server.said_nothing();
    assert_eq!(grpc.outcome("once").await["code"], 0);
}
