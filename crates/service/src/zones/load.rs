//! Reading one zone from storage: a handful of statements, once per change.

use std::{collections::HashMap, sync::Arc};

use caracal_authz::PolicySnapshot;
use caracal_core::{
    KeyId, ProviderId, Timestamp, ZoneId,
    entity::{Application, Provider, ProviderConfig, Resource},
};
use caracal_crypto::{
    sealed::{KeyRing, Location},
    zone_key::VerifyingKey,
};
use caracal_storage::{Access, Error, SigningKeyRow, Store, ZoneWork};
use rpds::HashTrieMapSync;
use serde_json::{Map, Value};

use crate::zone_keys::{ZoneKeys, ZoneSigner};

use super::{
    ZoneContents,
    policies::{StoredCandidates, StoredPolicy},
    resources::{ProviderState, ResourceState},
    state::ZoneState,
};

/// What `reach` covers of `id`, or `None` when there is no such zone.
pub(super) async fn load(
    store: &dyn Store,
    reach: &ZoneContents,
    id: &ZoneId,
    now: Timestamp,
) -> Result<Option<ZoneState>, Error> {
    let mut work = store.zone(id, Access::Read).await?;
    let Some(zone) = work.zone().await? else {
        return Ok(None);
    };
    let revision = work.revision().await?;
    let directory = match reach {
        ZoneContents::PublicKeys => Directory::default(),
        ZoneContents::Resources => Directory {
            resources: work.resources().all_live().await?,
            ..Directory::default()
        },
        ZoneContents::Directory => directory(work.as_mut(), None, now).await?,
        ZoneContents::Everything(keys) => directory(work.as_mut(), Some(keys.ring()), now).await?,
    };
    let (signing_key, verifying_keys, turns_at) = match reach {
        ZoneContents::PublicKeys | ZoneContents::Resources | ZoneContents::Directory => {
            published(work.as_mut(), now).await?
        }
        ZoneContents::Everything(keys) => signing(keys, id, &work.signing_keys().list(now).await?, now)?,
    };
    drop(work);
    let beside = match directory.in_force {
        Some(_) => directory.candidates,
        // Where nothing is in force everything is denied, whoever asks.
        None => directory.candidates.without_canary(),
    };
    let (shadow, canary) = beside.read(id, None).await;
    let policy = match directory.in_force {
        Some(stored) => stored.read(store, id).await?,
        None => PolicySnapshot::no_active_policy_set(),
    };
    Ok(Some(ZoneState {
        applications: directory
            .applications
            .into_iter()
            .map(|application| (application.id.clone(), Arc::new(application)))
            .collect(),
        resources: directory
            .resources
            .into_iter()
            .map(|resource| {
                let provider = directory.providers.get(&resource.credential_provider_id).cloned();
                Arc::new(ResourceState::new(resource, provider))
            })
            .collect(),
        providers: directory.providers,
        canary,
        policy: Arc::new(policy),
        shadow,
        signing_key,
        verifying_keys,
        delegation_epoch: directory.delegation_epoch,
        loaded_at: now,
        revision,
        turns_at,
        zone,
    }))
}

#[derive(Default)]
struct Directory {
    applications: Vec<Application>,
    providers: HashTrieMapSync<ProviderId, Arc<ProviderState>>,
    resources: Vec<Resource>,
    in_force: Option<StoredPolicy>,
    candidates: StoredCandidates,
    delegation_epoch: i64,
}

async fn directory(
    work: &mut dyn ZoneWork,
    keys: Option<&KeyRing>,
    now: Timestamp,
) -> Result<Directory, Error> {
    Ok(Directory {
        applications: work.applications().all_live(now).await?,
        providers: providers(work, keys).await?,
        resources: work.resources().all_live().await?,
        in_force: StoredPolicy::of(work).await?,
        candidates: StoredCandidates::of(work, keys.is_some(), true).await?,
        delegation_epoch: work.delegations().epoch().await?,
    })
}

/// The providers, with their credentials opened where there are `keys`.
async fn providers(
    work: &mut dyn ZoneWork,
    keys: Option<&KeyRing>,
) -> Result<HashTrieMapSync<ProviderId, Arc<ProviderState>>, Error> {
    let zone = work.zone_id().clone();
    let sealed: HashMap<String, Vec<u8>> = match keys {
        Some(_) => work
            .secrets()
            .list(&format!("zones/{zone}/providers/"))
            .await?
            .into_iter()
            .collect(),
        None => HashMap::new(),
    };
    let providers = work.providers().all_live().await?;
    Ok(providers
        .into_iter()
        .map(|provider| {
            (
                provider.id.clone(),
                Arc::new(opened(&zone, provider, &sealed, keys)),
            )
        })
        .collect())
}

