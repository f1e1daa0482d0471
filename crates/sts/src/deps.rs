//! What the STS needs from the place of wiring.

use std::{sync::Arc, time::Duration};

use caracal_core::World;
use caracal_crypto::{DpopWindow, HmacRing, sealed::KeyRing, secret_hash::SecretHasher};
use caracal_events::{OutboxRelay, RateLimiter, ReplayStore, spool::Spool};
use caracal_lifecycle::Capacity;
use caracal_service::{
    bearers::Bearers,
    issued::IssuedMandates,
    limits::{Limits, Rule},
    revocation::Revocations,
    waiting::Waiting,
    zone_keys::ZoneKeys,
    zones::{LiveAuthority, ZoneDirectory},
};
use caracal_storage::Store;
use caracal_wire::ErrorCode;

use crate::{
    CanaryMonitor, ConnectionTokens, ServiceTokens, Shadows, SignIns, SubjectKeys, counting::Counting,
};

/// Bounds of the STS.
#[derive(Debug, Clone)]
pub struct StsConfig {
    /// `iss` of every mandate and audience of session and gateway mandates, byte for byte.
    pub issuer: Arc<str>,
    /// Identifier of the resource that stands for the Control API.
    pub control_audience: Arc<str>,
    /// Address of the Control API, which explains refusals; without it they say where below that address.
    pub explained_at: Option<Arc<str>>,
    /// Mints per zone, resource and application in a minute.
    pub mint_rate_limit_per_min: u32,
    /// Failed logins per application and address in a minute.
    pub auth_fail_limit_per_min: u32,
    /// Questions in a minute, per address, that the store was asked for the sake of somebody who is nobody; 0 for no limit.
    pub stranger_limit_per_min: u32,
    /// When proofs that a key is held are good.
    pub dpop_window: DpopWindow,
    /// Whether such a proof has to repeat a nonce of ours.
    pub dpop_nonces: bool,
    /// How long a zone's old signing key keeps verifying after a rotation.
    pub key_overlap: Duration,
    /// How long a new signing key is published before it signs, so that verifiers with a cache know it in time.
    pub key_publish_ahead: Duration,
    /// How much may live in a zone, the sessions of clients that people sign in with among it.
    pub capacity: Capacity,
}

impl StsConfig {
    /// Defaults for `issuer`.
    pub fn new(issuer: impl Into<Arc<str>>) -> Self {
        Self {
            issuer: issuer.into(),
            control_audience: "caracal-control".into(),
            explained_at: None,
            mint_rate_limit_per_min: 600_000,
            auth_fail_limit_per_min: 60,
            stranger_limit_per_min: 600,
            dpop_window: DpopWindow::default(),
            dpop_nonces: false,
            key_overlap: Duration::from_hours(24),
            key_publish_ahead: Duration::from_mins(10),
            capacity: Capacity::default(),
        }
    }
}

impl StsConfig {
    /// What strangers of one address may ask of the store, counted by `limiter`.
    pub fn limits(&self, limiter: Arc<dyn RateLimiter>, world: World) -> Limits {
        let limited = |prefix, limit| Rule {
            code: ErrorCode::ProviderRateLimited,
            ..Rule::per_minute(prefix, limit)
        };
        // Callers are counted where they are proved.
        let (calls, refused) = (
            limited("", 0),
            limited("auth-rl:stranger:", self.stranger_limit_per_min),
        );
        Limits::new(limiter, world, calls, refused)
    }
}

/// Everything the STS works with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct StsDeps {
    /// Time and randomness.
    pub world: World,
    /// Durable state: authority records and signing keys.
    pub store: Arc<dyn Store>,
    /// Zones in memory.
    pub zones: Arc<ZoneDirectory>,
    /// Sessions, lineages and records in memory.
    pub authority: Arc<LiveAuthority>,
    /// What must be refused now.
    pub revocations: Arc<Revocations>,
    /// Mandates signed here, which need no proof when they come back, through a Gateway here or elsewhere.
    pub issued: Option<Arc<IssuedMandates>>,
    /// Turns at counting calls that have a budget.
    pub counting: Counting,
    /// Decides candidates beside what is answered.
    pub shadows: Arc<Shadows>,
    /// Counts what versions deny that decide for some applications, and takes them back.
    pub canaries: Arc<CanaryMonitor>,
    /// Where decisions are safe before they are answered.
    pub spool: Arc<Spool>,
    /// Who waits for a person to decide.
    pub waiting: Arc<Waiting>,
    /// Signs evidence that is written with a change; without it that travels unsigned.
    pub audit_keys: Option<HmacRing>,
    /// Publishes events of committed work.
    pub outbox: Arc<OutboxRelay>,
    /// Opens and seals secrets at rest.
    pub keyring: Arc<KeyRing>,
    /// Makes the keys of zones.
    pub zone_keys: ZoneKeys,
    /// Verifies client secrets.
    pub hasher: Arc<SecretHasher>,
    /// Tokens that providers get from OAuth servers.
    pub tokens: Arc<ServiceTokens>,
    /// Tokens of accounts that people connected.
    pub connections: Arc<ConnectionTokens>,
    /// What asks outside for people who sign in with clients.
    pub sign_ins: Arc<SignIns>,
    /// Keys of the issuers of subjects.
    pub subject_keys: Arc<SubjectKeys>,
    /// Rate limits of clients that there are.
    pub limiter: Arc<dyn RateLimiter>,
    /// Of strangers: see [`StsConfig::limits`].
    pub limits: Arc<Limits>,
    /// Nonces of signed exchanges.
    pub replay: Arc<dyn ReplayStore>,
    /// Key of the Gateway's signed exchanges; without it they are refused.
    pub gateway_keys: Option<HmacRing>,
    /// Bearer of the key rotation route; without it the route does not exist.
    pub admin_tokens: Bearers,
    /// Bounds.
    pub config: Arc<StsConfig>,
}
