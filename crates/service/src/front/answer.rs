//! What a handler answers with. Like its inputs, the type is the declaration.

use std::{fmt::Display, time::Duration};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use caracal_storage::{IdempotencyReceipt, PageKey};
use caracal_wire::ErrorCode;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::{ToSchema, openapi::Required};

use super::{operation::OpenApiOperation, repeat::entity_tag};
use crate::Refusal;

/// Says that an answer repeats an earlier one.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A success.
pub trait Answers: Send {
    /// The response.
    ///
    /// # Errors
    /// 500 when it cannot be written as JSON.
    fn respond(self) -> Result<Response, Refusal>;

    /// Tells it in the document.
    fn describe(operation: &mut OpenApiOperation);
}

macro_rules! answers {
    ($($(#[$doc:meta])* $name:ident $status:ident;)+) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name<T>(pub T);

        impl<T: Serialize + ToSchema + Send> Answers for $name<T> {
            fn respond(self) -> Result<Response, Refusal> {
                json(StatusCode::$status, &self.0)
            }

            fn describe(operation: &mut OpenApiOperation) {
                operation.answer::<T>(StatusCode::$status);
            }
        }
    )+ };
}

answers! {
    /// 200 with JSON.
    Answer OK;
    /// 201 with JSON.
    Created CREATED;
    /// 202 with JSON.
    Accepted ACCEPTED;
}

/// 200 with JSON and, as `ETag`, the version of what it shows (RFC 9110 §8.8.3).
#[derive(Debug, Clone, Copy)]
pub struct Versioned<T>(pub T, pub i64);

impl<T: Serialize + ToSchema + Send> Answers for Versioned<T> {
    fn respond(self) -> Result<Response, Refusal> {
        let response = json(StatusCode::OK, &self.0)?;
        Ok(tagged(response, self.1))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.answer::<T>(StatusCode::OK);
        operation.answers_with(StatusCode::OK, "ETag", "The version of what is answered.");
    }
}

/// 200 with JSON and, as `ETag`, a tag that the handler chose: a digest of what it shows.
#[derive(Debug, Clone)]
pub struct Tagged<T>(pub T, pub String);

impl<T: Serialize + ToSchema + Send> Answers for Tagged<T> {
    fn respond(self) -> Result<Response, Refusal> {
        let response = json(StatusCode::OK, &self.0)?;
        Ok(tagged(response, self.1))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.answer::<T>(StatusCode::OK);
        operation.answers_with(StatusCode::OK, "ETag", "A digest of the state that it is about.");
    }
}

/// 200 with a page of a listing as a bare JSON array. Where more follows, the header `Link` says where (RFC 8288), with the
/// relation `next`.
#[derive(Debug, Clone)]
pub struct Linked<T> {
    /// The page.
    pub items: T,
    /// What was asked for.
    pub limit: u32,
    /// Where the next page begins.
    pub next: Option<PageKey>,
}

impl<T: Serialize + ToSchema + Send> Answers for Linked<T> {
    fn respond(self) -> Result<Response, Refusal> {
        let mut response = json(StatusCode::OK, &self.items)?;
        if let Some(next) = self.next {
            let link = format!(
                "<?limit={}&cursor={}>; rel=\"next\"",
                self.limit,
                next.to_cursor()
            );
            if let Ok(link) = HeaderValue::from_str(&link) {
                response.headers_mut().insert(header::LINK, link);
            }
        }
        Ok(response)
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.answer::<T>(StatusCode::OK);
        let sentence = "The next page, relative to this one; absent on the last.";
        operation.answers_with(StatusCode::OK, "Link", sentence);
    }
}

/// 201 with JSON, or the answer that the same request got before.
#[derive(Debug, Clone)]
pub enum CreatedOnce<T> {
    /// It was made.
    New(T),
    /// It had been made.
    Repeated(IdempotencyReceipt),
}

impl<T: Serialize + ToSchema + Send> Answers for CreatedOnce<T> {
    fn respond(self) -> Result<Response, Refusal> {
        match self {
            Self::New(body) => json(StatusCode::CREATED, &body),
            Self::Repeated(receipt) => Ok(replayed(receipt)),
        }
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.answer::<T>(StatusCode::CREATED);
    }
}

/// 200 with JSON that whoever asks may keep for a while.
#[derive(Debug, Clone, Copy)]
pub struct Cacheable<T>(pub T, pub Duration);

impl<T: Serialize + ToSchema + Send> Answers for Cacheable<T> {
    fn respond(self) -> Result<Response, Refusal> {
        let mut response = json(StatusCode::OK, &self.0)?;
        let kept = format!("public, max-age={}, must-revalidate", self.1.as_secs());
        if let Ok(kept) = HeaderValue::from_str(&kept) {
            response.headers_mut().insert(header::CACHE_CONTROL, kept);
        }
        Ok(response)
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.answer::<T>(StatusCode::OK);
    }
}

/// 200 without a body.
#[derive(Debug, Clone, Copy)]
pub struct Done;

impl Answers for Done {
    fn respond(self) -> Result<Response, Refusal> {
        Ok(finished(StatusCode::OK, "", String::new()))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.empty(StatusCode::OK);
    }
}

/// 204.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl Answers for NoContent {
    fn respond(self) -> Result<Response, Refusal> {
        Ok(finished(StatusCode::NO_CONTENT, "", String::new()))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.empty(StatusCode::NO_CONTENT);
    }
}

