//! How often something may be asked for: one way to count, one answer past a limit.
//!
//! Limits bound load, they do not authorise: while the counter is away, requests pass. Whoever was told to come back
//! later is remembered until then, so that what they send meanwhile reaches neither the counter nor storage.

use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};

use caracal_core::{Timestamp, World};
use caracal_crypto::{sha256, tokens::ACCOUNT_HEADER};
use caracal_events::RateLimiter;
use caracal_wire::{ErrorCode, coordinator::LimitDetails};
use http::{HeaderMap, header};
use parking_lot::RwLock;

use crate::{
    Refusal, metrics,
    turns::{Turn, TurnLimits, Turns},
};

/// Most of those told to come back later that are remembered; whoever is not costs what they did at first.
const MAX_WAITING: usize = 10_000;

/// What all whom nobody has proved may have the store do at once: less than its connections, so that those who are proved find
/// one. One network has fewer, and is next in its turn however many another sends.
const STRANGERS: TurnLimits = TurnLimits {
    in_all: 8,
    of_one: 6,
    waiting: 256,
    waiting_in_all: 1_024,
    wait: Duration::from_secs(5),
};
/// After how long those come again who got no turn.
const NO_TURN: Duration = Duration::from_secs(1);

/// What the calls of a route count towards, besides all the others of their caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitClass {
    /// Nothing else.
    Ordinary,
    /// The registrations of its caller where its path says.
    Registration,
}

/// At most so many in a window.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What the names of its counters begin with.
    pub prefix: &'static str,
    /// Most in a window; 0 means no limit.
    pub limit: u32,
    /// From the first that is counted.
    pub window: Duration,
    /// What those past it are told.
    pub code: ErrorCode,
}

impl Rule {
    /// Most in a window, then 429 `rate_limited`.
    pub const fn new(prefix: &'static str, limit: u32, window: Duration) -> Self {
        Self {
            prefix,
            limit,
            window,
            code: ErrorCode::RateLimited,
        }
    }

    /// Most in a minute, then 429 `rate_limited`.
    pub const fn per_minute(prefix: &'static str, limit: u32) -> Self {
        Self::new(prefix, limit, Duration::from_mins(1))
    }
}

/// Who may be told to come back later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Visitor {
    Address(Option<IpAddr>),
    Stranger(Option<IpAddr>),
    Credential([u8; 32]),
}

impl Visitor {
    /// Which limit they reached, in the metric.
    const fn limit(self) -> &'static str {
        match self {
            Self::Address(_) => "refused_credentials",
            Self::Stranger(_) => "strangers",
            Self::Credential(_) => "calls",
        }
    }
}

/// The limits of a role.
#[derive(Debug)]
pub struct Limits {
    limiter: Arc<dyn RateLimiter>,
    world: World,
    calls: Rule,
    refused: Rule,
    registrations: Option<Rule>,
    waiting: RwLock<HashMap<Visitor, Timestamp>>,
    /// Of those whom nobody has proved, by network.
    strangers: Turns,
}

impl Limits {
    /// `calls` are counted by caller, `refused` credentials by the address they came from.
    pub fn new(limiter: Arc<dyn RateLimiter>, world: World, calls: Rule, refused: Rule) -> Self {
        Self {
            limiter,
            world,
            calls,
            refused,
            registrations: None,
            waiting: RwLock::default(),
            strangers: turns_of_strangers(),
        }
    }

    /// Counts the calls of [`LimitClass::Registration`] by `rule`.
    #[must_use]
    pub fn with_registrations(self, rule: Rule) -> Self {
        Self {
            registrations: Some(rule),
            ..self
        }
    }

    /// Whether calls of this class can be counted.
    pub(crate) fn has(&self, class: LimitClass) -> bool {
        class == LimitClass::Ordinary || self.registrations.is_some()
    }

