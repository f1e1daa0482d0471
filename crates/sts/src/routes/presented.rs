//! A mandate that an application presents at an endpoint about mandates (RFC 7009, RFC 7662).

use std::sync::Arc;

use caracal_core::{
    ApplicationId, Secret, ZoneId,
    claims::{MandateClaims, MandateUse},
};
use caracal_crypto::Presenter;
use caracal_service::{Refusal, front::Inbound, zones::ZoneState};
use caracal_wire::introspection::{IntrospectionForm, RevocationForm};
use http::StatusCode;

use crate::{
    StsDeps,
    authenticate::{authenticate, invalid_client},
    basic::{Login, challenged},
    form, subject,
};

/// Every class of mandate may be presented.
const EVERY_CLASS: [MandateUse; 3] = [MandateUse::Session, MandateUse::Gateway, MandateUse::Resource];

/// A token, and whoever says to be the application that asks.
pub(super) struct PresentedForm {
    token: String,
    zone_id: Option<ZoneId>,
    application_id: Option<ApplicationId>,
    client_secret: Option<String>,
}

impl From<IntrospectionForm> for PresentedForm {
    fn from(form: IntrospectionForm) -> Self {
        Self {
            token: form.token,
            zone_id: form.zone_id,
            application_id: form.application_id,
            client_secret: form.client_secret,
        }
    }
}

impl From<RevocationForm> for PresentedForm {
    fn from(form: RevocationForm) -> Self {
        Self {
            token: form.token,
            zone_id: form.zone_id,
            application_id: form.application_id,
            client_secret: form.client_secret,
        }
    }
}

/// A token, and the application that proved who it is.
pub(super) struct Presented {
    pub(super) zone: Arc<ZoneState>,
    pub(super) zone_id: ZoneId,
    pub(super) application: ApplicationId,
    token: Secret,
}

impl Presented {
    /// Proves the application; the token is not looked into.
    ///
    /// # Errors
    /// 400 for a field, 401 or 403 for an application that proves nothing, 503.
    pub(super) async fn by(call: &Inbound<StsDeps>, presented: PresentedForm) -> Result<Self, Refusal> {
        let login = Login::of(&call.headers)?;
        let zone_id = presented.zone_id.ok_or_else(invalid_client)?;
        let secret = presented.client_secret.as_deref();
        let (application, secret) = form::client(presented.application_id, secret, login.as_ref())?;
        let proven = authenticate(&call.role, &zone_id, &application, &secret, call.peer).await;
        let (zone, _) = proven.map_err(|refusal| challenged(login.as_ref(), refusal))?;
        call.caller_is_proved();
        Ok(Self {
            zone,
            zone_id,
            application,
            token: Secret::new(presented.token),
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
