//! What no object of a document breaks by itself.

use std::collections::HashSet;

use super::{
    super::{notification_sinks, subject_issuers},
    compare::Step,
    live::Live,
    plan::Plan,
    policies,
    problems::Problems,
};
use crate::call::ZoneCall;

/// Limits of the zone, and what others still need.
pub(super) fn check_whole(call: &ZoneCall, live: &Live, plan: &Plan, problems: &mut Problems) {
    let after = |stored: usize, created: usize, deleted: usize| (stored + created).saturating_sub(deleted);
    let most = call.role.config.max_resources_per_zone;
    // Objects are made before others go.
    let resources = live.all_resources + plan.resources.created();
    if most > 0 && u64::try_from(resources).unwrap_or(u64::MAX) > most {
        problems.of_section("resources", format!("the zone may have {most} resources"));
    }
    for (section, stored, created, most) in [
        (
            "subject_issuers",
            live.issuers.len(),
            plan.issuers.created(),
            subject_issuers::create::MAX_ISSUERS,
        ),
        (
            "notification_sinks",
            live.sinks.len(),
            plan.sinks.created(),
            notification_sinks::create::MAX_SINKS,
        ),
    ] {
        if created > 0 && u64::try_from(after(stored, created, 0)).unwrap_or(u64::MAX) > most {
            problems.of_section(section, format!("the zone may have {most} of them"));
        }
    }

    let gone: HashSet<&str> = plan.providers.deleted().collect();
    let resources_gone: HashSet<&str> = plan.resources.deleted().collect();
    let changed: HashSet<&str> = plan
        .resources
        .steps
        .iter()
        .filter_map(|step| match step {
            Step::Update(id, ..) => Some(id.as_str()),
            Step::Create(..) | Step::Adopt(..) | Step::Delete(..) => None,
        })
        .collect();
    for resource in &live.resources {
        let stays = !resources_gone.contains(resource.id.as_str()) && !changed.contains(resource.id.as_str());
        if stays && gone.contains(resource.credential_provider_id.as_str()) {
            let message = format!(
                "a provider that {} gets its credential from would go",
                resource.identifier
            );
            problems.of_section("providers", message);
        }
    }

    let gone: HashSet<&str> = plan.policies.deleted().collect();
    let sets_gone: HashSet<&str> = plan.sets.deleted().collect();
    let puts_in_force = plan.manifests.values().any(|work| work.activates);
    for live_set in &live.sets {
        let set = &live_set.set;
        if sets_gone.contains(set.id.as_str()) {
            if set.active_version_id.is_some() && !puts_in_force {
                let message = format!(
                    "{} is in force: put another set in force before it goes",
                    set.name
                );
                problems.of_section("policy_sets", message);
            }
            continue;
        }
        let named = match plan.manifests.get(&set.name) {
            Some(work) => work.policies.clone(),
            None => policies::named(live, live_set),
        };
        if named.iter().any(|policy| gone.contains(policy.as_str())) {
            let message = format!("a policy that the policy set {} names would go", set.name);
            problems.of_section("policies", message);
        }
    }
}
