//! The Gateway's question: may this presented mandate be used for this call, and with which credential?

use std::sync::Arc;

use caracal_authz::{DecisionInput, PolicySnapshot};
use caracal_core::{
    ApprovalId, AuthorityRecordId, Operation, ScopeSet, Timestamp,
    claims::{MandateClaims, MandateUse},
};
use caracal_lifecycle::approvals::{AskedCall, Circumstances, Request, Use};
use caracal_service::Refusal;
use caracal_wire::sts::{Explanation, UpstreamDirective};
use serde_json::Value;

use super::approval::to_approve;
use crate::{
    StsDeps,
    authenticate::{invalid_client, unavailable, zone_of},
    budget::Bill,
    case::{Case, Context, GovernedCall},
    decide::{
        Actor, ActorError, Granted, Outcome, UseScopes, decide_use, not_the_control_api, resolve, use_input,
    },
    evidence::{About, Metadata, Named, OfMandate},
    hold::Release,
    issue::{DEFAULT_TTL, sign},
    keys,
    pipeline::{ExchangeKind, run},
    stopped::Stopped,
};

/// The answer to a call.
pub(crate) struct GovernedGrant {
    pub(crate) directive: UpstreamDirective,
    /// The resource mandate with its claims, when one was signed.
    pub(crate) mandate: Option<(String, MandateClaims)>,
}

/// Decides a call, for which `always_mandate` has a resource mandate signed even if the upstream does not see it.
///
/// # Errors
/// The refusal to pass on; every denial is in the spool already.
pub(super) async fn decide(
    deps: &StsDeps,
    call: GovernedCall<'_>,
    always_mandate: bool,
) -> Result<GovernedGrant, Refusal> {
    let now = deps.world.now();
    let zone = zone_of(deps, call.zone_id).await?;
    let zone = zone.ok_or_else(invalid_client)?;
    let application = zone.live_application(call.application_id, now);
    let application = application.cloned().ok_or_else(invalid_client)?;
    let case = Case {
        deps,
        zone,
        application,
        request_id: call.request_id,
        now,
        // What goes to the upstream is for the Gateway to present.
        bound_to: None,
        proof: None,
    };
    let exchange = CallExchange {
        case: &case,
        call,
        presented_scopes: call.claims.scopes(),
        requested_scopes: ScopeSet::default(),
        always_mandate,
    };
    let mut passed = run(&exchange).await?;
    let granted = passed.outcomes.pop().and_then(Result::ok);
    Ok(GovernedGrant {
        // A grant without a way through would be no grant.
        directive: granted
            .and_then(|granted| granted.directive)
            .ok_or_else(unavailable)?,
        mandate: passed.issued,
    })
}

/// The exchange of a call.
struct CallExchange<'c> {
    case: &'c Case<'c>,
    call: GovernedCall<'c>,
    /// Scopes of the mandate presented.
    presented_scopes: ScopeSet,
    /// A use asks for none.
    requested_scopes: ScopeSet,
    /// Whether to sign a resource mandate even if the upstream does not see it.
    always_mandate: bool,
}

impl CallExchange<'_> {
    const fn use_scopes(&self) -> UseScopes<'_> {
        UseScopes {
            presented: &self.presented_scopes,
            requested: &self.requested_scopes,
        }
    }
}

