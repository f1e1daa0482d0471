//! PostgreSQL: one private server per test process, a fresh database per case.
//!
//! The server listens on a socket in a temporary directory and on a free port of 127.0.0.1. Databases are copied
//! from a template, so that a case pays for its migrations once per process. Nothing is synced to disk, so a restart is survived but no power cut.
//! Where the machine has a file system in memory the data is there: a copied database is three hundred new files.

use std::{
    fs,
    io::Write as _,
    net::TcpListener,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use nix::{
    sys::{
        signal::Signal,
        statvfs::{Statvfs, statvfs},
    },
    unistd,
};
use tempfile::TempDir;

use crate::{
    fault::{Fault, Faults},
    guard::Guarded,
};

/// Superuser of the server.
const OWNER: &str = "caracal";

/// Longest wait for the server to answer. Generous: a busy machine must not fail a test.
const START_WITHIN: Duration = Duration::from_mins(1);

/// Linux's file system in memory.
const IN_MEMORY: &str = "/dev/shm";

/// What has to be free there: the databases of the cases that run at a time, several times over.
const ROOM: u64 = 4 << 30;

/// Where a server's data goes.
#[allow(clippy::useless_conversion, reason = "narrower numbers on other systems")]
fn place() -> PathBuf {
    let free = |disk: Statvfs| u64::from(disk.blocks_available()) * u64::from(disk.fragment_size());
    let roomy = statvfs(IN_MEMORY).is_ok_and(|disk| free(disk) >= ROOM);
    if roomy && unistd::access(IN_MEMORY, unistd::AccessFlags::W_OK).is_ok() {
        return IN_MEMORY.into();
    }
    std::env::temp_dir()
}

/// A running server. Dropping it stops the server and removes its data; so does the end of this process, however it
/// ends.
#[derive(Debug)]
pub struct Postgres {
    server: Mutex<Guarded>,
    _sweeper: Sweeper,
    directory: TempDir,
    port: u16,
    names: AtomicU64,
}

impl Postgres {
    /// Starts a server.
    ///
    /// # Panics
    /// When PostgreSQL's binaries are missing or the server does not start: a test that needs a database and has
    /// none is a failed test.
    pub fn start() -> Self {
        let directory = tempfile::tempdir_in(place()).expect("a temporary directory");
        let data = directory.path().join("data");
        fs::create_dir(&data).expect("a directory for the data");
        let account = Account::for_server();
        account.give(directory.path());
        account.give(&data);
        let password = directory.path().join("password");
        fs::File::create(&password)
            .and_then(|mut file| file.write_all(OWNER.as_bytes()))
            .expect("a password file");
        account.give(&password);
        let mut initdb = account.command(&tool("initdb"));
        initdb.args([
            "--username",
            OWNER,
            "--auth",
            "scram-sha-256",
            "--encoding",
            "UTF8",
            "--no-sync",
        ]);
        initdb
            .args(["--locale", "C.UTF-8", "--pwfile"])
            .arg(&password)
            .arg("--pgdata")
            .arg(&data);
        expect_success(initdb.output(), "initdb");
        let port = free_port();
        let server = launch(&account, &data, directory.path(), port);
        let this = Self {
            server: Mutex::new(server),
            _sweeper: Sweeper::over(directory.path()),
            directory,
            port,
            names: AtomicU64::new(0),
        };
        this.wait_until_it_answers();
        this
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// Address of a database for a user. `caracal` is the superuser; its password is its name.
    pub fn url_as(&self, database: &str, user: &str, password: &str) -> String {
        format!(
            "postgres://{user}:{password}@127.0.0.1:{}/{database}?sslmode=disable",
            self.port
        )
    }

    /// Address of a database for the superuser.
    pub fn url(&self, database: &str) -> String {
        self.url_as(database, OWNER, OWNER)
    }

    /// Makes an empty database; returns its name.
    pub fn create_database(&self) -> String {
        self.copy_database("template0")
    }

    /// Where it listens on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Copies a database that nobody is connected to; returns the copy's name.
    pub fn copy_database(&self, template: &str) -> String {
        let name = format!("case_{}", self.names.fetch_add(1, Ordering::Relaxed));
        self.sql(
            "postgres",
            &format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"),
        );
        name
    }

    /// Removes a database, whoever is still connected.
    pub fn drop_database(&self, name: &str) {
        self.sql(
            "postgres",
            &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        );
    }

    /// Runs SQL as the superuser; returns what it answers, one row per line, columns separated by `|`.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        self.try_sql(&self.url(database), sql)
            .unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs SQL on any address of this server; the error is the server's text.
    pub fn try_sql(&self, url: &str, sql: &str) -> Result<String, String> {
        let output = Command::new(tool("psql"))
            .args([
                "--no-psqlrc",
                "--quiet",
                "--tuples-only",
                "--no-align",
                "--set",
                "ON_ERROR_STOP=1",
            ])
            .arg("--dbname")
            .arg(url)
            .arg("--command")
            .arg(sql)
            .env_remove("PGPASSWORD")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }

    /// The end of the server's log, for the message of a failed test.
    pub fn log(&self) -> String {
        let text = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(50)..].join("\n")
    }

    fn wait_until_it_answers(&self) {
        let started = Instant::now();
        loop {
            match self.try_sql(&self.url("postgres"), "SELECT 1") {
                Ok(_) => return,
                Err(error) if started.elapsed() > START_WITHIN => {
                    panic!("the server does not answer: {error}\n{}", self.log())
                }
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }
}

impl Faults for Postgres {
    /// Gone: every connection breaks and nothing more is written, as in a power cut; clients are refused.
    fn fail(&self, fault: Fault) {
        assert_eq!(fault, Fault::Gone, "put a proxy before the server");
        let mut server = self.server.lock().unwrap_or_else(PoisonError::into_inner);
        // Immediate shutdown: recovery runs at the next start.
        server.signal(Signal::SIGQUIT);
        let started = Instant::now();
        while matches!(server.ended(), Ok(None)) && started.elapsed() < START_WITHIN {
            std::thread::sleep(Duration::from_millis(20));
        }
        server.kill();
    }

    /// On the same data and port.
    fn mend(&self) {
        let account = Account::for_server();
        *self.server.lock().unwrap_or_else(PoisonError::into_inner) = launch(
            &account,
            &self.directory.path().join("data"),
            self.directory.path(),
            self.port,
        );
        self.wait_until_it_answers();
    }
}

/// Removes the directory once this process is gone. A server kept in a `static` is never dropped, and neither is its
/// directory.
#[derive(Debug)]
struct Sweeper(Child);

impl Sweeper {
    fn over(directory: &Path) -> Self {
        // The pipe closes with this process; then the server is being killed, and may still write for a moment.
        let script = r#"read -r _; for _ in $(seq 100); do rm -rf "$0" && break; sleep 0.1; done"#;
        let shell = Command::new("sh")
            .args(["-c", script])
            .arg(directory)
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(shell.expect("a shell starts"))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Whom a server runs as that refuses to be root.
pub(crate) struct Account(Option<(unistd::Uid, unistd::Gid)>);

impl Account {
    pub(crate) fn for_server() -> Self {
        if !unistd::geteuid().is_root() {
            return Self(None);
        }
        let nobody = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| unistd::User::from_name(name).ok().flatten());
        let user = nobody.expect("an account for the server: it refuses to run as root");
        Self(Some((user.uid, user.gid)))
    }

    pub(crate) fn give(&self, path: &Path) {
        if let Some((uid, gid)) = self.0 {
            unistd::chown(path, Some(uid), Some(gid)).expect("the file is ours to give");
        }
        let mode = if path.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("the file is ours to protect");
    }

    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/");
        command.stdin(Stdio::null());
        if let Some((uid, gid)) = self.0 {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        command
    }
}

fn launch(account: &Account, data: &Path, directory: &Path, port: u16) -> Guarded {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join("log"))
        .expect("a log file");
    let mut command = account.command(&tool("postgres"));
    command
        .arg("-D")
        .arg(data)
        .arg("-k")
        .arg(directory)
        .arg("-p")
        .arg(port.to_string());
    for setting in [
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "full_page_writes=off",
        "max_connections=200",
        "shared_buffers=64MB",
        // Two writers that wait for each other are found out soon.
        "deadlock_timeout=100ms",
        "log_min_messages=warning",
    ] {
        command.arg("-c").arg(setting);
    }
    let errors = log.try_clone().expect("a second handle of the log");
    command.stdout(log).stderr(errors);
    Guarded::spawn(&mut command).expect("the server's binary starts")
}

/// Where the newest installed PostgreSQL keeps a program.
///
/// # Panics
/// When there is none.
fn tool(name: &str) -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin").join(name)))
        })
        .filter(|(_, path)| path.is_file())
        .collect();
    found.sort();
    let newest = found.pop().map(|(_, path)| path);
    newest
        .or_else(|| which(name))
        .unwrap_or_else(|| panic!("{name} is missing; install PostgreSQL 15 or newer"))
}

fn which(name: &str) -> Option<PathBuf> {
    [
        "/usr/local/bin",
        "/usr/bin",
        "/usr/local/pgsql/bin",
        "/opt/homebrew/bin",
    ]
    .into_iter()
    .map(|directory| Path::new(directory).join(name))
    .find(|path| path.is_file())
}

/// A port nobody listens on at this moment.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("its number").port()
}

fn expect_success(output: std::io::Result<Output>, what: &str) {
    let output = output.unwrap_or_else(|error| panic!("{what} did not start: {error}"));
    assert!(
        output.status.success(),
        "{what} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
