//! Spans of hand-overs, named as OpenTelemetry names those of messaging.
//!
//! Entries carry no trace context, so a hand-over begins a trace of its own; what it was about is found by request id.

use tracing::Span;

use crate::Topic;

/// The span of handing `entries` to a bus.
pub(crate) fn send(topic: Topic, entries: usize) -> Span {
    tracing::debug_span!(
        "send",
        otel.kind = "producer",
        otel.name = %format_args!("send {topic}"),
        messaging.system = "caracal",
        messaging.operation.name = "send",
        messaging.destination.name = topic.as_str(),
        messaging.batch.message_count = entries,
    )
}

/// The span of working on `entries` that a bus delivered.
pub fn process(topic: Topic, entries: usize) -> Span {
    tracing::debug_span!(
        "process",
        otel.kind = "consumer",
        otel.name = %format_args!("process {topic}"),
        messaging.system = "caracal",
        messaging.operation.name = "process",
        messaging.destination.name = topic.as_str(),
        messaging.batch.message_count = entries,
    )
}
