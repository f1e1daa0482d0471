//! WebSockets (RFC 6455): one decision at the opening, then governance for as long as they are open.
//!
//! A resource declares where it has them. The opening goes up with the real credential as any request does; once the
//! upstream agrees, [`tunnel`] carries what both say, looking at [`frames`] as far as it takes to know where a message
//! ends, how large it is, and where a word of our own can stand.

mod frames;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod tunnel;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_service::server::Draining;
use http::{HeaderMap, HeaderValue, header, request::Parts};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_util::sync::CancellationToken;

use self::tunnel::Tunnel;
use crate::{
    governed::Governed,
    operation::opening::{lists, only},
    outcome::{End, FailureKind},
};

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");
const UPGRADE: HeaderValue = HeaderValue::from_static("upgrade");

/// What a server adds to the key before it hashes it (RFC 6455 §1.3).
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Makes a request for an upstream, whose neighbourly headers are gone, ask for a WebSocket again.
pub(crate) fn ask(headers: &mut HeaderMap) {
    headers.remove(header::TE);
    headers.remove(header::TRAILER);
    tell(headers);
}

/// Makes an answer tell the caller that the socket is open, or a request ask for it.
pub(crate) fn tell(headers: &mut HeaderMap) {
    // What is behind the head is no body, and has neither length nor trailers.
    headers.remove(header::TRAILER);
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::UPGRADE, WEBSOCKET);
    headers.insert(header::CONNECTION, UPGRADE);
}

/// A socket that is about to be opened for a caller.
pub(crate) struct Opening {
    caller: OnUpgrade,
    /// What an upstream that read this very opening answers.
    accept: String,
    draining: CancellationToken,
}

impl Opening {
    /// The opening in a request that was found to be one. `None` where its connection cannot change protocols.
    pub(crate) fn take(head: &mut Parts) -> Option<Self> {
        let caller = head.extensions.remove::<OnUpgrade>()?;
        let key = only(&head.headers, &header::SEC_WEBSOCKET_KEY)?;
        let draining = head.extensions.remove::<Draining>();
        Some(Self {
            caller,
            accept: STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, ACCEPT_SUFFIX].concat())),
            draining: draining.map(|draining| draining.0).unwrap_or_default(),
        })
    }

    /// Whether an answer of 101 opens this socket (RFC 6455 §4.1): the upstream's word to another opening, or another
    /// protocol's, does not.
    pub(crate) fn is_answered_by(&self, headers: &HeaderMap) -> bool {
        only(headers, &header::UPGRADE).is_some_and(|value| value.eq_ignore_ascii_case(b"websocket"))
            && lists(headers, &header::CONNECTION, b"upgrade")
            && only(headers, &header::SEC_WEBSOCKET_ACCEPT) == Some(self.accept.as_bytes())
    }

    /// Carries the socket to its end, which is recorded.
    pub(crate) async fn run(self, upstream: OnUpgrade, extended: bool, mut governed: Governed) {
        governed.begin_stream();
        let opened = async { tokio::try_join!(self.caller, upstream) };
        match tokio::time::timeout(governed.idle_timeout(), opened).await {
            Ok(Ok((caller, upstream))) => {
                let (caller, upstream) = (TokioIo::new(caller), TokioIo::new(upstream));
                Tunnel::new(caller, upstream, extended, governed)
                    .run(self.draining)
                    .await;
            }
            // The caller went away before it heard that the socket is open.
            Ok(Err(_)) | Err(_) => governed.end(End::Failed(FailureKind::ClientCancelled)),
        }
    }
}
