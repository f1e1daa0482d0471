//! Session and gateway mandates: the application's own mints.

use std::sync::Arc;

use caracal_authz::{DecisionInput, PolicySnapshot};
use caracal_core::{
    ApprovalId, AuthorityRecordId, DelegationId, ScopeSet, SessionId,
    claims::{MandateClaims, MandateUse, SubjectType},
};
use caracal_lifecycle::approvals::{Circumstances, Request, Use};
use caracal_service::Refusal;
use caracal_wire::sts::{DeniedTarget, Explanation};
use serde_json::Value;

use super::approval::to_approve;
use crate::{
    case::{Case, Context},
    decide::{Actor, ActorError, Granted, Outcome, decide_mint, mint_input, not_the_control_api, resolve},
    evidence::{About, Metadata, Named, OfMandate},
    hold::Release,
    issue::{self, sign},
    keys,
    limit::limit,
    pipeline::{ExchangeKind, run},
    possession,
    size::{fits, growth},
    stopped::Stopped,
};

/// What an application asks for on its own authority.
pub(crate) struct Mint<'f> {
    /// Gateway where a session and a delegation are named, else session.
    pub(crate) class: MandateUse,
    pub(crate) resources: &'f [String],
    pub(crate) scopes: &'f ScopeSet,
    pub(crate) session_id: Option<&'f AuthorityRecordId>,
    pub(crate) agent_session_id: Option<&'f SessionId>,
    pub(crate) delegation_edge_id: Option<&'f DelegationId>,
    pub(crate) ttl_seconds: Option<u32>,
    pub(crate) approval_id: Option<&'f ApprovalId>,
}

/// A mandate.
pub(crate) struct Issued {
    pub(crate) token: String,
    pub(crate) claims: Arc<MandateClaims>,
}

impl Mint<'_> {
    /// Mints; with the mandate come the refused targets of a partial grant.
    ///
    /// # Errors
    /// The refusal to answer; every denial is in the spool already.
    pub(crate) async fn run(&self, case: &Case<'_>) -> Result<(Issued, Vec<DeniedTarget>), Refusal> {
        let passed = run(&MintExchange { case, mint: self }).await?;
        let issued = passed.issued;
        if self.class == MandateUse::Gateway
            && let Some(known) = &case.deps.issued
        {
            known.remember(&issued.token, issued.claims.clone(), case.now);
        }
        let denied = passed.outcomes.into_iter().filter_map(Result::err);
        let denied = denied.map(|denied| DeniedTarget {
            details: denied.told_details(),
            reason: denied.reason.as_str().into(),
            resource: denied.resource,
        });
        Ok((issued, denied.collect()))
    }

    /// Mints for one call, whose mandate nobody presents.
    ///
    /// # Errors
    /// As [`Mint::run`].
    pub(super) async fn for_call(&self, case: &Case<'_>) -> Result<Arc<MandateClaims>, Refusal> {
        Ok(run(&MintExchange { case, mint: self }).await?.issued.claims)
    }
}

/// The exchange of a mint.
struct MintExchange<'m> {
    case: &'m Case<'m>,
    mint: &'m Mint<'m>,
}

