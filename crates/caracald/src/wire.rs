//! Builds what the roles share: stores, bus, keys, clock, spool, the in-memory picture of zones.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::Router;
use caracal_api::ApiDeps;
use caracal_audit::{AuditDeps, IngestHealth};
use caracal_coordinator::CoordinatorDeps;
use caracal_core::{Secret, World};
use caracal_crypto::{
    HmacKey, KeyRing, SecretHasher,
    secret_hash::{Limits, SECRET_HASH_LABEL},
    system_world,
};
use caracal_events::{
    Bus, EmbeddedBus, EmbeddedOptions, OutboxQueue, OutboxRelay, RedisBus, RedisOptions, ShortLived, Spool,
    SpoolDrainer, StreamSigner, SyncMode,
    outbox::RelayOptions,
    shortlived::{MemoryOptions, MemoryShortLived, RedisShortLived},
};
use caracal_gateway::{GatewayConfig, GatewayDeps, RemoteExchange, RemoteOptions};
use caracal_service::{
    assemble,
    egress::{Egress, EgressPolicy},
    exchange::Exchange,
    health::{Dependency, Operational},
    issued::IssuedMandates,
    revocation::Revocations,
    zones::{AnnouncingStore, Followed, LiveAuthority, ZoneDirectory, follow},
};
use caracal_storage::Store;
use caracal_storage_sql::{PostgresOptions, PostgresStore, ServiceRole, SqlOutboxQueue, SqliteStore};
use caracal_sts::{LocalExchange, StsConfig, StsDeps};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{Backend, Config, Role, SpoolSync},
    readiness::{BusReady, ExchangeReady, IngestReady, RevocationsReady, SpoolReady, StorageReady},
    secrets,
};

/// Bytes the audit spool may take before decisions are refused.
const SPOOL_CAPACITY: u64 = 1 << 30;
/// How long shutdown waits for the spool to drain.
const FINAL_DRAIN: Duration = Duration::from_secs(4);

/// The backends, open.
struct Backends {
    store: Arc<dyn Store>,
    /// The same store as the ledger uses it, counted apart.
    ledger: Arc<dyn Store>,
    /// The same store as the relay uses it, counted apart.
    relay: Arc<dyn Store>,
    queue: Arc<dyn OutboxQueue>,
    bus: Arc<dyn Bus>,
    short_lived: Arc<dyn ShortLived>,
}

/// Everything built, ready to serve.
pub(crate) struct Wired {
    routers: HashMap<Role, Router>,
    spool: Arc<Spool>,
    draining: Arc<std::sync::atomic::AtomicBool>,
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

    /// Gives events of the last requests time to reach the ledger; what does not make it stays in the spool.
    pub(crate) async fn finish(&self) {
        if !self.spool.wait_drained(FINAL_DRAIN).await {
            tracing::warn!("events stay in the audit spool; they are drained at the next start");
        }
    }
}

/// Parsed keys.
struct KeyMaterial {
    keyring: Arc<KeyRing>,
    streams: HmacKey,
    audit: HmacKey,
    gateway_sts: Option<HmacKey>,
    idempotency: HmacKey,
    tokens: HmacKey,
}

fn hmac(name: &str, key: Option<&Secret>) -> anyhow::Result<HmacKey> {
    let key = key.with_context(|| format!("{name} is required"))?;
    HmacKey::from_hex(key.expose()).with_context(|| format!("{name} is not usable"))
}

