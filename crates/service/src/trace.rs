//! Trace context (W3C): in from headers, on in spans, out to headers.
//!
//! Spans are plain `tracing` spans at `debug`, so a span that nobody asked for costs a comparison. Where the process
//! exports traces, the layer of `tracing-opentelemetry` gives each an identity; here it is read and set. Which requests
//! are traced is decided before their first span, so that the others cost nothing either.

use std::sync::OnceLock;

use caracal_core::World;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use opentelemetry::{
    Context,
    trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState},
};
use tracing::{Span, level_filters::LevelFilter};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// `X-Request-Id`.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// `traceparent`.
pub const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// `tracestate`.
pub const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// Which requests are traced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sampling {
    /// Whether the caller's `traceparent` decides where it has one.
    pub parent_decides: bool,
    /// The share of all others, 0 to 1.
    pub share: f64,
}

impl Sampling {
    /// Whether the trace whose id ends in `number` is in the share. The same for every process, as the SDK has it.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of 2^63"
    )]
    pub fn keeps(self, number: u64) -> bool {
        number >> 1 < (self.share.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64
    }
}

static SAMPLING: OnceLock<Sampling> = OnceLock::new();

/// Says, once, that this process exports the traces that `sampling` keeps.
pub fn exported(sampling: Sampling) {
    SAMPLING.get_or_init(|| sampling);
}

/// Whether a request gets a span. Where traces are exported, one that does not get any carries a `traceparent` that
/// says so, for whoever is asked because of it.
pub fn begins(headers: &mut HeaderMap, world: &World) -> bool {
    let Some(sampling) = SAMPLING.get() else {
        return true;
    };
    match TraceParent::of(headers) {
        Some(parent) if sampling.parent_decides => parent.is_sampled(),
        Some(parent) => sampling.keeps(parent.number()),
        None if sampling.keeps(u64::from_be_bytes(world.random_bytes())) => true,
        None => {
            start(headers, world, false);
            false
        }
    }
}

/// Replaces what is not a valid parent by a fresh one; gives the trace id.
pub fn start(headers: &mut HeaderMap, world: &World, sampled: bool) -> String {
    // The state belongs to the parent that was not understood.
    headers.remove(&TRACESTATE);
    let trace_id = hex::encode(nonzero(world.random_bytes::<16>()));
    let span_id = hex::encode(nonzero(world.random_bytes::<8>()));
    let flags = u8::from(sampled);
    if let Ok(value) = HeaderValue::from_str(&format!("00-{trace_id}-{span_id}-{flags:02x}")) {
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

/// A method as it may name a span: one of those that there are.
pub fn method_name(method: &Method) -> &str {
    match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS" | "TRACE" | "CONNECT") => {
            known
        }
        _ => "_OTHER",
    }
}

/// A valid `traceparent`: its fields as sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent<'h> {
    /// 32 hex digits, not all zero.
    pub trace_id: &'h str,
    /// 16 hex digits, not all zero: the caller's span.
    pub span_id: &'h str,
    flags: &'h str,
}

impl<'h> TraceParent<'h> {
    /// The parent that a request names. None when it names several, or one that is not valid.
    pub fn of(headers: &'h HeaderMap) -> Option<Self> {
        let mut given = headers.get_all(&TRACEPARENT).iter();
        let only = given.next().filter(|_| given.next().is_none())?;
        Self::parse(only.to_str().ok()?)
    }

    /// Reads a header's value. Later versions may have more fields than the four of the first.
    pub fn parse(text: &'h str) -> Option<Self> {
        let mut fields = text.split('-');
        let (version, trace_id, span_id, flags) =
            (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
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
            && hex(trace_id, 32)
            && set(trace_id)
            && hex(span_id, 16)
            && set(span_id)
            && hex(flags, 2)
            && !(version == "00" && more);
        valid.then_some(Self {
            trace_id,
            span_id,
            flags,
        })
    }

    /// Whether the caller records the trace.
    fn is_sampled(self) -> bool {
        u8::from_str_radix(self.flags, 16).is_ok_and(|flags| flags & 1 == 1)
    }

    /// The end of the trace id, which is random in every version.
    fn number(self) -> u64 {
        let end = self.trace_id.get(16..).unwrap_or_default();
        u64::from_str_radix(end, 16).unwrap_or_default()
    }

    fn context(self) -> Option<SpanContext> {
        let flags = TraceFlags::default().with_sampled(self.is_sampled());
        Some(SpanContext::new(
            TraceId::from_hex(self.trace_id).ok()?,
            SpanId::from_hex(self.span_id).ok()?,
            flags,
            true,
            TraceState::default(),
        ))
    }
}

/// Makes `span`, which was not entered yet, a child of the span that the request names.
pub fn continue_from(span: &Span, headers: &HeaderMap) {
    if span.is_disabled() {
        return;
    }
    if let Some(parent) = TraceParent::of(headers).and_then(TraceParent::context) {
        // It fails where traces are not exported: there is nothing to continue then.
        let _ = span.set_parent(Context::new().with_remote_span_context(parent));
    }
}

/// Calls `span`, which may have been entered, by a name that was not known when it began.
pub fn name(span: &Span, name: String) {
    span.context().span().update_name(name);
}

/// The span at work as a `traceparent` for whoever is asked next, and its trace id. None where traces are not
/// exported, and outside of every span.
pub fn current() -> Option<(HeaderValue, String)> {
    // The usual case, for the price of a comparison.
    if LevelFilter::current() < LevelFilter::DEBUG {
        return None;
    }
    let span = Span::current();
    let context = span.context();
    let context = context.span().span_context().clone();
    if !context.is_valid() {
        return None;
    }
    let trace_id = context.trace_id().to_string();
    let text = format!(
        "00-{trace_id}-{}-{:02x}",
        context.span_id(),
        context.trace_flags()
    );
    Some((HeaderValue::from_str(&text).ok()?, trace_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn only_valid_parents_are_continued() {
        let good = TraceParent::parse(GOOD).unwrap();
        assert_eq!(good.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
        let context = good.context().unwrap();
        assert!(context.is_sampled() && context.is_remote());
        assert_eq!(context.span_id().to_string(), good.span_id);
        let later = "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more";
        assert!(TraceParent::parse(later).is_some());
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
            assert_eq!(TraceParent::parse(bad), None, "{bad}");
        }
        let mut twice = HeaderMap::new();
        twice.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert!(TraceParent::of(&twice).is_some());
        twice.append(TRACEPARENT, HeaderValue::from_static(GOOD));
        assert_eq!(TraceParent::of(&twice), None, "two parents are none");
    }

    #[test]
    fn a_share_of_traces_is_the_same_everywhere() {
        let share = |share| Sampling {
            parent_decides: false,
            share,
        };
        let good = TraceParent::parse(GOOD).unwrap();
        assert_eq!(good.number(), 0xa3ce_929d_0e0e_4736);
        for number in [0, good.number(), u64::MAX] {
            assert!(share(1.0).keeps(number));
            assert!(!share(0.0).keeps(number));
        }
        assert!(share(0.7).keeps(good.number()), "0xa3… is 0.64 of everything");
        assert!(!share(0.6).keeps(good.number()));
    }

    #[test]
    fn without_an_exporter_there_is_no_span_to_name() {
        assert!(current().is_none());
        tracing::subscriber::with_default(tracing_subscriber::registry(), || {
            let span = tracing::info_span!("request");
            let mut headers = HeaderMap::new();
            headers.insert(TRACEPARENT, HeaderValue::from_static(GOOD));
            continue_from(&span, &headers);
            assert!(span.in_scope(current).is_none());
        });
    }
}
