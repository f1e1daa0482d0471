//! A proxy in front of a TCP server, which tests make slow, cut, freeze and lead elsewhere.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, tcp},
    sync::mpsc,
    task::AbortHandle,
    time::Instant,
};

use crate::fault::{Fault, Faults};

/// Reads under way at once in one direction; past it the sender waits.
const UNDER_WAY: usize = 64;

/// Where a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// What is under way does not arrive.
    Before,
    /// What is under way arrives, and nothing after it.
    After,
}

/// A proxy that carries bytes to a server and back, in steps: whatever one read of one direction returns. Dropping it
/// cuts every connection.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    state: Arc<State>,
    accepting: AbortHandle,
}

#[derive(Debug)]
struct State {
    target: Mutex<SocketAddr>,
    /// How long whatever was sent is under way.
    late: Duration,
    /// The step to cut at, counted from when it was set.
    cut: Mutex<Option<(u64, Cut)>>,
    steps: AtomicU64,
    /// Connections so far, and how many of the first of them are frozen.
    connections: AtomicU64,
    frozen: AtomicU64,
}

enum Step {
    Carry,
    Stop(Cut),
    Freeze,
}

impl FaultProxy {
    /// Opens a proxy to `target` on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn to(target: SocketAddr) -> Self {
        Self::far(target, Duration::ZERO).await
    }

    /// The same to a server far away: everything arrives `late`, in both directions, and no more slowly.
    ///
    /// # Panics
    /// When there is no free port.
    pub async fn far(target: SocketAddr, late: Duration) -> Self {
        Self::bound(([127, 0, 0, 1], 0).into(), target, late).await
    }

    /// The same at an address that somebody had who is gone, as an address that moves to another machine.
    ///
    /// # Panics
    /// When the address is not free.
    pub async fn at(address: SocketAddr, target: SocketAddr) -> Self {
        Self::bound(address, target, Duration::ZERO).await
    }

    async fn bound(address: SocketAddr, target: SocketAddr, late: Duration) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State {
            target: Mutex::new(target),
            late,
            cut: Mutex::new(None),
            steps: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            frozen: AtomicU64::new(0),
        });
        let shared = state.clone();
        let accepting = tokio::spawn(async move {
            let mut carried = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let number = shared.connections.fetch_add(1, Ordering::Relaxed);
                let state = shared.clone();
                carried.spawn(async move {
                    let target = *state.target.lock();
                    if let Ok(server) = TcpStream::connect(target).await {
                        carry(&state, number, client, server).await;
                    }
                });
            }
        });
        Self {
            address,
            state,
            accepting: accepting.abort_handle(),
        }
    }

    /// Where it begins.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Cuts the connection whose bytes are the `step`-th from now on, once.
    pub fn cut_at(&self, step: u64, cut: Cut) {
        let mut order = self.state.cut.lock();
        self.state.steps.store(0, Ordering::Relaxed);
        *order = Some((step, cut));
    }

    /// Cuts nothing any more; whether the order was still open.
    pub fn cut_nothing(&self) -> bool {
        self.state.cut.lock().take().is_some()
    }

    /// Connections made from now on lead to `target`; those of now stay where they are.
    pub fn lead_to(&self, target: SocketAddr) {
        *self.state.target.lock() = target;
    }
}

impl Faults for FaultProxy {
    /// Frozen: connections of now carry nothing any more; new ones do.
    fn fail(&self, fault: Fault) {
        assert_eq!(fault, Fault::Frozen, "connections are cut at a step");
        let all = self.state.connections.load(Ordering::Relaxed);
        self.state.frozen.store(all, Ordering::Relaxed);
    }

    /// What is frozen stays so; nothing is cut any more.
    fn mend(&self) {
        self.cut_nothing();
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl State {
    fn step(&self, connection: u64) -> Step {
        if connection < self.frozen.load(Ordering::Relaxed) {
            return Step::Freeze;
        }
        let mut order = self.cut.lock();
        let step = self.steps.fetch_add(1, Ordering::Relaxed) + 1;
        match *order {
            Some((at, cut)) if step >= at => {
                *order = None;
                Step::Stop(cut)
            }
            _ => Step::Carry,
        }
    }
}

async fn carry(state: &State, number: u64, client: TcpStream, server: TcpStream) {
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever direction ends, ends the other with it.
    tokio::select! {
        () = pump(state, number, from_client, to_server) => {}
        () = pump(state, number, from_server, to_client) => {}
    }
}

/// Carries one direction: the next read is taken while the last is still under way.
async fn pump(state: &State, number: u64, mut from: tcp::OwnedReadHalf, mut to: tcp::OwnedWriteHalf) {
    let (sender, mut under_way) = mpsc::channel::<(Instant, Vec<u8>)>(UNDER_WAY);
    let taking = async move {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(read @ 1..) = from.read(&mut buffer).await {
            let step = state.step(number);
            if matches!(step, Step::Freeze) {
                std::future::pending::<()>().await;
            }
            if matches!(step, Step::Stop(Cut::Before)) {
                return;
            }
            let arrives = Instant::now() + state.late;
            if sender.send((arrives, buffer[..read].to_vec())).await.is_err()
                || matches!(step, Step::Stop(Cut::After))
            {
                return;
            }
        }
    };
    let bringing = async move {
        while let Some((at, bytes)) = under_way.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::pin!(bringing);
    tokio::select! {
        // What was taken before the end arrives.
        () = taking => bringing.await,
        () = &mut bringing => {}
    }
}
