//! The clients of the corpus: each makes all exchanges in one process of its own.

use std::{
    fmt::Write as _,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    exchanges::CorpusExchange,
    wire::{Fields, Got, from_latin1, latin1},
};

/// Who makes the exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CorpusClient {
    Curl,
    Go,
    Node,
    Python,
}

impl CorpusClient {
    pub(super) const ALL: [Self; 4] = [Self::Curl, Self::Go, Self::Node, Self::Python];

    /// Makes `exchanges`, each with `credentials` of its own, with the server at `host`.
    pub(super) fn run(self, host: &str, exchanges: &[(CorpusExchange, Fields)]) -> Vec<Got> {
        match self {
            Self::Curl => curl(host, exchanges),
            Self::Go => scripted(Command::new(built()), host, exchanges),
            Self::Node => {
                let mut node = Command::new("node");
                node.arg(here().join("client.cjs"));
                scripted(node, host, exchanges)
            }
            Self::Python => {
                let mut python = Command::new("python3");
                python.arg(here().join("client.py"));
                scripted(python, host, exchanges)
            }
        }
    }
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway/corpus")
}

/// The client in Go, built where nothing but the standard library is needed.
fn built() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/corpus-client");
    let building = Command::new("go")
        .args(["build", "-o"])
        .arg(&target)
        .arg(here().join("client.go"))
        .status();
    let building = building.unwrap_or_else(|error| panic!("Go 1.22 or newer is needed: {error}"));
    assert!(building.success(), "the client in Go was not built");
    target
}

fn run(mut command: Command, input: &str) -> Vec<u8> {
    let program = command.get_program().display().to_string();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} failed");
    output.stdout
}

fn scripted(command: Command, host: &str, exchanges: &[(CorpusExchange, Fields)]) -> Vec<Got> {
    let one = |(exchange, credentials): &(CorpusExchange, Fields)| {
        json!({
            "name": exchange.name, "method": exchange.method, "target": exchange.target,
            "headers": exchange.sent(credentials), "body": STANDARD.encode(&exchange.body),
            "chunked": exchange.chunked, "trailers": exchange.trailers,
        })
    };
    let exchanges: Vec<Value> = exchanges.iter().map(one).collect();
    let input = json!({"host": host, "exchanges": exchanges}).to_string();
    serde_json::from_slice(&run(command, &input)).unwrap()
}

/// Told in a file of its own form, where every exchange begins anew.
fn curl(host: &str, exchanges: &[(CorpusExchange, Fields)]) -> Vec<Got> {
    let directory = tempfile::tempdir().unwrap();
    let file = |kind: &str, place: usize| directory.path().join(format!("{kind}-{place}"));
    let mut config = String::from("silent\nshow-error\nfail-early\n");
    for (place, (exchange, credentials)) in exchanges.iter().enumerate() {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let mut option = |name: &str, value: &str| writeln!(config, "{name} = {}", quoted(value)).unwrap();
        option("url", &format!("http://{host}{}", exchange.target));
        option("output", file("body", place).to_str().unwrap());
        option("dump-header", file("head", place).to_str().unwrap());
        if exchange.method != "HEAD" {
            option("request", &exchange.method);
        }
        for (name, value) in exchange.sent(credentials) {
            // Without a value it would take the header off.
            let line = match value.as_str() {
                "" => format!("{name};"),
                value => format!("{name}: {value}"),
            };
            option("header", &line);
        }
        if !exchange.body.is_empty() || exchange.chunked {
            std::fs::write(file("sent", place), &exchange.body).unwrap();
            option("data-binary", &format!("@{}", file("sent", place).display()));
            if !exchange.has_header("expect") {
                // It would wait a while before it sends what is long.
                option("header", "Expect:");
            }
        }
        config.push_str("globoff\npath-as-is\n");
        if exchange.method == "HEAD" {
            config.push_str("head\n");
        }
        config.push_str("next\n");
    }
    let list = directory.path().join("exchanges");
    std::fs::write(&list, from_latin1(config.trim_end_matches("next\n"))).unwrap();
    let mut command = Command::new("curl");
    command.args(["--disable", "--config"]).arg(&list);
    run(command, "");
    let read = |place: usize| {
        let head = std::fs::read(file("head", place)).unwrap();
        // Of an answer to HEAD it prints the head.
        let body = match exchanges[place].0.method.as_str() {
            "HEAD" => Vec::new(),
            _ => std::fs::read(file("body", place)).unwrap_or_default(),
        };
        got(&latin1(&head), &body)
    };
    (0..exchanges.len()).map(read).collect()
}

/// What the last head says, and the trailers behind it.
fn got(heads: &str, body: &[u8]) -> Got {
    let fields = |lines: &str| {
        let pairs = lines.split("\r\n").filter_map(|line| line.split_once(':'));
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.trim_matches([' ', '\t']).to_owned()));
        Fields::from(pairs.collect::<Vec<_>>())
    };
    let begin = heads.rfind("HTTP/1.").unwrap();
    let (head, trailers) = heads[begin..].split_once("\r\n\r\n").unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    let mut words = line.splitn(3, ' ').skip(1);
    Got {
        status: words.next().unwrap().parse().unwrap(),
        reason: words.next().unwrap_or_default().to_owned(),
        headers: fields(headers),
        body: STANDARD.encode(body),
        trailers: fields(trailers),
    }
}
