//! A TCP proxy on which everything arrives late, in both directions: a server far away.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
    time::Instant,
};

/// Chunks on their way at once; past it the sender waits.
const IN_FLIGHT: usize = 64;

/// A running proxy; it ends when dropped.
#[derive(Debug)]
pub struct Delay {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

impl Delay {
    /// Listens on a free port and passes everything on to `target`, each chunk `late` after it came.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn before(target: SocketAddr, late: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket has an address");
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let Ok(far) = TcpStream::connect(target).await else {
                        return;
                    };
                    let (near_read, near_write) = near.into_split();
                    let (far_read, far_write) = far.into_split();
                    tokio::join!(pass(near_read, far_write, late), pass(far_read, near_write, late));
                });
            }
        });
        Self { address, accepting }
    }

    /// Where to connect to.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Delay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Passes chunks on, later but not more slowly: the next is read while the last is on its way.
async fn pass(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, late: Duration) {
    let (sender, mut receiver) = mpsc::channel::<(Instant, Vec<u8>)>(IN_FLIGHT);
    let reading = async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let chunk = buffer.get(..read).unwrap_or_default().to_vec();
            if sender.send((Instant::now() + late, chunk)).await.is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((at, chunk)) = receiver.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&chunk).await.is_err() {
                return;
            }
        }
        let _closed = to.shutdown().await;
    };
    tokio::join!(reading, writing);
}
