//! Requests as bytes: what no well-behaved client would send.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// Longest wait for an answer.
const LIMIT: Duration = Duration::from_secs(20);

/// An answer to a request of bytes.
#[derive(Debug)]
pub struct RawReply {
    /// Status code; 0 when the connection was closed without an answer.
    pub status: u16,
    /// Head and body.
    pub text: String,
}

/// Sends `request` to the server at `url` and reads until it closes. Ask for `Connection: close`.
///
/// # Panics
/// When nobody listens, or the connection stays open without end.
pub async fn raw(url: &str, request: &[u8]) -> RawReply {
    let address = url.strip_prefix("http://").expect("an http URL");
    let mut stream = TcpStream::connect(address).await.expect("somebody listens");
    // A server that refuses early stops reading; its answer is what counts.
    let _ = stream.write_all(request).await;
    let mut bytes = Vec::new();
    let read = timeout(LIMIT, stream.read_to_end(&mut bytes)).await;
    assert!(
        read.is_ok(),
        "the connection stays open after {}",
        String::from_utf8_lossy(&bytes)
    );
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or(0);
    RawReply { status, text }
}
