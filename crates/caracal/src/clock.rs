//! The one place that asks for the time of day.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The time since 1970 by this machine's clock; nothing before.
#[allow(
    clippy::disallowed_methods,
    reason = "nothing here decides by the clock; it is shown to people"
)]
pub(crate) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// An instant as RFC 3339 writes it, in whole seconds.
pub(crate) fn rfc3339(since_1970: Duration) -> String {
    formatted(since_1970, "%Y-%m-%dT%H:%M:%SZ")
}

/// An instant as part of a file's name.
pub(crate) fn stamp(since_1970: Duration) -> String {
    formatted(since_1970, "%Y%m%dT%H%M%SZ")
}

fn formatted(since_1970: Duration, form: &str) -> String {
    let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(0);
    jiff::Timestamp::from_second(seconds)
        .unwrap_or_default()
        .strftime(form)
        .to_string()
}
