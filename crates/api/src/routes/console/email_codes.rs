//! One-time codes by e-mail.
//!
//! A code follows from the sign-in that began, its browser and the address, so nothing is kept of it. Whether an address has an
//! account is told by nothing: not by the answer, not by how long it takes, not by a limit.

use std::time::Duration;

use caracal_core::{Secret, entity::SignInWay};
use caracal_crypto::{constant_time_eq, sha256};
use caracal_service::{
    Refusal,
    front::{Answer, Body},
    limits::Rule,
};
use caracal_storage::{Access, Account};
use caracal_wire::{
    ErrorCode,
    control::accounts::{AskEmailCode, BegunEmailCode, FinishEmailCode, NewSession},
};

use super::{passkeys::has_own_ways, session};
use crate::{
    call::Call,
    change::Done,
    metrics,
    sign_in_state::{self, Proof, Purpose},
};

/// How long a code is good.
const LIFETIME: Duration = Duration::from_mins(10);
/// How often one may be typed.
const MAX_TRIES: u32 = 5;
const WINDOW: Duration = Duration::from_mins(15);
/// Mails that a browser asks for where somebody signed in before.
const OF_DEVICE: Rule = Rule::new("api:email_code:device:", 5, WINDOW);
/// Mails to one address that all other browsers ask for.
const OF_STRANGERS: Rule = Rule::new("api:email_code:address:", 5, WINDOW);

fn not_configured() -> Refusal {
    Refusal::of(ErrorCode::SignInWayNotConfigured).describe("no mail is sent by this deployment")
}

/// Eight digits, which follow from the sign-in and the address.
fn code(proof: &Proof<'_>, email: &str) -> Secret {
    let derived = sha256(proof.derived(&format!("email code {email}")).expose().as_bytes());
    let number = derived
        .iter()
        .take(8)
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    Secret::new(format!("{:08}", number % 100_000_000))
}

fn may_sign_in(account: &Account) -> bool {
    account.locked_at.is_none() && has_own_ways(account)
}

/// `POST /v1/console/email-code/begin`
pub(crate) async fn begin(
    call: Call,
    Body(body): Body<AskEmailCode>,
) -> Result<Answer<BegunEmailCode>, Refusal> {
    let mailer = call.role.mailer.clone().ok_or_else(not_configured)?;
    let email = body.email.0.as_str();
    let rules = [&OF_DEVICE, &OF_STRANGERS];
    let counted = session::counted_account(&call, rules, email, body.device.as_deref()).await?;

    let (keys, world) = (&call.role.token_keys, &call.role.world);
    let begun = sign_in_state::begin(keys, world, Purpose::EmailCode, LIFETIME);
    let code = code(&begun.proof(), email);
    if counted.account.as_ref().is_some_and(may_sign_in) {
        let text = format!(
            "Your code for Caracal is {}\n\nIt is good for ten minutes, in the browser that asked for it. Nobody of Caracal asks \
             you for it.\nIf you did not ask for it, somebody typed your address; without the code they cannot sign in.\n",
            code.expose()
        );
        mailer.send(email, "Your code for Caracal", text);
    }
    Ok(Answer(BegunEmailCode {
        browser: begun.browser.expose().to_owned(),
        state: begun.state,
        expires_at: begun.expires_at,
    }))
}

/// `POST /v1/console/email-code/finish`
pub(crate) async fn finish(
    call: Call,
    Body(body): Body<FinishEmailCode>,
) -> Result<Answer<NewSession>, Refusal> {
    let finished = finish_counted(&call, body).await;
    metrics::sign_in_ended(SignInWay::EmailCode, &finished);
    finished.map(Answer)
}

fn refused() -> Refusal {
    Refusal::of(ErrorCode::SignInRefused)
        .describe("the code is not that of the mail, or the account is locked")
        .authenticate("Bearer")
}

async fn finish_counted(call: &Call, body: FinishEmailCode) -> Result<NewSession, Refusal> {
    if call.role.mailer.is_none() {
        return Err(not_configured());
    }
    let keys = &call.role.token_keys;
    let proof = sign_in_state::prove(keys, call.now(), Purpose::EmailCode, &body.state, &body.browser)?;
    // Each try counts before it is judged, on the record: a limit that is away would let everything be tried.
    let mut work = call.role.store.global(Access::Write).await?;
    let counted = work
        .accounts()
        .count_attempt(&proof.digest(), MAX_TRIES, proof.expires_at)
        .await?;
    work.commit().await?;
    if !counted {
        return Err(sign_in_state::expired());
    }
    let email = body.email.0.as_str();
    let typed: String = body.code.chars().filter(|one| !one.is_whitespace()).collect();
    if !constant_time_eq(typed.as_bytes(), code(&proof, email).expose().as_bytes()) {
        return Err(refused());
    }

    let mut change = call.global_change().await?;
    change.accounts().lock().await?;
    let account = change.accounts().of_email(email).await?;
    let account = account.filter(may_sign_in).ok_or_else(refused)?;
    proof.finish(change.accounts()).await?;
    let (way, browser) = (SignInWay::EmailCode, body.user_agent.as_deref());
    session::finish(call, change, account, way, browser, Done::ok()).await
}
