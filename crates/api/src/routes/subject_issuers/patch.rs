//! `PATCH /v1/zones/{zoneId}/subject-issuers/{id}`

use caracal_core::{SubjectIssuerId, entity::SubjectIssuer};
use caracal_service::{
    Refusal,
    front::{Body, ById, IfMatch, Path, Versioned},
};
use caracal_wire::control::subject_issuers::{SubjectIssuerItem, UpdateSubjectIssuer};

use super::{check_url, not_found};
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
};

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SubjectIssuerId>>,
    wanted: IfMatch,
    Body(body): Body<UpdateSubjectIssuer>,
) -> Result<Versioned<SubjectIssuerItem>, Refusal> {
    if let Some(url) = &body.jwks_url {
        check_url("jwks_url", url)?;
    }
    let empty = body.is_empty();
    let mut change = call.change().await?;
    let found = change.subject_issuers().get(&id).await?;
    let issuer = found.ok_or_else(not_found)?;
    wanted.allows(issuer.attribution.version)?;
    // Clients may send an empty body, and read the issuer that way.
    if empty {
        let version = issuer.attribution.version;
        return Ok(Versioned(issuer.into(), version));
    }
    let issuer = alter(&mut change, issuer, body).await?;
    change.commit(Done::ok()).await?;
    let version = issuer.attribution.next();
    Ok(Versioned(issuer.into(), version))
}

/// Changes an issuer in a change that the caller commits; the address was checked.
pub(in crate::routes) async fn alter(
    change: &mut ZoneChange<'_>,
    mut issuer: SubjectIssuer,
    body: UpdateSubjectIssuer,
) -> Result<SubjectIssuer, Refusal> {
    if let Some(url) = body.jwks_url {
        issuer.jwks_url = url.0;
    }
    if let Some(audience) = body.audience {
        issuer.audience = audience.0;
    }
    change.call().stamp(&mut issuer.attribution);
    if !change.subject_issuers().update(&issuer).await? {
        return Err(not_found());
    }
    Ok(issuer)
}
