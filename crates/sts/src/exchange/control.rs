//! A control key's secret for a mandate of the Control API: used once, within the scopes that its traits name. No policy
//! is asked, and no policy gives such a mandate.

use std::{sync::Arc, time::Duration};

use caracal_core::{
    ControlKey, ScopeSet,
    audit::{Determining, Draft, EventType},
    claims::{MandateClaims, MandateUse},
    text::excerpt,
};
use caracal_events::shortlived::mark;
use caracal_service::Refusal;
use caracal_wire::{
    ErrorCode,
    sts::{DenialDetails, DenialReason, Explanation},
};
use serde::Serialize;
use serde_json::Value;

use super::{Issued, mint_ttl};
use crate::{
    authenticate::unavailable,
    case::Case,
    decide::{MAX_UNDECLARED, Party, PartyError},
    evidence::record,
    form::TokenRequest,
    issue::{self, DEFAULT_TTL, sign},
    keys,
    limit::limit,
    metrics,
};

/// What allowed it, in evidence.
const POLICY: &str = "control-key";
/// Its class, in evidence and metrics.
const CLASS: &str = "control";

/// What a control key asks for.
pub(crate) struct Control<'f> {
    scopes: &'f ScopeSet,
    /// Whether nothing else is asked for, and on nobody else's authority.
    alone: bool,
    ttl_seconds: Option<u32>,
}

#[derive(Serialize)]
struct Metadata<'m> {
    application_id: &'m str,
    application_name: &'m str,
    resource: &'m str,
    requested_scopes: &'m ScopeSet,
    subject_kind: &'static str,
    mandate_use: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<DenialReason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'m Value>,
}

/// Why there is no mandate, and what that is about.
struct Denied {
    reason: DenialReason,
    details: Value,
}

impl Denied {
    fn rule(rule: &'static str) -> Self {
        Self {
            reason: DenialReason::ControlResourceRequiresControlKey,
            details: Explanation::Rule { rule }.into(),
        }
    }

    fn refusal(self, resource: &str) -> Refusal {
        if self.reason == DenialReason::ZoneFrozen {
            return PartyError::Frozen.refusal();
        }
        Refusal::of(ErrorCode::AccessDenied)
            .describe(format!("policy denied ({})", self.reason.as_str()))
            .reason(self.reason)
            .with_details(&DenialDetails {
                resource: resource.to_owned(),
                explanation: self.details,
            })
    }
}

impl<'f> Control<'f> {
    /// The exchange that `form` asks for, which names the Control API among its resources.
    ///
    /// # Errors
    /// 400 when it shall live longer than any mandate may.
    pub(super) fn of(form: &'f TokenRequest) -> Result<Self, Refusal> {
        let named = form.session_id.is_some()
            || form.agent_session_id.is_some()
            || form.delegation_edge_id.is_some()
            || form.approval_id.is_some();
        Ok(Self {
            scopes: &form.scopes,
            alone: form.resources.len() == 1 && !named,
            ttl_seconds: mint_ttl(form)?,
        })
    }

    /// Mints.
    ///
    /// # Errors
    /// 403 with the reason; 429; 503 when it cannot be told. Every denial is in the spool already.
    pub(crate) async fn run(&self, case: &Case<'_>) -> Result<Issued, Refusal> {
        let audience = &*case.deps.config.control_audience;
        if !case.deps.revocations.is_fresh() {
            return Err(unavailable());
        }
        limit(case, &[audience.to_owned()]).await?;
        let key = match self.decide(case) {
            Ok(key) => key,
            Err(denied) => {
                let mut event = self.event(case, "deny", None, Some(&denied));
                event.evaluation_status = denied.reason.as_str();
                event.determining_policies_json = Some(Determining(None));
                event.refused_for(denied.reason.as_str());
                record(case.deps, &[event]).await?;
                metrics::exchanged(CLASS, "denied");
                return Err(denied.refusal(audience));
            }
        };
        let issued = self.issue(case, &key).await?;
        let mut event = self.event(case, "allow", Some(&issued.claims), None);
        event.determining_policies_json = Some(Determining(Some(POLICY)));
        event.diagnostics_json = Value::Array(Vec::new());
        record(case.deps, &[event]).await?;
        metrics::exchanged(CLASS, "allowed");
        Ok(issued)
    }

