//! How the daemon serves and stops: signals, descriptors, files.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Command, Stdio},
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    time::Duration,
};

use caracal_service::server::{ServerLimits, TlsFiles, TlsServer, serve};
use caracal_testkit::deployed::{Daemon, Role, ServingDaemon};

const LIMIT: Duration = Duration::from_mins(1);

/// A directory, and an embedded daemon that makes its own in it.
fn embedded() -> (tempfile::TempDir, Daemon) {
    let directory = tempfile::tempdir().expect("a directory");
    let daemon = Daemon::embedded(&directory.path().join("home")).program(env!("CARGO_BIN_EXE_caracald"));
    (directory, daemon)
}

fn signal(daemon: &ServingDaemon, name: &str) {
    let sent = Command::new("kill")
        .args(["-s", name, &daemon.process.id().to_string()])
        .status();
    assert!(sent.expect("kill runs").success(), "{name}");
}

/// Asks once on a connection of its own; empty when nobody answers.
fn answer(address: &str, path: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return String::new();
    };
    stream.set_read_timeout(Some(LIMIT)).expect("a live socket");
    let _ = write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    );
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

/// Asks again and again on one connection until an answer says that it is the last. Every question is answered; after
/// the first, `begun` is told.
fn ask_until_told_to_stop(address: &str, begun: &Sender<()>) -> usize {
    let mut stream = TcpStream::connect(address).expect("somebody listens");
    stream.set_read_timeout(Some(LIMIT)).expect("a live socket");
    let mut answers = 0;
    loop {
        write!(stream, "GET /health HTTP/1.1\r\nHost: {address}\r\n\r\n").expect("the connection is open");
        let mut text = String::new();
        while !text.ends_with('}') {
            let mut bytes = [0_u8; 1024];
            let count = stream.read(&mut bytes).expect("the connection is open");
            assert!(count > 0, "no answer after {answers}, only {text:?}");
            text.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        answers += 1;
        if answers == 1 {
            begun.send(()).expect("the test waits");
        }
        if text.contains("connection: close") {
            return answers;
        }
    }
}

/// In a container the web role has a read-only root and no volume.
#[tokio::test(flavor = "multi_thread")]
async fn the_web_role_alone_needs_no_directory() {
    let (_directory, daemon) = embedded();
    // Nothing can be made there, by root neither.
    let mut process = daemon.with("CARACAL_HOME", "/proc/caracal").serve(&["web"]);
    process
        .until("the console answers", LIMIT, async |process| {
            let log = process.stderr();
            let listening = log
                .lines()
                .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
                .find(|line| line["message"] == "listening");
            listening.is_some_and(|line| {
                let address = line["address"].as_str().expect("where it listens");
                answer(address, "/health").starts_with("HTTP/1.1 200")
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_is_told_to_load_balancers_before_anything_closes() {
    let (_directory, daemon) = embedded();
    let mut daemon = daemon.with("SHUTDOWN_DELAY_MS", "600000").serve_ready().await;
    daemon.process.terminate();
    daemon.says("asked to stop").await;
    for address in daemon.addresses.values() {
        let ready = answer(address, "/ready");
        assert!(
            ready.starts_with("HTTP/1.1 503") && ready.contains("draining"),
            "{ready}"
        );
        assert!(
            answer(address, "/health").starts_with("HTTP/1.1 200"),
            "still served"
        );
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_question_on_an_open_connection_is_left_without_an_answer_at_the_end() {
    let (_directory, daemon) = embedded();
    let mut daemon = daemon.serve_ready().await;
    let (begun, first_answers) = channel();
    let asking: Vec<_> = daemon
        .addresses
        .values()
        .cloned()
        .map(|address| {
            let begun = begun.clone();
            std::thread::spawn(move || ask_until_told_to_stop(&address, &begun))
        })
        .collect();
    // Every connection is open and in use.
    for _ in &asking {
        first_answers.recv_timeout(LIMIT).expect("an answer");
    }
    daemon.process.terminate();
    for asked in asking {
        asked.join().expect("every question is answered");
    }
    assert!(daemon.process.ended(LIMIT).await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn signals_that_ask_for_nothing_end_nothing_and_hangup_reads_the_logs_anew() {
    let (directory, daemon) = embedded();
    let [log, level] = ["log", "level"].map(|name| directory.path().join(name));
    std::fs::write(&level, "info\n").unwrap();
    let mut daemon = daemon
        .with("LOG_FILE", &log.display().to_string())
        .with("LOG_LEVEL_FILE", &level.display().to_string())
        .serve_roles(&[Role::Api])
        .await;
    let logged = |path: &Path, text: &str| std::fs::read_to_string(path).is_ok_and(|log| log.contains(text));
    for name in ["XFSZ", "XCPU", "ALRM", "VTALRM", "PROF", "IO"] {
        signal(&daemon, name);
    }
    for name in ["USR1", "USR2"] {
        signal(&daemon, name);
        let text = format!("SIG{name} means nothing here");
        daemon
            .process
            .until(&text, LIMIT, async |_| logged(&log, &text))
            .await;
    }
    assert!(!logged(&log, "\"DEBUG\""), "info is not debug");
    let moved = log.with_extension("1");
    std::fs::rename(&log, &moved).unwrap();
    std::fs::write(&level, "debug").unwrap();
    signal(&daemon, "HUP");
    let again = "the log level was read again";
    daemon
        .process
        .until(again, LIMIT, async |_| logged(&log, again))
        .await;
    let api = daemon.addresses["api"].clone();
    daemon
        .process
        .until("it logs at debug", LIMIT, async |_| {
            answer(&api, "/health");
            logged(&log, "\"DEBUG\"")
        })
        .await;
    // A level that is none changes nothing.
    std::fs::write(&level, "verbose").unwrap();
    signal(&daemon, "HUP");
    daemon
        .process
        .until("it says so", LIMIT, async |_| {
            logged(&log, "logs stay as they were")
        })
        .await;
    assert!(answer(&api, "/health").starts_with("HTTP/1.1 200"));
    daemon.stop().await;
    assert_eq!(
        std::fs::metadata(&log).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_private_whatever_the_umask_and_a_clean_stop_leaves_no_holder() {
    for mask in ["000", "0277"] {
        let (directory, daemon) = embedded();
        let mut daemon = daemon.before(&format!("umask {mask};")).serve_ready().await;
        let home = directory.path().join("home");
        let lock = home.join(".lock");
        std::fs::write(
            &lock,
            format!("{{\"pid\":{},\"start_ticks\":1}}", daemon.process.id()),
        )
        .unwrap();
        std::fs::set_permissions(&lock, std::fs::Permissions::from_mode(0o600)).unwrap();
        let mut directories = vec![home];
        let mut files = 0;
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
                if entry.file_type().unwrap().is_dir() {
                    assert_eq!(mode, 0o700, "{:?} under umask {mask}", entry.path());
                    directories.push(entry.path());
                } else {
                    assert_eq!(mode, 0o600, "{:?} under umask {mask}", entry.path());
                    files += 1;
                }
            }
        }
        assert!(files > 9, "secrets and a database");
        daemon.stop().await;
        assert_eq!(std::fs::read_to_string(lock).unwrap(), "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_descriptors_are_shared_so_that_every_role_still_says_how_it_is() {
    let (_directory, daemon) = embedded();
    let daemon = daemon.before("ulimit -n 192;").serve_ready().await;
    // More than there are descriptors; each asks for something and stays, for the idle timeout.
    let mut open = Vec::new();
    for _ in 0..40 {
        for address in daemon.addresses.values() {
            if let Ok(mut stream) = TcpStream::connect(address) {
                let _ = write!(
                    stream,
                    "POST /x HTTP/1.1\r\nHost: gw\r\nContent-Length: 9\r\n\r\n"
                );
                open.push(stream);
            }
        }
    }
    for (role, address) in &daemon.addresses {
        let health = answer(address, "/health");
        assert!(health.starts_with("HTTP/1.1 200"), "{role}: {health:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_soft_limit_of_descriptors_is_raised_to_the_hard_one() {
    let (_directory, daemon) = embedded();
    let daemon = daemon
        .before("ulimit -S -n 100; ulimit -H -n 500;")
        .serve_ready()
        .await;
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", daemon.process.id())).unwrap();
    let files = limits
        .lines()
        .find(|line| line.starts_with("Max open files"))
        .unwrap();
    let numbers: Vec<&str> = files.split_whitespace().skip(3).take(2).collect();
    assert_eq!(numbers, ["500", "500"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_without_descriptors_goes_on_when_there_are_some_again() {
    let (_directory, daemon) = embedded();
    let mut daemon = daemon.serve_ready().await;
    let limit = |soft: &str| {
        let process = format!("--pid={}", daemon.process.id());
        let set = Command::new("prlimit")
            .args([process, format!("--nofile={soft}:")])
            .status();
        assert!(set.unwrap().success());
    };
    // Lower than the lowest free descriptor.
    limit("3");
    let address = daemon.addresses["api"].clone();
    let asking = std::thread::spawn(move || answer(&address, "/health"));
    daemon.says("could not accept a connection").await;
    let process = format!("--pid={}", daemon.process.id());
    let set = Command::new("prlimit").args([&process, "--nofile=400:"]).status();
    assert!(set.unwrap().success());
    assert!(asking.join().unwrap().starts_with("HTTP/1.1 200"));
    daemon.says("connections are accepted again").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stops_within_its_request_is_answered_and_closed_on_every_listener() {
    let (_directory, daemon) = embedded();
    let daemon = daemon
        .with("READ_HEADER_TIMEOUT", "300ms")
        .with("READ_TIMEOUT", "300ms")
        .with("REQUEST_TIMEOUT_MS", "300")
        .serve_ready()
        .await;
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let body =
        |path: &str| format!("POST {path} HTTP/1.1\r\nHost: gw\r\n{form}Content-Length: 1000\r\n\r\nhello");
    for (role, address) in &daemon.addresses {
        for (raw, statuses) in [
            (String::from("GET /health HTTP/1.1\r\nHost: g"), &["408"][..]),
            (body("/oauth/2/token"), &["401", "404", "408"]),
            (body("/v1/zones"), &["401", "404", "408"]),
        ] {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.set_read_timeout(Some(LIMIT)).unwrap();
            stream.write_all(raw.as_bytes()).unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).expect("answered and closed");
            let status = text.split(' ').nth(1).unwrap_or_default();
            assert!(statuses.contains(&status), "{role} to {raw:?}: {text}");
            if *role == "sts" && raw.contains("token") {
                assert_eq!(status, "408", "{text}");
            }
        }
    }
}

#[test]
fn check_config_names_what_is_no_setting() {
    let check = |name: &str, value: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_caracald"))
            .arg("check-config")
            .env_clear()
            .envs([
                ("CARACAL_MODE", "dev"),
                ("CARACAL_HOME", "/nowhere"),
                (name, value),
            ])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    assert_eq!(
        check("CARACAL_GATEWAY_URL", "http://gw"),
        (Some(0), String::new())
    );
    for (name, value, sentence) in [
        ("CARACAL_TURBO", "1", "CARACAL_TURBO is not a setting"),
        ("CARACAL_STORAG", "embedded", "did you mean CARACAL_STORAGE?"),
        ("TLS_CERT_FILE", "/c", "TLS_CERT_FILE needs TLS_KEY_FILE"),
        (
            "LOG_LEVEL",
            "verbose",
            "\"verbose\" is none of off, error, warn, info, debug, trace",
        ),
        ("AUDIT_MAX_DELIVERIES", "30", "AUDIT_MAX_DELIVERIES is not read"),
    ] {
        let (code, said) = check(name, value);
        assert_eq!(code, Some(1), "{name}");
        assert!(said.contains(sentence), "{name}: {said}");
    }
    // What this project's own tools set around the daemon is nobody's slip.
    for name in names_in_tools() {
        let (_, said) = check(&name, "1");
        assert!(!said.contains("is not a setting"), "{said}");
    }
}

/// Every `CARACAL_*` that the Makefile, the scripts and the installer name.
fn names_in_tools() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = vec![root.join("Makefile"), root.join(".ci/run")];
    for directory in ["scripts", "infra/install"] {
        let listed = std::fs::read_dir(root.join(directory)).unwrap();
        files.extend(
            listed
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.is_file()),
        );
    }
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(file).unwrap();
        let words = text.split(|character: char| !matches!(character, 'A'..='Z' | '0'..='9' | '_'));
        names.extend(
            words
                .filter(|word| word.starts_with("CARACAL_") && !word.ends_with('_'))
                .map(str::to_owned),
        );
    }
    assert!(names.contains("CARACAL_REQUIRE_ENGINE"), "{names:?}");
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn healthcheck_asks_over_tls_and_believes_the_configured_certificate_alone() {
    let directory = tempfile::tempdir().unwrap();
    let files = |name: &str| {
        let made = rcgen::generate_simple_self_signed([String::from("anything.test")]).unwrap();
        let files = TlsFiles {
            certificate: directory.path().join(format!("{name}.crt")),
            key: directory.path().join(format!("{name}.key")),
        };
        std::fs::write(&files.certificate, made.cert.pem()).unwrap();
        std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
        files
    };
    let (own, other) = (files("own"), files("other"));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/ready", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/ready", axum::routing::get(async || "yes"));
    let tls = Arc::new(TlsServer::open(own.clone()).unwrap());
    tokio::spawn(serve(
        listener,
        router,
        ServerLimits::default(),
        Some(tls),
        tokio_util::sync::CancellationToken::new(),
    ));
    for (certificate, code) in [(own.certificate, 0), (other.certificate, 1)] {
        let output = Command::new(env!("CARGO_BIN_EXE_caracald"))
            .args(["healthcheck", "--url", &url])
            .env_clear()
            .env("TLS_CERT_FILE", certificate)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}

/// What a name leads to is known to name servers alone, so a check before a rollout asks them; a start does not.
#[test]
fn check_config_looks_up_the_upstreams_that_may_be_called() {
    let check = |private: &str| {
        let key = |digit: char| {
            digit.to_string().repeat(3) + "f1e2d3c4b5a69788796a5b4c3d2e1f00112233445566778899aabbccddeef"
        };
        let output = Command::new(env!("CARGO_BIN_EXE_caracald"))
            .args(["check-config", "gateway"])
            .env_clear()
            .envs([
                ("CARACAL_MODE", "rc"),
                ("CARACAL_STORAGE", "production"),
                ("CARACAL_HOME", "/nowhere"),
                (
                    "DATABASE_URL",
                    "postgres://caracalgateway:a-password@db.example.com/caracal?sslmode=verify-full",
                ),
                ("REDIS_URL", "rediss://:a-password@redis.example.com:6379"),
                ("ISSUER_URL", "https://sts.example.com"),
                ("STS_URL", "https://sts.example.com"),
                ("STREAMS_HMAC_KEY", key('1').as_str()),
                ("AUDIT_HMAC_KEY", key('2').as_str()),
                ("GATEWAY_STS_HMAC_KEY", key('3').as_str()),
                ("METRICS_BEARER", key('4').as_str()),
                (
                    "UPSTREAM_HOST_ALLOWLIST",
                    "localhost,*.example.com,nowhere.invalid",
                ),
                ("CARACAL_PRIVATE_EGRESS_HOSTS", private),
            ])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, told) = check("");
    assert_eq!(code, Some(1), "{told}");
    assert!(
        told.contains("UPSTREAM_HOST_ALLOWLIST names localhost, which leads into a private network")
            && !told.contains("nowhere.invalid"),
        "{told}"
    );
    assert_eq!(check("localhost"), (Some(0), String::new()));
}
