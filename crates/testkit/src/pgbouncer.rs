//! A `PgBouncer` in front of a private PostgreSQL.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::Path,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::{
    guard::Guarded,
    postgres::{Account, Postgres},
};

/// Longest wait for it to listen.
const LIMIT: Duration = Duration::from_secs(20);

/// How long a client keeps its session of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PoolMode {
    /// As long as it is connected.
    Session,
    /// For one transaction.
    Transaction,
}

/// A pooler. Killed on drop, and when the test process dies.
#[derive(Debug)]
pub struct PgBouncer {
    port: u16,
    _directory: TempDir,
    _process: Guarded,
}

impl PgBouncer {
    /// Starts one that lets `user` in with `password`.
    ///
    /// # Panics
    /// When `pgbouncer` is not installed or does not come up.
    pub fn start(postgres: &Postgres, mode: PoolMode, user: &str, password: &str) -> Self {
        let account = Account::for_server();
        let directory = tempfile::tempdir().expect("a temporary directory");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .and_then(|listener| listener.local_addr())
            .expect("127.0.0.1 has a free port")
            .port();
        let users = directory.path().join("users");
        fs::write(&users, format!("\"{user}\" \"{password}\"\n")).expect("a file");
        let settings = directory.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {users}\npool_mode = {mode}\n",
            server = postgres.port(),
            users = users.display(),
            mode = match mode {
                PoolMode::Session => "session",
                PoolMode::Transaction => "transaction",
            },
        );
        fs::write(&settings, text).expect("a file");
        for path in [directory.path(), &users, &settings] {
            account.give(path);
        }
        let mut command = account.command(Path::new("/usr/sbin/pgbouncer"));
        command
            .arg("--quiet")
            .arg(&settings)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut process = Guarded::spawn(&mut command).expect("install pgbouncer: this test needs it");
        let deadline = Instant::now() + LIMIT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(
                Instant::now() < deadline && matches!(process.ended(), Ok(None)),
                "pgbouncer did not come up"
            );
            thread::sleep(Duration::from_millis(10));
        }
        Self {
            port,
            _directory: directory,
            _process: process,
        }
    }

    /// The address of PostgreSQL `url` through the pooler.
    ///
    /// # Panics
    /// When the address has no port.
    pub fn through(&self, url: &str) -> String {
        let (before, after) = url.rsplit_once(':').expect("an address with a port");
        let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
        format!("{before}:{}{rest}", self.port)
    }
}
