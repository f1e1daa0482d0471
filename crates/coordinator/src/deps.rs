//! What the Coordinator is given.

use std::{collections::HashSet, ops::Deref, sync::Arc};

use caracal_core::World;
use caracal_crypto::HmacRing;
use caracal_events::{OutboxRelay, RateLimiter, ReplayStore, Spool};
use caracal_lifecycle::receipts::Counts;
use caracal_service::{
    bearers::Bearers,
    issued::IssuedMandates,
    known_tokens::KnownTokens,
    limits::{Limits, Rule},
    revocation::Revocations,
    zones::{LiveAuthority, ZoneDirectory},
};
use caracal_storage::Store;

use crate::CoordinatorConfig;

/// Everything the Coordinator needs, built by `caracald`.
#[derive(Debug, Clone)]
pub struct CoordinatorDeps {
    /// Time and randomness.
    pub world: World,
    /// Durable state.
    pub store: Arc<dyn Store>,
    /// Zones in memory: applications, resources and verifying keys.
    pub zones: Arc<ZoneDirectory>,
    /// Authority records in memory.
    pub authority: Arc<LiveAuthority>,
    /// What has ended, in memory.
    pub revocations: Arc<Revocations>,
    /// Publishes what transactions left in the outbox.
    pub outbox: Arc<OutboxRelay>,
    /// Where audit events are safe before an answer is sent.
    pub spool: Arc<Spool>,
    /// Sign events of what ends by itself, which leave through the outbox; none leaves them unsigned.
    pub audit_keys: Option<HmacRing>,
    /// Counts requests.
    pub limiter: Arc<dyn RateLimiter>,
    /// Remembers which proofs of keys were used.
    pub replay: Arc<dyn ReplayStore>,
    /// The issuer URL: issuer and audience of the mandates accepted here.
    pub issuer: Arc<str>,
    /// The operator's bearers; none disables operator access.
    pub operator_tokens: Bearers,
    /// Who is signed in at the console, in memory.
    pub known_tokens: Arc<KnownTokens>,
    /// Keys of the digests under which idempotency keys are remembered.
    pub idempotency_keys: HmacRing,
    /// Limits and intervals.
    pub config: CoordinatorConfig,
}

/// State of the router: the dependencies and what this process counts.
#[derive(Debug)]
pub(crate) struct App {
    deps: CoordinatorDeps,
    pub(crate) receipts: Counts,
    pub(crate) limits: Limits,
    /// Bearers whose signatures were checked.
    pub(crate) proved: IssuedMandates,
    /// The members of everything that this role is sent.
    pub(crate) members: HashSet<String>,
}

impl App {
    pub(crate) fn new(deps: CoordinatorDeps, members: HashSet<String>) -> Self {
        let config = &deps.config;
        let limits = Limits::new(
            deps.limiter.clone(),
            deps.world.clone(),
            Rule::per_minute("coordinator:", config.requests_per_minute),
            Rule::per_minute("coordinator:refused:", config.unauthenticated_per_minute),
        );
        Self {
            deps,
            receipts: Counts::default(),
            limits,
            proved: IssuedMandates::default(),
            members,
        }
    }
}

impl Deref for App {
    type Target = CoordinatorDeps;

    fn deref(&self) -> &CoordinatorDeps {
        &self.deps
    }
}
