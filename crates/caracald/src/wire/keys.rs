//! Keys, parsed. A process holds those of its roles and no others.

use std::sync::Arc;

use anyhow::Context as _;
use caracal_core::{Secret, World};
use caracal_crypto::{
    HmacRing, KeyRing, SecretHasher,
    sealed::DerivedKeys,
    secret_hash::{HashLimits, SECRET_HASH_LABEL},
};

use caracal_ledger::log_keys::LogKeys;
use zeroize::Zeroizing;

use super::machine::half_of_the_machine;
use crate::config::Config;

/// Label under which the key of admin token digests is derived.
const ADMIN_TOKEN_LABEL: &str = "caracal.admin-token.v1";

const REQUIRED: &str = "SECRET_STORE_KEK is required";

/// What was configured, usable.
pub(super) struct KeyMaterial {
    /// Seals and opens secrets at rest; only where something is minted or administered.
    keyring: Option<Arc<KeyRing>>,
    idempotency: Option<HmacRing>,
    /// Sign entries of the bus; absent where only evidence is read, which is signed otherwise.
    pub(super) streams: Option<HmacRing>,
    pub(super) audit: HmacRing,
    pub(super) gateway_sts: Option<HmacRing>,
    /// Sign checkpoints; absent where nobody gave them.
    pub(super) log: Option<LogKeys>,
}

impl KeyMaterial {
    pub(super) fn of(config: &Config) -> anyhow::Result<Self> {
        let keys = &config.keys;
        Ok(Self {
            keyring: keyring(config)?,
            idempotency: hmac_ring(
                "IDEMPOTENCY_HMAC_KEY",
                keys.idempotency.as_ref(),
                &keys.idempotency_previous,
            )?,
            streams: hmac_ring("STREAMS_HMAC_KEY", keys.streams.as_ref(), &keys.streams_previous)?,
            audit: audit(config)?,
            gateway_sts: hmac_ring(
                "GATEWAY_STS_HMAC_KEY",
                keys.gateway_sts.as_ref(),
                &keys.gateway_sts_previous,
            )?,
            log: log_keys(config)?,
        })
    }

    /// The key-encryption keys, where they were given.
    pub(super) fn ring(&self) -> Option<&Arc<KeyRing>> {
        self.keyring.as_ref()
    }

    pub(super) fn keyring(&self) -> anyhow::Result<&Arc<KeyRing>> {
        self.keyring.as_ref().context(REQUIRED)
    }

    pub(super) fn idempotency(&self) -> anyhow::Result<HmacRing> {
        self.idempotency
            .clone()
            .context("IDEMPOTENCY_HMAC_KEY is required")
    }

    /// The keys of the digests that admin tokens are stored by.
    pub(super) fn admin_tokens(&self) -> anyhow::Result<DerivedKeys> {
        token_keys_of(self.keyring()?)
    }

    /// Hashes and verifies client secrets.
    pub(super) fn hasher(&self, world: &World) -> anyhow::Result<Arc<SecretHasher>> {
        hasher_of(self.keyring()?, world)
    }
}

/// What commands need that look after sealed values: the keys, and those of the digests of admin tokens.
pub(super) fn ring_and_token_keys(config: &Config) -> anyhow::Result<(Arc<KeyRing>, DerivedKeys)> {
    let ring = keyring(config)?.context(REQUIRED)?;
    let token_keys = token_keys_of(&ring)?;
    Ok((ring, token_keys))
}

/// Hashes and verifies client secrets with these keys.
pub(super) fn hasher_of(ring: &KeyRing, world: &World) -> anyhow::Result<Arc<SecretHasher>> {
    let derived = ring.derive(SECRET_HASH_LABEL);
    let derived = derived.context("cannot derive the secret hash key")?;
    let limits = HashLimits::default();
    // Each goes through so much memory that callers on the next core feel it.
    let concurrency = limits.concurrency.min(half_of_the_machine());
    let hasher = SecretHasher::new(
        world.clone(),
        derived,
        HashLimits {
            concurrency,
            ..limits
        },
    );
    Ok(Arc::new(hasher))
}

fn token_keys_of(ring: &KeyRing) -> anyhow::Result<DerivedKeys> {
    let derived = ring.derive(ADMIN_TOKEN_LABEL);
    derived.context("cannot derive the admin token key")
}

fn keyring(config: &Config) -> anyhow::Result<Option<Arc<KeyRing>>> {
    let keys = &config.keys;
    let previous = keys.kek_previous.as_ref().map(Secret::expose);
    let ring = keys
        .kek
        .as_ref()
        .map(|kek| KeyRing::from_hex(kek.expose(), previous));
    let ring = ring.transpose().context("SECRET_STORE_KEK is not usable")?;
    Ok(ring.map(Arc::new))
}

/// The keys of audit frames and of the ledger's links.
pub(super) fn audit(config: &Config) -> anyhow::Result<HmacRing> {
    let keys = &config.keys;
    hmac_ring("AUDIT_HMAC_KEY", keys.audit.as_ref(), &keys.audit_previous)?
        .context("AUDIT_HMAC_KEY is required")
}

fn hmac_ring(name: &str, current: Option<&Secret>, previous: &[Secret]) -> anyhow::Result<Option<HmacRing>> {
    let previous = previous.iter().map(Secret::expose);
    current
        .map(|current| HmacRing::from_hex(current.expose(), previous))
        .transpose()
        .with_context(|| format!("{name} is not usable"))
}

/// The keys of checkpoints, where they were given.
pub(super) fn log_keys(config: &Config) -> anyhow::Result<Option<LogKeys>> {
    // Checked when it was read.
    let bytes = |key: &Secret| hex::decode(key.expose()).map(Zeroizing::new);
    let Some(current) = config.keys.log.as_ref() else {
        return Ok(None);
    };
    let previous = config.keys.log_previous.as_ref().map(bytes).transpose();
    let (current, previous) = (
        bytes(current).context("AUDIT_LOG_KEY is not usable")?,
        previous.context("AUDIT_LOG_KEY_PREVIOUS is not usable")?,
    );
    let previous = previous.as_ref().map(|previous| previous.as_slice());
    let keys = LogKeys::derive(&config.log_origin, &current, previous);
    keys.map(Some).context("AUDIT_LOG_KEY and AUDIT_LOG_ORIGIN")
}
