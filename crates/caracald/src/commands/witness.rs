//! `caracald witness`.

use std::{
    process::ExitCode,
    sync::{Arc, atomic::AtomicBool},
};

use anyhow::Context as _;
use caracal_crypto::system_world;
use caracal_ledger::note::NoteSigner;
use caracal_service::{
    assemble,
    config::Settings,
    egress::{Egress, EgressPolicy},
    health::Operational,
    server::{TlsServer, serve},
};
use caracal_witness::{State, Witness};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    say,
    serve::{SignalAction, Signals, reload},
};
use crate::{
    config::witness::WitnessConfig,
    descriptors, metrics, secrets,
    telemetry::{self, Telemetry},
};

/// Serves until a signal, or prints the public `keys`.
pub(crate) fn run(keys: bool) -> anyhow::Result<ExitCode> {
    let config = WitnessConfig::read(Settings::from_process())?;
    let world = system_world();
    let signers = config.signers(|| {
        secrets::private_directory(&config.state)?;
        let fresh = || hex::encode(world.random_bytes::<32>());
        secrets::read_or_create(&config.state.join("witnessKey"), fresh)
    })?;
    if keys {
        let lines: Vec<String> = signers.iter().map(|key| key.public().encode()).collect();
        say(&lines.join("\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let recorder = caracal_service::metrics::install().context("cannot start metrics")?;
    metrics::describe_all();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let egress = Egress::trusting(EgressPolicy::provisioned(), None).context("no certificates")?;
    let telemetry = telemetry::start(config.logging.clone(), None, &egress, runtime.handle())?;
    for sentence in &config.unknown {
        tracing::warn!("{sentence}");
    }
    runtime.block_on(witness(config, signers, recorder, &telemetry))
}

async fn witness(
    config: WitnessConfig,
    signers: Vec<NoteSigner>,
    recorder: PrometheusHandle,
    telemetry: &Telemetry,
) -> anyhow::Result<ExitCode> {
    let tls = config.serving.tls.clone().map(TlsServer::open).transpose();
    let tls = tls.context("TLS_CERT_FILE and TLS_KEY_FILE")?.map(Arc::new);
    let logs = config.known_logs()?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; is the port in use? set WITNESS_LISTEN to use another",
            config.listen
        )
    })?;
    let address = listener.local_addr()?;
    let mut signals = Signals::listen()?;
    let state = State::open(&config.state)?;
    let places = [("home", config.state.clone())];
    let (known, world) = (state.logs(), system_world());
    let draining = Arc::new(AtomicBool::new(false));
    let operational = Operational {
        dependencies: Arc::default(),
        draining: draining.clone(),
        metrics: recorder.clone(),
        before_render: Arc::new(move || metrics::sample(&[], &places)),
        revocations: None,
        metrics_bearers: config.metrics_bearers.clone(),
        metrics_open: !config.mode.is_published(),
    };
    let witness = Witness::new(world.clone(), state, logs, signers);
    let router = assemble("witness", caracal_witness::router(witness), operational, world);
    let limits = config
        .serving
        .limits_alone(|wanted| descriptors::connections_alone(descriptors::raise(), wanted));
    tracing::info!(%address, tls = tls.is_some(), logs = known, "the witness listens");
    let stop = CancellationToken::new();
    metrics::tell_build(config.mode.as_str());
    tokio::spawn(caracal_service::metrics::fold(recorder, stop.clone()));
    let serving = tokio::spawn(serve(listener, router, limits, tls.clone(), stop.clone()));
    while signals.next().await == SignalAction::Reload {
        reload(telemetry, tls.as_deref());
    }
    draining.store(true, std::sync::atomic::Ordering::Relaxed);
    stop.cancel();
    serving.await?;
    tracing::info!("stopped");
    Ok(ExitCode::SUCCESS)
}
