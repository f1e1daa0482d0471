//! Reading one zone from storage: a handful of statements, once per change.

use std::{collections::HashMap, sync::Arc};

use caracal_authz::{
    DenyReason, PolicyIdentity, PolicySnapshot,
    document::{self, PolicyDocuments},
};
use caracal_core::{
    KeyId, ProviderId, Timestamp, ZoneId,
    entity::{Application, PolicyCanary, PolicySetVersion, Provider, ProviderConfig, Resource},
};
use caracal_crypto::{
    sealed::{KeyRing, Location},
    zone_key::VerifyingKey,
};
use caracal_storage::{Access, ActivePolicySet, Error, EvaluatedPolicySet, SigningKeyRow, Store, ZoneWork};
use rpds::HashTrieMapSync;
use serde_json::{Map, Value};

use crate::{
    background,
    zone_keys::{ZoneKeys, ZoneSigner},
};

use super::{
    ZoneContents,
    resources::{ProviderState, ResourceState},
    state::{ShadowPolicy, ZoneCanary, ZoneState},
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
        // Where nothing is in force everything is denied, whoever asks.
        canary: directory.canary.filter(|_| directory.in_force.is_some()),
        policy: Arc::new(policy(id, directory.in_force).await),
        shadow: directory.shadow,
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
    in_force: Option<ActivePolicy>,
    shadow: Option<Arc<ShadowPolicy>>,
    canary: Option<Arc<ZoneCanary>>,
    delegation_epoch: i64,
}

/// The policy set in force.
enum ActivePolicy {
    /// With what activation evaluated it to.
    Evaluated(PolicySetVersion, Box<PolicyDocuments>),
    /// As sources: nothing was kept for it, or by a build that evaluates otherwise.
    Sources(ActivePolicySet),
}

async fn in_force(work: &mut dyn ZoneWork) -> Result<Option<ActivePolicy>, Error> {
    if let Some(EvaluatedPolicySet { version, evaluated }) = work.policy_sets().evaluated().await?
        && let Some(documents) = PolicyDocuments::from_stored(&evaluated)
    {
        return Ok(Some(ActivePolicy::Evaluated(version, Box::new(documents))));
    }
    Ok(work.policy_sets().active().await?.map(ActivePolicy::Sources))
}

/// The zone's candidate. One that cannot be read decides nothing; the policy in force does all the same.
pub(super) async fn shadow(work: &mut dyn ZoneWork) -> Result<Option<Arc<ShadowPolicy>>, Error> {
    let Some(shadow) = work.policy_sets().shadow().await? else {
        return Ok(None);
    };
    let Some(documents) = PolicyDocuments::from_stored(&shadow.evaluated) else {
        tracing::warn!(zone.id = %work.zone_id(), "a candidate was begun by a build that evaluates otherwise: begin it anew");
        return Ok(None);
    };
    let identity = PolicyIdentity {
        policy_set_id: Some(shadow.policy_set_id),
        policy_set_version_id: Some(shadow.version_id),
        manifest_sha256: shadow.manifest_sha256.into(),
    };
    Ok(Some(Arc::new(ShadowPolicy {
        policy: PolicySnapshot::build(identity, &documents),
        expires_at: shadow.expires_at,
    })))
}

/// The canary that runs. One whose policy cannot be used decides for nobody, and is taken back by those who decide.
pub(super) async fn canary(work: &mut dyn ZoneWork) -> Result<Option<Arc<ZoneCanary>>, Error> {
    let Some(canary) = work.canaries().last().await?.filter(PolicyCanary::is_running) else {
        return Ok(None);
    };
    let identity = PolicyIdentity {
        policy_set_id: Some(canary.policy_set_id),
        policy_set_version_id: Some(canary.version_id),
        manifest_sha256: canary.manifest_sha256.into(),
    };
    let policy = PolicyDocuments::from_stored(&canary.evaluated)
        .map(|documents| PolicySnapshot::build(identity, &documents))
        .filter(|policy| policy.unusable_reason().is_none());
    if policy.is_none() {
        tracing::error!(zone.id = %work.zone_id(), canary.id = %canary.id, "a canary cannot be used; the policy in force decides for everybody");
    }
    let state = ZoneCanary::new(canary.id, canary.share_percent, policy.map(Arc::new));
    Ok(Some(Arc::new(state)))
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
        in_force: in_force(work).await?,
        shadow: match keys {
            Some(_) => shadow(work).await?,
            None => None,
        },
        canary: canary(work).await?,
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

/// A set that cannot be evaluated denies everything in its zone; activation refused such sets, so a person should
/// look.
async fn policy(zone: &ZoneId, in_force: Option<ActivePolicy>) -> PolicySnapshot {
    let active = match in_force {
        None => return PolicySnapshot::no_active_policy_set(),
        Some(ActivePolicy::Evaluated(version, documents)) => {
            return PolicySnapshot::build(identity(&version), &documents);
        }
        Some(ActivePolicy::Sources(active)) => active,
    };
    let identity = identity(&active.version);
    if active.policies.len() != active.version.manifest.len() {
        tracing::error!(zone.id = %zone, "the active policy set lacks some of its policies; denying everything");
        return PolicySnapshot::unusable(identity, "policy_versions_missing");
    }
    // Parsing takes its time, and other zones wait on this thread.
    let evaluated = background::beside_calls(move || evaluate(&active)).await;
    match evaluated {
        Ok(Ok(documents)) => PolicySnapshot::build(identity, &documents),
        Ok(Err(problem)) => {
            tracing::error!(zone.id = %zone, %problem, "the active policy set cannot be used; denying everything");
            PolicySnapshot::unusable(identity, DenyReason::PolicyUnusable.as_str())
        }
        Err(error) => {
            tracing::error!(zone.id = %zone, %error, "evaluating the active policy set did not finish; denying everything");
            PolicySnapshot::unusable(identity, DenyReason::PolicyUnusable.as_str())
        }
    }
}

fn identity(version: &PolicySetVersion) -> PolicyIdentity {
    PolicyIdentity {
        policy_set_id: Some(version.policy_set_id.clone()),
        policy_set_version_id: Some(version.id.clone()),
        manifest_sha256: version.manifest_sha256.as_str().into(),
    }
}

fn evaluate(active: &ActivePolicySet) -> Result<PolicyDocuments, document::PolicyProblem> {
    let sources: Vec<document::PolicyVersionSource<'_>> = active
        .policies
        .iter()
        .map(|version| document::PolicyVersionSource {
            version_id: version.id.as_str(),
            content: &version.content,
        })
        .collect();
    document::evaluate(&sources)
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
