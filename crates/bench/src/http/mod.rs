//! HTTP/1.1 (RFC 9112) as far as a load generator needs it: one request at a time on a kept connection.
//!
//! Everything that is read is bounded, and whatever is not plainly understood is an error, because a generator
//! that guesses measures something else than it says.

pub mod chunked;
pub mod connection;
pub mod head;

pub use connection::{Answer, Connection};

/// Longest message head read, in bytes.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Longest message body read, in bytes.
pub const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Why an exchange failed.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The transport failed.
    #[error("transport: {0}")]
    Io(#[from] std::io::Error),
    /// The peer closed before the message was complete.
    #[error("closed in the middle of a message")]
    Closed,
    /// The message is not HTTP/1.1 as understood here.
    #[error("malformed message: {0}")]
    Malformed(&'static str),
    /// The message is longer than [`MAX_HEAD_BYTES`] or [`MAX_BODY_BYTES`].
    #[error("message too long")]
    TooLong,
    /// No complete answer within the limit.
    #[error("no answer in time")]
    Timeout,
}
