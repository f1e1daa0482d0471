//! What fuzzers reach of sockets.

use super::frames::{Frames, Sender};

/// The bytes of one direction of a socket: however they arrive, they are taken alike.
///
/// # Panics
/// When they are not.
pub fn websocket(bytes: &[u8], piece: usize, masked: bool, extended: bool) {
    let sender = if masked { Sender::Caller } else { Sender::Upstream };
    let walk = |piece: usize| {
        let mut frames = Frames::new(sender, extended, 1 << 20);
        let fault = bytes.chunks(piece).find_map(|piece| frames.advance(piece).err());
        (
            fault,
            frames.is_closed(),
            fault.is_none() && frames.is_between_frames(),
        )
    };
    let whole = walk(bytes.len().max(1));
    let (fault, closed, between) = walk(piece.max(1));
    assert_eq!(whole.0, fault, "in pieces of {piece}");
    if fault.is_none() {
        assert_eq!((whole.1, whole.2), (closed, between), "in pieces of {piece}");
    }
}
