//! A person agrees, or does not.

use std::{net::IpAddr, time::Duration};

use axum::response::Response;
use caracal_core::{
    AuthorityRecordId, GrantId, ScopeSet, ZoneId,
    entity::{Attribution, Grant, GrantStatus},
};
use caracal_crypto::{constant_time_eq, sha256_hex};
use caracal_events::shortlived::mark;
use caracal_lifecycle::{
    Error,
    records::{self, Person},
};
use caracal_service::{Refusal, contention::retried, form::FormFields};
use caracal_storage::{Access, GrantFilter, PageRequest};
use caracal_wire::sign_in::AuthorizationError;
use http::{HeaderMap, StatusCode, header};
use url::Url;

use super::{
    OF_A_PERSON, PRESENT, client, page,
    place::SignInResource,
    redirect::{failed, forget, kept, to_client},
    sealed::{open, seal},
    steps::{Code, Consent, ConsentRequest},
};
use crate::{StsDeps, authenticate::unavailable, metrics};

/// What the form has.
const TAKES: &str = "token, decision, scope";
/// Most grants of a person that are looked at for the same one.
const LOOKED_AT: u32 = 50;
/// How long a code is good: a client redeems it at once.
const CODE: Duration = Duration::from_mins(1);

/// Takes the form of our own page, in the browser that it was shown in.
///
/// # Errors
/// 503.
pub(crate) async fn consent(
    deps: &StsDeps,
    body: &[u8],
    headers: &HeaderMap,
    peer: Option<IpAddr>,
) -> Result<Response, Refusal> {
    let refused = |why: &str| {
        metrics::signed_in("refused");
        Ok(page::refuse(deps, StatusCode::BAD_REQUEST, why, TAKES, None))
    };
    if !is_own_page(deps, headers) {
        return refused("This form was not sent by our own page.");
    }
    let present = kept(deps, headers).and_then(|sealed| open::<ConsentRequest>(deps, sealed));
    let (Some(present), Ok(fields)) = (present, FormFields::parse(body, &["scope"])) else {
        return refused("This was not begun in this browser, was finished, or took too long.");
    };
    let token = fields.get("token").unwrap_or_default();
    let now = deps.world.now();
    if !constant_time_eq(token.as_bytes(), present.token.as_bytes()) || present.expires_at <= now {
        return refused("This was not begun in this browser, was finished, or took too long.");
    }
    let asked = &present.asked;
    let chosen = chosen(&fields, &asked.scopes);
    if fields.get("decision") != Some("allow") || chosen.is_empty() {
        metrics::signed_in("declined");
        return failed(
            deps,
            asked,
            AuthorizationError::AccessDenied,
            "the person did not agree",
        );
    }
    let place = match still(deps, &present, peer).await {
        Ok(place) => place,
        Err(Gone::NotSentBack) => {
            metrics::signed_in("refused");
            let why = "You may not be sent back to the program any more.";
            let cookie = forget(deps);
            return Ok(page::refuse(
                deps,
                StatusCode::BAD_REQUEST,
                why,
                TAKES,
                Some(&cookie),
            ));
        }
        Err(Gone::Asked(why)) => {
            metrics::signed_in("refused");
            return failed(deps, asked, AuthorizationError::AccessDenied, why);
        }
        Err(Gone::Away(why)) => {
            metrics::signed_in("unavailable");
            return failed(deps, asked, AuthorizationError::TemporarilyUnavailable, why);
        }
    };
    // A page is answered once, however often its form comes.
    let once = format!("sign-in:page:{}", sha256_hex(present.token.as_bytes()));
    let claimed = deps.replay.claim(&once, present.expires_at).await;
    if !claimed.map_err(|_| unavailable())? {
        return Ok(page::refuse(
            deps,
            StatusCode::BAD_REQUEST,
            "This was finished already.",
            TAKES,
            Some(&forget(deps)),
        ));
    }
    let Some(agreed) = write_down(deps, &present, chosen, &place).await? else {
        metrics::signed_in("refused");
        let why = "the person has been stopped since they signed in";
        return failed(deps, asked, AuthorizationError::AccessDenied, why);
    };
    let generation = deps.replay.generation().await.map_err(|_| unavailable())?;
    let code = Code {
        agreed,
        redirect_uri: asked.redirect_uri.clone(),
        challenge: asked.challenge.clone(),
        key: asked.key.clone(),
        jti: mark(deps.world.uuid_v7().to_string(), &generation),
        expires_at: now.plus(CODE),
    };
    let code = seal(deps, &code)?;
    metrics::signed_in("agreed");
    to_client(deps, asked, &[("code", &code)])
}

/// What the person lets the client do, of what it asked for.
fn chosen(fields: &FormFields<'_>, asked: &ScopeSet) -> ScopeSet {
    let named = fields.iter().filter(|(name, _)| *name == "scope");
    let named: Vec<&str> = named.map(|(_, scope)| scope).collect();
    ScopeSet::parse(&named.join(" ")).intersection(asked)
}

