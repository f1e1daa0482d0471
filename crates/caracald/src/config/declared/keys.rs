use caracal_service::config::{
    Declared, KeyMaterial, KeyMaterials, Optional, Process, Required, Role, Token,
};

use super::WRITERS;

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &KEK,
    &KEK_PREVIOUS,
    &STREAMS_KEY,
    &STREAMS_KEYS_PREVIOUS,
    &AUDIT_KEY,
    &AUDIT_KEYS_PREVIOUS,
    &GATEWAY_STS_KEY,
    &GATEWAY_STS_KEYS_PREVIOUS,
    &IDEMPOTENCY_KEY,
    &IDEMPOTENCY_KEYS_PREVIOUS,
    &ADMIN_TOKEN,
    &ADMIN_TOKEN_PREVIOUS,
    &COORDINATOR_TOKEN,
    &COORDINATOR_TOKEN_PREVIOUS,
    &STS_ADMIN_TOKEN,
    &STS_ADMIN_TOKEN_PREVIOUS,
    &AUDIT_ADMIN_TOKEN,
    &AUDIT_ADMIN_TOKEN_PREVIOUS,
    &METRICS_BEARER,
    &METRICS_BEARER_PREVIOUS,
];

/// What is so without a secret that the embedded deployment makes for itself.
const GENERATED: &str = "generated in the embedded deployment";

pub(crate) static KEK: Optional<KeyMaterial> = Optional::new(
    "SECRET_STORE_KEK",
    &[Role::Api, Role::Sts],
    GENERATED,
    "Key-encryption key: seals secrets at rest.",
)
.required(Required::IN_PRODUCTION);
pub(crate) static KEK_PREVIOUS: Optional<KeyMaterial> = Optional::new(
    "SECRET_STORE_KEK_PREVIOUS",
    &[Role::Api, Role::Sts],
    "one key opens everything",
    "The other key-encryption key while it is being changed.",
)
.or_empty_file();
pub(crate) static STREAMS_KEY: Optional<KeyMaterial> =
    Optional::new("STREAMS_HMAC_KEY", WRITERS, GENERATED, "Signs events.").required(Required::IN_PRODUCTION);
