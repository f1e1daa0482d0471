use caracal_core::Secret;
use caracal_service::{
    bearers::Bearers,
    config::{Process, Settings},
};

use super::declared;

/// Keys and tokens. In the embedded deployment absent ones are generated.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    pub(crate) kek: Option<Secret>,
    pub(crate) kek_previous: Option<Secret>,
    pub(crate) streams: Option<Secret>,
    pub(crate) streams_previous: Vec<Secret>,
    pub(crate) audit: Option<Secret>,
    pub(crate) audit_previous: Vec<Secret>,
    pub(crate) gateway_sts: Option<Secret>,
    pub(crate) gateway_sts_previous: Vec<Secret>,
    pub(crate) idempotency: Option<Secret>,
    pub(crate) idempotency_previous: Vec<Secret>,
    pub(crate) admin_token: Option<Secret>,
    pub(crate) admin_token_previous: Option<Secret>,
    pub(crate) coordinator_token: Option<Secret>,
    pub(crate) coordinator_token_previous: Option<Secret>,
    pub(crate) sts_admin_token: Option<Secret>,
    pub(crate) sts_admin_token_previous: Option<Secret>,
    pub(crate) audit_admin_token: Option<Secret>,
    pub(crate) audit_admin_token_previous: Option<Secret>,
    pub(crate) metrics_bearer: Option<Secret>,
    pub(crate) metrics_bearer_previous: Option<Secret>,
    /// What the keys of checkpoints are derived from.
    pub(crate) log: Option<Secret>,
    pub(crate) log_previous: Option<Secret>,
}

impl Keys {
    /// Reads them, and refuses what this process needs and does not have, and one key for two purposes.
    pub(super) fn read(settings: &mut Settings, process: &Process) -> Self {
        let keys = Self {
            kek: settings.find(&declared::KEK),
            kek_previous: settings.find(&declared::KEK_PREVIOUS),
            streams: settings.find(&declared::STREAMS_KEY),
            streams_previous: settings
                .find(&declared::STREAMS_KEYS_PREVIOUS)
                .unwrap_or_default(),
            audit: settings.find(&declared::AUDIT_KEY),
            audit_previous: settings.find(&declared::AUDIT_KEYS_PREVIOUS).unwrap_or_default(),
            gateway_sts: settings.find(&declared::GATEWAY_STS_KEY),
            gateway_sts_previous: settings
                .find(&declared::GATEWAY_STS_KEYS_PREVIOUS)
                .unwrap_or_default(),
            idempotency: settings.find(&declared::IDEMPOTENCY_KEY),
            idempotency_previous: settings
                .find(&declared::IDEMPOTENCY_KEYS_PREVIOUS)
                .unwrap_or_default(),
            admin_token: settings.find(&declared::ADMIN_TOKEN),
            admin_token_previous: settings.find(&declared::ADMIN_TOKEN_PREVIOUS),
            coordinator_token: settings.find(&declared::COORDINATOR_TOKEN),
            coordinator_token_previous: settings.find(&declared::COORDINATOR_TOKEN_PREVIOUS),
            sts_admin_token: settings.find(&declared::STS_ADMIN_TOKEN),
            sts_admin_token_previous: settings.find(&declared::STS_ADMIN_TOKEN_PREVIOUS),
            audit_admin_token: settings.find(&declared::AUDIT_ADMIN_TOKEN),
            audit_admin_token_previous: settings.find(&declared::AUDIT_ADMIN_TOKEN_PREVIOUS),
            metrics_bearer: settings.find(&declared::METRICS_BEARER),
            metrics_bearer_previous: settings.find(&declared::METRICS_BEARER_PREVIOUS),
            log: settings.find(&declared::LOG_KEY),
            log_previous: settings.find(&declared::LOG_KEY_PREVIOUS),
        };
        for key in [
            &declared::KEK,
            &declared::STREAMS_KEY,
            &declared::AUDIT_KEY,
            &declared::GATEWAY_STS_KEY,
            &declared::IDEMPOTENCY_KEY,
            &declared::LOG_KEY,
        ] {
            settings.require(key, process);
        }
        settings.require(&declared::ADMIN_TOKEN, process);
        let material = [
            ("SECRET_STORE_KEK", keys.kek.as_slice()),
            ("SECRET_STORE_KEK_PREVIOUS", keys.kek_previous.as_slice()),
            ("STREAMS_HMAC_KEY", keys.streams.as_slice()),
            ("STREAMS_HMAC_KEY_PREVIOUS", &keys.streams_previous),
            ("AUDIT_HMAC_KEY", keys.audit.as_slice()),
            ("AUDIT_HMAC_KEY_PREVIOUS", &keys.audit_previous),
            ("GATEWAY_STS_HMAC_KEY", keys.gateway_sts.as_slice()),
            ("GATEWAY_STS_HMAC_KEY_PREVIOUS", &keys.gateway_sts_previous),
            ("IDEMPOTENCY_HMAC_KEY", keys.idempotency.as_slice()),
            ("IDEMPOTENCY_HMAC_KEY_PREVIOUS", &keys.idempotency_previous),
            ("AUDIT_LOG_KEY", keys.log.as_slice()),
            ("AUDIT_LOG_KEY_PREVIOUS", keys.log_previous.as_slice()),
        ];
        for (index, (name, values)) in material.iter().enumerate() {
            for (other, earlier) in material.iter().take(index) {
                if values.iter().any(|value| earlier.contains(value)) {
                    settings.problem(format!("{name} must differ from {other}"));
                }
            }
        }
        keys
    }

    /// Who rotates signing keys by request.
    pub(crate) fn sts_operator(&self) -> Bearers {
        Bearers::new(
            self.sts_admin_token.as_ref(),
            self.sts_admin_token_previous.as_ref(),
        )
    }

    /// The operator at the Coordinator.
    pub(crate) fn coordinator_operator(&self) -> Bearers {
        Bearers::new(
            self.coordinator_token.as_ref(),
            self.coordinator_token_previous.as_ref(),
        )
    }

    /// The operator of the ledger.
    pub(crate) fn audit_operator(&self) -> Bearers {
        Bearers::new(
            self.audit_admin_token.as_ref(),
            self.audit_admin_token_previous.as_ref(),
        )
    }

    /// Who reads metrics.
    pub(crate) fn metrics(&self) -> Bearers {
        Bearers::new(
            self.metrics_bearer.as_ref(),
            self.metrics_bearer_previous.as_ref(),
        )
    }
}
