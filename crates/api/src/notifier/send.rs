//! One attempt: a signed request, and what its answer means. Only the status and `Retry-After` are read of it; redirects
//! are answers like any other.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use caracal_core::{Secret, Timestamp};
use caracal_crypto::webhook_signature;
use caracal_service::egress::{ClientError, EgressError};
use caracal_storage::ClaimedDelivery;
use caracal_wire::notifications::{
    DELIVERY_HEADER, EVENT_HEADER, SIGNATURE_HEADER, SINK_HEADER, TIMESTAMP_HEADER,
};
use http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::{BodyExt as _, Full, Limited};

use super::{Inner, outcome::Failure};

/// Longest time to the status of an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// As much of the body is read, and as long, so that the connection serves again.
const DRAINED: (usize, Duration) = (16 * 1024, Duration::from_secs(1));

impl Inner {
    /// Sends `claimed`, signed with `secret`; the status of the answer that took it.
    pub(super) async fn send(
        &self,
        claimed: &ClaimedDelivery,
        secret: Option<&[u8]>,
    ) -> Result<u16, Failure> {
        let secret = secret
            .and_then(|secret| std::str::from_utf8(secret).ok())
            .ok_or_else(|| because("the secret of the sink cannot be opened"))?;
        let request = self.request(claimed, &Secret::new(secret))?;
        let answered = tokio::time::timeout(TIMEOUT, self.client.request(request)).await;
        let response = answered
            .map_err(|_| because("no answer in time"))?
            .map_err(|error| because(unreached(&error)))?;
        let (head, body) = response.into_parts();
        let drained = Limited::new(body, DRAINED.0).collect();
        drop(tokio::time::timeout(DRAINED.1, drained).await);
        if head.status.is_success() {
            return Ok(head.status.as_u16());
        }
        Err(Failure {
            status: Some(head.status.as_u16()),
            error: Cow::Owned(format!("answered with status {}", head.status.as_u16())),
            retry_after: retry_after(&head.headers, self.world.now()),
        })
    }

    fn request(&self, claimed: &ClaimedDelivery, secret: &Secret) -> Result<Request<Full<Bytes>>, Failure> {
        let target = self
            .egress
            .target(&claimed.sink.url)
            .map_err(|error| because(error.to_string()))?;
        let body = Bytes::from(claimed.delivery.payload.clone());
        let at = self.world.now().unix_seconds();
        let uri = target.uri().map_err(|_| because("the URL cannot be called"))?;
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(header::HOST, target.host_header().clone());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static("caracal"));
        let delivery = &claimed.delivery;
        for (name, value) in [
            (EVENT_HEADER, delivery.event_type.as_str()),
            (DELIVERY_HEADER, delivery.id.as_str()),
            (SINK_HEADER, delivery.sink_id.as_str()),
            (TIMESTAMP_HEADER, &at.to_string()),
            (SIGNATURE_HEADER, &webhook_signature::sign(secret, at, &body)),
        ] {
            let value = HeaderValue::from_str(value).map_err(|_| because("a header cannot be written"))?;
            headers.insert(name, value);
        }
        Ok(request)
    }
}

fn because(error: impl Into<Cow<'static, str>>) -> Failure {
    Failure {
        status: None,
        error: error.into(),
        retry_after: None,
    }
}

/// In the words of the guard, which name no address.
fn unreached(error: &ClientError) -> String {
    EgressError::of(error).map_or_else(
        || String::from("the connection broke before an answer"),
        ToString::to_string,
    )
}

/// `Retry-After` (RFC 9110 §10.2.3): seconds, or a date.
fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let asked = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(asked.parse().unwrap_or(u64::MAX)));
    }
    let at = httpdate::parse_http_date(asked).ok()?;
    let at = at.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs();
    Some(Duration::from_secs(
        at.saturating_sub(u64::try_from(now.unix_seconds()).ok()?),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_asked_for_in_seconds_or_by_a_date() {
        let now = Timestamp::from_unix_seconds(784_111_777);
        let asked = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
            retry_after(&headers, now).map(|asked| asked.as_secs())
        };
        assert_eq!(asked("120"), Some(120));
        assert_eq!(asked("99999999999999999999999"), Some(u64::MAX));
        // The example of RFC 9110 §5.6.7, half a minute later.
        assert_eq!(asked("Sun, 06 Nov 1994 08:50:07 GMT"), Some(30));
        assert_eq!(asked("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        for noise in ["", "soon", "-1", "1.5", "1e9"] {
            assert_eq!(asked(noise), None, "{noise}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
