//! Builds what the roles share: stores, bus, keys, clock, spool, the in-memory picture of zones.
//!
//! `keys` parses, `backends` opens, `look` judges what was opened, `guarded` holds the store back while the keys
//! are unknown, `roles` puts one role together. Here is what they
//! share, and the background work of a process.

mod audit;
mod backends;
mod checkpoints;
mod database_file;
mod egress;
#[cfg(feature = "export")]
mod export;
mod guarded;
mod home_lock;
mod keys;
mod machine;
mod preflight;
mod roles;
mod web;
mod zone_keys;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use anyhow::Context as _;
use axum::Router;
use caracal_core::World;
use caracal_crypto::system_world;
use caracal_events::{OutboxRelay, Spool, SpoolDrainer, SyncMode, outbox::RelayOptions};
use caracal_service::{
    background::Background,
    egress::EgressPolicy,
    issued::IssuedMandates,
    oauth::TokenClient,
    revocation::Revocations,
    server::TlsServer,
    tail::{TailLimits, Tails},
    waiting::Waiting,
    zones::{AnnouncingStore, Followed, LiveAuthority, ZoneContents, ZoneDirectory, follow},
};
use caracal_storage::Store;
use caracal_storage_sql::SqliteStore;
use caracal_sts::{ConnectionTokens, ServiceTokens, SignIns, SubjectKeys};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    backends::Backends,
    egress::{guard, named_by_others},
    keys::KeyMaterial,
    zone_keys::WiredZoneKeys,
};
pub(crate) use self::{
    backends::{
        Administration, administration, copy_database, ledger, log_keys, migrate, outbox, preflight_of_store,
        store_for_support,
    },
    checkpoints::signed_ledger,
    egress::check_upstreams,
};
use crate::{
    config::{Backend, Config, Role, SpoolSync},
    secrets,
};

/// First and longest pause of the relay after the bus refused.
const RELAY_PAUSE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// The settings that name a certificate and its key.
pub(crate) const TLS_FILES: &str = "TLS_CERT_FILE and TLS_KEY_FILE";

/// Everything built, ready to serve.
pub(crate) struct Wired {
    routers: HashMap<Role, Router>,
    spool: Option<Arc<Spool>>,
    draining: Arc<AtomicBool>,
    sqlite: Option<SqliteStore>,
    /// Held to the end.
    _home: Option<home_lock::HomeLock>,
}

impl Wired {
    /// The router of a role.
    pub(crate) fn router(&mut self, role: Role) -> Option<Router> {
        self.routers.remove(&role)
    }

    /// Says "no more traffic" on every `/ready`.
    pub(crate) fn start_draining(&self) {
        self.draining.store(true, std::sync::atomic::Ordering::Relaxed);
    }

    /// Gives events of the last requests `limit` to reach the ledger; what does not make it stays in the spool.
    pub(crate) async fn finish(&self, limit: Duration) {
        if let Some(spool) = &self.spool
            && !spool.wait_drained(limit).await
        {
            tracing::warn!("events stay in the audit spool; they are drained at the next start");
        }
    }

    /// Closes the database once nothing works on it any more; a file closed this way is whole by itself.
    pub(crate) async fn close(&self) {
        if let Some(sqlite) = &self.sqlite
            && let Err(error) = sqlite.close().await
        {
            tracing::warn!(%error, "the database did not close; it recovers at the next start");
        }
    }
}

/// What the roles of one process share.
struct Parts {
    config: Config,
    world: World,
    keys: KeyMaterial,
    /// Only where mandates are minted.
    zone_keys: Option<WiredZoneKeys>,
    backends: Backends,
    /// The store of requests: what it commits is in force in this process before it answers.
    store: Arc<dyn Store>,
    zones: Arc<ZoneDirectory>,
    authority: Arc<LiveAuthority>,
    revocations: Arc<Revocations>,
    waiting: Arc<Waiting>,
    outbox: Arc<OutboxRelay>,
    /// Only where decisions are recorded.
    spool: Option<Arc<Spool>>,
    /// Where evidence is made: not on the workers of calls, where there are calls.
    background: Background,
    issued: Option<Arc<IssuedMandates>>,
    /// Only where credentials are brokered, accounts are connected and people log in.
    outside: Option<ServerClients>,
    issuer: Arc<str>,
    tails: Arc<Tails>,
    metrics: PrometheusHandle,
    draining: Arc<AtomicBool>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    roles: Vec<Role>,
    addresses: Vec<(Role, SocketAddr)>,
}

