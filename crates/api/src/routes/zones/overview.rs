//! `GET /v1/zones/{zoneId}/overview`

use std::time::Duration;

use caracal_core::{Timestamp, entity::AuthorityRecordStatus};
use caracal_service::{Refusal, front::Answer};
use caracal_storage::{AuditFilter, AuthorityRecordFilter, PageRequest, ZoneWork};
use caracal_wire::control::{
    audit::DecisionFilter,
    zones::{
        ApplicationCounts, DecisionCounts, Overview, PolicySetCounts, ProviderCounts, RecentEvent,
        ResourceCounts, SessionCounts,
    },
};

use crate::{call::ZoneCall, redact::redacted};

const DAY: Duration = Duration::from_hours(24);
const SOON: Duration = Duration::from_hours(7 * 24);
/// Rows counted at a time, and at most.
const COUNT_PAGE: u32 = 1000;
const COUNT_AT_MOST: usize = 20_000;

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer<Overview>, Refusal> {
    let now = call.now();
    let mut work = call.read().await?;
    let applications = work.applications().count(now, now.plus(SOON)).await?;
    let resources = work.resources().count_live().await?;
    let unenforced = work.resources().count_unenforced().await?;
    let providers = work.providers().all_live().await?.len();
    let (sets, active_set) = policy_sets(work.as_mut()).await?;

    let sessions = count_records(work.as_mut(), now).await?;
    let allowed = count_decisions(work.as_mut(), DecisionFilter::Allow, now).await?;
    let denied = count_decisions(work.as_mut(), DecisionFilter::Deny, now).await?;
    let recent = work
        .ledger()
        .search(&AuditFilter::default(), &PageRequest::first(10))
        .await?;

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
            total: sets,
            enforcing: usize::from(active_set.is_some()),
            active_name: active_set,
        },
        sessions: SessionCounts { active: sessions },
        decisions_24h: DecisionCounts { allowed, denied },
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

/// Policy sets, counted up to 20,000, and the name of the one in force.
async fn policy_sets(work: &mut dyn ZoneWork) -> Result<(usize, Option<String>), Refusal> {
    let mut page = PageRequest::first(COUNT_PAGE);
    let (mut count, mut active) = (0, None);
    while count < COUNT_AT_MOST {
        let read = work.policy_sets().list(&page).await?;
        count += read.items.len();
        let in_force = read.items.into_iter().find(|set| set.active_version_id.is_some());
        active = active.or(in_force.map(|set| set.name));
        let Some(next) = read.next else { break };
        page.after = Some(next);
    }
    Ok((count, active))
}

/// Live authority records, counted up to 20,000.
async fn count_records(work: &mut dyn ZoneWork, now: Timestamp) -> Result<usize, Refusal> {
    let filter = AuthorityRecordFilter {
        status: Some(AuthorityRecordStatus::Active),
        ..AuthorityRecordFilter::default()
    };
    let mut page = PageRequest::first(COUNT_PAGE);
    let (mut seen, mut count) = (0, 0);
    while seen < COUNT_AT_MOST {
        let read = work.authority_records().list(&filter, &page).await?;
        seen += read.items.len();
        count += read.items.iter().filter(|record| record.is_live(now)).count();
        let Some(next) = read.next else { break };
        page.after = Some(next);
    }
    Ok(count)
}

/// Decisions of the last day, counted up to 20,000.
async fn count_decisions(
    work: &mut dyn ZoneWork,
    decision: DecisionFilter,
    now: Timestamp,
) -> Result<usize, Refusal> {
    let filter = AuditFilter {
        since: Some(now.minus(DAY)),
        decision: Some(decision.to_string()),
        ..AuditFilter::default()
    };
    let mut page = PageRequest::first(COUNT_PAGE);
    let mut count = 0;
    while count < COUNT_AT_MOST {
        let read = work.ledger().search(&filter, &page).await?;
        count += read.items.len();
        let Some(next) = read.next else { break };
        page.after = Some(next);
    }
    Ok(count)
}
