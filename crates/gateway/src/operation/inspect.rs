//! The bounded inspection of a body. What was looked at goes on as it came.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use caracal_service::body::came_too_slowly;
use http::{HeaderMap, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt as _;

use super::{
    Unreadable,
    message::{self, MessageCall},
};

/// Most bytes of a message: what comes after its name can still say otherwise, so it is read whole.
pub(crate) const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// What a message to an MCP server asks for. `body` is left with the same bytes in the same pieces; when that
/// cannot be, with what is left of it.
///
/// # Errors
/// [`Unreadable`].
pub(super) async fn inspect(
    headers: &HeaderMap,
    body: &mut Body,
    timeout: Duration,
) -> Result<MessageCall, Unreadable> {
    if !is_plain_json(headers) {
        return Err(Unreadable::NotJson);
    }
    if body.size_hint().lower() > MAX_MESSAGE_BYTES as u64 {
        return Err(Unreadable::TooLarge(MAX_MESSAGE_BYTES));
    }
    let seen = tokio::time::timeout(timeout, Seen::read(body, MAX_MESSAGE_BYTES))
        .await
        .unwrap_or(Err(Unreadable::Stalled))?;
    let asked = message::read(&seen.joined(), headers)?;
    *body = Body::new(seen);
    Ok(asked)
}

/// The type of a `Content-Type` or similar, without parameters.
pub(crate) fn essence(value: &[u8]) -> &[u8] {
    value
        .split(|byte| *byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii()
}

/// Whether every reader takes the body for JSON in UTF-8, as it is.
fn is_plain_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let mut parameters = only.as_bytes().split(|byte| *byte == b';').skip(1);
    let is_utf8 = |parameter: &[u8]| {
        let parameter = parameter.trim_ascii();
        parameter.eq_ignore_ascii_case(b"charset=utf-8")
            || parameter.eq_ignore_ascii_case(b"charset=\"utf-8\"")
    };
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    essence(only.as_bytes()).eq_ignore_ascii_case(b"application/json")
        && parameters.all(is_utf8)
        && codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"))
}

/// A body that was read to its end.
pub(super) struct Seen {
    frames: VecDeque<Frame<Bytes>>,
    /// Bytes left, where the length was announced. Without, the body is framed anew by whoever sends it.
    left: Option<u64>,
}

impl Seen {
    /// Reads `body`, of at most `most` bytes.
    pub(super) async fn read(body: &mut Body, most: usize) -> Result<Self, Unreadable> {
        let left = body.size_hint().exact();
        let (mut frames, mut length) = (VecDeque::new(), 0_usize);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                if came_too_slowly(&error) {
                    Unreadable::Stalled
                } else {
                    Unreadable::Broken
                }
            })?;
            length = length.saturating_add(frame.data_ref().map_or(0, Bytes::len));
            if length > most {
                return Err(Unreadable::TooLarge(most));
            }
            // Nothing, again and again, is no way to make the list long.
            if frame.data_ref().is_none_or(|data| !data.is_empty()) {
                frames.push_back(frame);
            }
        }
        Ok(Self { frames, left })
    }

    /// Whether something follows the body.
    pub(super) fn has_trailers(&self) -> bool {
        self.frames.iter().any(Frame::is_trailers)
    }

    /// The bytes in one piece; a copy only when they came in several.
    pub(super) fn joined(&self) -> Bytes {
        let mut pieces = self.frames.iter().filter_map(Frame::data_ref);
        match (pieces.next(), pieces.next()) {
            (None, _) => Bytes::new(),
            (Some(only), None) => only.clone(),
            (Some(first), Some(second)) => {
                let pieces = [first, second].into_iter().chain(pieces);
                pieces.flat_map(|piece| piece.iter().copied()).collect()
            }
        }
    }
}

