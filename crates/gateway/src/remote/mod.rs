//! The exchange with an STS in another process: pooled HTTP, signed requests.

mod breaker;
mod reply;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use caracal_core::World;
use caracal_crypto::{
    HmacKey,
    request_signature::{NONCE_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER, new_nonce, sign},
};
use caracal_events::{ReplayStore, shortlived::mark};
use caracal_service::{
    Refusal,
    egress::{Egress, EgressClient, EgressError, Target},
    exchange::{Exchange, ExchangeGrant, ExchangeRequest},
    trace,
};
use caracal_wire::{ErrorCode, health::NotReady};
use form_urlencoded::Serializer;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use tracing::{Instrument as _, field::Empty};

use self::breaker::Breaker;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
/// Largest reply read, in bytes: room for deep delegation chains.
const MAX_REPLY_BYTES: usize = 256 * 1024;

/// How to reach the STS.
#[derive(Debug, Clone)]
pub struct RemoteOptions {
    /// Base URL of the STS.
    pub url: String,
    /// Key of the signature; absent only in development, where the STS then refuses us unless it is lenient too.
    pub key: Option<HmacKey>,
    /// Longest wait for a complete reply. Default 5 s.
    pub timeout: Duration,
    /// The memory that the STS keeps nonces in.
    pub replay: Arc<dyn ReplayStore>,
}

/// Asks an STS over HTTP. Never retries: a mandate is presented once.
pub struct RemoteExchange {
    world: World,
    client: EgressClient<Full<Bytes>>,
    token_uri: Uri,
    health_uri: Uri,
    host: HeaderValue,
    key: Option<HmacKey>,
    timeout: Duration,
    replay: Arc<dyn ReplayStore>,
    breaker: Arc<Breaker>,
    watch: Arc<Watch>,
}

/// Listens for the end of an outage, so that it is not slept through.
#[derive(Debug)]
struct Watch {
    client: EgressClient<Full<Bytes>>,
    ready_uri: Uri,
    breaker: Arc<Breaker>,
    watching: AtomicBool,
}

/// Pause between two questions whether an STS that is away is ready.
const WATCH_EVERY: Duration = Duration::from_millis(500);

impl Watch {
    /// Asks until the STS says that it is ready, or the circuit is closed otherwise. One task at a time.
    fn start(self: &Arc<Self>) {
        if self.watching.swap(true, Ordering::AcqRel) {
            return;
        }
        let watch = Arc::downgrade(self);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(WATCH_EVERY).await;
                let Some(watch) = watch.upgrade() else { return };
                let closed = !watch.breaker.is_open();
                if closed || watch.is_ready().await {
                    watch.watching.store(false, Ordering::Release);
                    watch.breaker.retry_now();
                    return;
                }
            }
        });
    }

    async fn is_ready(&self) -> bool {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = self.ready_uri.clone();
        let answer = tokio::time::timeout(WATCH_EVERY * 4, self.client.request(request)).await;
        answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer.status().is_success()))
    }
}

impl fmt::Debug for RemoteExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteExchange")
            .field("token_uri", &self.token_uri)
            .finish_non_exhaustive()
    }
}

/// Why there was no reply.
#[derive(Debug)]
enum NoReply {
    TimedOut,
    Unreachable,
    TooLarge,
}

struct StsResponse {
    status: StatusCode,
    headers: http::HeaderMap,
    body: Bytes,
}

impl RemoteExchange {
    /// An exchange with the STS at `options.url`, through `egress`, whose policy must allow that address.
    ///
    /// # Errors
    /// [`EgressError`] when the URL is refused.
    pub fn new(world: World, egress: &Egress, options: RemoteOptions) -> Result<Self, EgressError> {
        let target = egress.target(&options.url)?;
        let uri = |path: &str| uri_of(&target, path);
        let breaker = Arc::new(Breaker::new(world.clone()));
        let client = egress.client();
        Ok(Self {
            watch: Arc::new(Watch {
                client: client.clone(),
                ready_uri: uri("/ready")?,
                breaker: breaker.clone(),
                watching: AtomicBool::new(false),
            }),
            client,
            token_uri: uri("/oauth/2/token")?,
            health_uri: uri("/health")?,
            host: target.host_header().clone(),
            key: options.key,
            timeout: options.timeout,
            replay: options.replay,
            breaker,
            world,
        })
    }

