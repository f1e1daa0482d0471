//! Where zone keys are: sealed in the database, and in a token where there is one.

use std::sync::Arc;

use anyhow::Context as _;
use caracal_core::World;
#[cfg(feature = "pkcs11")]
use caracal_pkcs11::{Pkcs11Token, TokenOpenError, TokenSettings};
use caracal_service::{
    health::Dependency,
    zone_keys::{RetiredKeys, ZoneKeys},
};

use super::{Parts, keys::KeyMaterial};
use crate::config::Config;
#[cfg(feature = "pkcs11")]
use crate::readiness::TokenReady;

/// The keys of zones, with the token that some of them are in.
#[derive(Debug)]
pub(super) struct WiredZoneKeys {
    pub(super) keys: ZoneKeys,
    #[cfg(feature = "pkcs11")]
    pub(super) token: Option<Pkcs11Token>,
}

impl WiredZoneKeys {
    /// Opens the token, which may take its time.
    ///
    /// # Errors
    /// One sentence where it cannot be used.
    pub(super) async fn open(config: &Config, keys: &KeyMaterial, world: &World) -> anyhow::Result<Self> {
        let keys = ZoneKeys::sealed(keys.keyring()?.clone(), world.clone());
        #[cfg(feature = "pkcs11")]
        {
            let (config, world) = (config.clone(), world.clone());
            let home = config.zone_keys.home;
            let opening = tokio::task::spawn_blocking(move || token(&config, &world));
            let token = opening.await??;
            let keys = match &token {
                Some(token) => keys.with_token(Arc::new(token.clone()), home),
                None => keys,
            };
            Ok(Self { keys, token })
        }
        #[cfg(not(feature = "pkcs11"))]
        {
            let _ = config;
            Ok(Self { keys })
        }
    }

    /// Starts what looks after the keys; what an STS is ready by.
    pub(super) fn start(&self, parts: &Parts) -> Option<Arc<dyn Dependency>> {
        let retired = RetiredKeys {
            store: parts.backends.store.clone(),
            keys: self.keys.clone(),
            world: parts.world.clone(),
        };
        parts.tasks.spawn(retired.run(parts.shutdown.clone()));
        #[cfg(feature = "pkcs11")]
        if let Some(token) = &self.token {
            parts.tasks.spawn(token.clone().run(parts.shutdown.clone()));
            return Some(Arc::new(TokenReady(token.clone())));
        }
        None
    }
}

impl Parts {
    /// Where the keys are that an STS signs with.
    pub(super) fn zone_keys(&self) -> anyhow::Result<&WiredZoneKeys> {
        self.zone_keys.as_ref().context("an STS signs with keys of zones")
    }
}

/// Opens the token that the configuration names, when it names one.
///
/// # Errors
/// One sentence that names the setting which has to be another.
#[cfg(feature = "pkcs11")]
pub(super) fn token(config: &Config, world: &World) -> anyhow::Result<Option<Pkcs11Token>> {
    let Some(told) = &config.zone_keys.token else {
        return Ok(None);
    };
    let settings = TokenSettings {
        module: told.module.clone(),
        label: told.label.clone(),
        pin: told.pin.clone(),
        sessions: usize::try_from(told.sessions)?,
        timeout: told.timeout,
    };
    let token = Pkcs11Token::open(settings, world.clone()).map_err(|error| {
        let setting = match &error {
            TokenOpenError::Module { .. } | TokenOpenError::Start { .. } => "PKCS11_MODULE",
            TokenOpenError::Token { .. } | TokenOpenError::Unable { .. } | TokenOpenError::Refused { .. } => {
                "PKCS11_TOKEN"
            }
            TokenOpenError::Pin { .. } => "PKCS11_PIN",
        };
        anyhow::Error::new(error).context(setting)
    });
    token.map(Some)
}
