//! Traces: spans that leave for a collector over OTLP/HTTP, where one is configured.
//!
//! What leaves is what the spans of our own crates declare: names, ids, sizes, codes. Log lines do not, nor do paths,
//! headers or bodies.

use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use caracal_core::Secret;
use caracal_service::{
    egress::{Egress, EgressClient},
    trace::{self, Sampling},
};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use opentelemetry::{
    Context, KeyValue,
    trace::{Link, SpanContext, SpanKind, TraceContextExt as _, TraceId, TraceState, TracerProvider as _},
};
use opentelemetry_http::{Bytes, HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    resource::TelemetryResourceDetector,
    trace::{
        BatchConfigBuilder, BatchSpanProcessor, SamplingDecision, SamplingResult, SdkTracerProvider,
        ShouldSample,
    },
};
use tokio::runtime::Handle;
use tracing::{Metadata, Subscriber, level_filters::LevelFilter, subscriber::Interest};
use tracing_subscriber::{
    Layer,
    layer::{self, Filter},
    registry::LookupSpan,
};

/// Where traces go, as configured.
#[derive(Debug, Clone)]
pub(crate) struct Tracing {
    /// URL of the collector's traces, `/v1/traces` included.
    pub(crate) endpoint: String,
    /// Headers for the collector, `name=value` separated by commas.
    pub(crate) headers: Option<Secret>,
    /// `service.name`.
    pub(crate) service_name: String,
    pub(crate) sampling: Sampling,
    /// Longest wait for the collector.
    pub(crate) timeout: Duration,
    /// Further attributes of this process, `name=value` separated by commas.
    pub(crate) attributes: Option<String>,
    pub(crate) batches: Batches,
}

/// How finished spans are gathered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Batches {
    /// Spans that wait; further ones are dropped.
    pub(crate) queued: usize,
    /// Most spans that are sent at once.
    pub(crate) size: usize,
    /// Longest time that one waits for others.
    pub(crate) delay: Duration,
}

/// Spans that begin a trace of their own where none is under way. All others are part of one or nothing: what a process
/// does every second on its own is nobody's trace.
const ROOTS: [&str; 3] = ["request", "send", "process"];

/// Most bytes of a collector's answer.
const MAX_ANSWER: usize = 64 * 1024;

/// Starts exporting through `egress`, on `runtime`.
///
/// # Errors
/// When the endpoint cannot be used.
pub(super) fn start(
    tracing: &Tracing,
    egress: &Egress,
    runtime: Handle,
) -> anyhow::Result<SdkTracerProvider> {
    egress
        .target(&tracing.endpoint)
        .context("OTEL_EXPORTER_OTLP_ENDPOINT is not usable")?;
    let client = Collector {
        client: egress.client(),
        runtime,
        timeout: tracing.timeout,
    };
    let headers = tracing.headers.iter().flat_map(|headers| pairs(headers.expose()));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_http_client(client)
        .with_endpoint(&tracing.endpoint)
        .with_timeout(tracing.timeout)
        .with_headers(headers.collect())
        .build()
        .context("cannot export traces")?;
    trace::exported(tracing.sampling);
    // Whatever the libraries would read in the environment by themselves is in the table of settings.
    let attributes = tracing.attributes.iter().flat_map(|list| pairs(list));
    let resource = Resource::builder_empty()
        .with_detector(Box::new(TelemetryResourceDetector))
        .with_attributes(attributes.map(|(name, value)| KeyValue::new(name, value)))
        .with_service_name(tracing.service_name.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let Batches { queued, size, delay } = tracing.batches;
    let batches = BatchConfigBuilder::default()
        .with_max_queue_size(queued)
        .with_max_export_batch_size(size)
        .with_scheduled_delay(delay)
        .build();
    let processor = BatchSpanProcessor::builder(exporter)
        .with_batch_config(batches)
        .build();
    Ok(SdkTracerProvider::builder()
        .with_resource(resource)
        .with_sampler(RootSampler(tracing.sampling))
        .with_span_processor(processor)
        .build())
}

/// Requests were decided on before they got a span, and with them what is part of one. What a process begins by itself
/// is decided on here.
#[derive(Debug, Clone)]
struct RootSampler(Sampling);

impl ShouldSample for RootSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        _name: &str,
        kind: &SpanKind,
        _attributes: &[KeyValue],
        _links: &[Link],
    ) -> SamplingResult {
        let parent = parent.map(|parent| parent.span().span_context().clone());
        let parent = parent.filter(SpanContext::is_valid);
        // Its end, as `Sampling` has it.
        let mut number = [0; 8];
        number.copy_from_slice(&trace_id.to_bytes()[8..]);
        let keep = match &parent {
            _ if *kind == SpanKind::Server => true,
            Some(parent) => parent.is_sampled(),
            None => self.0.keeps(u64::from_be_bytes(number)),
        };
        SamplingResult {
            decision: if keep {
                SamplingDecision::RecordAndSample
            } else {
                SamplingDecision::Drop
            },
            attributes: Vec::new(),
            trace_state: TraceState::default(),
        }
    }
}

