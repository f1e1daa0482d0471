//! What asks outside for the sake of people who sign in with clients.

use std::{net::IpAddr, sync::Arc, time::Duration};

use caracal_core::World;
use caracal_service::{
    egress::Egress,
    fair::Permits,
    oauth::{DocumentClient, DocumentError, TokenClient},
    refreshed::RefreshedByName,
};

/// Most documents of clients, and most codes of people, that are fetched at once for strangers; one network gets three
/// quarters at most.
const MAX_AT_ONCE: usize = 16;
/// Most descriptions of clients that are kept: anybody may name one.
const MAX_DESCRIBED: usize = 1024;
/// How long somebody waits for their turn.
const TURN: Duration = Duration::from_secs(4);

/// A client that people sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// As it calls itself. Nobody vouches for that.
    pub(crate) name: String,
    /// Whose document describes it.
    pub(crate) host: Option<String>,
    /// Where people may be sent back to.
    pub(crate) redirect_uris: Vec<String>,
    /// Whether it says that it proves to hold a key with each request for a token.
    pub(crate) proves_key: bool,
}

/// What asks outside for the sake of people who sign in.
#[derive(Debug)]
pub struct SignIns {
    /// Redeems what identity providers give out.
    pub(crate) tokens: TokenClient,
    /// Fetches descriptions of clients.
    pub(crate) documents: DocumentClient,
    /// Who they describe, by their addresses: nobody where there is no such description.
    pub(crate) described: RefreshedByName<Option<Client>, DocumentError>,
    /// Turns at either, by network.
    pub(crate) turns: Permits<Option<IpAddr>>,
}

impl SignIns {
    /// Asks identity providers, which zones name, through `egress`, and clients that describe themselves, which anybody
    /// names, through `strangers`. One for a process.
    pub fn new(egress: &Arc<Egress>, strangers: &Arc<Egress>, world: World) -> Self {
        Self {
            described: RefreshedByName::new(MAX_DESCRIBED, world.clone()),
            tokens: TokenClient::new(egress.clone(), world),
            documents: DocumentClient::new(strangers.clone()),
            turns: Permits::new(MAX_AT_ONCE, TURN),
        }
    }
}