pub(crate) static STREAMS_KEYS_PREVIOUS: Optional<KeyMaterials> = Optional::new(
    "STREAMS_HMAC_KEY_PREVIOUS",
    WRITERS,
    "one key signs and verifies",
    "Other keys that verify events while STREAMS_HMAC_KEY is being changed.",
)
.or_empty_file();
pub(crate) static AUDIT_KEY: Optional<KeyMaterial> = Optional::new(
    "AUDIT_HMAC_KEY",
    Role::KEEPING,
    GENERATED,
    "Signs audit events and the links of the ledger.",
)
.required(Required::IN_PRODUCTION);
pub(crate) static AUDIT_KEYS_PREVIOUS: Optional<KeyMaterials> = Optional::new(
    "AUDIT_HMAC_KEY_PREVIOUS",
    Role::KEEPING,
    "one key signs and verifies",
    "Other keys that verify evidence while AUDIT_HMAC_KEY is being changed.",
)
.or_empty_file();
pub(crate) static GATEWAY_STS_KEY: Optional<KeyMaterial> = Optional::new(
    "GATEWAY_STS_HMAC_KEY",
    &[Role::Sts, Role::Gateway],
    GENERATED,
    "Signs what the Gateway asks the STS.",
)
.required(Required {
    when: |process: &Process, _| {
        !process.embedded && process.serves(&[Role::Sts]) != process.serves(&[Role::Gateway])
    },
    words: "in production where sts and gateway are processes of their own",
});
pub(crate) static GATEWAY_STS_KEYS_PREVIOUS: Optional<KeyMaterials> = Optional::new(
    "GATEWAY_STS_HMAC_KEY_PREVIOUS",
    &[Role::Sts],
    "one key verifies",
    "Other keys that the STS takes while GATEWAY_STS_HMAC_KEY is being changed.",
)
.or_empty_file();
pub(crate) static IDEMPOTENCY_KEY: Optional<KeyMaterial> = Optional::new(
    "IDEMPOTENCY_HMAC_KEY",
    &[Role::Coordinator],
    GENERATED,
    "Digests idempotency keys.",
)
.required(Required::IN_PRODUCTION);
pub(crate) static IDEMPOTENCY_KEYS_PREVIOUS: Optional<KeyMaterials> = Optional::new(
    "IDEMPOTENCY_HMAC_KEY_PREVIOUS",
    &[Role::Coordinator],
    "one key digests",
    "Other keys by which receipts are found while IDEMPOTENCY_HMAC_KEY is being changed.",
)
.or_empty_file();
pub(crate) static ADMIN_TOKEN: Optional<Token> = Optional::new(
    "CARACAL_ADMIN_TOKEN",
    &[Role::Api],
    GENERATED,
    "Bearer of the bootstrap administrator.",
)
.required(Required::IN_PRODUCTION);
pub(crate) static ADMIN_TOKEN_PREVIOUS: Optional<Token> = Optional::new(
    "CARACAL_ADMIN_TOKEN_PREVIOUS",
    &[Role::Api],
    "one is accepted",
    "Another one that is accepted while CARACAL_ADMIN_TOKEN is being changed.",
)
.or_empty_file();
pub(crate) static COORDINATOR_TOKEN: Optional<Token> = Optional::new(
    "CARACAL_COORDINATOR_TOKEN",
    &[Role::Coordinator],
    "no operator access in production, generated in the embedded deployment",
    "Bearer of the operator.",
);
pub(crate) static COORDINATOR_TOKEN_PREVIOUS: Optional<Token> = Optional::new(
    "CARACAL_COORDINATOR_TOKEN_PREVIOUS",
    &[Role::Coordinator],
    "one is accepted",
    "Another one that is accepted while CARACAL_COORDINATOR_TOKEN is being changed.",
)
.or_empty_file();
pub(crate) static STS_ADMIN_TOKEN: Optional<Token> = Optional::new(
    "STS_ADMIN_TOKEN",
    &[Role::Sts],
    "no rotation by request in production, generated in the embedded deployment",
    "Bearer for the rotation of signing keys.",
);
pub(crate) static STS_ADMIN_TOKEN_PREVIOUS: Optional<Token> = Optional::new(
    "STS_ADMIN_TOKEN_PREVIOUS",
    &[Role::Sts],
    "one is accepted",
    "Another one that is accepted while STS_ADMIN_TOKEN is being changed.",
)
.or_empty_file();
pub(crate) static AUDIT_ADMIN_TOKEN: Optional<Token> = Optional::new(
    "AUDIT_ADMIN_TOKEN",
    &[Role::Audit],
    "these routes are closed in production, generated in the embedded deployment",
    "Bearer for search, verification and dead letters.",
);
pub(crate) static AUDIT_ADMIN_TOKEN_PREVIOUS: Optional<Token> = Optional::new(
    "AUDIT_ADMIN_TOKEN_PREVIOUS",
    &[Role::Audit],
    "one is accepted",
    "Another one that is accepted while AUDIT_ADMIN_TOKEN is being changed.",
)
.or_empty_file();
pub(crate) static METRICS_BEARER: Optional<Token> = Optional::new(
    "METRICS_BEARER",
    Role::ALL,
    "open in dev, closed elsewhere",
    "Bearer of /metrics.",
);
pub(crate) static METRICS_BEARER_PREVIOUS: Optional<Token> = Optional::new(
    "METRICS_BEARER_PREVIOUS",
    Role::ALL,
    "one is accepted",
    "Another one that is accepted while METRICS_BEARER is being changed.",
)
.or_empty_file();
