//! Every answer that is no success, of every route of every role and of what is no route, comes in the envelope: typed
//! JSON with the request's id, never cached, never sniffed, never named in a referrer.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use caracal_service::{front::Declaration, server::OPERATIONAL};
use caracal_testkit::deployed::Daemon;
use caracal_wire::ErrorCode;
use http::Method;
use serde_json::Value;

const LIMIT: Duration = Duration::from_mins(2);
const TOKEN: &str = "operator-token-of-this-test-0123456789";
const MARK: &str = "asked-by-refusals";

/// A request of this test.
struct Ask<'a> {
    method: &'a str,
    path: &'a str,
    bearer: Option<&'a str>,
    /// Further header lines, complete.
    lines: &'a str,
    body: &'a str,
}

const PLAIN: Ask<'_> = Ask {
    method: "GET",
    path: "/",
    bearer: None,
    lines: "",
    body: "",
};

/// What comes until the connection ends; of an answer without an end its head.
fn answer(stream: &mut TcpStream) -> String {
    let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes);
        let goes_on = text.split_once("\r\n\r\n").is_some_and(|(head, _)| {
            head.to_ascii_lowercase()
                .contains("content-type: text/event-stream")
        });
        if goes_on {
            return text.into_owned();
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return text.into_owned(),
            Ok(length) => bytes.extend_from_slice(piece.get(..length).unwrap_or_default()),
        }
    }
}

/// Sends it on a connection of its own; status and what follows the status line.
fn ask(address: &str, ask: &Ask<'_>) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).expect("the daemon listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a live socket");
    let bearer = ask
        .bearer
        .map(|token| format!("Authorization: Bearer {token}\r\n"))
        .unwrap_or_default();
    let request = format!(
        "{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Request-Id: {MARK}\r\n{bearer}{}\r\n{}",
        ask.method, ask.path, ask.lines, ask.body
    );
    // A server that refuses early stops reading; its answer is what counts.
    let _refused_early = stream.write_all(request.as_bytes());
    let text = answer(&mut stream);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text.as_str(), ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.unwrap_or_else(|| panic!("{} {}: no answer: {text:?}", ask.method, ask.path));
    (status, head.to_ascii_lowercase(), body.to_owned())
}

/// Checks one answer; its status.
fn check(role: &str, address: &str, request: &Ask<'_>) -> u16 {
    let (status, head, body) = ask(address, request);
    let what = format!("{role}: {} {} -> {head}\n{body}", request.method, request.path);
    assert!(status < 500 || status == 503, "{what}");
    // A head that is too large to be read has no id to echo.
    let id = if status == 431 { None } else { Some(MARK) };
    let echoed = head
        .lines()
        .find_map(|line| line.strip_prefix("x-request-id: "))
        .unwrap_or_else(|| panic!("no request id: {what}"));
    assert!(id.is_none_or(|id| id == echoed), "{what}");
    if status < 400 || request.path == "/ready" {
        return status;
    }
    // What a person is told in a browser is a page.
    if request.path.starts_with("/oauth/2/") && head.contains("content-type: text/html") {
        for line in [
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "x-frame-options: deny",
        ] {
            assert!(head.lines().any(|found| found == line), "no {line}: {what}");
        }
        return status;
    }
    for line in [
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cache-control: no-store",
        "content-type: application/json",
    ] {
        assert!(head.lines().any(|found| found == line), "no {line}: {what}");
    }
    let document: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("no JSON: {what}"));
    // Commands have an envelope of their own (`wire::envelope`).
    let code = document["error"].as_str().or(document["error"]["code"].as_str());
    let code = code.unwrap_or_default();
    let listed = ErrorCode::ALL.iter().find(|listed| listed.as_str() == code);
    let listed = listed.unwrap_or_else(|| panic!("not in the list of codes: {what}"));
    // The handbook's sentence names the statuses besides the usual one.
    let is_told = listed.status() == status || listed.sentence().contains(&status.to_string());
    assert!(is_told, "the list says {}: {what}", listed.status());
    for name in ["requestId", "request_id"] {
        assert_eq!(document[name].as_str(), Some(echoed), "{what}");
    }
    status
}

