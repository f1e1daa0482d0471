//! The connection for commands. It carries those of many callers at once, pipelined, and is replaced when it is of no
//! more use: lost, silent for too long, or to a server that may not write.
//!
//! A frozen connection does not report an error; only a missing answer says so. What waits for one is given up with the
//! connection, and the next caller dials. A caller that gives up earlier than the connection would, as a probe does, has
//! waited for all who do: else a server that only probes ask would never be dialled again.

use std::{sync::Arc, time::Duration};

use redis::{
    Client, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, MultiplexedConnection},
};
use tokio::time::Instant;

use crate::metrics;

use super::{
    connection,
    reconnecting::{Live, NotConnected, Reconnecting},
};

/// Who waited this long and went away found the connection silent; who went away before had other reasons.
const SILENCE: Duration = Duration::from_millis(500);

/// The shared connection. Cheap to clone.
#[derive(Clone)]
pub(super) struct Commands {
    client: Client,
    timeout: Duration,
    shared: Arc<Reconnecting<MultiplexedConnection>>,
}

impl Commands {
    /// Nothing is connected yet.
    pub(super) fn new(client: Client, timeout: Duration) -> Self {
        Self {
            client,
            timeout,
            shared: Arc::default(),
        }
    }

    async fn live(&self) -> RedisResult<Live<MultiplexedConnection>> {
        let connect = connection::reader(&self.client, self.timeout, Duration::ZERO);
        self.shared.get(connect).await.map_err(|error| match error {
            NotConnected::Failed(error) => error,
            NotConnected::FailedBefore(why) => RedisError::from((ErrorKind::Io, "not connected", why)),
        })
    }

    /// Waits for an answer of `live`, which is given up when its caller waits for [`SILENCE`] and not to the end.
    async fn heard<T>(&self, live: &Live<MultiplexedConnection>, answer: impl Future<Output = T>) -> T {
        let mut waiting = Waiting {
            commands: self,
            live,
            since: Instant::now(),
            over: false,
        };
        let answer = answer.await;
        waiting.over = true;
        answer
    }

    /// Stops using a connection whose answer was of the kind that another connection may not give.
    fn judge(&self, live: &Live<MultiplexedConnection>, error: &RedisError) {
        if connection::is_spent(error) {
            self.give_up(live);
        }
    }

    /// The next caller dials, unless somebody saw to that before.
    fn give_up(&self, live: &Live<MultiplexedConnection>) {
        if self.shared.forget(live) {
            metrics::connection_lost();
        }
    }
}

/// Somebody waits for an answer.
struct Waiting<'c> {
    commands: &'c Commands,
    live: &'c Live<MultiplexedConnection>,
    since: Instant,
    over: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.over && self.since.elapsed() >= SILENCE {
            self.commands.give_up(self.live);
        }
    }
}

impl ConnectionLike for Commands {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let live = self.live().await?;
            let mut connection = live.connection.clone();
            let answer = self.heard(&live, connection.req_packed_command(cmd)).await;
            match &answer {
                Err(error) => self.judge(&live, error),
                Ok(Value::ServerError(error)) => self.judge(&live, &error.clone().into()),
                Ok(_) => {}
            }
            answer
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let live = self.live().await?;
            let mut connection = live.connection.clone();
            let asked = connection.req_packed_commands(pipeline, offset, count);
            let answers = self.heard(&live, asked).await;
            match &answers {
                Err(error) => self.judge(&live, error),
                // What a server says about one command of several.
                Ok(answers) => {
                    for answer in answers {
                        if let Value::ServerError(error) = answer {
                            self.judge(&live, &error.clone().into());
                        }
                    }
                }
            }
            answers
        })
    }

    fn get_db(&self) -> i64 {
        self.client.get_connection_info().redis_settings().db()
    }
}
