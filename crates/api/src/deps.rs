//! What the Control API needs from the place of wiring.

use std::{path::PathBuf, sync::Arc, time::Duration};

use caracal_core::{Secret, World, ZoneId};
use caracal_crypto::{DpopWindow, HmacRing, KeyRing, SecretHasher, sealed::DerivedKeys};
use caracal_events::{OutboxRelay, RateLimiter, ReplayStore, Spool};
use caracal_lifecycle::{Capacity, receipts::Counts};
use caracal_service::{
    egress::Egress,
    known_tokens::KnownTokens,
    limits::{Limits, Rule},
    oauth::TokenClient,
    repeats::Repeats,
    tail::Tails,
    zones::ZoneDirectory,
};
use caracal_storage::Store;
use caracal_wire::ErrorCode;

use crate::{activity::Activity, mail::Mailer, policy_work::PolicyWork, single_sign_on::SingleSignOn};

/// Whom passkeys are for: the console, as browsers know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelyingParty {
    /// The domain.
    pub id: String,
    /// The origin of its pages.
    pub origin: String,
}

impl RelyingParty {
    /// The console at `url`. Nothing where browsers use no passkeys: without TLS, other than at localhost, or at an address
    /// that is no name.
    pub fn at(url: &url::Url) -> Option<Self> {
        let url::Host::Domain(id) = url.host()? else {
            return None;
        };
        (url.scheme() == "https" || id == "localhost").then(|| Self {
            id: id.to_owned(),
            origin: url.origin().ascii_serialization(),
        })
    }
}

/// Bounds of the Control API.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Requests per principal in a minute; 0 means no limit.
    pub rate_limit_per_min: u32,
    /// Refused logins per address in a minute; 0 means no limit.
    pub auth_fail_limit_per_min: u32,
    /// Short-lived applications per zone and principal in a second; 0 means no limit.
    pub dcr_limit_per_second: u32,
    /// Short-lived applications alive in a zone at once.
    pub max_live_dcr: u64,
    /// Unarchived resources in a zone; 0 means no limit.
    pub max_resources_per_zone: u64,
    /// Mints of an application at a resource in a minute that the deployment allows. A zone may allow fewer.
    pub mint_rate_limit_per_min: u32,
    /// How long a token's `last_used_at` may lag.
    pub last_used_debounce: Duration,
    /// How long a session at the console lasts unused.
    pub session_idle: Duration,
    /// How long it lasts however much it is used.
    pub session_max: Duration,
    /// How long a link that sets a password can be used.
    pub link_lifetime: Duration,
    /// How long after its decision a call without an outcome is shown as one whose outcome is unknown.
    pub outcome_unknown_after: Duration,
    /// Whom passkeys are for; absent means that there are none.
    pub relying_party: Option<RelyingParty>,
    /// Longest time that events are kept; absent means for ever.
    pub event_retention: Option<Duration>,
    /// Identifier of the resource that stands for this API itself. Only the deployment's own tokens manage it.
    pub control_audience: String,
    /// Base of this API's addresses, as clients know it.
    pub public_url: String,
    /// When a proof that a key is held is good, which comes with a mandate that is bound to one.
    pub dpop_window: DpopWindow,
    /// Whether commands may be taken at all.
    pub control_enabled: bool,
    /// The file whose presence says that commands are taken. Without one none are.
    pub control_gate_file: Option<PathBuf>,
    /// Commands of an address in a minute; 0 means no limit.
    pub control_address_limit_per_min: u32,
    /// Commands of a control key in [`ApiConfig::control_subject_window`]; 0 means no limit.
    pub control_subject_limit: u32,
    /// Window of that limit.
    pub control_subject_window: Duration,
    /// Bounds of what lives in a zone, as the Coordinator has them.
    pub capacity: Capacity,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            rate_limit_per_min: 60_000,
            auth_fail_limit_per_min: 60,
            dcr_limit_per_second: 10,
            max_live_dcr: 1000,
            max_resources_per_zone: 100_000,
            mint_rate_limit_per_min: 600_000,
            last_used_debounce: Duration::from_mins(1),
            session_idle: Duration::from_hours(12),
            session_max: Duration::from_hours(7 * 24),
            link_lifetime: Duration::from_hours(24),
            outcome_unknown_after: Duration::from_mins(15),
            relying_party: None,
            event_retention: None,
            control_audience: String::from("caracal-control"),
            public_url: String::from("http://localhost:3000"),
            dpop_window: DpopWindow::default(),
            control_enabled: false,
            control_gate_file: None,
            control_address_limit_per_min: 6_000,
            control_subject_limit: 600,
            control_subject_window: Duration::from_mins(1),
            capacity: Capacity::default(),
        }
    }
}

