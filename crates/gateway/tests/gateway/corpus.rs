//! What ordinary clients send and get is the same with and without the Gateway between.
//!
//! Each client makes the same exchanges twice. What its server received may differ in what is the Gateway's to say, and
//! what the client got not at all.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_testkit::upstream::Received;
use serde_json::{Value, json};

use crate::stage::{RESOURCE, Stage};

/// Exchanges of each client.
const EXCHANGES: usize = 50;

/// Sends what standard input lists, and prints status, type and body of each answer.
const PYTHON: &str = r"
import base64, http.client, json, sys, urllib.parse
got = []
for one in json.load(sys.stdin):
    connection = http.client.HTTPConnection(one['host'])
    body = base64.b64decode(one['body'])
    pieces = (body[at:at + 700] for at in range(0, len(body), 700))
    connection.request(one['method'], one['target'], body=pieces if one['chunked'] else body or None,
                       headers=one['headers'], encode_chunked=one['chunked'])
    answer = connection.getresponse()
    got.append([answer.status, answer.getheader('content-type'), base64.b64encode(answer.read()).decode()])
print(json.dumps(got))
";

const NODE: &str = r"
const http = require('node:http');
const text = require('node:fs').readFileSync(0, 'utf8');
const send = (one) => new Promise((done, failed) => {
  const [host, port] = one.host.split(':');
  const body = Buffer.from(one.body, 'base64');
  const headers = { ...one.headers };
  if (body.length && !one.chunked) headers['content-length'] = body.length;
  const request = http.request({ host, port, method: one.method, path: one.target, headers }, (answer) => {
    const pieces = [];
    answer.on('data', (piece) => pieces.push(piece));
    answer.on('end', () => done([answer.statusCode, answer.headers['content-type'] ?? null, Buffer.concat(pieces).toString('base64')]));
  });
  request.on('error', failed);
  if (one.chunked && body.length) { request.write(body.subarray(0, 700)); request.end(body.subarray(700)); }
  else request.end(body.length ? body : undefined);
});
(async () => {
  const got = [];
  for (const one of JSON.parse(text)) got.push(await send(one));
  console.log(JSON.stringify(got));
})();
";

/// A generator whose exchanges are the same in every run.
struct Generator(u64);

impl Generator {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn one_of<'o>(&mut self, of: &[&'o str]) -> &'o str {
        of[self.next(of.len())]
    }

    fn exchange(&mut self) -> Value {
        let method = self.one_of(&["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]);
        let path = self.one_of(&[
            "/", "/a", "/a/", "/a%20b", "/a%2Fb", "//a//b", "/%C3%A9", "/a;v=1", "/~x", "/a+b",
        ]);
        let query = self.one_of(&[
            "",
            "?",
            "?a=1",
            "?b=2&a=1&b=3",
            "?q=%2F%26",
            "?x=a+b",
            "?%C3%A9",
            "?a[]=1",
            "?=&&",
        ]);
        let takes_body = matches!(method, "POST" | "PUT" | "PATCH" | "PROPFIND");
        let length = if takes_body {
            [0, 1, 699, 700, 5000, 60_000][self.next(6)]
        } else {
            0
        };
        let body: Vec<u8> = (0..length)
            .map(|_| u8::try_from(self.next(256)).unwrap())
            .collect();
        let kind = self.one_of(&[
            "text/plain",
            "application/json; charset=utf-8",
            "application/octet-stream",
        ]);
        json!({
            "method": method, "target": format!("{path}{query}"), "body": STANDARD.encode(&body),
            "chunked": length > 0 && self.next(2) == 0,
            "headers": {"content-type": kind, "accept": self.one_of(&["*/*", "a/b;q=0.5, c/d"]), "x-two-words": "a  b", "user-agent": "corpus"},
        })
    }
}

fn run(program: &str, arguments: &[&str], input: &str) -> Vec<u8> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program} is needed: {error}"));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program} failed");
    output.stdout
}

