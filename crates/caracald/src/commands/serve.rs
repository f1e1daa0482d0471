//! `caracald serve`.

use std::{net::SocketAddr, process::ExitCode};

use anyhow::Context as _;
use caracal_service::{
    config::Settings,
    server::{ServerLimits, serve},
};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    config::{Backend, Config, Role},
    endpoints, secrets, telemetry, wire,
};

/// Longest wait for the database to close.
const CLOSE: std::time::Duration = std::time::Duration::from_secs(2);

/// Serves `roles` until a signal, then drains.
pub(crate) fn run(roles: &[Role]) -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), roles)?;
    telemetry::start(&config.log_level)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve_roles(config))
}

async fn serve_roles(config: Config) -> anyhow::Result<ExitCode> {
    let embedded = matches!(config.backend, Backend::Embedded);
    let home = config.home.clone();
    let grace = config.shutdown_grace;
    if embedded {
        secrets::private_directory(&home)?;
    }
    let metrics = caracal_service::metrics::install().context("cannot start metrics")?;
    caracal_events::metrics::describe();
    caracal_gateway::describe();

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

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;

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
        tracing::info!(role = role.as_str(), %address, "listening");
        let limits = ServerLimits {
            drain: grace,
            ..ServerLimits::default()
        };
        serving.spawn(serve(listener, router, limits, None, stop_listening.clone()));
    }
    if embedded {
        endpoints::write(&home, &addresses)?;
    }

    tokio::select! {
        _ = interrupt.recv() => tracing::info!("interrupted; draining"),
        _ = terminate.recv() => tracing::info!("asked to stop; draining"),
    }
    wired.start_draining();
    stop_listening.cancel();
    serving.close();
    serving.wait().await;
    wired.finish().await;
    stop_working.cancel();
    working.close();
    if tokio::time::timeout(grace, working.wait()).await.is_err() {
        tracing::warn!("background work did not end in time");
    }
    if tokio::time::timeout(CLOSE, wired.close()).await.is_err() {
        tracing::warn!("the database is still in use; it recovers at the next start");
    }
    if embedded {
        endpoints::remove(&home);
    }
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}

async fn bind(role: Role, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "cannot listen on {address} for role {role}; is the port in use? set CARACAL_{}_LISTEN to use another",
            role.as_str().to_ascii_uppercase()
        )
    })
}
