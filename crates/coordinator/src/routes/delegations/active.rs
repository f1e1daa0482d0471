//! `GET /zones/{zone}/delegations/active`: live delegations, newest first. An application sees those it is a
//! party of; the operator sees all.

use axum::{response::Response, routing::MethodFilter};
use caracal_core::entity::Delegation;
use caracal_service::Refusal;
use caracal_storage::{Access, PageRequest};
use http::StatusCode;
use serde_json::{Value, json};

use super::sees;
use crate::{
    auth::Capability,
    call::{self, Call, Input, NoBody, Route},
    paging::{self, PageQuery},
    routes::sessions::ZonePath,
    view,
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
        let PageRequest { limit, mut after } = input.query.request()?;
        let mut work = call.work(Access::Read).await?;
        let mut items: Vec<Value> = Vec::new();
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
                    .map(item),
            );
            // A page that ends early with more behind it was full by bytes, and so is the answer.
            let full = page.next.is_some() && page.items.len() < wanted as usize;
            after = page.next;
            if after.is_none() || full || items.len() >= limit as usize {
                break;
            }
        }
        Ok(call::json(StatusCode::OK, &paging::body(&items, after.as_ref())))
    }
}

fn item(delegation: &Delegation) -> Value {
    let mut item = view::delegation_item(delegation);
    if let Value::Object(members) = &mut item {
        members.insert(
            String::from("broad_reason"),
            json!(delegation.constraints.broad_reason),
        );
    }
    item
}
