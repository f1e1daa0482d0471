//! Finding out what a document changes, and everything that keeps it from it.

use std::collections::{HashMap, HashSet};

use caracal_core::{ApplicationId, entity::Provider};
use caracal_service::Refusal;
use caracal_storage::ZoneWork;
use caracal_wire::control::zone_state::{DeclaredProvider, ZoneState};

use super::{
    MAX_NEW_SOURCES,
    compare::{Comparison, Options, Section, Step},
    desired::{self, each, entries},
    export::Export,
    live::Live,
    plan::{NewRetention, Plan},
    policies,
    problems::Problems,
    secrets,
    whole::check_whole,
};
use crate::call::ZoneCall;

/// Compares the document with the zone.
///
/// # Errors
/// 400 `invalid_zone_state` with everything that is wrong.
pub(super) async fn plan(
    call: &ZoneCall,
    work: Box<dyn ZoneWork>,
    live: &mut Live,
    export: &Export,
    document: ZoneState,
    options: &Options,
) -> Result<Plan, Refusal> {
    let mut work = work;
    let mut problems = Problems::default();
    let owners = std::mem::take(&mut live.owners);
    let owners = owners
        .iter()
        .map(|owner| ((owner.kind, owner.object_id.as_str()), owner.manager.as_str()))
        .collect();
    let comparison = Comparison {
        world: &call.role.world,
        owners,
        options,
    };
    let found = &mut problems;

    let wanted = match entries(document.providers, &live.platform, found) {
        None => None,
        Some(declared) => {
            let stored: HashMap<&str, &Provider> = live
                .providers
                .iter()
                .map(|provider| (provider.identifier.as_str(), provider))
                .collect();
            let mut wanted = Vec::with_capacity(declared.len());
            for (at, declared) in declared {
                let stored = stored.get(declared.identifier.0.as_str()).copied();
                let checked = secrets::provider(call, work.as_mut(), (at, declared), stored, found).await?;
                wanted.push(checked);
            }
            Some(wanted)
        }
    };
    // Policies are read without a connection.
    drop(work);
    let providers = comparison.of(&export.providers, wanted, found);
    let named = provider_names(export, &providers);

    let declared = entries(document.resources, &live.platform, found);
    let wanted = each!(declared, |at, declared| {
        if !named.contains(declared.credential_provider.0.as_str()) {
            found.add(
                at,
                "credential_provider",
                "is no provider of the zone or the document",
            );
        }
        desired::resource(call, at, declared, found)?
    });
    let resources = comparison.of(&export.resources, wanted, found);

    let declared = entries(document.applications, &live.platform, found);
    let wanted = each!(declared, |at, declared| desired::application(
        at, declared, found
    )?);
    let applications = comparison.of(&export.applications, wanted, found);
    for step in &applications.steps {
        match step {
            Step::Create(id, wanted) | Step::Update(id, wanted, _) => {
                if let Ok(id) = ApplicationId::parse(id) {
                    live.names.add(&wanted.object.name, id);
                }
            }
            Step::Delete(_, name) => live.names.remove(name),
            Step::Adopt(..) => {}
        }
    }

    let declared = entries(document.workloads, &live.platform, found);
    let wanted = each!(declared, |at, declared| desired::workload(at, declared, found)?);
    let workloads = comparison.of(&export.workloads, wanted, found);
    let declared = entries(document.subject_issuers, &live.platform, found);
    let wanted = each!(declared, |at, declared| desired::issuer(at, declared, found)?);
    let issuers = comparison.of(&export.issuers, wanted, found);
    let declared = entries(document.notification_sinks, &live.platform, found);
    let wanted = each!(declared, |at, declared| desired::sink(call, at, declared, found)?);
    let sinks = comparison.of(&export.sinks, wanted, found);
    let retention = match document.audit_retention_days {
        None => None,
        Some(days) => {
            let days = desired::kept_days(call, days, found)?;
            (days != export.retention).then_some(days.map_or(NewRetention::AsElsewhere, NewRetention::Days))
        }
    };

    let known = policies::known_names(live, &resources);
    let declared = entries(document.policies, &live.platform, found);
    let declared_sets = entries(document.policy_sets, &live.platform, found);
    let mut warnings = Vec::new();
    let mut sources = HashMap::new();
    let mut room = MAX_NEW_SOURCES;
    let mut wanted = declared
        .as_ref()
        .map(|declared| Vec::with_capacity(declared.len()));
    for (at, declared) in declared.into_iter().flatten() {
        let Some((policy, work)) = policies::policy(call, live, (at, declared), &mut room, found).await?
        else {
            continue;
        };
        warnings.extend(work.warnings(&known));
        sources.insert(policy.object.name.0.clone(), work);
        wanted.get_or_insert_default().push(policy);
    }
    let policies = comparison.of(&export.policies, wanted, found);
    let mut manifests = HashMap::new();
    let mut wanted = declared_sets
        .as_ref()
        .map(|declared| Vec::with_capacity(declared.len()));
    policies::check_active(live, declared_sets.as_deref().unwrap_or_default(), found);
    for (at, declared) in declared_sets.into_iter().flatten() {
        let Some((set, work)) = policies::set(call, live, &sources, (at, declared), found).await? else {
            continue;
        };
        if let Some(evaluated) = &work.evaluated {
            warnings.extend(evaluated.warnings(Some(&known)));
        }
        manifests.insert(set.object.name.0.clone(), work);
        wanted.get_or_insert_default().push(set);
    }
    let sets = comparison.of(&export.sets, wanted, found);
    warnings.dedup();

    let plan = Plan {
        providers,
        resources,
        applications,
        workloads,
        issuers,
        policies,
        sources,
        sets,
        manifests,
        sinks,
        retention,
        warnings,
    };
    check_whole(call, live, &plan, found);
    problems.none()?;
    Ok(plan)
}

/// Identifiers of the providers that there will be.
fn provider_names(export: &Export, providers: &Section<DeclaredProvider>) -> HashSet<String> {
    let gone: HashSet<&str> = providers.deleted().collect();
    let kept = export
        .providers
        .iter()
        .filter(|shown| !gone.contains(shown.id.as_str()))
        .map(|shown| shown.object.identifier.0.clone());
    let made = providers.steps.iter().filter_map(|step| match step {
        Step::Create(_, wanted) => Some(wanted.object.identifier.0.clone()),
        Step::Update(..) | Step::Adopt(..) | Step::Delete(..) => None,
    });
    kept.chain(made).collect()
}