fn key_material(config: &Config) -> anyhow::Result<KeyMaterial> {
    let keys = &config.keys;
    let kek = keys.kek.as_ref().context("SECRET_STORE_KEK is required")?;
    let keyring = KeyRing::from_hex(kek.expose(), keys.kek_previous.as_ref().map(Secret::expose))
        .context("SECRET_STORE_KEK is not usable")?;
    let tokens = keyring
        .derive("caracal.admin-token.v1")
        .context("cannot derive the admin token key")?
        .current;
    Ok(KeyMaterial {
        streams: hmac("STREAMS_HMAC_KEY", keys.streams.as_ref())?,
        audit: hmac("AUDIT_HMAC_KEY", keys.audit.as_ref())?,
        gateway_sts: keys
            .gateway_sts
            .as_ref()
            .map(|key| hmac("GATEWAY_STS_HMAC_KEY", Some(key)))
            .transpose()?,
        idempotency: hmac("IDEMPOTENCY_HMAC_KEY", keys.idempotency.as_ref())?,
        tokens,
        keyring: Arc::new(keyring),
    })
}

async fn open_backends(config: &Config, keys: &KeyMaterial, world: &World) -> anyhow::Result<Backends> {
    let signer = StreamSigner::new(keys.streams.clone());
    match &config.backend {
        Backend::Embedded => {
            let path = database_file(config);
            let store = SqliteStore::open(&path, Some(keys.audit.clone()), world.now())
                .await
                .with_context(|| format!("cannot open the database {}", path.display()))?;
            let bus = EmbeddedBus::open(
                world.clone(),
                signer,
                EmbeddedOptions {
                    dead_letter_dir: Some(config.home.join("dead-letters")),
                    ..EmbeddedOptions::default()
                },
            )
            .context("cannot open the event bus")?;
            let memory = MemoryOptions {
                replay_dir: Some(config.home.join("replay")),
                ..MemoryOptions::default()
            };
            let short_lived =
                MemoryShortLived::open(world.clone(), memory).context("cannot open the replay journal")?;
            let relay = Arc::new(store.counted_apart());
            Ok(Backends {
                queue: Arc::new(SqlOutboxQueue::new(relay.clone(), world.clone())),
                relay,
                ledger: Arc::new(store.counted_apart()),
                store: Arc::new(store),
                bus: Arc::new(bus),
                short_lived: Arc::new(short_lived),
            })
        }
        Backend::Production {
            database_url,
            redis_url,
        } => {
            let store = postgres(config, database_url, Some(keys.audit.clone())).await?;
            // A wrong schema is told at once; serving would only turn it into denials.
            store.ping().await.context("the database is not usable")?;
            let options = RedisOptions::new(redis_url.expose());
            let bus =
                RedisBus::open(world.clone(), signer, options.clone()).context("REDIS_URL is not usable")?;
            // On the hot path a slow answer is worse than a quick 503.
            let hot = RedisOptions {
                timeout: Duration::from_millis(500),
                ..options
            };
            let short_lived =
                RedisShortLived::open(world.clone(), &hot).context("REDIS_URL is not usable")?;
            let relay = Arc::new(store.counted_apart());
            Ok(Backends {
                queue: Arc::new(SqlOutboxQueue::new(relay.clone(), world.clone())),
                relay,
                ledger: Arc::new(store.counted_apart()),
                store: Arc::new(store),
                bus: Arc::new(bus),
                short_lived: Arc::new(short_lived),
            })
        }
    }
}

fn database_file(config: &Config) -> std::path::PathBuf {
    config.home.join("caracal.db")
}

async fn postgres(config: &Config, url: &Secret, audit: Option<HmacKey>) -> anyhow::Result<PostgresStore> {
    let options = PostgresOptions {
        max_connections: config.db_max_conns,
        application_name: String::from("caracald"),
        ..PostgresOptions::new(url.clone())
    };
    PostgresStore::connect(options, audit)
        .await
        .context("cannot reach PostgreSQL (DATABASE_URL)")
}

