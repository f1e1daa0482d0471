//! The state of one Gateway.

use caracal_service::egress::EgressClient;

use crate::{
    GatewayDeps, metrics::Metrics, places::Places, readers::Readers, refusals::Refusals, upload::Upload,
};

/// Shared by all calls.
#[derive(Debug)]
pub(crate) struct Gateway {
    pub(crate) deps: GatewayDeps,
    pub(crate) client: EgressClient<Upload>,
    pub(crate) metrics: Metrics,
    pub(crate) places: Places,
    pub(crate) readers: Readers,
    pub(crate) refusals: Refusals,
}

impl Gateway {
    pub(crate) fn new(deps: GatewayDeps) -> Self {
        Self {
            client: deps.egress.client(),
            metrics: Metrics::new(),
            places: Places::new(deps.config.max_calls_per_host, deps.config.place_timeout),
            readers: Readers::default(),
            refusals: Refusals::default(),
            deps,
        }
    }
}
