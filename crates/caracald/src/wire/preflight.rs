//! Whether the servers we were pointed at will do.
//!
//! What waiting cannot mend, such as a wrong password or an older schema, ends the start with one sentence. A server
//! that is away is waited for: the process serves, is not ready, and looks again.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use caracal_core::{Timestamp, World};
use caracal_crypto::KeyRing;
use caracal_events::RedisBus;
use caracal_service::{
    error_chain,
    health::Dependency,
    key_check::{self, KeyRefused},
};
use caracal_storage_sql::{PostgresStore, Preflight};
use caracal_wire::health::NotReady;
use parking_lot::RwLock;
use tokio_util::sync::CancellationToken;

/// How far this machine's clock may be from PostgreSQL's. Two processes are then at most twice that apart, which is
/// what signatures and mandates allow for.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(30);
/// Pause between two looks at a server that is away.
const PAUSE: Duration = Duration::from_secs(1);
/// Pause once a person has to look.
const PAUSE_AFTER_ERROR: Duration = Duration::from_secs(15);

/// What was found so far.
#[derive(Debug)]
pub(super) struct StartupChecks {
    store: PostgresStore,
    bus: RedisBus,
    world: World,
    /// Whether the mode is one that serves others.
    strict: bool,
    /// The key-encryption keys, and whether to record them.
    keys: Option<(Arc<KeyRing>, bool)>,
    /// Whether the keys were compared with the store.
    compared: Arc<AtomicBool>,
    /// Why this process does not serve yet, or never will.
    reason: RwLock<Option<NotReady>>,
}

impl StartupChecks {
    /// Looks once at both servers.
    pub(super) async fn at(
        store: PostgresStore,
        bus: RedisBus,
        world: &World,
        strict: bool,
        keys: Option<(Arc<KeyRing>, bool)>,
    ) -> anyhow::Result<Self> {
        let checks = Self {
            compared: Arc::default(),
            keys,
            store,
            bus,
            world: world.clone(),
            strict,
            reason: RwLock::new(None),
        };
        let reason = checks.preflight().await?;
        *checks.reason.write() = reason;
        Ok(checks)
    }

    /// Which server is away, if one is.
    async fn preflight(&self) -> anyhow::Result<Option<NotReady>> {
        match self
            .store
            .preflight(self.strict)
            .await
            .context("DATABASE_URL is not usable")?
        {
            Preflight::Usable { server_now } => check_clock(self.world.now(), server_now)?,
            Preflight::Away(error) => {
                tracing::warn!(error = %error_chain(&error), "PostgreSQL does not answer; not ready until it does");
                return Ok(Some(NotReady::PostgresUnreachable));
            }
        }
        match self.compare_keys().await {
            Ok(()) => self.compared.store(true, Ordering::Release),
            Err(KeyRefused::Storage(error)) => {
                tracing::warn!(error = %error_chain(&error), "PostgreSQL does not answer; not ready until it does");
                return Ok(Some(NotReady::PostgresUnreachable));
            }
            Err(refused) => return Err(refused.into()),
        }
        match self.bus.preflight().await.context("REDIS_URL is not usable")? {
            None => Ok(None),
            Some(why) => {
                tracing::warn!(error = why, "Redis does not answer; not ready until it does");
                Ok(Some(NotReady::RedisUnreachable))
            }
        }
    }

    async fn compare_keys(&self) -> Result<(), KeyRefused> {
        match &self.keys {
            None => Ok(()),
            Some((keys, true)) => key_check::recorded(&self.store, keys, &self.world).await,
            Some((keys, false)) => key_check::known(&self.store, keys).await,
        }
    }

    /// Says whether the keys were compared, while that is still open.
    pub(super) fn compared(&self) -> Option<Arc<AtomicBool>> {
        (!self.compared.load(Ordering::Acquire)).then(|| self.compared.clone())
    }

    /// Looks again until both servers were seen, or until it is certain that they will not do.
    pub(super) async fn until_seen(&self, shutdown: CancellationToken) {
        let mut pause = PAUSE;
        while self.reason.read().is_some() {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            match self.preflight().await {
                Ok(reason) => *self.reason.write() = reason,
                Err(error) => {
                    // Too late to refuse the start, and a restart would only repeat it: stay, not ready, and say why.
                    tracing::error!("{error:#}");
                    *self.reason.write() = Some(NotReady::Misconfigured);
                    pause = PAUSE_AFTER_ERROR;
                }
            }
        }
    }
}

#[async_trait]
impl Dependency for StartupChecks {
    async fn check(&self) -> Result<(), NotReady> {
        self.reason.read().map_or(Ok(()), Err)
    }
}

fn check_clock(ours: Timestamp, theirs: Timestamp) -> anyhow::Result<()> {
    let (ahead, behind) = (ours.since(theirs), theirs.since(ours));
    if ahead.max(behind) <= CLOCK_TOLERANCE {
        return Ok(());
    }
    let (seconds, side) = if ahead > behind {
        (ahead.as_secs(), "ahead of")
    } else {
        (behind.as_secs(), "behind")
    };
    bail!("this machine's clock is {seconds} s {side} PostgreSQL's; synchronise both (NTP) and start again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_off_is_told_with_its_side() {
        let theirs = Timestamp::from_unix_seconds(1_750_000_000);
        let at = |seconds: i64| Timestamp::from_unix_seconds(1_750_000_000 + seconds);
        for near in [-30, 0, 30] {
            assert!(check_clock(at(near), theirs).is_ok(), "{near}");
        }
        let ahead = check_clock(at(90), theirs).unwrap_err().to_string();
        assert!(ahead.contains("90 s ahead of PostgreSQL's"), "{ahead}");
        let behind = check_clock(at(-31), theirs).unwrap_err().to_string();
        assert!(behind.contains("31 s behind PostgreSQL's"), "{behind}");
    }
}