impl HttpBody for Seen {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = self.frames.pop_front();
        if let (Some(left), Some(data)) = (&mut self.left, frame.as_ref().and_then(Frame::data_ref)) {
            *left = left.saturating_sub(data.len() as u64);
        }
        Poll::Ready(frame.map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        self.left.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http::HeaderValue;
    use http_body_util::StreamBody;
    use proptest::prelude::*;

    use super::*;

    fn json() -> HeaderMap {
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))]
            .into_iter()
            .collect()
    }

    fn pieces(of: &[u8], cuts: &[usize]) -> Vec<Frame<Bytes>> {
        let mut rest = of;
        let mut frames = Vec::new();
        for cut in cuts {
            let (piece, behind) = rest.split_at((*cut).min(rest.len()));
            frames.push(Frame::data(Bytes::copy_from_slice(piece)));
            rest = behind;
        }
        frames.push(Frame::data(Bytes::copy_from_slice(rest)));
        frames
    }

    fn body(frames: Vec<Frame<Bytes>>) -> Body {
        Body::new(StreamBody::new(stream::iter(
            frames.into_iter().map(Ok::<_, Infallible>),
        )))
    }

    async fn looked(headers: &HeaderMap, body: &mut Body) -> Result<MessageCall, Unreadable> {
        inspect(headers, body, Duration::from_mins(1)).await
    }

    #[tokio::test]
    async fn only_json_as_it_is_is_looked_at() {
        let message = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        for (name, value, read) in [
            (header::CONTENT_TYPE, "application/json; charset=UTF-8", true),
            (header::CONTENT_TYPE, "Application/JSON", true),
            (header::CONTENT_TYPE, "application/json; charset=utf-16", false),
            (header::CONTENT_TYPE, "application/json;x=y", false),
            (header::CONTENT_TYPE, "text/plain", false),
            (header::CONTENT_ENCODING, "gzip", false),
            (header::CONTENT_ENCODING, "identity", true),
        ] {
            let mut headers = json();
            headers.insert(name, HeaderValue::from_static(value));
            let seen = looked(&headers, &mut Body::from(message)).await;
            assert_eq!(seen.is_ok(), read, "{value}: {seen:?}");
        }
        let mut twice = json();
        twice.append(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(
            looked(&twice, &mut Body::from(message)).await,
            Err(Unreadable::NotJson)
        );
        assert_eq!(
            looked(&HeaderMap::new(), &mut Body::from(message)).await,
            Err(Unreadable::NotJson)
        );
    }

    #[tokio::test]
    async fn a_message_is_read_up_to_a_bound_and_no_further() {
        let message = |length: usize| {
            let frame =
                r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x","arguments":""}}"#;
            frame.replace("\"\"", &format!("\"{}\"", "a".repeat(length - frame.len())))
        };
        let (most, more) = (message(MAX_MESSAGE_BYTES), message(MAX_MESSAGE_BYTES + 1));
        for (text, fits) in [(most, true), (more, false)] {
            let announced = looked(&json(), &mut Body::from(text.clone())).await;
            let counted = looked(&json(), &mut body(pieces(text.as_bytes(), &[10_000; 5]))).await;
            assert_eq!(announced, counted);
            assert_eq!(announced.is_ok(), fits);
        }
        // Far more than the bound is not pulled in.
        let endless =
            stream::repeat_with(|| Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b' '; 1024]))));
        assert_eq!(
            looked(&json(), &mut Body::new(StreamBody::new(endless))).await,
            Err(Unreadable::TooLarge(MAX_MESSAGE_BYTES))
        );
    }

    #[tokio::test]
    async fn a_message_that_does_not_come_is_not_waited_for() {
        let mut silent = Body::new(StreamBody::new(
            stream::pending::<Result<Frame<Bytes>, Infallible>>(),
        ));
        let seen = inspect(&json(), &mut silent, Duration::from_millis(1)).await;
        assert_eq!(seen, Err(Unreadable::Stalled));
        let broken = stream::iter([
            Ok(Frame::data(Bytes::from_static(b"{"))),
            Err(std::io::Error::other("gone")),
        ]);
        assert_eq!(
            looked(&json(), &mut Body::new(StreamBody::new(broken))).await,
            Err(Unreadable::Broken)
        );
    }

    proptest! {
        #[test]
        fn what_was_looked_at_goes_on_as_it_came(
            argument in "\\PC{0,40}", cuts in proptest::collection::vec(1_usize..40, 0..6), trailers in any::<bool>(),
        ) {
            let arguments = serde_json::to_string(&argument).unwrap();
            let text = format!(
                "{{\"jsonrpc\":\"2.0\", \"id\":1,\n\"method\":\"tools/call\",\"params\":{{\"name\":\"x\",\"arguments\":{arguments}}}}}"
            );
            let mut frames = pieces(text.as_bytes(), &cuts);
            if trailers {
                frames.push(Frame::trailers(json()));
            }
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let mut body = body(frames);
                let seen = looked(&json(), &mut body).await;
                let call = String::from("tools/call:x");
                assert_eq!(seen, Ok(MessageCall { call, arguments: Some(arguments.as_str().into()) }));
                assert_eq!(body.size_hint().exact(), None);
                let passed = body.collect().await.unwrap();
                assert_eq!(passed.trailers().is_some(), trailers);
                assert_eq!(passed.to_bytes(), text.as_bytes());
                let mut announced = Body::from(text.clone());
                looked(&json(), &mut announced).await.unwrap();
                assert_eq!(announced.size_hint().exact(), Some(text.len() as u64));
            });
        }
    }
}
