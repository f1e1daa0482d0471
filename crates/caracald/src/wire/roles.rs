//! One role at a time: its dependencies, its readiness, its router.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use caracal_api::{ApiConfig, ApiDeps, MailConfig, Mailer, Notifier, SingleSignOn};
use caracal_coordinator::CoordinatorDeps;
use caracal_events::Spool;
use caracal_gateway::{GatewayConfig, GatewayDeps, RemoteExchange, RemoteOptions};
use caracal_service::{
    assemble,
    egress::{Egress, EgressPolicy},
    exchange::Exchange,
    front::Served,
    health::{Dependency, Operational},
    key_rotation::{Digests, Sealed},
    known_tokens::KnownTokens,
};
use caracal_sts::{CanaryMonitor, Counting, LocalExchange, Shadows, StsConfig, StsDeps};
use metrics::counter;

use super::{
    Parts,
    egress::{guard, named_by_others, upstreams},
    machine::half_of_the_machine,
};
use crate::{
    config::{Backend, Role, declared::MailPlace},
    metrics as measured,
    readiness::{
        BusReady, ExchangeReady, RelayReady, RevocationsReady, Seeded, ShortLivedReady, SpoolReady,
        StorageReady,
    },
};

/// Entries of a ledger that whoever looks at a zone's activity has read at once: some tenths of a second.
const ACTIVITY_STRETCH: u64 = 50_000;

impl Parts {
    /// The router of a role; starts its jobs.
    pub(super) async fn router(&self, role: Role) -> anyhow::Result<Router> {
        match role {
            Role::Sts => self.sts(),
            Role::Gateway => self.gateway(),
            Role::Coordinator => self.coordinator(),
            Role::Api => self.api().await,
            Role::Audit => self.audit(),
            Role::Web => self.web(),
        }
    }

    fn sts_deps(&self) -> anyhow::Result<StsDeps> {
        let outside = self.outside.as_ref().context("an STS asks OAuth servers")?;
        let canaries = Arc::new(CanaryMonitor::new(
            self.world.clone(),
            self.store.clone(),
            self.outbox.clone(),
            Some(self.keys.audit.clone()),
        ));
        self.tasks.spawn(canaries.clone().run(self.shutdown.clone()));
        let config = StsConfig {
            control_audience: self.config.api.control_audience.as_str().into(),
            explained_at: self.config.api_public_url.as_deref().map(Into::into),
            mint_rate_limit_per_min: self.config.mint_rate_limit_per_min,
            stranger_limit_per_min: self.config.stranger_limit_per_min,
            dpop_window: self.config.dpop_window,
            dpop_nonces: self.config.dpop_nonces,
            key_publish_ahead: self.config.key_publish_ahead,
            key_overlap: self.config.key_overlap,
            capacity: self.config.coordinator.capacity.clone(),
            ..StsConfig::new(self.issuer.clone())
        };
        let limits = config.limits(self.backends.short_lived.clone(), self.world.clone());
        Ok(StsDeps {
            canaries,
            world: self.world.clone(),
            store: self.store.clone(),
            zones: self.zones.clone(),
            authority: self.authority.clone(),
            revocations: self.revocations.clone(),
            waiting: self.waiting.clone(),
            audit_keys: Some(self.keys.audit.clone()),
            issued: self.issued.clone(),
            counting: Counting::default(),
            shadows: Arc::new(Shadows::new(
                self.world.clone(),
                self.spool()?,
                self.tasks.clone(),
            )),
            spool: self.spool()?,
            outbox: self.outbox.clone(),
            keyring: self.keys.keyring()?.clone(),
            zone_keys: self.zone_keys()?.keys.clone(),
            hasher: self.keys.hasher(&self.world)?,
            tokens: outside.tokens.clone(),
            connections: outside.connections.clone(),
            sign_ins: outside.sign_ins.clone(),
            subject_keys: outside.subject_keys.clone(),
            limiter: self.backends.short_lived.clone(),
            replay: self.backends.short_lived.clone(),
            gateway_keys: self.keys.gateway_sts.clone(),
            admin_tokens: self.config.keys.sts_operator(),
            limits: Arc::new(limits),
            config: Arc::new(config),
        })
    }

