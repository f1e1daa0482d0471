//! The connection for commands. It carries those of many callers at once, pipelined, and is replaced when it is of no
//! more use: lost, silent for too long, or to a server that may not write.
//!
//! A frozen connection does not report an error; only a missing answer says so. What waits for one is given up with the
//! connection, and the next caller dials.

use std::{sync::Arc, time::Duration};

use redis::{
    Client, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult, Value,
    aio::{ConnectionLike, MultiplexedConnection},
};
use tokio::time::Instant;

use crate::metrics;

use super::connection;

/// For how long a failed attempt to connect answers for the next ones.
const PAUSE: Duration = Duration::from_millis(50);

/// A connection in use, told from its successors by its number.
#[derive(Clone)]
struct Live {
    number: u64,
    connection: MultiplexedConnection,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    dialled: u64,
}

/// The shared connection. Cheap to clone.
#[derive(Clone)]
pub(super) struct Commands {
    client: Client,
    timeout: Duration,
    state: Arc<parking_lot::Mutex<State>>,
    /// Held while connecting; says when that failed last, and how.
    connecting: Arc<tokio::sync::Mutex<Option<(Instant, String)>>>,
}

impl Commands {
    /// Nothing is connected yet.
    pub(super) fn new(client: Client, timeout: Duration) -> Self {
        Self {
            client,
            timeout,
            state: Arc::default(),
            connecting: Arc::default(),
        }
    }

    async fn live(&self) -> RedisResult<Live> {
        if let Some(live) = self.in_use() {
            return Ok(live);
        }
        let mut failed = self.connecting.lock().await;
        // Somebody may have connected, or failed to, while we waited.
        if let Some(live) = self.in_use() {
            return Ok(live);
        }
        if let Some((at, why)) = &*failed
            && at.elapsed() < PAUSE
        {
            return Err(RedisError::from((ErrorKind::Io, "not connected", why.clone())));
        }
        match connection::reader(&self.client, self.timeout, Duration::ZERO).await {
            Ok(connection) => {
                *failed = None;
                let mut state = self.state.lock();
                state.dialled += 1;
                let number = state.dialled;
                let live = Live { number, connection };
                state.live = Some(live.clone());
                Ok(live)
            }
            Err(error) => {
                *failed = Some((Instant::now(), error.to_string()));
                Err(error)
            }
        }
    }

    fn in_use(&self) -> Option<Live> {
        self.state.lock().live.clone()
    }

    /// Stops using a connection whose answer was of the kind that another connection may not give.
    fn judge(&self, number: u64, error: &RedisError) {
        if !connection::is_spent(error) {
            return;
        }
        let mut state = self.state.lock();
        if state.live.as_ref().is_some_and(|live| live.number == number) {
            state.live = None;
            metrics::connection_lost();
        }
    }
}

impl ConnectionLike for Commands {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let mut live = self.live().await?;
            let answer = live.connection.req_packed_command(cmd).await;
            if let Err(error) = &answer {
                self.judge(live.number, error);
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
            let mut live = self.live().await?;
            let answers = live.connection.req_packed_commands(pipeline, offset, count).await;
            match &answers {
                Err(error) => self.judge(live.number, error),
                // What a server says about one command of several.
                Ok(answers) => {
                    for answer in answers {
                        if let Value::ServerError(error) = answer {
                            self.judge(live.number, &error.clone().into());
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
