//! A client redeems a code (RFC 6749 §4.1.3, RFC 7636 §4.5), or a refresh token (§6).

use std::net::IpAddr;

use caracal_core::{ScopeSet, SignInRules, Timestamp};
use caracal_crypto::{DpopProof, constant_time_eq, pkce, sha256_hex};
use caracal_events::shortlived::{Claim, generation_of};
use caracal_service::{Refusal, form::FormFields};
use caracal_wire::{ErrorCode, sts::TokenResponse};

use super::{
    RENEWALS, client,
    evidence::{self, Refused},
    place::SignInResource,
    sealed::open,
    session::{self, ClientSession, invalid_grant},
    step_up,
    steps::{Code, Consent, Renewal},
    tokens,
};
use crate::{
    StsDeps,
    authenticate::{stranger, unavailable},
    case::Case,
    given_back::{self, GivenBack},
    metrics,
    possession::{self, Possession},
};

const CODE: &str = "authorization_code";
const REFRESH: &str = "refresh_token";

/// Recorded on what ends because a code or a refresh token came twice, and sent to those who ask why.
const REASON: &str = "sign_in_token_reused";

/// Whether a form is one of a client that somebody signed in with.
pub(crate) fn is_of_client(fields: &FormFields<'_>) -> bool {
    matches!(fields.get("grant_type"), Some(CODE | REFRESH))
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
    fields: &FormFields<'_>,
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
        Some(CODE) => of_code(deps, fields, possession, request_id, peer).await,
        _ => of_refresh(deps, fields, possession, request_id, peer).await,
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
    fields: &FormFields<'_>,
    possession: Possession<'_>,
    request_id: &str,
    peer: Option<IpAddr>,
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
    if code.expires_at <= deps.world.now() {
        return Err(unknown());
    }
    // What is wrong is told before anything is claimed: a client that is not the one spoils nothing of the one that is.
    let wrong = [
        (client_is(agreed, client_id), Refused::OtherClient),
        (redirect_uri == code.redirect_uri, Refused::OtherAddress),
        (pkce::fits(verifier, &code.challenge), Refused::OtherVerifier),
    ];
    if let Some((_, why)) = wrong.into_iter().find(|(fits, _)| !fits) {
        evidence::refused(deps, agreed, why, None, request_id).await?;
        return Err(unknown());
    }
    let proof = possession.verify(deps).await?;
    let proved = key_of(proof.as_ref());
    let client = (client_id, Some(redirect_uri));
    let (case, rules) = case(deps, agreed, client, fields, proof.as_ref(), request_id, peer).await?;
    if !code.key.allows(proved) {
        return Err(by_other_key(deps, agreed, proved, request_id).await);
    }
    possession::spend(&case).await?;
    claim_once(&case, agreed, &code.jti, code.expires_at).await?;
    let begun = session::begin(deps, &case.zone, &case.application, agreed, &rules.labels).await?;
    let Some(begun) = begun else {
        evidence::refused(deps, agreed, Refused::Ended, proved, request_id).await?;
        return Err(invalid_grant("what the person agreed to has ended"));
    };
    answer(&case, agreed, Some(redirect_uri), &begun).await
}

async fn of_refresh(
    deps: &StsDeps,
    fields: &FormFields<'_>,
    possession: Possession<'_>,
    request_id: &str,
    peer: Option<IpAddr>,
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
    if agreed.ends_at <= deps.world.now() {
        return Err(unknown());
    }
    if !client_is(agreed, client_id) {
        evidence::refused(deps, agreed, Refused::OtherClient, None, request_id).await?;
        return Err(unknown());
    }
    // First, since what is bound is not used up by whoever got hold of it (RFC 9449 §5), nor does it tell them anything. What is
    // not bound becomes so.
    if renewal.bound_to.is_some() && !possession.is_claimed() {
        return Err(by_other_key(deps, agreed, None, request_id).await);
    }
    let proof = possession.verify(deps).await?;
    let proved = key_of(proof.as_ref());
    if renewal.bound_to.is_some() && renewal.bound_to.as_deref() != proved {
        return Err(by_other_key(deps, agreed, proved, request_id).await);
    }
    let redirect_uri = renewal.redirect_uri.as_deref();
    let client = (client_id, redirect_uri);
    let (case, _) = case(deps, agreed, client, fields, proof.as_ref(), request_id, peer).await?;
    // Less than was agreed to is not asked for anew: every call is minted for alone.
    let asked = fields.get("scope").map(ScopeSet::parse);
    if asked.is_some_and(|asked| !asked.is_subset(&agreed.scopes)) {
        return Err(Refusal::of(ErrorCode::InvalidScope).describe("scope: more than the person agreed to"));
    }
    // Each leaves a mark that is kept for as long as the sign-in lives.
    deps.limits
        .count_towards(&RENEWALS, "sign_in_renewals", agreed.record.as_str())
        .await?;
    possession::spend(&case).await?;
    let begun = ClientSession {
        session: renewal.session.clone(),
        delegation: renewal.delegation.clone(),
    };
    // Nobody is asked to add to what has ended.
    if let Some(access) = &renewal.access
        && step_up::is_due(deps, &agreed.zone, access, agreed.ends_at).await?
        && tokens::would_be_issued(&case, agreed, &begun).await?
    {
        return Err(step_up::refusal());
    }
    claim_once(&case, agreed, &renewal.jti, agreed.ends_at).await?;
    answer(&case, agreed, redirect_uri, &begun).await
}

