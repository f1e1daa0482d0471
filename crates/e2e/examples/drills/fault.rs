//! What fails, and how it is made to fail.

use std::{path::PathBuf, process::Command, time::Duration};

use caracal_e2e::{Deployment, Fixture, READ, Role, Stack, program};
use caracal_testkit::fault::{Fault as Unwell, Faults};
use tokio::time::{Instant, sleep};

use crate::evidence::{self, Broken};

/// What a supervisor takes to start a process that died.
const SUPERVISOR: Duration = Duration::from_secs(1);
/// Size of the small volume, in MiB.
const VOLUME_MIB: u64 = 64;

/// What fails.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// SIGKILL; a supervisor starts it again.
    Kill(Role),
    /// SIGTERM, started again after the time away.
    Stop(Role),
    RedisAway,
    RedisRestart,
    RedisFlush,
    /// Connections stay open, and nothing is answered.
    RedisFrozen,
    /// What was the primary is a replica now and refuses to write.
    RedisReadOnly,
    /// No room for another byte.
    RedisFull,
    PostgresAway,
    PostgresRestart,
    /// What was the primary lives on and refuses to write.
    PostgresReadOnly,
    /// The volume of the STS's spool is filled to the last byte, and the Audit role is away meanwhile.
    SpoolFull,
    /// The key of another zone cannot be opened, and every role reads all zones anew.
    UnreadableZone,
    /// Signed events of the first century come to the ledger.
    AnotherAge,
    /// Sessions ask whose labels look like escapes, quotations, markup and SQL.
    OddLabels,
    /// What a block of the ledger says of itself is changed in the database.
    LedgerAltered,
    /// The Gateway is killed under a call whose upstream hangs.
    CallCutOff,
    /// Every process logs to a full disk, from before its start.
    LogFull,
    /// Another zone does its worst: a case of `caracal-bench isolation`.
    Neighbour(&'static str),
}

pub(crate) const DRILLS: [(&str, Fault); 30] = [
    ("kill -9 of API", Fault::Kill(Role::Api)),
    ("kill -9 of STS", Fault::Kill(Role::Sts)),
    ("kill -9 of Gateway", Fault::Kill(Role::Gateway)),
    ("kill -9 of Coordinator", Fault::Kill(Role::Coordinator)),
    ("kill -9 of Audit", Fault::Kill(Role::Audit)),
    ("Audit stopped", Fault::Stop(Role::Audit)),
    ("Coordinator stopped", Fault::Stop(Role::Coordinator)),
    ("Redis stopped", Fault::RedisAway),
    ("Redis restarted", Fault::RedisRestart),
    ("Redis flushed", Fault::RedisFlush),
    ("Redis frozen", Fault::RedisFrozen),
    ("Redis read-only", Fault::RedisReadOnly),
    ("Redis full", Fault::RedisFull),
    ("PostgreSQL stopped", Fault::PostgresAway),
    ("PostgreSQL restarted", Fault::PostgresRestart),
    ("PostgreSQL read-only", Fault::PostgresReadOnly),
    ("STS's spool volume full", Fault::SpoolFull),
    ("another zone unreadable", Fault::UnreadableZone),
    ("events of another age", Fault::AnotherAge),
    ("labels that look like escapes", Fault::OddLabels),
    ("ledger altered in its database", Fault::LedgerAltered),
    ("Gateway killed under a call", Fault::CallCutOff),
    ("disk of the logs full", Fault::LogFull),
    ("another zone: costly policy", Fault::Neighbour("policy-bombs")),
    ("another zone: 40 zones a second", Fault::Neighbour("many-zones")),
    (
        "another zone: sessions that end",
        Fault::Neighbour("session-ends"),
    ),
    ("another zone: large metadata", Fault::Neighbour("large-metadata")),
    ("another zone: slow bodies", Fault::Neighbour("slow-bodies")),
    ("another zone: calls that hang", Fault::Neighbour("hanging-calls")),
    ("another zone: failed logins", Fault::Neighbour("failed-logins")),
];

impl Fault {
    pub(crate) const fn deployment(self) -> Deployment {
        match self {
            Self::PostgresAway | Self::PostgresRestart | Self::PostgresReadOnly => {
                Deployment::ProductionAlone
            }
            _ => Deployment::Production,
        }
    }

    pub(crate) const fn needs_root(self) -> bool {
        matches!(self, Self::SpoolFull)
    }

