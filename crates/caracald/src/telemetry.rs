//! Logs: one JSON line an event on stderr, or in a file that can be moved away and opened anew.

use std::{
    fs::{File, OpenOptions},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use parking_lot::Mutex;
use tracing_subscriber::{EnvFilter, fmt, fmt::writer::BoxMakeWriter, util::SubscriberInitExt as _};

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

/// Running logs.
pub(crate) struct Telemetry {
    logging: Logging,
    set_level: Box<dyn Fn(EnvFilter) -> anyhow::Result<()> + Send + Sync>,
    file: Option<Arc<Mutex<Arc<File>>>>,
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

/// Starts logging.
///
/// # Errors
/// When the level is none, or the file cannot be written.
pub(crate) fn start(logging: Logging) -> anyhow::Result<Telemetry> {
    let filter = logging.filter()?;
    let file = match &logging.file {
        Some(path) => Some(Arc::new(Mutex::new(Arc::new(open(path)?)))),
        None => None,
    };
    let writer = match file.clone() {
        Some(file) => BoxMakeWriter::new(move || file.lock().clone()),
        None => BoxMakeWriter::new(std::io::stderr),
    };
    let builder = fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_writer(writer)
        .with_env_filter(filter)
        .with_filter_reloading();
    let handle = builder.reload_handle();
    builder
        .finish()
        .try_init()
        .map_err(|error| anyhow::anyhow!("cannot start logging: {error}"))?;
    Ok(Telemetry {
        logging,
        set_level: Box::new(move |filter| handle.reload(filter).context("cannot change the log level")),
        file,
    })
}

impl Telemetry {
    /// Opens the log file again and reads the level again. What fails stays as it was.
    ///
    /// # Errors
    /// What could not be read or opened.
    pub(crate) fn reload(&self) -> anyhow::Result<()> {
        if let (Some(file), Some(path)) = (&self.file, &self.logging.file) {
            let opened = open(path)?;
            *file.lock() = Arc::new(opened);
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
