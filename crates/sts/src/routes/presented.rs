//! A mandate that an application presents at an endpoint about mandates (RFC 7009, RFC 7662).

use std::sync::Arc;

use axum::extract::Request;
use caracal_core::{
    ApplicationId, Secret, ZoneId,
    claims::{MandateClaims, MandateUse},
};
use caracal_crypto::Presenter;
use caracal_service::{Refusal, request::RequestContext, zones::ZoneState};
use http::StatusCode;

use super::posted::{Posted, proved};
use crate::{
    StsDeps,
    authenticate::{authenticate, invalid_client},
    basic::{Login, challenged},
    fields::Fields,
    form,
    malformed::malformed,
    subject,
};

/// Every class of mandate may be presented.
const EVERY_CLASS: [MandateUse; 3] = [MandateUse::Session, MandateUse::Gateway, MandateUse::Resource];

/// A token, and the application that proved who it is.
pub(super) struct Presented {
    pub(super) context: RequestContext,
    pub(super) zone: Arc<ZoneState>,
    pub(super) zone_id: ZoneId,
    pub(super) application: ApplicationId,
    token: Secret,
}

impl Presented {
    /// Reads the form and proves the application; the token is not looked into.
    ///
    /// # Errors
    /// As [`Posted::read`]; 400 for a field, 401 or 403 for an application that proves nothing, 503.
    pub(super) async fn read(deps: &StsDeps, request: Request) -> Result<Self, Refusal> {
        let posted = Posted::read(deps, request).await?;
        let login = Login::of(&posted.headers)?;
        let fields = Fields::parse(&posted.body, &[])?;
        let token = fields
            .trimmed("token")
            .ok_or_else(|| malformed("token", "is required"))?;
        let zone_id = fields.id("zone_id", ZoneId::parse)?.ok_or_else(invalid_client)?;
        let (application, secret) = form::client(&fields, login.as_ref())?;
        let proven = authenticate(deps, &zone_id, &application, &secret, posted.peer).await;
        let (zone, _) = proven.map_err(|refusal| challenged(login.as_ref(), refusal))?;
        proved(posted.standing.as_ref());
        Ok(Self {
            zone,
            zone_id,
            application,
            token: Secret::new(token),
            context: posted.context,
        })
    }

    /// What the token says; nothing where it is no mandate of the zone, or has run out.
    ///
    /// # Errors
    /// 503 when it cannot be told.
    pub(super) async fn claims(&self, deps: &StsDeps) -> Result<Option<Arc<MandateClaims>>, Refusal> {
        // Whoever asks about a mandate does not use it, and need not hold its key.
        let what = (EVERY_CLASS.as_slice(), Presenter::Nobody);
        match subject::verify_any(deps, &self.zone_id, &self.token, what).await {
            Ok(claims) => Ok(Some(claims)),
            Err(refusal) if refusal.status == StatusCode::UNAUTHORIZED => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }
}
