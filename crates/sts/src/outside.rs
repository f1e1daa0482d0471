//! What asks outside for the sake of people who sign in with clients.

use std::{net::IpAddr, sync::Arc, time::Duration};

use caracal_core::World;
use caracal_service::{
    egress::Egress,
    fair::Permits,
    oauth::{DocumentClient, TokenClient},
};

/// Most documents of clients, and most codes of people, that are fetched at once for strangers; one network gets three
/// quarters at most.
const MAX_AT_ONCE: usize = 16;
/// How long somebody waits for their turn.
const TURN: Duration = Duration::from_secs(4);

/// What asks outside for the sake of people who sign in.
#[derive(Debug)]
pub struct SignIns {
    /// Redeems what identity providers give out.
    pub(crate) tokens: TokenClient,
    /// Fetches descriptions of clients.
    pub(crate) documents: DocumentClient,
    /// Turns at either, by network.
    pub(crate) turns: Permits<Option<IpAddr>>,
}

impl SignIns {
    /// Asks identity providers, which zones name, through `egress`, and clients that describe themselves, which anybody
    /// names, through `strangers`. One for a process.
    pub fn new(egress: &Arc<Egress>, strangers: &Arc<Egress>, world: World) -> Self {
        Self {
            tokens: TokenClient::new(egress.clone(), world),
            documents: DocumentClient::new(strangers.clone()),
            turns: Permits::new(MAX_AT_ONCE, TURN),
        }
    }
}