/// Builds everything for the roles that listen at `addresses`, and starts their background work.
pub(crate) async fn wire(
    mut config: Config,
    addresses: &[(Role, SocketAddr)],
    metrics: PrometheusHandle,
    tasks: &TaskTracker,
    shutdown: &CancellationToken,
) -> anyhow::Result<Wired> {
    let world = system_world();
    if let [(Role::Web, _)] = addresses {
        return web::alone(&config, metrics, world);
    }
    if matches!(config.backend, Backend::Embedded) {
        secrets::complete(&world, &config.home, &mut config.keys)?;
    }
    let keys = KeyMaterial::of(&config)?;
    let roles: Vec<Role> = addresses.iter().map(|(role, _)| *role).collect();
    // Before the stores: that a token cannot be used is known without them.
    let zone_keys = if roles.contains(&Role::Sts) {
        Some(WiredZoneKeys::open(&config, &keys, &world).await?)
    } else {
        None
    };
    let backends = Backends::open(&config, &keys, &world, &roles).await?;

    // What the hot path reads instead of SQL.
    let zones = Arc::new(ZoneDirectory::reaching(
        backends.store.clone(),
        world.clone(),
        reach(&roles, zone_keys.as_ref()),
    ));
    let authority = Arc::new(LiveAuthority::new(backends.store.clone(), world.clone()));
    let revocations = Arc::new(Revocations::new(world.clone()));
    let followed = Followed {
        store: backends.store.clone(),
        zones: zones.clone(),
        authority: authority.clone(),
        revocations: revocations.clone(),
        waiting: Arc::default(),
    };
    let waiting = followed.waiting.clone();
    let spool = spool(&config, &keys, &roles)?;
    let background = match spool {
        Some(_) => Background::on_thread("evidence").context("cannot start a thread")?,
        None => Background::default(),
    };
    let asks = [Role::Sts, Role::Api];
    let outside = roles
        .iter()
        .any(|role| asks.contains(role))
        .then(|| outside(&config, &world, tasks))
        .transpose()?;
    let parts = Parts {
        background,
        outside,
        issuer: issuer(&config, addresses),
        tails: Tails::new(TailLimits::default(), shutdown.clone()),
        store: Arc::new(AnnouncingStore::new(backends.store.clone(), followed.clone())),
        outbox: OutboxRelay::new(
            world.clone(),
            backends.queue.clone(),
            backends.bus.clone(),
            RelayOptions {
                spool: spool.clone(),
                pause: RELAY_PAUSE,
                announce: config.replica_sync_timeout,
                ..RelayOptions::default()
            },
        ),
        spool,
        issued: roles
            .contains(&Role::Sts)
            .then(|| Arc::new(IssuedMandates::default())),
        draining: Arc::default(),
        tasks: tasks.clone(),
        shutdown: shutdown.clone(),
        config,
        world,
        keys,
        zone_keys,
        backends,
        zones,
        authority,
        revocations,
        waiting,
        metrics,
        roles,
        addresses: addresses.to_vec(),
    };
    parts.start_background_work(followed).await;
    let mut routers = HashMap::new();
    for role in &parts.roles {
        routers.insert(*role, parts.router(*role).await?);
    }
    Ok(Wired {
        sqlite: parts.backends.sqlite,
        _home: parts.backends.home,
        routers,
        spool: parts.spool,
        draining: parts.draining,
    })
}

/// Reads what the configuration names and a start would refuse: certificates, witnesses, where exports and
/// checkpoints go, the token of zone keys.
///
/// # Errors
/// The sentence with which a start would end.
pub(crate) fn check_files(config: &Config) -> anyhow::Result<()> {
    guard(config, EgressPolicy::default())?;
    if let Some(files) = config.serving.tls.clone() {
        TlsServer::open(files).context(TLS_FILES)?;
    }
    checkpoints::witnesses(config)?;
    #[cfg(feature = "export")]
    {
        export::target(config)?;
        export::checkpoint_bucket(config)?;
    }
    #[cfg(feature = "pkcs11")]
    zone_keys::token(config, &system_world())?;
    Ok(())
}

/// What is kept of servers outside.
struct ServerClients {
    tokens: Arc<ServiceTokens>,
    connections: Arc<ConnectionTokens>,
    oauth: TokenClient,
    sign_ins: Arc<SignIns>,
    subject_keys: Arc<SubjectKeys>,
}

