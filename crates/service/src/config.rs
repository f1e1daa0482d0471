//! Configuration: settings are declared once, in tables; reading, checking, showing and documenting them follow from
//! the declaration.

mod declared;
mod kinds;
mod role;
mod settings;

use caracal_core::words;

pub use self::{
    declared::{Declared, Optional, Process, Required, Setting},
    kinds::{
        Address, Days, FilePath, Flag, Host, HttpUrl, HumanDuration, KeyMaterial, KeyMaterials, Millis,
        Number, Port, Seconds, SecretText, SettingKind, Text, Token, not,
    },
    role::Role,
    settings::{Effective, Origin, Settings, usable_secret},
};

words!(
    /// How strict the deployment is. Unset means stable.
    Mode {
        /// A laptop: generated keys, open metrics.
        Dev = "dev",
        /// A release candidate, as strict as stable.
        Rc = "rc",
        /// Production.
        Stable = "stable",
    }
);

impl Mode {
    /// Whether production-grade keys are required.
    pub const fn is_published(self) -> bool {
        !matches!(self, Self::Dev)
    }
}

/// Everything wrong with the configuration, one problem an entry.
#[derive(Debug, thiserror::Error)]
#[error("configuration is not usable: {}", .0.join("; "))]
pub struct ConfigError(pub Vec<String>);