impl ExchangeKind for MintExchange<'_> {
    type Actor = Actor;
    type Granted = Granted;
    type Issued = Issued;
    const GIVES_AGAIN: bool = true;
    const HELPS: bool = true;
    const LISTS_POLICIES: bool = false;

    fn context(&self) -> Context<'_> {
        self.case.context()
    }

    fn class(&self) -> &'static str {
        if self.mint.class == MandateUse::Gateway {
            "gateway"
        } else {
            "session"
        }
    }

    async fn admit(&self) -> Result<(), Refusal> {
        limit(self.case, self.mint.resources).await?;
        // It leaves a mark, and those are no more than mints may be.
        possession::spend(self.case).await
    }

    async fn resolve(&self) -> Result<Actor, Stopped> {
        let (case, mint) = (self.case, self.mint);
        if let Some(id) = mint.session_id {
            // Without a subject token only the application's own record may be asserted.
            let record = case.deps.authority.record(&case.zone.zone.id, id).await;
            let record = record.map_err(ActorError::from)?;
            let own = record.is_some_and(|record| {
                record.is_live(case.now)
                    && record.subject_type == SubjectType::Application
                    && record.subject_id == case.application.id.as_str()
            });
            if !own || case.deps.revocations.is_revoked(id.as_str()) {
                return Err(ActorError::Record.into());
            }
        }
        Ok(resolve(case, mint.agent_session_id, mint.delegation_edge_id).await?)
    }

    fn targets(&self) -> impl Iterator<Item = &str> {
        self.mint.resources.iter().map(String::as_str)
    }

    fn references(&self) -> Value {
        let mint = self.mint;
        let references = Explanation::References {
            agent_session_id: mint.agent_session_id,
            delegation_edge_id: mint.delegation_edge_id,
            resources: Some(mint.resources),
        };
        references.into()
    }

    fn decide(&self, policy: &PolicySnapshot, actor: &Actor, resource: &str) -> Outcome<Granted> {
        let (case, mint) = (self.case, self.mint);
        not_the_control_api(case, resource)?;
        decide_mint(
            (&case.zone, policy),
            &case.application.id,
            actor,
            resource,
            mint.scopes,
            mint.ttl_seconds,
        )
    }

    fn scopes(&self) -> impl Iterator<Item = &str> {
        self.mint.scopes.iter()
    }

    fn input<'i>(&'i self, actor: &'i Actor, resource: &'i str) -> Option<DecisionInput<'i>> {
        let (case, scopes) = (self.case, self.mint.scopes);
        let application = &case.application.id;
        Some(mint_input(&case.zone, application, actor, resource, scopes))
    }

    fn presented(&self) -> Option<&ApprovalId> {
        self.mint.approval_id
    }

    fn to_approve<'r>(
        &'r self,
        actor: &'r Actor,
        resources: &'r [&'r str],
        scopes: &'r [&'r str],
    ) -> Option<(Request<'r>, Circumstances<'r>)> {
        let asked = to_approve(self.case, actor, resources, scopes);
        let request = Request {
            record_id: self.mint.session_id,
            ..asked.0
        };
        Some((request, asked.1))
    }

    async fn issue(
        &self,
        actor: &Actor,
        outcomes: &[Outcome<Granted>],
        release: Option<&Release>,
    ) -> Result<Issued, Stopped> {
        let (case, mint) = (self.case, self.mint);
        let key = keys::signer(case).await?;
        let mut ends_at = issue::lifetime(actor, mint.ttl_seconds, case.now)?;
        let before = match release {
            Some(release) => release.answered_before(case.deps, case.request_id).await?,
            None => None,
        };
        if let Some(record) = &before {
            ends_at = ends_at.min(record.expires_at);
        }
        let jti = issue::jti(case.deps, mint.class).await?;
        let class = (mint.class, mint.scopes);
        let mut claims = issue::claims(case, actor, class, outcomes, jti, ends_at);
        if let Some(record) = &before {
            if claims.root_sid == claims.sid {
                claims.root_sid = record.id.clone();
            }
            claims.sid = record.id.clone();
        }
        let claims = Arc::new(claims);
        let token = sign(&claims, &key).await?;
        if mint.class == MandateUse::Gateway {
            // What the Gateway turns it into at its upstream must fit as well.
            fits(token.len().saturating_add(growth(&claims)))?;
        }
        match release {
            // Last of all that can fail: what is used up was answered, or is answered again.
            Some(release) if before.is_none() => {
                let used = Use::Mandate {
                    id: &claims.sid,
                    application: &case.application.id,
                    parent: actor.root_record.as_ref(),
                    expires_at: claims.expires_at(),
                };
                release.consume(case.deps, case.request_id, used).await?;
            }
            Some(_) => {}
            None if mint.class == MandateUse::Gateway => {}
            None => issue::remember(case, &claims).await?,
        }
        Ok(Issued { token, claims })
    }

    fn metadata<'e>(&'e self, about: &About<'e, Actor, Issued>) -> Metadata<'e> {
        let named = Named {
            mandate_use: self.class(),
            scopes: self.mint.scopes,
            mandate: about.issued.map(|issued| &*issued.claims),
            operation: None,
            session: self.mint.agent_session_id,
            delegation: self.mint.delegation_edge_id,
        };
        Metadata::Mandate(OfMandate::of(self.case, &named, about))
    }
}
