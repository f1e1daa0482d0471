//! A private Redis server: its own process, its own directory, a free port of 127.0.0.1.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::{
    fault::{Fault, Faults},
    guard::Guarded,
};

/// Longest wait for the server to answer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Free ports tried before giving up: another process may take one between choosing and binding it.
const PORTS: usize = 5;

/// A `redis-server` of the test's own. Killed on drop, and when the test process dies.
///
/// Everything written is appended to a file before it is answered, so [`Redis::restart`] keeps it; use
/// [`Redis::flush`] for a server that lost its memory.
#[derive(Debug)]
pub struct Redis {
    options: RedisOptions,
    port: u16,
    directory: TempDir,
    server: Mutex<Option<Guarded>>,
}

/// How to start a [`Redis`].
#[derive(Debug, Clone, Default)]
pub struct RedisOptions {
    password: Option<String>,
    settings: Vec<(String, String)>,
}

impl RedisOptions {
    /// Asks clients for a password, which must be safe in a URL.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Sets a line of `redis.conf`, for example `maxmemory` to `2mb`.
    #[must_use]
    pub fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Panics
    /// When `redis-server` is not installed or does not come up; a test that needs it proves nothing without it.
    pub fn start(self) -> Redis {
        let directory = tempfile::tempdir().expect("a temporary directory for the server");
        let mut redis = Redis {
            options: self,
            port: 0,
            directory,
            server: Mutex::default(),
        };
        for _ in 0..PORTS {
            redis.port = free_port();
            if redis.launch() {
                return redis;
            }
        }
        panic!(
            "redis-server did not come up on any of {PORTS} free ports:\n{}",
            redis.log()
        );
    }
}

impl Redis {
    /// A server without password.
    ///
    /// # Panics
    /// As [`RedisOptions::start`].
    pub fn start() -> Self {
        RedisOptions::default().start()
    }

    /// A server that keeps nothing: after a restart it is empty.
    ///
    /// # Panics
    /// As [`RedisOptions::start`].
    pub fn in_memory() -> Self {
        let options = RedisOptions::default().setting("appendonly", "no");
        options.setting("maxmemory-policy", "noeviction").start()
    }

    /// A server to be configured first.
    pub fn options() -> RedisOptions {
        RedisOptions::default()
    }

    /// Where clients connect, with the password if there is one: `redis://:password@127.0.0.1:6379`.
    pub fn url(&self) -> String {
        match &self.options.password {
            Some(password) => format!("redis://:{password}@127.0.0.1:{}", self.port),
            None => format!("redis://127.0.0.1:{}", self.port),
        }
    }

    /// The port, the same after every restart.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Deletes everything, as a server that lost its memory.
    ///
    /// # Panics
    /// When the server does not answer.
    pub fn flush(&self) {
        let answer = self.command(&["FLUSHALL"]).expect("redis-server answers");
        assert_eq!(answer, "+OK\r\n", "nothing was flushed");
    }

    /// Sends one command over a connection of its own and returns the raw reply (RESP), enough to look at counts
    /// and lengths: `:3\r\n`. Replies longer than a few kilobytes may be cut.
    ///
    /// # Errors
    /// When the server does not answer within seconds.
    pub fn command(&self, words: &[&str]) -> io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        if let Some(password) = &self.options.password {
            exchange(&mut stream, &["AUTH", password])?;
        }
        exchange(&mut stream, words)
    }

    /// Everything in the files that keep what the server was told, as bytes.
    ///
    /// # Panics
    /// When they cannot be read.
    pub fn appended(&self) -> Vec<u8> {
        let files =
            std::fs::read_dir(self.directory.path().join("appendonlydir")).expect("the server's files");
        files
            .flat_map(|file| std::fs::read(file.expect("an entry").path()).expect("a file of the server"))
            .collect()
    }

    /// Where the server keeps its files.
    pub fn directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// What the server wrote to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    fn server(&self) -> MutexGuard<'_, Option<Guarded>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the process and waits until it answers; `false` when it ended instead, as when the port is taken.
    fn launch(&self) -> bool {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.directory.path().join("log"))
            .expect("the directory is ours");
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        command
            .args([
                "--port",
                &port,
                "--bind",
                "127.0.0.1",
                "--daemonize",
                "no",
                "--save",
                "",
            ])
            .args(["--appendonly", "yes", "--appendfsync", "always", "--dir"])
            .arg(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null());
        if let Some(password) = &self.options.password {
            command.args(["--requirepass", password]);
        }
        for (name, value) in &self.options.settings {
            command.arg(format!("--{name}")).arg(value);
        }
        let server = Guarded::spawn(&mut command).expect("install redis-server: this test needs it");
        let mut running = self.server();
        let server = running.insert(server);
        let deadline = Instant::now() + TIMEOUT;
        while Instant::now() < deadline && matches!(server.ended(), Ok(None)) {
            if let Ok(mut stream) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) {
                // A stranger on this port does not know our process id.
                let _ = stream.set_read_timeout(Some(TIMEOUT));
                let known = match &self.options.password {
                    Some(password) => exchange(&mut stream, &["AUTH", password]).is_ok(),
                    None => true,
                };
                let ours = format!("process_id:{}\r\n", server.id());
                // Nor is one that still reads its file of any use yet.
                let ready =
                    |info: String| info.contains(&ours) && info.lines().any(|line| line == "loading:0");
                if known && exchange(&mut stream, &["INFO"]).is_ok_and(ready) {
                    return true;
                }
            }
            thread::sleep(Duration::from_millis(10));
        }
        *running = None;
        false
    }
}

impl Faults for Redis {
    /// Gone: killed, and clients are refused. Frozen: connections stay open and nothing is answered, as behind a broken
    /// network.
    fn fail(&self, fault: Fault) {
        let mut server = self.server();
        match (fault, server.as_mut()) {
            (Fault::Gone, _) => *server = None,
            (Fault::Frozen, Some(running)) => running.signal(Signal::SIGSTOP),
            (other, _) => panic!("a server of Redis is not {other:?}"),
        }
    }

    /// On the same port, with everything it had answered for; what was asked of a frozen one is answered now.
    fn mend(&self) {
        if let Some(running) = self.server().as_mut() {
            return running.signal(Signal::SIGCONT);
        }
        let deadline = Instant::now() + TIMEOUT;
        while !self.launch() {
            assert!(
                Instant::now() < deadline,
                "redis-server did not come back:\n{}",
                self.log()
            );
        }
    }
}

/// Writes one command and reads one reply.
fn exchange(stream: &mut TcpStream, words: &[&str]) -> io::Result<String> {
    let mut command = format!("*{}\r\n", words.len());
    for word in words {
        command.extend(["$", &word.len().to_string(), "\r\n", word, "\r\n"]);
    }
    stream.write_all(command.as_bytes())?;
    let (mut reply, mut buffer) = (Vec::new(), [0; 8192]);
    loop {
        match stream.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => reply.extend_from_slice(&buffer[..read]),
        }
        let text = String::from_utf8_lossy(&reply);
        if is_complete(&text) {
            return Ok(text.into_owned());
        }
    }
}

/// Whether a reply is there as a whole: bulk strings announce their length, arrays are taken as they come.
fn is_complete(reply: &str) -> bool {
    let Some((head, rest)) = reply.split_once("\r\n") else {
        return false;
    };
    match head.strip_prefix('$').map(str::parse::<i64>) {
        Some(Ok(length)) => usize::try_from(length).map_or(true, |length| rest.len() >= length + 2),
        _ => true,
    }
}

/// A port nobody listens on now.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("127.0.0.1 has a free port")
        .port()
}
