use std::{net::IpAddr, time::Duration};

use caracal_crypto::DpopWindow;
use caracal_service::{
    config::{
        Declared, Flag, HttpUrl, HumanDuration, Number, Optional, Process, Required, Role, Setting,
        SettingKind, Settings,
    },
    egress::{EgressPolicy, HostPattern},
};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &ISSUER_URL,
    &STS_URL,
    &GATEWAY_PUBLIC_URL,
    &MINT_RATE,
    &STRANGER_RATE,
    &DPOP_PROOF_AGE,
    &DPOP_CLOCK_SKEW,
    &DPOP_NONCES,
    &KEY_PUBLISH_AHEAD,
    &KEY_OVERLAP,
    &MAX_REQUEST_BYTES,
    &UPSTREAM_TIMEOUT,
    &STREAM_IDLE_TIMEOUT,
    &STS_TIMEOUT,
    &UPSTREAM_HOSTS,
    &PRIVATE_HOSTS,
    &TRUST_PROXY,
    &JTI_FAIL_OPEN,
];

const GATEWAY: &[Role] = &[Role::Gateway];
const STS: &[Role] = &[Role::Sts];
const STS_AND_API: &[Role] = &[Role::Sts, Role::Api];
/// Those that take what may be bound to a key.
const TAKES_PROOFS: &[Role] = &[Role::Sts, Role::Gateway, Role::Coordinator, Role::Api];

/// Scheme, host and port.
#[derive(Debug)]
pub(crate) struct HttpOrigin;

impl SettingKind for HttpOrigin {
    type Value = String;

    const FORM: &'static str = "an http or https URL without a path, as browsers write it";

    fn parse(text: &str) -> Result<String, String> {
        let text = text.trim();
        // Clients compare it as text: there must be one way to write it.
        let is_origin = url::Url::parse(text).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text
        });
        if is_origin {
            Ok(text.to_owned())
        } else {
            Err(format!(" must be {}, not {text:?}", Self::FORM))
        }
    }

    fn render(value: &String) -> String {
        value.clone()
    }
}

/// Host patterns with commas between them.
#[derive(Debug)]
pub(crate) struct Hosts;

impl SettingKind for Hosts {
    type Value = Vec<HostPattern>;

    const FORM: &'static str = "host names or patterns such as *.example.com, with commas between them";

    fn parse(text: &str) -> Result<Vec<HostPattern>, String> {
        text.split(',')
            .map(str::trim)
            .filter(|host| !host.is_empty())
            .map(|host| {
                host.parse()
                    .map_err(|error| format!(": {host:?} is not usable: {error}"))
            })
            .collect()
    }

    fn render(value: &Vec<HostPattern>) -> String {
        if value.is_empty() {
            return String::from("any host");
        }
        value
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(",")
    }
}

