//! Ends authority all through a drill, and tries what has ended.

use std::{sync::Arc, time::Duration};

use caracal_e2e::{Agent, Fixture, READ, Reply, Role, Stack};
use tokio::time::sleep;

use crate::load::Load;

/// Pause between two endings.
const EVERY: Duration = Duration::from_millis(400);
/// Agents to be ended. More than a drill needs.
const AGENTS: usize = 120;

/// What was tried.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Endings {
    /// Endings that were acknowledged.
    pub(crate) acknowledged: usize,
    /// Endings that were not: refused, or nobody answered.
    pub(crate) unacknowledged: usize,
    /// Calls and mints that succeeded after the acknowledgement.
    pub(crate) violations: usize,
}

/// Ends one agent after the other.
pub(crate) struct Revoker<'s> {
    fixture: &'s Fixture<'s>,
    load: Arc<Load>,
    waiting: Vec<Agent>,
    ended: Vec<Agent>,
    endings: Endings,
}

impl<'s> Revoker<'s> {
    /// Starts the agents while everything works.
    pub(crate) async fn prepare(fixture: &'s Fixture<'s>, load: &Arc<Load>) -> Self {
        let mut waiting = Vec::new();
        for _ in 0..AGENTS {
            waiting.push(fixture.agent().await);
        }
        Self {
            fixture,
            load: load.clone(),
            waiting,
            ended: Vec::new(),
            endings: Endings::default(),
        }
    }

    /// Ends agents until the load is stopped.
    pub(crate) async fn work(&mut self, stack: &Stack) {
        while !self.load.is_stopped() {
            sleep(EVERY).await;
            let Some(agent) = self.waiting.pop() else { return };
            let held = match Reply::attempt(self.fixture.mint_request(&agent, READ, &[])).await {
                Some(minted) if minted.status == 200 => {
                    minted.json["access_token"].as_str().map(str::to_owned)
                }
                _ => None,
            };
            let (method, path) = if self.ended.len().is_multiple_of(2) {
                (
                    "DELETE",
                    format!("/zones/{}/agents/{}", self.fixture.zone.id, agent.session),
                )
            } else {
                (
                    "PATCH",
                    format!(
                        "/zones/{}/delegations/{}/revoke",
                        self.fixture.zone.id, agent.delegation
                    ),
                )
            };
            let request = stack
                .request(Role::Coordinator, method, &path)
                .bearer_auth(&agent.lifecycle);
            let ended = Reply::attempt(request).await;
            if !ended.is_some_and(|ended| matches!(ended.status, 200 | 204)) {
                self.endings.unacknowledged += 1;
                continue;
            }
            self.endings.acknowledged += 1;
            self.endings.violations += self.try_out(&agent, held.as_deref()).await;
            self.ended.push(agent);
        }
    }

    /// How many things an agent without authority may still do.
    async fn try_out(&self, agent: &Agent, held: Option<&str>) -> usize {
        let mut good = 0;
        if let Some(held) = held {
            let call = self.fixture.call_request(held, &caracal_e2e::Call::default());
            good += usize::from(
                Reply::attempt(call)
                    .await
                    .is_some_and(|answer| answer.status == 200),
            );
        }
        let mint = Reply::attempt(self.fixture.mint_request(agent, READ, &[])).await;
        good + usize::from(mint.is_some_and(|minted| minted.status == 200))
    }

    /// Tries everything that was ended once more, now that everything works again.
    pub(crate) async fn good_for_something(mut self) -> Endings {
        for agent in std::mem::take(&mut self.ended) {
            self.endings.violations += self.try_out(&agent, None).await;
        }
        self.endings
    }
}
