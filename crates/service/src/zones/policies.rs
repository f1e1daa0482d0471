//! The policies of a zone: the one in force, and those that are tried beside it.
//!
//! Rows are taken from a unit of work as they are stored and read once it has ended. A set may evaluate to megabytes,
//! which take a core for a while: neither a connection nor a thread that other zones' calls wait for is held meanwhile.

use std::sync::Arc;

use caracal_authz::{
    DenyReason, PolicyIdentity, PolicySnapshot,
    document::{self, PolicyDocuments},
};
use caracal_core::{
    ZoneId,
    entity::{PolicyCanary, PolicySetVersion},
};
use caracal_storage::{Access, ActivePolicySet, Error, EvaluatedPolicySet, PolicyShadow, Store, ZoneWork};

use super::state::{ShadowPolicy, ZoneCanary, ZoneState};
use crate::background;

/// Documents of fewer bytes are read where they are: that takes well under a millisecond, and a thread of low priority
/// may have to wait for longer.
const READ_IN_PLACE_BELOW: usize = 32 * 1024;

/// The policy set in force, as it is stored.
pub(super) enum StoredPolicy {
    /// With what activation evaluated it to.
    Evaluated(EvaluatedPolicySet),
    /// As sources: nothing was kept for it.
    Sources(ActivePolicySet),
}

impl StoredPolicy {
    /// That of the zone; `None` where nothing is in force.
    pub(super) async fn of(work: &mut dyn ZoneWork) -> Result<Option<Self>, Error> {
        if let Some(evaluated) = work.policy_sets().evaluated().await? {
            return Ok(Some(Self::Evaluated(evaluated)));
        }
        Ok(work.policy_sets().active().await?.map(Self::Sources))
    }

    /// The policy to decide with.
    pub(super) async fn read(self, store: &dyn Store, zone: &ZoneId) -> Result<PolicySnapshot, Error> {
        let sources = match self {
            Self::Sources(sources) => sources,
            Self::Evaluated(EvaluatedPolicySet { version, evaluated }) => {
                if let Some(policy) = read(identity(&version), evaluated).await {
                    return Ok(policy);
                }
                // A build that evaluates otherwise kept it. Should another version be in force by now, an event says so,
                // and the picture is read again.
                let mut work = store.zone(zone, Access::Read).await?;
                match work.policy_sets().active().await? {
                    Some(sources) => sources,
                    None => return Ok(PolicySnapshot::no_active_policy_set()),
                }
            }
        };
        Ok(from_sources(zone, sources).await)
    }
}

/// What is tried beside the policy in force, as it is stored.
#[derive(Default)]
pub(super) struct StoredCandidates {
    shadow: Option<PolicyShadow>,
    canary: Option<PolicyCanary>,
}

impl StoredCandidates {
    /// Those of the zone, as far as they are wanted.
    pub(super) async fn of(work: &mut dyn ZoneWork, shadow: bool, canary: bool) -> Result<Self, Error> {
        Ok(Self {
            shadow: if shadow {
                work.policy_sets().shadow().await?
            } else {
                None
            },
            canary: if canary {
                work.canaries().last().await?.filter(PolicyCanary::is_running)
            } else {
                None
            },
        })
    }

    pub(super) fn without_canary(self) -> Self {
        Self { canary: None, ..self }
    }

    /// Both as they decide. A policy that is in the picture `known` is not read again: of a candidate only its end and its
    /// share may become others, and a zone that is frozen must not wait until megabytes are read.
    pub(super) async fn read(
        self,
        zone: &ZoneId,
        known: Option<&ZoneState>,
    ) -> (Option<Arc<ShadowPolicy>>, Option<Arc<ZoneCanary>>) {
        let (known_shadow, known_canary) = match known {
            Some(known) => (known.shadow.as_deref(), known.canary.as_deref()),
            None => (None, None),
        };
        let shadow = match self.shadow {
            Some(stored) => shadow(zone, stored, known_shadow).await,
            None => None,
        };
        let canary = match self.canary {
            Some(stored) => Some(canary(zone, stored, known_canary).await),
            None => None,
        };
        (shadow, canary)
    }
}