/// One by one, since curl is told on its command line.
fn curl(exchanges: &[Value]) -> Vec<Value> {
    let one = |exchange: &Value| {
        let text = |name: &str| exchange[name].as_str().unwrap();
        let directory = tempfile();
        std::fs::write(&directory, STANDARD.decode(text("body")).unwrap()).unwrap();
        let body = format!("@{directory}");
        let url = format!("http://{}{}", text("host"), text("target"));
        let mut arguments = vec![
            "-s",
            "-g",
            "--path-as-is",
            "-X",
            text("method"),
            "-w",
            "\n%{http_code} %{content_type}",
        ];
        let headers: Vec<String> = (exchange["headers"].as_object().unwrap().iter())
            .map(|(name, value)| format!("{name}: {}", value.as_str().unwrap()))
            .collect();
        for header in &headers {
            arguments.extend(["-H", header]);
        }
        if !text("body").is_empty() {
            arguments.extend(["--data-binary", &body]);
        }
        if exchange["chunked"] == true {
            arguments.extend(["-H", "Transfer-Encoding: chunked"]);
        }
        arguments.push(&url);
        let got = run("curl", &arguments, "");
        std::fs::remove_file(&directory).unwrap();
        Value::from(STANDARD.encode(got))
    };
    exchanges.iter().map(one).collect()
}

fn tempfile() -> String {
    let name = format!("caracal-corpus-{}", std::process::id());
    std::env::temp_dir().join(name).to_str().unwrap().to_owned()
}

fn scripted(program: &str, script: &[&str], exchanges: &[Value]) -> Vec<Value> {
    let input = Value::from(exchanges.to_vec()).to_string();
    serde_json::from_slice(&run(program, script, &input)).unwrap()
}

/// What a server received, without what is between it and whoever sent, and what is the Gateway's to say.
fn received(received: &Received) -> (String, Vec<(String, String)>, Vec<u8>) {
    let ours = |name: &str| {
        name.starts_with("x-forwarded-")
            || matches!(
                name,
                "host" | "authorization" | "traceparent" | "x-request-id" | "connection" | "accept-encoding"
            )
    };
    let mut headers: Vec<(String, String)> = (received.headers.iter())
        .filter(|(name, _)| !ours(name.as_str()))
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (
        format!("{} {}", received.method, received.target),
        headers,
        received.body.to_vec(),
    )
}

#[tokio::test]
async fn ordinary_clients_get_the_same_bytes_with_and_without_the_gateway() {
    let stage = Stage::new().await;
    let mut generator = Generator(7);
    for client in ["curl", "python3", "node"] {
        let exchanges: Vec<Value> = (0..EXCHANGES).map(|_| generator.exchange()).collect();
        let at = |host: String, governed: bool| {
            let mut exchanges = exchanges.clone();
            for exchange in &mut exchanges {
                exchange["host"] = host.clone().into();
                if governed {
                    exchange["headers"]["authorization"] = format!("Bearer {}", stage.mandate()).into();
                    exchange["headers"]["x-caracal-resource"] = RESOURCE.into();
                }
            }
            exchanges
        };
        let run = async |exchanges: Vec<Value>| {
            let run = move || match client {
                "python3" => scripted(client, &["-c", PYTHON], &exchanges),
                "node" => scripted(client, &["-e", NODE], &exchanges),
                _ => curl(&exchanges),
            };
            tokio::task::spawn_blocking(run).await.unwrap()
        };
        let before = stage.upstream.requests();
        let direct = run(at(stage.upstream.address().to_string(), false)).await;
        let governed = run(at(stage.address.to_string(), true)).await;
        let seen = stage.upstream.received().split_off(before);
        assert_eq!(seen.len(), 2 * EXCHANGES, "{client}");
        for (place, exchange) in exchanges.iter().enumerate() {
            assert_eq!(
                governed[place], direct[place],
                "{client} got another answer: {exchange}"
            );
            assert_eq!(
                received(&seen[place + EXCHANGES]),
                received(&seen[place]),
                "{client} was passed on as another: {exchange}"
            );
        }
    }
}
