//! The Gateway's question: may this presented mandate be used for this call, and with which credential?

use std::sync::Arc;

use caracal_authz::{DecisionInput, PolicySnapshot};
use caracal_core::{
    ApprovalId, AuthorityRecordId, ScopeSet, Timestamp,
    claims::{MandateClaims, MandateUse},
};
use caracal_lifecycle::approvals::{AskedCall, Use};
use caracal_service::Refusal;
use caracal_wire::sts::{Explanation, UpstreamDirective};

use crate::{
    StsDeps,
    authenticate::{invalid_client, unavailable, zone_of},
    budget::Bill,
    case::{Case, GovernedCall},
    decide::{
        Granted, Outcome, Party, PartyError, UseScopes, decide_use, not_the_control_api, resolve, use_input,
    },
    evidence::Evidence,
    hold::{Release, Stopped},
    issue::{DEFAULT_TTL, sign},
    keys,
    pipeline::{ExchangeKind, run},
};

/// The answer to a call.
pub(crate) struct GovernedGrant {
    pub(crate) directive: UpstreamDirective,
    /// The resource mandate with its claims, when one was signed.
    pub(crate) mandate: Option<(String, MandateClaims)>,
}

/// The exchange of a call.
pub(crate) struct Governed<'c> {
    pub(crate) call: GovernedCall<'c>,
    /// Scopes of the mandate presented.
    presented_scopes: ScopeSet,
    /// A use asks for none.
    requested_scopes: ScopeSet,
    /// Whether to sign a resource mandate even if the upstream does not see it.
    always_mandate: bool,
}

impl<'c> Governed<'c> {
    const fn use_scopes(&self) -> UseScopes<'_> {
        UseScopes {
            presented: &self.presented_scopes,
            requested: &self.requested_scopes,
        }
    }

    pub(crate) fn new(call: GovernedCall<'c>, always_mandate: bool) -> Self {
        Self {
            presented_scopes: call.claims.scopes(),
            requested_scopes: ScopeSet::default(),
            call,
            always_mandate,
        }
    }

    /// Decides the call.
    ///
    /// # Errors
    /// The refusal to pass on; every denial is in the spool already.
    pub(crate) async fn run(&self, deps: &StsDeps) -> Result<GovernedGrant, Refusal> {
        let now = deps.world.now();
        let zone = zone_of(deps, self.call.zone_id).await?;
        let zone = zone.ok_or_else(invalid_client)?;
        let application = zone.live_application(self.call.application_id, now);
        let application = application.cloned().ok_or_else(invalid_client)?;
        let case = Case {
            deps,
            zone,
            application,
            request_id: self.call.request_id,
            now,
            // What goes to the upstream is for the Gateway to present.
            bound_to: None,
        };
        let mut passed = run(&case, self).await?;
        let granted = passed.outcomes.pop().and_then(Result::ok);
        Ok(GovernedGrant {
            // A grant without a way through would be no grant.
            directive: granted
                .and_then(|granted| granted.directive)
                .ok_or_else(unavailable)?,
            mandate: passed.issued,
        })
    }
}

