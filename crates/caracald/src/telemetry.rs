//! Logs: one JSON line an event on stderr, or in a file that can be moved away and opened anew. And traces, where a
//! collector wants them.

mod spans;
mod writer;

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    panic::PanicHookInfo,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use caracal_service::egress::Egress;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tokio::runtime::Handle;
use tracing_subscriber::{
    EnvFilter, Layer as _, fmt, layer::SubscriberExt as _, reload, util::SubscriberInitExt as _,
};

pub(crate) use self::spans::{Batches, Tracing};
use self::writer::{FLUSH, LogQueue, Lost, Sink};

/// The words for how much is logged.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Where logs go and how much of them, as configured.
#[derive(Debug, Clone)]
pub(crate) struct Logging {
    /// A level, or directives such as `info,caracal_sts=debug`.
    pub(crate) level: String,
    /// The file that holds the level, read again on SIGHUP; it wins over `level`.
    pub(crate) level_file: Option<PathBuf>,
    /// The file logs are appended to, opened again on SIGHUP; none means stderr.
    pub(crate) file: Option<PathBuf>,
}

/// Running logs and traces. Dropped, it waits a short while until the last lines and spans are written.
pub(crate) struct Telemetry {
    provider: Option<SdkTracerProvider>,
    logging: Logging,
    set_level: Box<dyn Fn(EnvFilter) -> anyhow::Result<()> + Send + Sync>,
    queue: LogQueue,
}

/// Reads a level or directives. A word that is no level would be taken for the name of a module, and switch all logs
/// off.
///
/// # Errors
/// One sentence.
pub(crate) fn filter(text: &str) -> Result<EnvFilter, String> {
    let text = text.trim();
    for directive in text.split(',') {
        let level = directive
            .rsplit_once('=')
            .map_or(directive, |(_, level)| level)
            .trim();
        if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
            return Err(format!(
                "LOG_LEVEL {text:?} is not usable: {level:?} is none of {}",
                LEVELS.join(", ")
            ));
        }
    }
    EnvFilter::builder()
        .parse(text)
        .map_err(|error| format!("LOG_LEVEL {text:?} is not usable: {error}"))
}

impl Logging {
    /// The filter as the level file, or else the level, says now.
    fn filter(&self) -> anyhow::Result<EnvFilter> {
        let text = match &self.level_file {
            Some(path) => std::fs::read_to_string(path)
                .with_context(|| format!("LOG_LEVEL_FILE: cannot read {}", path.display()))?,
            None => self.level.clone(),
        };
        filter(&text).map_err(anyhow::Error::msg)
    }
}

/// Starts logging, and exporting traces through `egress`. Metrics must be installed before: lost lines are counted
/// there.
///
/// # Errors
/// When the level is none, the file cannot be written, or the collector's URL cannot be used.
pub(crate) fn start(
    logging: Logging,
    tracing: Option<&Tracing>,
    egress: &Egress,
    runtime: &Handle,
) -> anyhow::Result<Telemetry> {
    let filter = logging.filter()?;
    let sink = match &logging.file {
        Some(path) => Sink::File(open(path)?),
        None => Sink::Stderr,
    };
    let queue = LogQueue::start(sink, Lost::in_metrics()).context("cannot start logging")?;
    let (filter, handle) = reload::Layer::new(filter);
    let lines = fmt::layer()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(queue.clone())
        // The writer does not fail, and telling stderr about it would panic where stderr is broken.
        .log_internal_errors(false)
        .with_filter(filter);
    let provider = tracing
        .map(|tracing| spans::start(tracing, egress, runtime.clone()))
        .transpose()?;
    tracing_subscriber::registry()
        .with(provider.as_ref().map(spans::exporting))
        .with(lines)
        .with(provider.is_some().then_some(spans::Gate))
        .try_init()
        .map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(Telemetry {
        provider,
        logging,
        set_level: Box::new(move |filter| handle.reload(filter).context("cannot change the log level")),
        queue,
    })
}

/// A panic is a log line like any other: written straight to stderr it could block whoever panics.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("no message");
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(error = message, location, "panicked");
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = &self.provider {
            // The collector may be away; what was not taken in time is lost, as it would be later.
            let _ = provider.shutdown_with_timeout(FLUSH);
        }
        self.queue.close();
    }
}

impl Telemetry {
    /// Opens the log file again and reads the level again. What fails stays as it was.
    ///
    /// # Errors
    /// What could not be read or opened.
    pub(crate) fn reload(&self) -> anyhow::Result<()> {
        if let Some(path) = &self.logging.file {
            self.queue.replace(Sink::File(open(path)?));
        }
        (self.set_level)(self.logging.filter()?)
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("LOG_FILE: cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::filter;

    #[test]
    fn a_level_is_a_known_word() {
        for good in [
            "info",
            "WARN",
            "off",
            "info,caracal_sts=debug",
            "caracal_sts=trace",
            " debug\n",
        ] {
            assert!(filter(good).is_ok(), "{good:?}");
        }
        for bad in [
            "verbose",
            "",
            "info,verbose",
            "caracal_sts",
            "caracal_sts=loud",
            "5",
        ] {
            let refused = filter(bad).unwrap_err();
            assert!(refused.contains("none of off, error, warn"), "{bad:?}: {refused}");
        }
    }
}
