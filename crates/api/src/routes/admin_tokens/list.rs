//! `GET /v1/admin-tokens`

use caracal_service::Refusal;
use caracal_storage::Access;
use serde_json::Value;

use super::row;
use crate::{answer::Answer, call::Call};

pub(crate) async fn handle(call: Call) -> Result<Answer, Refusal> {
    let page = call.query.page(200, 500)?;
    let read = call
        .role
        .store
        .global(Access::Read)
        .await?
        .admin_tokens()
        .list(&page)
        .await?;
    let rows: Vec<Value> = read.items.iter().map(row).collect();
    Answer::values(&rows, read.next.as_ref())
}