/// The part of the subscriber that hands spans to `provider`.
pub(super) fn exporting<S>(provider: &SdkTracerProvider) -> impl Layer<S>
where
    S: Subscriber + for<'s> LookupSpan<'s>,
{
    tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("caracald"))
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(InTrace)
}

/// Names and values of a list such as `authorization=Bearer x,team=y`.
fn pairs(list: &str) -> impl Iterator<Item = (String, String)> {
    list.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
}

/// Whether it is a span of our own crates.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= LevelFilter::DEBUG && metadata.target().starts_with("caracal")
}

/// Whether it begins a trace.
fn is_root(metadata: &Metadata<'_>) -> bool {
    ROOTS.contains(&metadata.name())
}

/// Lets the spans of our own crates through to the exporter, those that are part of a trace or begin one.
struct InTrace;

impl<S: Subscriber + for<'s> LookupSpan<'s>> Filter<S> for InTrace {
    fn enabled(&self, metadata: &Metadata<'_>, context: &layer::Context<'_, S>) -> bool {
        is_ours(metadata) && (is_root(metadata) || context.lookup_current().is_some())
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        match is_ours(metadata) {
            false => Interest::never(),
            true if is_root(metadata) => Interest::always(),
            true => Interest::sometimes(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }
}

/// Keeps spans from being made that are part of nothing: the registry would make what no layer wants.
pub(super) struct Gate;

impl Gate {
    fn keeps(metadata: &Metadata<'_>) -> bool {
        is_ours(metadata) && *metadata.level() == LevelFilter::DEBUG && !is_root(metadata)
    }
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Gate {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if Self::keeps(metadata) {
            Interest::sometimes()
        } else {
            Interest::always()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: layer::Context<'_, S>) -> bool {
        !Self::keeps(metadata) || context.lookup_current().is_some()
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::DEBUG)
    }
}

/// The collector, called through the egress guard. Batches are sent from a thread of the SDK's own, outside the
/// runtime.
#[derive(Debug)]
struct Collector {
    client: EgressClient<Full<Bytes>>,
    runtime: Handle,
    timeout: Duration,
}

#[async_trait]
impl HttpClient for Collector {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (client, timeout) = (self.client.clone(), self.timeout);
        let sent = self.runtime.spawn(async move {
            let answer = async {
                let (head, body) = client.request(request.map(Full::new)).await?.into_parts();
                let body = Limited::new(body, MAX_ANSWER).collect().await?;
                Ok::<_, HttpError>(Response::from_parts(head, body.to_bytes()))
            };
            tokio::time::timeout(timeout, answer).await?
        });
        sent.await?
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn headers_of_a_collector_are_read_as_a_list() {
        let read: Vec<_> = pairs(" authorization = Bearer a=b ,, team=y,nothing").collect();
        let expected = [("authorization", "Bearer a=b"), ("team", "y")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read, expected);
    }

    #[test]
    fn only_what_is_part_of_a_trace_becomes_a_span() {
        let provider = SdkTracerProvider::builder()
            .with_sampler(RootSampler(Sampling {
                parent_decides: true,
                share: 1.0,
            }))
            .build();
        let subscriber = tracing_subscriber::registry()
            .with(exporting(&provider))
            .with(Gate);
        tracing::subscriber::with_default(subscriber, || {
            let alone = tracing::debug_span!(target: "caracal_storage_sql", "unit of work");
            assert!(alone.is_disabled(), "nobody asked for it");
            let request = tracing::debug_span!(target: "caracal_service", "request");
            assert!(!request.is_disabled());
            request.in_scope(|| {
                let unit = tracing::debug_span!(target: "caracal_storage_sql", "unit of work");
                assert!(!unit.is_disabled(), "part of the request");
                let (parent, trace_id) = caracal_service::trace::current().unwrap();
                assert!(parent.to_str().unwrap().contains(&trace_id));
                let named = caracal_service::trace::TraceParent::parse(parent.to_str().unwrap());
                assert_eq!(named.unwrap().trace_id, trace_id);
            });
        });
    }
}
