//! The kinds of exchange that the token endpoint takes, told apart once. A file for each.

mod approval;
mod closed;
mod control;
mod federation;
mod governed;
mod local;
mod mint;
mod signed_in;

use caracal_core::{Secret, ZoneId, claims::MandateUse};
use caracal_crypto::mandate::MAX_LIFETIME;
use caracal_service::Refusal;

pub(crate) use closed::refuse_session;
pub(crate) use control::Control;
pub(crate) use federation::Federation;
pub(crate) use governed::GovernedGrant;
pub use local::LocalExchange;
pub(crate) use mint::{Issued, Mint};
pub(crate) use signed_in::decide as decide_call;

use crate::{
    form::{SubjectTokenType, TokenRequest},
    malformed::malformed,
};

/// What a request wants, with the fields of that kind alone.
pub(crate) enum Exchange<'f> {
    /// A signed Gateway asks for the use of a mandate.
    Governed(Presented<'f>),
    /// An application mints by its own secret.
    Mint(Mint<'f>),
    /// A control key asks for a mandate of the Control API.
    Control(Control<'f>),
    /// An application presents a session mandate: checked, and sent to the Gateway.
    Session(&'f Secret),
    /// An application presents a person's identity token.
    Federation(Federation<'f>),
}

/// A mandate presented through a Gateway, unproven.
pub(crate) struct Presented<'f> {
    pub(crate) zone_id: &'f ZoneId,
    pub(crate) token: &'f Secret,
    pub(crate) resource: &'f str,
}

impl<'f> Exchange<'f> {
    /// Tells what `form` wants, once it is known whether a Gateway signed it.
    ///
    /// # Errors
    /// 400 naming the field that the kind needs otherwise.
    pub(crate) fn of(
        form: &'f TokenRequest,
        from_gateway: bool,
        control_audience: &str,
    ) -> Result<Self, Refusal> {
        if from_gateway {
            return Presented::of(form).map(Self::Governed);
        }
        match &form.subject_token {
            Some((token, SubjectTokenType::AccessToken)) => Ok(Self::Session(token)),
            Some((token, SubjectTokenType::IdToken)) => Federation::of(form, token).map(Self::Federation),
            None if form.resources.iter().any(|name| name == control_audience) => {
                Control::of(form).map(Self::Control)
            }
            None => Mint::of(form).map(Self::Mint),
        }
    }
}

impl<'f> Presented<'f> {
    fn of(form: &'f TokenRequest) -> Result<Self, Refusal> {
        let zone_id = form.zone_id.as_ref();
        let zone_id = zone_id.ok_or_else(|| malformed("zone_id", "is required"))?;
        let [resource] = form.resources.as_slice() else {
            return Err(malformed("resource", "exactly one resource is required"));
        };
        let Some((token, SubjectTokenType::AccessToken)) = &form.subject_token else {
            return Err(malformed("subject_token", "is required"));
        };
        Ok(Self {
            zone_id,
            token,
            resource,
        })
    }
}

impl<'f> Mint<'f> {
    fn of(form: &'f TokenRequest) -> Result<Self, Refusal> {
        if form.resources.is_empty() {
            return Err(malformed("resource", "at least one resource is required"));
        }
        let ttl_seconds = mint_ttl(form)?;
        let delegated = form.agent_session_id.is_some() && form.delegation_edge_id.is_some();
        Ok(Self {
            class: if delegated {
                MandateUse::Gateway
            } else {
                MandateUse::Session
            },
            resources: &form.resources,
            scopes: &form.scopes,
            session_id: form.session_id.as_ref(),
            agent_session_id: form.agent_session_id.as_ref(),
            delegation_edge_id: form.delegation_edge_id.as_ref(),
            ttl_seconds,
            approval_id: form.approval_id.as_ref(),
        })
    }
}

/// How long a mandate shall live, within what one may.
fn mint_ttl(form: &TokenRequest) -> Result<Option<u32>, Refusal> {
    let longest = MAX_LIFETIME.as_secs();
    if form.ttl_seconds.is_some_and(|ttl| u64::from(ttl) > longest) {
        return Err(malformed("ttl_seconds", "ttl_seconds exceeds token TTL cap"));
    }
    Ok(form.ttl_seconds)
}
