//! Declaring metrics: name, kind, unit and meaning once each. What records a metric names its constant, the recorder and
//! the handbook are told of it by the same declaration.

/// A metric as the handbook's page shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Name in the Prometheus text format; a counter's ends in `_total`.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// `count`, `seconds` or `bytes`.
    pub unit: &'static str,
    /// What it counts, and its labels.
    pub sentence: &'static str,
}

/// Declares the metrics of a crate, which must depend on the `metrics` crate. Each becomes a constant that holds its
/// name; `METRICS` lists them, and `describe` tells the installed recorder about them.
///
/// ```ignore
/// caracal_core::declare_metrics! {
///     /// Calls received.
///     counter(Count) pub(crate) REQUESTS = "caracal_gateway_requests_total";
/// }
/// ```
#[macro_export]
macro_rules! declare_metrics {
    ($($(#[doc = $doc:literal])+ $kind:ident($unit:ident) $vis:vis $name:ident = $text:literal;)+) => {
        $($(#[doc = $doc])+ $vis const $name: &str = $text;)+

        /// Every metric of this crate.
        pub const METRICS: &[$crate::metric::Metric] = &[$($crate::metric::Metric {
            name: $name,
            kind: stringify!($kind),
            unit: $crate::declare_metrics!(@unit $unit),
            sentence: concat!($($doc),+).trim_ascii_start(),
        }),+];

        /// Tells the installed recorder what each metric means. Call it once, after installing one.
        pub fn describe() {
            $($crate::declare_metrics!(@describe $kind $unit $name concat!($($doc),+).trim_ascii_start());)+
        }
    };
    (@unit Count) => { "count" };
    (@unit Seconds) => { "seconds" };
    (@unit Bytes) => { "bytes" };
    (@describe counter $unit:ident $name:ident $sentence:expr) => {
        ::metrics::describe_counter!($name, ::metrics::Unit::$unit, $sentence)
    };
    (@describe gauge $unit:ident $name:ident $sentence:expr) => {
        ::metrics::describe_gauge!($name, ::metrics::Unit::$unit, $sentence)
    };
    (@describe histogram $unit:ident $name:ident $sentence:expr) => {
        ::metrics::describe_histogram!($name, ::metrics::Unit::$unit, $sentence)
    };
}
