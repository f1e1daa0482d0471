//! The preflight check of a server: is it away, or will it never do?

use redis::{ErrorKind, RedisError, cmd};

use super::{Shared, connection};

/// Oldest major version whose streams do what is needed here.
const OLDEST: u32 = 7;

/// Why no amount of waiting helps. The text is for the operator and names neither address nor password.
#[derive(Debug, thiserror::Error)]
pub enum RedisUnusable {
    /// The server does not let us in, or not do what is needed.
    #[error("Redis refuses the login: {0}")]
    Login(String),
    /// The server is too old.
    #[error("Redis {0} is too old; {OLDEST} or newer is needed")]
    Version(String),
    /// The server forgets what it has no room for.
    #[error(
        "Redis has maxmemory-policy {0} and may evict what protects against replay; set it to noeviction"
    )]
    Eviction(String),
}

pub(super) async fn check(shared: &Shared) -> Result<Option<String>, RedisUnusable> {
    match info(shared).await {
        Ok(info) => {
            let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name));
            let version = field("redis_version:").unwrap_or_default();
            if matches!(version.split('.').next().map(str::parse::<u32>), Some(Ok(major)) if major < OLDEST) {
                return Err(RedisUnusable::Version(version.to_owned()));
            }
            match field("maxmemory_policy:") {
                Some(policy) if policy != "noeviction" && shared.options.require_noeviction => {
                    Err(RedisUnusable::Eviction(policy.to_owned()))
                }
                _ => Ok(None),
            }
        }
        Err(error) if is_refusal(&error) => Err(RedisUnusable::Login(error.to_string())),
        Err(error) => Ok(Some(error.to_string())),
    }
}

async fn info(shared: &Shared) -> Result<String, RedisError> {
    let options = &shared.options;
    let mut connection =
        connection::reader(&shared.client, options.timeout, std::time::Duration::ZERO).await?;
    cmd("INFO")
        .arg("server")
        .arg("memory")
        .query_async(&mut connection)
        .await
}

fn is_refusal(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
}
