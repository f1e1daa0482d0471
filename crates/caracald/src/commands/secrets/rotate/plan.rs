//! What each step of a change writes, who has to read it, and what else has to be done.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use caracal_core::World;
use caracal_crypto::sha256_hex;
use caracal_events::redis::access::acl_rule;
use caracal_service::config::Role;
use url::Url;

use super::{
    catalogue::{self, Change, Entry, MOST_BESIDE},
    journal::{Journal, Phase, Secrets},
};

/// What the tokens of an embedded deployment begin with.
const TOKEN_PREFIX: &str = "cat_";

/// The order in which roles are started again: who verifies comes before who signs.
const ORDER: [Role; 6] = [
    Role::Audit,
    Role::Sts,
    Role::Gateway,
    Role::Coordinator,
    Role::Api,
    Role::Web,
];

/// One step.
#[derive(Default)]
pub(super) struct Step {
    /// What files hold once it is done.
    pub(super) writes: BTreeMap<String, String>,
    restart: Vec<Role>,
    /// What a person does before processes are started again.
    pub(super) before: Vec<String>,
}

impl Step {
    /// Who has to read the files, in the order in which to start them again, `without` those that nobody runs.
    pub(super) fn restart(&self, without: &[Role]) -> Vec<String> {
        ORDER
            .into_iter()
            .filter(|role| self.restart.contains(role) && !without.contains(role))
            .map(|role| role.as_str().to_owned())
            .collect()
    }
}

/// New values for `entries`, and the old ones.
pub(super) fn values(
    secrets: &Secrets,
    world: &World,
    entries: &[&Entry],
) -> anyhow::Result<[BTreeMap<String, String>; 2]> {
    let (mut fresh, mut old) = (BTreeMap::new(), BTreeMap::new());
    for entry in entries {
        let value = secrets
            .read(entry.file)?
            .with_context(|| format!("there is no {} to change", entry.file))?;
        let mut random = hex::encode(world.random_bytes::<32>());
        random.truncate(entry.bytes.saturating_mul(2));
        if value.starts_with(TOKEN_PREFIX) {
            random.insert_str(0, TOKEN_PREFIX);
        }
        fresh.insert(entry.file.to_owned(), random);
        old.insert(entry.file.to_owned(), value);
    }
    Ok([fresh, old])
}

/// What `phase` of the change does. `journal` has the values; `forget_oldest` makes room beside a key that has no more.
pub(super) fn step(
    secrets: &Secrets,
    journal: &Journal,
    phase: Phase,
    forget_oldest: bool,
) -> anyhow::Result<Step> {
    let mut step = Step::default();
    for file in &journal.secrets {
        let entry = catalogue::find(file).with_context(|| format!("{file} is not in the catalogue"))?;
        let (Some(fresh), Some(old)) = (journal.fresh.get(file), journal.old.get(file)) else {
            anyhow::bail!("the journal has no values of {file}");
        };
        match &entry.change {
            Change::Beside {
                current, other, kept, ..
            } => {
                let beside = catalogue::beside(file);
                let there = secrets.read(&beside)?.unwrap_or_default();
                let mut earlier: Vec<&str> = there
                    .split(',')
                    .filter(|value| !value.is_empty() && value != fresh && value != old)
                    .collect();
                if *kept < MOST_BESIDE {
                    // It takes one: what was kept of the change before goes now.
                    earlier.clear();
                }
                if phase == Phase::Added && earlier.len() >= MOST_BESIDE {
                    ensure!(
                        forget_oldest,
                        "{beside} holds {MOST_BESIDE} earlier keys and takes no more: --forget-oldest takes the oldest away, \
                         and records of its time cannot be verified without it"
                    );
                    earlier.truncate(MOST_BESIDE - 1);
                }
                let with = |value: &str| {
                    let values: Vec<&str> = std::iter::once(value).chain(earlier.iter().copied()).collect();
                    values.join(",")
                };
                let readers = match phase {
                    Phase::Added => {
                        step.writes.insert(beside, with(fresh));
                        other.users()
                    }
                    Phase::Switched => {
                        step.writes.insert(file.clone(), fresh.clone());
                        step.writes.insert(beside, with(old));
                        current.users()
                    }
                    Phase::Dropped if *kept > 0 => &[],
                    Phase::Dropped => {
                        step.writes.insert(beside, String::new());
                        other.users()
                    }
                };
                step.restart.extend(readers);
                if phase == Phase::Added && file == "auditLogKey" {
                    step.before.push(String::from(
                        "auditLogKey: once audit is started again, give witnesses and verifiers the keys that `caracald audit keys` prints",
                    ));
                }
            }
            Change::Database { login, url, role } => {
                if phase != Phase::Switched {
                    continue;
                }
                step.writes.insert(file.clone(), fresh.clone());
                if let Some(address) = secrets.read(url)? {
                    step.writes
                        .insert((*url).to_owned(), with_password(&address, url, fresh)?);
                }
                step.restart.extend(*role);
                step.before.push(match role {
                    Some(_) => format!("{file}: run `caracald migrate`, which sets the password of {login}"),
                    None => format!(
                        "{file}: at PostgreSQL, ALTER ROLE {login} PASSWORD with what the file holds, before any `caracald migrate`"
                    ),
                });
            }
            Change::Redis => redis(secrets, &mut step, phase, fresh, old)?,
        }
    }
    step.before
        .sort_by_key(|sentence| !sentence.starts_with("postgresPassword"));
    Ok(step)
}

/// Two passwords are good for one login of Redis, so that no process is without one.
fn redis(secrets: &Secrets, step: &mut Step, phase: Phase, fresh: &str, old: &str) -> anyhow::Result<()> {
    let (new_hash, old_hash) = (sha256_hex(fresh.as_bytes()), sha256_hex(old.as_bytes()));
    let address = secrets.read("redisUrl")?;
    let address = address.context("there is no redisUrl beside redisPassword")?;
    let url = Url::parse(&address).ok().context("redisUrl is no URL")?;
    let user = match url.username() {
        "" => "default",
        named => named,
    };
    let users = |hashes: &str| format!("user default off\nuser {user} on {hashes} {}\n", acl_rule());
    let listed = secrets.read("redisUsers")?.is_some();
    let mut put = |hashes: String| {
        if listed {
            step.writes.insert(String::from("redisUsers"), users(&hashes));
        }
    };
    match phase {
        Phase::Added => {
            put(format!("#{new_hash} #{old_hash}"));
            step.before.push(format!(
                "redisPassword: at Redis, ACL SETUSER {user} #{new_hash}, or have it read redisUsers again"
            ));
        }
        Phase::Switched => {
            let url = with_password(&address, "redisUrl", fresh)?;
            step.writes.insert(String::from("redisUrl"), url);
            step.writes
                .insert(String::from("redisPassword"), fresh.to_owned());
            step.restart.extend(Role::KEEPING);
        }
        Phase::Dropped => {
            put(format!("#{new_hash}"));
            step.before.push(format!(
                "redisPassword: at Redis, ACL SETUSER {user} !{old_hash}, or have it read redisUsers again"
            ));
        }
    }
    Ok(())
}

fn with_password(address: &str, file: &str, password: &str) -> anyhow::Result<String> {
    let mut url = Url::parse(address)
        .ok()
        .with_context(|| format!("{file} is no URL"))?;
    ensure!(url.set_password(Some(password)).is_ok(), "{file} names no server");
    Ok(url.into())
}
