//! Settings of credentials that stand in them: a key, a token, a user name with a password.

use serde::Serialize;
use serde_json::Value;

use super::{
    Checked, CredentialConfig, Fields, TokenHeader, invalid,
    rules::{header, parameter, scheme},
};
use crate::Secret;

/// Settings of an API key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiKeyConfig {
    /// The key; absent where it was not given or not opened.
    #[serde(skip)]
    pub api_key: Option<Secret>,
    /// Where it goes.
    #[serde(flatten)]
    pub place: KeyPlace,
    /// What all static credentials have.
    #[serde(flatten)]
    pub common: CredentialConfig,
}

/// Where an API key goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "auth_location", rename_all = "lowercase")]
pub enum KeyPlace {
    /// A header.
    Header {
        /// Its name.
        header_name: String,
        /// Word before the key.
        #[serde(skip_serializing_if = "Option::is_none")]
        auth_scheme: Option<String>,
    },
    /// A parameter of the query.
    Query {
        /// Its name.
        query_param_name: String,
    },
}

/// Settings of a bearer token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BearerTokenConfig {
    /// The token; absent where it was not given or not opened.
    #[serde(skip)]
    pub bearer_token: Option<Secret>,
    /// Where the token goes.
    #[serde(flatten)]
    pub header: TokenHeader,
    /// What all static credentials have.
    #[serde(flatten)]
    pub common: CredentialConfig,
}

/// Settings of basic authentication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HttpBasicConfig {
    /// The password; absent where it was not given or not opened.
    #[serde(skip)]
    pub password: Option<Secret>,
    /// User name.
    pub username: String,
    /// What all static credentials have.
    #[serde(flatten)]
    pub common: CredentialConfig,
}

/// Where an API key goes, by what is set.
pub(super) fn place(fields: &Fields<'_>) -> Checked<KeyPlace> {
    const FOREIGN: &str = "does not go with this auth_location";
    match fields.json.get("auth_location").map(Value::as_str) {
        None | Some(Some("header")) => {
            let header_name = fields.required("header_name", header)?;
            fields.absent("query_param_name", FOREIGN)?;
            Ok(KeyPlace::Header {
                header_name,
                auth_scheme: fields.get("auth_scheme", scheme)?,
            })
        }
        Some(Some("query")) => {
            let query_param_name = fields.required("query_param_name", parameter)?;
            fields.absent("header_name", FOREIGN)?;
            fields.absent("auth_scheme", "only goes with auth_location header")?;
            Ok(KeyPlace::Query { query_param_name })
        }
        Some(_) => Err(invalid("auth_location", "must be header or query")),
    }
}
