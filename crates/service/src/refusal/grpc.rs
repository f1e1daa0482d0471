//! Refusals as clients of gRPC read them: a status in the head of an answer that has nothing else (`Trailers-Only`). What a
//! program may want to know besides comes as the details that their libraries read: a `google.rpc.Status` with a
//! `google.rpc.ErrorInfo`.

use std::fmt::Write as _;

use axum::{body::Body, response::Response};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde_json::Value;

use super::Refusal;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// Who gives the reasons of an `ErrorInfo`.
const DOMAIN: &str = "caracal";
const ERROR_INFO: &str = "type.googleapis.com/google.rpc.ErrorInfo";
/// Longest member that goes into the details, in bytes: a client takes 8 KiB of a head by default.
const MAX_MEMBER_BYTES: usize = 256;
/// Longest message, in bytes before it is escaped.
const MAX_MESSAGE_BYTES: usize = 512;

/// The answer. Its status of HTTP is 200, as that of every answer of gRPC (its protocol over HTTP/2, "Responses").
pub(super) fn trailers_only(refusal: &Refusal, request_id: &str) -> Response {
    let code = code_of(refusal.status);
    let sentence = refusal.sentence();
    let details = STANDARD_NO_PAD.encode(details(refusal, code, &sentence, request_id));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(STATUS, HeaderValue::from(code));
    for (name, text) in [(MESSAGE, escaped(&sentence)), (DETAILS, details)] {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(name, value);
        }
    }
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = headers;
    response
}

/// The code of gRPC (`google.rpc.Code`) for a status of HTTP. Where clients would make one of the status by themselves, it is
/// that one; what they would call unknown is told apart.
fn code_of(status: StatusCode) -> u16 {
    match status.as_u16() {
        400 => 3,
        401 => 16,
        403 => 7,
        404 | 405 => 12,
        408 => 4,
        409 => 10,
        413 | 431 => 8,
        429 | 502..=504 => 14,
        500..=599 => 13,
        _ => 2,
    }
}

/// As a message travels: what is not printable in ASCII, and the percent sign, as escapes of its bytes.
fn escaped(sentence: &str) -> String {
    let mut text = String::with_capacity(sentence.len());
    for byte in sentence.bytes().take(MAX_MESSAGE_BYTES) {
        match byte {
            b' '..=b'$' | b'&'..=b'~' => text.push(char::from(byte)),
            // Writing to a text does not fail.
            _ => {
                let _ = write!(text, "%{byte:02X}");
            }
        }
    }
    text
}

/// A `google.rpc.Status` in the form of protocol buffers.
fn details(refusal: &Refusal, code: u16, sentence: &str, request_id: &str) -> Vec<u8> {
    let problem = refusal.body(request_id);
    let mut info = Vec::new();
    field(
        1,
        refusal.code.as_str().to_ascii_uppercase().as_bytes(),
        &mut info,
    );
    field(2, DOMAIN.as_bytes(), &mut info);
    let members = problem.more.iter().filter_map(|(name, value)| match value {
        Value::String(text) => Some((name.as_str(), text.as_str())),
        _ => None,
    });
    let own = [("error", refusal.code.as_str()), ("requestId", request_id)];
    for (name, text) in own.into_iter().chain(members) {
        if text.len() <= MAX_MEMBER_BYTES {
            let mut entry = Vec::new();
            field(1, name.as_bytes(), &mut entry);
            field(2, text.as_bytes(), &mut entry);
            field(3, &entry, &mut info);
        }
    }
    let mut any = Vec::new();
    field(1, ERROR_INFO.as_bytes(), &mut any);
    field(2, &info, &mut any);
    // A number: field 1, one byte, since no code has more.
    let mut status = vec![1 << 3, u8::try_from(code).unwrap_or_default()];
    field(2, sentence.as_bytes(), &mut status);
    field(3, &any, &mut status);
    status
}

/// A field that says how long it is (wire type 2).
fn field(number: u8, content: &[u8], into: &mut Vec<u8>) {
    into.push((number << 3) | 2);
    let mut left = content.len();
    while left >= 0x80 {
        into.push(u8::try_from(left & 0x7f).unwrap_or_default() | 0x80);
        left >>= 7;
    }
    into.push(u8::try_from(left).unwrap_or_default());
    into.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use caracal_wire::ErrorCode;

    use super::*;

    #[test]
    fn a_refusal_is_a_status_without_anything_behind_it() {
        let refusal = Refusal::of(ErrorCode::AccessDenied)
            .describe("100% no: \u{e9}\n")
            .with("approval_id", "apr-1")
            .with("long", "l".repeat(MAX_MEMBER_BYTES + 1));
        let response = trailers_only(&refusal, "req-1");
        assert_eq!(response.status(), 200);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "application/grpc");
        assert_eq!(header("grpc-status"), "7");
        assert_eq!(header("grpc-message"), "100%25 no: %C3%A9%0A");
        let details = STANDARD_NO_PAD.decode(header("grpc-status-details-bin")).unwrap();
        let text = String::from_utf8_lossy(&details);
        for part in [
            ERROR_INFO,
            "ACCESS_DENIED",
            "caracal",
            "approval_id",
            "apr-1",
            "req-1",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("lll"));
    }

    #[test]
    fn clients_get_the_status_that_they_would_make_of_the_answer() {
        for (status, code) in [
            (401, 16),
            (403, 7),
            (404, 12),
            (429, 14),
            (502, 14),
            (503, 14),
            (504, 14),
        ] {
            assert_eq!(code_of(StatusCode::from_u16(status).unwrap()), code, "{status}");
        }
    }

    #[test]
    fn a_length_past_one_byte_has_two() {
        let mut bytes = Vec::new();
        field(1, &[7; 300], &mut bytes);
        assert_eq!((&bytes[..3], bytes.len()), (&[0x0a, 0xac, 0x02][..], 303));
    }
}
