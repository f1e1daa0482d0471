//! `POST /v1/zones/{zoneId}/providers/discovery`

use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_wire::{
    ErrorCode,
    control::checks::{DiscoverProvider, DiscoveredProvider},
};
use url::Url;

use crate::{
    call::{ZoneCall, require_zone},
    checks::{CheckTarget, discover},
    fields::plain_url,
};

/// Reads what the issuer publishes; nothing is kept of it.
pub(crate) async fn handle(
    call: ZoneCall,
    Body(body): Body<DiscoverProvider>,
) -> Result<Answer<DiscoveredProvider>, Refusal> {
    const CODE: ErrorCode = ErrorCode::InvalidIssuer;
    require_zone(call.read().await?.as_mut()).await?;
    plain_url(CODE, "issuer", &body.issuer, 512, &["https"])?;
    let issuer: Url = body
        .issuer
        .parse()
        .map_err(|_| Refusal::invalid_field(CODE, "issuer", "must be an absolute URL"))?;
    CheckTarget::Issuer.count(&call).await?;
    discover(call.role.oauth.egress(), &issuer).await.map(Answer)
}