/// Brings the schema up to date and returns its version.
pub(crate) async fn migrate(config: &Config) -> anyhow::Result<i64> {
    let world = system_world();
    match &config.backend {
        Backend::Embedded => {
            secrets::private_directory(&config.home)?;
            let store = SqliteStore::open_unmigrated(&database_file(config), None).await?;
            store.migrate(world.now()).await?;
        }
        Backend::Production { database_url, .. } => {
            let store = postgres(config, database_url, None).await?;
            store.migrate(world.now()).await?;
            for (role, password) in &config.role_passwords {
                let role = ServiceRole::ALL
                    .into_iter()
                    .find(|known| known.name() == *role)
                    .with_context(|| format!("{role} is not a service role"))?;
                store.provision_role_password(&world, role, password).await?;
            }
        }
    }
    Ok(caracal_storage_sql::SCHEMA_VERSION)
}

/// The ledger's store and the key of its links, for offline verification.
pub(crate) async fn ledger(mut config: Config) -> anyhow::Result<(Arc<dyn Store>, Option<HmacKey>)> {
    let world = system_world();
    if matches!(config.backend, Backend::Embedded) {
        secrets::complete(&world, &config.home, &mut config.keys)?;
    }
    let audit = hmac("AUDIT_HMAC_KEY", config.keys.audit.as_ref())?;
    let store: Arc<dyn Store> = match &config.backend {
        Backend::Embedded => {
            Arc::new(SqliteStore::open_unmigrated(&database_file(&config), Some(audit.clone())).await?)
        }
        Backend::Production { database_url, .. } => {
            Arc::new(postgres(&config, database_url, Some(audit.clone())).await?)
        }
    };
    Ok((store, Some(audit)))
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
    if matches!(config.backend, Backend::Embedded) {
        secrets::complete(&world, &config.home, &mut config.keys)?;
    }
    let keys = key_material(&config)?;
    let backends = open_backends(&config, &keys, &world).await?;
    let has = |role: Role| addresses.iter().any(|(listening, _)| *listening == role);
    let address_of = |role: Role| {
        addresses
            .iter()
            .find(|(listening, _)| *listening == role)
            .map(|(_, at)| *at)
    };
    let issuer: Arc<str> = match (&config.issuer, address_of(Role::Sts)) {
        (Some(issuer), _) => issuer.as_str().into(),
        (None, Some(address)) => format!("http://{address}").into(),
        (None, None) => format!("http://localhost:{}", Role::Sts.default_port()).into(),
    };

    // What the hot path reads instead of SQL.
    let zones = Arc::new(ZoneDirectory::new(
        backends.store.clone(),
        keys.keyring.clone(),
        world.clone(),
    ));
    let authority = Arc::new(LiveAuthority::new(backends.store.clone(), world.clone()));
    let revocations = Arc::new(Revocations::new(world.clone()));
    revocations
        .reload(backends.store.as_ref())
        .await
        .context("cannot read the revocation snapshot")?;

    let outbox = OutboxRelay::new(
        world.clone(),
        backends.queue.clone(),
        backends.bus.clone(),
        RelayOptions {
            audit_key: Some(keys.audit.clone()),
            ..RelayOptions::default()
        },
    );
    let sync = match config.spool_sync {
        SpoolSync::Always => SyncMode::Always,
        SpoolSync::Interval(every) => SyncMode::Interval(every),
    };
    let spool = Spool::open(
        config.spool_dir.join(spool_name(addresses)),
        sync,
        keys.audit.clone(),
        SPOOL_CAPACITY,
    )
    .with_context(|| format!("cannot open the audit spool in {}", config.spool_dir.display()))?;
    let hasher = Arc::new(SecretHasher::new(
        world.clone(),
        keys.keyring
            .derive(SECRET_HASH_LABEL)
            .context("cannot derive the secret hash key")?,
        Limits::default(),
    ));

    let followed = Followed {
        store: backends.store.clone(),
        zones: zones.clone(),
        authority: authority.clone(),
        revocations: revocations.clone(),
    };
    // What a role commits is in force here before it answers; other processes hear of it through the bus.
    let store: Arc<dyn Store> = Arc::new(AnnouncingStore::new(backends.store.clone(), followed.clone()));
    tasks.spawn(follow(followed, backends.bus.clone(), shutdown.clone()));
    {
        let (outbox, shutdown) = (outbox.clone(), shutdown.clone());
        tasks.spawn(async move { outbox.run(shutdown).await });
    }
    {
        tasks.spawn(SpoolDrainer::run(
            spool.clone(),
            backends.bus.clone(),
            keys.audit.clone(),
            shutdown.clone(),
        ));
    }

    let draining = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let operational = |dependencies: Vec<Arc<dyn Dependency>>| Operational {
        dependencies: Arc::new(dependencies),
        draining: draining.clone(),
        metrics: metrics.clone(),
        before_render: {
            let stores = [
                ("request", backends.store.clone()),
                ("ledger", backends.ledger.clone()),
                ("outbox", backends.relay.clone()),
            ];
            Arc::new(move || {
                for (purpose, store) in &stores {
                    metrics::counter!("caracal_storage_statements_total", "purpose" => *purpose)
                        .absolute(store.statements());
                }
            })
        },
        metrics_bearer: config.keys.metrics_bearer.clone(),
        metrics_open: !config.mode.is_published(),
    };
    let storage_ready: Arc<dyn Dependency> = Arc::new(StorageReady(backends.store.clone()));
    let bus_ready: Arc<dyn Dependency> = Arc::new(BusReady(backends.bus.clone()));
    let revocations_ready: Arc<dyn Dependency> = Arc::new(RevocationsReady(revocations.clone()));
    let spool_ready: Arc<dyn Dependency> = Arc::new(SpoolReady(spool.clone()));
    let mut routers = HashMap::new();

    let issued = (has(Role::Sts) && has(Role::Gateway)).then(|| Arc::new(IssuedMandates::default()));
    let sts = StsDeps {
        world: world.clone(),
        store: store.clone(),
        zones: zones.clone(),
        authority: authority.clone(),
        revocations: revocations.clone(),
        issued: issued.clone(),
        spool: spool.clone(),
        outbox: outbox.clone(),
        keyring: keys.keyring.clone(),
        hasher: hasher.clone(),
        limiter: backends.short_lived.clone(),
        replay: backends.short_lived.clone(),
        gateway_key: keys.gateway_sts.clone(),
        admin_token: config.keys.sts_admin_token.clone(),
        config: Arc::new(StsConfig {
            mint_rate_limit_per_min: config.mint_rate_limit_per_min,
            ..StsConfig::new(issuer.clone())
        }),
    };
    if has(Role::Sts) {
        let ready = vec![
            storage_ready.clone(),
            bus_ready.clone(),
            revocations_ready.clone(),
            spool_ready.clone(),
        ];
        let router = assemble(
            "sts",
            caracal_sts::router(sts.clone()),
            operational(ready),
            world.clone(),
        );
        routers.insert(Role::Sts, router);
    }

    if has(Role::Gateway) {
        let exchange: Arc<dyn Exchange> = if has(Role::Sts) {
            Arc::new(LocalExchange::new(sts.clone()))
        } else {
            let url = config.sts_url.as_deref().context("STS_URL is required")?;
            let key = keys
                .gateway_sts
                .clone()
                .context("GATEWAY_STS_HMAC_KEY is required")?;
            let options = RemoteOptions {
                url: url.to_owned(),
                key: Some(key),
                timeout: config.sts_timeout,
                replay: backends.short_lived.clone(),
            };
            // The STS is provisioned by the operator, not named by a caller: no allow list of upstreams applies.
            let egress = Egress::new(EgressPolicy::provisioned());
            let remote =
                RemoteExchange::new(world.clone(), &egress, options).context("STS_URL is not usable")?;
            Arc::new(remote)
        };
        let deps = GatewayDeps {
            world: world.clone(),
            zones: zones.clone(),
            revocations: revocations.clone(),
            issued,
            replay: backends.short_lived.clone(),
            exchange: exchange.clone(),
            spool: spool.clone(),
            issuer: issuer.clone(),
            egress: Egress::new(EgressPolicy {
                host_allowlist: config.upstream_host_allowlist.clone(),
                ..EgressPolicy::provisioned()
            }),
            config: GatewayConfig {
                max_request_bytes: config.max_request_bytes,
                upstream_timeout: config.upstream_timeout,
                stream_idle_timeout: config.stream_idle_timeout,
                trust_proxy: config.trust_proxy,
                ..GatewayConfig::default()
            },
        };
        let ready: Vec<Arc<dyn Dependency>> = vec![
            bus_ready.clone(),
            revocations_ready.clone(),
            spool_ready.clone(),
            Arc::new(ExchangeReady(exchange)),
        ];
        routers.insert(
            Role::Gateway,
            caracal_gateway::app(deps, operational(ready), world.clone()),
        );
    }

    if has(Role::Coordinator) {
        let deps = CoordinatorDeps {
            world: world.clone(),
            store: store.clone(),
            zones: zones.clone(),
            authority: authority.clone(),
            revocations: revocations.clone(),
            outbox: outbox.clone(),
            spool: spool.clone(),
            limiter: backends.short_lived.clone(),
            issuer: issuer.clone(),
            operator_token: config.keys.coordinator_token.clone(),
            idempotency_key: keys.idempotency.clone(),
            config: config.coordinator.clone(),
        };
        tasks.spawn(caracal_coordinator::run_jobs(deps.clone(), shutdown.clone()));
        let ready = vec![
            storage_ready.clone(),
            bus_ready.clone(),
            revocations_ready.clone(),
        ];
        let router = assemble(
            "coordinator",
            caracal_coordinator::router(deps),
            operational(ready),
            world.clone(),
        );
        routers.insert(Role::Coordinator, router);
    }

    if has(Role::Api) {
        let deps = ApiDeps {
            world: world.clone(),
            store: store.clone(),
            zones: zones.clone(),
            revocations: revocations.clone(),
            outbox: outbox.clone(),
            keyring: keys.keyring.clone(),
            hasher: hasher.clone(),
            audit_key: Some(keys.audit.clone()),
            token_key: keys.tokens.clone(),
            admin_token: config.keys.admin_token.clone(),
            limiter: backends.short_lived.clone(),
            config: config.api.clone(),
        };
        caracal_api::seed_bootstrap(&deps)
            .await
            .context("cannot store the bootstrap admin token")?;
        let ready = vec![storage_ready.clone(), bus_ready.clone()];
        let router = assemble(
            "api",
            caracal_api::router(deps),
            operational(ready),
            world.clone(),
        );
        routers.insert(Role::Api, router);
    }

    if has(Role::Audit) {
        let health = Arc::new(IngestHealth::default());
        let deps = AuditDeps {
            world: world.clone(),
            store: backends.ledger.clone(),
            bus: backends.bus.clone(),
            audit_key: Some(keys.audit.clone()),
            admin_token: config.keys.audit_admin_token.clone(),
            consumer: format!("audit-{}", std::process::id()),
            health: health.clone(),
        };
        tasks.spawn(caracal_audit::run(deps.clone(), shutdown.clone()));
        let ready: Vec<Arc<dyn Dependency>> = vec![Arc::new(IngestReady(health)), storage_ready, bus_ready];
        let router = assemble(
            "audit",
            caracal_audit::router(deps),
            operational(ready),
            world.clone(),
        );
        routers.insert(Role::Audit, router);
    }

    Ok(Wired {
        routers,
        spool,
        draining,
    })
}

/// Roles that share a process share a spool; the name keeps it across restarts.
fn spool_name(addresses: &[(Role, SocketAddr)]) -> String {
    match addresses {
        [(role, _)] => role.as_str().to_owned(),
        _ => String::from("caracald"),
    }
}
