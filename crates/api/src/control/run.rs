//! Running a route for the holder of a mandate, and its refusals in the words of commands.

use bytes::Bytes;
use caracal_service::{Refusal, front::Subrequest};
use caracal_wire::ErrorCode;
use http::StatusCode;
use serde_json::Value;

use super::{flags::CommandInput, invocation::Invocation};
use crate::call::Call;

pub(super) fn internal() -> Refusal {
    Refusal::of(ErrorCode::Upstream).describe("an answer could not be written")
}

/// 403 unless the mandate has the scope.
pub(super) fn require(invocation: &Invocation, scope: &str) -> Result<(), Refusal> {
    if invocation.scopes.contains(scope) {
        return Ok(());
    }
    Err(Refusal::of(ErrorCode::Denied)
        .describe(format!("the mandate lacks the scope {scope}"))
        .remedy(format!(
            "mint with the scope {scope}, which the control key and the control resource must have"
        )))
}

/// Runs a route for the holder of the mandate.
pub(super) async fn run(call: &Call, route: &str, input: CommandInput) -> Result<Value, Refusal> {
    let mut params = input.params;
    if let Some(zone) = call.caller.home_zone() {
        params.push((String::from("zoneId"), zone.to_string()));
    }
    let body = match input.body {
        body if body.is_empty() => Bytes::new(),
        body => Bytes::from(Value::Object(body).to_string()),
    };
    let request = Subrequest {
        caller: call.caller.clone(),
        params,
        query: input.query,
        body,
        idempotency_key: input.idempotency_key,
    };
    let response = call
        .run(route, request)
        .await
        .map_err(|refusal| in_words_of_commands(&refusal))?;
    if response.body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&response.body).map_err(|_| internal())
}

/// A refusal of a route as one of the command that ran it.
fn in_words_of_commands(refusal: &Refusal) -> Refusal {
    let code = match refusal.status {
        StatusCode::BAD_REQUEST
        | StatusCode::UNPROCESSABLE_ENTITY
        | StatusCode::PAYLOAD_TOO_LARGE
        | StatusCode::UNSUPPORTED_MEDIA_TYPE => ErrorCode::Invalid,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ErrorCode::Denied,
        StatusCode::NOT_FOUND => ErrorCode::NotFound,
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => ErrorCode::Conflict,
        StatusCode::TOO_MANY_REQUESTS => ErrorCode::RateLimited,
        // Whatever is away now may be back.
        StatusCode::SERVICE_UNAVAILABLE => ErrorCode::StorageUnavailable,
        _ => ErrorCode::Upstream,
    };
    let reason = format!("{}: {}", refusal.code, refusal.sentence());
    let mut told = Refusal::of(code).describe(reason).caused_by(refusal.code);
    if let Some(details) = refusal.details() {
        told = told.with_details(details);
    }
    told.retry_after = refusal.retry_after;
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_its_code_its_details_and_when_to_try_again() {
        for (code, told, status) in [
            (ErrorCode::InvalidResource, "invalid", 400),
            (ErrorCode::InvalidRego, "invalid", 400),
            (ErrorCode::ReservedNamespace, "conflict", 409),
            (ErrorCode::ResourceNotFound, "not_found", 404),
            (ErrorCode::TraitForbidden, "denied", 403),
            (ErrorCode::DcrRateLimitExceeded, "rate_limited", 429),
            (ErrorCode::StorageUnavailable, "storage_unavailable", 503),
            (ErrorCode::SecretBackendUnavailable, "upstream", 502),
            (ErrorCode::InternalError, "upstream", 502),
        ] {
            let refusal = Refusal {
                contended: true,
                ..Refusal::of(code).describe("why").with_details(&1).retry_after(7)
            };
            let refusal = in_words_of_commands(&refusal);
            assert_eq!((refusal.code.as_str(), refusal.status.as_u16()), (told, status));
            let particulars = refusal.particulars.as_deref().unwrap();
            assert_eq!(particulars.cause, Some(code));
            assert_eq!(particulars.details, Some(Value::from(1)));
            assert_eq!(refusal.retry_after, Some(7));
            // It was tried again within already.
            assert!(!refusal.contended);
            assert!(refusal.sentence().contains("why"));
        }
    }
}
