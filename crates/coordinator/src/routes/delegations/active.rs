//! `GET /zones/{zone}/delegations/active`: live delegations, newest first. An application sees those it is a
//! party of; the operator sees all.

use axum::{response::Response, routing::MethodFilter};
use caracal_service::Refusal;
use caracal_storage::{Access, PageRequest};
use caracal_wire::{PageQuery, coordinator::delegations::ActiveDelegation};
use http::StatusCode;

use super::sees;
use crate::{
    auth::Capability,
    call::{self, Call, Input, NoBody, Route},
    paging,
    routes::sessions::ZonePath,
};

/// Most pages read to fill one answer; past it the answer is short and its cursor goes on.
const MAX_READS: u32 = 10;

/// The route.
pub(crate) struct Active;

impl Route for Active {
    const METHOD: MethodFilter = MethodFilter::GET;
    const PATH: &'static str = "/zones/{zone}/delegations/active";
    const CAPABILITY: Capability = Capability::shared("delegation.active");
    type Path = ZonePath;
    type Query = PageQuery;
    type Body = NoBody;

    async fn answer(call: &mut Call, input: Input<Self>) -> Result<Response, Refusal> {
        let PageRequest { limit, mut after } = paging::request(&input.query)?;
        let mut work = call.work(Access::Read).await?;
        let mut items: Vec<ActiveDelegation> = Vec::new();
        for _ in 0..MAX_READS {
            // Never more than still fit, so that the cursor is where the items end.
            let wanted = limit - u32::try_from(items.len()).unwrap_or(limit);
            let page = PageRequest {
                limit: wanted,
                after: after.take(),
            };
            let page = work.delegations().list_live(call.now(), &page).await?;
            items.extend(
                page.items
                    .iter()
                    .filter(|held| sees(&call.principal, held))
                    .map(Into::into),
            );
            // A page that ends early with more behind it was full by bytes, and so is the answer.
            let full = page.next.is_some() && page.items.len() < wanted as usize;
            after = page.next;
            if after.is_none() || full || items.len() >= limit as usize {
                break;
            }
        }
        Ok(call::json(
            StatusCode::OK,
            &paging::listing(items, after.as_ref()),
        ))
    }
}
