//! Reading one zone from storage: a handful of statements, once per change.

use std::{collections::HashMap, sync::Arc};

use caracal_authz::{PolicyIdentity, PolicySnapshot, document};
use caracal_core::{ProviderId, Secret, Timestamp, ZoneId, entity::Provider};
use caracal_crypto::{
    sealed::{KeyRing, Location},
    zone_key::{SigningKey, VerifyingKey},
};
use caracal_storage::{Access, ActivePolicySet, Error, SigningKeyRow, Store, ZoneWork};

use super::state::{ProviderState, ResourceState, ZoneState};

/// Everything about `id`, or `None` when there is no such zone.
pub(super) async fn load(
    store: &dyn Store,
    keys: &KeyRing,
    id: &ZoneId,
    now: Timestamp,
) -> Result<Option<ZoneState>, Error> {
    let mut work = store.zone(id, Access::Read).await?;
    let Some(zone) = work.zone().await? else {
        return Ok(None);
    };

    let applications = work.applications().all_live().await?;
    let providers = providers(work.as_mut(), keys).await?;
    let resources = work.resources().all_live().await?;
    let active = work.policy_sets().active().await?;
    let signing_rows = work.signing_keys().list(now).await?;
    let delegation_epoch = work.delegations().epoch().await?;
    drop(work);

    let mut by_name = HashMap::with_capacity(resources.len() * 2);
    for resource in resources {
        let provider = providers.get(&resource.credential_provider_id).cloned();
        let state = Arc::new(ResourceState::new(resource, provider));
        // Both names lead to the resource; an identifier wins over another's row id.
        by_name
            .entry(Arc::from(state.resource.id.as_str()))
            .or_insert_with(|| state.clone());
        by_name.insert(Arc::from(state.resource.identifier.as_str()), state);
    }

    let (signing_key, verifying_keys) = signing(keys, &signing_rows, now)?;
    Ok(Some(ZoneState {
        zone,
        applications: applications
            .into_iter()
            .map(|application| (application.id.clone(), Arc::new(application)))
            .collect(),
        resources: by_name,
        policy: Arc::new(policy(id, active)),
        signing_key,
        verifying_keys,
        delegation_epoch,
        loaded_at: now,
    }))
}

async fn providers(
    work: &mut dyn ZoneWork,
    keys: &KeyRing,
) -> Result<HashMap<ProviderId, Arc<ProviderState>>, Error> {
    let zone = work.zone_id().clone();
    let sealed: HashMap<String, Vec<u8>> = work
        .secrets()
        .list(&format!("zones/{zone}/providers/"))
        .await?
        .into_iter()
        .collect();
    let providers = work.providers().all_live().await?;
    Ok(providers
        .into_iter()
        .map(|provider| {
            let location = Location::provider_secret_config(&zone, &provider.id);
            let secrets = match sealed.get(location.as_str()) {
                Some(envelope) => open_document(keys, &location, envelope, &provider),
                None if provider.secret_config_keys.is_empty() => Some(HashMap::new()),
                None => {
                    tracing::error!(zone.id = %zone, provider.id = %provider.id, "a provider's sealed credential is missing");
                    None
                }
            };
            (provider.id.clone(), Arc::new(ProviderState { provider, secrets }))
        })
        .collect())
}

fn open_document(
    keys: &KeyRing,
    location: &Location,
    envelope: &[u8],
    provider: &Provider,
) -> Option<HashMap<String, Secret>> {
    let opened = keys
        .open(location, envelope)
        .map_err(|error| tracing::error!(provider.id = %provider.id, %error, "a provider's credential cannot be opened"))
        .ok()?;
    let document: HashMap<String, String> = serde_json::from_slice(&opened)
        .map_err(|_| tracing::error!(provider.id = %provider.id, "a provider's credential is not a document"))
        .ok()?;
    Some(
        document
            .into_iter()
            .map(|(key, value)| (key, Secret::new(value)))
            .collect(),
    )
}

/// A set that cannot be evaluated denies everything in its zone; activation refused such sets, so a person should
/// look.
fn policy(zone: &ZoneId, active: Option<ActivePolicySet>) -> PolicySnapshot {
    let Some(active) = active else {
        return PolicySnapshot::no_active_policy_set();
    };
    let sources: Vec<document::PolicySource<'_>> = active
        .policies
        .iter()
        .map(|version| document::PolicySource {
            version_id: version.id.as_str(),
            content: &version.content,
        })
        .collect();
    let identity = PolicyIdentity {
        policy_set_id: Some(active.version.policy_set_id.clone()),
        policy_set_version_id: Some(active.version.id.clone()),
        manifest_sha256: active.version.manifest_sha256.as_str().into(),
    };
    let complete = active.policies.len() == active.version.manifest.len();
    match document::evaluate(&sources) {
        Ok(documents) if complete => PolicySnapshot::build(identity, &documents),
        Ok(_) => {
            tracing::error!(zone.id = %zone, "the active policy set lacks some of its policies; denying everything");
            PolicySnapshot::unusable(identity, "policy_versions_missing")
        }
        Err(problem) => {
            tracing::error!(zone.id = %zone, %problem, "the active policy set cannot be used; denying everything");
            PolicySnapshot::unusable(identity, "policy_unusable")
        }
    }
}

type Keys = (Option<Arc<SigningKey>>, Vec<(caracal_core::KeyId, VerifyingKey)>);

fn signing(keys: &KeyRing, rows: &[SigningKeyRow], now: Timestamp) -> Result<Keys, Error> {
    let mut verifying = Vec::with_capacity(rows.len());
    let mut signing: Option<Arc<SigningKey>> = None;
    for row in rows {
        let public = VerifyingKey::from_point(row.id.clone(), &row.public_key)
            .map_err(|_| Error::Corrupt(format!("public key of signing key {} is not a point", row.id)))?;
        verifying.push((row.id.clone(), public));
        if signing.is_none() && row.signs_from <= now {
            let opened = keys
                .open(&Location::ZONE_SIGNING_KEY, &row.envelope)
                .map_err(|error| {
                    Error::Corrupt(format!("signing key {} cannot be opened: {error}", row.id))
                })?;
            let key = SigningKey::from_sealed_bytes(row.id.clone(), &opened)
                .map_err(|_| Error::Corrupt(format!("signing key {} is not a P-256 key", row.id)))?;
            signing = Some(Arc::new(key));
        }
    }
    Ok((signing, verifying))
}
