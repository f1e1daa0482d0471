//! Passkeys: registered behind a fresh sign-in, and presented instead of a password.

use std::time::Duration;

use caracal_core::entity::SignInWay;
use caracal_crypto::webauthn::{self, Ceremony, Known, PasskeyError};
use caracal_service::{
    Refusal,
    front::{Answer, Body, ById, Created, NoContent, Path},
    sampled,
    signed_in::SignedIn,
};
use caracal_storage::{Access, Account, AccountPasskey, Error};
use caracal_wire::{
    ErrorCode,
    control::accounts::{
        Base64Url, BegunPasskey, BegunPasskeyRegistration, FinishPasskey, NewSession, PasskeyItem,
        PasskeyItems, RegisterPasskey,
    },
};

use super::{own::signed_in, session, single_sign_on};
use crate::{
    call::Call,
    change::Done,
    deps::RelyingParty,
    metrics,
    sign_in_state::{self, Purpose},
};

/// How long a person may take with their authenticator.
const LIFETIME: Duration = Duration::from_mins(5);
/// How long after signing in somebody may change how they sign in.
const FRESH: Duration = Duration::from_mins(10);
/// Most passkeys of an account.
const MAX_PASSKEYS: usize = 20;

fn relying_party(call: &Call) -> Result<&RelyingParty, Refusal> {
    call.role.config.relying_party.as_ref().ok_or_else(|| {
        Refusal::of(ErrorCode::SignInWayNotConfigured)
            .describe("passkeys need CONSOLE_URL, with https or at localhost")
    })
}

impl RelyingParty {
    fn asked<'a>(&'a self, challenge: &'a str) -> Ceremony<'a> {
        Ceremony {
            challenge,
            origin: &self.origin,
            relying_party: &self.id,
        }
    }
}

/// A session that somebody left open, or took, is no reason to let them stay for good.
fn require_fresh(call: &Call, signed_in: &SignedIn) -> Result<(), Refusal> {
    if signed_in.session.created_at.plus(FRESH) > call.now() {
        return Ok(());
    }
    Err(Refusal::of(ErrorCode::FreshSignInRequired)
        .describe("sign in again first: this changes how you sign in"))
}

/// Whom a provider's claims let in signs in there alone, so that they are out once the claims say so.
pub(super) fn has_own_ways(account: &Account) -> bool {
    !account.created_by.starts_with(single_sign_on::MADE_BY_CLAIMS)
}

fn require_own_ways(account: &Account) -> Result<(), Refusal> {
    if has_own_ways(account) {
        return Ok(());
    }
    Err(Refusal::of(ErrorCode::PasskeyNotAllowed)
        .describe("you are let in by what your identity provider says, and sign in there"))
}

fn item(passkey: AccountPasskey) -> PasskeyItem {
    PasskeyItem {
        id: passkey.id,
        name: passkey.name,
        backed_up: passkey.backed_up,
        created_at: passkey.created_at,
        last_used_at: passkey.last_used_at,
    }
}

fn refused(call: &Call, error: PasskeyError) -> Refusal {
    if let Some(left_out) = sampled::of_refusal(("api", "passkey"), &call.role.world) {
        tracing::warn!(%error, left_out, "a passkey was refused");
    }
    Refusal::of(ErrorCode::SignInRefused)
        .describe("this passkey proves no account here, or the account is locked")
        .authenticate("Bearer")
}

/// `GET /v1/console/passkeys`
pub(crate) async fn list(call: Call) -> Result<Answer<PasskeyItems>, Refusal> {
    let signed_in = signed_in(&call)?;
    let mut work = call.role.store.global(Access::Read).await?;
    let passkeys = work.accounts().list_passkeys(&signed_in.account.id).await?;
    Ok(Answer(PasskeyItems {
        items: passkeys.into_iter().map(item).collect(),
    }))
}

/// `POST /v1/console/passkeys/registration`: leaves nothing behind.
pub(crate) async fn begin_registration(call: Call) -> Result<Answer<BegunPasskeyRegistration>, Refusal> {
    let (party, signed_in) = (relying_party(&call)?, signed_in(&call)?);
    require_fresh(&call, &signed_in)?;
    let account = &signed_in.account;
    require_own_ways(account)?;
    let mut work = call.role.store.global(Access::Read).await?;
    let known = work.accounts().list_passkeys(&account.id).await?;
    let (keys, world) = (&call.role.token_keys, &call.role.world);
    // Of this session: it stands in the place of a browser's secret.
    let (challenge, expires_at) = sign_in_state::begin_with(
        keys,
        world,
        Purpose::PasskeyRegistration,
        &signed_in.session.id,
        LIFETIME,
    );
    Ok(Answer(BegunPasskeyRegistration {
        challenge,
        relying_party: party.id.clone(),
        user_handle: Base64Url(account.id.clone().into_bytes()),
        name: account.email.clone(),
        display_name: account.name.clone(),
        known: known
            .into_iter()
            .map(|passkey| Base64Url(passkey.credential_id))
            .collect(),
        expires_at,
    }))
}

