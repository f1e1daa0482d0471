//! The state of one Gateway.

use std::{collections::HashMap, time::Duration};

use caracal_core::{Timestamp, ZoneId};
use caracal_service::egress::EgressClient;
use parking_lot::Mutex;

use crate::{
    GatewayDeps, metrics::Metrics, places::Places, readers::Readers, refusals::Refusals, upload::Upload,
};

/// How often one zone is read again because of a key nobody knows.
const KEY_RELOAD_EVERY: Duration = Duration::from_secs(30);
/// Most zones remembered.
const MAX_ENTRIES: usize = 4096;

/// Shared by all calls.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) deps: GatewayDeps,
    pub(crate) client: EgressClient<Upload>,
    pub(crate) metrics: Metrics,
    key_reloads: Mutex<HashMap<ZoneId, Timestamp>>,
    pub(crate) places: Places,
    pub(crate) readers: Readers,
    pub(crate) refusals: Refusals,
}

impl Gateway {
    pub(crate) fn new(deps: GatewayDeps) -> Self {
        Self {
            client: deps.egress.client(),
            metrics: Metrics::new(),
            key_reloads: Mutex::default(),
            places: Places::new(deps.config.max_calls_per_host, deps.config.place_timeout),
            readers: Readers::default(),
            refusals: Refusals::default(),
            deps,
        }
    }

    /// Whether the zone may be read again now because of an unknown key. Callers choose the key id, so without a
    /// bound they could make us read storage at will.
    pub(crate) fn may_reload_keys(&self, zone: &ZoneId) -> bool {
        let now = self.deps.world.now();
        let mut reloads = self.key_reloads.lock();
        if reloads
            .get(zone)
            .is_some_and(|at| now.since(*at) < KEY_RELOAD_EVERY)
        {
            return false;
        }
        if reloads.len() >= MAX_ENTRIES {
            reloads.retain(|_, at| now.since(*at) < KEY_RELOAD_EVERY);
            if reloads.len() >= MAX_ENTRIES {
                return false;
            }
        }
        reloads.insert(zone.clone(), now);
        true
    }
}