/// One provider as it is now, unless it is absent or archived.
pub(super) async fn provider_state(
    work: &mut dyn ZoneWork,
    keys: Option<&KeyRing>,
    id: &ProviderId,
) -> Result<Option<Arc<ProviderState>>, Error> {
    let provider = work.providers().get(id).await?;
    let Some(provider) = provider.filter(|row| row.archived_at.is_none()) else {
        return Ok(None);
    };
    let zone = work.zone_id().clone();
    let location = Location::provider_secret_config(&zone, id);
    let sealed = match keys {
        Some(_) => work.secrets().get(location.as_str()).await?,
        None => None,
    };
    let sealed = sealed.map(|envelope| (location.as_str().to_owned(), envelope));
    let state = opened(&zone, provider, &sealed.into_iter().collect(), keys);
    Ok(Some(Arc::new(state)))
}

/// The provider with its settings, or without them when they cannot be had whole: an operator should look, and only
/// the resources that hang on it are denied.
fn opened(
    zone: &ZoneId,
    provider: Provider,
    sealed: &HashMap<String, Vec<u8>>,
    keys: Option<&KeyRing>,
) -> ProviderState {
    let config = config(zone, &provider, sealed, keys)
        .map_err(|problem| tracing::error!(zone.id = %zone, provider.id = %provider.id, %problem, "a provider cannot be used"))
        .ok();
    ProviderState::new(provider.id, provider.identifier, config)
}

fn config(
    zone: &ZoneId,
    provider: &Provider,
    sealed: &HashMap<String, Vec<u8>>,
    keys: Option<&KeyRing>,
) -> Result<ProviderConfig, String> {
    let mut settings = provider.config_json.clone();
    if let Some(keys) = keys {
        let location = Location::provider_secret_config(zone, &provider.id);
        match sealed.get(location.as_str()) {
            Some(envelope) => {
                let opened = keys
                    .open(&location, envelope)
                    .map_err(|error| error.to_string())?;
                // What a parser says of a document may quote it.
                let secrets: Map<String, Value> = serde_json::from_slice(&opened)
                    .map_err(|_| String::from("its sealed credential is no document"))?;
                settings.extend(secrets);
            }
            None if provider.secret_config_keys.is_empty() => {}
            None => return Err(String::from("its sealed credential is missing")),
        }
    }
    ProviderConfig::read(provider.kind, &settings).map_err(|problem| problem.to_string())
}

type Verifying = Vec<(KeyId, VerifyingKey)>;

/// The key that signs, those that verify, and when either becomes another without a change in storage.
type Keys = (Option<ZoneSigner>, Verifying, Option<Timestamp>);

async fn published(work: &mut dyn ZoneWork, now: Timestamp) -> Result<Keys, Error> {
    let published = work.signing_keys().published(now).await?;
    let turns_at = published.iter().filter_map(|key| key.verifies_until).min();
    let verifying = published
        .into_iter()
        .map(|key| Ok((key.id.clone(), public(&key.id, &key.public_key)?)))
        .collect::<Result<_, Error>>()?;
    Ok((None, verifying, turns_at))
}

fn public(id: &KeyId, point: &[u8]) -> Result<VerifyingKey, Error> {
    VerifyingKey::from_point(id.clone(), point)
        .map_err(|_| Error::Corrupt(format!("public key of signing key {id} is not a point")))
}

fn signing(keys: &ZoneKeys, zone: &ZoneId, rows: &[SigningKeyRow], now: Timestamp) -> Result<Keys, Error> {
    let mut verifying = Vec::with_capacity(rows.len());
    let mut signing = None;
    for row in rows {
        verifying.push((row.id.clone(), public(&row.id, &row.public_key)?));
        if signing.is_none() && row.signs_from <= now {
            signing = Some(keys.open(zone, row)?);
        }
    }
    let starts = rows.iter().map(|row| row.signs_from).filter(|at| *at > now);
    let turns_at = starts
        .chain(rows.iter().filter_map(|row| row.verifies_until))
        .min();
    Ok((signing, verifying, turns_at))
}