    /// Counts a call of `caller` with these credentials.
    ///
    /// # Errors
    /// 429 past the limit.
    pub(crate) async fn count_call(&self, caller: &str, headers: &HeaderMap) -> Result<(), Refusal> {
        let counted = self.count(&self.calls, caller).await;
        counted.map_err(|wait| match credential(headers) {
            Some(credential) => self.wait(Visitor::Credential(credential), &self.calls, wait),
            // Those without any have nothing in common.
            None => limited("calls", &self.calls, wait),
        })
    }

    /// Counts a call of `caller` towards its class as well.
    ///
    /// # Errors
    /// 429 past the limit.
    pub(crate) async fn count_class(
        &self,
        class: LimitClass,
        place: &str,
        caller: &str,
    ) -> Result<(), Refusal> {
        match (class, &self.registrations) {
            (LimitClass::Registration, Some(rule)) => {
                let counted = self.count(rule, &format!("{place}:{caller}")).await;
                counted.map_err(|wait| limited("registrations", rule, wait))
            }
            _ => Ok(()),
        }
    }

    /// Counts a hit of `name` towards a rule of the role's own; `limit` names it in the metric.
    ///
    /// # Errors
    /// 429 past the limit.
    pub async fn count_towards(&self, rule: &Rule, limit: &'static str, name: &str) -> Result<(), Refusal> {
        let counted = self.count(rule, name).await;
        counted.map_err(|wait| limited(limit, rule, wait))
    }

    /// Counts a call from an address towards a rule of the role's own; `limit` names it in the metric.
    ///
    /// # Errors
    /// 429 past the limit.
    pub async fn count_address(
        &self,
        rule: &Rule,
        limit: &'static str,
        peer: Option<IpAddr>,
    ) -> Result<(), Refusal> {
        self.count_towards(rule, limit, &counted_address(peer)).await
    }

    /// Takes back what [`Limits::count_address`] counted, of an attempt that was none of those it is to bound.
    pub async fn give_back_address(&self, rule: &Rule, peer: Option<IpAddr>) {
        self.give_back(rule, &counted_address(peer)).await;
    }

    /// The same of what [`Limits::count_towards`] counted.
    pub async fn give_back(&self, rule: &Rule, name: &str) {
        if rule.limit == 0 {
            return;
        }
        let key = format!("{}{name}", rule.prefix);
        if let Err(error) = self.limiter.give_back(&key, rule.window).await {
            tracing::debug!(%error, "a hit could not be given back; it stays until its window ends");
        }
    }

    /// Counts a question of somebody who is nobody, that was in vain.
    ///
    /// # Errors
    /// 429 past the limit; until its window ends the address is told to wait.
    pub async fn count_stranger(&self, peer: Option<IpAddr>) -> Result<(), Refusal> {
        let peer = network(peer);
        let counted = self
            .count(&self.refused, &format!("nobody:{}", name_of(peer)))
            .await;
        counted.map_err(|wait| self.wait(Visitor::Stranger(peer), &self.refused, wait))
    }

    /// 429 while an address is to wait that asked in vain too often. Look before the first statement that a stranger
    /// can cause.
    pub fn stranger_waits(&self, peer: Option<IpAddr>) -> Option<Refusal> {
        self.still_waits(Visitor::Stranger(network(peer)), &self.refused)
    }

    /// A turn among all whom nobody has proved, now or when their network is next: held while the store works for them. Never
    /// hold it while waiting for anybody else.
    ///
    /// # Errors
    /// 429 when too many of them wait.
    pub async fn stranger_turn(&self, peer: Option<IpAddr>) -> Result<Turn, Refusal> {
        let turn = self.strangers.take(&counted_address(peer)).await;
        turn.map_err(|_| limited("strangers_at_once", &self.refused, NO_TURN))
    }

    /// The same, if it is free.
    pub(crate) fn free_stranger_turn(&self, peer: Option<IpAddr>) -> Option<Turn> {
        self.strangers.take_free(&counted_address(peer))
    }

