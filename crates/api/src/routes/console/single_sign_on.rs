//! Signing in at the deployment's `OpenID` provider.

use std::{sync::Arc, time::Duration};

use caracal_core::entity::SignInWay;
use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_storage::Account;
use caracal_wire::{
    ErrorCode,
    control::{
        accounts::{BegunSingleSignOn, FinishSingleSignOn, NewSession},
        connections::{AuthorizationDenied, ProviderAuthorizationError},
    },
};

use super::session;
use crate::{
    call::Call,
    change::{Done, GlobalChange},
    metrics,
    sign_in_state::{self, Purpose},
    single_sign_on::{Person, SingleSignOn},
};

/// What `created_by` of an account begins with that claims made; the issuer follows.
pub(super) const MADE_BY_CLAIMS: &str = "single-sign-on:";
/// How long a person may take at the provider.
const LIFETIME: Duration = Duration::from_mins(10);
/// What the provider's failures are told as.
pub(in crate::routes) const PROVIDER: [ErrorCode; 2] = [
    ErrorCode::IdentityProviderFailed,
    ErrorCode::IdentityProviderUnavailable,
];

fn provider(call: &Call) -> Result<Arc<SingleSignOn>, Refusal> {
    call.role.single_sign_on.clone().ok_or_else(|| {
        Refusal::of(ErrorCode::SignInWayNotConfigured)
            .describe("no OpenID provider is configured for the console")
    })
}

/// `POST /v1/console/single-sign-on/begin`: leaves nothing behind.
pub(crate) async fn begin(call: Call) -> Result<Answer<BegunSingleSignOn>, Refusal> {
    let provider = provider(&call)?;
    let (keys, world) = (&call.role.token_keys, &call.role.world);
    let begun = sign_in_state::begin(keys, world, Purpose::SingleSignOn, LIFETIME);
    call.release_turn();
    let authorization_url = provider.authorization_url(&begun.proof(), &begun.state).await?;
    Ok(Answer(BegunSingleSignOn {
        authorization_url: authorization_url.into(),
        browser: begun.browser.expose().to_owned(),
        expires_at: begun.expires_at,
    }))
}

/// `POST /v1/console/single-sign-on/finish`
pub(crate) async fn finish(
    call: Call,
    Body(body): Body<FinishSingleSignOn>,
) -> Result<Answer<NewSession>, Refusal> {
    let finished = finish_counted(&call, body).await;
    metrics::sign_in_ended(SignInWay::SingleSignOn, &finished);
    finished.map(Answer)
}

async fn finish_counted(call: &Call, body: FinishSingleSignOn) -> Result<NewSession, Refusal> {
    let provider = provider(call)?;
    let keys = &call.role.token_keys;
    let proof = sign_in_state::prove(
        keys,
        call.now(),
        Purpose::SingleSignOn,
        &body.state,
        &body.browser,
    )?;
    call.release_turn();
    provider
        .check_issuer(body.iss.as_ref().map(|iss| iss.0.as_str()))
        .await?;
    if let Some(word) = &body.error {
        let denied = AuthorizationDenied {
            error: ProviderAuthorizationError::parse(word),
        };
        return Err(Refusal::of(ErrorCode::ProviderOauthDenied)
            .describe("the identity provider did not sign you in")
            .with_details(&denied)
            .at("error"));
    }
    let code = body.code.ok_or_else(|| {
        Refusal::of(ErrorCode::AuthorizationCodeRequired)
            .describe("the identity provider's answer has neither a code nor an error")
            .at("code")
    })?;
    let person = provider.person(&proof, code.0, call.peer).await?;

    let mut change = call.global_change().await?;
    change.accounts().lock().await?;
    // The provider lets a code be redeemed once; whatever it does, here a sign-in is finished once.
    proof.finish(change.accounts()).await?;
    let admitted = match admit(call, &mut change, &provider, &person).await? {
        Admitted::Account(account) => *account,
        Admitted::NoLonger(account) => {
            // Whom the provider lets in no more keeps nothing that they had.
            change.accounts().end_sessions(&account.id, None).await?;
            let done = Done::with(http::StatusCode::FORBIDDEN).by(&account.id, &account.email);
            change.commit(None, done).await?;
            return Err(not_invited());
        }
    };
    let (id, email) = (admitted.id.clone(), admitted.email.clone());
    let way = SignInWay::SingleSignOn;
    let started = session::start(call, &mut change, admitted, way, body.user_agent.as_deref()).await?;
    let done = Done::ok()
        .by(&id, &email)
        .note("identity_issuer", provider.issuer());
    change.commit(None, done).await?;
    Ok(started)
}

enum Admitted {
    Account(Box<Account>),
    /// The account of a person whom the provider's claims do not let in any more.
    NoLonger(Box<Account>),
}

fn not_invited() -> Refusal {
    Refusal::of(ErrorCode::NotInvited).describe(
        "nobody invited you here, or the identity provider does not say that your address is verified; ask an owner",
    )
}

/// The account of the person: theirs already, that of their verified address, or a new one where the claims say so.
async fn admit(
    call: &Call,
    change: &mut GlobalChange<'_>,
    provider: &SingleSignOn,
    person: &Person,
) -> Result<Admitted, Refusal> {
    let made_by_claims = format!("{MADE_BY_CLAIMS}{}", provider.issuer());
    let known = change
        .accounts()
        .of_identity(provider.issuer(), &person.subject)
        .await?;
    let found = match (known, &person.email) {
        (Some(account), _) => Some(account),
        (None, Some(email)) => change.accounts().of_email(&email.0).await?,
        (None, None) => None,
    };
    let Some(mut account) = found else {
        return make(call, change, provider, person, made_by_claims).await;
    };
    let of_somebody_else = account.identity_issuer.as_deref() == Some(provider.issuer())
        && account.identity_subject.as_deref() != Some(person.subject.as_str());
    if of_somebody_else {
        // An address that went to another person at the provider does not take the account along.
        return Err(not_invited());
    }
    if account.locked_at.is_some() {
        return Err(Refusal::of(ErrorCode::SignInRefused)
            .describe("this account is locked")
            .authenticate("Bearer"));
    }
    if account.created_by == made_by_claims {
        match person.role {
            Some(role) => account.role = role,
            None => return Ok(Admitted::NoLonger(Box::new(account))),
        }
    }
    account.identity_issuer = Some(provider.issuer().to_owned());
    account.identity_subject = Some(person.subject.clone());
    account.last_sign_in_at = Some(call.now());
    change.accounts().update(&account).await?;
    Ok(Admitted::Account(Box::new(account)))
}

/// An account for somebody whom nobody invited by name, but the claims let in.
async fn make(
    call: &Call,
    change: &mut GlobalChange<'_>,
    provider: &SingleSignOn,
    person: &Person,
    created_by: String,
) -> Result<Admitted, Refusal> {
    let (Some(role), Some(email)) = (person.role, &person.email) else {
        return Err(not_invited());
    };
    let now = call.now();
    let account = Account {
        id: call.role.world.uuid_v7().to_string(),
        email: email.0.clone(),
        name: person
            .name
            .clone()
            .unwrap_or_else(|| email.0.chars().take(120).collect()),
        role,
        zones: None,
        password: None,
        identity_issuer: Some(provider.issuer().to_owned()),
        identity_subject: Some(person.subject.clone()),
        locked_at: None,
        created_by,
        created_at: now,
        updated_at: now,
        last_sign_in_at: Some(now),
    };
    change.accounts().create(&account).await?;
    Ok(Admitted::Account(Box::new(account)))
}