/// The mint of the presented mandate was counted, so that nothing refuses before the call is written down.
impl ExchangeKind for CallExchange<'_> {
    type Actor = Actor;
    type Granted = Granted;
    type Issued = Option<(String, MandateClaims)>;
    const BROKERS: bool = true;
    const OF_CALLS: bool = true;
    const HELPS: bool = true;
    const LISTS_POLICIES: bool = false;

    fn context(&self) -> Context<'_> {
        self.case.context()
    }

    fn class(&self) -> &'static str {
        "resource"
    }

    async fn resolve(&self) -> Result<Actor, Stopped> {
        let case = self.case;
        let GovernedCall { claims, zone_id, .. } = self.call;
        if claims.client_id != case.application.id || claims.zone_id != *zone_id {
            return Err(ActorError::NotHolder.into());
        }
        if case.deps.revocations.covers(claims) {
            return Err(ActorError::Revoked.into());
        }
        let session = claims.agent_session_id.as_ref();
        let actor = resolve(case, session, claims.delegation_edge_id.as_ref()).await?;
        // A single-use mandate without a delegation was never minted by us.
        if actor.delegation().is_none() {
            Err(ActorError::Delegation.into())
        } else {
            Ok(actor)
        }
    }

    fn targets(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.call.resource)
    }

    fn references(&self) -> Value {
        let references = Explanation::References {
            agent_session_id: self.call.claims.agent_session_id.as_ref(),
            delegation_edge_id: self.call.claims.delegation_edge_id.as_ref(),
            resources: None,
        };
        references.into()
    }

    fn decide(&self, policy: &PolicySnapshot, actor: &Actor, resource: &str) -> Outcome<Granted> {
        not_the_control_api(self.case, resource)?;
        decide_use((&self.case.zone, policy), actor, &self.call, self.use_scopes())
    }

    fn input<'i>(&'i self, actor: &'i Actor, resource: &'i str) -> Option<DecisionInput<'i>> {
        let zone = &self.case.zone;
        Some(use_input(zone, actor, &self.call, self.use_scopes(), resource))
    }

    fn presented(&self) -> Option<&ApprovalId> {
        self.call.approval
    }

    fn call(&self) -> Option<AskedCall<'_>> {
        let content = self.call.content.read()?;
        Some(AskedCall {
            operation: self.call.operation,
            content,
        })
    }

    fn to_approve<'r>(
        &'r self,
        actor: &'r Actor,
        resources: &'r [&'r str],
        scopes: &'r [&'r str],
    ) -> Option<(Request<'r>, Circumstances<'r>)> {
        let asked = to_approve(self.case, actor, resources, scopes);
        let request = Request {
            call: self.call(),
            ..asked.0
        };
        Some((request, asked.1))
    }

    async fn afford(&self, actor: &Actor, outcomes: &mut [Outcome<Granted>]) -> Result<(), Stopped> {
        let Some(Ok(granted)) = outcomes.first_mut() else {
            return Ok(());
        };
        if granted.spending.is_empty() {
            return Ok(());
        }
        let holders = actor.holders(self.case).await;
        granted.holders = holders.map_err(|error| error.refusal())?;
        Bill::of(self.case, &self.call, actor, granted).look().await
    }

    /// The person behind the session, else the application.
    fn beneficiary<'b>(&'b self, actor: &'b Actor) -> Option<&'b str> {
        let application = self.case.application.id.as_str();
        Some(actor.person.as_deref().unwrap_or(application))
    }

    async fn issue(
        &self,
        actor: &Actor,
        outcomes: &[Outcome<Granted>],
        release: Option<&Release>,
    ) -> Result<Self::Issued, Stopped> {
        let case = self.case;
        let Some(Ok(granted)) = outcomes.first() else {
            return Ok(None);
        };
        let seen = granted
            .directive
            .as_ref()
            .is_some_and(UpstreamDirective::needs_mandate);
        let mandate = if self.always_mandate || seen {
            let identifier = &granted.resource.resource.identifier;
            Some(resource_mandate(case, self.call.claims, actor, identifier).await?)
        } else {
            None
        };
        // Last of all that can fail: once it is used up the call is made at most once, and not again if it is lost.
        let used = Use::Call(&self.call.claims.jti);
        let bill = Bill::of(case, &self.call, actor, granted);
        bill.pay(release.map(|release| (release, used))).await?;
        Ok(mandate)
    }

    fn operation(&self) -> Option<&Operation> {
        Some(self.call.operation)
    }

    fn metadata<'e>(&'e self, about: &About<'e, Actor, Self::Issued>) -> Metadata<'e> {
        let claims = self.call.claims;
        let named = Named {
            mandate_use: self.class(),
            scopes: &self.requested_scopes,
            mandate: Some(claims),
            operation: Some(self.call.operation),
            session: claims.agent_session_id.as_ref(),
            delegation: claims.delegation_edge_id.as_ref(),
        };
        Metadata::Mandate(OfMandate::of(self.case, &named, about))
    }
}

/// The mandate an upstream verifies: audience is the resource, its end is never after the presented one's.
async fn resource_mandate(
    case: &Case<'_>,
    presented: &MandateClaims,
    actor: &Actor,
    identifier: &str,
) -> Result<(String, MandateClaims), Stopped> {
    let key = keys::signer(case).await?;
    let now = case.now.unix_seconds();
    let end = actor
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
    let token = sign(&claims, &key).await?;
    Ok((token, claims))
}
