//! A client redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5), or a refresh token (§6).

use std::net::IpAddr;

use caracal_core::{AuthorityRecordId, ScopeSet, SignInRules, Timestamp};
use caracal_crypto::{DpopProof, constant_time_eq, pkce, sha256_hex};
use caracal_events::shortlived::{Claim, generation_of};
use caracal_lifecycle::{EndReason, end_record};
use caracal_service::{Refusal, contention::Attempts};
use caracal_storage::Access;
use caracal_wire::{ErrorCode, sts::TokenResponse};

use super::{
    BY_OTHER_KEYS, OF_A_PERSON, RENEWALS,
    agreed::{Agreed, Code, Renewal},
    client,
    evidence::{self, Outcome},
    place::Place,
    sealed::open,
    session::{self, Begun},
    tokens,
};
use crate::{
    StsDeps,
    authenticate::{stranger, unavailable},
    case::Case,
    fields::Fields,
    metrics,
    possession::{self, Possession},
};

const CODE: &str = "authorization_code";
const REFRESH: &str = "refresh_token";

/// Recorded on what ends because a code or a refresh token came twice, and sent to those who ask why.
const REASON: &str = "sign_in_token_reused";

/// Whether a form is one of a client that somebody signed in with.
pub(crate) fn is_of_client(fields: &Fields<'_>) -> bool {
    matches!(fields.get("grant_type"), Some(CODE | REFRESH))
}

/// 400 for a grant that gets nothing (RFC 6749 §5.2).
pub(super) fn invalid_grant(why: &'static str) -> Refusal {
    Refusal::of(ErrorCode::InvalidGrant).describe(why)
}

fn invalid_request(why: &'static str) -> Refusal {
    Refusal::of(ErrorCode::InvalidRequest).describe(why)
}

/// Answers with tokens.
///
/// # Errors
/// 400 with the codes of RFC 6749 §5.2 and RFC 8707 §2; 429; 503.
pub(crate) async fn redeem(
    deps: &StsDeps,
    fields: &Fields<'_>,
    possession: Possession<'_>,
    request_id: &str,
    peer: Option<IpAddr>,
) -> Result<TokenResponse, Refusal> {
    if let Some(wait) = deps.limits.stranger_waits(peer) {
        return Err(wait);
    }
    if !deps.revocations.is_fresh() {
        return Err(unavailable());
    }
    let redeemed = match fields.get("grant_type") {
        Some(CODE) => of_code(deps, fields, possession, request_id).await,
        _ => of_refresh(deps, fields, possession, request_id).await,
    };
    match &redeemed {
        Ok(_) => metrics::signed_in("granted"),
        Err(refusal) if refusal.status.is_server_error() => metrics::signed_in("unavailable"),
        Err(refusal) => {
            metrics::signed_in("refused");
            // Whoever tries what may be a code is counted like others who prove nothing.
            if refusal.code == ErrorCode::InvalidGrant {
                let counted = stranger(deps, peer).await;
                if counted.code == ErrorCode::ProviderRateLimited {
                    return Err(counted);
                }
            }
        }
    }
    redeemed
}

async fn of_code(
    deps: &StsDeps,
    fields: &Fields<'_>,
    possession: Possession<'_>,
    request_id: &str,
) -> Result<TokenResponse, Refusal> {
    let given = |name| {
        fields
            .get(name)
            .ok_or_else(|| invalid_request("code, client_id, redirect_uri and code_verifier are required"))
    };
    let (text, client_id) = (given("code")?, given("client_id")?);
    let (redirect_uri, verifier) = (given("redirect_uri")?, given("code_verifier")?);
    let unknown = || invalid_grant("the code is unknown, was redeemed, or is of another client");
    let code: Code = open(deps, text).ok_or_else(unknown)?;
    let agreed = &code.agreed;
    // What is wrong is told before anything is claimed: a client that is not the one spoils nothing of the one that is.
    let is_own = client_is(agreed, client_id)
        && redirect_uri == code.redirect_uri
        && code.expires_at > deps.world.now();
    if !is_own || !pkce::fits(verifier, &code.challenge) {
        return Err(unknown());
    }
    let (mut case, rules) = case(deps, agreed, fields, request_id).await?;
    let proof = bind(&mut case, &rules, possession).await?;
    if !code.key.allows(case.bound_to.as_deref()) {
        return Err(by_other_key(&case, agreed).await);
    }
    let person = [agreed.zone.as_str(), agreed.subject.as_str()].join(" ");
    let person = sha256_hex(person.as_bytes());
    deps.limits
        .count_towards(&OF_A_PERSON, "sign_ins_of_a_person", &person)
        .await?;
    possession::spend(&case, proof.as_ref()).await?;
    claim_once(&case, agreed, &code.jti, code.expires_at).await?;
    let begun = session::begin(deps, &case.zone, &case.application, agreed, &rules.labels).await?;
    let Some(begun) = begun else {
        evidence::write(&case, agreed, None, Outcome::Ended).await?;
        return Err(invalid_grant("the person took back what they agreed to"));
    };
    // A thief may have come with the same code while the sessions were made: then they have ended with it.
    let spoilt = deps.replay.claim(&met(&agreed.record), code.expires_at).await;
    if !spoilt.map_err(|_| unavailable())? {
        end(deps, agreed).await?;
        evidence::write(&case, agreed, None, Outcome::Repeated).await?;
        return Err(unknown());
    }
    answer(&case, agreed, &begun).await
}

