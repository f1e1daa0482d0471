//! `POST /v1/zones/{zoneId}/subject-issuers`

use caracal_core::{SubjectIssuerId, entity::SubjectIssuer};
use caracal_service::{
    Refusal,
    front::{Body, Created},
};
use caracal_storage::Lock;
use caracal_wire::{
    ErrorCode,
    control::subject_issuers::{CreateSubjectIssuer, SubjectIssuerItem},
};

use super::check_url;
use crate::{
    call::{ZoneCall, require_zone},
    change::{Done, ZoneChange},
    fields::on_conflict,
};

/// Most issuers that a zone trusts.
pub(in crate::routes) const MAX_ISSUERS: u64 = 20;

pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<CreateSubjectIssuer>,
) -> Result<Created<SubjectIssuerItem>, Refusal> {
    check_url("issuer", &body.issuer)?;
    check_url("jwks_url", &body.jwks_url)?;
    let mut change = call.change().await?;
    require_zone(&mut *change).await?;
    let id = SubjectIssuerId::generate(&call.role.world);
    let issuer = make(&mut change, id, body).await?;
    let id = issuer.id.clone();
    let item = change.answer(Done::created(id.as_str()), issuer.into()).await?;
    Ok(Created(item))
}

/// Makes it in a change that the caller commits; its addresses were checked.
pub(in crate::routes) async fn make(
    change: &mut ZoneChange<'_>,
    id: SubjectIssuerId,
    body: CreateSubjectIssuer,
) -> Result<SubjectIssuer, Refusal> {
    let call = change.call();
    // Creations of one zone take turns, so that none counts past another.
    change.lock(Lock::SubjectIssuer).await?;
    if change.subject_issuers().count_live().await? >= MAX_ISSUERS {
        return Err(Refusal::of(ErrorCode::SubjectIssuerLimitReached)
            .describe("the zone trusts as many issuers as it may"));
    }
    let issuer = SubjectIssuer {
        id,
        zone_id: call.zone.clone(),
        issuer: body.issuer.0,
        jwks_url: body.jwks_url.0,
        audience: body.audience.0,
        archived_at: None,
        attribution: call.made(),
    };
    change.subject_issuers().create(&issuer).await.map_err(|error| {
        on_conflict(
            error,
            ErrorCode::SubjectIssuerExists,
            "the zone trusts this issuer already",
        )
    })?;
    Ok(issuer)
}
