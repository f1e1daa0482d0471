//! `caracald serve`.

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use caracal_crypto::system_world;
use caracal_service::{
    background,
    config::{Declared as _, Settings},
    egress::{Egress, EgressPolicy},
    server::{TlsServer, serve},
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{
    net::TcpListener,
    runtime::Handle,
    signal::unix::{Signal, SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{Backend, Config, Role, declared::listen_setting},
    descriptors, endpoints, metrics, secrets,
    telemetry::{self, Telemetry},
    wire,
};

/// Longest wait for the database to close.
const CLOSE: Duration = Duration::from_secs(1);

/// Serves `roles` until a signal, then drains.
pub(crate) fn run(roles: &[Role]) -> anyhow::Result<ExitCode> {
    let configured_at = system_world().now();
    let config = Config::read(Settings::from_process(), roles)?;
    let recorder = caracal_service::metrics::install().context("cannot start metrics")?;
    metrics::describe_all();
    metrics::tell_configured(configured_at);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    // Declared after it, so dropped before it.
    let beside = shares_its_process_with_calls(&config)
        .then(background::runtime_beside_calls)
        .transpose()?;
    // The collector is the operator's own: it may be on this machine or in a private network.
    let egress = Egress::trusting(EgressPolicy::provisioned(), config.extra_ca()?.as_deref())
        .context("CARACAL_TLS_EXTRA_CA_FILE")?;
    let telemetry = telemetry::start(
        config.logging.clone(),
        config.tracing.as_ref(),
        &egress,
        runtime.handle(),
    )?;
    say_what_starts(&config);
    for sentence in &config.unknown {
        tracing::warn!("{sentence}");
    }
    let descriptors = descriptors::raise();
    let beside = beside.as_ref().unwrap_or(&runtime).handle();
    runtime.block_on(serve_roles(config, recorder, &telemetry, descriptors, beside))
}

/// Whether governed calls wait for `role`: from login to mandate to upstream.
const fn serves_calls(role: Role) -> bool {
    matches!(role, Role::Sts | Role::Gateway | Role::Coordinator)
}

/// Whether other roles run beside those of calls. Over PostgreSQL and Redis they share connections, whose sockets
/// belong to the runtime that opened them; there each role has a process of its own where that matters.
fn shares_its_process_with_calls(config: &Config) -> bool {
    let calls = |(role, _): &(Role, SocketAddr)| serves_calls(*role);
    matches!(config.backend, Backend::Embedded)
        && config.listen.iter().any(calls)
        && !config.listen.iter().all(calls)
}

/// One line that says which build runs with which settings. Secrets, and URLs that could hold one, are not in it.
fn say_what_starts(config: &Config) {
    let roles: Vec<&str> = config.listen.iter().map(|(role, _)| role.as_str()).collect();
    let storage = match config.backend {
        Backend::Embedded => "embedded",
        Backend::Production { .. } => "production",
    };
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        mode = config.mode.as_str(),
        roles = roles.join(","),
        storage,
        home = %config.home.display(),
        spool_dir = %config.spool_dir.display(),
        spool_sync = ?config.spool_sync,
        admin_retention = ?config.admin_retention,
        log_level = config.logging.level,
        log_file = ?config.logging.file,
        traces = config.tracing.is_some(),
        issuer = config.issuer,
        db_max_conns = config.db_max_conns,
        mint_rate_limit_per_min = config.mint_rate_limit_per_min,
        key_publish_ahead = ?config.key_publish_ahead,
        key_overlap = ?config.key_overlap,
        max_request_bytes = config.max_request_bytes,
        upstream_timeout = ?config.upstream_timeout,
        stream_idle_timeout = ?config.stream_idle_timeout,
        sts_timeout = ?config.sts_timeout,
        trust_proxy = config.trust_proxy,
        serving = ?config.serving,
        coordinator = ?config.coordinator,
        api = ?config.api,
        "starting"
    );
}

async fn serve_roles(
    config: Config,
    metrics: PrometheusHandle,
    telemetry: &Telemetry,
    descriptors: u64,
    beside: &Handle,
) -> anyhow::Result<ExitCode> {
    // The web role alone keeps nothing, so its home may be missing or read-only.
    let keeps_state = matches!(config.backend, Backend::Embedded)
        && config.listen.iter().any(|(role, _)| *role != Role::Web);
    let home = config.home.clone();
    let serving_settings = config.serving.clone();
    let (delay, grace) = (serving_settings.shutdown_delay, serving_settings.shutdown_grace);
    if keeps_state {
        secrets::private_directory(&home)?;
    }
    let tls = match serving_settings.tls.clone() {
        Some(files) => Some(Arc::new(TlsServer::open(files).context(wire::TLS_FILES)?)),
        None => None,
    };

    // Every port first: a taken one must be told before anything is changed.
    let mut listeners = Vec::with_capacity(config.listen.len());
    for (role, address) in &config.listen {
        let listener = bind(*role, *address).await?;
        let bound = listener
            .local_addr()
            .with_context(|| format!("cannot tell the address of role {role}"))?;
        listeners.push((*role, bound, listener));
    }
    let addresses: Vec<(Role, SocketAddr)> = listeners
        .iter()
        .map(|(role, address, _)| (*role, *address))
        .collect();
    let roles: Vec<Role> = addresses.iter().map(|(role, _)| *role).collect();

    let mut signals = Signals::listen()?;

    // Listeners stop first, background work after them, so that the last requests can still be recorded.
    let stop_listening = CancellationToken::new();
    let stop_working = CancellationToken::new();
    let serving = TaskTracker::new();
    let working = TaskTracker::new();
    // Built once and large: on the heap, not in this future.
    let mut wired = Box::pin(wire::wire(config, &addresses, metrics, &working, &stop_working)).await?;
    for (role, address, listener) in listeners {
        let Some(router) = wired.router(role) else {
            continue;
        };
        let limits = serving_settings.limits(role, |wanted| {
            descriptors::connections(role, &roles, descriptors, wanted)
        });
        let connections = limits.max_connections;
        tracing::info!(role = role.as_str(), %address, connections, tls = tls.is_some(), "listening");
        let on = if serves_calls(role) {
            &Handle::current()
        } else {
            beside
        };
        serving.spawn_on(
            serve(listener, router, limits, tls.clone(), stop_listening.clone()),
            on,
        );
    }
    if keeps_state {
        endpoints::write(&home, &addresses)?;
    }

    while signals.next().await == SignalAction::Reload {
        reload(telemetry, tls.as_deref());
    }
    // Not ready first: whoever spreads the load has the delay to notice, and is served meanwhile.
    wired.start_draining();
    let delayed = Instant::now() + delay;
    while let Some(left) = delayed
        .checked_duration_since(Instant::now())
        .filter(|left| !left.is_zero())
    {
        match tokio::time::timeout(left, signals.next()).await {
            Ok(SignalAction::Reload) => reload(telemetry, tls.as_deref()),
            // SignalAction twice, so it is urgent.
            Ok(SignalAction::Stop) => break,
            Err(_) => {}
        }
    }
    let end = Instant::now() + grace;
    let left = || end.saturating_duration_since(Instant::now());
    stop_listening.cancel();
    serving.close();
    serving.wait().await;
    wired.finish(left() / 2).await;
    stop_working.cancel();
    working.close();
    if tokio::time::timeout(left(), working.wait()).await.is_err() {
        tracing::warn!("background work did not end in time");
    }
    if tokio::time::timeout(CLOSE, wired.close()).await.is_err() {
        tracing::warn!("the database is still in use; it recovers at the next start");
    }
    if keeps_state {
        endpoints::remove(&home);
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Reads again what may be changed while serving.
pub(super) fn reload(telemetry: &Telemetry, tls: Option<&TlsServer>) {
    match telemetry.reload() {
        Ok(()) => tracing::info!("logs were opened and the log level was read again"),
        Err(error) => tracing::error!(error = format!("{error:#}"), "logs stay as they were"),
    }
    match tls.map(TlsServer::reload) {
        None => {}
        Some(Ok(())) => tracing::info!("the certificate was read again"),
        Some(Err(error)) => {
            let error = caracal_service::error_chain(&error);
            tracing::error!(error, "the former certificate stays");
        }
    }
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SignalAction {
    Stop,
    Reload,
}

/// The signals that are heard. None of them ends the process by itself.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
    users: [Signal; 2],
}

/// Signals that end a process which does not expect them. What is heard once ends nothing any more, and a write past a
/// limit of file sizes (SIGXFSZ) then fails as on a full disk.
const MEANINGLESS: [nix::sys::signal::Signal; 6] = {
    use nix::sys::signal::Signal;
    [
        Signal::SIGXFSZ,
        Signal::SIGXCPU,
        Signal::SIGALRM,
        Signal::SIGVTALRM,
        Signal::SIGPROF,
        Signal::SIGIO,
    ]
};

impl Signals {
    pub(super) fn listen() -> std::io::Result<Self> {
        for meaningless in MEANINGLESS {
            drop(signal(SignalKind::from_raw(meaningless as i32))?);
        }
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            users: [
                signal(SignalKind::user_defined1())?,
                signal(SignalKind::user_defined2())?,
            ],
        })
    }

    pub(super) async fn next(&mut self) -> SignalAction {
        let [first, second] = &mut self.users;
        loop {
            tokio::select! {
                _ = self.interrupt.recv() => {
                    tracing::info!("interrupted; draining");
                    return SignalAction::Stop;
                }
                _ = self.terminate.recv() => {
                    tracing::info!("asked to stop; draining");
                    return SignalAction::Stop;
                }
                _ = self.hangup.recv() => return SignalAction::Reload,
                _ = first.recv() => tracing::info!("SIGUSR1 means nothing here"),
                _ = second.recv() => tracing::info!("SIGUSR2 means nothing here"),
            }
        }
    }
}

async fn bind(role: Role, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address} for role {role}; is the port in use? set {} to use another",
            listen_setting(role).name()
        )
    })
}
