//! What an MCP server lists, as far as the mandate that asked may use it.
//!
//! A listing is what a model is shown: a tool that it may not call is noise at best, and an invitation otherwise. It is
//! told from the declared operations and the scopes of the mandate, like the call itself, which stays what is enforced.
//! An answer that cannot be read as its client will read it is not passed on.

mod events;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod message;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use caracal_core::{Operation, ScopeSet, claims::MandateClaims};
use caracal_service::zones::ResourceState;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::{Body, Frame};

use self::{events::Events, message::filtered};

/// Most bytes of a listing, or of one event of a stream: it is read whole.
const MAX_BYTES: usize = 1024 * 1024;

/// A method that lists, where its answer lists, by which member, and what is done with what it lists.
#[derive(Debug, PartialEq, Eq)]
struct Kind {
    method: &'static str,
    list: &'static str,
    member: &'static str,
    used_by: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        method: "tools/list",
        list: "tools",
        member: "name",
        used_by: "tools/call",
    },
    Kind {
        method: "prompts/list",
        list: "prompts",
        member: "name",
        used_by: "prompts/get",
    },
    Kind {
        method: "resources/list",
        list: "resources",
        member: "uri",
        used_by: "resources/read",
    },
];

/// The answer does not say what it lists in a way that every client reads alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unreadable;

/// What of a listing its caller is shown.
#[derive(Debug)]
pub(crate) struct Shown {
    kind: &'static Kind,
    resource: Arc<ResourceState>,
    scopes: ScopeSet,
}

impl Shown {
    /// Nothing for calls that list nothing.
    pub(crate) fn of(
        operation: &Operation,
        resource: Option<&Arc<ResourceState>>,
        claims: &MandateClaims,
    ) -> Option<Self> {
        let Operation::Mcp { call } = operation else {
            return None;
        };
        Some(Self {
            kind: KINDS.iter().find(|kind| kind.method == call)?,
            resource: resource?.clone(),
            scopes: claims.scopes(),
        })
    }

    /// Makes a request for a listing ask for one that can be read.
    pub(crate) fn ask(headers: &mut HeaderMap) {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }

    /// Whether the caller may use what is listed by `name`.
    fn shows(&self, name: &str) -> bool {
        let call = [self.kind.used_by, ":", name].concat();
        let scope = self.resource.operation_scope(&Operation::Mcp { call });
        scope.is_some_and(|scope| self.scopes.contains(scope))
    }
}

/// How an answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As one message.
    Message,
    /// As events, each with a message.
    Events,
}

impl Form {
    /// How an answer with this head is read; nothing for one that lists nothing.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn of(status: StatusCode, headers: &HeaderMap) -> Result<Option<Self>, ()> {
        if !status.is_success()
            || headers
                .get(header::CONTENT_LENGTH)
                .is_some_and(|length| length == "0")
        {
            return Ok(None);
        }
        let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
        if !codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(());
        }
        let mut types = headers.get_all(header::CONTENT_TYPE).iter();
        match (types.next(), types.next()) {
            (None, _) if status == StatusCode::ACCEPTED || status == StatusCode::NO_CONTENT => Ok(None),
            (Some(only), None) => match crate::operation::essence(only.as_bytes())
                .to_ascii_lowercase()
                .as_slice()
            {
                b"application/json" => Ok(Some(Self::Message)),
                b"text/event-stream" => Ok(Some(Self::Events)),
                _ => Err(()),
            },
            _ => Err(()),
        }
    }

    /// Takes what described the whole answer out of its head.
    pub(crate) fn tell(headers: &mut HeaderMap) {
        for name in [header::CONTENT_LENGTH, header::ETAG, header::ACCEPT_RANGES] {
            headers.remove(name);
        }
        for name in ["content-digest", "repr-digest", "digest", "content-md5"] {
            headers.remove(name);
        }
    }
}

enum Reader {
    Message(BytesMut),
    Events(Events),
}

/// Why a listing stopped short.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListingError<E> {
    /// The answer did.
    #[error(transparent)]
    Answer(E),
    #[error("the upstream's listing cannot be read")]
    Unreadable,
}

/// An answer of which its caller gets what it is shown.
pub(crate) struct Listing<B> {
    inner: B,
    shown: Shown,
    reader: Reader,
    ended: bool,
}

impl<B> Listing<B> {
    pub(crate) fn new(inner: B, shown: Shown, form: Form) -> Self {
        Self {
            inner,
            shown,
            reader: match form {
                Form::Message => Reader::Message(BytesMut::new()),
                Form::Events => Reader::Events(Events::default()),
            },
            ended: false,
        }
    }

    /// What can be passed on of a further piece.
    fn take(&mut self, piece: &[u8]) -> Result<Option<Bytes>, Unreadable> {
        match &mut self.reader {
            Reader::Message(seen) => {
                if seen.len().saturating_add(piece.len()) > MAX_BYTES {
                    return Err(Unreadable);
                }
                seen.extend_from_slice(piece);
                Ok(None)
            }
            Reader::Events(events) => {
                let shown = &self.shown;
                let passed = events.take(piece, MAX_BYTES, |data| filtered(data, shown))?;
                Ok((!passed.is_empty()).then(|| passed.into()))
            }
        }
    }

    /// What can be passed on once there is no more.
    fn end(&mut self) -> Result<Option<Bytes>, Unreadable> {
        self.ended = true;
        match &mut self.reader {
            Reader::Message(seen) if seen.is_empty() => Ok(None),
            Reader::Message(seen) => {
                let text = std::str::from_utf8(seen).map_err(|_| Unreadable)?;
                Ok(Some(filtered(text, &self.shown)?.into_owned().into()))
            }
            // An event without its end is none (HTML, 9.2.6).
            Reader::Events(_) => Ok(None),
        }
    }
}

impl<B> Body for Listing<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: std::error::Error + 'static,
{
    type Data = Bytes;
    type Error = ListingError<B::Error>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            if self.ended {
                return Poll::Ready(None);
            }
            let passed = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.take(&data),
                    // Trailers are the upstream's word about bytes that its caller does not get, or ours about a cut.
                    Err(trailers) => match self.reader {
                        Reader::Message(_) => self.end(),
                        Reader::Events(_) => return Poll::Ready(Some(Ok(trailers))),
                    },
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(ListingError::Answer(error)))),
                None => self.end(),
            };
            match passed {
                Ok(Some(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Ok(None) => {}
                Err(Unreadable) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(ListingError::Unreadable)));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended
    }
}