impl ApiConfig {
    /// How often an address may send commands: counted before anything is read of them.
    pub(crate) const fn control_address_rule(&self) -> Rule {
        Rule::per_minute("api:control_invoke_ip:", self.control_address_limit_per_min)
    }

    /// How often a control key may.
    pub(crate) const fn control_subject_rule(&self) -> Rule {
        let window = self.control_subject_window;
        Rule::new("api:control_invoke:", self.control_subject_limit, window)
    }

    /// The limits of this configuration, counted by `limiter`.
    pub fn limits(&self, limiter: Arc<dyn RateLimiter>, world: World) -> Limits {
        let calls = Rule::per_minute("api:v1_rl:", self.rate_limit_per_min);
        let refused = Rule::per_minute("api:admin_auth_fail:", self.auth_fail_limit_per_min);
        Limits::new(limiter, world, calls, refused).with_registrations(Rule {
            prefix: "rl:dcr:",
            limit: self.dcr_limit_per_second,
            window: Duration::from_secs(1),
            code: ErrorCode::DcrRateLimitExceeded,
        })
    }
}

/// How often the same is refused to the same caller with 403: by the chain that records it, caller and route.
pub type Forbidden = Repeats<Option<ZoneId>, (String, &'static str, ErrorCode)>;

/// Everything the Control API works with. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ApiDeps {
    /// Time and randomness.
    pub world: World,
    /// Durable state.
    pub store: Arc<dyn Store>,
    /// Zones in memory, to tell whether an activation is in force.
    pub zones: Arc<ZoneDirectory>,
    /// Publishes events of committed work.
    pub outbox: Arc<OutboxRelay>,
    /// Seals and opens secrets at rest.
    pub keyring: Arc<KeyRing>,
    /// Hashes client secrets.
    pub hasher: Arc<SecretHasher>,
    /// Signs audit events; without it they travel unsigned.
    pub audit_keys: Option<HmacRing>,
    /// Make the digests that admin tokens are stored by; both are good while keys change.
    pub token_keys: DerivedKeys,
    /// The deployment's admin token (`CARACAL_ADMIN_TOKEN`). Without it there is neither a bootstrap token nor a
    /// console.
    pub admin_token: Option<Secret>,
    /// Another one that is as good while it is being changed.
    pub admin_token_previous: Option<Secret>,
    /// How often callers may ask: [`ApiConfig::limits`].
    pub limits: Arc<Limits>,
    /// What callers were forbidden, or looked for in vain, of late: [`ApiDeps::forbidden`].
    pub forbidden: Arc<Forbidden>,
    /// Tokens that need not be guesses.
    pub known_tokens: Arc<KnownTokens>,
    /// Live tails of this process.
    pub tails: Arc<Tails>,
    /// Asks the OAuth servers of providers for what people let us have.
    pub oauth: TokenClient,
    /// What was decided of late, counted.
    pub activity: Activity,
    /// Where policies are read and evaluated.
    pub policy_work: PolicyWork,
    /// Where notifications may be sent.
    pub egress: Arc<Egress>,
    /// `iss` of every mandate, byte for byte.
    pub issuer: Arc<str>,
    /// Mandates that were used for a command.
    pub replay: Arc<dyn ReplayStore>,
    /// Where evidence of commands that change nothing is safe before they are answered.
    pub spool: Arc<Spool>,
    /// Signs people in who come from the `OpenID` provider, where there is one.
    pub single_sign_on: Option<Arc<SingleSignOn>>,
    /// Sends mail to people, where there is a way to.
    pub mailer: Option<Arc<Mailer>>,
    /// How many receipts of requests with a key there are, as last counted.
    pub receipts: Arc<Counts>,
    /// Bounds.
    pub config: ApiConfig,
}

impl ApiDeps {
    /// Counts what is forbidden or looked for in vain: eight times in a minute each is a row, then every time that the number is a power of two.
    pub fn forbidden() -> Arc<Forbidden> {
        Arc::new(Repeats::new(8))
    }
}
