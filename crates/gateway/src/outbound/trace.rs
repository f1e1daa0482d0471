//! The trace context that an upstream is told.

use caracal_core::World;
use caracal_service::trace::{self, TRACEPARENT, TraceParent};
use http::HeaderMap;

/// Names the span at work, where there is one that is exported; otherwise leaves a valid `traceparent` or sets a fresh
/// one. Gives the trace id.
pub(super) fn continue_or_start(headers: &mut HeaderMap, world: &World) -> String {
    let given = TraceParent::of(headers).map(|parent| parent.trace_id.to_owned());
    let trace_id = given.unwrap_or_else(|| trace::start(headers, world, true));
    match trace::current() {
        Some((value, trace_id)) => {
            headers.insert(TRACEPARENT, value);
            trace_id
        }
        None => trace_id,
    }
}

#[cfg(test)]
mod tests {
    use caracal_service::trace::TRACESTATE;
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_state_without_its_parent_is_dropped() {
        let world = World::for_tests();
        let mut headers = HeaderMap::new();
        headers.insert(TRACESTATE, HeaderValue::from_static("a=1"));
        let id = continue_or_start(&mut headers, &world);
        let set = headers.get(TRACEPARENT).unwrap().to_str().unwrap();
        assert!(set.contains(&id) && set.ends_with("-01"), "{set}");
        assert!(!headers.contains_key(TRACESTATE));
        let good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        headers.insert(TRACEPARENT, HeaderValue::from_static(good));
        headers.insert(TRACESTATE, HeaderValue::from_static("a=1"));
        assert_eq!(
            continue_or_start(&mut headers, &world),
            "4bf92f3577b34da6a3ce929d0e0e4736"
        );
        assert_eq!(headers.get(TRACEPARENT).unwrap(), good);
        assert!(headers.contains_key(TRACESTATE));
    }
}
