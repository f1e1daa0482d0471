//! Budgets that sessions and delegations use up, call by call.
//!
//! A call takes from every session that it is made in or for, or from every delegation that it is made under, in one
//! transaction: either all of them have enough left, or none is charged. So no descendant can use what an ancestor no
//! longer has, however the ancestor's authority was handed on.

use std::{collections::BTreeSet, sync::Arc};

use caracal_authz::document::Budget;
use caracal_core::{
    DelegationId, SessionId, Timestamp,
    entity::{BudgetHolder, BudgetLimit, BudgetUse, HolderId, PARTS},
};
use caracal_crypto::sha256_hex;
use caracal_storage::{Charge, Error, ZoneWork};

/// What a call takes out of one budget.
#[derive(Debug, Clone)]
pub struct Spending {
    /// The budget.
    pub budget: Arc<Budget>,
    /// Of the argument that it adds up, in millionths; 0 where it counts calls alone.
    pub amount: i64,
}

/// Whom a call is made for.
#[derive(Debug, Clone, Default)]
pub struct Holders {
    /// The session that makes it, those that handed its authority on, and those that started any of them.
    pub sessions: BTreeSet<SessionId>,
    /// The delegations from root to leaf.
    pub delegations: BTreeSet<DelegationId>,
}

/// A budget that has not enough left.
#[derive(Debug, Clone)]
pub struct Exhausted {
    /// The budget.
    pub budget: Arc<Budget>,
    /// Whose.
    pub holder: HolderId,
    /// Calls counted before.
    pub calls: i64,
    /// The argument's sum before, in millionths.
    pub amount: i64,
}

impl Exhausted {
    /// What would be passed.
    pub fn limit(&self) -> BudgetLimit {
        match self.budget.max_calls() {
            Some(most) if self.calls >= most => BudgetLimit::Calls,
            Some(_) | None => BudgetLimit::Sum,
        }
    }
}

/// What a call takes from one holder.
struct Charged<'s> {
    holder: HolderId,
    budget_id: String,
    spending: &'s Spending,
}

impl Charged<'_> {
    fn max_calls(&self) -> i64 {
        self.spending.budget.max_calls().unwrap_or(i64::MAX)
    }

    /// In millionths.
    fn max_amount(&self) -> i64 {
        let most = self.spending.budget.max_sum();
        most.map_or(i64::MAX, |most| most.saturating_mul(PARTS))
    }

    fn exhausted(&self, used: Option<&BudgetUse>) -> Exhausted {
        Exhausted {
            budget: self.spending.budget.clone(),
            holder: self.holder.clone(),
            calls: used.map_or(0, |used| used.calls),
            amount: used.map_or(0, |used| used.amount),
        }
    }
}

/// What is taken from whom, in one order for everybody, so that no two calls wait for each other.
fn charges<'s>(holders: &Holders, spending: &'s [Spending]) -> Vec<Charged<'s>> {
    let mut charges = Vec::new();
    for spending in spending {
        let budget_id = sha256_hex(spending.budget.identity().as_bytes());
        let holders: Vec<HolderId> = match spending.budget.per() {
            BudgetHolder::Session => holders.sessions.iter().cloned().map(HolderId::Session).collect(),
            BudgetHolder::Delegation => {
                let delegations = holders.delegations.iter().cloned();
                delegations.map(HolderId::Delegation).collect()
            }
        };
        charges.extend(holders.into_iter().map(|holder| Charged {
            holder,
            budget_id: budget_id.clone(),
            spending,
        }));
    }
    charges.sort_by(|left, right| (&left.holder, &left.budget_id).cmp(&(&right.holder, &right.budget_id)));
    charges
}

/// The first budget that has not enough left now. Nothing is taken.
///
/// # Errors
/// As the storage.
pub async fn look(
    work: &mut dyn ZoneWork,
    holders: &Holders,
    spending: &[Spending],
) -> Result<Option<Exhausted>, Error> {
    for charged in charges(holders, spending) {
        let used = work
            .budgets()
            .used_of(&charged.holder, &charged.budget_id)
            .await?;
        let (calls, amount) = used.as_ref().map_or((0, 0), |used| (used.calls, used.amount));
        let left = charged.max_amount().saturating_sub(amount);
        if calls >= charged.max_calls() || left < charged.spending.amount {
            return Ok(Some(charged.exhausted(used.as_ref())));
        }
    }
    Ok(None)
}

/// Takes what a call uses up out of every budget that it falls under. Where one has not enough left, that one is told and
/// nothing of the unit of work may be committed.
///
/// # Errors
/// As the storage: [`Error::MissingReference`] when a session or delegation is no longer there.
pub async fn charge(
    work: &mut dyn ZoneWork,
    holders: &Holders,
    spending: &[Spending],
    at: Timestamp,
) -> Result<Option<Exhausted>, Error> {
    for charged in charges(holders, spending) {
        let budget = &charged.spending.budget;
        let argument = budget.argument();
        let charge = Charge {
            holder: &charged.holder,
            budget_id: &charged.budget_id,
            resource: budget.resource(),
            method: budget.method(),
            path: budget.path(),
            argument: argument.as_deref(),
            amount: charged.spending.amount,
            max_calls: charged.max_calls(),
            max_amount: charged.max_amount(),
            at,
        };
        if !work.budgets().charge(&charge).await? {
            let used = work
                .budgets()
                .used_of(&charged.holder, &charged.budget_id)
                .await?;
            return Ok(Some(charged.exhausted(used.as_ref())));
        }
    }
    Ok(None)
}
