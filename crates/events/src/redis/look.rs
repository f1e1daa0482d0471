//! The first look at a server: is it away, or will it never do?

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
}

pub(super) async fn look(shared: &Shared) -> Result<Option<String>, RedisUnusable> {
    match version(shared).await {
        Ok(version) => match version.split('.').next().map(str::parse::<u32>) {
            Some(Ok(major)) if major < OLDEST => Err(RedisUnusable::Version(version)),
            _ => Ok(None),
        },
        Err(error) if is_refusal(&error) => Err(RedisUnusable::Login(error.to_string())),
        Err(error) => Ok(Some(error.to_string())),
    }
}

async fn version(shared: &Shared) -> Result<String, RedisError> {
    let options = &shared.options;
    let mut connection =
        connection::reader(&shared.client, options.timeout, std::time::Duration::ZERO).await?;
    let info: String = cmd("INFO").arg("server").query_async(&mut connection).await?;
    let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
    Ok(version.unwrap_or_default().to_owned())
}

fn is_refusal(error: &RedisError) -> bool {
    error.kind() == ErrorKind::AuthenticationFailed
        || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "NOPERM"))
}
