//! What a call carries, read whole for a person who has to approve it and held to what was read.
//!
//! Two calls that read differently must not have one digest, nor may one that a person reads one way be read another way by
//! the upstream: what readers of JSON differ about is refused, numbers that only some of them keep included.

use std::{collections::HashSet, time::Duration};

use axum::body::Body;
use caracal_core::{CallBody, CallContent, Operation, operation::folded, text::is_unprintable};
use caracal_crypto::sha256_hex;
use http::{HeaderMap, header, request::Parts};
use serde_json::Value;

use super::{
    Unreadable,
    inspect::{Seen, essence},
    strict::strict,
};

/// Most bytes of a body that a person has to approve: all of it is shown.
const MAX_BYTES: usize = 16 * 1024;
/// Longest query and longest content type.
const MAX_TEXT_BYTES: usize = 4096;

/// Members of `_meta` that differ from one sending to the next and change nothing that is asked for.
const OF_THE_SENDING: [&str; 4] = ["progressToken", "traceparent", "tracestate", "baggage"];

/// Reads what a call of `operation` carries. `body` is left with the same bytes.
///
/// # Errors
/// [`Unreadable`].
pub(crate) async fn read(
    operation: &Operation,
    head: &Parts,
    body: &mut Body,
    timeout: Duration,
) -> Result<CallContent, Unreadable> {
    let query = text(head.uri.query())?;
    let media_type = media_type(&head.headers)?;
    if head.headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Unreadable::Ambiguous(
            "a call that a person has to approve is sent without a content coding",
        ));
    }
    let seen = tokio::time::timeout(timeout, Seen::read(body, MAX_BYTES))
        .await
        .unwrap_or(Err(Unreadable::Stalled))?;
    if seen.has_trailers() {
        return Err(Unreadable::Ambiguous(
            "a call that a person has to approve is sent without trailers",
        ));
    }
    let bytes = seen.joined();
    *body = Body::new(seen);
    let body = match operation {
        Operation::Mcp { .. } => CallBody::Json(asked_with(&bytes)?),
        _ if bytes.is_empty() => CallBody::Empty,
        _ if !media_type.as_deref().is_none_or(is_utf8) => unread(&bytes),
        _ if media_type.as_deref().is_some_and(is_json) => CallBody::Json(strictly(&bytes)?),
        _ => other(&bytes),
    };
    Ok(CallContent {
        query,
        media_type,
        body,
    })
}

fn text(given: Option<&str>) -> Result<Option<String>, Unreadable> {
    match given {
        Some(text) if text.len() > MAX_TEXT_BYTES => Err(Unreadable::TooLarge(MAX_TEXT_BYTES)),
        given => Ok(given.map(str::to_owned)),
    }
}

fn media_type(headers: &HeaderMap) -> Result<Option<String>, Unreadable> {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    match (types.next(), types.next()) {
        (None, _) => Ok(None),
        (Some(only), None) => {
            let unclear = Unreadable::Ambiguous("the content type is no text");
            text(Some(only.to_str().map_err(|_| unclear)?))
        }
        (Some(_), Some(_)) => Err(Unreadable::Ambiguous("there is more than one content type")),
    }
}

/// `application/json`, and what is JSON by its suffix (RFC 6839 §3.1).
fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type.as_bytes()).to_ascii_lowercase();
    essence == b"application/json" || essence.ends_with(b"+json")
}

/// Whether the content type leaves the body in UTF-8, as we read it.
fn is_utf8(media_type: &str) -> bool {
    let mut parameters = media_type.split(';').skip(1).map(str::trim);
    parameters.all(|parameter| match parameter.split_once('=') {
        Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
            let value = value.trim().trim_matches('"');
            value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("us-ascii")
        }
        _ => true,
    })
}

fn other(bytes: &[u8]) -> CallBody {
    match std::str::from_utf8(bytes) {
        Ok(text) if is_seen_as_it_is(text) => CallBody::Text(text.to_owned()),
        _ => unread(bytes),
    }
}

fn unread(bytes: &[u8]) -> CallBody {
    CallBody::Bytes {
        length: bytes.len(),
        sha256: sha256_hex(bytes),
    }
}

/// Whether nothing in `text` is hidden from who looks at it.
fn is_seen_as_it_is(text: &str) -> bool {
    !text
        .chars()
        .any(|c| is_unprintable(c) && !matches!(c, '\n' | '\r' | '\t'))
}

