//! Successful answers.

use axum::response::{IntoResponse as _, Response};
use caracal_storage::PageKey;
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::{Value, json};

use caracal_service::{
    Refusal,
    front::{Answers, Operation},
};

/// A success: status, body and the headers that every answer of the API carries.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    content_type: &'static str,
    file_name: Option<String>,
    body: String,
}

impl Answer {
    /// JSON with any success status.
    pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Result<Self, Refusal> {
        let body = serde_json::to_string(body).map_err(|error| {
            tracing::error!(%error, "an answer could not be written as JSON");
            Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "internal_error")
        })?;
        Ok(Self {
            status,
            content_type: "application/json",
            file_name: None,
            body,
        })
    }

    /// 200 with JSON.
    pub(crate) fn ok(body: &impl Serialize) -> Result<Self, Refusal> {
        Self::json(StatusCode::OK, body)
    }

    /// 201 with JSON.
    pub(crate) fn created(body: &impl Serialize) -> Result<Self, Refusal> {
        Self::json(StatusCode::CREATED, body)
    }

    /// 204.
    pub(crate) fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            content_type: "",
            file_name: None,
            body: String::new(),
        }
    }

    /// One page of a list.
    pub(crate) fn page(items: &[impl Serialize], next: Option<&PageKey>) -> Result<Self, Refusal> {
        Self::ok(&json!({ "items": items, "next_cursor": next.map(PageKey::to_cursor) }))
    }

    /// One page of a list of values.
    pub(crate) fn values(items: &[Value], next: Option<&PageKey>) -> Result<Self, Refusal> {
        Self::page(items, next)
    }

    /// A CSV file to download.
    pub(crate) fn csv(file_name: String, body: String) -> Self {
        Self {
            status: StatusCode::OK,
            content_type: "text/csv; charset=utf-8",
            file_name: Some(file_name),
            body,
        }
    }

    fn into_response(self) -> Response {
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_TYPE);
        if !self.content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        for (name, value) in STANDARD {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(name) = self.file_name
            && let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}\""))
        {
            headers.insert(header::CONTENT_DISPOSITION, value);
        }
        response
    }
}

impl Answers for Answer {
    fn respond(self) -> Result<Response, Refusal> {
        Ok(self.into_response())
    }

    fn describe(_: &mut Operation) {}
}

/// Answers hold administrative data: never sniffed, never cached, never named in a referrer.
const STANDARD: [(HeaderName, &str); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
];
