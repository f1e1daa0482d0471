//! The one error envelope: `{error, error_description?, requestId, request_id, reason?, details?, …}`.
//!
//! Clients of the STS and the Gateway read `requestId`, clients of the Coordinator read `request_id`; both are
//! always sent. A handler returns a [`Refusal`]; [`crate::request::finish`] adds the id and renders it, so no
//! handler can forget it.

mod causes;
mod grpc;

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use caracal_core::{json, text};
use caracal_crypto::dpop;
use caracal_wire::{CommandError, CommandProblem, ErrorCode, Issue, Issues, Problem};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Map, Value};

/// Segments of a field's path that an answer shows at most.
const MAX_PATH_SEGMENTS: usize = 16;

/// How a refusal is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Envelope {
    /// As [`Problem`].
    #[default]
    Problem,
    /// As [`CommandProblem`].
    Command,
}

/// What a refusal tells a program besides its code.
#[derive(Debug, Clone, Default)]
pub struct Particulars {
    /// Which rule refused.
    pub reason: Option<Cow<'static, str>>,
    /// The machine-readable whole of what was wrong.
    pub details: Option<Value>,
    /// Of a command: what to do about it.
    pub remediation: Option<Cow<'static, str>>,
    /// Of a command: the code of the operation that refused.
    pub cause: Option<ErrorCode>,
}

/// An answer that is not a success.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// Wire code, for example `access_denied`.
    pub code: ErrorCode,
    /// For the client: what was wrong and what to do. Never driver messages, paths or SQL.
    pub description: Option<Cow<'static, str>>,
    /// What it tells a program besides its code.
    pub particulars: Option<Box<Particulars>>,
    /// Further members, which single codes have, for example `approval_id`.
    pub members: Map<String, Value>,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
    /// Value of `WWW-Authenticate` (RFC 9110 §11.6.1).
    pub authenticate: Option<Cow<'static, str>>,
    /// What the caller's next proof of a key has to repeat (RFC 9449 §8).
    pub nonce: Option<Box<str>>,
    /// How it is told.
    pub envelope: Envelope,
    /// Whether it is told to a client of gRPC, which reads a status of its own and no body.
    pub grpc: bool,
    /// The request changed nothing because others were in its way: see [`crate::contention`]. Not sent.
    pub contended: bool,
}

impl AsRef<Self> for Refusal {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// The way to a field, in excerpts: keys of a map are the caller's own words.
fn segments(path: &str) -> Vec<String> {
    let parts = path.split('.').filter(|part| !part.is_empty());
    let parts = parts.take(MAX_PATH_SEGMENTS);
    parts.map(|part| text::excerpt(part).into_owned()).collect()
}

impl Refusal {
    /// A refusal with the status that its code usually has, and `Retry-After: 1` with a 503.
    pub fn of(code: ErrorCode) -> Self {
        let status = StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self {
            retry_after: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1),
            ..Self::new(status, code)
        }
    }

    /// A refusal with a code and a status of its own.
    pub fn new(status: StatusCode, code: ErrorCode) -> Self {
        Self {
            status,
            code,
            description: None,
            particulars: None,
            members: Map::new(),
            retry_after: None,
            authenticate: None,
            nonce: None,
            envelope: Envelope::default(),
            grpc: false,
            contended: false,
        }
    }

    /// Adds `error_description`.
    #[must_use]
    pub fn describe(mut self, description: impl Into<Cow<'static, str>>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Adds a member to the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// Adds `details`, the machine-readable whole of what was wrong.
    #[must_use]
    pub fn with_details(mut self, details: &impl Serialize) -> Self {
        // Only a map whose keys are no text fails, and details are structs.
        self.particulars_mut().details = Some(serde_json::to_value(details).unwrap_or_default());
        self
    }

    /// Adds the machine-readable reason.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<Cow<'static, str>>) -> Self {
        self.particulars_mut().reason = Some(reason.into());
        self
    }

    /// Adds, to the refusal of a command, what to do about it.
    #[must_use]
    pub fn remedy(mut self, remediation: impl Into<Cow<'static, str>>) -> Self {
        self.particulars_mut().remediation = Some(remediation.into());
        self
    }

    /// Adds, to the refusal of a command, the code of the operation that refused.
    #[must_use]
    pub fn caused_by(mut self, code: ErrorCode) -> Self {
        self.particulars_mut().cause = Some(code);
        self
    }

    /// The reason, where one was added.
    pub fn given_reason(&self) -> Option<&str> {
        self.particulars.as_deref()?.reason.as_deref()
    }

    /// The details, where some were added.
    pub fn details(&self) -> Option<&Value> {
        self.particulars.as_deref()?.details.as_ref()
    }

    /// The same, to shorten them.
    pub fn details_mut(&mut self) -> Option<&mut Value> {
        self.particulars.as_deref_mut()?.details.as_mut()
    }

