//! A real HTTP upstream on 127.0.0.1 that remembers whatever reaches it.
//!
//! It proves what a gateway did: which requests came through and how, that a refused call left it untouched, that
//! bytes flow while a stream is still open, that a client who goes away is noticed.

mod answer;
mod serve;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use tokio::{net::TcpListener, task::JoinHandle, time::Instant};

pub use answer::{Answer, Gate, Live};
use serve::State;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Received {
    /// Method.
    pub method: Method,
    /// Target as sent, usually path and query.
    pub target: Uri,
    /// Every header, in order, names in lower case.
    pub headers: HeaderMap,
    /// The body so far, decoded from chunks.
    pub body: Bytes,
    /// Whether the body arrived to its end.
    pub complete: bool,
    /// What came behind the body.
    pub trailers: HeaderMap,
}

impl Received {
    /// The only value of the header `name` as text.
    ///
    /// # Panics
    /// When it came more than once or is not text: a forwarded request must not be ambiguous.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let value = values.next()?;
        assert!(values.next().is_none(), "the header {name} came more than once");
        Some(value.to_str().expect("a header of text"))
    }
}

/// An upstream of the test's own. Stops on drop.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Upstream {
    /// Starts on a free port of 127.0.0.1, answering [`Answer::Echo`].
    ///
    /// # Panics
    /// When no port can be bound.
    pub async fn start() -> Self {
        Self::start_at(IpAddr::V4(Ipv4Addr::LOCALHOST)).await
    }

    /// As [`Upstream::start`], on a free port of `host`.
    ///
    /// # Panics
    /// When no port can be bound.
    pub async fn start_at(host: IpAddr) -> Self {
        let listener = TcpListener::bind((host, 0))
            .await
            .unwrap_or_else(|error| panic!("{host} has no free port: {error}"));
        let address = listener.local_addr().expect("a bound socket has an address");
        let state = Arc::new(State::default());
        let accepting = tokio::spawn(serve::accept(listener, state.clone()));
        Self {
            address,
            state,
            accepting,
        }
    }

    /// Where it listens.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its origin, `http://127.0.0.1:port`, without a final slash.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers every further request with `answer`, unless one is queued.
    pub fn always(&self, answer: Answer) {
        self.state.always(answer);
    }

    /// Answers the next request that has no answer yet with `answer`; queued in order.
    pub fn next(&self, answer: Answer) {
        self.state.next(answer);
    }

    /// Everything received so far, in order of arrival, also what is still arriving.
    pub fn received(&self) -> Vec<Received> {
        self.state.received()
    }

    /// How many requests arrived.
    pub fn requests(&self) -> usize {
        self.received().len()
    }

    /// How many connections were accepted.
    pub fn connections(&self) -> usize {
        self.state.connections()
    }

    /// How many of them are still open.
    pub fn open_connections(&self) -> usize {
        self.state.open_connections()
    }

    /// Nobody asked for anything.
    ///
    /// # Panics
    /// When a request arrived, naming it. A connection without a request is no touch.
    pub fn assert_untouched(&self) {
        let received = self.received();
        assert!(received.is_empty(), "the upstream was reached: {received:#?}");
    }

    /// The one request that arrived.
    ///
    /// # Panics
    /// When there was none or more than one.
    pub fn only(&self) -> Received {
        let mut received = self.received();
        assert_eq!(
            received.len(),
            1,
            "exactly one request was expected: {received:#?}"
        );
        received.remove(0)
    }

    /// Waits until what arrived satisfies `condition`.
    ///
    /// # Panics
    /// After `within`, with what did arrive. `what` completes "waiting until …".
    pub async fn until(&self, what: &str, within: Duration, condition: impl Fn(&[Received]) -> bool) {
        let deadline = Instant::now() + within;
        loop {
            // Enrolled before looking, so that a change between the look and the wait is not missed.
            let changed = self.state.changed();
            let received = self.received();
            if condition(&received) {
                return;
            }
            let waited = tokio::time::timeout_at(deadline, changed).await;
            assert!(waited.is_ok(), "still waiting until {what}: {received:#?}");
        }
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.accepting.abort();
        self.state.stop();
    }
}
