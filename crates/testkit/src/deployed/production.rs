//! The production deployment: PostgreSQL, Redis, a process for each role with its own database role and secrets.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{
        Arc, LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

use tokio::sync::{Mutex, OnceCell};

use super::{Daemon, Finished, Role, daemon::CONTROL_GATE};
use crate::{postgres::Postgres, redis::Redis};

/// The server of this test process, and the migrated database that stacks copy.
static SHARED: LazyLock<Arc<Postgres>> = LazyLock::new(|| Arc::new(Postgres::start()));
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

/// Passwords of the service roles, which belong to the server and not to a database of it. One for each test process.
static PASSWORDS: LazyLock<String> = LazyLock::new(|| random(16));

/// The next port to try. Below the range that outgoing connections take theirs from.
static NEXT_PORT: LazyLock<AtomicU16> = LazyLock::new(|| {
    let spread = u16::try_from(std::process::id() % 1_000).unwrap_or_default();
    AtomicU16::new(11_000 + spread * 20)
});

/// What the deployment calls itself in checkpoints.
const LOG_ORIGIN: &str = "audit.caracal.example";

/// Secrets that every process of a stack is told by file, by the name of the file.
const KEYS: [(&str, &str, &[Role]); 6] = [
    ("secretStoreKek", "SECRET_STORE_KEK", &[Role::Api, Role::Sts]),
    ("auditHmacKey", "AUDIT_HMAC_KEY", &Role::ALL),
    (
        "streamsHmacKey",
        "STREAMS_HMAC_KEY",
        &[Role::Api, Role::Sts, Role::Gateway, Role::Coordinator],
    ),
    (
        "gatewayStsHmacKey",
        "GATEWAY_STS_HMAC_KEY",
        &[Role::Sts, Role::Gateway],
    ),
    ("idempotencyHmacKey", "IDEMPOTENCY_HMAC_KEY", &[Role::Coordinator]),
    ("auditLogKey", "AUDIT_LOG_KEY", &[Role::Audit]),
];
const TOKENS: [(&str, &str, &[Role]); 5] = [
    ("caracalAdminToken", "CARACAL_ADMIN_TOKEN", &[Role::Api]),
    (
        "caracalCoordinatorToken",
        "CARACAL_COORDINATOR_TOKEN",
        &[Role::Coordinator],
    ),
    ("stsAdminToken", "STS_ADMIN_TOKEN", &[Role::Sts]),
    ("auditAdminToken", "AUDIT_ADMIN_TOKEN", &[Role::Audit]),
    ("metricsBearer", "METRICS_BEARER", &Role::ALL),
];

/// The servers of one stack, and what its processes are told.
#[derive(Debug)]
pub struct Production {
    postgres: Arc<Postgres>,
    database: String,
    /// Held while it is stopped and started again.
    redis: Mutex<Redis>,
    redis_url: String,
    issuer: String,
    secrets: PathBuf,
    spools: PathBuf,
}

impl Production {
    /// A database and a Redis of its own for a stack with its state in `home`. With `alone` also a PostgreSQL of its
    /// own, for tests that stop it.
    pub(crate) async fn start(home: &Path, alone: bool) -> Self {
        let (postgres, database) = if alone {
            let postgres = Arc::new(start().await);
            let database = migrated(&postgres).await;
            (postgres, database)
        } else {
            let template = TEMPLATE
                .get_or_init(|| async {
                    tokio::task::spawn_blocking(|| LazyLock::force(&SHARED))
                        .await
                        .expect("PostgreSQL starts");
                    migrated(&SHARED).await
                })
                .await;
            let database = blocking(move || SHARED.copy_database(template)).await;
            (SHARED.clone(), database)
        };
        let password = random(16);
        let redis = blocking(move || {
            let options = Redis::options().password(&password);
            // Tests have it read its file again.
            options.setting("enable-debug-command", "local").start()
        })
        .await;
        let secrets = home.join("secrets");
        DirBuilder::new()
            .mode(0o700)
            .create(&secrets)
            .expect("a directory for secrets");
        for (file, _, _) in KEYS.iter().chain(&TOKENS) {
            keep(&secrets.join(file), &random(32));
            keep(&secrets.join(format!("{file}Previous")), "");
        }
        let this = Self {
            redis_url: redis.url(),
            redis: Mutex::new(redis),
            issuer: format!("http://{}", listen()),
            spools: home.join("spools"),
            postgres,
            database,
            secrets,
        };
        keep(&this.secrets.join("redisUrl"), &this.redis_url);
        for role in Role::ALL {
            let file = this.secrets.join(format!("{}DatabaseUrl", role.name()));
            keep(&file, &this.database_url(role));
        }
        this
    }

    /// What a process of `role` is told. `instance` tells replicas apart; the first STS listens where the issuer is.
    pub(crate) fn environment(&self, role: Role, instance: usize) -> Daemon {
        let address = if role == Role::Sts && instance == 0 {
            self.issuer.trim_start_matches("http://").to_owned()
        } else {
            listen()
        };
        let spool = self.spools.join(format!("{}-{instance}", role.name()));
        let gate = self.secrets.with_file_name(CONTROL_GATE);
        let daemon = self
            .common(role)
            .with(&role.listen_variable(), &address)
            .with("AUDIT_LOG_ORIGIN", LOG_ORIGIN)
            .with("ISSUER_URL", &self.issuer)
            .with("STS_URL", &self.issuer)
            .with("CARACAL_CONTROL_ENABLED", "true")
            .with("CONTROL_GATE_FILE", &gate.display().to_string())
            .with("AUDIT_REPLAY_DIR", &spool.display().to_string());
        KEYS.iter()
            .chain(&TOKENS)
            .filter(|(_, _, roles)| roles.contains(&role))
            .fold(daemon, |daemon, (file, variable, _)| {
                self.with_secret(daemon, file, variable)
            })
    }