    fn sts(&self) -> anyhow::Result<Router> {
        let mut ready = self.authority_ready()?;
        ready.extend(self.zone_keys()?.start(self));
        let sealed = Sealed {
            store: self.backends.store.clone(),
            keys: self.keys.keyring()?.clone(),
            world: self.world.clone(),
        };
        self.tasks.spawn(sealed.run(self.shutdown.clone()));
        Ok(self.assemble(Role::Sts, caracal_sts::router(self.sts_deps()?), ready))
    }

    fn gateway(&self) -> anyhow::Result<Router> {
        let exchange: Arc<dyn Exchange> = if self.has(Role::Sts) {
            Arc::new(LocalExchange::new(self.sts_deps()?))
        } else {
            Arc::new(self.remote_exchange()?)
        };
        let config = &self.config;
        let own = self.own_address(Role::Gateway);
        let deps = GatewayDeps {
            world: self.world.clone(),
            zones: self.zones.clone(),
            revocations: self.revocations.clone(),
            issued: self.issued.clone(),
            replay: self.backends.short_lived.clone(),
            exchange: exchange.clone(),
            spool: self.spool()?,
            issuer: self.issuer.clone(),
            egress: self.egress(upstreams(config))?,
            config: GatewayConfig {
                max_request_bytes: config.max_request_bytes,
                upstream_timeout: config.upstream_timeout,
                stream_idle_timeout: config.stream_idle_timeout,
                trust_proxy: config.trust_proxy,
                public_url: config.gateway_public_url.clone().or(own),
                dpop_window: config.dpop_window,
                ..GatewayConfig::default()
            },
        };
        let ready = vec![
            self.bus_ready(),
            self.short_lived_ready(),
            self.revocations_ready(),
            self.spool_ready()?,
            Arc::new(ExchangeReady(exchange)),
        ];
        let operational = self.operational(Role::Gateway, ready);
        Ok(caracal_gateway::app(deps, operational, self.world.clone()))
    }

    /// A guard of outbound connections that trusts the system's roots and those of the operator.
    fn egress(&self, policy: EgressPolicy) -> anyhow::Result<Arc<Egress>> {
        guard(&self.config, policy)
    }

    /// The `OpenID` provider that the operator named. What it names itself is somebody else's word.
    fn single_sign_on(&self) -> anyhow::Result<Option<Arc<SingleSignOn>>> {
        let Some(config) = self.config.single_sign_on.clone() else {
            return Ok(None);
        };
        let egress = self.egress(named_by_others(&self.config))?;
        Ok(Some(Arc::new(SingleSignOn::new(
            *config,
            &egress,
            self.world.clone(),
        ))))
    }

    fn mailer(&self) -> anyhow::Result<Option<Arc<Mailer>>> {
        let Some((place, sender)) = &self.config.mail else {
            return Ok(None);
        };
        let place = match place {
            MailPlace::Server(url) => MailConfig::Server {
                url: url.clone(),
                tls: self.egress(EgressPolicy::provisioned())?.tls(),
            },
            MailPlace::Directory(directory) => MailConfig::Directory(directory.clone()),
        };
        let mailer = Mailer::new(place, sender, self.world.clone(), self.tasks.clone());
        let mailer =
            mailer.context("CONSOLE_SMTP_URL, CONSOLE_MAIL_DIR or CONSOLE_MAIL_FROM is not usable")?;
        Ok(Some(Arc::new(mailer)))
    }

