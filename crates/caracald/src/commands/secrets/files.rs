//! `caracald secrets init` and `check`: the files of secrets that a deployment mounts, one value a file.
//!
//! Files are for everybody to read and their directory is for its owner alone: containers get single files, whose
//! accounts are not ours to know, and nobody else on the machine passes the directory.

use std::{
    collections::BTreeMap,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, ensure};
use caracal_core::World;
use caracal_crypto::{sha256_hex, system_world, weak_key::is_weak};
use caracal_events::redis::access::acl_rule;
use url::Url;

use super::{
    super::say,
    rotate::{beside, rotates_beside},
    value_file::{read, writable_by_others, write},
};
use crate::secrets::private_directory;

/// Files whose value is made up: so many random bytes, in lower-case hex.
const GENERATED: [(&str, usize); 18] = [
    ("postgresPassword", 24),
    ("redisPassword", 24),
    ("apiDbPassword", 24),
    ("stsDbPassword", 24),
    ("gatewayDbPassword", 24),
    ("coordinatorDbPassword", 24),
    ("auditDbPassword", 24),
    ("secretStoreKek", 32),
    ("auditHmacKey", 32),
    ("streamsHmacKey", 32),
    ("gatewayStsHmacKey", 32),
    ("idempotencyHmacKey", 32),
    ("auditLogKey", 32),
    ("caracalAdminToken", 32),
    ("caracalCoordinatorToken", 32),
    ("stsAdminToken", 32),
    ("auditAdminToken", 32),
    ("metricsBearer", 32),
];

/// Files that hold a URL of PostgreSQL: whose, and where its password is.
const DATABASE_URLS: [(&str, &str, &str); 6] = [
    ("databaseUrl", "postgres", "postgresPassword"),
    ("apiDatabaseUrl", "caracalapi", "apiDbPassword"),
    ("stsDatabaseUrl", "caracalsts", "stsDbPassword"),
    ("gatewayDatabaseUrl", "caracalgateway", "gatewayDbPassword"),
    (
        "coordinatorDatabaseUrl",
        "caracalcoordinator",
        "coordinatorDbPassword",
    ),
    ("auditDatabaseUrl", "caracalaudit", "auditDbPassword"),
];

/// The login of every role at Redis.
const REDIS_USER: &str = "caracal";

/// What to make.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Init {
    /// Where the files are, or will be.
    directory: PathBuf,
    /// Also write a URL for each database role, for this server.
    #[arg(long, value_name = "postgres://HOST:PORT/DATABASE")]
    postgres: Option<Url>,
    /// Also write a URL and the file of users, for this server.
    #[arg(long, value_name = "redis://HOST:PORT")]
    redis: Option<Url>,
    /// Let others enter the directory: for a volume that only containers see.
    #[arg(long)]
    shared: bool,
}

/// Makes what is missing, keeps what is there, and writes anew what follows from it. Says what it made.
pub(crate) fn init(asked: &Init) -> anyhow::Result<ExitCode> {
    let (world, directory) = (system_world(), asked.directory.as_path());
    private_directory(directory)?;
    let mut said = Vec::new();
    let mut values = BTreeMap::new();
    for (name, bytes) in GENERATED {
        let value = if let Some(value) = read(directory, name)? {
            value
        } else {
            let value = random_hex(&world, bytes);
            write(directory, name, &value)?;
            said.push(format!("made {name}"));
            value
        };
        values.insert(name, value);
        let beside = beside(name);
        // Mounts of it can be there before and after a change.
        if rotates_beside(name) && !directory.join(&beside).exists() {
            write(directory, &beside, "")?;
        }
    }
    let mut derived = Vec::new();
    if let Some(server) = &asked.postgres {
        for (name, user, password) in DATABASE_URLS {
            derived.push((name, with_login(server, user, &values[password])?));
        }
    }
    if let Some(server) = &asked.redis {
        let password = &values["redisPassword"];
        derived.push(("redisUrl", with_login(server, REDIS_USER, password)?));
        let hashed = sha256_hex(password.as_bytes());
        derived.push((
            "redisUsers",
            format!(
                "user default off\nuser {REDIS_USER} on #{hashed} {}\n",
                acl_rule()
            ),
        ));
    }
    for (name, value) in derived {
        if read(directory, name)?.as_deref() != Some(value.trim_end()) {
            write(directory, name, &value)?;
            said.push(format!("wrote {name}"));
        }
    }
    if asked.shared {
        fs::set_permissions(directory, Permissions::from_mode(0o755))
            .with_context(|| format!("cannot open the directory {} to others", directory.display()))?;
    }
    if said.is_empty() {
        said.push(String::from("nothing was missing"));
    }
    say(&said.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

/// Says everything that is wrong with the files in `directory`; exit 1 when something is.
pub(crate) fn check(directory: &Path) -> anyhow::Result<ExitCode> {
    let problems = problems(directory)?;
    if problems.is_empty() {
        say("every secret is there and strong enough")?;
        return Ok(ExitCode::SUCCESS);
    }
    say(&problems.join("\n"))?;
    Ok(ExitCode::FAILURE)
}

/// Everything that is wrong with the files in `directory`.
pub(crate) fn problems(directory: &Path) -> anyhow::Result<Vec<String>> {
    let mut problems = Vec::new();
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    for (name, bytes) in GENERATED {
        let Some(value) = read(directory, name)? else {
            problems.push(format!("{name} is missing or empty"));
            continue;
        };
        match hex::decode(&value) {
            Err(_) => problems.push(format!("{name} is not written in hexadecimal")),
            Ok(key) if name == "secretStoreKek" && key.len() != bytes => {
                problems.push(format!("{name} has {} bytes and must have {bytes}", key.len()));
            }
            Ok(key) if key.len() < bytes => {
                problems.push(format!("{name} has {} bytes and needs {bytes}", key.len()));
            }
            Ok(key) if is_weak(&key) => problems.push(format!("{name} follows a pattern")),
            Ok(_) => {}
        }
        if let Some(other) = owners.insert(value, name) {
            problems.push(format!("{name} and {other} are the same"));
        }
        writable_by_others(directory, name, &mut problems)?;
    }
    let passwords: BTreeMap<_, _> = owners
        .iter()
        .map(|(value, name)| (*name, value.as_str()))
        .collect();
    for (name, _, password) in DATABASE_URLS
        .into_iter()
        .chain([("redisUrl", REDIS_USER, "redisPassword")])
    {
        let Some(value) = read(directory, name)? else {
            continue;
        };
        match Url::parse(&value) {
            Err(_) => problems.push(format!("{name} is no URL")),
            Ok(url) if url.password() != passwords.get(password).copied() => {
                problems.push(format!("{name} does not have the password of {password}"));
            }
            Ok(_) => {}
        }
        writable_by_others(directory, name, &mut problems)?;
    }
    Ok(problems)
}

fn random_hex(world: &World, bytes: usize) -> String {
    let mut text = hex::encode(world.random_bytes::<32>());
    text.truncate(bytes.saturating_mul(2));
    text
}

/// The URL with a login. What is generated needs no escaping; what somebody else wrote gets it.
fn with_login(server: &Url, user: &str, password: &str) -> anyhow::Result<String> {
    let mut url = server.clone();
    ensure!(
        url.host_str().is_some_and(|host| !host.is_empty())
            && url.set_username(user).is_ok()
            && url.set_password(Some(password)).is_ok(),
        "{server} does not name a server"
    );
    Ok(url.into())
}