/// `POST /v1/console/passkeys`
pub(crate) async fn register(
    call: Call,
    Body(body): Body<RegisterPasskey>,
) -> Result<Created<PasskeyItem>, Refusal> {
    let (party, signed_in) = (relying_party(&call)?, signed_in(&call)?);
    require_fresh(&call, &signed_in)?;
    require_own_ways(&signed_in.account)?;
    let keys = &call.role.token_keys;
    let purpose = Purpose::PasskeyRegistration;
    let proof = sign_in_state::prove(keys, call.now(), purpose, &body.challenge, &signed_in.session.id)?;
    let algorithm = webauthn::PasskeyAlgorithm::of_cose(body.algorithm);
    let algorithm = algorithm.ok_or_else(|| {
        let rule = "must be -7, -8 or -257";
        Refusal::invalid_field(ErrorCode::InvalidPasskey, "algorithm", rule)
    })?;
    let registered = webauthn::register(
        party.asked(&body.challenge),
        &body.client_data.0,
        &body.authenticator_data.0,
        &body.public_key.0,
        algorithm,
    );
    let registered = registered.map_err(|error| {
        let rule = format!("the passkey is refused: {error}");
        Refusal::invalid_field(ErrorCode::InvalidPasskey, "", rule)
    })?;
    let passkey = AccountPasskey {
        id: call.role.world.uuid_v7().to_string(),
        account_id: signed_in.account.id.clone(),
        credential_id: registered.credential_id,
        public_key: body.public_key.0,
        algorithm: algorithm.as_str().to_owned(),
        counter: registered.counter,
        backup_eligible: registered.backup_eligible,
        backed_up: registered.backed_up,
        name: body.name.0,
        created_at: call.now(),
        last_used_at: None,
    };
    let mut change = call.global_change().await?;
    change.accounts().lock().await?;
    proof.finish(change.accounts()).await?;
    if change.accounts().list_passkeys(&passkey.account_id).await?.len() >= MAX_PASSKEYS {
        let rule = format!("an account has {MAX_PASSKEYS} passkeys at most; remove one first");
        return Err(Refusal::invalid_field(ErrorCode::InvalidPasskey, "", rule));
    }
    match change.accounts().add_passkey(&passkey).await {
        Ok(()) => {}
        Err(Error::Conflict { .. }) => {
            let rule = "this passkey is registered already";
            return Err(Refusal::invalid_field(ErrorCode::InvalidPasskey, "", rule));
        }
        Err(error) => return Err(error.into()),
    }
    change.commit(None, Done::created(&passkey.id)).await?;
    Ok(Created(item(passkey)))
}

/// `DELETE /v1/console/passkeys/{id}`
pub(crate) async fn remove(call: Call, Path(ById { id }): Path<ById<String>>) -> Result<NoContent, Refusal> {
    let signed_in = signed_in(&call)?;
    require_fresh(&call, &signed_in)?;
    let mut change = call.global_change().await?;
    if !change
        .accounts()
        .remove_passkey(&signed_in.account.id, &id)
        .await?
    {
        return Err(Refusal::of(ErrorCode::AccountNotFound).describe("you have no such passkey"));
    }
    change.commit(None, Done::no_content()).await?;
    Ok(NoContent)
}

/// `POST /v1/console/passkey/begin`: leaves nothing behind, and tells nothing of any account.
pub(crate) async fn begin(call: Call) -> Result<Answer<BegunPasskey>, Refusal> {
    let party = relying_party(&call)?;
    let begun = sign_in_state::begin(
        &call.role.token_keys,
        &call.role.world,
        Purpose::Passkey,
        LIFETIME,
    );
    Ok(Answer(BegunPasskey {
        challenge: begun.state,
        relying_party: party.id.clone(),
        browser: begun.browser.expose().to_owned(),
        expires_at: begun.expires_at,
    }))
}

/// `POST /v1/console/passkey/finish`
pub(crate) async fn finish(
    call: Call,
    Body(body): Body<FinishPasskey>,
) -> Result<Answer<NewSession>, Refusal> {
    let finished = finish_counted(&call, body).await;
    metrics::sign_in_ended(SignInWay::Passkey, &finished);
    finished.map(Answer)
}

async fn finish_counted(call: &Call, body: FinishPasskey) -> Result<NewSession, Refusal> {
    let party = relying_party(call)?;
    let keys = &call.role.token_keys;
    let proof = sign_in_state::prove(keys, call.now(), Purpose::Passkey, &body.challenge, &body.browser)?;

    // What is presented is proved before anything is locked for it.
    let mut work = call.role.store.global(Access::Read).await?;
    let found = work.accounts().find_passkey(&body.credential_id.0).await?;
    drop(work);
    let passkey = found.ok_or_else(|| refused(call, PasskeyError::Key))?;
    let algorithm = webauthn::PasskeyAlgorithm::parse(&passkey.algorithm);
    let known = Known {
        public_key: &passkey.public_key,
        algorithm: algorithm.ok_or_else(|| refused(call, PasskeyError::Key))?,
        counter: passkey.counter,
        backup_eligible: passkey.backup_eligible,
    };
    let proven = webauthn::prove(
        party.asked(&body.challenge),
        known,
        &body.client_data.0,
        &body.authenticator_data.0,
        &body.signature.0,
    );
    let proven = proven.map_err(|error| refused(call, error))?;

    let mut change = call.global_change().await?;
    change.accounts().lock().await?;
    let account = change.accounts().get(&passkey.account_id).await?;
    let account = account.ok_or_else(|| refused(call, PasskeyError::Key))?;
    let of_account = body
        .user_handle
        .is_none_or(|handle| handle.0 == account.id.as_bytes());
    if !of_account || account.locked_at.is_some() || !has_own_ways(&account) {
        return Err(refused(call, PasskeyError::Key));
    }
    proof.finish(change.accounts()).await?;
    // Of two that present the same counter one is another authenticator; and it may have been removed meanwhile.
    let used = change
        .accounts()
        .use_passkey(&passkey.id, proven.counter, proven.backed_up, call.now())
        .await?;
    if !used {
        return Err(refused(call, PasskeyError::Counter));
    }
    let (way, browser) = (SignInWay::Passkey, body.user_agent.as_deref());
    let done = Done::ok().note("passkey_id", passkey.id);
    session::finish(call, change, account, way, browser, done).await
}