/// The path of a template, with something in each place.
fn filled(template: &str) -> String {
    let segments = template.split('/').map(|segment| {
        if segment.starts_with('{') {
            "none-such"
        } else {
            segment
        }
    });
    segments.collect::<Vec<_>>().join("/")
}

/// What a caller without a credential, or with a wrong one, is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stranger {
    Served,
    /// That it must say who it is.
    Asked,
    /// That something is missing: the credential is in the body.
    Refused,
}

/// Method and path of every route of a role, from its declarations.
fn routes(role: &str) -> Vec<(String, String, Stranger)> {
    fn told<N>(route: &Declaration<N>, stranger: Stranger) -> Vec<(String, String, Stranger)> {
        let paths = std::iter::once(route.path).chain(route.also);
        paths
            .map(|path| (route.method.to_string(), filled(path), stranger))
            .collect()
    }
    let operational = OPERATIONAL.map(|path| (String::from("GET"), path.to_owned(), Stranger::Served));
    let own: Vec<_> = match role {
        "api" => caracal_api::table()
            .iter()
            .flat_map(|route| {
                let stranger = match (route.needs.reach, &route.method) {
                    // Whoever signs in is nobody yet.
                    (caracal_api::Reach::Open, &Method::GET) => Stranger::Served,
                    (caracal_api::Reach::Open, _) => Stranger::Refused,
                    _ => Stranger::Asked,
                };
                told(route, stranger)
            })
            .collect(),
        "coordinator" => caracal_coordinator::table()
            .iter()
            .map(|route| (route.method.to_owned(), filled(route.path), Stranger::Asked))
            .collect(),
        "audit" => caracal_audit::table()
            .iter()
            .flat_map(|route| told(route, Stranger::Asked))
            .collect(),
        "sts" => caracal_sts::table()
            .iter()
            .flat_map(|route| {
                let stranger = match route.needs {
                    // What the server says of itself is the same to everybody.
                    caracal_sts::Needs::Nothing
                        if route.path == "/.well-known/oauth-authorization-server" =>
                    {
                        Stranger::Served
                    }
                    // Strangers read the keys of a zone that they can name; a person proves themselves in the zone of
                    // what they decide about.
                    caracal_sts::Needs::Nothing | caracal_sts::Needs::Client | caracal_sts::Needs::Person => {
                        Stranger::Refused
                    }
                    caracal_sts::Needs::Operator => Stranger::Asked,
                };
                told(route, stranger)
            })
            .collect(),
        // Tells the operational ones itself, since everything else is governed.
        _ => {
            return caracal_gateway::table()
                .iter()
                .flat_map(|route| {
                    let stranger = match route.needs {
                        // Of a resource that has no address.
                        caracal_gateway::Needs::Nothing if route.path.contains('{') => Stranger::Refused,
                        caracal_gateway::Needs::Nothing | caracal_gateway::Needs::Metrics => Stranger::Served,
                        caracal_gateway::Needs::Mandate => Stranger::Asked,
                    };
                    told(route, stranger)
                })
                .collect();
        }
    };
    own.into_iter().chain(operational).collect()
}

