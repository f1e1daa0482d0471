//! JSON bodies: bounded, typed, and refused with the field's path.

use axum::body::HttpBody as _;
use bytes::Bytes;
use caracal_core::text;
use caracal_wire::ErrorCode;
use http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt as _, Limited};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::{Refusal, server::Fault};

/// Reads at most `limit` bytes.
///
/// # Errors
/// 413 `payload_too_large` past the limit, 400 `invalid_body` when the body breaks off, 408 `request_timeout` when it
/// comes too slowly.
pub async fn read_bounded(body: axum::body::Body, limit: usize) -> Result<Bytes, Refusal> {
    let too_large =
        || Refusal::of(ErrorCode::PayloadTooLarge).describe(format!("the body is larger than {limit} bytes"));
    // What announces too much is not waited for.
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(too_large()),
        Err(error) if came_too_slowly(error.as_ref()) => Err(Fault::BodyTimeout.refusal()),
        Err(_) => Err(Refusal::invalid_field(
            ErrorCode::InvalidBody,
            "",
            "the body broke off",
        )),
    }
}

/// Whether a body ended with `error` because the listener gave up waiting for it.
pub fn came_too_slowly(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(error) = current.downcast_ref::<std::io::Error>() {
            return error.kind() == std::io::ErrorKind::TimedOut;
        }
        cause = current.source();
    }
    false
}

/// Whether the body is of this media type, whatever its parameters.
pub fn is_of_type(headers: &HeaderMap, essence: &str) -> bool {
    let given = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str);
    let given = given
        .and_then(Result::ok)
        .and_then(|value| value.split(';').next());
    given.is_some_and(|given| given.trim().eq_ignore_ascii_case(essence))
}

/// Parses a JSON document; `code` names the failure.
///
/// # Errors
/// 400 with the path of the offending field.
pub fn parse_json<T: DeserializeOwned>(bytes: &[u8], code: ErrorCode) -> Result<T, Refusal> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = parse_with_path(&mut deserializer, code)?;
    deserializer
        .end()
        .map_err(|_| Refusal::invalid_field(code, "", "trailing characters after the document"))?;
    Ok(value)
}

/// Parses a part of a document that was read as it stood; `field` is where it stands.
///
/// # Errors
/// 400 with the path of the offending field.
pub fn parse_part<T: DeserializeOwned>(field: &str, part: &str, code: ErrorCode) -> Result<T, Refusal> {
    parse_at(field, &mut serde_json::Deserializer::from_str(part), code)
}

/// Reads whatever `deserializer` holds; `code` names the failure.
///
/// # Errors
/// 400 with the path of the offending field.
pub(crate) fn parse_with_path<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
    code: ErrorCode,
) -> Result<T, Refusal> {
    parse_at("", deserializer, code)
}

fn parse_at<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    field: &str,
    deserializer: D,
    code: ErrorCode,
) -> Result<T, Refusal> {
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = format!("{field}.{}", error.path());
        Refusal::invalid_field(code, &path, strip_position(&error.into_inner().to_string()))
    })
}

/// `serde_json` appends where it stopped reading and quotes what it read; a client wants the field and the rule.
fn strip_position(message: &str) -> String {
    let position = message.rfind(" at line ").unwrap_or(message.len());
    text::without_long_quotes(message.get(..position).unwrap_or(message))
}

/// Largest JSON body of ordinary routes, in bytes.
pub const JSON_LIMIT: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use caracal_wire::ErrorCode;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only parsing is tested")]
        count: u32,
    }

    #[derive(Debug, Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "only parsing is tested")]
        items: Vec<Inner>,
    }

    #[test]
    fn a_wrong_field_is_named_by_its_path() {
        let refusal =
            super::parse_json::<Outer>(br#"{"items":[{"count":"x"}]}"#, ErrorCode::InvalidBody).unwrap_err();
        assert_eq!(refusal.status.as_u16(), 400);
        assert!(refusal.description.unwrap().starts_with("items[0].count: "));
    }

    #[test]
    fn what_stood_in_a_wrong_field_is_not_repeated() {
        let long = "s3cret".repeat(40_000);
        for body in [
            format!(r#"{{"items":"{long}"}}"#),
            format!(r#"{{"items":[{{"count":"{long}"}}]}}"#),
            format!(r#"{{"items":[{{"count":" at line 1 {long}"}}]}}"#),
        ] {
            let refusal = super::parse_json::<Outer>(body.as_bytes(), ErrorCode::InvalidBody).unwrap_err();
            let answer = serde_json::to_string(&refusal.body("request")).unwrap();
            assert!(answer.contains("items"), "{answer}");
            assert!(answer.len() < 1_500, "{} bytes", answer.len());
        }
    }
}
