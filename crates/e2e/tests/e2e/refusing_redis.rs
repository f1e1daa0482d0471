//! A Redis that stays and refuses: whoever needs it answers 503 and is not ready, nothing is believed meanwhile, and
//! everything goes on by itself, over connections dialled anew, once it obeys again.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::{Duration, Instant},
};

use caracal_e2e::{Deployment, Fixture, READ, Reply, Role, Stack, run};

use crate::{
    outages::{SOON, assert_away, assert_same_processes, until_ready, until_unready},
    support::{assert_call_refused, assert_passed},
};

/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// What a server may say instead of doing what it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// It is a replica now.
    ReadOnly,
    /// It has no memory left.
    Full,
    /// The login may not write any more.
    Forbidden,
    /// It is still reading its file.
    Loading,
    /// It cannot keep what it is told.
    CannotSave,
}

impl Refusal {
    /// The code of its answers.
    const fn code(self) -> &'static str {
        match self {
            Self::ReadOnly => "READONLY",
            Self::Full => "OOM",
            Self::Forbidden => "NOPERM",
            Self::Loading => "LOADING",
            Self::CannotSave => "MISCONF",
        }
    }

    async fn begin(self, stack: &Stack) {
        match self {
            Self::ReadOnly => tell(stack, &["REPLICAOF", "127.0.0.1", "1"]).await,
            Self::Full => tell(stack, &["CONFIG", "SET", "maxmemory", "1"]).await,
            Self::Forbidden => tell(stack, &["ACL", "SETUSER", "default", "-@write"]).await,
            Self::Loading => load_slowly(stack).await,
            Self::CannotSave => {
                // Nothing can be renamed onto a directory that is not empty.
                let redis = stack.production().redis().await;
                let file = redis.directory().join("dump.rdb");
                let _absent = std::fs::remove_file(&file);
                std::fs::create_dir_all(file.join("in-the-way")).expect("the directory is ours");
                drop(redis);
                tell(stack, &["CONFIG", "SET", "save", "3600 1"]).await;
                tell(stack, &["BGSAVE"]).await;
            }
        }
        // The server refuses, and with this code.
        let deadline = Instant::now() + SOON;
        loop {
            let answer = command(stack, &["SET", "caracal:ping", "1"]).await;
            if answer.starts_with(&format!("-{}", self.code())) {
                return;
            }
            assert!(Instant::now() < deadline, "{self:?}: {answer}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn end(self, stack: &Stack) {
        match self {
            Self::ReadOnly => tell(stack, &["REPLICAOF", "NO", "ONE"]).await,
            Self::Full => tell(stack, &["CONFIG", "SET", "maxmemory", "0"]).await,
            Self::Forbidden => tell(stack, &["ACL", "SETUSER", "default", "+@all"]).await,
            Self::Loading => tell(stack, &["CONFIG", "SET", "key-load-delay", "0"]).await,
            Self::CannotSave => tell(stack, &["CONFIG", "SET", "save", ""]).await,
        }
    }
}

/// Sends one command and returns the raw answer.
async fn command(stack: &Stack, words: &[&str]) -> String {
    let redis = stack.production().redis().await;
    redis.command(words).expect("redis-server answers")
}

/// Sends one command that has to be obeyed.
async fn tell(stack: &Stack, words: &[&str]) {
    let answer = command(stack, words).await;
    assert!(answer.starts_with('+'), "{words:?}: {answer}");
}

/// Has the server read its file again, so slowly that it takes as long as the test wants.
async fn load_slowly(stack: &Stack) {
    let filler = "for i = 1, 2000 do redis.call('SET', 'filler:' .. i, string.rep('x', 4096)) end \
                  return redis.status_reply('OK')";
    tell(stack, &["EVAL", filler, "0"]).await;
    for (name, value) in [
        ("rdbcompression", "no"),
        ("loading-process-events-interval-bytes", "1024"),
        ("key-load-delay", "20000"),
    ] {
        tell(stack, &["CONFIG", "SET", name, value]).await;
    }
    let url = stack.production().redis_url().to_owned();
    let (password, address) = url
        .trim_start_matches("redis://:")
        .split_once('@')
        .expect("a password and an address");
    // Answered once it has been read, so nobody waits for it.
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    let order = format!("AUTH {password}\r\nDEBUG RELOAD\r\n");
    tokio::io::AsyncWriteExt::write_all(&mut stream, order.as_bytes())
        .await
        .expect("it reads");
    tokio::spawn(async move {
        let mut answer = Vec::new();
        let _ends_with_the_server = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut answer).await;
    });
}

/// The connections on which each process sends commands, by the server's ids, which it gives once. Those that wait for
/// news are left out.
async fn connections(stack: &Stack) -> BTreeMap<u32, BTreeSet<u64>> {
    let listed = command(stack, &["CLIENT", "LIST"]).await;
    let mut by_port: BTreeMap<u16, u64> = BTreeMap::new();
    for line in listed.lines() {
        let field = |name: &str| {
            line.split(' ')
                .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
        };
        let (Some(id), Some(address), Some(last)) = (field("id"), field("addr"), field("cmd")) else {
            continue;
        };
        if !matches!(last, "xread" | "xreadgroup") {
            let port = address.rsplit(':').next().and_then(|port| port.parse().ok());
            by_port.insert(port.expect("a port"), id.parse().expect("a number"));
        }
    }
    let of = |pid: u32| {
        let own: BTreeSet<u64> = local_ports(pid)
            .iter()
            .filter_map(|port| by_port.get(port).copied())
            .collect();
        (pid, own)
    };
    let mut all = BTreeMap::new();
    for pid in stack.pids().await {
        all.extend([of(pid)]);
    }
    all
}

