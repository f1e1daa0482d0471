//! Path and query parameters whose refusals have the envelope: those of the framework are plain text.

use axum::extract::FromRequestParts;
use caracal_wire::ErrorCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use crate::Refusal;

/// Longest part of the framework's sentence that is told: it may quote what was sent.
const TOLD: usize = 120;

fn unreadable(code: ErrorCode, sentence: &str) -> Refusal {
    Refusal::of(code).describe(sentence.chars().take(TOLD).collect::<String>())
}

/// Parameters of the query string.
#[derive(Debug, Clone, Copy)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(unreadable(ErrorCode::InvalidQuery, &rejection.body_text())),
        }
    }
}

/// Parameters of the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(rejection) => Err(unreadable(ErrorCode::InvalidPath, &rejection.body_text())),
        }
    }
}