    /// What every process is told besides.
    pub(crate) const fn variables(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::LogFull => &[("LOG_FILE", "/dev/full")],
            // A call without an outcome is given up after a quarter of an hour otherwise.
            Self::CallCutOff => &[("AUDIT_OUTCOME_UNKNOWN_AFTER", "5s")],
            _ => &[],
        }
    }

    /// The role whose process is gone for a while, so that nobody can answer for it.
    pub(crate) const fn silent(self) -> Option<Role> {
        match self {
            Self::Kill(role) | Self::Stop(role) => Some(role),
            Self::CallCutOff => Some(Role::Gateway),
            _ => None,
        }
    }

    /// The small volume this fault needs, with the STS's spool on it.
    pub(crate) async fn volume(self, stack: &Stack) -> Option<Volume> {
        if !self.needs_root() {
            return None;
        }
        stack.terminate(Role::Sts).await;
        let volume = Volume::mount(stack.production().spool(Role::Sts));
        stack.revive().await;
        Some(volume)
    }

    /// Lets it happen and ends it; returns when it ended. What evidence should say of it and does not is `broken`.
    pub(crate) async fn happen(
        self,
        fixture: &Fixture<'_>,
        volume: Option<&Volume>,
        away: Duration,
        broken: &Broken,
    ) -> Instant {
        let stack = fixture.zone.stack;
        let production = stack.production();
        match self {
            Self::Kill(role) => {
                stack.kill(role).await;
                sleep(SUPERVISOR).await;
            }
            Self::Stop(role) => {
                stack.terminate(role).await;
                sleep(away).await;
            }
            Self::RedisAway => {
                production.redis().await.fail(Unwell::Gone);
                sleep(away).await;
                production.redis().await.mend();
            }
            Self::RedisRestart => restart(&*production.redis().await),
            Self::RedisFlush => production.redis().await.flush(),
            Self::RedisFrozen => {
                production.redis().await.fail(Unwell::Frozen);
                sleep(away).await;
                production.redis().await.mend();
            }
            Self::RedisReadOnly => {
                // Nobody listens on port 1, so nothing is copied and nothing is lost.
                redis(stack, &["REPLICAOF", "127.0.0.1", "1"]).await;
                sleep(away).await;
                redis(stack, &["REPLICAOF", "NO", "ONE"]).await;
            }
            Self::RedisFull => {
                redis(stack, &["CONFIG", "SET", "maxmemory", "1mb"]).await;
                sleep(away).await;
                redis(stack, &["CONFIG", "SET", "maxmemory", "0"]).await;
            }
            Self::PostgresAway => {
                production.postgres().fail(Unwell::Gone);
                sleep(away).await;
                production.postgres().mend();
            }
            Self::PostgresRestart => restart(&**production.postgres()),
            Self::PostgresReadOnly => {
                read_only(stack, "on");
                sleep(away).await;
                read_only(stack, "off");
            }
            Self::SpoolFull => {
                let volume = volume.expect("the fault has a volume");
                stack.terminate(Role::Audit).await;
                volume.fill();
                sleep(away).await;
                volume.empty();
            }
            Self::UnreadableZone => {
                let other = Fixture::set_up(stack).await;
                let agent = other.agent().await;
                other.mint(&agent, READ).await.expect(200);
                production.sql(&format!(
                    "UPDATE signing_keys SET envelope = '\\x00' WHERE zone_id = '{0}'; \
                     UPDATE zone_revisions SET revision = revision + 1 WHERE zone_id = '{0}'",
                    other.zone.id
                ));
                restart(&*production.redis().await);
                sleep(away).await;
            }
            Self::AnotherAge => evidence::another_age(stack, fixture, away, broken).await,
            Self::OddLabels => evidence::odd_labels(fixture, away, broken).await,
            Self::LedgerAltered => evidence::altered(stack, fixture, away, broken).await,
            Self::CallCutOff => {
                evidence::cut_off(stack, fixture).await;
                sleep(SUPERVISOR).await;
            }
            Self::LogFull => sleep(away).await,
            Self::Neighbour(case) => neighbour(stack, case, away, broken).await,
        }
        let ended = Instant::now();
        stack.revive().await;
        ended
    }

    /// Looks at what evidence says once everything is well again.
    pub(crate) async fn look_back(self, fixture: &Fixture<'_>, broken: &Broken) {
        if matches!(self, Self::CallCutOff) {
            evidence::says_unknown(fixture, broken).await;
        }
    }
}

/// Has another zone do `case` for a third of the time away; the bench looks at the zone it measures before and after.
async fn neighbour(stack: &Stack, case: &str, away: Duration, broken: &Broken) {
    let bench = program("caracal-bench");
    let span = (away / 3).max(Duration::from_secs(1)).as_secs().to_string();
    let ran = tokio::process::Command::new(&bench)
        .args(["isolation", "--only", case, "--seconds", &span, "--warmup", "1"])
        // What is measured here is what our callers meet.
        .args(["--rate", "20", "--workers", "4", "--at-most", "1000000"])
        .arg("--home")
        .arg(stack.home())
        .args(["--pid", &std::process::id().to_string()])
        .kill_on_drop(true)
        .output()
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", bench.display()));
    if !ran.status.success() {
        let said = String::from_utf8_lossy(&ran.stderr);
        broken.note(format!("the other zone could not do its worst: {said}"));
    }
}

fn restart(server: &impl Faults) {
    server.fail(Unwell::Gone);
    server.mend();
}

async fn redis(stack: &Stack, words: &[&str]) {
    let answer = stack.production().redis().await.command(words);
    let answer = answer.expect("redis-server answers");
    assert_eq!(answer, "+OK\r\n", "{words:?}");
}

fn read_only(stack: &Stack, setting: &str) {
    let postgres = stack.production().postgres();
    // A statement of its own each: ALTER SYSTEM runs in no transaction block.
    postgres.sql(
        "postgres",
        &format!("ALTER SYSTEM SET default_transaction_read_only = {setting}"),
    );
    postgres.sql("postgres", "SELECT pg_reload_conf()");
}

/// A small volume of its own, for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Volume(PathBuf);

impl Volume {
    /// Whether this process may mount one.
    pub(crate) fn may_mount() -> bool {
        Command::new("id")
            .arg("-u")
            .output()
            .is_ok_and(|id| id.stdout.trim_ascii() == b"0")
    }

    fn mount(place: PathBuf) -> Self {
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={VOLUME_MIB}m,mode=0700"),
                "caracal-drill",
            ])
            .arg(&place)
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "cannot mount {}",
            place.display()
        );
        Self(place)
    }

    /// Leaves no byte free.
    fn fill(&self) {
        let written = Command::new("dd")
            .args(["if=/dev/zero", "bs=4096"])
            .arg(format!("of={}", self.0.join("filler").display()))
            .output();
        assert!(
            written.is_ok_and(|dd| !dd.status.success()),
            "the volume did not get full"
        );
    }

    fn empty(&self) {
        std::fs::remove_file(self.0.join("filler")).expect("the filler goes");
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}
