//! Opening what a scheduled export or published checkpoints are in.

use anyhow::Context as _;
use caracal_export::ExportTarget;
use caracal_service::config::Settings;

use crate::{
    commands::block_on,
    config::{Config, declared},
};

/// Opens the target that an option names.
pub(super) fn open(url: &str, option: &'static str) -> anyhow::Result<ExportTarget> {
    // Without a deployment there is no configuration, and none is needed.
    let config = Config::read(Settings::from_process(), &[]).ok();
    let mut settings = Settings::from_process();
    let bucket = declared::bucket(&mut settings);
    settings.finish()?;
    let roots = config.and_then(|config| config.extra_ca().ok().flatten());
    ExportTarget::open(url, roots.as_deref(), &bucket).context(option)
}

/// The checkpoints that are published in a bucket, and what to call them.
pub(super) fn published(url: &str) -> anyhow::Result<Vec<(Vec<u8>, String)>> {
    let target = open(url, "--checkpoint")?;
    // Whoever asks may be in a runtime, which one cannot wait in.
    let reading = || block_on(async { Ok(target.checkpoints().await?) });
    let read = std::thread::scope(|scope| scope.spawn(reading).join());
    let read = read.map_err(|_| anyhow::anyhow!("--checkpoint: {url} was not read to its end"))?;
    let found = read.with_context(|| format!("--checkpoint: {url}"))?;
    anyhow::ensure!(!found.is_empty(), "--checkpoint: nothing is published at {url}");
    let named = found.into_iter();
    Ok(named
        .map(|(name, note)| (note, format!("--checkpoint: {url}/{name}")))
        .collect())
}
