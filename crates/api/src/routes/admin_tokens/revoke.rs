//! `DELETE /v1/admin-tokens/{id}`

use caracal_service::{
    Refusal,
    front::{ById, NoContent, Path},
};
use caracal_wire::ErrorCode;

use crate::{call::Call, change::Done};

/// The token is refused from the next request on: nothing remembers it.
pub(crate) async fn handle(call: Call, Path(ById { id }): Path<ById<String>>) -> Result<NoContent, Refusal> {
    let missing = || Refusal::of(ErrorCode::AdminTokenNotFound).describe("no such token");
    let mut change = call.global_change().await?;
    if !change.admin_tokens().revoke(&id, call.now()).await? {
        return Err(missing());
    }
    change.commit(None, Done::no_content()).await?;
    Ok(NoContent)
}
