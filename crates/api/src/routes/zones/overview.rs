//! `GET /v1/zones/{zoneId}/overview`

use std::time::Duration;

use caracal_service::{Refusal, front::Answer};
use caracal_storage::{AuditFilter, PageRequest};
use caracal_wire::control::zones::{
    ApplicationCounts, DecisionCounts, Overview, PolicySetCounts, ProviderCounts, RecentEvent,
    ResourceCounts, SessionCounts,
};

use crate::{
    activity::{DAY, SLOT, begin},
    call::ZoneCall,
    counting,
    redact::redacted,
};

const SOON: Duration = Duration::from_hours(7 * 24);
/// Live authority records are counted no further.
const RECORDS: u32 = 20_000;

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer<Overview>, Refusal> {
    let now = call.now();
    let mut work = call.read().await?;
    let applications = work.applications().count(now, now.plus(SOON)).await?;
    let resources = work.resources().count_live().await?;
    let unenforced = work.resources().count_unenforced().await?;
    let providers = work.providers().all_live().await?.len();
    let sets = work.policy_sets().count().await?;
    let sessions = work.authority_records().count_live(now, RECORDS).await?;
    let recent = work
        .ledger()
        .search(&AuditFilter::default(), &PageRequest::first(10))
        .await?;
    drop(work);
    let since = begin(now.minus(DAY), 1);
    let until = begin(now, 1).plus(SLOT);
    let decisions = counting::of(&call, |tally, complete| {
        let counts = tally.counts(since..until);
        DecisionCounts {
            allowed: counts.allowed,
            denied: counts.denied,
            complete: complete <= since,
        }
    });
    let decisions = decisions.await?;

    // Counts are what a zone is made of, events are evidence.
    let sees = call.caller.sees_evidence();
    Ok(Answer(Overview {
        zone_id: call.zone.clone(),
        generated_at: now,
        applications: ApplicationCounts {
            total: applications.total,
            expired: applications.expired,
            expiring_soon: applications.expiring_soon,
        },
        resources: ResourceCounts {
            total: resources,
            unenforced,
        },
        providers: ProviderCounts { total: providers },
        policy_sets: PolicySetCounts {
            total: sets.total,
            enforcing: u64::from(sets.in_force.is_some()),
            active_name: sets.in_force,
        },
        sessions: SessionCounts { active: sessions },
        decisions_24h: decisions,
        recent_events: recent
            .items
            .into_iter()
            .filter(|_| sees)
            .map(|row| RecentEvent {
                id: row.event.id,
                event_type: row.event.event_type.to_string(),
                request_id: row.event.request_id,
                decision: row.event.decision,
                metadata_json: redacted(row.event.metadata_json.as_deref()),
                occurred_at: row.event.occurred_at,
            })
            .collect(),
    }))
}
