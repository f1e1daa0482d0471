//! Strangers on real sockets, from many addresses, and somebody among them.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use caracal_service::server::{ServerLimits, serve};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinSet,
};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::wait::until;

/// Connections of the listener: far fewer than there are strangers.
const CONNECTIONS: usize = 120;
/// Strangers, each at an address of its own.
const STRANGERS: u8 = 190;
/// How long a stranger whose connection ended is away: as a connection over a network takes its time.
const AWAY: Duration = Duration::from_millis(250);
/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A router behind a listener that strangers crowd.
#[derive(Debug)]
pub struct Crowd {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    _strangers: JoinSet<()>,
    _stop: DropGuard,
}

impl Crowd {
    /// Strangers who send `request` again and again, others who begin it and never end, others who send nothing; as many of
    /// each. `request` is a whole one, with a body.
    ///
    /// # Panics
    /// When this machine has no more than one address of its own, or no port is free.
    pub async fn around(router: Router, request: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let limits = ServerLimits {
            max_connections: CONNECTIONS,
            ..ServerLimits::default()
        };
        tokio::spawn(serve(listener, router, limits, None, stop.clone()));
        let asked = Arc::new(AtomicUsize::new(0));
        let mut strangers = JoinSet::new();
        for number in 0..STRANGERS {
            let (asked, request) = (asked.clone(), request.to_owned());
            strangers.spawn(async move {
                loop {
                    // Whoever gave way comes again.
                    let Ok(stream) = connect(address, number).await else {
                        tokio::task::yield_now().await;
                        continue;
                    };
                    stay(stream, number, &request, &asked).await;
                    tokio::time::sleep(AWAY).await;
                }
            });
        }
        let crowd = Self {
            address,
            asked,
            _strangers: strangers,
            _stop: stop.drop_guard(),
        };
        crowd.until_asked(usize::from(STRANGERS)).await;
        crowd
    }

    /// Waits until strangers asked so many times.
    async fn until_asked(&self, times: usize) {
        let all_asked = async || self.asked.load(Ordering::SeqCst) >= times;
        until("strangers get in", all_asked).await;
    }

    /// Somebody asks with `request`, a whole one without `Connection: close`: on a connection of their own each time, and again
    /// and again on one. What they are answered, by status.
    ///
    /// # Panics
    /// When they are not answered.
    pub async fn answers(&self, request: &str) -> Vec<u16> {
        let mut statuses = Vec::new();
        for _ in 0..10 {
            let mut own = connect(self.address, 200).await.expect("a connection");
            statuses.push(ask(&mut own, request).await);
        }
        let mut kept = connect(self.address, 201).await.expect("a connection");
        for _ in 0..10 {
            statuses.push(ask(&mut kept, request).await);
            // The crowd goes on meanwhile, and takes what it can.
            self.until_asked(self.asked.load(Ordering::SeqCst) + usize::from(STRANGERS))
                .await;
        }
        statuses
    }
}

/// From the address of this machine with that number.
async fn connect(address: SocketAddr, number: u8) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 77, 7, number.saturating_add(1)), 0).into())?;
    socket.connect(address).await
}

/// What a stranger does with a connection for as long as it is theirs.
async fn stay(mut stream: TcpStream, number: u8, request: &str, asked: &AtomicUsize) {
    let begun = &request.as_bytes()[..request.len() - 1];
    let sent: &[u8] = match number % 3 {
        0 => request.as_bytes(),
        1 => begun,
        _ => b"",
    };
    let mut buffer = [0; 4096];
    loop {
        if stream.write_all(sent).await.is_err() {
            return;
        }
        asked.fetch_add(1, Ordering::SeqCst);
        match stream.read(&mut buffer).await {
            Ok(1..) if number.is_multiple_of(3) => {}
            _ => return,
        }
    }
}

/// The status of an answer, which is read whole.
async fn ask(stream: &mut TcpStream, request: &str) -> u16 {
    stream.write_all(request.as_bytes()).await.expect("it is taken");
    let read = async {
        let mut bytes = Vec::new();
        loop {
            let count = stream.read_buf(&mut bytes).await.expect("an answer");
            assert!(count > 0, "cut after {}", String::from_utf8_lossy(&bytes));
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else {
                continue;
            };
            let head = head.to_ascii_lowercase();
            let length = head.split("content-length: ").nth(1);
            let length = length.and_then(|rest| rest.lines().next()?.parse::<usize>().ok());
            if body.len() >= length.expect("an answer with a length") {
                return head[9..12].parse().expect("a status");
            }
        }
    };
    tokio::time::timeout(TIMEOUT, read)
        .await
        .expect("an answer in time")
}