/// Local ports of the connections that a process has open.
fn local_ports(pid: u32) -> BTreeSet<u16> {
    let process = Path::new("/proc").join(pid.to_string());
    let sockets: BTreeSet<String> = std::fs::read_dir(process.join("fd"))
        .expect("the process is ours")
        .filter_map(|open| std::fs::read_link(open.ok()?.path()).ok())
        .filter_map(|link| {
            Some(
                link.to_str()?
                    .strip_prefix("socket:[")?
                    .strip_suffix(']')?
                    .to_owned(),
            )
        })
        .collect();
    let table = std::fs::read_to_string(process.join("net/tcp")).expect("the process is ours");
    let port = |line: &str| {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let port = columns.get(1)?.rsplit(':').next()?;
        u16::from_str_radix(port, 16)
            .ok()
            .filter(|_| columns.get(9).is_some_and(|inode| sockets.contains(*inode)))
    };
    table.lines().filter_map(port).collect()
}

/// Every process has dropped a connection it had `before`, and made another.
async fn assert_dialled_anew(stack: &Stack, before: &BTreeMap<u32, BTreeSet<u64>>) {
    let after = connections(stack).await;
    for (process, had) in before {
        let has = &after[process];
        assert!(
            had.difference(has).next().is_some() && has.difference(had).next().is_some(),
            "process {process} had {had:?} and has {has:?}"
        );
    }
}

/// An answer that was not given for want of a store is a 503 with `Retry-After`; one that was given is a success.
#[track_caller]
fn assert_served_or_away(reply: &Reply) {
    assert!(
        reply.status == 503 || (200..300).contains(&reply.status),
        "{reply:#?}"
    );
    if reply.status == 503 {
        assert_away(reply);
    }
}

async fn is_survived(refusal: Refusal) {
    run(Deployment::Production, async |stack: &Stack| {
        let fixture = Fixture::set_up(stack).await;
        let agent = fixture.agent().await;
        let (held, ended) = (fixture.mandate(&agent, READ).await, fixture.agent().await);
        let processes = stack.pids().await;
        let connected = connections(stack).await;
        refusal.begin(stack).await;
        until_unready(stack, &Role::ALL, &["redis_unreachable", "consumer_unhealthy"]).await;
        let before = fixture.upstream.requests();
        for _ in 0..3 {
            // Gateway and STS decide with it, so nothing is decided.
            assert_away(&fixture.call(&held).await);
            assert_away(&fixture.mint(&agent, READ).await);
            // Coordinator and Control API may do what PostgreSQL keeps; they publish it later.
            assert_served_or_away(&fixture.about_session(&agent, "GET", "").await);
            assert_served_or_away(&fixture.zone.admin("GET", "/applications", None).await);
        }
        assert_served_or_away(&fixture.about_session(&ended, "DELETE", "").await);
        assert_eq!(fixture.upstream.requests(), before);
        refusal.end(stack).await;
        until_ready(stack).await;
        assert_same_processes(stack, &processes).await;
        assert_dialled_anew(stack, &connected).await;
        if refusal == Refusal::ReadOnly {
            // Who was a replica may have missed uses.
            assert_call_refused(&fixture, &held, 401, "invalid_token", "replay_state_lost").await;
        } else {
            // The server has forgotten nothing, and nothing was used up by what it refused.
            assert_passed(&fixture.call(&held).await);
            assert_call_refused(&fixture, &held, 401, "invalid_token", "token_replay").await;
        }
        assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
        // What was ended meanwhile is ended, and what was not can be.
        let again = fixture.about_session(&ended, "DELETE", "").await;
        assert!(matches!(again.status, 204 | 404 | 409), "{again:#?}");
        let deadline = Instant::now() + SOON;
        while fixture.mint(&ended, READ).await.status != 403 {
            assert!(Instant::now() < deadline, "the session still mints");
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_became_a_replica_is_told_and_survived() {
    is_survived(Refusal::ReadOnly).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_without_memory_is_told_and_survived() {
    is_survived(Refusal::Full).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_takes_the_right_to_write_away_is_told_and_survived() {
    is_survived(Refusal::Forbidden).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_loading_is_told_and_survived() {
    is_survived(Refusal::Loading).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_cannot_save_is_told_and_survived() {
    is_survived(Refusal::CannotSave).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_whose_relay_cannot_publish_is_not_ready_though_redis_takes_every_other_write() {
    run(Deployment::Production, async |stack: &Stack| {
        let fixture = Fixture::set_up(stack).await;
        let agent = fixture.agent().await;
        let held = fixture.mandate(&agent, READ).await;
        // Something else lies where the revocations go.
        command(stack, &["DEL", "caracal.sessions.revoke"]).await;
        tell(stack, &["SET", "caracal.sessions.revoke", "not a stream"]).await;
        assert_served_or_away(&fixture.about_session(&agent, "DELETE", "").await);
        // Nobody who enforces can hear of the end, and each knows that.
        let unheard = ["revocation_snapshot_stale", "redis_unreachable"];
        until_unready(stack, &[Role::Coordinator, Role::Gateway, Role::Sts], &unheard).await;
        let call = fixture.call(&held).await;
        assert!(matches!(call.status, 401 | 403 | 503), "{call:#?}");
        let answer = command(stack, &["DEL", "caracal.sessions.revoke"]).await;
        assert_eq!(answer, ":1\r\n");
        until_ready(stack).await;
        let call = fixture.call(&held).await;
        assert!(matches!(call.status, 401 | 403), "{call:#?}");
    })
    .await;
}
