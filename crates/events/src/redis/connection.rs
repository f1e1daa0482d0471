//! Connections: one shared for commands, one per blocking reader.

use std::time::Duration;

use caracal_core::Secret;
use redis::{
    AsyncConnectionConfig, Client, RedisError,
    aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection},
};

use crate::BusError;

pub(crate) fn client(url: &Secret) -> Result<Client, BusError> {
    // The driver's own text may repeat the URL with its password.
    Client::open(url.expose()).map_err(|_| BusError::Unavailable(String::from("the Redis URL is not valid")))
}

/// A connection that restores itself. It carries commands of many callers at once, pipelined.
pub(super) fn manager(client: &Client, timeout: Duration) -> Result<ConnectionManager, BusError> {
    let config = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(timeout))
        .set_min_delay(Duration::from_millis(20))
        .set_max_delay(Duration::from_secs(1))
        // Callers have deadlines and retries of their own; a long chain of attempts here would hide an outage.
        .set_number_of_retries(1);
    ConnectionManager::new_lazy_with_config(client.clone(), config).map_err(unavailable)
}

/// A connection whose commands block for up to `block`. It does not restore itself.
pub(crate) async fn reader(
    client: &Client,
    timeout: Duration,
    block: Duration,
) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(timeout))
        .set_response_timeout(Some(timeout + block));
    client.get_multiplexed_async_connection_with_config(&config).await
}

#[expect(clippy::needless_pass_by_value, reason = "used with map_err")]
pub(crate) fn unavailable(error: RedisError) -> BusError {
    BusError::Unavailable(error.to_string())
}
