//! What fuzzers reach of listings.

use std::borrow::Cow;

use serde::Deserialize;

use super::{Unreadable, events::Events, message::without};

/// A listing as a client reads it. What it does not ask for is not interpreted, as the filter does not either: a number
/// beyond every float (`1e999`) or half of a surrogate pair is JSON, and passes as it came.
#[derive(Deserialize)]
struct Message {
    result: Option<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    tools: Option<Vec<Tool>>,
}

#[derive(Deserialize)]
struct Tool {
    name: Option<String>,
}

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
            let message: Message = serde_json::from_str(&kept).expect("what is passed on is a message");
            for tool in message
                .result
                .and_then(|result| result.tools)
                .into_iter()
                .flatten()
            {
                let name = tool.name.as_deref();
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