async fn answer(
    case: &Case<'_>,
    agreed: &Consent,
    redirect_uri: Option<&str>,
    begun: &ClientSession,
) -> Result<TokenResponse, Refusal> {
    let tokens = match tokens::issue(case, agreed, redirect_uri, begun).await {
        Ok(tokens) => tokens,
        Err(refusal) => {
            if refusal.code == ErrorCode::InvalidGrant {
                let proved = case.bound_to.as_deref();
                evidence::refused(case.deps, agreed, Refused::Ended, proved, case.request_id).await?;
            }
            return Err(refusal);
        }
    };
    evidence::granted(case, agreed, (&begun.session, &begun.delegation)).await?;
    Ok(tokens)
}

/// Thumbprint of the key that the client proved to hold, where it did.
fn key_of(proof: Option<&DpopProof>) -> Option<&str> {
    proof.map(|proof| proof.thumbprint.as_ref())
}

/// The refusal of whoever does not hold the key that something is bound to, once it is written down. A thief's attempts cost
/// the holder nothing.
async fn by_other_key(deps: &StsDeps, agreed: &Consent, proved: Option<&str>, request_id: &str) -> Refusal {
    metrics::proved("other_key");
    match evidence::refused(deps, agreed, Refused::OtherKey, proved, request_id).await {
        Ok(()) => invalid_grant("it is bound to a key: send a proof by that key"),
        Err(refusal) => refusal,
    }
}

pub(super) fn client_is(agreed: &Consent, client_id: &str) -> bool {
    constant_time_eq(client::digest(client_id).as_bytes(), agreed.client.as_bytes())
}

/// The application as it is now, and how people sign in for it: whoever may not sign in there any more is given nothing.
async fn case<'c>(
    deps: &'c StsDeps,
    agreed: &Consent,
    (client_id, redirect_uri): (&str, Option<&str>),
    fields: &FormFields<'_>,
    proof: Option<&DpopProof>,
    request_id: &'c str,
    peer: Option<IpAddr>,
) -> Result<(Case<'c>, SignInRules), Refusal> {
    let proved = key_of(proof);
    // RFC 8707 §2.2: the one that was agreed to.
    if fields
        .get("resource")
        .is_some_and(|resource| resource != agreed.resource)
    {
        return Err(Refusal::of(ErrorCode::InvalidTarget).describe("resource: another than was agreed to"));
    }
    let place = SignInResource::again(deps, &agreed.zone, &agreed.resource).await?;
    let place =
        place.filter(|place| place.is_still(&agreed.application, &agreed.issuer, &deps.config.issuer));
    let Some(place) = place else {
        evidence::refused(deps, agreed, Refused::Ended, proved, request_id).await?;
        return Err(invalid_grant("nobody signs in for the resource any more"));
    };
    if let Some(uri) = redirect_uri
        && !client::stands(deps, client_id, uri, &place.rules, peer).await?
    {
        evidence::refused(deps, agreed, Refused::Ended, proved, request_id).await?;
        return Err(invalid_grant(
            "the client may not have people sent back there any more",
        ));
    }
    if place.rules.dpop_required && proved.is_none() {
        return Err(possession::invalid(
            "send a proof: tokens for the resource are bound to a key",
        ));
    }
    let case = Case {
        deps,
        zone: place.zone,
        application: place.application,
        request_id,
        now: deps.world.now(),
        bound_to: proved.map(Into::into),
        proof: proof.cloned(),
    };
    Ok((case, place.rules))
}

/// Claims what is good once. What comes twice was stolen by one of the two (RFC 9700 §4.14): everything that came of it ends.
async fn claim_once(case: &Case<'_>, agreed: &Consent, jti: &str, until: Timestamp) -> Result<(), Refusal> {
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
            let stolen = GivenBack {
                zone: &agreed.zone,
                application: &agreed.application,
                record: &agreed.record,
                subject: &agreed.subject,
                reason: REASON,
                request_id: None,
            };
            given_back::end(deps, stolen).await?;
            let proved = case.bound_to.as_deref();
            evidence::refused(deps, agreed, Refused::Repeated, proved, case.request_id).await?;
            Err(invalid_grant("it was used before, so the sign-in has ended"))
        }
        Err(error) => {
            tracing::error!(%error, "cannot tell whether a code or a refresh token was used");
            Err(unavailable())
        }
    }
}