/// Why what a page said does not hold any more.
enum Gone {
    /// Where people may be sent back to: nobody is sent there, not even with an error.
    NotSentBack,
    /// What was asked for. The client is told so.
    Asked(&'static str),
    /// Nothing, but that cannot be told now.
    Away(&'static str),
}

/// The place as it is now, if what the page said of it still holds: an operator may have taken away the application, the
/// provider or where people are sent back to, and a client its own description.
async fn still(
    deps: &StsDeps,
    present: &ConsentRequest,
    peer: Option<IpAddr>,
) -> Result<SignInResource, Gone> {
    let asked = &present.asked;
    let away = |_: Refusal| Gone::Away("try again in a moment");
    let place = SignInResource::again(deps, &asked.zone, &asked.resource)
        .await
        .map_err(away)?;
    let place = place
        .filter(|place| place.is_still(&asked.application, &present.issuer, &deps.config.issuer))
        .filter(|place| asked.scopes.is_subset(&place.resource.resource.scopes))
        .ok_or(Gone::Asked("what was asked for is not there any more"))?;
    let is_let_back = match &asked.client_document {
        Some(id) => client::stands(deps, id, &asked.redirect_uri, &place.rules, peer)
            .await
            .map_err(away)?,
        None => client::is_let_back(&asked.redirect_uri, &place.rules),
    };
    if !is_let_back {
        return Err(Gone::NotSentBack);
    }
    let person = person(&asked.zone, &present.subject);
    let counted = deps
        .limits
        .count_towards(&OF_A_PERSON, "sign_ins_of_a_person", &person);
    let too_often = |_| Gone::Away("the person signed in too often; wait an hour");
    counted.await.map_err(too_often)?;
    Ok(place)
}

/// What the sign-ins of a person are counted under.
fn person(zone: &ZoneId, subject: &str) -> String {
    sha256_hex([zone.as_str(), subject].join(" ").as_bytes())
}

/// Whether the form is one of ours: browsers say where one comes from, and a cookie that another site's form brings along
/// proves nothing.
fn is_own_page(deps: &StsDeps, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let own = Url::parse(&deps.config.issuer).map(|url| url.origin().ascii_serialization());
    let origin = text(header::ORIGIN.as_str());
    let from_us = origin.is_none_or(|origin| own.is_ok_and(|own| own == origin));
    let site = text("sec-fetch-site");
    from_us && site.is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// The grant, since what a person agreed to is kept as such, and the record of the sign-in, which whoever ends what the person
/// holds finds from here on. Nothing where somebody did that while the page was open.
async fn write_down(
    deps: &StsDeps,
    present: &ConsentRequest,
    scopes: ScopeSet,
    place: &SignInResource,
) -> Result<Option<Consent>, Refusal> {
    let (asked, now) = (&present.asked, deps.world.now());
    let grant = Grant {
        id: GrantId::generate(&deps.world),
        zone_id: asked.zone.clone(),
        application_id: asked.application.clone(),
        user_id: present.subject.clone(),
        resource_id: place.resource.resource.id.clone(),
        scopes,
        revoked_at: None,
        attribution: Attribution::made(Some(format!("sign-in:{}", present.subject)), now),
    };
    let record = AuthorityRecordId::generate(&deps.world);
    let stored = retried(&deps.world, || store(deps, present, &grant, &record)).await;
    let stored = stored.map_err(|_| unavailable())?;
    Ok(stored.map(|known| Consent {
        zone: asked.zone.clone(),
        application: asked.application.clone(),
        resource: asked.resource.clone(),
        scopes: grant.scopes,
        client: asked.client.clone(),
        client_name: asked.client_name.clone(),
        client_host: asked.client_host.clone(),
        subject: present.subject.clone(),
        issuer: present.issuer.clone(),
        grant: known,
        record,
        ends_at: now.plus(Duration::from_secs(u64::from(place.rules.max_age))),
    }))
}

/// Who agreed to the same before need not be written down anew each time.
async fn store(
    deps: &StsDeps,
    present: &ConsentRequest,
    grant: &Grant,
    record: &AuthorityRecordId,
) -> Result<Option<GrantId>, Refusal> {
    let now = deps.world.now();
    let mut work = deps.store.zone(&grant.zone_id, Access::Write).await?;
    if work.subject_issuers().find(&present.issuer).await?.is_none() {
        return Ok(None);
    }
    let person = Person {
        name: &present.subject,
        issuer: &present.issuer,
    };
    let until = now.plus(CODE);
    match records::issue_to_person(work.as_mut(), record, &grant.application_id, person, now, until).await {
        Ok(()) => {}
        Err(Error::Denied(_)) => return Ok(None),
        Err(Error::Storage(error)) => return Err(error.into()),
    }
    // After that, since whoever blocks and stops a person takes the locks in this order.
    let shown_at = present.expires_at.minus(PRESENT);
    if records::was_stopped(work.as_mut(), &grant.user_id, shown_at).await? {
        return Ok(None);
    }
    let same = GrantFilter {
        application_id: Some(grant.application_id.clone()),
        user_id: Some(grant.user_id.clone()),
        resource_id: Some(grant.resource_id.clone()),
        status: Some(GrantStatus::Active),
        scopes: grant.scopes.clone(),
        ..GrantFilter::default()
    };
    let standing = work
        .grants()
        .list(&same, now, &PageRequest::first(LOOKED_AT))
        .await?;
    let mut standing = standing.items.into_iter().map(|standing| standing.grant);
    let known = standing.find(|known| known.scopes == grant.scopes);
    let id = if let Some(known) = known {
        known.id
    } else {
        work.grants().create(grant).await?;
        grant.id.clone()
    };
    work.commit().await?;
    Ok(Some(id))
}
