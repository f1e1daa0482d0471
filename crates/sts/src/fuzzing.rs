//! What fuzzers reach of this crate (`fuzz/`); compiled for them alone.

use http::{HeaderMap, HeaderValue, header};

use crate::{basic::Login, form::TokenRequest};

/// A token request: its form, and its `Authorization` field where there is one.
///
/// # Panics
/// When what was read is not what [`TokenRequest`] promises.
pub fn token_request(form: &[u8], authorization: Option<&[u8]>) {
    let mut headers = HeaderMap::new();
    if let Some(value) = authorization.and_then(|value| HeaderValue::from_bytes(value).ok()) {
        headers.insert(header::AUTHORIZATION, value);
    }
    let Ok(login) = Login::of(&headers) else { return };
    if let Ok(request) = TokenRequest::parse(form, login.as_ref()) {
        assert!(
            request.resources.is_sorted_by(|one, next| one < next),
            "resources are distinct and sorted"
        );
    }
}
