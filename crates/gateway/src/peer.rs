//! Where a request came from.

use std::net::IpAddr;

use caracal_service::server::PeerAddr;
use http::Extensions;

/// The address at the other end of its connection.
pub(crate) fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<PeerAddr>().map(|peer| peer.0.ip())
}