async fn of_refresh(
    deps: &StsDeps,
    fields: &Fields<'_>,
    possession: Possession<'_>,
    request_id: &str,
) -> Result<TokenResponse, Refusal> {
    let given = |name| {
        fields
            .get(name)
            .ok_or_else(|| invalid_request("refresh_token and client_id are required"))
    };
    let (text, client_id) = (given(REFRESH)?, given("client_id")?);
    let unknown = || invalid_grant("the refresh token is unknown, was used, or is of another client");
    let renewal: Renewal = open(deps, text).ok_or_else(unknown)?;
    let agreed = &renewal.agreed;
    if !client_is(agreed, client_id) || agreed.ends_at <= deps.world.now() {
        return Err(unknown());
    }
    let (mut case, rules) = case(deps, agreed, fields, request_id).await?;
    // What is bound stays so, whoever got hold of it, and is not used up by them (RFC 9449 §5). What is not, becomes so.
    if renewal.bound_to.is_some() && !possession.is_claimed() {
        return Err(by_other_key(&case, agreed).await);
    }
    let proof = bind(&mut case, &rules, possession).await?;
    if renewal.bound_to.is_some() && renewal.bound_to != case.bound_to {
        return Err(by_other_key(&case, agreed).await);
    }
    // Less than was agreed to is not asked for anew: every call is minted for alone.
    let asked = fields.get("scope").map(ScopeSet::parse);
    if asked.is_some_and(|asked| !asked.is_subset(&agreed.scopes)) {
        return Err(Refusal::of(ErrorCode::InvalidScope).describe("scope: more than the person agreed to"));
    }
    // Each leaves a mark that is kept for as long as the sign-in lives.
    deps.limits
        .count_towards(&RENEWALS, "sign_in_renewals", agreed.record.as_str())
        .await?;
    possession::spend(&case, proof.as_ref()).await?;
    claim_once(&case, agreed, &renewal.jti, agreed.ends_at).await?;
    let begun = Begun {
        session: renewal.session.clone(),
        delegation: renewal.delegation.clone(),
    };
    answer(&case, agreed, &begun).await
}

async fn answer(case: &Case<'_>, agreed: &Agreed, begun: &Begun) -> Result<TokenResponse, Refusal> {
    let tokens = match tokens::issue(case, agreed, begun).await {
        Ok(tokens) => tokens,
        Err(refusal) => {
            if refusal.code == ErrorCode::InvalidGrant {
                evidence::write(case, agreed, None, Outcome::Ended).await?;
            }
            return Err(refusal);
        }
    };
    let begun = Some((&begun.session, &begun.delegation));
    evidence::write(case, agreed, begun, Outcome::Granted).await?;
    Ok(tokens)
}

/// Binds what is issued to the key that the client proves to hold, where it proves one.
///
/// # Errors
/// 400 for a proof that does not hold, and without one where nobody gets anything without; 503.
async fn bind(
    case: &mut Case<'_>,
    rules: &SignInRules,
    possession: Possession<'_>,
) -> Result<Option<DpopProof>, Refusal> {
    let proof = possession.verify(case.deps).await?;
    if rules.dpop_required && proof.is_none() {
        return Err(possession::invalid(
            "send a proof: tokens for the resource are bound to a key",
        ));
    }
    case.bound_to = proof.as_ref().map(|proof| proof.thumbprint.clone());
    Ok(proof)
}

