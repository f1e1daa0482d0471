//! Names to addresses, remembered for a short time.

use std::{
    collections::HashMap,
    fmt, io,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use parking_lot::RwLock;

use super::{EgressError, after};

/// Most names remembered.
const MAX_NAMES: usize = 4096;
/// How long a failure is remembered, so that calls to a dead name do not each wait for the name server.
const FAILURE_FOR: Duration = Duration::from_secs(1);

/// Asks for the addresses of a name.
#[async_trait]
pub trait Resolve: Send + Sync + fmt::Debug {
    /// Every address of `host`, in order of preference.
    ///
    /// # Errors
    /// When the name has none, or no server answers.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        Ok(tokio::net::lookup_host((host, 0))
            .await?
            .map(|address| address.ip())
            .collect())
    }
}

#[derive(Debug, Clone)]
struct Known {
    answer: Result<Arc<[IpAddr]>, Arc<io::Error>>,
    until: Instant,
}

#[derive(Debug)]
pub(super) struct DnsCache {
    resolver: Arc<dyn Resolve>,
    ttl: Duration,
    names: RwLock<HashMap<Box<str>, Known>>,
}

impl DnsCache {
    pub(super) fn new(resolver: Arc<dyn Resolve>, ttl: Duration) -> Self {
        Self {
            resolver,
            ttl,
            names: RwLock::default(),
        }
    }

    /// The addresses of `host`; never an empty list.
    pub(super) async fn lookup(&self, host: &str) -> Result<Arc<[IpAddr]>, EgressError> {
        if let Some(known) = self.names.read().get(host)
            && known.until > Instant::now()
        {
            return known.answer.clone().map_err(EgressError::Resolve);
        }
        let answer = match self.resolver.resolve(host).await {
            Ok(addresses) if addresses.is_empty() => Err(Arc::new(io::Error::new(
                io::ErrorKind::NotFound,
                "the name has no address",
            ))),
            Ok(addresses) => Ok(addresses.into()),
            Err(error) => Err(Arc::new(error)),
        };
        let until = after(if answer.is_ok() { self.ttl } else { FAILURE_FOR });
        let mut names = self.names.write();
        if names.len() >= MAX_NAMES {
            let now = Instant::now();
            names.retain(|_, known| known.until > now);
            if names.len() >= MAX_NAMES {
                names.clear();
            }
        }
        names.insert(
            host.into(),
            Known {
                answer: answer.clone(),
                until,
            },
        );
        answer.map_err(EgressError::Resolve)
    }
}
