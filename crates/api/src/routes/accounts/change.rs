//! Changing, locking and deleting accounts. The last owner who can sign in stays.

use caracal_core::entity::AccountRole;
use caracal_service::{
    Refusal,
    front::{Body, ById, Created, IfMatch, NoContent, Path, Tagged},
};
use caracal_storage::Account;
use caracal_wire::{
    ErrorCode,
    control::accounts::{AccountItem, ChangeAccount, NewLink},
};

use super::{check_zones, item, links, not_found, tag};
use crate::{
    call::Call,
    change::{Done, GlobalChange},
    fields::no_fields,
};

/// The account, while nobody else changes any.
async fn held(change: &mut GlobalChange<'_>, id: &str) -> Result<Account, Refusal> {
    change.accounts().lock().await?;
    change.accounts().get(id).await?.ok_or_else(not_found)
}

/// The account as [`held`], if it is still the one that is `wanted`.
async fn wanted_account(
    change: &mut GlobalChange<'_>,
    id: &str,
    wanted: &IfMatch,
) -> Result<Account, Refusal> {
    let account = held(change, id).await?;
    wanted.allows(tag(&item(account.clone())))?;
    Ok(account)
}

/// Refuses to leave nobody who could manage accounts, if that is what the change so far does.
async fn keep_an_owner(change: &mut GlobalChange<'_>, before: u64) -> Result<(), Refusal> {
    if before > 0 && change.accounts().count_owners().await? == 0 {
        return Err(Refusal::of(ErrorCode::LastOwner)
            .describe("nobody else could manage accounts; make another owner first"));
    }
    Ok(())
}

/// `PATCH /v1/accounts/{id}`
pub(crate) async fn patch(
    call: Call,
    Path(ById { id }): Path<ById<String>>,
    wanted: IfMatch,
    Body(body): Body<ChangeAccount>,
) -> Result<Tagged<AccountItem>, Refusal> {
    if body.is_empty() {
        return Err(no_fields());
    }
    let named = body.reach.as_ref().filter(|reach| !reach.all);
    check_zones(&call, "reach.zones", named.map(|reach| reach.zones.as_slice())).await?;
    let mut change = call.global_change().await?;
    let mut account = wanted_account(&mut change, &id, &wanted).await?;
    let owners = change.accounts().count_owners().await?;
    if let Some(name) = body.name {
        account.name = name.0;
    }
    if let Some(role) = body.role {
        account.role = role;
    }
    if let Some(reach) = body.reach {
        account.zones = (!reach.all).then_some(reach.zones);
    }
    if account.role == AccountRole::Owner && account.zones.is_some() {
        let sentence = "an owner reaches every zone";
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidAccount,
            "reach",
            sentence,
        ));
    }
    account.updated_at = call.now();
    if let Some(locked) = body.locked {
        account.locked_at = locked.then(|| account.locked_at.unwrap_or(call.now()));
    }
    change.accounts().update(&account).await?;
    if account.locked_at.is_some() {
        change.accounts().end_sessions(&id, None).await?;
    }
    keep_an_owner(&mut change, owners).await?;
    change.commit(None, Done::ok()).await?;
    let item = item(account);
    let tag = tag(&item);
    Ok(Tagged(item, tag))
}

/// `DELETE /v1/accounts/{id}`
pub(crate) async fn delete(
    call: Call,
    Path(ById { id }): Path<ById<String>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let mut change = call.global_change().await?;
    wanted_account(&mut change, &id, &wanted).await?;
    let owners = change.accounts().count_owners().await?;
    change.accounts().delete(&id).await?;
    keep_an_owner(&mut change, owners).await?;
    change.commit(None, Done::no_content()).await?;
    Ok(NoContent)
}

/// `POST /v1/accounts/{id}/link`
pub(crate) async fn link(
    call: Call,
    Path(ById { id }): Path<ById<String>>,
) -> Result<Created<NewLink>, Refusal> {
    let mut change = call.global_change().await?;
    let account = held(&mut change, &id).await?;
    let link = links::put(&call, &mut change, Some(&account)).await?;
    let done = Done::with(http::StatusCode::CREATED);
    Ok(Created(change.answer(None, done, link).await?))
}

/// `POST /v1/accounts/{id}/end-sessions`
pub(crate) async fn end_sessions(
    call: Call,
    Path(ById { id }): Path<ById<String>>,
) -> Result<NoContent, Refusal> {
    let mut change = call.global_change().await?;
    held(&mut change, &id).await?;
    let ended = change.accounts().end_sessions(&id, None).await?;
    let done = Done::no_content().note("sessions", ended);
    change.commit(None, done).await?;
    Ok(NoContent)
}

/// `DELETE /v1/accounts/{id}/identity`: whoever signs in at the `OpenID` provider next with the verified address of the account
/// is its holder there. Its sessions end.
pub(crate) async fn forget_identity(
    call: Call,
    Path(ById { id }): Path<ById<String>>,
    wanted: IfMatch,
) -> Result<NoContent, Refusal> {
    let mut change = call.global_change().await?;
    let mut account = wanted_account(&mut change, &id, &wanted).await?;
    let owners = change.accounts().count_owners().await?;
    (account.identity_issuer, account.identity_subject) = (None, None);
    account.updated_at = call.now();
    change.accounts().update(&account).await?;
    let ended = change.accounts().end_sessions(&id, None).await?;
    keep_an_owner(&mut change, owners).await?;
    change
        .commit(None, Done::no_content().note("sessions", ended))
        .await?;
    Ok(NoContent)
}

/// `DELETE /v1/accounts/{id}/passkeys`
pub(crate) async fn remove_passkeys(
    call: Call,
    Path(ById { id }): Path<ById<String>>,
) -> Result<NoContent, Refusal> {
    let mut change = call.global_change().await?;
    held(&mut change, &id).await?;
    let removed = change.accounts().remove_passkeys(&id).await?;
    let ended = change.accounts().end_sessions(&id, None).await?;
    let done = Done::no_content()
        .note("passkeys", removed)
        .note("sessions", ended);
    change.commit(None, done).await?;
    Ok(NoContent)
}
