//! The state of one Gateway.

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_core::{Timestamp, ZoneId};
use caracal_service::egress::EgressClient;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{GatewayDeps, metrics::Metrics, upload::Upload};

/// How often one zone is read again because of a key nobody knows.
const KEY_RELOAD_EVERY: Duration = Duration::from_secs(30);
/// Most zones and hosts remembered.
const MAX_ENTRIES: usize = 4096;

/// Shared by all calls.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) deps: GatewayDeps,
    pub(crate) client: EgressClient<Upload>,
    pub(crate) metrics: Metrics,
    key_reloads: Mutex<HashMap<ZoneId, Timestamp>>,
    places: RwLock<HashMap<Box<str>, Arc<Semaphore>>>,
}

impl Gateway {
    pub(crate) fn new(deps: GatewayDeps) -> Self {
        Self {
            client: deps.egress.client(),
            metrics: Metrics::new(),
            key_reloads: Mutex::default(),
            places: RwLock::default(),
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

    /// A place among the calls to `host`, so that one stuck upstream cannot take all sockets.
    pub(crate) async fn place(&self, host: &str) -> Option<OwnedSemaphorePermit> {
        let places = self.places_of(host);
        match places.clone().try_acquire_owned() {
            Ok(place) => Some(place),
            Err(_) => tokio::time::timeout(self.deps.config.place_timeout, places.acquire_owned())
                .await
                .ok()?
                .ok(),
        }
    }

    fn places_of(&self, host: &str) -> Arc<Semaphore> {
        if let Some(places) = self.places.read().get(host) {
            return places.clone();
        }
        let mut places = self.places.write();
        if places.len() >= MAX_ENTRIES {
            // Hosts in use are still counted by those who hold a place.
            places.retain(|_, host| Arc::strong_count(host) > 1);
        }
        places
            .entry(host.into())
            .or_insert_with(|| Arc::new(Semaphore::new(self.deps.config.max_calls_per_host)))
            .clone()
    }
}
