//! The web role, which keeps nothing: beside the others, or in a process of its own without stores and keys.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use axum::Router;
use caracal_api::ApiDeps;
use caracal_core::World;
use caracal_events::shortlived::{MemoryOptions, MemoryShortLived};
use caracal_service::{
    egress::EgressPolicy,
    files::replace,
    health::Operational,
    limits::{Limits, Rule},
};
use caracal_web::{ConsoleOrigin, WebDeps};
use metrics_exporter_prometheus::PrometheusHandle;
use url::Url;

use super::{Parts, Wired, egress::guard};
use crate::config::{Config, Role};

const NOT_USABLE: &str = "one of CARACAL_API_URL, CARACAL_COORDINATOR_URL, CARACAL_AUDIT_URL, CARACAL_STS_URL and \
     CARACAL_GATEWAY_URL is not usable";

impl Parts {
    /// The router of the web role in this process.
    pub(super) fn web(&self) -> anyhow::Result<Router> {
        let deps = deps(&self.config, &self.addresses, self.world.clone())?;
        let router = caracal_web::app(deps, self.operational(Role::Web, Vec::new()), self.world.clone());
        router.context(NOT_USABLE)
    }
}

/// A process that serves nothing else.
pub(super) fn alone(config: &Config, metrics: PrometheusHandle, world: World) -> anyhow::Result<Wired> {
    let draining = Arc::default();
    let operational = Operational {
        dependencies: Arc::default(),
        draining: Arc::clone(&draining),
        metrics,
        before_render: Arc::new(|| {}),
        revocations: None,
        metrics_bearers: config.keys.metrics(),
        metrics_open: !config.mode.is_published(),
    };
    let router =
        caracal_web::app(deps(config, &[], world.clone())?, operational, world).context(NOT_USABLE)?;
    Ok(Wired {
        routers: HashMap::from([(Role::Web, router)]),
        spool: None,
        draining,
        sqlite: None,
        _home: None,
    })
}

fn deps(config: &Config, addresses: &[(Role, SocketAddr)], world: World) -> anyhow::Result<WebDeps> {
    if !caracal_web::is_built() {
        tracing::warn!("the console is not part of this build: Node.js was missing; everything else works");
    }
    let tls = config.serving.tls.is_some();
    let known = |named: &Option<String>, role: Role| {
        let here = addresses.iter().find(|(other, _)| *other == role);
        named
            .clone()
            .or_else(|| here.map(|(_, address)| here_at(*address, tls)))
    };
    let url = |named: &Option<String>, role: Role| {
        known(named, role).unwrap_or_else(|| format!("http://localhost:{}", role.default_port()))
    };
    let place = config.console_url.as_deref().map(Url::parse).transpose();
    Ok(WebDeps {
        limits: limits(world.clone())?,
        world,
        // The roles are provisioned by the operator, not named by a caller.
        egress: guard(config, EgressPolicy::provisioned())?,
        api_url: url(&config.api_url, Role::Api),
        coordinator_url: url(&config.coordinator_url, Role::Coordinator),
        audit_url: url(&config.audit_url, Role::Audit),
        sts_url: known(&config.console_sts_url, Role::Sts),
        gateway_url: known(&config.console_gateway_url, Role::Gateway),
        place: ConsoleOrigin::new(place.context("CONSOLE_URL is not usable")?.as_ref(), tls),
    })
}

/// Counts in memory: the role has no store.
fn limits(world: World) -> anyhow::Result<Arc<Limits>> {
    let options = MemoryOptions {
        capacity: 65_536,
        replay_dir: None,
    };
    let limiter = MemoryShortLived::open(world.clone(), options).context("cannot count requests")?;
    let unlimited = Rule::per_minute("web:", 0);
    Ok(Arc::new(Limits::new(
        Arc::new(limiter),
        world,
        unlimited,
        unlimited,
    )))
}

/// A role of this process: what listens everywhere listens on the loopback interface too.
fn here_at(mut address: SocketAddr, tls: bool) -> String {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    format!("{}://{address}", if tls { "https" } else { "http" })
}

/// Leaves a fresh link that makes an owner in the state directory while there is no owner, for `caracal up` to show. Like
/// the admin token beside it, only whoever runs the daemon can read it.
pub(super) async fn setup_link(home: &Path, api: &ApiDeps) -> anyhow::Result<()> {
    let file = home.join("setup-link");
    let link = caracal_api::setup_link(api)
        .await
        .context("cannot look for an owner")?;
    if let Some(link) = link {
        return replace(&file, link.expose().as_bytes())
            .with_context(|| format!("cannot write {}", file.display()));
    }
    // There may be none.
    let _ = std::fs::remove_file(file);
    Ok(())
}
