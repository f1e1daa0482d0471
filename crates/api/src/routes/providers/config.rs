//! Configuration by kind of provider: which keys there are, which are secret, and what they may hold.
//!
//! What is stored here is later sent to upstreams, so everything that could forge a header is refused now.

use std::collections::BTreeMap;

use caracal_core::{Secret, TextRule, entity::ProviderKind};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use serde_json::{Map, Value};

use super::kind;

const CODE: ErrorCode = ErrorCode::InvalidProviderConfig;

/// A checked configuration, split into what may be shown and what is sealed.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) public: Map<String, Value>,
    pub(super) secrets: BTreeMap<String, Secret>,
}

/// What a kind takes.
struct Schema {
    public: &'static [&'static str],
    secret: Option<&'static str>,
}

fn schema(kind: ProviderKind) -> Result<Schema, Refusal> {
    Ok(match kind {
        ProviderKind::None | ProviderKind::CaracalMandate => Schema {
            public: &[],
            secret: None,
        },
        ProviderKind::ApiKey => Schema {
            public: &[
                "auth_location",
                "header_name",
                "query_param_name",
                "allowed_token_hosts",
                "auth_scheme",
                "forward_caracal_identity",
                "allow_runtime_injection",
            ],
            secret: Some("api_key"),
        },
        ProviderKind::BearerToken => Schema {
            public: &[
                "allowed_token_hosts",
                "auth_header",
                "auth_scheme",
                "forward_caracal_identity",
                "allow_runtime_injection",
            ],
            secret: Some("bearer_token"),
        },
        ProviderKind::HttpBasic => Schema {
            public: &["username", "allowed_token_hosts", "forward_caracal_identity"],
            secret: Some("password"),
        },
        ProviderKind::Oauth2AuthorizationCode | ProviderKind::Oauth2ClientCredentials => {
            return Err(Refusal::invalid_field(
                CODE,
                "kind",
                format!(
                    "{kind} is not supported by this build, which has {}",
                    kind::offered()
                ),
            ));
        }
    })
}

/// Checks a configuration. `secret_stored` says that the kind's secret is sealed already, so it may be left out.
///
/// # Errors
/// 400 `invalid_provider_config` that names the key.
pub(super) fn check(
    kind: ProviderKind,
    config: &Map<String, Value>,
    secret_stored: bool,
) -> Result<Config, Refusal> {
    let schema = schema(kind)?;
    let mut checked = Config::default();
    for (key, value) in config {
        if schema.secret == Some(key.as_str()) {
            checked.secrets.insert(key.clone(), secret(key, value)?);
        } else if schema.public.contains(&key.as_str()) {
            checked.public.insert(key.clone(), public(key, value)?);
        } else {
            return Err(refused(key, format!("is no configuration of a {kind} provider")));
        }
    }
    if let Some(key) = schema.secret
        && !checked.secrets.contains_key(key)
        && !secret_stored
    {
        return Err(refused(key, "is required"));
    }
    match kind {
        ProviderKind::ApiKey => api_key(&mut checked.public)?,
        ProviderKind::HttpBasic => basic(&checked.public)?,
        _ => {}
    }
    scheme_not_repeated(kind, &checked)?;
    Ok(checked)
}

fn api_key(public: &mut Map<String, Value>) -> Result<(), Refusal> {
    let location = public
        .entry("auth_location")
        .or_insert_with(|| Value::from("header"));
    let (needed, foreign) = match location.as_str() {
        Some("header") => ("header_name", "query_param_name"),
        Some("query") => ("query_param_name", "header_name"),
        _ => return Err(refused("auth_location", "must be header or query")),
    };
    if !public.contains_key(needed) {
        return Err(refused(needed, "is required"));
    }
    if public.contains_key(foreign) {
        return Err(refused(foreign, "does not go with this auth_location"));
    }
    if needed == "query_param_name" && public.contains_key("auth_scheme") {
        return Err(refused("auth_scheme", "only goes with auth_location header"));
    }
    Ok(())
}

/// RFC 7617 §2: a colon would end the user name early.
fn basic(public: &Map<String, Value>) -> Result<(), Refusal> {
    match public.get("username").and_then(Value::as_str) {
        None => Err(refused("username", "is required")),
        Some(name) if name.contains(':') => Err(refused("username", "must not contain a colon")),
        Some(_) => Ok(()),
    }
}

