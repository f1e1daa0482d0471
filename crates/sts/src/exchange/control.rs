//! A control key's secret for a mandate of the Control API: used once, within the scopes that its traits name. No policy
//! is asked, and no policy gives such a mandate.

use std::{sync::Arc, time::Duration};

use caracal_authz::PolicySnapshot;
use caracal_core::{
    ControlKey, ScopeSet,
    claims::{MandateClaims, MandateUse},
    text::excerpt,
};
use caracal_events::shortlived::mark;
use caracal_service::Refusal;
use caracal_wire::sts::{DenialReason, Explanation};

use super::{Issued, mint_ttl};
use crate::{
    authenticate::unavailable,
    case::{Case, Context},
    decide::{Actor, Denied, MAX_UNDECLARED, Outcome, thawed},
    evidence::{About, Metadata, OfControl},
    form::TokenRequest,
    grant::Ruled,
    hold::Release,
    issue::{self, DEFAULT_TTL, sign},
    keys,
    limit::limit,
    pipeline::{ExchangeKind, run},
    possession,
    stopped::Stopped,
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
        let exchange = ControlExchange {
            case,
            asked: self,
            audience: &case.deps.config.control_audience,
        };
        Ok(run(&exchange).await?.issued)
    }
}

/// The exchange of a control key's secret.
struct ControlExchange<'c> {
    case: &'c Case<'c>,
    asked: &'c Control<'c>,
    audience: &'c Arc<str>,
}

impl ControlExchange<'_> {
    /// Refuses for what a control key lacks, or must not ask for.
    fn rule(&self, rule: &'static str) -> Box<Denied> {
        self.not_for_it(Explanation::Rule { rule })
    }

    fn not_for_it(&self, explanation: Explanation<'_>) -> Box<Denied> {
        let reason = DenialReason::ControlResourceRequiresControlKey;
        Denied::of_facts(self.audience, reason, explanation)
    }
}

impl ExchangeKind for ControlExchange<'_> {
    type Actor = ();
    type Granted = Ruled<ControlKey>;
    type Issued = Issued;

    fn context(&self) -> Context<'_> {
        self.case.context()
    }

    fn class(&self) -> &'static str {
        CLASS
    }

    async fn admit(&self) -> Result<(), Refusal> {
        limit(self.case, &[self.audience.to_string()]).await?;
        possession::spend(self.case).await
    }

    /// An application that proved itself; whether it is a control key is part of what is decided.
    async fn resolve(&self) -> Result<(), Stopped> {
        thawed(self.context())
    }

    fn targets(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&**self.audience)
    }

    /// No policy is asked.
    fn decide(&self, _: &PolicySnapshot, (): &(), audience: &str) -> Outcome<Ruled<ControlKey>> {
        let (case, asked) = (self.case, self.asked);
        let key = ControlKey::of(&case.application.traits)
            .ok_or_else(|| self.rule("the application is no control key"))?;
        if !key.is_live(case.now) {
            return Err(self.rule("the control key has expired"));
        }
        if !asked.alone {
            let rule =
                "a control key asks for the Control API alone, without a session, delegation or approval";
            return Err(self.rule(rule));
        }
        if asked.scopes.is_empty() {
            return Err(self.rule("at least one scope is required"));
        }
        if !asked.scopes.is_subset(&key.scopes) {
            let beyond = asked.scopes.difference(&key.scopes);
            return Err(self.not_for_it(Explanation::Beyond { beyond }));
        }
        let resource = case
            .zone
            .resource(audience)
            .filter(|state| state.resource.identifier == audience);
        let Some(resource) = resource else {
            let details = Explanation::Resource { resource: audience };
            return Err(Denied::of_facts(
                audience,
                DenialReason::ResourceNotFound,
                details,
            ));
        };
        let declared = &resource.resource.scopes;
        let undeclared: Vec<_> = asked
            .scopes
            .iter()
            .filter(|scope| !declared.contains(scope))
            .take(MAX_UNDECLARED)
            .map(excerpt)
            .collect();
        if !undeclared.is_empty() {
            let details = Explanation::Undeclared { undeclared };
            return Err(Denied::of_facts(audience, DenialReason::ScopeMismatch, details));
        }
        Ok(Ruled {
            rule: Some(POLICY),
            found: key,
        })
    }

    async fn issue(
        &self,
        (): &(),
        granted: &[Outcome<Ruled<ControlKey>>],
        _: Option<&Release>,
    ) -> Result<Issued, Stopped> {
        let (case, deps) = (self.case, self.case.deps);
        let granted = granted.iter().flatten().next();
        let key = &granted.ok_or_else(unavailable)?.found;
        let signing = keys::signer(case).await?;
        let asked = self.asked.ttl_seconds.unwrap_or(DEFAULT_TTL);
        let seconds = key.max_ttl.map_or(asked, |most| most.min(asked));
        let end = case.now.plus(Duration::from_secs(u64::from(seconds)));
        let ends = [Some(end), key.expires_at, case.application.expires_at];
        let actor = Actor {
            ends_at: ends.into_iter().flatten().min(),
            ..Actor::default()
        };
        let ends_at = issue::lifetime(&actor, Some(seconds), case.now)?;
        // Used once, so its id says which memory its use will be kept in.
        let generation = deps.replay.generation().await.map_err(|error| {
            tracing::error!(%error, "cannot tell which memory a mandate's use will be kept in");
            unavailable()
        })?;
        let jti: Arc<str> = mark(deps.world.uuid_v7().to_string(), &generation).into();
        let class = (MandateUse::Resource, self.asked.scopes);
        let claims = MandateClaims {
            aud: vec![self.audience.clone()],
            target: vec![self.audience.clone()],
            ..issue::claims(case, &actor, class, &[], jti, ends_at)
        };
        Ok(Issued {
            token: sign(&claims, &signing).await?,
            claims: Arc::new(claims),
        })
    }

    /// The reason in the text, which clients of the Control API know.
    fn refusal(&self, denied: &Denied) -> Refusal {
        denied
            .refusal()
            .describe(format!("policy denied ({})", denied.reason.as_str()))
    }

    fn metadata<'e>(&'e self, about: &About<'e, (), Issued>) -> Metadata<'e> {
        let claims = about.issued.map(|issued| &*issued.claims);
        Metadata::Control(OfControl {
            application_id: self.case.application.id.as_str(),
            application_name: &self.case.application.name,
            resource: self.audience,
            requested_scopes: self.asked.scopes,
            subject_kind: "application",
            mandate_use: CLASS,
            session_id: claims.map(|claims| claims.sid.as_str()),
            jti: claims.map(|claims| &*claims.jti),
            jkt: self.case.bound_to.as_deref(),
            reason: about.reason,
            details: about.details,
        })
    }
}
