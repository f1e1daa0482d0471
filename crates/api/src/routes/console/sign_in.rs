//! `POST /v1/console/sign-in`
//!
//! Guesses are counted before they are judged, by the browser that somebody signed in with before, or else by the account:
//! whoever guesses at an account from elsewhere closes it for strangers, and never for its holder's own browsers or for
//! any other account. All guesses from one address are counted together before anything is looked up or derived for one,
//! whatever accounts they name: an address that guesses at many closes itself. What was right, or could not be judged, is given
//! back everywhere: only what was refused brings anybody nearer to a limit.

use std::time::Duration;

use caracal_core::entity::SignInWay;
use caracal_service::{
    Refusal,
    front::{Answer, Body},
    limits::Rule,
};
use caracal_storage::{Access, Account};
use caracal_wire::{
    ErrorCode,
    control::accounts::{NewSession, SetupState, SignIn},
};

use super::{password, session};
use crate::{call::Call, change::Done, metrics};

const WINDOW: Duration = Duration::from_mins(15);
/// Of one browser at one account.
const OF_DEVICE: Rule = Rule::new("api:sign_in:device:", 20, WINDOW);
/// Of all other browsers at one account.
const OF_STRANGERS: Rule = Rule::new("api:sign_in:account:", 20, WINDOW);

/// Of one address, at whatever accounts.
const OF_ADDRESS: Rule = Rule::new("api:sign_in:address:", 100, WINDOW);

pub(crate) async fn handle(call: Call, Body(body): Body<SignIn>) -> Result<Answer<NewSession>, Refusal> {
    let email = body.email.0.as_str();
    let limits = &call.role.limits;
    limits.count_address(&OF_ADDRESS, "sign_in", call.peer).await?;
    let rules = [&OF_DEVICE, &OF_STRANGERS];
    let counted = session::counted_account(&call, rules, email, body.device.as_deref()).await?;

    let proved = password::proves(&call, counted.account.as_ref(), &body.password).await;
    let locked = |account: &Account| account.locked_at.is_some();
    let closed = counted.account.as_ref().is_none_or(locked);
    let wrong = proved.as_ref().is_ok_and(|proved| !proved || closed);
    if !wrong {
        limits.give_back_address(&OF_ADDRESS, call.peer).await;
        counted.give_back(&call).await;
    }
    proved?;
    let seen = counted.account.filter(|_| !wrong).ok_or_else(refused)?;
    let mut change = call.global_change().await?;
    change.accounts().lock().await?;
    // What was proved is proved of the account as it is now.
    let now = change.accounts().get(&seen.id).await?;
    let account = now
        .filter(|account| account.locked_at.is_none() && account.password == seen.password)
        .ok_or_else(refused)?;
    let (way, browser) = (SignInWay::Password, body.user_agent.as_deref());
    let started = session::finish(&call, change, account, way, browser, Done::ok()).await?;
    metrics::signed_in(way, "signed_in");
    Ok(Answer(started))
}

fn refused() -> Refusal {
    metrics::signed_in(SignInWay::Password, "refused");
    Refusal::of(ErrorCode::SignInRefused)
        .describe("no account has this address and this password, or it is locked")
        .authenticate("Bearer")
}

/// `GET /v1/console/setup`
pub(crate) async fn setup(call: Call) -> Result<Answer<SetupState>, Refusal> {
    let mut work = call.role.store.global(Access::Read).await?;
    let needed = work.accounts().count_owners().await? == 0;
    let single_sign_on = call
        .role
        .single_sign_on
        .as_ref()
        .map(|provider| provider.name().to_owned());
    Ok(Answer(SetupState {
        needed,
        single_sign_on,
        email_codes: call.role.mailer.is_some(),
        passkeys: call.role.config.relying_party.is_some(),
    }))
}