/// The zone's candidate. One that cannot be read decides nothing; the policy in force does all the same.
async fn shadow(
    zone: &ZoneId,
    stored: PolicyShadow,
    known: Option<&ShadowPolicy>,
) -> Option<Arc<ShadowPolicy>> {
    let identity = PolicyIdentity {
        policy_set_id: Some(stored.policy_set_id),
        policy_set_version_id: Some(stored.version_id),
        manifest_sha256: stored.manifest_sha256.into(),
    };
    let policy = if let Some(known) = known.filter(|known| *known.policy.identity() == identity) {
        known.policy.clone()
    } else if let Some(policy) = read(identity, stored.evaluated).await {
        Arc::new(policy)
    } else {
        tracing::warn!(zone.id = %zone, "a candidate was begun by a build that evaluates otherwise: begin it anew");
        return None;
    };
    Some(Arc::new(ShadowPolicy {
        policy,
        expires_at: stored.expires_at,
    }))
}

/// The canary that runs. One whose policy cannot be used decides for nobody, and is taken back by those who decide.
async fn canary(zone: &ZoneId, stored: PolicyCanary, known: Option<&ZoneCanary>) -> Arc<ZoneCanary> {
    let known = known.filter(|known| known.id == stored.id);
    let policy = if let Some(policy) = known.and_then(|known| known.policy.clone()) {
        Some(policy)
    } else {
        let identity = PolicyIdentity {
            policy_set_id: Some(stored.policy_set_id),
            policy_set_version_id: Some(stored.version_id),
            manifest_sha256: stored.manifest_sha256.into(),
        };
        let policy = read(identity, stored.evaluated).await;
        policy
            .filter(|policy| policy.unusable_reason().is_none())
            .map(Arc::new)
    };
    if policy.is_none() {
        tracing::error!(zone.id = %zone, canary.id = %stored.id, "a canary cannot be used; the policy in force decides for everybody");
    }
    Arc::new(ZoneCanary::new(stored.id, stored.share_percent, policy))
}

/// The policy that evaluated documents were kept of. `None` where they cannot be read: another build kept them.
async fn read(identity: PolicyIdentity, kept: String) -> Option<PolicySnapshot> {
    let in_place = kept.len() < READ_IN_PLACE_BELOW;
    let read = move || {
        let documents = PolicyDocuments::from_stored(&kept)?;
        Some(PolicySnapshot::build(identity, &documents))
    };
    if in_place {
        return read();
    }
    background::beside_calls(read).await.unwrap_or_else(|error| {
        tracing::error!(%error, "reading an evaluated policy set did not finish");
        None
    })
}

/// A set that cannot be evaluated denies everything in its zone; activation refused such sets, so a person should
/// look.
async fn from_sources(zone: &ZoneId, active: ActivePolicySet) -> PolicySnapshot {
    let identity = identity(&active.version);
    if active.policies.len() != active.version.manifest.len() {
        tracing::error!(zone.id = %zone, "the active policy set lacks some of its policies; denying everything");
        return PolicySnapshot::unusable(identity, "policy_versions_missing");
    }
    let of = identity.clone();
    let evaluated = background::beside_calls(move || {
        evaluate(&active).map(|documents| PolicySnapshot::build(of, &documents))
    })
    .await;
    match evaluated {
        Ok(Ok(policy)) => policy,
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

#[cfg(test)]
mod tests {
    use std::{pin::pin, sync::mpsc};

    use futures_util::FutureExt as _;
    use serde_json::{Map, json};

    use super::*;

    /// What a set with as many grants evaluates to.
    fn kept(grants: usize) -> String {
        let grant = json!({"application": "desk", "roles": {"reader": ["read"]}});
        let grants: Map<_, _> = (0..grants)
            .map(|number| (format!("resource://{number}"), grant.clone()))
            .collect();
        PolicyDocuments {
            grants: Some(grants.into()),
            ..PolicyDocuments::default()
        }
        .to_stored()
    }

    #[test]
    fn a_large_policy_is_read_on_another_thread_and_a_small_one_at_once() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(1)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (release, held) = mpsc::channel::<()>();
            // The one thread for what takes long does something else.
            let other = background::beside_calls(move || held.recv());
            let small = read(PolicyIdentity::default(), kept(10)).now_or_never();
            assert!(small.flatten().is_some(), "it waits for nobody");
            let large = kept(10_000);
            assert!(large.len() > READ_IN_PLACE_BELOW);
            let mut large = pin!(read(PolicyIdentity::default(), large));
            assert!(
                large.as_mut().now_or_never().is_none(),
                "calls would wait for what it takes"
            );
            release.send(()).unwrap();
            other.await.unwrap().unwrap();
            assert!(large.await.is_some());
        });
    }

    #[tokio::test]
    async fn what_another_build_kept_is_no_policy_however_large() {
        for length in [10, READ_IN_PLACE_BELOW] {
            let kept = format!("{{\"form\":0,\"more\":\"{}\"}}", "x".repeat(length));
            assert!(read(PolicyIdentity::default(), kept).await.is_none());
        }
    }
}