/// A credential that already carries its scheme would be sent with two.
fn scheme_not_repeated(kind: ProviderKind, config: &Config) -> Result<(), Refusal> {
    let given = config.public.get("auth_scheme").and_then(Value::as_str);
    let (key, scheme) = match kind {
        ProviderKind::BearerToken => ("bearer_token", Some(given.unwrap_or("Bearer"))),
        ProviderKind::ApiKey => ("api_key", given),
        _ => return Ok(()),
    };
    let (Some(scheme), Some(secret)) = (scheme, config.secrets.get(key)) else {
        return Ok(());
    };
    let repeated = secret
        .expose()
        .get(..scheme.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        && secret
            .expose()
            .get(scheme.len()..)
            .is_some_and(|rest| rest.starts_with(' '));
    if repeated {
        return Err(refused(key, format!("must not begin with its scheme {scheme}")));
    }
    Ok(())
}

fn secret(key: &str, value: &Value) -> Result<Secret, Refusal> {
    let text = value.as_str().map(str::trim).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| refused(key, "must be a text that is not empty"))?;
    if text.chars().any(char::is_control) || text.len() > 8192 {
        return Err(refused(
            key,
            "must have at most 8192 bytes, none of them control characters",
        ));
    }
    Ok(Secret::new(text))
}

fn public(key: &str, value: &Value) -> Result<Value, Refusal> {
    match key {
        "forward_caracal_identity" | "allow_runtime_injection" => value
            .as_bool()
            .map(Value::from)
            .ok_or_else(|| refused(key, "must be true or false")),
        "allowed_token_hosts" => hosts(key, value),
        "header_name" | "auth_header" => {
            let name = text(key, value)?;
            if is_header_name(name) {
                Ok(name.into())
            } else {
                Err(refused(key, "is no header that may be set"))
            }
        }
        "auth_scheme" => {
            let scheme = text(key, value)?;
            let word = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            if word {
                Ok(scheme.into())
            } else {
                Err(refused(key, "must be letters, digits and hyphens"))
            }
        }
        "query_param_name" => {
            let name = text(key, value)?;
            let word = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'~' | b'-'));
            if word {
                Ok(name.into())
            } else {
                Err(refused(key, "must be letters, digits and . _ ~ -"))
            }
        }
        _ => text(key, value).map(Value::from),
    }
}

fn text<'v>(key: &str, value: &'v Value) -> Result<&'v str, Refusal> {
    value
        .as_str()
        .filter(|text| TextRule::line(512).check(text).is_ok())
        .ok_or_else(|| {
            refused(
                key,
                "must be a text of 1 to 512 characters without control characters",
            )
        })
}

fn hosts(key: &str, value: &Value) -> Result<Value, Refusal> {
    let list = value
        .as_array()
        .filter(|list| list.len() <= 64)
        .ok_or_else(|| refused(key, "must be a list of host names"))?;
    let names: Option<Vec<Value>> = list
        .iter()
        .map(|host| {
            host.as_str()
                .filter(|host| is_host(host))
                .map(|host| host.to_ascii_lowercase().into())
        })
        .collect();
    names
        .map(Value::from)
        .ok_or_else(|| refused(key, "must be a list of host names"))
}

fn is_host(host: &str) -> bool {
    (1..=253).contains(&host.len())
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && host.starts_with(|c: char| c.is_ascii_alphanumeric())
        && host.ends_with(|c: char| c.is_ascii_alphanumeric())
        && !host.contains("..")
}

/// Headers that belong to the connection, to proxies or to the platform.
const FORBIDDEN_HEADERS: [&str; 18] = [
    "baggage",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
    "x-request-id",
];

fn is_header_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    http::HeaderName::from_bytes(name.as_bytes()).is_ok()
        && !FORBIDDEN_HEADERS.contains(&lower.as_str())
        && !["x-caracal-", "x-forwarded-", "proxy-"]
            .iter()
            .any(|prefix| lower.starts_with(prefix))
}

fn refused(key: &str, message: impl Into<String>) -> Refusal {
    Refusal::invalid_field(CODE, &format!("config_json.{key}"), message)
}

#[cfg(test)]
mod tests;
