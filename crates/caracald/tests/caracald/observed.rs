//! What the daemon says about itself while it serves: logs, metrics, refusals.

use std::{
    fs::OpenOptions,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::fd::OwnedFd,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use caracal_testkit::deployed::Daemon;

const LIMIT: Duration = Duration::from_mins(2);
const TOKEN: &str = "operator-token-of-this-test-0123456789";

/// Runs a condition until it holds.
fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < end, "still waiting until {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn daemon(home: &Path) -> Daemon {
    Daemon::embedded(home)
        .program(env!("CARGO_BIN_EXE_caracald"))
        .with("LOG_LEVEL", "debug")
        .with("AUDIT_ADMIN_TOKEN", TOKEN)
}

fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the daemon listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a timeout");
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n\r\n"
    )
    .expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn a_log_that_cannot_be_written_costs_no_request() {
    let (reader, broken) = std::io::pipe().expect("a pipe");
    drop(reader);
    let full = OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let (_unread, hung) = std::io::pipe().expect("a pipe");
    for (kind, log) in [
        ("a pipe whose reader ended", OwnedFd::from(broken)),
        ("a full disk", OwnedFd::from(full)),
        ("a pipe that nobody reads", OwnedFd::from(hung)),
    ] {
        let home = tempfile::tempdir().expect("a directory");
        let daemon = daemon(home.path());
        let mut process = daemon
            .command(&["serve", "all"])
            .stdout(Stdio::null())
            .stderr(Stdio::from(log))
            .spawn()
            .expect("caracald runs");
        let addresses = until("the daemon says where it listens", || {
            daemon.addresses(process.id())
        });
        let gateway = &addresses["gateway"];
        // Each is a debug line at least; together they are more than a pipe holds.
        let answered = (0..300)
            .filter(|_| ask(gateway, "GET /nothing").starts_with("HTTP/1.1 4"))
            .count();
        let metrics = ask(gateway, "GET /metrics");
        let stopped = Command::new("kill")
            .arg(process.id().to_string())
            .status()
            .expect("kill runs");
        let ended = until("the daemon ends", || process.try_wait().expect("our child"));
        assert!(stopped.success());
        assert_eq!(answered, 300, "with {kind}");
        assert_eq!(ended.code(), Some(0), "with {kind}");
        assert!(metrics.contains("caracal_log_lines_lost_total{reason=\"queue_full\"} 0"));
        let failed_none = metrics.contains("caracal_log_lines_lost_total{reason=\"write_failed\"} 0\n");
        assert_eq!(failed_none, kind == "a pipe that nobody reads", "{metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_served_daemon_names_routes_counts_in_numbers_and_refuses_in_its_envelope() {
    let home = tempfile::tempdir().expect("a directory");
    let mut daemon = daemon(home.path()).serve_ready().await;
    let [gateway, audit, api] = ["gateway", "audit", "api"].map(|role| daemon.addresses[role].clone());

    // Refusals of every kind of input come in the envelope.
    for query in [
        "limit=x",
        "limit=0",
        "limit=1&limit=2",
        "limit=99999999999999999999999",
    ] {
        for (method, path) in [("GET", "dlq"), ("POST", "dlq/replay"), ("GET", "search")] {
            let answer = ask(&audit, &format!("{method} /api/audit/{path}?zone_id=z&{query}"));
            assert!(answer.starts_with("HTTP/1.1 400"), "{path}?{query}: {answer}");
            assert!(
                answer.contains("\"error\":\"invalid_query\""),
                "{path}?{query}: {answer}"
            );
            assert!(
                answer.contains("limit") && answer.contains("requestId"),
                "{answer}"
            );
        }
    }
    let answer = ask(&audit, "GET /api/audit/verify/%FF");
    assert!(answer.contains("\"error\":\"invalid_params\""), "{answer}");

    // Refusals of every role are neither sniffed nor named in a referrer.
    for (address, path) in [
        (&audit, "/api/audit/dlq?limit=x"),
        (&api, "/v1/zones"),
        (&api, "/no/such/route"),
        (&gateway, "/nothing"),
    ] {
        let answer = ask(address, &format!("GET {path}"));
        let head = answer.split("\r\n\r\n").next().unwrap_or_default();
        assert!(head.starts_with("HTTP/1.1 4"), "{answer}");
        assert!(
            head.contains("\r\nx-content-type-options: nosniff\r\n"),
            "{path}: {head}"
        );
        assert!(
            head.contains("\r\nreferrer-policy: no-referrer\r\n"),
            "{path}: {head}"
        );
    }

    // The Gateway names its own routes and calls the rest governed.
    let metrics = ask(&gateway, "GET /metrics");
    let requests = "caracal_http_requests_total{role=\"gateway\",route=\"{upstream}\",status=\"4xx\"}";
    assert!(metrics.contains(requests), "{metrics}");
    assert!(!metrics.contains("role=\"gateway\",route=\"other\""), "{metrics}");
    for name in [
        "inserts",
        "duplicates",
        "mismatches",
        "ingest_retries",
        "put_aside",
        "dead_letters_replayed",
    ] {
        let name = format!("caracal_audit_{name}_total");
        assert!(
            metrics.contains(&format!("# HELP {name} ")),
            "no sentence of {name}: {metrics}"
        );
        assert!(
            metrics.contains(&format!("\n{name}")),
            "{name} starts from zero: {metrics}"
        );
    }
    assert!(
        metrics.contains("# HELP caracal_audit_zones_waiting "),
        "{metrics}"
    );

    daemon.stop().await;
    let log = daemon.process.stderr();
    // The first line says what runs, with which settings, and none of its secrets.
    let first = log.lines().next().unwrap_or_default();
    for part in [
        "\"message\":\"starting\"",
        "\"mode\":\"dev\"",
        "\"storage\":\"embedded\"",
        "\"max_request_bytes\":10485760",
        concat!("\"version\":\"", env!("CARGO_PKG_VERSION"), "\""),
    ] {
        assert!(first.contains(part), "no {part}: {first}");
    }
    assert!(!log.contains(TOKEN), "a secret was logged");
    let governed: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("\"http.route\":\"{upstream}\""))
        .collect();
    assert!(!governed.is_empty(), "{log}");
    for line in governed {
        let duration = line.split("\"duration_us\":").nth(1).unwrap_or_default();
        assert!(
            duration.starts_with(|first: char| first.is_ascii_digit()),
            "{line}"
        );
    }
    assert!(
        log.lines()
            .last()
            .is_some_and(|line| line.contains("\"message\":\"stopped\"")),
        "the last line is there: {log}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zone_without_entries_is_not_a_chain_that_holds() {
    let home = tempfile::tempdir().expect("a directory");
    let daemon = daemon(home.path());
    daemon.run(&["migrate"]).await.assert_good();
    daemon.serve_ready().await.stop().await;
    let refused = daemon.run(&["audit", "verify", "--zone", "nope"]).await;
    refused.assert_refused(&["no entry of zone nope"]);
}
