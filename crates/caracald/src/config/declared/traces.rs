use std::time::Duration;

use caracal_service::{
    config::{
        Declared, Flag, HttpUrl, Millis, Number, Optional, Process, Role, SecretText, Setting, SettingKind,
        Settings, Text, not,
    },
    trace,
};

use crate::telemetry::{Batches, Tracing};

pub(super) const GROUP: &[&(dyn Declared + Sync)] = &[
    &SDK_DISABLED,
    &EXPORTER,
    &OTLP_ENDPOINT,
    &OTLP_TRACES_ENDPOINT,
    &OTLP_PROTOCOL,
    &OTLP_HEADERS,
    &OTLP_TIMEOUT,
    &SERVICE_NAME,
    &SAMPLER,
    &SAMPLER_RATIO,
    &RESOURCE_ATTRIBUTES,
    &QUEUE_SIZE,
    &BATCH_SIZE,
    &BATCH_DELAY,
];

/// How spans are encoded.
#[derive(Debug)]
pub(crate) struct Protocol;

impl SettingKind for Protocol {
    type Value = Self;

    const FORM: &'static str = "http/protobuf";

    fn parse(text: &str) -> Result<Self, String> {
        (text == Self::FORM)
            .then_some(Self)
            .ok_or_else(|| not(Self::FORM, text))
    }

    fn render(_: &Self) -> String {
        String::from(Self::FORM)
    }
}

/// Where finished spans go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exporter {
    Otlp,
    None,
}

impl SettingKind for Exporter {
    type Value = Self;

    const FORM: &'static str = "otlp or none";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "otlp" => Ok(Self::Otlp),
            "none" => Ok(Self::None),
            _ => Err(not(Self::FORM, text)),
        }
    }

    fn render(value: &Self) -> String {
        String::from(match value {
            Self::Otlp => "otlp",
            Self::None => "none",
        })
    }
}

/// Which traces are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sampling {
    AlwaysOn,
    AlwaysOff,
    Ratio,
    ParentAlwaysOn,
    ParentAlwaysOff,
    ParentRatio,
}

impl Sampling {
    const NAMES: [(Self, &'static str); 6] = [
        (Self::AlwaysOn, "always_on"),
        (Self::AlwaysOff, "always_off"),
        (Self::Ratio, "traceidratio"),
        (Self::ParentAlwaysOn, "parentbased_always_on"),
        (Self::ParentAlwaysOff, "parentbased_always_off"),
        (Self::ParentRatio, "parentbased_traceidratio"),
    ];

    fn with(self, ratio: f64) -> trace::Sampling {
        trace::Sampling {
            parent_decides: matches!(
                self,
                Self::ParentAlwaysOn | Self::ParentAlwaysOff | Self::ParentRatio
            ),
            share: match self {
                Self::AlwaysOn | Self::ParentAlwaysOn => 1.0,
                Self::AlwaysOff | Self::ParentAlwaysOff => 0.0,
                Self::Ratio | Self::ParentRatio => ratio,
            },
        }
    }
}

impl SettingKind for Sampling {
    type Value = Self;

    const FORM: &'static str = "always_on, always_off or traceidratio, each alone or after parentbased_";

    fn parse(text: &str) -> Result<Self, String> {
        let known = Self::NAMES.iter().find(|(_, name)| *name == text);
        known
            .map(|(sampling, _)| *sampling)
            .ok_or_else(|| not(Self::FORM, text))
    }

    fn render(value: &Self) -> String {
        let known = Self::NAMES.iter().find(|(sampling, _)| sampling == value);
        known.map_or_else(String::new, |(_, name)| (*name).to_owned())
    }
}

/// A share of a whole.
#[derive(Debug)]
pub(crate) struct Ratio;

impl SettingKind for Ratio {
    type Value = f64;

    const FORM: &'static str = "a number from 0 to 1";

    fn parse(text: &str) -> Result<f64, String> {
        let ratio: Option<f64> = text.trim().parse().ok();
        ratio
            .filter(|ratio| (0.0..=1.0).contains(ratio))
            .ok_or_else(|| not(Self::FORM, text))
    }