fn outside(config: &Config, world: &World, tasks: &TaskTracker) -> anyhow::Result<ServerClients> {
    // What anybody may name leads to no private network; on a machine that somebody works on, programs run beside it.
    let strangers = guard(
        config,
        EgressPolicy {
            allow_loopback: !config.mode.is_published(),
            ..EgressPolicy::default()
        },
    )?;
    let egress = guard(config, named_by_others(config))?;
    Ok(ServerClients {
        tokens: Arc::new(ServiceTokens::new(egress.clone(), world.clone())),
        connections: Arc::new(ConnectionTokens::new(
            egress.clone(),
            world.clone(),
            tasks.clone(),
        )),
        oauth: TokenClient::new(egress.clone(), world.clone()),
        sign_ins: Arc::new(SignIns::new(&egress, &strangers, world.clone())),
        subject_keys: Arc::new(SubjectKeys::new(egress, world.clone())),
    })
}

/// As much of each zone as the most demanding of the roles needs.
fn reach(roles: &[Role], zone_keys: Option<&WiredZoneKeys>) -> ZoneContents {
    if let Some(zone_keys) = zone_keys {
        ZoneContents::Everything(zone_keys.keys.clone())
    } else if roles.contains(&Role::Api) || roles.contains(&Role::Coordinator) {
        ZoneContents::Directory
    } else if roles.contains(&Role::Gateway) {
        ZoneContents::Resources
    } else {
        ZoneContents::PublicKeys
    }
}

fn issuer(config: &Config, addresses: &[(Role, SocketAddr)]) -> Arc<str> {
    let listening = addresses.iter().find(|(role, _)| *role == Role::Sts);
    match (&config.issuer, listening) {
        (Some(issuer), _) => issuer.as_str().into(),
        (None, Some((_, address))) => format!("http://{address}").into(),
        (None, None) => format!("http://localhost:{}", Role::Sts.default_port()).into(),
    }
}

fn spool(config: &Config, keys: &KeyMaterial, roles: &[Role]) -> anyhow::Result<Option<Arc<Spool>>> {
    let records = [Role::Sts, Role::Gateway, Role::Coordinator, Role::Api];
    if !roles.iter().any(|role| records.contains(role)) {
        return Ok(None);
    }
    let sync = match config.spool_sync {
        SpoolSync::Always => SyncMode::Always,
        SpoolSync::Interval(every) => SyncMode::Interval(every),
    };
    // Roles that share a process share a spool; the name keeps it across restarts.
    let name = match roles {
        [role] => role.as_str(),
        _ => "caracald",
    };
    let directory = config.spool_dir.join(name);
    let spool = Spool::open(&directory, sync, keys.audit.clone(), config.spool_capacity);
    spool
        .map(Some)
        .with_context(|| format!("cannot open the audit spool {}", directory.display()))
}

impl Parts {
    /// Where a role is known that nobody said another address of.
    fn own_address(&self, role: Role) -> Option<String> {
        let listening = self.addresses.iter().find(|(listens, _)| *listens == role);
        listening.map(|(_, address)| format!("http://{address}"))
    }

    fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// Starts what runs beside the requests, as far as the roles need it.
    async fn start_background_work(&self, followed: Followed) {
        let (tasks, shutdown) = (&self.tasks, &self.shutdown);
        crate::metrics::tell_build(self.config.mode.as_str());
        tasks.spawn(caracal_service::metrics::fold(
            self.metrics.clone(),
            shutdown.clone(),
        ));
        if let Some(checks) = &self.backends.checks {
            let (checks, shutdown) = (checks.clone(), shutdown.clone());
            tasks.spawn(async move { checks.until_seen(shutdown).await });
        }
        if self.roles != [Role::Audit] {
            // Unread it is stale, which denies; the follower reads it as soon as it can.
            if let Err(error) = self.revocations.reload(self.backends.store.as_ref()).await {
                let error = caracal_service::error_chain(&error);
                tracing::warn!(
                    error,
                    "could not read the revocation snapshot; not ready until it was read"
                );
            }
            tasks.spawn(follow(followed, self.backends.bus.clone(), shutdown.clone()));
        }
        if self.has(Role::Api) || self.has(Role::Sts) || self.has(Role::Coordinator) {
            let (outbox, shutdown) = (self.outbox.clone(), shutdown.clone());
            tasks.spawn(async move { outbox.run(shutdown).await });
        }
        if let Some(spool) = &self.spool {
            tasks.spawn(self.background.spawn(SpoolDrainer::run(
                spool.clone(),
                self.backends.bus.clone(),
                self.keys.audit.clone(),
                shutdown.clone(),
            )));
        }
    }
}
