//! What a call uses up: budgets of its sessions and delegations, and the approval that released it, in one transaction.

use std::time::Duration;

use caracal_core::entity::{BudgetLimit, HolderId, written};
use caracal_lifecycle::{
    approvals::Use,
    budgets::{self, Exhausted},
};
use caracal_service::{Refusal, contention::retried};
use caracal_storage::Access;
use caracal_wire::{
    ErrorCode,
    sts::{DenialDetails, DenialReason, Explanation},
};
use serde_json::Value;

use crate::{
    authenticate::too_often,
    case::{Case, GovernedCall},
    decide::{Actor, Granted},
    hold::Release,
    stopped::{Stopped, Why},
};

/// What a call uses up, and for whom.
pub(crate) struct Bill<'b> {
    case: &'b Case<'b>,
    call: &'b GovernedCall<'b>,
    actor: &'b Actor,
    granted: &'b Granted,
}

impl<'b> Bill<'b> {
    pub(crate) const fn of(
        case: &'b Case<'b>,
        call: &'b GovernedCall<'b>,
        actor: &'b Actor,
        granted: &'b Granted,
    ) -> Self {
        Self {
            case,
            call,
            actor,
            granted,
        }
    }

    /// Whether there is enough left of every budget now, before a person or an upstream is asked for anything.
    ///
    /// # Errors
    /// 403 when a budget has not enough left; 503.
    pub(crate) async fn look(&self) -> Result<(), Stopped> {
        if self.granted.spending.is_empty() {
            return Ok(());
        }
        let (store, zone) = (&self.case.deps.store, &self.case.zone.zone.id);
        let mut work = store.zone(zone, Access::Read).await?;
        match budgets::look(work.as_mut(), &self.granted.holders, &self.granted.spending).await? {
            Some(exhausted) => Err(self.exhausted(&exhausted)),
            None => Ok(()),
        }
    }

    /// Uses up what the call takes. Where nothing is counted and nothing was approved, nothing is asked or written.
    ///
    /// # Errors
    /// 403 when a budget has not enough left; 409 when the approval was used meanwhile; 429 when too many calls of the
    /// zone are being counted; 503. Then nothing was used.
    pub(crate) async fn pay(&self, release: Option<(&Release, Use<'_>)>) -> Result<(), Stopped> {
        if self.granted.spending.is_empty() && release.is_none() {
            return Ok(());
        }
        let Case { deps, zone, .. } = self.case;
        let zone = &zone.zone.id;
        let _turn = if self.granted.spending.is_empty() {
            None
        } else {
            let busy = "too many calls of the zone are being counted";
            let turn = deps.counting.turn(zone).await;
            Some(turn.map_err(|_| too_often("counting", busy, Duration::from_secs(1)))?)
        };
        let paid = retried(&deps.world, || async {
            let mut work = deps.store.zone(zone, Access::Write).await?;
            let charged = budgets::charge(
                work.as_mut(),
                &self.granted.holders,
                &self.granted.spending,
                self.case.now,
            )
            .await;
            match charged {
                Ok(None) => {}
                Ok(Some(exhausted)) => return Err(self.exhausted(&exhausted)),
                Err(caracal_storage::Error::MissingReference) => return Err(ended()),
                Err(error) => return Err(error.into()),
            }
            if let Some((release, used)) = &release {
                release
                    .consume_in(work.as_mut(), deps, self.case.request_id, *used)
                    .await?;
            }
            Ok::<_, Stopped>(work.commit().await?)
        });
        paid.await?;
        if release.is_some() {
            deps.outbox.wake();
        }
        Ok(())
    }

    /// The refusal of a call that is more than is left. Of the sessions above the caller's chain it names none.
    fn exhausted(&self, exhausted: &Exhausted) -> Stopped {
        let Exhausted {
            budget,
            holder,
            calls,
            amount,
        } = exhausted;
        let reason = DenialReason::BudgetExhausted;
        let limit = exhausted.limit();
        let argument = budget.argument();
        let (most, used) = match limit {
            BudgetLimit::Calls => (
                budget.max_calls().unwrap_or_default().to_string(),
                calls.to_string(),
            ),
            BudgetLimit::Sum => (budget.max_sum().unwrap_or_default().to_string(), written(*amount)),
        };
        let operation = self.call.operation;
        let details: Value = Explanation::Budget {
            operation: operation.call().unwrap_or_else(|| operation.path()),
            per: budget.per(),
            holder: self.is_named(holder).then(|| holder.as_str()),
            limit,
            argument: argument.as_deref().filter(|_| limit == BudgetLimit::Sum),
            most,
            used,
        }
        .into();
        let told = DenialDetails {
            resource: self.granted.resource.resource.identifier.clone(),
            explanation: details.clone(),
        };
        let refusal = Refusal::of(ErrorCode::AccessDenied)
            .describe(format!("policy denied ({})", reason.as_str()))
            .reason(reason)
            .with_details(&told);
        let why = Why {
            details,
            ..Why::of(reason)
        };
        Stopped::because(refusal, why)
    }

    /// Whether the caller's mandate names it.
    fn is_named(&self, holder: &HolderId) -> bool {
        let chain = self.actor.chain();
        let own = self.actor.session.as_ref().map(|session| &session.id);
        match holder {
            HolderId::Session(id) => {
                own == Some(id) || chain.iter().any(|hop| hop.agent_session_id.as_ref() == Some(id))
            }
            HolderId::Delegation(id) => chain
                .iter()
                .any(|hop| hop.delegation_edge_id.as_ref() == Some(id)),
        }
    }
}

/// What was to pay is no longer there.
fn ended() -> Stopped {
    let reason = DenialReason::SessionInactive;
    let refusal = Refusal::of(ErrorCode::AccessDenied)
        .describe("a session or a delegation that the call hangs on has ended")
        .reason(reason);
    Stopped::denied(refusal, reason)
}
