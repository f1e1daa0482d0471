//! Clients of upstreams: one pair for those that ask for no certificate, and one for each certificate of a zone. A connection
//! opened under one identity, and a TLS session of it, carries no call of another.

use std::{collections::HashMap, sync::Arc, time::Instant};

use aws_lc_rs::digest::{SHA256, digest};
use caracal_core::{Secret, ZoneId};
use caracal_service::egress::{ClientIdentity, Egress, EgressClient, InvalidIdentity};
use parking_lot::Mutex;

use crate::upload::Upload;

/// Most identities whose connections are kept. Past it those go that were not used for longest.
const MAX_IDENTITIES: usize = 256;

/// The two ways to call upstreams.
#[derive(Debug)]
pub(crate) struct UpstreamClients {
    pub(crate) http1: EgressClient<Upload>,
    /// For gRPC, which is nothing without HTTP/2.
    pub(crate) http2: EgressClient<Upload>,
}

impl UpstreamClients {
    pub(crate) fn of(egress: &Egress) -> Self {
        Self {
            http1: egress.client(),
            http2: egress.http2_client(),
        }
    }
}

/// A zone, and the digest of a certificate with its key: after a rotation it is another, and so are the connections.
type IdentityKey = (ZoneId, [u8; 32]);

/// Clients that show certificates.
#[derive(Debug, Default)]
pub(crate) struct Identities(Mutex<HashMap<IdentityKey, (Arc<UpstreamClients>, Instant)>>);

impl Identities {
    /// The clients that show `identity`, certificates and their key, for calls of `zone`.
    ///
    /// # Errors
    /// [`InvalidIdentity`].
    pub(crate) fn clients(
        &self,
        egress: &Egress,
        zone: &ZoneId,
        identity: &Secret,
    ) -> Result<Arc<UpstreamClients>, InvalidIdentity> {
        let pem = identity.expose();
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, pem.as_bytes()).as_ref());
        let key = (zone.clone(), sha256);
        let now = Instant::now();
        if let Some((clients, used_at)) = self.0.lock().get_mut(&key) {
            *used_at = now;
            return Ok(clients.clone());
        }
        let shown = egress.presenting(&ClientIdentity::from_pem(pem, pem)?);
        let clients = Arc::new(UpstreamClients::of(&shown));
        let mut kept = self.0.lock();
        if kept.len() >= MAX_IDENTITIES {
            let oldest = kept.iter().min_by_key(|(_, (_, used_at))| *used_at);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                kept.remove(&oldest);
            }
        }
        // Whoever came first at the same time stays, so that there is one pool.
        let (clients, _) = kept.entry(key).or_insert((clients, now));
        Ok(clients.clone())
    }
}
