//! Credentials of providers, which documents may give and never show.

use std::collections::BTreeMap;

use caracal_core::entity::{Provider, ProviderConfig};
use caracal_crypto::{Location, constant_time_eq};
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::control::zone_state::DeclaredProvider;
use serde_json::{Map, Value};

use super::{
    super::providers,
    desired::Desired,
    problems::{At, Problems},
};
use crate::{call::ZoneCall, custody::backend_unavailable};

/// The settings of a provider with the credential that the document gives.
pub(super) fn merged(declared: &DeclaredProvider) -> Map<String, Value> {
    let mut merged = declared.config_json.clone();
    for (name, secret) in &declared.secrets {
        merged.insert(name.clone(), Value::from(secret.as_str()));
    }
    merged
}

/// A provider as it is compared; a credential that is another one than what is sealed is a change.
pub(super) async fn provider(
    call: &ZoneCall,
    work: &mut dyn ZoneWork,
    (at, mut declared): (At, DeclaredProvider),
    live: Option<&Provider>,
    problems: &mut Problems,
) -> Result<Desired<DeclaredProvider>, Refusal> {
    problems.hold(at, providers::check_identifier(&declared.identifier))?;
    problems.hold(at, providers::check_reserved(&declared.identifier, false))?;
    let name = declared.name.take();
    declared.name = Some(
        name.unwrap_or_else(|| caracal_wire::control::Name(declared.identifier.chars().take(200).collect())),
    );
    if let Some(twice) = declared
        .secrets
        .keys()
        .find(|key| declared.config_json.contains_key(*key))
    {
        problems.add(at, &format!("secrets.{twice}"), "stands in config_json too");
        return Ok(Desired::new(at, declared));
    }
    // Of another kind, what is sealed is of no use.
    let same_kind = live.filter(|live| live.kind == declared.kind);
    let stored: &[String] = same_kind.map_or(&[], |live| &live.secret_config_keys);
    let config = match ProviderConfig::check(declared.kind, &merged(&declared), stored) {
        Ok(config) => config,
        Err(problem) => {
            problems.add(
                at,
                &placed(&problem.field, &declared, &problem.message),
                problem.message,
            );
            return Ok(Desired::new(at, declared));
        }
    };
    problems.hold(at, providers::check_keys(&config))?;
    let certificate = providers::check_certificate(&config, same_kind, call.now());
    problems.hold(at, certificate)?;
    let shown = config.secrets().into_iter().map(|(name, _)| name);
    for shown in shown.filter(|name| !declared.secrets.contains_key(*name)) {
        problems.add(
            at,
            &format!("config_json.{shown}"),
            "is a credential: it belongs under secrets",
        );
    }
    declared.config_json = config.public();
    let more = match same_kind {
        Some(live) if !declared.secrets.is_empty() => changed(call, work, live, &config).await?,
        _ => Vec::new(),
    };
    Ok(Desired {
        more,
        ..Desired::new(at, declared)
    })
}

/// The names of the given credentials that are not what is sealed.
async fn changed(
    call: &ZoneCall,
    work: &mut dyn ZoneWork,
    live: &Provider,
    config: &ProviderConfig,
) -> Result<Vec<String>, Refusal> {
    let location = Location::provider_secret_config(&call.zone, &live.id);
    let sealed: BTreeMap<String, String> = match work.secrets().get(location.as_str()).await? {
        None => BTreeMap::new(),
        Some(envelope) => {
            let opened = call.role.keyring.open(&location, &envelope).map_err(|error| {
                tracing::error!(zone.id = %call.zone, location = location.as_str(), %error, "a secret cannot be opened");
                backend_unavailable()
            })?;
            serde_json::from_slice(&opened).map_err(|_| backend_unavailable())?
        }
    };
    let differs = config.secrets().into_iter().filter(|(name, given)| {
        let sealed = sealed.get(*name).map_or(&[][..], String::as_bytes);
        !constant_time_eq(sealed, given.expose().as_bytes())
    });
    Ok(differs.map(|(name, _)| format!("secrets.{name}")).collect())
}

/// Where a wrong setting stands in the document, which keeps credentials apart.
fn placed(field: &str, declared: &DeclaredProvider, message: &str) -> String {
    let Some(name) = field.strip_prefix("config_json.") else {
        return field.to_owned();
    };
    let missing_credential = message == "is required" && CREDENTIALS.contains(&name);
    if declared.secrets.contains_key(name) || missing_credential {
        return format!("secrets.{name}");
    }
    field.to_owned()
}

/// Settings that are credentials, of any kind of provider.
const CREDENTIALS: [&str; 6] = [
    "api_key",
    "bearer_token",
    "client_key",
    "client_secret",
    "password",
    "private_key",
];
