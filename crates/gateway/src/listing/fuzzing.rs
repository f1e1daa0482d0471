//! What fuzzers reach of listings.

use std::borrow::Cow;

use super::{Unreadable, events::Events, message::without};

fn is_shown(name: &str) -> bool {
    name.len() % 2 == 0
}

fn filter(text: &str) -> Result<Cow<'_, str>, Unreadable> {
    without(text, "tools", "name", is_shown)
}

/// What an upstream lists, as one message and as events. Nothing that is not shown is left, and events come out alike
/// however they arrive.
///
/// # Panics
/// When that does not hold.
pub fn listing(bytes: &[u8], piece: usize) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if let Ok(kept) = filter(text) {
            let message: serde_json::Value = serde_json::from_str(&kept).expect("what is passed on is JSON");
            let tools = message
                .pointer("/result/tools")
                .and_then(serde_json::Value::as_array);
            for tool in tools.into_iter().flatten() {
                let name = tool.get("name").and_then(serde_json::Value::as_str);
                assert!(name.is_some_and(is_shown), "{name:?} is left in {kept:?}");
            }
        }
    }
    let taken = |piece: usize| {
        let mut events = Events::default();
        let mut passed = Vec::new();
        for piece in bytes.chunks(piece) {
            passed.extend(events.take(piece, 4096, filter).map_err(|_| ())?);
        }
        Ok::<_, ()>(passed)
    };
    assert_eq!(
        taken(bytes.len().max(1)),
        taken(piece.max(1)),
        "in pieces of {piece}"
    );
}
