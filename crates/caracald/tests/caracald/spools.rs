//! Readiness of the roles that write evidence, on a disk that fails on command.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::FileExt as _,
    path::Path,
    process::Command,
    time::Duration,
};

use caracal_testkit::{deployed::Daemon, process::Process};

const LIMIT: Duration = Duration::from_mins(1);
/// What `/ready` says of a spool that takes nothing.
const AWAY: &str = "audit_replay_unavailable";

/// Numbers of `faults.c`.
const NO_SPACE: u64 = 1;
const SYNC_ERROR: u64 = 4;

/// A disk under the audit spool that fails on command: `faults.c`, loaded below the daemon.
struct FailingDisk {
    orders: File,
    before: String,
}

impl FailingDisk {
    fn in_directory(directory: &Path) -> Self {
        let [source, library, orders] = ["faults.c", "faults.so", "orders"].map(|name| directory.join(name));
        std::fs::write(
            &source,
            include_str!("../../../storage-sql/tests/support/faults.c"),
        )
        .unwrap();
        let compiled = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .arg("-ldl")
            .status();
        assert!(compiled.expect("a C compiler, as for building").success());
        std::fs::write(&orders, [0; 64]).unwrap();
        Self {
            before: format!(
                "export LD_PRELOAD={} CARACAL_FAULTS={} CARACAL_FAULTS_ON=/audit-spool/;",
                library.display(),
                orders.display()
            ),
            orders: File::options().write(true).open(orders).unwrap(),
        }
    }

    /// Every call of the kind fails from now on.
    fn fails(&self, kind: u64) {
        let words = [kind, 1, 1, 0].map(u64::to_ne_bytes).concat();
        // The switch last: until then nothing fails.
        self.orders.write_all_at(&words, 8).unwrap();
        self.orders.write_all_at(&1_u64.to_ne_bytes(), 0).unwrap();
    }

    fn works(&self) {
        self.orders.write_all_at(&[0; 8], 0).unwrap();
    }
}

/// A daemon of some of the roles.
struct Roles {
    process: Process,
    addresses: BTreeMap<&'static str, String>,
}

impl Roles {
    async fn serve(daemon: &Daemon, roles: &[&str]) -> Self {
        let mut process = daemon.serve(roles);
        let mut addresses = BTreeMap::new();
        process
            .until("it says where it listens", LIMIT, async |process| {
                addresses = daemon.addresses(process.id()).unwrap_or_default();
                addresses.len() == roles.len()
            })
            .await;
        let mut roles = Self { process, addresses };
        roles.until_ready(200, "").await;
        roles
    }

    /// Waits until every role answers `/ready` with `status` and `reason`.
    async fn until_ready(&mut self, status: u16, reason: &str) {
        for (role, address) in &self.addresses {
            let head = format!("HTTP/1.1 {status}");
            self.process
                .until(&format!("{role} says {status} {reason}"), LIMIT, async |_| {
                    let ready = get(address, "/ready");
                    ready.starts_with(&head) && ready.contains(reason)
                })
                .await;
        }
    }

    fn assert_healthy(&self) {
        for (role, address) in &self.addresses {
            assert!(get(address, "/health").starts_with("HTTP/1.1 200"), "{role}");
        }
    }
}

/// Asks once on a connection of its own; empty when nobody answers.
fn get(address: &str, path: &str) -> String {
    exchange(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"),
    )
}

fn exchange(address: &str, request: &str) -> String {
    let mut text = String::new();
    if let Ok(mut stream) = TcpStream::connect(address) {
        stream.set_read_timeout(Some(LIMIT)).expect("a live socket");
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read_to_string(&mut text);
    }
    text
}

/// Asks the Control API as its administrator for a zone, an application in it, and the secret of that, which leaves
/// evidence; gives the status of the last answer.
fn reveal_a_secret(home: &Path, api: &str) -> String {
    let token = std::fs::read_to_string(home.join("secrets/caracalAdminToken")).expect("the token");
    let ask = |method: &str, path: &str, body: &str| {
        let length = body.len();
        let head = format!(
            "{method} /v1/zones{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n",
            token.trim()
        );
        let answer = exchange(api, &(head + body));
        let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
        let id = body
            .split("\"id\":\"")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        let id = id.unwrap_or_default().to_owned();
        (answer, id)
    };
    let (_, zone) = ask("POST", "", r#"{"name":"acme"}"#);
    let desk = r#"{"name":"desk","registration_method":"managed"}"#;
    let (answer, desk) = ask("POST", &format!("/{zone}/applications"), desk);
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let (answer, _) = ask("GET", &format!("/{zone}/applications/{desk}/client-secret"), "");
    answer.split("\r\n").next().unwrap_or_default().to_owned()
}

/// Which roles are served together.
const TOGETHER: [&[&str]; 3] = [
    &["api"],
    &["coordinator"],
    &["api", "coordinator", "sts", "gateway"],
];

fn daemon(directory: &Path, disk: &FailingDisk, sync: &str) -> Daemon {
    Daemon::embedded(&directory.join("home"))
        .program(env!("CARGO_BIN_EXE_caracald"))
        .before(&disk.before)
        .with("AUDIT_SPOOL_SYNC", sync)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_role_is_ready_while_the_disk_of_its_spool_takes_nothing() {
    for roles in TOGETHER {
        let directory = tempfile::tempdir().unwrap();
        let disk = FailingDisk::in_directory(directory.path());
        let mut served = Roles::serve(&daemon(directory.path(), &disk, "always"), roles).await;
        // Nobody writes evidence: the probe itself finds out.
        for kind in [NO_SPACE, SYNC_ERROR] {
            disk.fails(kind);
            served.until_ready(503, AWAY).await;
            served.assert_healthy();
            disk.works();
            served.until_ready(200, "").await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_follows_evidence_that_the_disk_did_not_confirm_where_syncs_come_at_an_interval() {
    let directory = tempfile::tempdir().unwrap();
    let disk = FailingDisk::in_directory(directory.path());
    let mut served = Roles::serve(
        &daemon(directory.path(), &disk, "interval"),
        &["api", "coordinator"],
    )
    .await;
    disk.fails(SYNC_ERROR);
    // Answered: the outbox keeps the evidence until the spool has it.
    let home = directory.path().join("home");
    assert_eq!(
        reveal_a_secret(&home, &served.addresses["api"]),
        "HTTP/1.1 200 OK"
    );
    served.until_ready(503, AWAY).await;
    served.assert_healthy();
    disk.works();
    served.until_ready(200, "").await;
}
