//! What fuzzers reach of this crate (`fuzz/`); compiled for them alone.

pub use crate::{listing::fuzzing::listing, operation::fuzzing::mcp_message, websocket::fuzzing::websocket};

/// A path as sent: what passes has no segment that leads out, as policies read it either.
///
/// # Panics
/// When it has.
pub fn path(path: &str) {
    if crate::path::check(path).is_err() {
        return;
    }
    let read = crate::path::decode(path).expect("a path that passes can be read");
    assert!(read.starts_with('/'), "{read:?}");
    assert!(
        !read.split('/').any(|segment| segment == "." || segment == ".."),
        "{path:?} reads {read:?}"
    );
    assert!(
        !read.contains(['\\', '\0', '\r', '\n']),
        "{path:?} reads {read:?}"
    );
}