    fn render(value: &f64) -> String {
        value.to_string()
    }
}

pub(crate) static OTLP_ENDPOINT: Optional<HttpUrl> = Optional::new(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    Role::ALL,
    "traces are not exported",
    "Base URL of an OpenTelemetry collector; traces go to /v1/traces below it.",
);
pub(crate) static OTLP_TRACES_ENDPOINT: Optional<HttpUrl> = Optional::new(
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    Role::ALL,
    "OTEL_EXPORTER_OTLP_ENDPOINT with /v1/traces behind it",
    "URL that traces are sent to, as it stands.",
);
pub(crate) static SDK_DISABLED: Setting<Flag> = Setting::new(
    "OTEL_SDK_DISABLED",
    Role::ALL,
    || false,
    "Exports no traces, wherever they would go.",
);
pub(crate) static EXPORTER: Setting<Exporter> = Setting::new(
    "OTEL_TRACES_EXPORTER",
    Role::ALL,
    || Exporter::Otlp,
    "How traces leave: otlp where there is an endpoint, or none.",
);
pub(crate) static OTLP_PROTOCOL: Setting<Protocol> = Setting::new(
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    Role::ALL,
    || Protocol,
    "How traces are sent: the one way that there is.",
);
pub(crate) static OTLP_HEADERS: Optional<SecretText> = Optional::new(
    "OTEL_EXPORTER_OTLP_HEADERS",
    Role::ALL,
    "none",
    "Headers for the collector, such as authorization=Bearer x, separated by commas.",
);
pub(crate) static OTLP_TIMEOUT: Setting<Millis> = Setting::new(
    "OTEL_EXPORTER_OTLP_TIMEOUT",
    Role::ALL,
    || Duration::from_secs(10),
    "Longest wait for the collector.",
);
pub(crate) static SERVICE_NAME: Optional<Text> = Optional::new(
    "OTEL_SERVICE_NAME",
    Role::ALL,
    "caracal- and the role, or caracald for several",
    "Name of this process in traces.",
);
pub(crate) static SAMPLER: Setting<Sampling> = Setting::new(
    "OTEL_TRACES_SAMPLER",
    Role::ALL,
    || Sampling::ParentAlwaysOn,
    "Which traces are exported; after parentbased_ the caller's traceparent decides where it has one.",
);
pub(crate) static SAMPLER_RATIO: Setting<Ratio> = Setting::new(
    "OTEL_TRACES_SAMPLER_ARG",
    Role::ALL,
    || 1.0,
    "The share of traces that traceidratio exports.",
);
pub(crate) static RESOURCE_ATTRIBUTES: Optional<Text> = Optional::new(
    "OTEL_RESOURCE_ATTRIBUTES",
    Role::ALL,
    "none",
    "Further attributes of this process in traces, such as deployment.environment.name=eu, separated by commas.",
);
pub(crate) static QUEUE_SIZE: Setting<Number<usize>> = Setting::new(
    "OTEL_BSP_MAX_QUEUE_SIZE",
    Role::ALL,
    || 2048,
    "Spans that wait for the collector; further ones are dropped.",
)
.between(1, 1 << 20);
pub(crate) static BATCH_SIZE: Setting<Number<usize>> = Setting::new(
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
    Role::ALL,
    || 512,
    "Most spans that are sent at once, and no more than may wait.",
)
.between(1, 1 << 20);
pub(crate) static BATCH_DELAY: Setting<Millis> = Setting::new(
    "OTEL_BSP_SCHEDULE_DELAY",
    Role::ALL,
    || Duration::from_secs(5),
    "Longest time that a finished span waits for others.",
);

/// Where traces go.
pub(crate) fn tracing(settings: &mut Settings, process: &Process) -> Option<Tracing> {
    let base = settings.find(&OTLP_ENDPOINT).map(|base| {
        let base = base.trim_end_matches('/').trim_end_matches("/v1/traces");
        format!("{base}/v1/traces")
    });
    let endpoint = settings.find(&OTLP_TRACES_ENDPOINT).or(base);
    let off = settings.get(&SDK_DISABLED) | (settings.get(&EXPORTER) == Exporter::None);
    settings.get(&OTLP_PROTOCOL);
    let queued = settings.get(&QUEUE_SIZE);
    let tracing = Tracing {
        endpoint: endpoint.clone().unwrap_or_default(),
        headers: settings.find(&OTLP_HEADERS),
        service_name: settings
            .find(&SERVICE_NAME)
            .unwrap_or_else(|| match process.roles.as_slice() {
                [role] => format!("caracal-{role}"),
                _ => String::from("caracald"),
            }),
        sampling: settings.get(&SAMPLER).with(settings.get(&SAMPLER_RATIO)),
        timeout: settings.get(&OTLP_TIMEOUT),
        attributes: settings.find(&RESOURCE_ATTRIBUTES),
        batches: Batches {
            queued,
            size: settings.get(&BATCH_SIZE).min(queued),
            delay: settings.get(&BATCH_DELAY),
        },
    };
    endpoint.filter(|_| !off).map(|_| tracing)
}
