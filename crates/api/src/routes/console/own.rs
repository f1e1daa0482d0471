//! What somebody who is signed in asks about themselves.

use std::sync::Arc;

use caracal_core::entity::SignInWay;
use caracal_service::{
    Refusal,
    front::{Answer, Body, ById, NoContent, Path},
    limits::Rule,
    signed_in::{Power, SignedIn},
};
use caracal_storage::{Access, AccountSession};
use caracal_wire::{
    ErrorCode,
    control::accounts::{AccountPower, ChangePassword, ConsoleSession, ConsoleSessions, Me, SignedOut},
};

use super::password;
use crate::{call::Call, change::Done, routes::accounts::item};

/// Guesses at the present password by a session that somebody may have taken.
const PASSWORDS: Rule = Rule::per_minute("api:own_password:", 10);

/// Whoever is signed in; the gates let nobody else here.
pub(super) fn signed_in(call: &Call) -> Result<Arc<SignedIn>, Refusal> {
    let signed_in = call.caller.signed_in.clone();
    signed_in.ok_or_else(|| Refusal::of(ErrorCode::AccountSessionRequired))
}

fn session_item(session: AccountSession, current: &str) -> ConsoleSession {
    ConsoleSession {
        current: session.id == current,
        id: session.id,
        created_at: session.created_at,
        last_seen_at: session.last_seen_at,
        expires_at: session.expires_at,
        user_agent: session.user_agent,
        way: session.way,
    }
}

/// `GET /v1/console/me`
pub(crate) async fn me(call: Call) -> Result<Answer<Me>, Refusal> {
    let signed_in = signed_in(&call)?;
    let powers = [
        (Power::Look, AccountPower::Look),
        (Power::ReadEvidence, AccountPower::ReadEvidence),
        (Power::Decide, AccountPower::Decide),
        (Power::Stop, AccountPower::Stop),
        (Power::Change, AccountPower::Change),
        (Power::Reveal, AccountPower::Reveal),
        (Power::Govern, AccountPower::Govern),
    ];
    let may = powers.into_iter().filter(|(power, _)| signed_in.may(*power));
    let session = signed_in.session.clone();
    Ok(Answer(Me {
        may: may.map(|(_, word)| word).collect(),
        session: session_item(session, &signed_in.session.id),
        account: item(signed_in.account.clone()),
    }))
}

/// `POST /v1/console/sign-out`
pub(crate) async fn sign_out(call: Call) -> Result<Answer<SignedOut>, Refusal> {
    let signed_in = signed_in(&call)?;
    let mut change = call.global_change().await?;
    let (account, session) = (&signed_in.account.id, &signed_in.session.id);
    change.accounts().end_session(account, session).await?;
    change.commit(None, Done::ok()).await?;
    let provider = call.role.single_sign_on.as_ref();
    let provider = provider.filter(|_| signed_in.session.way == SignInWay::SingleSignOn);
    let continue_at = match provider {
        Some(provider) => provider.sign_out_url().await.map(String::from),
        None => None,
    };
    Ok(Answer(SignedOut { continue_at }))
}

/// `GET /v1/console/sessions`
pub(crate) async fn sessions(call: Call) -> Result<Answer<ConsoleSessions>, Refusal> {
    let signed_in = signed_in(&call)?;
    let mut work = call.role.store.global(Access::Read).await?;
    let sessions = work
        .accounts()
        .list_sessions(&signed_in.account.id, call.now())
        .await?;
    let items = sessions
        .into_iter()
        .map(|session| session_item(session, &signed_in.session.id));
    Ok(Answer(ConsoleSessions {
        items: items.collect(),
    }))
}

/// `DELETE /v1/console/sessions/{id}`
pub(crate) async fn end_one(call: Call, Path(ById { id }): Path<ById<String>>) -> Result<NoContent, Refusal> {
    let signed_in = signed_in(&call)?;
    let mut change = call.global_change().await?;
    if !change.accounts().end_session(&signed_in.account.id, &id).await? {
        return Err(Refusal::of(ErrorCode::AccountNotFound).describe("you have no such session"));
    }
    change.commit(None, Done::no_content()).await?;
    Ok(NoContent)
}

/// `DELETE /v1/console/sessions`: all but the one that asks.
pub(crate) async fn end_others(call: Call) -> Result<NoContent, Refusal> {
    let signed_in = signed_in(&call)?;
    let mut change = call.global_change().await?;
    let keep = Some(signed_in.session.id.as_str());
    let ended = change
        .accounts()
        .end_sessions(&signed_in.account.id, keep)
        .await?;
    change
        .commit(None, Done::no_content().note("sessions", ended))
        .await?;
    Ok(NoContent)
}

/// `POST /v1/console/password`: ends every other session.
pub(crate) async fn change_password(
    call: Call,
    Body(body): Body<ChangePassword>,
) -> Result<NoContent, Refusal> {
    let signed_in = signed_in(&call)?;
    let id = signed_in.account.id.as_str();
    let limits = &call.role.limits;
    limits.count_towards(&PASSWORDS, "sign_in", id).await?;
    let proved = password::proves(&call, Some(&signed_in.account), &body.current).await;
    if !matches!(proved, Ok(false)) {
        limits.give_back(&PASSWORDS, id).await;
    }
    if !proved? {
        let sentence = "is not your password";
        return Err(Refusal::invalid_field(
            ErrorCode::InvalidAccount,
            "current",
            sentence,
        ));
    }
    let stored = password::stored(&call, &body.password).await?;
    let mut change = call.global_change().await?;
    change.accounts().lock().await?;
    let account = change.accounts().get(id).await?;
    let mut account = account
        .filter(|account| account.password == signed_in.account.password)
        .ok_or_else(|| Refusal::of(ErrorCode::AccountNotFound))?;
    account.password = Some(stored);
    account.updated_at = call.now();
    change.accounts().update(&account).await?;
    let keep = Some(signed_in.session.id.as_str());
    change.accounts().end_sessions(id, keep).await?;
    change.commit(None, Done::no_content()).await?;
    Ok(NoContent)
}