    /// Without the details.
    #[must_use]
    pub fn without_details(mut self) -> Self {
        if let Some(particulars) = &mut self.particulars {
            particulars.details = None;
        }
        self
    }

    fn particulars_mut(&mut self) -> &mut Particulars {
        self.particulars.get_or_insert_default()
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds `WWW-Authenticate`.
    #[must_use]
    pub fn authenticate(mut self, challenge: impl Into<Cow<'static, str>>) -> Self {
        self.authenticate = Some(challenge.into());
        self
    }

    /// Adds `DPoP-Nonce`.
    #[must_use]
    pub fn nonce(mut self, nonce: String) -> Self {
        self.nonce = Some(nonce.into_boxed_str());
        self
    }

    /// A 400 that names the field, in the shape admin clients read (`details.issues[].path`).
    ///
    /// Keys of a map are the caller's own words, so a path is shown in excerpts.
    pub fn invalid_field(code: ErrorCode, path: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let segments = segments(path);
        let description = if segments.is_empty() {
            message.clone()
        } else {
            format!("{}: {message}", segments.join("."))
        };
        let issues = vec![Issue {
            path: segments,
            message,
        }];
        Self::new(StatusCode::BAD_REQUEST, code)
            .describe(description)
            .with_details(&Issues { issues })
    }

    /// Names the field that it is about as [`Refusal::invalid_field`] does, with the description as the rule, beside the
    /// details that it has. An empty path is the whole of what was sent.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        let message = self.description.as_deref().unwrap_or_default().to_owned();
        let issues = json::tree(&[Issue {
            path: segments(path),
            message,
        }]);
        let details = self.particulars_mut().details.get_or_insert_default();
        if !details.is_object() {
            *details = Value::Object(Map::new());
        }
        if let Some(members) = details.as_object_mut() {
            members.insert(String::from("issues"), issues);
        }
        self
    }

    /// Says how it is told.
    #[must_use]
    pub const fn in_envelope(mut self, envelope: Envelope) -> Self {
        self.envelope = envelope;
        self
    }

    /// Says that a client of gRPC asked.
    #[must_use]
    pub const fn in_grpc(mut self) -> Self {
        self.grpc = true;
        self
    }

    /// What it says, for a person.
    pub fn sentence(&self) -> Cow<'static, str> {
        self.description
            .clone()
            .unwrap_or(Cow::Borrowed(self.code.sentence()))
    }

    fn rendered(&self, request_id: &str) -> String {
        let text = match self.envelope {
            Envelope::Problem => serde_json::to_string(&self.body(request_id)),
            Envelope::Command => serde_json::to_string(&self.command_body(request_id)),
        };
        text.unwrap_or_default()
    }

    fn command_body(&self, request_id: &str) -> CommandProblem {
        let told = self.particulars.as_deref().cloned().unwrap_or_default();
        CommandProblem {
            ok: false,
            error: CommandError {
                code: self.code.into(),
                reason: self.sentence(),
                remediation: told.remediation.map(Cow::into_owned),
                cause: told.cause.map(|code| code.as_str().to_owned()),
                details: told.details,
            },
            request_id_camel: request_id.to_owned(),
            request_id: request_id.to_owned(),
        }
    }

    /// The body.
    pub fn body(&self, request_id: &str) -> Problem {
        let told = self.particulars.as_deref().cloned().unwrap_or_default();
        let mut more = self.members.clone();
        let cause = told.cause.map(ErrorCode::as_str);
        for (name, text) in [
            ("reason", told.reason),
            ("remediation", told.remediation),
            ("cause", cause.map(Cow::Borrowed)),
        ] {
            more.extend(text.map(|text| (name.to_owned(), Value::from(text))));
        }
        Problem {
            error: self.code.into(),
            error_description: self.description.clone(),
            details: told.details,
            request_id_camel: request_id.to_owned(),
            request_id: request_id.to_owned(),
            more,
        }
    }

    /// The finished response.
    pub fn render(&self, request_id: &str) -> Response {
        let mut response = if self.grpc {
            grpc::trailers_only(self, request_id)
        } else {
            self.in_json(request_id)
        };
        let mut set = |name: HeaderName, value: &str| {
            if let Ok(value) = HeaderValue::from_str(value) {
                response.headers_mut().insert(name, value);
            }
        };
        if let Some(seconds) = self.retry_after {
            set(header::RETRY_AFTER, &seconds.to_string());
        }
        if let Some(challenge) = &self.authenticate {
            set(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(nonce) = &self.nonce {
            set(HeaderName::from_static(dpop::NONCE_HEADER), nonce);
        }
        response
    }

    fn in_json(&self, request_id: &str) -> Response {
        (
            self.status,
            [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
                // A refusal quotes who asked and why: never sniffed, never named in a referrer.
                (
                    header::X_CONTENT_TYPE_OPTIONS,
                    HeaderValue::from_static("nosniff"),
                ),
                (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
            ],
            self.rendered(request_id),
        )
            .into_response()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}
