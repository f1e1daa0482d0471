//! The protected service behind the Gateway: answers who brings the key, and counts.
//!
//! It is part of the generator's process and does as little as it can, so that its cost stays out of the way.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use caracal_core::{Secret, World};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::http::{
    HttpError, chunked,
    connection::read_more,
    head::{self, Framing},
};

/// The header in which the Gateway brings the key.
pub const KEY_HEADER: &str = "X-Api-Key";
/// The path that is never answered.
pub const HANGING_PATH: &str = "/hang";

/// A running upstream; ends when dropped.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    key: Secret,
    counts: Arc<Counts>,
    accepting: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Counts {
    served: AtomicU64,
    refused: AtomicU64,
}

impl Upstream {
    /// Listens on a free port of this machine and answers with `payload` bytes.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(world: &World, payload: usize) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let key = Secret::new(hex::encode(world.random_bytes::<24>()));
        let counts = Arc::new(Counts::default());
        let served = Arc::new(Served {
            key: key.clone(),
            counts: counts.clone(),
            good: answer("200 OK", payload),
            bad: answer("401 Unauthorized", 0),
        });
        let accepting = tokio::spawn(async move {
            // Connections end with their peers, and at the latest with the runtime.
            while let Ok((stream, _)) = listener.accept().await {
                let served = served.clone();
                tokio::spawn(async move { served.connection(stream).await });
            }
        });
        Ok(Self {
            address,
            key,
            counts,
            accepting,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The key it wants in [`KEY_HEADER`].
    pub fn key(&self) -> &Secret {
        &self.key
    }

    /// Requests that brought the key and no mandate.
    pub fn served(&self) -> u64 {
        self.counts.served.load(Ordering::Relaxed)
    }

    /// Requests without the key, or with an `Authorization` that should have stayed at the Gateway.
    pub fn refused(&self) -> u64 {
        self.counts.refused.load(Ordering::Relaxed)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Served {
    key: Secret,
    counts: Arc<Counts>,
    good: Vec<u8>,
    bad: Vec<u8>,
}

impl Served {
    async fn connection(&self, mut stream: TcpStream) {
        if stream.set_nodelay(true).is_err() {
            return;
        }
        let mut input = Vec::new();
        // A peer that closes or talks nonsense is done with; the caller sees it as a failed call.
        while self.request(&mut stream, &mut input).await.is_ok() {}
    }

    async fn request(&self, stream: &mut TcpStream, input: &mut Vec<u8>) -> Result<(), HttpError> {
        let head = loop {
            match head::request(input)? {
                Some(head) => break head,
                None => read_more(stream, input).await?,
            }
        };
        let hangs = input
            .get(..head.len)
            .and_then(|head| head.strip_prefix(b"GET "))
            .is_some_and(|head| head.starts_with(HANGING_PATH.as_bytes()));
        if hangs {
            // Until the peer gives up and closes.
            loop {
                read_more(stream, input).await?;
            }
        }
        let permitted = {
            let head = input.get(..head.len).unwrap_or_default();
            head::field(head, KEY_HEADER) == Some(self.key.expose().as_bytes())
                && head::field(head, "authorization").is_none()
        };
        let end = match head.framing {
            Framing::Absent => head.len,
            Framing::Length(length) => {
                while input.len() < head.len + length {
                    read_more(stream, input).await?;
                }
                head.len + length
            }
            Framing::Chunked => {
                let (mut decoder, mut at, mut body) = (chunked::Decoder::default(), head.len, Vec::new());
                loop {
                    at += decoder.decode(input.get(at..).unwrap_or_default(), &mut body)?;
                    if decoder.is_done() {
                        break at;
                    }
                    read_more(stream, input).await?;
                }
            }
        };
        input.drain(..end);
        let (counter, answer) = if permitted {
            (&self.counts.served, &self.good)
        } else {
            (&self.counts.refused, &self.bad)
        };
        counter.fetch_add(1, Ordering::Relaxed);
        stream.write_all(answer).await?;
        if head.close {
            Err(HttpError::Closed)
        } else {
            Ok(())
        }
    }
}

fn answer(status: &str, payload: usize) -> Vec<u8> {
    let mut answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\nContent-Length: {payload}\r\n\r\n"
    )
    .into_bytes();
    answer.resize(answer.len() + payload, b'x');
    answer
}