    fn remote_exchange(&self) -> anyhow::Result<RemoteExchange> {
        let url = self.config.sts_url.clone().context("STS_URL is required")?;
        let keys = self.keys.gateway_sts.as_ref();
        let key = keys.context("GATEWAY_STS_HMAC_KEY is required")?.current();
        let options = RemoteOptions {
            url,
            key: Some(key.clone()),
            timeout: self.config.sts_timeout,
            replay: self.backends.short_lived.clone(),
        };
        // The STS is provisioned by the operator, not named by a caller: no allow list of upstreams applies.
        let egress = self.egress(EgressPolicy::provisioned())?;
        RemoteExchange::new(self.world.clone(), &egress, options).context("STS_URL is not usable")
    }

    fn coordinator(&self) -> anyhow::Result<Router> {
        let mut config = self.config.coordinator.clone();
        config.public_url = config.public_url.or_else(|| self.own_address(Role::Coordinator));
        let deps = CoordinatorDeps {
            world: self.world.clone(),
            store: self.store.clone(),
            zones: self.zones.clone(),
            authority: self.authority.clone(),
            revocations: self.revocations.clone(),
            outbox: self.outbox.clone(),
            spool: self.spool()?,
            audit_keys: Some(self.keys.audit.clone()),
            limiter: self.backends.short_lived.clone(),
            replay: self.backends.short_lived.clone(),
            issuer: self.issuer.clone(),
            operator_tokens: self.config.keys.coordinator_operator(),
            known_tokens: Arc::new(KnownTokens::of_people()),
            idempotency_keys: self.keys.idempotency()?,
            config,
        };
        self.tasks
            .spawn(caracal_coordinator::run_jobs(deps.clone(), self.shutdown.clone()));
        let ready = self.authority_ready()?;
        Ok(self.assemble(Role::Coordinator, caracal_coordinator::router(deps), ready))
    }

    async fn api(&self) -> anyhow::Result<Router> {
        let outside = self.outside.as_ref();
        let outside = outside.context("a Control API asks OAuth servers")?;
        let public_url = self
            .config
            .api_public_url
            .clone()
            .or_else(|| self.own_address(Role::Api));
        let deps = ApiDeps {
            world: self.world.clone(),
            store: self.store.clone(),
            zones: self.zones.clone(),
            outbox: self.outbox.clone(),
            keyring: self.keys.keyring()?.clone(),
            hasher: self.keys.hasher(&self.world)?,
            audit_keys: Some(self.keys.audit.clone()),
            token_keys: self.keys.admin_tokens()?,
            admin_token: self.config.keys.admin_token.clone(),
            admin_token_previous: self.config.keys.admin_token_previous.clone(),
            limits: Arc::new(
                self.config
                    .api
                    .limits(self.backends.short_lived.clone(), self.world.clone()),
            ),
            forbidden: ApiDeps::forbidden(),
            known_tokens: Arc::new(KnownTokens::of_administrators_and_people()),
            oauth: outside.oauth.clone(),
            tails: self.tails.clone(),
            policy_work: caracal_api::PolicyWork::new(half_of_the_machine()),
            activity: caracal_api::Activity::new(ACTIVITY_STRETCH),
            // On a machine that somebody works on, receivers run beside it.
            egress: self.egress(EgressPolicy {
                allow_loopback: !self.config.mode.is_published(),
                ..named_by_others(&self.config)
            })?,
            single_sign_on: self.single_sign_on()?,
            mailer: self.mailer()?,
            issuer: self.issuer.clone(),
            replay: self.backends.short_lived.clone(),
            spool: self.spool()?,
            receipts: Arc::default(),
            config: ApiConfig {
                capacity: self.config.coordinator.capacity.clone(),
                public_url: public_url.unwrap_or_else(|| self.config.api.public_url.clone()),
                ..self.config.api.clone()
            },
        };
        let notifier = Notifier::new(
            self.world.clone(),
            self.backends.store.clone(),
            deps.keyring.clone(),
            deps.egress.clone(),
        );
        self.tasks.spawn(notifier.run(self.shutdown.clone()));
        let digests = Digests {
            store: self.backends.store.clone(),
            keys: deps.keyring.clone(),
            hasher: deps.hasher.clone(),
            world: self.world.clone(),
            token_key: caracal_api::token_key_name(&deps.token_keys.current),
        };
        self.tasks.spawn(digests.run(self.shutdown.clone()));
        let mut ready = vec![
            self.storage_ready(),
            self.bus_ready(),
            self.short_lived_ready(),
            self.spool_ready()?,
            self.relay_ready(),
        ];
        if matches!(self.config.backend, Backend::Embedded) {
            caracal_api::seed_bootstrap(&deps)
                .await
                .context("cannot store the bootstrap admin token")?;
            if self.has(Role::Web) {
                super::web::setup_link(&self.config.home, &deps).await?;
            }
        } else {
            let seeded = Arc::new(Seeded::default());
            self.tasks
                .spawn(seeded.clone().run(deps.clone(), self.shutdown.clone()));
            ready.push(seeded);
        }
        Ok(self.assemble(Role::Api, caracal_api::router(deps), ready))
    }