    fn decide(&self, case: &Case<'_>) -> Result<ControlKey, Denied> {
        let (zone, config) = (&case.zone, &case.deps.config);
        let audience = &*config.control_audience;
        if zone.zone.frozen_at.is_some() {
            return Err(Denied {
                reason: DenialReason::ZoneFrozen,
                details: Value::Null,
            });
        }
        let key = ControlKey::of(&case.application.traits)
            .ok_or_else(|| Denied::rule("the application is no control key"))?;
        if !key.is_live(case.now) {
            return Err(Denied::rule("the control key has expired"));
        }
        if !self.alone {
            let rule =
                "a control key asks for the Control API alone, without a session, delegation or approval";
            return Err(Denied::rule(rule));
        }
        if self.scopes.is_empty() {
            return Err(Denied::rule("at least one scope is required"));
        }
        if !self.scopes.is_subset(&key.scopes) {
            let beyond = self.scopes.difference(&key.scopes);
            return Err(Denied {
                reason: DenialReason::ControlResourceRequiresControlKey,
                details: Explanation::Beyond { beyond }.into(),
            });
        }
        let resource = zone
            .resource(audience)
            .filter(|state| state.resource.identifier == audience);
        let Some(resource) = resource else {
            let details = Explanation::Resource { resource: audience };
            return Err(Denied {
                reason: DenialReason::ResourceNotFound,
                details: details.into(),
            });
        };
        let declared = &resource.resource.scopes;
        let undeclared: Vec<_> = self
            .scopes
            .iter()
            .filter(|scope| !declared.contains(scope))
            .take(MAX_UNDECLARED)
            .map(excerpt)
            .collect();
        if !undeclared.is_empty() {
            return Err(Denied {
                reason: DenialReason::ScopeMismatch,
                details: Explanation::Undeclared { undeclared }.into(),
            });
        }
        Ok(key)
    }

    async fn issue(&self, case: &Case<'_>, key: &ControlKey) -> Result<Issued, Refusal> {
        let deps = case.deps;
        let (_, signing) = keys::with_signing_key(deps, case.zone.clone())
            .await
            .map_err(|error| {
                tracing::error!(error = %caracal_service::error_chain(&error), "no signing key");
                unavailable()
            })?;
        let asked = self.ttl_seconds.unwrap_or(DEFAULT_TTL);
        let seconds = key.max_ttl.map_or(asked, |most| most.min(asked));
        let end = case.now.plus(Duration::from_secs(u64::from(seconds)));
        let ends = [Some(end), key.expires_at, case.application.expires_at];
        let party = Party {
            ends_at: ends.into_iter().flatten().min(),
            ..Party::default()
        };
        let ends_at = issue::lifetime(&party, Some(seconds), case.now)?;
        // Used once, so its id says which memory its use will be kept in.
        let generation = deps.replay.generation().await.map_err(|error| {
            tracing::error!(%error, "cannot tell which memory a mandate's use will be kept in");
            unavailable()
        })?;
        let jti: Arc<str> = mark(deps.world.uuid_v7().to_string(), &generation).into();
        let audience = &deps.config.control_audience;
        let class = (MandateUse::Resource, self.scopes);
        let claims = MandateClaims {
            aud: vec![audience.clone()],
            target: vec![audience.clone()],
            ..issue::claims(case, &party, class, &[], jti, ends_at)
        };
        Ok(Issued {
            token: sign(&claims, &signing)?,
            claims: Arc::new(claims),
        })
    }

    fn event<'e>(
        &'e self,
        case: &'e Case<'_>,
        decision: &'static str,
        claims: Option<&'e MandateClaims>,
        denied: Option<&'e Denied>,
    ) -> Draft<'e, Metadata<'e>> {
        let metadata = Metadata {
            application_id: case.application.id.as_str(),
            application_name: &case.application.name,
            resource: &case.deps.config.control_audience,
            requested_scopes: self.scopes,
            subject_kind: "application",
            mandate_use: CLASS,
            session_id: claims.map(|claims| claims.sid.as_str()),
            jti: claims.map(|claims| &*claims.jti),
            reason: denied.map(|denied| denied.reason),
            details: denied
                .map(|denied| &denied.details)
                .filter(|details| !details.is_null()),
        };
        Draft::new(
            &case.deps.world,
            &case.zone.zone.id,
            EventType::TokenExchange,
            case.request_id,
            decision,
            metadata,
        )
    }
}