    fn request(&self, call: &ExchangeRequest, generation: &str) -> Request<Full<Bytes>> {
        let operation = &call.operation;
        let mut form = Serializer::new(String::with_capacity(2048));
        form.append_pair("grant_type", GRANT_TYPE)
            .append_pair("zone_id", call.zone_id.as_str())
            .append_pair("application_id", call.application_id.as_str())
            .append_pair("subject_token", call.mandate.expose())
            .append_pair("subject_token_type", TOKEN_TYPE)
            .append_pair("resource", &call.resource)
            .append_pair("request_method", operation.http_method())
            .append_pair("request_path", operation.path())
            .append_pair("gateway_request_id", &call.request_id);
        if let Some(protocol) = operation.protocol() {
            form.append_pair("request_protocol", protocol);
        }
        if let Some(call) = operation.call() {
            form.append_pair("request_call", call);
        }
        if let Some(arguments) = &call.arguments {
            // A form has no place for control characters, and JSON may have some between its members.
            form.append_pair(
                "request_arguments",
                &BASE64_URL_SAFE_NO_PAD.encode(arguments.as_bytes()),
            );
        }
        if let Some(key) = &call.proved_key {
            form.append_pair("request_key", key);
        }
        if let Some(approval) = &call.approval {
            form.append_pair("approval_id", approval.as_str());
        }
        // Plain data with text for keys always serialises.
        let content = call.content.as_deref().map(|content| {
            let content = serde_json::to_vec(content).unwrap_or_default();
            BASE64_URL_SAFE_NO_PAD.encode(content)
        });
        form.append_pair("request_content", content.as_deref().unwrap_or("unread"));
        let form = form.finish();
        let mut request = Request::new(Full::new(Bytes::from(form.clone())));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.token_uri.clone();
        let headers = request.headers_mut();
        headers.insert(header::HOST, self.host.clone());
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("caracal-gateway"));
        let parent = trace::current().map(|(parent, _)| parent);
        if let Some(parent) = parent.or_else(|| call.traceparent.clone()) {
            headers.insert(trace::TRACEPARENT, parent);
        }
        let mut set = |name: HeaderName, value: &str| {
            // Ids, digits and hex: always a header value.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        };
        set(caracal_service::trace::REQUEST_ID, &call.request_id);
        if let Some(key) = &self.key {
            let unix = self.world.now().unix_seconds();
            let nonce = mark(new_nonce(&self.world), generation);
            let signature = sign(key, unix, &nonce, "POST", self.token_uri.path(), form.as_bytes());
            set(HeaderName::from_static(TIMESTAMP_HEADER), &unix.to_string());
            set(HeaderName::from_static(NONCE_HEADER), &nonce);
            set(HeaderName::from_static(SIGNATURE_HEADER), &signature);
        }
        request
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<StsResponse, NoReply> {
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| {
                tracing::warn!(error = %caracal_service::error_chain(&error), "the sts did not answer");
                match EgressError::of(&error) {
                    Some(EgressError::TimedOut) => NoReply::TimedOut,
                    _ => NoReply::Unreachable,
                }
            })?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, MAX_REPLY_BYTES)
                .collect()
                .await
                .map_err(|error| {
                    if error.is::<http_body_util::LengthLimitError>() {
                        NoReply::TooLarge
                    } else {
                        NoReply::Unreachable
                    }
                })?;
            Ok(StsResponse {
                status: parts.status,
                headers: parts.headers,
                body: body.to_bytes(),
            })
        };
        tokio::time::timeout(self.timeout, exchange)
            .await
            .unwrap_or(Err(NoReply::TimedOut))
    }
}

fn uri_of(target: &Target, path: &str) -> Result<Uri, EgressError> {
    Uri::builder()
        .scheme(target.scheme().clone())
        .authority(target.authority().clone())
        .path_and_query([target.path().trim_end_matches('/'), path].concat())
        .build()
        .map_err(|_| EgressError::InvalidTarget(caracal_service::egress::InvalidTarget::Malformed))
}

#[async_trait]
impl Exchange for RemoteExchange {
    async fn exchange(&self, request: ExchangeRequest) -> Result<ExchangeGrant, Refusal> {
        let span = tracing::debug_span!(
            "ask the sts",
            otel.kind = "client",
            otel.name = "POST",
            http.request.method = "POST",
            server.address = self.token_uri.host(),
            "error.type" = Empty,
        );
        let granted = self.ask(request).instrument(span.clone()).await;
        if let Err(refusal) = &granted {
            span.record("error.type", refusal.code.as_str());
        }
        granted
    }

    fn available(&self) -> Result<(), Refusal> {
        if self.breaker.is_open() {
            Err(reply::circuit_open())
        } else {
            Ok(())
        }
    }

    async fn check(&self) -> Result<(), NotReady> {
        let mut request = Request::new(Full::default());
        *request.uri_mut() = self.health_uri.clone();
        match self.send(request).await {
            Ok(reply) if reply.status.is_success() => Ok(()),
            _ => Err(NotReady::StsUnreachable),
        }
    }
}

impl RemoteExchange {
    async fn ask(&self, request: ExchangeRequest) -> Result<ExchangeGrant, Refusal> {
        let attempt = self.breaker.enter().ok_or_else(reply::circuit_open)?;
        // Known from the claim of this very mandate, without another round trip.
        let generation = self.replay.generation().await.map_err(|error| {
            tracing::error!(request.id = &*request.request_id, %error, "cannot tell which memory nonces are kept in");
            Refusal::of(ErrorCode::StsUnavailable).describe("replay state unavailable")
        })?;
        let outcome = match self.send(self.request(&request, &generation)).await {
            Ok(answer) => reply::read(&answer.into(), &request.resource),
            Err(NoReply::TimedOut) => Err(reply::away("sts timeout")),
            Err(NoReply::Unreachable) => Err(reply::away("sts unavailable")),
            Err(NoReply::TooLarge) => Err(reply::failed(StatusCode::BAD_GATEWAY, "sts response invalid")),
        };
        attempt.conclude(outcome.as_ref().err());
        if self.breaker.is_open() {
            self.watch.start();
        }
        outcome
    }
}

impl From<StsResponse> for reply::Read {
    fn from(reply: StsResponse) -> Self {
        Self {
            status: reply.status,
            headers: reply.headers,
            body: reply.body,
        }
    }
}