    fn spool(&self) -> anyhow::Result<Arc<Spool>> {
        self.spool
            .clone()
            .context("a role that records decisions needs a spool")
    }

    pub(super) fn assemble(&self, role: Role, routes: Served, ready: Vec<Arc<dyn Dependency>>) -> Router {
        let operational = self.operational(role, ready);
        assemble(role.as_str(), routes, operational, self.world.clone())
    }

    pub(super) fn operational(&self, role: Role, mut dependencies: Vec<Arc<dyn Dependency>>) -> Operational {
        let enforces = matches!(role, Role::Sts | Role::Gateway | Role::Coordinator);
        if let Some(checks) = &self.backends.checks {
            dependencies.insert(0, checks.clone());
        }
        let stores = [
            ("request", self.backends.store.clone()),
            ("ledger", self.backends.ledger.clone()),
            ("outbox", self.backends.relay.clone()),
        ];
        let (zones, revocations) = (self.zones.clone(), self.revocations.clone());
        let mut places = vec![("spool", self.config.spool_dir.clone())];
        if matches!(self.config.backend, Backend::Embedded) {
            places.push(("home", self.config.home.clone()));
        }
        Operational {
            dependencies: Arc::new(dependencies),
            draining: self.draining.clone(),
            metrics: self.metrics.clone(),
            before_render: Arc::new(move || {
                for (purpose, store) in &stores {
                    counter!(measured::STATEMENTS, "purpose" => *purpose).absolute(store.statements());
                }
                measured::sample(&stores[0].1.connections(), &places);
                zones.report();
                revocations.report();
            }),
            revocations: enforces.then(|| self.revocations.clone()),
            metrics_bearers: self.config.keys.metrics(),
            metrics_open: !self.config.mode.is_published(),
        }
    }

    /// What a role needs that gives authority and ends it.
    fn authority_ready(&self) -> anyhow::Result<Vec<Arc<dyn Dependency>>> {
        Ok(vec![
            self.storage_ready(),
            self.bus_ready(),
            self.short_lived_ready(),
            self.revocations_ready(),
            self.spool_ready()?,
            self.relay_ready(),
        ])
    }

    pub(super) fn storage_ready(&self) -> Arc<dyn Dependency> {
        Arc::new(StorageReady(self.backends.store.clone()))
    }

    pub(super) fn bus_ready(&self) -> Arc<dyn Dependency> {
        Arc::new(BusReady(self.backends.bus.clone()))
    }

    fn short_lived_ready(&self) -> Arc<dyn Dependency> {
        Arc::new(ShortLivedReady(self.backends.short_lived.clone()))
    }

    fn revocations_ready(&self) -> Arc<dyn Dependency> {
        Arc::new(RevocationsReady(self.revocations.clone()))
    }

    fn relay_ready(&self) -> Arc<dyn Dependency> {
        Arc::new(RelayReady(self.outbox.clone()))
    }

    fn spool_ready(&self) -> anyhow::Result<Arc<dyn Dependency>> {
        Ok(Arc::new(SpoolReady(self.spool()?)))
    }
}
