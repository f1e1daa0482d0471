//! `GET /api/audit/tail`: a zone's events as they join its chain.

use caracal_service::{
    Refusal,
    front::{Events, QueryOnce, RouteError},
    tail::{Tail, resumed},
};
use caracal_storage::AuditFilter;
use caracal_wire::{ErrorCode, audit::FollowEvents};

use super::{Call, search::shown};

/// Why there is no tail.
pub(super) struct TailError(Refusal);

impl From<Refusal> for TailError {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl RouteError for TailError {
    const REFUSES: &'static [ErrorCode] = &[
        ErrorCode::InvalidQuery,
        ErrorCode::RateLimited,
        ErrorCode::StorageUnavailable,
    ];

    fn refusal(self) -> Refusal {
        self.0
    }
}

pub(super) async fn handle(
    call: Call,
    QueryOnce(query): QueryOnce<FollowEvents>,
) -> Result<Events, TailError> {
    let after = resumed(&call.headers, query.cursor)?;
    let deps = &call.role;
    let tail = Tail {
        store: deps.store.clone(),
        zone: query.zone_id,
        filter: AuditFilter {
            since: query.since,
            until: query.until,
            request_id: query.request_id,
            decision: query.decision,
            ..AuditFilter::default()
        },
        after,
        // Whoever holds the one token.
        principal: String::from("operator"),
        share: String::from("operator"),
        show: Box::new(|row| serde_json::to_string(&shown(row.clone()))),
        check: Box::new({
            let call = call.clone();
            move || {
                let call = call.clone();
                Box::pin(async move { call.check_again().await })
            }
        }),
    };
    Ok(deps.tails.follow(tail).await?)
}
