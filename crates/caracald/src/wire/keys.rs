//! Keys, parsed. A process holds those of its roles and no others.

use std::sync::Arc;

use anyhow::Context as _;
use caracal_core::{Secret, World};
use caracal_crypto::{
    HmacKey, KeyRing, SecretHasher,
    sealed::DerivedKeys,
    secret_hash::{Limits, SECRET_HASH_LABEL},
};

use crate::config::Config;

/// Label under which the key of admin token digests is derived.
const ADMIN_TOKEN_LABEL: &str = "caracal.admin-token.v1";

/// What was configured, usable.
pub(super) struct KeyMaterial {
    /// Seals and opens secrets at rest; only where something is minted or administered.
    keyring: Option<Arc<KeyRing>>,
    idempotency: Option<HmacKey>,
    /// Signs entries of the bus; absent where only evidence is read, which is signed otherwise.
    pub(super) streams: Option<HmacKey>,
    pub(super) audit: HmacKey,
    pub(super) gateway_sts: Option<HmacKey>,
}

impl KeyMaterial {
    pub(super) fn of(config: &Config) -> anyhow::Result<Self> {
        let keys = &config.keys;
        let keyring = keys
            .kek
            .as_ref()
            .map(|kek| KeyRing::from_hex(kek.expose(), keys.kek_previous.as_ref().map(Secret::expose)))
            .transpose()
            .context("SECRET_STORE_KEK is not usable")?;
        Ok(Self {
            keyring: keyring.map(Arc::new),
            idempotency: optional("IDEMPOTENCY_HMAC_KEY", keys.idempotency.as_ref())?,
            streams: optional("STREAMS_HMAC_KEY", keys.streams.as_ref())?,
            audit: audit(config)?,
            gateway_sts: optional("GATEWAY_STS_HMAC_KEY", keys.gateway_sts.as_ref())?,
        })
    }

    pub(super) fn keyring(&self) -> anyhow::Result<&Arc<KeyRing>> {
        self.keyring.as_ref().context("SECRET_STORE_KEK is required")
    }

    pub(super) fn idempotency(&self) -> anyhow::Result<HmacKey> {
        self.idempotency
            .clone()
            .context("IDEMPOTENCY_HMAC_KEY is required")
    }

    /// The keys of the digests that admin tokens are stored by.
    pub(super) fn admin_tokens(&self) -> anyhow::Result<DerivedKeys> {
        let derived = self.keyring()?.derive(ADMIN_TOKEN_LABEL);
        derived.context("cannot derive the admin token key")
    }

    /// Hashes and verifies client secrets.
    pub(super) fn hasher(&self, world: &World) -> anyhow::Result<Arc<SecretHasher>> {
        let derived = self.keyring()?.derive(SECRET_HASH_LABEL);
        let derived = derived.context("cannot derive the secret hash key")?;
        Ok(Arc::new(SecretHasher::new(
            world.clone(),
            derived,
            Limits::default(),
        )))
    }
}

/// The key of the ledger's links.
pub(super) fn audit(config: &Config) -> anyhow::Result<HmacKey> {
    optional("AUDIT_HMAC_KEY", config.keys.audit.as_ref())?.context("AUDIT_HMAC_KEY is required")
}

fn optional(name: &str, key: Option<&Secret>) -> anyhow::Result<Option<HmacKey>> {
    key.map(|key| HmacKey::from_hex(key.expose()))
        .transpose()
        .with_context(|| format!("{name} is not usable"))
}
