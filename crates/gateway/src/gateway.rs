//! The state of one Gateway.

use std::{net::IpAddr, sync::Arc};

use caracal_core::ZoneId;
use caracal_service::{
    fair::Permits,
    limits::{counted_address, turns_of_strangers},
    repeats::Repeats,
    turns::{Turn, Turns},
    zones::DirectoryError,
};

use crate::{
    GatewayDeps,
    identities::{Identities, UpstreamClients},
    metrics::Metrics,
    readers::Readers,
};

/// Refusals of one mandate that are recorded one by one.
const REFUSALS_EACH: u64 = 8;

/// Shared by all calls.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) deps: GatewayDeps,
    /// For upstreams that ask for no certificate.
    pub(crate) clients: UpstreamClients,
    /// For those that do.
    pub(crate) identities: Identities,
    pub(crate) metrics: Metrics,
    pub(crate) permits: Permits<ZoneId>,
    pub(crate) readers: Arc<Readers>,
    /// Those of mandates that are really the zone's.
    pub(crate) refusals: Repeats<ZoneId, Arc<str>>,
    /// Those whom nobody has proved, and who name zones that are not in memory.
    strangers: Turns,
}

impl Gateway {
    pub(crate) fn new(deps: GatewayDeps) -> Self {
        Self {
            clients: UpstreamClients::of(&deps.egress),
            identities: Identities::default(),
            metrics: Metrics::new(),
            permits: Permits::new(deps.config.max_calls_per_host, deps.config.permit_timeout),
            readers: Arc::new(Readers::new(deps.config.stream_idle_timeout)),
            refusals: Repeats::new(REFUSALS_EACH),
            strangers: turns_of_strangers(),
            deps,
        }
    }

    /// The Gateway as callers know it, where it has a public address.
    pub(crate) fn origin(&self) -> Option<&str> {
        self.deps.config.public_url.as_deref()
    }

    /// To hold while a zone is read that somebody names who is not proved: a turn among strangers, where it is not in memory.
    ///
    /// # Errors
    /// [`DirectoryError::Unavailable`] when too many strangers wait.
    pub(crate) async fn turn_of_stranger(
        &self,
        zone: &ZoneId,
        peer: Option<IpAddr>,
    ) -> Result<Option<Turn>, DirectoryError> {
        if self.deps.zones.remembers(zone) {
            return Ok(None);
        }
        let turn = self.strangers.take(&counted_address(peer)).await;
        turn.map(Some).map_err(|_| DirectoryError::Unavailable)
    }
}
