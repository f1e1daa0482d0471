//! Trace context (W3C): continued when valid, started afresh otherwise.

use caracal_core::World;
use http::{HeaderMap, HeaderName, HeaderValue};

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Leaves a valid `traceparent` or sets a fresh one; gives the trace id.
pub(super) fn continue_or_start(headers: &mut HeaderMap, world: &World) -> String {
    let mut given = headers.get_all(&TRACEPARENT).iter();
    let parent = given
        .next()
        .filter(|_| given.next().is_none())
        .and_then(|value| value.to_str().ok());
    if let Some(trace_id) = parent.and_then(trace_id) {
        return trace_id.to_owned();
    }
    // The state belongs to the parent that was not understood.
    headers.remove(&TRACESTATE);
    let trace_id = hex::encode(nonzero(world.random_bytes::<16>()));
    let span_id = hex::encode(nonzero(world.random_bytes::<8>()));
    if let Ok(value) = HeaderValue::from_str(&format!("00-{trace_id}-{span_id}-01")) {
        headers.insert(TRACEPARENT, value);
    }
    trace_id
}

/// All zeroes mean "invalid".
fn nonzero<const N: usize>(mut bytes: [u8; N]) -> [u8; N] {
    if bytes.iter().all(|byte| *byte == 0)
        && let Some(last) = bytes.last_mut()
    {
        *last = 1;
    }
    bytes
}

/// The trace id of a valid `traceparent`.
fn trace_id(text: &str) -> Option<&str> {
    let mut fields = text.split('-');
    let (version, trace, parent, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let more = fields.next().is_some();
    let hex = |field: &str, length: usize| {
        field.len() == length
            && field
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let set = |field: &str| field.bytes().any(|byte| byte != b'0');
    let valid = hex(version, 2)
        && version != "ff"
        && hex(trace, 32)
        && set(trace)
        && hex(parent, 16)
        && set(parent)
        && hex(flags, 2)
        && !(version == "00" && more);
    valid.then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn only_valid_parents_are_continued() {
        assert_eq!(trace_id(GOOD), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
        assert!(trace_id("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more").is_some());
        for bad in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(trace_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_state_without_its_parent_is_dropped() {
        let world = World::for_tests();
        let mut headers = HeaderMap::new();
        headers.insert(TRACESTATE, HeaderValue::from_static("a=1"));
        let id = continue_or_start(&mut headers, &world);
        assert!(headers.get(TRACEPARENT).unwrap().to_str().unwrap().contains(&id));
        assert!(!headers.contains_key(TRACESTATE));
        headers.insert(TRACEPARENT, HeaderValue::from_static(GOOD));
        headers.insert(TRACESTATE, HeaderValue::from_static("a=1"));
        assert_eq!(
            continue_or_start(&mut headers, &world),
            "4bf92f3577b34da6a3ce929d0e0e4736"
        );
        assert!(headers.contains_key(TRACESTATE));
    }
}
