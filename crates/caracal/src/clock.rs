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