pub(crate) static ISSUER_URL: Optional<HttpUrl> = Optional::new(
    "ISSUER_URL",
    &[Role::Sts, Role::Gateway, Role::Coordinator],
    "the address that the STS listens on",
    "`iss` of mandates, byte for byte: the STS's address as clients know it.",
)
.required(Required::IN_PRODUCTION);
pub(crate) static STS_URL: Optional<HttpUrl> = Optional::new(
    "STS_URL",
    GATEWAY,
    "the STS in the same process",
    "Where the Gateway asks for decisions; plain http only to this machine or to a name without dots.",
)
.required(Required {
    when: |process: &Process, users| process.serves(users) && !process.serves(STS),
    words: "by a gateway without the sts role in the same process",
});
pub(crate) static GATEWAY_PUBLIC_URL: Optional<HttpOrigin> = Optional::new(
    "GATEWAY_PUBLIC_URL",
    GATEWAY,
    "the address that the Gateway listens on",
    "The Gateway as clients know it, such as https://gateway.example.com. A resource whose identifier is /r/ZONE/NAME there can be \
     called at it without a header, and anyone may read which scopes it has.",
);
pub(crate) static MINT_RATE: Setting<Number<u32>> = Setting::new(
    "STS_MINT_RATE_LIMIT_PER_MIN",
    STS_AND_API,
    || 600_000,
    "Mints a minute for each zone, resource and application. A zone may allow fewer, never more.",
);
pub(crate) static STRANGER_RATE: Setting<Number<u32>> = Setting::new(
    "STS_STRANGER_LIMIT_PER_MIN",
    STS,
    || 600,
    "Unknown zones, applications, workloads and approvals that one address may name in a minute; 0 means no limit.",
)
.between(0, u32::MAX as u64);
pub(crate) static DPOP_PROOF_AGE: Setting<HumanDuration> = Setting::new(
    "DPOP_PROOF_AGE",
    TAKES_PROOFS,
    || DpopWindow::default().age,
    "How old a proof that a key is held (DPoP) may be.",
)
.between(1_000, 600_000);
pub(crate) static DPOP_CLOCK_SKEW: Setting<HumanDuration> = Setting::new(
    "DPOP_CLOCK_SKEW",
    TAKES_PROOFS,
    || DpopWindow::default().skew,
    "By how much the clock of whoever makes such a proof may differ, either way.",
)
.between(1_000, 300_000);
pub(crate) static DPOP_NONCES: Setting<Flag> = Setting::new(
    "DPOP_NONCES",
    STS,
    || false,
    "Whether a proof with a request for a token has to repeat a nonce of the STS, which tells one made ahead of time.",
);
pub(crate) static KEY_PUBLISH_AHEAD: Setting<HumanDuration> = Setting::new(
    "SIGNING_KEY_PUBLISH_AHEAD",
    STS,
    || Duration::from_mins(10),
    "How long a new signing key is published before it signs.",
);
pub(crate) static KEY_OVERLAP: Setting<HumanDuration> = Setting::new(
    "SIGNING_KEY_OVERLAP",
    STS,
    || Duration::from_hours(24),
    "How long an old signing key verifies after its successor signs.",
);
pub(crate) static MAX_REQUEST_BYTES: Setting<Number<u64>> = Setting::new(
    "MAX_REQUEST_BYTES",
    GATEWAY,
    || 10 * 1024 * 1024,
    "Largest body of a governed call.",
);
pub(crate) static UPSTREAM_TIMEOUT: Setting<HumanDuration> = Setting::new(
    "UPSTREAM_TIMEOUT",
    GATEWAY,
    || Duration::from_secs(30),
    "Longest silence of an upstream before its answer, unless the resource says otherwise.",
);
pub(crate) static STREAM_IDLE_TIMEOUT: Setting<HumanDuration> = Setting::new(
    "STREAM_IDLE_TIMEOUT",
    GATEWAY,
    || Duration::from_mins(1),
    "Longest silence within an answer, of either side, unless the resource says otherwise.",
);
pub(crate) static STS_TIMEOUT: Setting<HumanDuration> = Setting::new(
    "STS_TIMEOUT",
    GATEWAY,
    || Duration::from_secs(5),
    "Longest wait for the STS.",
);
pub(crate) static UPSTREAM_HOSTS: Setting<Hosts> = Setting::new(
    "UPSTREAM_HOST_ALLOWLIST",
    GATEWAY,
    Vec::new,
    "Hosts that may be called at all.",
);
pub(crate) static PRIVATE_HOSTS: Optional<Hosts> = Optional::new(
    "CARACAL_PRIVATE_EGRESS_HOSTS",
    &[Role::Sts, Role::Api, Role::Gateway],
    "none",
    "Hosts of OAuth servers, issuers, sinks of notifications and, in rc and stable, upstreams that may be on this machine or a private \
     network; others must be public.",
);
pub(crate) static TRUST_PROXY: Setting<Flag> = Setting::new(
    "TRUST_PROXY",
    GATEWAY,
    || false,
    "Whether the caller's address is taken from X-Forwarded-For.",
);
pub(crate) static JTI_FAIL_OPEN: Setting<Flag> = Setting::new(
    "JTI_FAIL_OPEN",
    GATEWAY,
    || false,
    "Refused where true: a mandate whose use cannot be recorded is not honoured.",
);

/// The hosts that upstreams may be at, and those that may be private; what can be seen to mean nothing is a problem.
pub(crate) fn egress_hosts(
    settings: &mut Settings,
    process: &Process,
) -> (Vec<HostPattern>, Vec<HostPattern>) {
    let upstreams = settings.get(&UPSTREAM_HOSTS);
    let private = settings.find(&PRIVATE_HOSTS).unwrap_or_default();
    let address = |pattern: &HostPattern| pattern.host()?.parse::<IpAddr>().ok();
    let policy = EgressPolicy::named(private.clone());
    for named in private.iter().filter_map(address) {
        if policy.vet(&named.to_string(), named).is_err() {
            settings.problem(format!(
                "CARACAL_PRIVATE_EGRESS_HOSTS names {named}, an address that is never called: take it out"
            ));
        }
    }
    if process.mode.is_published() && process.roles.contains(&Role::Gateway) {
        for named in upstreams.iter().filter_map(address) {
            if policy.vet(&named.to_string(), named).is_err() {
                settings.problem(format!(
                    "UPSTREAM_HOST_ALLOWLIST names {named}, which is not public: name it in CARACAL_PRIVATE_EGRESS_HOSTS as well, or \
                     take it out"
                ));
            }
        }
    }
    (upstreams, private)
}
