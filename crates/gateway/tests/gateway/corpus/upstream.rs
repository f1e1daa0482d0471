//! A server that answers each exchange with the very bytes that stand for it, and remembers what reached it.

use std::{io, net::SocketAddr, sync::Arc};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use super::{
    exchanges::CorpusExchange,
    wire::{Fields, latin1},
};

/// The header that says which exchange a request is of.
pub(super) const CASE: &str = "x-case";

/// A request as it came over the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Arrived {
    /// Place of its exchange in the corpus.
    pub(super) case: usize,
    /// Method and target.
    pub(super) line: String,
    pub(super) fields: Fields,
    pub(super) body: Vec<u8>,
    pub(super) trailers: Fields,
}

#[derive(Debug)]
pub(super) struct ScriptedUpstream {
    pub(super) address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    accepting: JoinHandle<()>,
}

impl ScriptedUpstream {
    pub(super) async fn start(corpus: Arc<Vec<CorpusExchange>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let arrived: Arc<Mutex<Vec<Arrived>>> = Arc::default();
        let log = arrived.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // A client that breaks off shows in what it says, and in what is missing here.
                tokio::spawn(connection(stream, corpus.clone(), log.clone()));
            }
        });
        Self {
            address,
            arrived,
            accepting,
        }
    }

    /// What arrived since this was asked last.
    pub(super) fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut *self.arrived.lock())
    }
}

impl Drop for ScriptedUpstream {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn connection(
    stream: TcpStream,
    corpus: Arc<Vec<CorpusExchange>>,
    log: Arc<Mutex<Vec<Arrived>>>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = read(&mut stream).await? {
        let exchange = corpus.get(request.case).ok_or(io::ErrorKind::InvalidData)?;
        let last = exchange.answer.closes || request.fields.has("connection", "close");
        log.lock().push(request);
        for piece in &exchange.answer.pieces {
            stream.write_all(piece).await?;
            stream.flush().await?;
            tokio::task::yield_now().await;
        }
        if last {
            stream.shutdown().await?;
            break;
        }
    }
    Ok(())
}

/// The next request; none where the client hung up.
async fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Arrived>> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    let line = latin1(line.trim_ascii_end());
    let fields = fields(stream).await?;
    let case = fields.get(CASE).and_then(|case| case.parse().ok());
    if fields.has("expect", "100-continue") {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
    }
    let mut body = Vec::new();
    let mut trailers = Fields::default();
    if fields.has("transfer-encoding", "chunked") {
        loop {
            let mut size = Vec::new();
            stream.read_until(b'\n', &mut size).await?;
            let size = latin1(&size);
            let size = size.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
            if size == 0 {
                trailers = self::fields(stream).await?;
                break;
            }
            let begin = body.len();
            body.resize(begin + size, 0);
            stream.read_exact(&mut body[begin..]).await?;
            stream.read_exact(&mut [0; 2]).await?;
        }
    } else if let Some(length) = fields.get("content-length") {
        body.resize(length.parse().map_err(io::Error::other)?, 0);
        stream.read_exact(&mut body).await?;
    }
    Ok(Some(Arrived {
        case: case.ok_or(io::ErrorKind::InvalidData)?,
        line: line.trim_end_matches(" HTTP/1.1").to_owned(),
        fields,
        body,
        trailers,
    }))
}

/// Fields up to the empty line.
async fn fields(stream: &mut BufReader<TcpStream>) -> io::Result<Fields> {
    let mut fields = Fields::default();
    loop {
        let mut line = Vec::new();
        stream.read_until(b'\n', &mut line).await?;
        let line = latin1(&line);
        let Some((name, value)) = line.split_once(':') else {
            return Ok(fields);
        };
        fields.push(name, value.trim_matches([' ', '\t', '\r', '\n']));
    }
}
