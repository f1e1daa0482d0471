//! `DELETE /v1/admin-tokens/{id}`

use caracal_service::Refusal;

use crate::{answer::Answer, call::Call, change::Done};

/// The token is refused from the next request on: nothing remembers it.
pub(crate) async fn handle(call: Call) -> Result<Answer, Refusal> {
    let missing = || Refusal::not_found("admin_token_not_found").describe("no such token");
    let id = call.params.get("id").ok_or_else(missing)?;
    let mut change = call.global_change().await?;
    if !change.admin_tokens().revoke(id, call.now()).await? {
        return Err(missing());
    }
    change.commit(None, Done::no_content()).await?;
    Ok(Answer::no_content())
}
