//! `POST /v1/accounts`

use caracal_core::entity::AccountRole;
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_storage::{Account, Error};
use caracal_wire::{
    ErrorCode,
    control::accounts::{CreateAccount, NewAccount},
};

use super::{check_zones, email_taken, item, links};
use crate::{call::Call, change::Done};

/// Makes an account without a password; the answer is the only time its link is shown.
pub(crate) async fn handle(
    call: Call,
    Body(body): Body<CreateAccount>,
) -> Result<Created<NewAccount>, Refusal> {
    if body.role == AccountRole::Owner && body.zones.is_some() {
        let sentence = "does not go with an owner, who reaches every zone";
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidAccount,
            "zones",
            sentence,
        ));
    }
    check_zones(&call, "zones", body.zones.as_deref()).await?;
    let now = call.now();
    let account = Account {
        id: call.role.world.uuid_v7().to_string(),
        email: body.email.0,
        name: body.name.0,
        role: body.role,
        zones: body.zones,
        password: None,
        identity_issuer: None,
        identity_subject: None,
        locked_at: None,
        created_by: call.caller.attributed_to(),
        created_at: now,
        updated_at: now,
        last_sign_in_at: None,
    };
    let mut change = call.global_change().await?;
    match change.accounts().create(&account).await {
        Ok(()) => {}
        Err(Error::Conflict { .. }) => return Err(email_taken()),
        Err(error) => return Err(error.into()),
    }
    let link = links::put(&call, &mut change, Some(&account)).await?;
    let id = account.id.clone();
    let made = NewAccount {
        account: item(account),
        link,
    };
    Ok(Created(change.answer(None, Done::created(&id), made).await?))
}