/// What a message asks with, besides its method: `params` of a request, what an answer answers.
fn asked_with(bytes: &[u8]) -> Result<Value, Unreadable> {
    let mut message = strictly(bytes)?;
    let Some(members) = message.as_object_mut() else {
        return Err(Unreadable::Ambiguous("the message is no object"));
    };
    for framing in ["jsonrpc", "id", "method"] {
        members.remove(framing);
    }
    if let Some(params) = members.get_mut("params").and_then(Value::as_object_mut) {
        let is_spent = match params.get_mut("_meta").and_then(Value::as_object_mut) {
            Some(meta) => {
                meta.retain(|name, _| !OF_THE_SENDING.contains(&name.as_str()));
                meta.is_empty()
            }
            None => false,
        };
        if is_spent {
            params.remove("_meta");
        }
    }
    let alone = members.len() == 1;
    match members.remove("params") {
        Some(params) if alone => Ok(params),
        Some(params) => {
            members.insert(String::from("params"), params);
            Ok(message)
        }
        None => Ok(message),
    }
}

/// JSON that every reader takes for the same.
fn strictly(bytes: &[u8]) -> Result<Value, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::Ambiguous("the body is not UTF-8"))?;
    strict(text).map_err(Unreadable::Ambiguous)?;
    let value = serde_json::from_str(text).map_err(|_| Unreadable::Ambiguous("the body is no JSON"))?;
    if !numbers_are_kept(text) {
        return Err(Unreadable::Ambiguous(
            "a number has more digits than every reader keeps; send it as text",
        ));
    }
    plain(&value).map_err(Unreadable::Ambiguous)?;
    Ok(value)
}