    /// What commands that serve nothing are told: what the Audit role is.
    pub(crate) fn command(&self) -> Daemon {
        let daemon = self.common(Role::Audit).with("AUDIT_LOG_ORIGIN", LOG_ORIGIN);
        [
            ("auditHmacKey", "AUDIT_HMAC_KEY"),
            ("auditLogKey", "AUDIT_LOG_KEY"),
        ]
        .into_iter()
        .fold(daemon, |daemon, (file, variable)| {
            self.with_secret(daemon, file, variable)
        })
    }

    /// Tells of a secret by file, and of the file beside it, which is empty unless the secret is being changed.
    fn with_secret(&self, daemon: Daemon, file: &str, variable: &str) -> Daemon {
        daemon
            .with(&format!("{variable}_FILE"), &self.secret_file(file))
            .with(
                &format!("{variable}_PREVIOUS_FILE"),
                &self.secret_file(&format!("{file}Previous")),
            )
    }

    fn common(&self, role: Role) -> Daemon {
        let database = self.secret_file(&format!("{}DatabaseUrl", role.name()));
        // The mode is left out: unset is the strictest.
        Daemon::default()
            .with("DATABASE_URL_FILE", &database)
            .with("REDIS_URL_FILE", &self.secret_file("redisUrl"))
            .with("HOST", "127.0.0.1")
            .with("DB_MAX_CONNS", "8")
    }

    fn secret_file(&self, name: &str) -> String {
        self.secrets.join(name).display().to_string()
    }

    /// The PostgreSQL server.
    pub const fn postgres(&self) -> &Arc<Postgres> {
        &self.postgres
    }

    /// Runs SQL as the server's superuser, for whom no trigger and no policy counts; returns what it answers.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn sql(&self, sql: &str) -> String {
        self.postgres.sql(
            &self.database,
            &format!("SET session_replication_role = replica; {sql}"),
        )
    }

    /// Every table and the file of the Redis server.
    pub(crate) async fn at_rest(&self) -> Vec<(String, Vec<u8>)> {
        let tables = self.sql(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace",
        );
        let mut kept: Vec<_> = tables
            .lines()
            .map(|table| {
                let rows = self.sql(&format!(
                    "SET bytea_output = 'escape'; SELECT t::text FROM {table} AS t"
                ));
                (format!("the table {table}"), rows.into_bytes())
            })
            .collect();
        kept.push((
            String::from("the file of Redis"),
            self.redis.lock().await.appended(),
        ));
        kept
    }

    /// The Redis server, to stop it, start it again, or ask it.
    pub async fn redis(&self) -> tokio::sync::MutexGuard<'_, Redis> {
        self.redis.lock().await
    }

    /// Address of the Redis server, with its password.
    pub fn redis_url(&self) -> &str {
        &self.redis_url
    }

    /// Address of the database for a service role.
    pub fn database_url(&self, role: Role) -> String {
        self.postgres
            .url_as(&self.database, &role.in_database(), &PASSWORDS)
    }

    /// Directory of the spool of the first process of `role`.
    pub fn spool(&self, role: Role) -> PathBuf {
        self.spools.join(format!("{}-0", role.name()))
    }

    /// Name of the database.
    pub fn database(&self) -> &str {
        &self.database
    }
}

impl Drop for Production {
    fn drop(&mut self) {
        // The server of this process lives on; a server of our own dies with us, whatever is in it.
        if Arc::ptr_eq(&self.postgres, &SHARED) {
            self.postgres.drop_database(&self.database);
        }
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("a server starts")
}

async fn start() -> Postgres {
    blocking(Postgres::start).await
}

/// A new database with the schema, made as an operator makes it.
async fn migrated(postgres: &Arc<Postgres>) -> String {
    let server = postgres.clone();
    let name = blocking(move || server.create_database()).await;
    migrate(&postgres.url(&name)).await.assert_good();
    name
}

/// The password of every service role on the servers of this process.
pub fn service_password() -> String {
    PASSWORDS.clone()
}

/// Runs `caracald migrate` on a database, setting the passwords of the service roles.
pub async fn migrate(url: &str) -> Finished {
    let daemon = Daemon::default()
        .with("CARACAL_STORAGE", "production")
        .with("DATABASE_URL", url);
    Role::ALL
        .into_iter()
        .fold(daemon, |daemon, role| {
            let variable = format!("CARACAL_{}_DB_PASSWORD", role.name().to_uppercase());
            daemon.with(&variable, &PASSWORDS)
        })
        .run(&["migrate"])
        .await
}

/// An address nobody listens on. The same after a restart of the process that is told it.
fn listen() -> String {
    for _ in 0..1_000 {
        let next = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        // Short of the ports that outgoing connections use.
        let port = 11_000 + next % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return format!("127.0.0.1:{port}");
        }
    }
    panic!("127.0.0.1 has no free port")
}

fn random(bytes: usize) -> String {
    let mut buffer = vec![0; bytes];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut buffer))
        .expect("random bytes");
    hex::encode(buffer)
}

fn keep(path: &Path, secret: &str) {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| file.write_all(secret.as_bytes()))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
