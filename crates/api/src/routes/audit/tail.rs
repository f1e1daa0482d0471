//! `GET /v1/zones/{zoneId}/audit/tail`: events of the zone as its ledger takes them.

use std::sync::Arc;

use caracal_service::{
    Refusal,
    front::{Events, QueryOnce},
    tail::{Tail, resumed},
};
use caracal_storage::AuditFilter;
use caracal_wire::control::audit::FollowLedger;

use super::{list::types, shown};
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    QueryOnce(query): QueryOnce<FollowLedger>,
) -> Result<Events, Refusal> {
    let after = resumed(&call.headers, query.after)?;
    let zone = call.zone.clone();
    let call = Arc::new(call);
    let tail = Tail {
        store: call.role.store.clone(),
        zone,
        filter: AuditFilter {
            since: query.since,
            until: query.until,
            request_id: query.request_id.map(|id| id.0),
            decision: query.decision.map(|decision| decision.to_string()),
            event_types: query
                .event_type
                .as_deref()
                .map(types)
                .transpose()?
                .unwrap_or_default(),
            application_id: query.application_id.map(|id| id.0),
            session_id: query.session_id.map(|id| id.0),
            authority_record_id: query.authority_record_id.map(|id| id.0),
            label: query.label.map(|label| label.0),
        },
        after,
        principal: call.caller.limit_key(),
        show: Box::new(|row| serde_json::to_string(&shown(row))),
        check: Box::new({
            let call = call.clone();
            move || {
                let call = call.clone();
                Box::pin(async move { call.check_again().await })
            }
        }),
    };
    call.role.tails.follow(tail).await
}
