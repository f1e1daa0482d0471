//! A person agrees, or does not.

use axum::response::Response;
use caracal_core::{
    AuthorityRecordId, GrantId,
    entity::{Attribution, Grant, GrantStatus},
};
use caracal_crypto::constant_time_eq;
use caracal_events::shortlived::mark;
use caracal_service::{Refusal, contention::Attempts};
use caracal_storage::{Access, GrantFilter, PageRequest};
use caracal_wire::sign_in::AuthorizationError;
use http::{HeaderMap, StatusCode, header};
use std::time::Duration;
use url::Url;

use super::{
    agreed::{Agreed, Code, Present},
    page,
    place::Place,
    redirect::{failed, forget, kept, to_client},
    sealed::{open, seal},
};
use crate::{StsDeps, authenticate::unavailable, fields::Fields, metrics};

/// What the form has.
const TAKES: &str = "token, decision";
/// Most grants of a person that are looked at for the same one.
const LOOKED_AT: u32 = 50;
/// How long a code is good: a client redeems it at once.
const CODE: Duration = Duration::from_mins(1);

/// Takes the form of our own page, in the browser that it was shown in.
///
/// # Errors
/// 503.
pub(crate) async fn consent(deps: &StsDeps, body: &[u8], headers: &HeaderMap) -> Result<Response, Refusal> {
    let refused = |why: &str| {
        metrics::signed_in("refused");
        Ok(page::refuse(deps, StatusCode::BAD_REQUEST, why, TAKES, None))
    };
    if !is_own_page(deps, headers) {
        return refused("This form was not sent by our own page.");
    }
    let present = kept(deps, headers).and_then(|sealed| open::<Present>(deps, sealed));
    let (Some(present), Ok(fields)) = (present, Fields::parse(body, &[])) else {
        return refused("This was not begun in this browser, was finished, or took too long.");
    };
    let token = fields.get("token").unwrap_or_default();
    let now = deps.world.now();
    if !constant_time_eq(token.as_bytes(), present.token.as_bytes()) || present.expires_at <= now {
        return refused("This was not begun in this browser, was finished, or took too long.");
    }
    let asked = &present.asked;
    if fields.get("decision") != Some("allow") {
        metrics::signed_in("declined");
        return failed(
            deps,
            asked,
            AuthorizationError::AccessDenied,
            "the person did not agree",
        );
    }
    let place = Place::again(deps, &asked.zone, &asked.resource).await?;
    let place = place.filter(|place| {
        let known = place.application.id == asked.application;
        known
            && asked.scopes.is_subset(&place.resource.resource.scopes)
            && place.zone.zone.frozen_at.is_none()
    });
    let Some(place) = place else {
        metrics::signed_in("refused");
        let why = "what was asked for is not there any more";
        return failed(deps, asked, AuthorizationError::AccessDenied, why);
    };
    // A page is answered once, however often its form comes.
    let once = format!(
        "sign-in:page:{}",
        caracal_crypto::sha256_hex(present.token.as_bytes())
    );
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
    let agreed = write_down(deps, &present, &place).await?;
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

/// The grant: what a person agreed to is kept as such, and taking it back ends what comes of it.
async fn write_down(deps: &StsDeps, present: &Present, place: &Place) -> Result<Agreed, Refusal> {
    let (asked, now) = (&present.asked, deps.world.now());
    let agreed = Grant {
        id: GrantId::generate(&deps.world),
        zone_id: asked.zone.clone(),
        application_id: asked.application.clone(),
        user_id: present.subject.clone(),
        resource_id: place.resource.resource.id.clone(),
        scopes: asked.scopes.clone(),
        revoked_at: None,
        attribution: Attribution {
            created_by: Some(format!("sign-in:{}", present.subject)),
            created_via_operator: false,
            updated_by: None,
            updated_via_operator: false,
            created_at: now,
            updated_at: None,
            version: 1,
        },
    };
    let mut attempts = Attempts::default();
    let grant = loop {
        let stored = store(deps, &agreed).await;
        if !attempts.again(&deps.world, stored.as_ref().err()).await {
            break stored.map_err(|_| unavailable())?;
        }
    };
    Ok(Agreed {
        zone: asked.zone.clone(),
        application: asked.application.clone(),
        resource: asked.resource.clone(),
        scopes: asked.scopes.clone(),
        client: asked.client.clone(),
        client_name: asked.client_name.clone(),
        client_host: asked.client_host.clone(),
        subject: present.subject.clone(),
        issuer: present.issuer.clone(),
        grant,
        record: AuthorityRecordId::generate(&deps.world),
        ends_at: now.plus(Duration::from_secs(u64::from(place.rules.max_age))),
    })
}

/// Who agreed to the same before need not be written down anew each time.
async fn store(deps: &StsDeps, grant: &Grant) -> Result<GrantId, Refusal> {
    let mut work = deps.store.zone(&grant.zone_id, Access::Write).await?;
    let same = GrantFilter {
        application_id: Some(grant.application_id.clone()),
        user_id: Some(grant.user_id.clone()),
        resource_id: Some(grant.resource_id.clone()),
        status: Some(GrantStatus::Active),
        scopes: grant.scopes.clone(),
        ..GrantFilter::default()
    };
    let now = deps.world.now();
    let standing = work
        .grants()
        .list(&same, now, &PageRequest::first(LOOKED_AT))
        .await?;
    let mut standing = standing.items.into_iter().map(|standing| standing.grant);
    if let Some(known) = standing.find(|known| known.scopes == grant.scopes) {
        return Ok(known.id);
    }
    work.grants().create(grant).await?;
    work.commit().await?;
    Ok(grant.id.clone())
}