/// Whether a person sees in `value` what is in it.
fn plain(value: &Value) -> Result<(), &'static str> {
    let seen = |text: &str| {
        let hidden = "a text has characters that nobody sees";
        is_seen_as_it_is(text).then_some(()).ok_or(hidden)
    };
    match value {
        Value::Array(items) => items.iter().try_for_each(plain),
        Value::Object(members) => {
            let mut names = HashSet::new();
            members.iter().try_for_each(|(name, value)| {
                seen(name)?;
                if !names.insert(folded(name)) {
                    return Err("two members of one object differ in their letters' case alone");
                }
                plain(value)
            })
        }
        Value::String(text) => seen(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

/// Whether every number in `text`, which is JSON, is the same to who reads it as a double and who reads its digits.
fn numbers_are_kept(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        match first {
            b'"' => rest = behind_string(behind),
            b'-' | b'0'..=b'9' => {
                let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
                let length = rest.iter().take_while(|byte| is_part(byte)).count();
                let (number, behind) = rest.split_at(length);
                if !std::str::from_utf8(number).is_ok_and(is_kept) {
                    return false;
                }
                rest = behind;
            }
            _ => rest = behind,
        }
    }
    true
}

fn behind_string(mut rest: &[u8]) -> &[u8] {
    while let Some((&byte, behind)) = rest.split_first() {
        rest = match byte {
            b'"' => return behind,
            b'\\' => behind.get(1..).unwrap_or_default(),
            _ => behind,
        };
    }
    rest
}

fn is_kept(number: &str) -> bool {
    let Ok(double) = number.parse::<f64>() else {
        return false;
    };
    // The shortest digits that read back to it; in whole notation, so that both are taken apart alike.
    double.is_finite() && decimal(number) == decimal(&format!("{double:e}"))
}

/// Sign, digits without zeros on either side, and the power of ten of the last of them; zero is zero by any spelling.
fn decimal(number: &str) -> Option<(bool, String, i64)> {
    let (negative, number) = match number.strip_prefix('-') {
        Some(number) => (true, number),
        None => (false, number),
    };
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    let kept = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len().checked_sub(kept.len())?).ok()?;
    let kept = kept.trim_start_matches('0');
    if kept.is_empty() {
        return Some((false, String::new(), 0));
    }
    let places = i64::try_from(fraction.len()).ok()?;
    let exponent: i64 = exponent.parse().ok()?;
    let power = exponent.checked_sub(places)?.checked_add(dropped)?;
    Some((negative, kept.to_owned(), power))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::{HeaderName, HeaderValue, Request};
    use http_body_util::BodyExt as _;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const JSON: &[(&str, &str)] = &[("content-type", "application/json")];

    fn mcp() -> Operation {
        Operation::Mcp {
            call: String::from("tools/call:pay"),
        }
    }

    fn post() -> Operation {
        Operation::Http {
            method: String::from("POST"),
            path: String::from("/"),
        }
    }

    async fn content(
        operation: &Operation,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<CallContent, Unreadable> {
        let mut request = Request::post("/a?b=%20c");
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            request = request.header(name, HeaderValue::from_str(value).unwrap());
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let mut sent = Body::from(Bytes::copy_from_slice(body));
        let read = read(operation, &head, &mut sent, Duration::from_mins(1)).await;
        if read.is_ok() {
            let passed = sent.collect().await.unwrap().to_bytes();
            assert_eq!(passed, body, "it goes on as it came");
        }
        read
    }

    async fn json_of(text: &str) -> Option<Value> {
        match content(&post(), JSON, text.as_bytes()).await.ok()?.body {
            CallBody::Json(value) => Some(value),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_readers_of_json_differ_about_is_refused() {
        for text in [
            r#"{"amount": 1, "amount": 1000}"#,
            r#"{"amount": 1, "\u0061mount": 1000}"#,
            r#"{"amount": 1, "Amount": 1000}"#,
            r#"[{"a": {"x": 1, "X": 2}}]"#,
            r#"{"amount": 9007199254740993}"#,
            r#"{"amount": 9007199254740993.0}"#,
            r#"{"amount": 0.30000000000000000001}"#,
            r#"{"amount": 19.99999999999999999999}"#,
            r#"{"amount": 1e400}"#,
            r#"{"amount": 123456789012345678901234567890}"#,
            r#"{"a": "\ud800"}"#,
            r#"{"a": "\u0000"}"#,
            r#"{"a": "pay \u202e001"}"#,
            r#"{"a\u200b": 1, "a": 2}"#,
            r#"{"a": 1} {"a": 2}"#,
            r#"{"a": NaN}"#,
            r#"{"a": 01}"#,
            "{'a': 1}",
            "{\"a\": 1,}",
            "\u{feff}{}",
            "{",
        ] {
            assert_eq!(json_of(text).await, None, "{text}");
        }
        let deep = ["[".repeat(100), "]".repeat(100)].concat();
        assert_eq!(json_of(&deep).await, None);
    }

    #[tokio::test]
    async fn one_value_has_one_reading_however_it_is_written() {
        let same = json_of(r#"{"a": 1, "b": "é/"}"#).await.unwrap();
        for text in [
            r#"{"b":"\u00e9\/","a":1.0}"#,
            r#"{ "a" : 1e0, "b" : "\u00E9/" }"#,
            r#"{"a": 10E-1, "b": "é/"}"#,
            r#"{"a": 0.1e1, "b": "é/"}"#,
        ] {
            let canonical = |value: &Value| caracal_crypto::canonical_json(value);
            assert_eq!(
                canonical(&json_of(text).await.unwrap()),
                canonical(&same),
                "{text}"
            );
        }
        // Digits within texts are none of numbers.
        for text in [
            r#"{"a": "9007199254740993"}"#,
            r#"{"a\"1": "\\"}"#,
            r#"{"a": -0.0, "b": 1e21, "c": 0.1}"#,
        ] {
            assert!(json_of(text).await.is_some(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_message_is_read_for_what_it_asks_with_and_not_for_its_frame() {
        let asked = async |text: &str| match content(&mcp(), JSON, text.as_bytes()).await.unwrap().body {
            CallBody::Json(value) => value,
            other => panic!("{other:?}"),
        };
        let with = |params: &str| {
            format!(r#"{{"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": {params}}}"#)
        };
        let arguments = json!({"name": "pay", "arguments": {"amount": 5}});
        let plain = with(r#"{"name": "pay", "arguments": {"amount": 5}}"#);
        assert_eq!(asked(&plain).await, arguments);
        let other = plain.replace("\"id\": 7", "\"id\": \"x\"");
        assert_eq!(asked(&other).await, arguments);
        let progress = r#"{"name": "pay", "arguments": {"amount": 5}, "_meta": {"progressToken": 1, "traceparent": "x"}}"#;
        assert_eq!(asked(&with(progress)).await, arguments);
        // Whatever else stands beside is part of it.
        for other in [
            r#"{"name": "pay", "arguments": {"amount": 5}, "_meta": {"mode": "live"}}"#,
            r#"{"name": "pay", "arguments": {"amount": 5}, "task": {}}"#,
        ] {
            assert_ne!(asked(&with(other)).await, arguments, "{other}");
        }
        assert_ne!(asked(&plain.replace("\"id\": 7", "\"more\": 1")).await, arguments);
        assert_eq!(
            asked(r#"{"jsonrpc": "2.0", "method": "ping", "id": 1}"#).await,
            json!({})
        );
    }

    #[tokio::test]
    async fn a_body_of_another_kind_is_told_as_what_it_is_and_up_to_a_bound() {
        let read = content(
            &post(),
            &[("content-type", "application/x-www-form-urlencoded")],
            b"a=1&a=2",
        )
        .await;
        let expected = CallContent {
            query: Some(String::from("b=%20c")),
            media_type: Some(String::from("application/x-www-form-urlencoded")),
            body: CallBody::Text(String::from("a=1&a=2")),
        };
        assert_eq!(read, Ok(expected));
        let body = async |bytes: &[u8]| content(&post(), &[], bytes).await.map(|content| content.body);
        assert_eq!(body(b"").await, Ok(CallBody::Empty));
        let sha256 = sha256_hex(b"\xff\0");
        assert_eq!(body(b"\xff\0").await, Ok(CallBody::Bytes { length: 2, sha256 }));
        let hidden = "a\u{202e}b";
        assert!(matches!(
            body(hidden.as_bytes()).await,
            Ok(CallBody::Bytes { length: 5, .. })
        ));
        // What may be read in another encoding is not shown as if it were not.
        for kind in [
            "application/json; charset=utf-7",
            "text/plain;x=y; Charset=\"utf-16\"",
        ] {
            let read = content(&post(), &[("content-type", kind)], b"{}").await.unwrap();
            assert!(matches!(read.body, CallBody::Bytes { length: 2, .. }), "{kind}");
        }
        let read = content(
            &post(),
            &[("content-type", "application/json;charset=\"UTF-8\"")],
            b"{}",
        )
        .await;
        assert_eq!(read.unwrap().body, CallBody::Json(json!({})));
        assert!(body(&vec![b'a'; MAX_BYTES]).await.is_ok());
        assert_eq!(
            body(&vec![b'a'; MAX_BYTES + 1]).await,
            Err(Unreadable::TooLarge(MAX_BYTES))
        );
        for headers in [
            &[("content-encoding", "gzip")][..],
            &[
                ("content-type", "text/plain"),
                ("content-type", "application/json"),
            ],
        ] {
            let refused = content(&post(), headers, b"{}").await;
            assert!(
                matches!(refused, Err(Unreadable::Ambiguous(_))),
                "{headers:?} {refused:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_number_that_passes_is_what_its_digits_say(whole in "-?(0|[1-9][0-9]{0,20})", fraction in "(\\.[0-9]{1,20})?", exponent in "([eE][+-]?[0-9]{1,3})?") {
            let number = [whole, fraction, exponent].concat();
            if is_kept(&number) {
                // Another spelling of the same double is the same number.
                let double: f64 = number.parse().unwrap();
                let spelt = double.to_string();
                prop_assert!(is_kept(&spelt));
                prop_assert_eq!(decimal(&number), decimal(&spelt));
            }
        }

        #[test]
        fn whole_numbers_that_doubles_have_pass(number in -9_007_199_254_740_992_i64..=9_007_199_254_740_992) {
            prop_assert!(is_kept(&number.to_string()));
        }

        #[test]
        fn what_is_read_has_one_spelling_that_reads_as_itself(
            numbers in proptest::collection::vec("-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?", 0..5),
            name in "\\PC{0,8}",
            text in "\\PC{0,8}",
        ) {
            let (name, text) = (json!(name), json!(text));
            let items = [numbers, vec![text.to_string()]].concat();
            let written = format!(" {{ {name} : [{}] }}", items.join(" ,\n"));
            if let Ok(value) = strictly(written.as_bytes()) {
                let one = caracal_crypto::canonical_json(&value);
                let again = strictly(&one).unwrap();
                prop_assert_eq!(caracal_crypto::canonical_json(&again), one);
            }
        }

        #[test]
        fn reading_never_panics(text in "\\PC{0,64}") {
            let _ = strictly(text.as_bytes());
            let _ = numbers_are_kept(&text);
        }
    }
}
