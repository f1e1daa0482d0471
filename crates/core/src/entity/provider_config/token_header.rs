//! The header that carries a token to an upstream.

use serde::Serialize;

use super::{
    Checked, Fields,
    rules::{header, scheme},
};

/// Where a token goes, and the word before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TokenHeader {
    /// Header that carries the token, if not `Authorization`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_header: Option<String>,
    /// Word before the token, if not `Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_scheme: Option<String>,
}

impl TokenHeader {
    pub(super) fn read(fields: &Fields<'_>) -> Checked<Self> {
        Ok(Self {
            auth_header: fields.get("auth_header", header)?,
            auth_scheme: fields.get("auth_scheme", scheme)?,
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.auth_header.as_deref().unwrap_or("Authorization")
    }

    /// The word before the token.
    pub fn scheme(&self) -> &str {
        self.auth_scheme.as_deref().unwrap_or("Bearer")
    }
}