/// 200 with plain text.
#[derive(Debug, Clone)]
pub struct PlainText(pub String);

impl Answers for PlainText {
    fn respond(self) -> Result<Response, Refusal> {
        Ok(finished(StatusCode::OK, "text/plain; charset=utf-8", self.0))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.text(StatusCode::OK, "text/plain");
    }
}

/// Server-sent events, for as long as the body goes on.
#[derive(Debug)]
pub struct Events(pub Body);

impl Answers for Events {
    fn respond(self) -> Result<Response, Refusal> {
        let mut response = finished(StatusCode::OK, "text/event-stream", self.0);
        // Proxies that gather answers would hold events back.
        let unbuffered = HeaderName::from_static("x-accel-buffering");
        response
            .headers_mut()
            .insert(unbuffered, HeaderValue::from_static("no"));
        Ok(response)
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.text(StatusCode::OK, "text/event-stream");
        operation.header(
            "Last-Event-ID",
            Required::False,
            "The id of the last event that was seen: the stream goes on behind it.",
        );
    }
}

/// A binary file to download.
#[derive(Debug, Clone)]
pub struct Archive {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

impl Answers for Archive {
    fn respond(self) -> Result<Response, Refusal> {
        let response = finished(StatusCode::OK, "application/x-tar", self.content);
        Ok(attached(response, &self.name))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.text(StatusCode::OK, "application/x-tar");
    }
}

/// A CSV file to download.
#[derive(Debug, Clone)]
pub struct Download {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub content: String,
}

/// A listing, as JSON or as a CSV file.
#[derive(Debug, Clone)]
pub enum Sheet<T> {
    /// JSON.
    Json(T),
    /// CSV.
    Csv(Download),
}

impl<T: Serialize + ToSchema + Send> Answers for Sheet<T> {
    fn respond(self) -> Result<Response, Refusal> {
        let file = match self {
            Self::Json(body) => return json(StatusCode::OK, &body),
            Self::Csv(file) => file,
        };
        let response = finished(StatusCode::OK, "text/csv; charset=utf-8", file.content);
        Ok(attached(response, &file.name))
    }

    fn describe(operation: &mut OpenApiOperation) {
        operation.answer::<T>(StatusCode::OK);
        operation.text(StatusCode::OK, "text/csv");
    }
}

fn json(status: StatusCode, body: &impl Serialize) -> Result<Response, Refusal> {
    let body = serde_json::to_string(body).map_err(|error| {
        tracing::error!(%error, "an answer could not be written as JSON");
        Refusal::of(ErrorCode::InternalError)
    })?;
    Ok(finished(status, "application/json", body))
}

/// The stored answer, marked as a repeat.
pub(super) fn replayed(receipt: IdempotencyReceipt) -> Response {
    let status = StatusCode::from_u16(receipt.response_status).unwrap_or(StatusCode::OK);
    let mut response = match status {
        StatusCode::NO_CONTENT => finished(status, "", String::new()),
        _ => finished(status, "application/json", receipt.response_json),
    };
    response
        .headers_mut()
        .insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

/// The response with an entity tag.
fn tagged(mut response: Response, tag: impl Display) -> Response {
    if let Ok(tag) = HeaderValue::from_str(&entity_tag(tag)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// The response as a file of this name.
fn attached(mut response: Response, name: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// Answers are never sniffed, never cached, never named in a referrer.
const STANDARD: [(HeaderName, HeaderValue); 3] = [
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

fn finished(status: StatusCode, content_type: &'static str, body: impl Into<Body>) -> Response {
    let mut response = (status, STANDARD, body.into()).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    if !content_type.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    response
}
