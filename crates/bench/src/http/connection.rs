//! One kept connection, one exchange at a time.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::{HttpError, MAX_BODY_BYTES, chunked, head};

/// Longest wait for a complete answer.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Room made for each read, in bytes: most answers arrive in one.
const READ_BYTES: usize = 8 * 1024;

/// A client's connection to one address. It connects when first used, and again after the peer closed it.
#[derive(Debug)]
pub struct Connection {
    address: SocketAddr,
    /// Where it comes from; nothing where that is the system's to say.
    source: Option<IpAddr>,
    stream: Option<TcpStream>,
    input: Vec<u8>,
    decoded: Vec<u8>,
}

/// An answer, borrowed from the connection's buffers until its next use.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'c> {
    /// Status code.
    pub status: u16,
    /// Body, chunks removed.
    pub body: &'c [u8],
}

impl Answer<'_> {
    /// Status and the beginning of the body, for a message to people.
    pub fn summary(&self) -> String {
        let shown = self.body.get(..300).unwrap_or(self.body);
        format!("{} {}", self.status, String::from_utf8_lossy(shown))
    }
}

impl Connection {
    /// A connection to `address`, not opened yet.
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            source: None,
            stream: None,
            input: Vec::with_capacity(READ_BYTES),
            decoded: Vec::new(),
        }
    }

    /// The same from an address of this machine's.
    #[must_use]
    pub fn from(self, source: IpAddr) -> Self {
        Self {
            source: Some(source),
            ..self
        }
    }

    /// Sends `request`, a complete message, and reads the answer.
    ///
    /// A failed exchange is never repeated: the request may have been acted on. The next one reconnects.
    /// Cancelling drops the connection's state with the future, so do not reuse it after a cancelled exchange.
    ///
    /// # Errors
    /// [`HttpError`], also when no answer comes within thirty seconds.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<Answer<'_>, HttpError> {
        let outcome = timeout(TIMEOUT, self.exchange_unbounded(request))
            .await
            .unwrap_or(Err(HttpError::Timeout));
        match outcome {
            Ok((status, Body::Plain(start, end))) => Ok(Answer {
                status,
                body: self.input.get(start..end).unwrap_or_default(),
            }),
            Ok((status, Body::Decoded)) => Ok(Answer {
                status,
                body: &self.decoded,
            }),
            Err(error) => {
                self.stream = None;
                Err(error)
            }
        }
    }

    async fn exchange_unbounded(&mut self, request: &[u8]) -> Result<(u16, Body), HttpError> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = connect(self.address, self.source).await?;
                stream.set_nodelay(true)?;
                none.insert(stream)
            }
        };
        stream.write_all(request).await?;
        self.input.clear();
        let (status, head) = loop {
            read_more(stream, &mut self.input).await?;
            match head::response(&self.input)? {
                // Interim answers (RFC 9110 §15.2) are not asked for, so none is expected.
                Some((100..=199, _)) => return Err(HttpError::Malformed("interim answer")),
                Some(read) => break read,
                None => {}
            }
        };
        let body = match head.framing {
            head::Framing::Absent => return Err(HttpError::Malformed("a body without a length")),
            head::Framing::Length(length) => {
                let end = head.len + length;
                while self.input.len() < end {
                    read_more(stream, &mut self.input).await?;
                }
                if self.input.len() > end {
                    return Err(HttpError::Malformed("bytes after the answer"));
                }
                Body::Plain(head.len, end)
            }
            head::Framing::Chunked => {
                self.decoded.clear();
                let (mut decoder, mut at) = (chunked::Decoder::default(), head.len);
                loop {
                    at += decoder.decode(self.input.get(at..).unwrap_or_default(), &mut self.decoded)?;
                    if decoder.is_done() {
                        break;
                    }
                    read_more(stream, &mut self.input).await?;
                }
                if self.input.len() > at {
                    return Err(HttpError::Malformed("bytes after the answer"));
                }
                Body::Decoded
            }
        };
        if head.close {
            self.stream = None;
        }
        Ok((status, body))
    }
}

/// A connection to `address`, from `source` where one is given.
pub(crate) async fn connect(address: SocketAddr, source: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let Some(source) = source else {
        return TcpStream::connect(address).await;
    };
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.bind((source, 0).into())?;
    socket.connect(address).await
}

/// Where the body of an answer is.
enum Body {
    Plain(usize, usize),
    Decoded,
}

/// Reads once, at least one byte.
pub(crate) async fn read_more(stream: &mut TcpStream, input: &mut Vec<u8>) -> Result<(), HttpError> {
    // Twice the body: chunks of one byte still fit.
    if input.len() > 2 * MAX_BODY_BYTES {
        return Err(HttpError::TooLong);
    }
    input.reserve(READ_BYTES);
    match stream.read_buf(input).await? {
        0 => Err(HttpError::Closed),
        _ => Ok(()),
    }
}
