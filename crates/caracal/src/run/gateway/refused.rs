//! What a request is refused with, here or by the STS.

use hyper::StatusCode;
use serde::Serialize;

/// Why a request goes nowhere.
pub(super) struct Refused {
    pub(super) status: StatusCode,
    /// JSON: of the STS, its own envelope.
    pub(super) body: String,
}

/// What is refused here, before anybody is asked.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Code {
    NotFound,
    UpstreamUnreachable,
}

/// The envelope of the STS and the Gateway.
#[derive(Serialize)]
struct Envelope<'a> {
    error: Code,
    error_description: &'a str,
}

impl Refused {
    pub(super) fn unreachable(sentence: &str) -> Self {
        Self::here(StatusCode::BAD_GATEWAY, Code::UpstreamUnreachable, sentence)
    }

    pub(super) fn stranger() -> Self {
        Self::here(
            StatusCode::NOT_FOUND,
            Code::NotFound,
            "this address is another program's",
        )
    }

    fn here(status: StatusCode, error: Code, error_description: &str) -> Self {
        let envelope = Envelope {
            error,
            error_description,
        };
        Self {
            status,
            body: serde_json::to_string(&envelope).unwrap_or_default(),
        }
    }
}
