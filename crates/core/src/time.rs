//! Instants: UTC with microsecond precision, the precision of the ledger and of both databases.

use std::{fmt, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant in UTC, in microseconds since the Unix epoch.
///
/// Serialises as RFC 3339 with milliseconds (`2026-05-21T12:00:00.123Z`), the form every client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 date-time")]
pub struct InvalidTimestamp;

impl Timestamp {
    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From seconds since the Unix epoch (JWT NumericDate), saturating.
    pub const fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down (JWT NumericDate).
    pub const fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This instant moved later, saturating.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// This instant moved earlier, saturating.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// Time from `earlier` to this instant; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds.
    pub fn to_rfc3339_millis(self) -> String {
        self.render(3)
    }

    /// RFC 3339 in UTC with microseconds, lossless.
    pub fn to_rfc3339_micros(self) -> String {
        self.render(6)
    }

    /// Parses an RFC 3339 date-time with any offset; digits beyond microseconds are cut.
    ///
    /// # Errors
    /// [`InvalidTimestamp`] when the text is anything else.
    pub fn parse_rfc3339(text: &str) -> Result<Self, InvalidTimestamp> {
        // A date-time without an offset is ambiguous, so the strict parser of `Timestamp` is what we want.
        text.parse::<jiff::Timestamp>()
            .map(|at| Self(at.as_microsecond()))
            .map_err(|_| InvalidTimestamp)
    }

    fn render(self, precision: u8) -> String {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(at) => jiff::fmt::temporal::DateTimePrinter::new()
                .precision(Some(precision))
                .timestamp_to_string(&at),
            // Outside the years -9999 to 9999 there is no RFC 3339 form; say so rather than panic.
            Err(_) => String::from("invalid"),
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339_millis())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_rfc3339_millis())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_milliseconds_and_microseconds_in_utc() {
        let at = Timestamp::from_micros(1_779_364_800_123_456);
        assert_eq!(at.to_rfc3339_millis(), "2026-05-21T12:00:00.123Z");
        assert_eq!(at.to_rfc3339_micros(), "2026-05-21T12:00:00.123456Z");
        assert_eq!(
            Timestamp::from_micros(0).to_rfc3339_millis(),
            "1970-01-01T00:00:00.000Z"
        );
    }

    #[test]
    fn parses_offsets_and_refuses_local_times() {
        let utc = Timestamp::parse_rfc3339("2026-05-21T12:00:00.123456Z").unwrap();
        assert_eq!(
            Timestamp::parse_rfc3339("2026-05-21T14:00:00.123456+02:00"),
            Ok(utc)
        );
        assert_eq!(
            Timestamp::parse_rfc3339("2026-05-21T12:00:00"),
            Err(InvalidTimestamp)
        );
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), Err(InvalidTimestamp));
    }
}