impl ExchangeKind for Governed<'_> {
    type Issued = Option<(String, MandateClaims)>;
    const BROKERS: bool = true;
    const OF_CALLS: bool = true;

    fn class(&self) -> &'static str {
        "resource"
    }

    /// The mint of the presented mandate was counted.
    async fn admit(&self, _: &Case<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    async fn resolve(&self, case: &Case<'_>) -> Result<Party, PartyError> {
        let GovernedCall { claims, zone_id, .. } = self.call;
        if claims.client_id != case.application.id || claims.zone_id != *zone_id {
            return Err(PartyError::NotHolder);
        }
        if case.deps.revocations.covers(claims) {
            return Err(PartyError::Revoked);
        }
        let session = claims.agent_session_id.as_ref();
        let party = resolve(case, session, claims.delegation_edge_id.as_ref()).await?;
        // A single-use mandate without a delegation was never minted by us.
        if party.delegation().is_none() {
            Err(PartyError::Delegation)
        } else {
            Ok(party)
        }
    }

    fn resources(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.call.resource)
    }

    fn references(&self) -> Explanation<'_> {
        Explanation::References {
            agent_session_id: self.call.claims.agent_session_id.as_ref(),
            delegation_edge_id: self.call.claims.delegation_edge_id.as_ref(),
            resources: None,
        }
    }

    fn decide(&self, case: &Case<'_>, policy: &PolicySnapshot, party: &Party, _: &str) -> Outcome<Granted> {
        not_the_control_api(case, self.call.resource)?;
        decide_use((&case.zone, policy), party, &self.call, self.use_scopes())
    }

    fn scopes(&self) -> &ScopeSet {
        &self.requested_scopes
    }

    fn input<'i>(&'i self, case: &'i Case<'_>, party: &'i Party, resource: &'i str) -> DecisionInput<'i> {
        use_input(&case.zone, party, &self.call, self.use_scopes(), resource)
    }

    fn named(&self) -> (Option<&ApprovalId>, Option<&AuthorityRecordId>) {
        (self.call.approval, None)
    }

    fn call(&self) -> Option<AskedCall<'_>> {
        let content = self.call.content.read()?;
        Some(AskedCall {
            operation: self.call.operation,
            content,
        })
    }

    async fn afford(
        &self,
        case: &Case<'_>,
        party: &Party,
        outcomes: &mut [Outcome<Granted>],
    ) -> Result<(), Stopped> {
        let Some(Ok(granted)) = outcomes.first_mut() else {
            return Ok(());
        };
        if granted.spending.is_empty() {
            return Ok(());
        }
        granted.holders = party.holders(case).await.map_err(|error| error.refusal())?;
        Bill::of(case, &self.call, party, granted).look().await
    }

    async fn issue(
        &self,
        case: &Case<'_>,
        party: &Party,
        outcomes: &[Outcome<Granted>],
        release: Option<&Release>,
    ) -> Result<Self::Issued, Stopped> {
        let Some(Ok(granted)) = outcomes.first() else {
            return Ok(None);
        };
        let seen = granted
            .directive
            .as_ref()
            .is_some_and(UpstreamDirective::needs_mandate);
        let mandate = if self.always_mandate || seen {
            let identifier = &granted.resource.resource.identifier;
            Some(resource_mandate(case, self.call.claims, party, identifier).await?)
        } else {
            None
        };
        // Last of all that can fail: once it is used up the call is made at most once, and not again if it is lost.
        let used = Use::Call(&self.call.claims.jti);
        let bill = Bill::of(case, &self.call, party, granted);
        bill.pay(release.map(|release| (release, used))).await?;
        Ok(mandate)
    }

    fn evidence<'e>(&'e self, mut evidence: Evidence<'e>, _: Option<&'e Self::Issued>) -> Evidence<'e> {
        evidence.operation = Some(self.call.operation);
        evidence.of_mandate(self.call.claims)
    }
}

/// The mandate an upstream verifies: audience is the resource, its end is never after the presented one's.
async fn resource_mandate(
    case: &Case<'_>,
    presented: &MandateClaims,
    party: &Party,
    identifier: &str,
) -> Result<(String, MandateClaims), Refusal> {
    let (_, key) = keys::with_signing_key(case.deps, case.zone.clone())
        .await
        .map_err(|_| unavailable())?;
    let now = case.now.unix_seconds();
    let end = party
        .ends_at
        .map_or(presented.exp, Timestamp::unix_seconds)
        .min(presented.exp)
        .min(now.saturating_add(i64::from(DEFAULT_TTL)));
    let identifier: Arc<str> = identifier.into();
    let mut claims = presented.clone();
    claims.aud = vec![identifier.clone()];
    claims.target = vec![identifier];
    claims.exp = end;
    claims.iat = now;
    claims.jti = case.deps.world.uuid_v7().to_string().into();
    claims.sid = AuthorityRecordId::generate(&case.deps.world);
    claims.mandate_use = MandateUse::Resource;
    // The Gateway presents it, not whoever holds the key.
    claims.cnf = None;
    let token = sign(&claims, &key)?;
    Ok((token, claims))
}
