//! Making the links with which people set the passwords of their accounts.

use caracal_service::Refusal;
use caracal_storage::{Account, AccountLink};
use caracal_wire::control::accounts::{LinkPurpose, NewLink};

use crate::{
    call::Call,
    change::GlobalChange,
    links::{link_digest, new_link},
};

/// What a link is for.
pub(crate) fn purpose(account: Option<&Account>) -> LinkPurpose {
    match account {
        None => LinkPurpose::Setup,
        Some(account) if account.password.is_none() => LinkPurpose::Invitation,
        Some(_) => LinkPurpose::Reset,
    }
}

/// A link for the account, or one that makes an owner; it takes the place of the former one.
pub(crate) async fn put(
    call: &Call,
    change: &mut GlobalChange<'_>,
    account: Option<&Account>,
) -> Result<NewLink, Refusal> {
    let (text, now) = (new_link(&call.role.world), call.now());
    let link = AccountLink {
        token_digest: link_digest(text.expose()),
        account_id: account.map(|account| account.id.clone()),
        created_by: call.caller.attributed_to(),
        created_at: now,
        expires_at: now.plus(call.role.config.link_lifetime),
    };
    change.accounts().put_link(&link).await?;
    Ok(NewLink {
        purpose: purpose(account),
        link: text.expose().to_owned(),
        expires_at: link.expires_at,
    })
}