/// Asks a role for everything it has and has not, in every way that is refused; the statuses it answered with.
fn walk(role: &str, address: &str, bearer: &str) -> BTreeSet<u16> {
    let mut seen = BTreeSet::new();
    let plain = PLAIN;
    for (method, path, stranger) in routes(role) {
        let method = method.as_str();
        for bearer in [None, Some("wrong")] {
            let (path, request) = (path.as_str(), Ask { bearer, ..plain });
            let status = check(
                role,
                address,
                &Ask {
                    method,
                    path,
                    ..request
                },
            );
            let as_declared = match stranger {
                // Or that this address was refused too often.
                Stranger::Served => status < 400 || (role == "api" && status == 429),
                Stranger::Asked => matches!(status, 401 | 429),
                Stranger::Refused => (400..500).contains(&status),
            };
            assert!(
                as_declared,
                "{role}: {method} {path} -> {status}, not {stranger:?}"
            );
        }
        let (below, query) = (
            format!("{path}/no/such/route"),
            format!("{path}?limit=x&limit=y&cursor=%FF"),
        );
        for bearer in [None, Some("wrong"), Some(bearer)] {
            let plain = Ask { bearer, ..plain };
            for (method, path, lines, body) in [
                (method, path.as_str(), "", ""),
                (method, query.as_str(), "", ""),
                (method, below.as_str(), "", ""),
                ("PURGE", path.as_str(), "", ""),
                (
                    method,
                    path.as_str(),
                    "Content-Type: text/plain\r\nContent-Length: 1\r\n",
                    "x",
                ),
                (
                    method,
                    path.as_str(),
                    "Content-Type: application/json\r\nContent-Length: 1\r\n",
                    "{",
                ),
                (
                    method,
                    path.as_str(),
                    "Content-Type: application/json\r\nContent-Length: 99999999999\r\n",
                    "{",
                ),
                (
                    method,
                    path.as_str(),
                    "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99999999999\r\n",
                    "a",
                ),
            ] {
                let request = Ask {
                    method,
                    path,
                    lines,
                    body,
                    ..plain
                };
                // Whoever refuses a caller waits a while for the rest of what it announced, and an address has only so many
                // connections: a Gateway is not asked so, and nobody with a wrong bearer.
                let waits = role == "gateway" || bearer == Some("wrong");
                if waits && lines.contains("99999999999") {
                    continue;
                }
                seen.insert(check(role, address, &request));
            }
        }
    }
    let padding = format!("X-Padding: {}\r\n", "x".repeat(600)).repeat(200);
    for (path, lines) in [
        ("/no/such/route", ""),
        ("/", ""),
        ("/health", padding.as_str()),
        ("/%zz", ""),
    ] {
        seen.insert(check(role, address, &Ask { path, lines, ..plain }));
    }
    seen
}

/// Also the authorization walk: no route of any role serves whom it should have asked who it is.
#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_every_route_comes_in_the_envelope() {
    let home = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::embedded(home.path())
        .program(env!("CARGO_BIN_EXE_caracald"))
        .with("AUDIT_ADMIN_TOKEN", TOKEN)
        .with("STS_ADMIN_TOKEN", TOKEN)
        .with("CARACAL_COORDINATOR_TOKEN", TOKEN)
        .serve_ready()
        .await;
    let admin = std::fs::read_to_string(home.path().join("secrets/caracalAdminToken")).expect("the token");
    for (role, expected) in [
        ("api", &[400, 401, 404, 405, 413, 415, 431][..]),
        ("sts", &[400, 404, 405, 413, 415, 431]),
        ("gateway", &[401, 431]),
        // A zone that is not there is refused before what is asked of it is read; the role's own tests ask of one that is.
        ("coordinator", &[401, 404, 405, 431]),
        ("audit", &[400, 401, 404, 405, 431]),
    ] {
        let bearer = if role == "api" { admin.trim() } else { TOKEN };
        let address = &daemon.addresses[role];
        let seen = walk(role, address, bearer);
        // The Gateway has none: the path belongs to an upstream.
        let (path, document) = ("/openapi.json", if role == "gateway" { 401 } else { 200 });
        let status = check(role, address, &Ask { path, ..PLAIN });
        assert_eq!(status, document, "{role}");
        for status in expected {
            assert!(seen.contains(status), "{role}: no {status} among {seen:?}");
        }
    }
}
