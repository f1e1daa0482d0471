//! Session and gateway mandates: the application's own mints.

use std::sync::Arc;

use caracal_authz::{DecisionInput, PolicySnapshot};
use caracal_core::{
    ApprovalId, AuthorityRecordId, DelegationId, ScopeSet, SessionId,
    claims::{MandateClaims, MandateUse, SubjectType},
};
use caracal_crypto::DpopProof;
use caracal_lifecycle::approvals::Use;
use caracal_service::Refusal;
use caracal_wire::sts::{DeniedTarget, Explanation};

use crate::{
    authenticate::unavailable,
    case::Case,
    decide::{Granted, Outcome, Party, PartyError, decide_mint, mint_input, not_the_control_api, resolve},
    evidence::Evidence,
    hold::{Release, Stopped},
    issue::{self, sign},
    keys,
    limit::limit,
    pipeline::{ExchangeKind, run},
    possession,
    size::{fits, growth},
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
    /// That the key is held which the case is bound to.
    pub(crate) proof: Option<DpopProof>,
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
        let passed = run(case, self).await?;
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
}

impl ExchangeKind for Mint<'_> {
    type Issued = Issued;
    const BROKERS: bool = false;

    fn class(&self) -> &'static str {
        if self.class == MandateUse::Gateway {
            "gateway"
        } else {
            "session"
        }
    }

    async fn admit(&self, case: &Case<'_>) -> Result<(), Refusal> {
        limit(case, self.resources).await?;
        // It leaves a mark, and those are no more than mints may be.
        possession::spend(case, self.proof.as_ref()).await
    }

    async fn resolve(&self, case: &Case<'_>) -> Result<Party, PartyError> {
        if let Some(id) = self.session_id {
            // Without a subject token only the application's own record may be asserted.
            let record = case.deps.authority.record(&case.zone.zone.id, id).await?;
            let own = record.is_some_and(|record| {
                record.is_live(case.now)
                    && record.subject_type == SubjectType::Application
                    && record.subject_id == case.application.id.as_str()
            });
            if !own || case.deps.revocations.is_revoked(id.as_str()) {
                return Err(PartyError::Record);
            }
        }
        resolve(case, self.agent_session_id, self.delegation_edge_id).await
    }

    fn resources(&self) -> impl Iterator<Item = &str> {
        self.resources.iter().map(String::as_str)
    }

    fn references(&self) -> Explanation<'_> {
        Explanation::References {
            agent_session_id: self.agent_session_id,
            delegation_edge_id: self.delegation_edge_id,
            resources: Some(self.resources),
        }
    }

    fn decide(
        &self,
        case: &Case<'_>,
        policy: &PolicySnapshot,
        party: &Party,
        resource: &str,
    ) -> Outcome<Granted> {
        let application = &case.application.id;
        not_the_control_api(case, resource)?;
        decide_mint(
            (&case.zone, policy),
            application,
            party,
            resource,
            self.scopes,
            self.ttl_seconds,
        )
    }

    fn scopes(&self) -> &ScopeSet {
        self.scopes
    }

    fn input<'i>(&'i self, case: &'i Case<'_>, party: &'i Party, resource: &'i str) -> DecisionInput<'i> {
        mint_input(&case.zone, &case.application.id, party, resource, self.scopes)
    }

    fn named(&self) -> (Option<&ApprovalId>, Option<&AuthorityRecordId>) {
        (self.approval_id, self.session_id)
    }

    async fn issue(
        &self,
        case: &Case<'_>,
        party: &Party,
        outcomes: &[Outcome<Granted>],
        release: Option<&Release>,
    ) -> Result<Issued, Stopped> {
        let (_, key) = keys::with_signing_key(case.deps, case.zone.clone())
            .await
            .map_err(|error| {
                tracing::error!(error = %caracal_service::error_chain(&error), "no signing key");
                unavailable()
            })?;
        let mut ends_at = issue::lifetime(party, self.ttl_seconds, case.now)?;
        let before = match release {
            Some(release) => release.answered_before(case.deps, case.request_id).await?,
            None => None,
        };
        if let Some(record) = &before {
            ends_at = ends_at.min(record.expires_at);
        }
        let jti = issue::jti(case.deps, self.class).await?;
        let class = (self.class, self.scopes);
        let mut claims = issue::claims(case, party, class, outcomes, jti, ends_at);
        if let Some(record) = &before {
            if claims.root_sid == claims.sid {
                claims.root_sid = record.id.clone();
            }
            claims.sid = record.id.clone();
        }
        let claims = Arc::new(claims);
        let token = sign(&claims, &key)?;
        if self.class == MandateUse::Gateway {
            // What the Gateway turns it into at its upstream must fit as well.
            fits(token.len().saturating_add(growth(&claims)))?;
        }
        match release {
            // Last of all that can fail: what is used up was answered, or is answered again.
            Some(release) if before.is_none() => {
                let used = Use::Mandate {
                    id: &claims.sid,
                    application: &case.application.id,
                    parent: party.root_record.as_ref(),
                    expires_at: claims.expires_at(),
                };
                release.consume(case.deps, case.request_id, used).await?;
            }
            Some(_) => {}
            None if self.class == MandateUse::Gateway => {}
            None => issue::remember(case, &claims).await?,
        }
        Ok(Issued { token, claims })
    }

    fn evidence<'e>(&'e self, evidence: Evidence<'e>, issued: Option<&'e Issued>) -> Evidence<'e> {
        match issued {
            Some(issued) => evidence.of_mandate(&issued.claims),
            None => evidence,
        }
    }
}
