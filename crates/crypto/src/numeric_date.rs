//! Dates in tokens (RFC 7519 §2, "NumericDate").

/// Whole seconds of a date, which may have a fraction; nothing of what is before the epoch or past the year 9999.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn whole_seconds(date: f64) -> Option<i64> {
    (0.0..=253_402_300_799.0)
        .contains(&date)
        .then(|| date.floor() as i64)
}