/// The refusal of whoever does not hold the key that something is bound to, once it is written down. Counted apart from what
/// the holder does: a thief's attempts cost them nothing.
async fn by_other_key(case: &Case<'_>, agreed: &Agreed) -> Refusal {
    let limits = &case.deps.limits;
    let counted = limits.count_towards(&BY_OTHER_KEYS, "sign_in_other_keys", agreed.record.as_str());
    if let Err(wait) = counted.await {
        return wait;
    }
    metrics::proved("other_key");
    match evidence::write(case, agreed, None, Outcome::OtherKey).await {
        Ok(()) => invalid_grant("it is bound to a key: send a proof by that key"),
        Err(refusal) => refusal,
    }
}

fn client_is(agreed: &Agreed, client_id: &str) -> bool {
    constant_time_eq(client::digest(client_id).as_bytes(), agreed.client.as_bytes())
}

/// The application as it is now, and how people sign in for it: whoever may not sign in there any more is given nothing.
async fn case<'c>(
    deps: &'c StsDeps,
    agreed: &Agreed,
    fields: &Fields<'_>,
    request_id: &'c str,
) -> Result<(Case<'c>, SignInRules), Refusal> {
    // RFC 8707 §2.2: the one that was agreed to.
    if fields
        .get("resource")
        .is_some_and(|resource| resource != agreed.resource)
    {
        return Err(Refusal::of(ErrorCode::InvalidTarget).describe("resource: another than was agreed to"));
    }
    let place = Place::again(deps, &agreed.zone, &agreed.resource).await?;
    let place = place
        .filter(|place| place.application.id == agreed.application && place.zone.zone.frozen_at.is_none());
    let place = place.ok_or_else(|| invalid_grant("nobody signs in for the resource any more"))?;
    let case = Case {
        deps,
        zone: place.zone,
        application: place.application,
        request_id,
        now: deps.world.now(),
        bound_to: None,
    };
    Ok((case, place.rules))
}

/// Claims what is good once. What comes twice was stolen by one of the two (RFC 9700 §4.14): everything that came of it ends.
async fn claim_once(case: &Case<'_>, agreed: &Agreed, jti: &str, until: Timestamp) -> Result<(), Refusal> {
    let deps = case.deps;
    let key = format!("sign-in:once:{}", sha256_hex(jti.as_bytes()));
    let claimed = deps
        .replay
        .claim_of(agreed.zone.as_str(), generation_of(jti), &key, until)
        .await;
    match claimed {
        Ok(Claim::First) => Ok(()),
        // Whether it was used can never be known: the person signs in again.
        Ok(Claim::Forgotten) => Err(invalid_grant("the memory of used tokens was lost; sign in again")),
        Ok(Claim::Repeated) => {
            // Before what there is ends: whoever is just making it finds this.
            let _ = deps
                .replay
                .claim(&met(&agreed.record), until)
                .await
                .map_err(|_| unavailable())?;
            end(deps, agreed).await?;
            evidence::write(case, agreed, None, Outcome::Repeated).await?;
            Err(invalid_grant("it was used before, so the sign-in has ended"))
        }
        Err(error) => {
            tracing::error!(%error, "cannot tell whether a code or a refresh token was used");
            Err(unavailable())
        }
    }
}

/// What is claimed by whoever makes the sessions of a sign-in, once they are there, and by whoever finds that it must end.
fn met(record: &AuthorityRecordId) -> String {
    format!("sign-in:met:{record}")
}

/// Ends the authority record of a sign-in, and with it its sessions and delegations.
async fn end(deps: &StsDeps, agreed: &Agreed) -> Result<(), Refusal> {
    let mut attempts = Attempts::default();
    loop {
        let ended = end_once(deps, agreed).await;
        if !attempts.again(&deps.world, ended.as_ref().err()).await {
            return ended.map_err(|_| unavailable());
        }
    }
}

async fn end_once(deps: &StsDeps, agreed: &Agreed) -> Result<(), Refusal> {
    let mut work = deps.store.zone(&agreed.zone, Access::Write).await?;
    let ended = end_record(
        work.as_mut(),
        &deps.world,
        &agreed.record,
        EndReason::word(REASON),
    )
    .await?;
    if ended.is_empty() {
        return Ok(());
    }
    work.commit().await?;
    deps.outbox.announce().await;
    Ok(())
}