    /// Counts a refused credential.
    ///
    /// # Errors
    /// 429 past the limit.
    pub(crate) async fn count_refused(&self, peer: Option<IpAddr>) -> Result<(), Refusal> {
        let peer = network(peer);
        let counted = self.count(&self.refused, &name_of(peer)).await;
        counted.map_err(|wait| self.wait(Visitor::Address(peer), &self.refused, wait))
    }

    /// 429 while the holder of these credentials is to wait.
    pub(crate) fn credential_waits(&self, headers: &HeaderMap) -> Option<Refusal> {
        // Nothing is digested on the way of those who never came too often.
        if self.waiting.read().is_empty() {
            return None;
        }
        self.still_waits(Visitor::Credential(credential(headers)?), &self.calls)
    }

    /// 429 while an address is to wait whose credentials were refused too often.
    pub(crate) fn address_waits(&self, peer: Option<IpAddr>) -> Option<Refusal> {
        self.still_waits(Visitor::Address(network(peer)), &self.refused)
    }

    fn still_waits(&self, visitor: Visitor, rule: &Rule) -> Option<Refusal> {
        let until = self.waiting.read().get(&visitor).copied()?;
        let left = until.since(self.world.now());
        (!left.is_zero()).then(|| limited(visitor.limit(), rule, left))
    }

    /// Remembers who is to wait, and tells them.
    fn wait(&self, visitor: Visitor, rule: &Rule, wait: Duration) -> Refusal {
        let now = self.world.now();
        let mut waiting = self.waiting.write();
        if waiting.len() >= MAX_WAITING {
            waiting.retain(|_, until| *until > now);
        }
        if waiting.len() < MAX_WAITING {
            waiting.insert(visitor, now.plus(wait));
        }
        limited(visitor.limit(), rule, wait)
    }

    /// How long to wait, past the limit.
    async fn count(&self, rule: &Rule, name: &str) -> Result<(), Duration> {
        if rule.limit == 0 {
            return Ok(());
        }
        let key = format!("{}{name}", rule.prefix);
        match self.limiter.hit(&key, rule.limit, rule.window).await {
            Ok(decision) if !decision.allowed => Err(decision.retry_after),
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "a limit could not be counted; the request passes");
                Ok(())
            }
        }
    }
}

/// What all strangers of a process share, by [`counted_address`]: for roles that count nobody.
pub fn turns_of_strangers() -> Turns {
    Turns::new(STRANGERS)
}

/// What a request is authenticated by, all of it: an account of a shared token waits alone.
fn credential(headers: &HeaderMap) -> Option<[u8; 32]> {
    let mut all = Vec::new();
    let account = headers.get_all(ACCOUNT_HEADER);
    for value in headers.get_all(header::AUTHORIZATION).iter().chain(account) {
        all.extend_from_slice(value.as_bytes());
        all.push(b'\n');
    }
    (!all.is_empty()).then(|| sha256(&all))
}

/// What those at an address are counted as: by network, since whoever has an IPv6 address has a network of them.
pub fn counted_address(peer: Option<IpAddr>) -> String {
    name_of(network(peer))
}

fn name_of(network: Option<IpAddr>) -> String {
    network.map_or_else(|| String::from("unknown"), |network| network.to_string())
}

/// Whoever has an IPv6 address has a network of them.
pub fn network(peer: Option<IpAddr>) -> Option<IpAddr> {
    match peer?.to_canonical() {
        IpAddr::V6(address) => Some(IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into())),
        v4 @ IpAddr::V4(_) => Some(v4),
    }
}

fn limited(limit: &'static str, rule: &Rule, wait: Duration) -> Refusal {
    metrics::limited(limit);
    let seconds = u32::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u32::MAX);
    too_many(rule.code, u64::from(rule.limit), seconds.max(1)).describe("too many requests, try again later")
}

/// 429 with `code`, the limit, and after how many seconds to try again.
pub fn too_many(code: ErrorCode, limit: u64, retry_after: u32) -> Refusal {
    Refusal::of(code)
        .with_details(&LimitDetails { limit })
        .retry_after(retry_after)
}
