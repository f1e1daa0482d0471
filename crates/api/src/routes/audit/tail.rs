//! `GET /v1/zones/{zoneId}/audit/tail`: events of the zone as its ledger takes them.

use std::sync::Arc;

use caracal_service::{
    Refusal,
    front::{Events, QueryOnce},
    tail::{Tail, resumed},
};
use caracal_wire::control::audit::FollowLedger;

use super::{list::filter, shown};
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
        filter: filter(query.into())?,
        after,
        principal: call.caller.limit_key(),
        share: call.share(),
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
