//! Links: how an owner is made, and how an account gets a password without anybody else knowing it.

use caracal_core::entity::{AccountRole, SignInWay};
use caracal_service::{
    Refusal,
    front::{Answer, Body, Created},
};
use caracal_storage::{Access, Account, Error};
use caracal_wire::{
    ErrorCode,
    control::accounts::{LinkItem, NewLink, NewSession, ReadLink, UseLink},
};

use super::{password, session};
use crate::{
    call::Call,
    change::{Done, GlobalChange},
    links::link_digest,
    routes::accounts::{email_taken, links},
};

fn not_found() -> Refusal {
    Refusal::of(ErrorCode::LinkNotFound)
        .describe("this link was used, has run out, or another took its place")
}

/// `POST /v1/console/setup-links`
pub(crate) async fn make(call: Call) -> Result<Created<NewLink>, Refusal> {
    let mut change = call.global_change().await?;
    let link = links::put(&call, &mut change, None).await?;
    let done = Done::with(http::StatusCode::CREATED);
    Ok(Created(change.answer(None, done, link).await?))
}

/// `POST /v1/console/links/read`
pub(crate) async fn read(call: Call, Body(body): Body<ReadLink>) -> Result<Answer<LinkItem>, Refusal> {
    let mut work = call.role.store.global(Access::Read).await?;
    let link = work
        .accounts()
        .find_link(&link_digest(&body.link), call.now())
        .await?;
    let link = link.ok_or_else(not_found)?;
    let account = match &link.account_id {
        Some(id) => work.accounts().get(id).await?,
        None => None,
    };
    Ok(Answer(LinkItem {
        purpose: links::purpose(account.as_ref()),
        email: account.map(|account| account.email),
        expires_at: link.expires_at,
    }))
}

/// `POST /v1/console/links/use`: sets the password, ends every session of the account, and signs in.
pub(crate) async fn take(call: Call, Body(body): Body<UseLink>) -> Result<Created<NewSession>, Refusal> {
    let digest = link_digest(&body.link);
    let mut work = call.role.store.global(Access::Read).await?;
    if work.accounts().find_link(&digest, call.now()).await?.is_none() {
        return Err(not_found());
    }
    drop(work);
    let stored = password::stored(&call, &body.password).await?;

    let mut change = call.global_change().await?;
    change.accounts().lock().await?;
    let link = change.accounts().find_link(&digest, call.now()).await?;
    let link = link.ok_or_else(not_found)?;
    if !change.accounts().take_link(&digest).await? {
        return Err(not_found());
    }
    let account = match &link.account_id {
        Some(id) => again(&call, &mut change, id, stored).await?,
        None => owner(&call, &mut change, &body, stored).await?,
    };
    let (id, email) = (account.id.clone(), account.email.clone());
    let way = SignInWay::Password;
    let started = session::start(&call, &mut change, account, way, body.user_agent.as_deref()).await?;
    let done = Done::created(&id).by(&id, &email);
    change.commit(None, done).await?;
    Ok(Created(started))
}

/// Another password for an account that there is.
async fn again(
    call: &Call,
    change: &mut GlobalChange<'_>,
    id: &str,
    stored: String,
) -> Result<Account, Refusal> {
    let account = change.accounts().get(id).await?;
    let mut account = account
        .filter(|account| account.locked_at.is_none())
        .ok_or_else(not_found)?;
    account.password = Some(stored);
    (account.updated_at, account.last_sign_in_at) = (call.now(), Some(call.now()));
    change.accounts().update(&account).await?;
    change.accounts().end_sessions(id, None).await?;
    Ok(account)
}

/// The owner that a link makes.
async fn owner(
    call: &Call,
    change: &mut GlobalChange<'_>,
    body: &UseLink,
    stored: String,
) -> Result<Account, Refusal> {
    let missing =
        |field| Refusal::invalid_field(ErrorCode::InvalidAccount, field, "is required with this link");
    let email = body.email.clone().ok_or_else(|| missing("email"))?;
    let name = body.name.clone().ok_or_else(|| missing("name"))?;
    let now = call.now();
    let account = Account {
        id: call.role.world.uuid_v7().to_string(),
        email: email.0,
        name: name.0,
        role: AccountRole::Owner,
        zones: None,
        password: Some(stored),
        identity_issuer: None,
        identity_subject: None,
        locked_at: None,
        created_by: String::from("setup"),
        created_at: now,
        updated_at: now,
        last_sign_in_at: Some(now),
    };
    match change.accounts().create(&account).await {
        Ok(()) => Ok(account),
        Err(Error::Conflict { .. }) => Err(email_taken()),
        Err(error) => Err(error.into()),
    }
}
