//! `GET /v1/zones/{zoneId}/subject-issuers/{id}`

use caracal_core::SubjectIssuerId;
use caracal_service::{
    Refusal,
    front::{ById, Path, Versioned},
};
use caracal_wire::control::subject_issuers::SubjectIssuerItem;

use super::not_found;
use crate::call::ZoneCall;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<SubjectIssuerId>>,
) -> Result<Versioned<SubjectIssuerItem>, Refusal> {
    let issuer = call.read().await?.subject_issuers().get(&id).await?;
    let issuer = issuer.ok_or_else(not_found)?;
    let version = issuer.attribution.version;
    Ok(Versioned(issuer.into(), version))
}
