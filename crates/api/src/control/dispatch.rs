//! From a command to the route that it is.

use bytes::Bytes;
use caracal_service::{Refusal, front::Asked};
use caracal_wire::{ErrorCode, control::commands::Invoke};
use http::StatusCode;
use serde_json::{Map, Value};

use super::{
    catalog::{self, Does},
    document,
    flags::{self, Told},
    invocation::Invocation,
};
use crate::{call::Call, metrics};

/// What a command answers.
///
/// # Errors
/// 403 `denied` for what is no command, or beyond the mandate's scopes; 400 `invalid` for a wrong flag; otherwise what the
/// operation refuses with, in the words of commands, its own code as `cause`.
pub(crate) async fn dispatch(call: &Call, invocation: &Invocation, asked: &Invoke) -> Result<Value, Refusal> {
    let outcome = carry_out(call, invocation, asked).await;
    let name = catalog::find(&asked.command).map_or("unknown", |command| command.name);
    metrics::commanded(
        name,
        outcome
            .as_ref()
            .map_or_else(|refusal| refusal.code.as_str(), |_| "ok"),
    );
    outcome
}

async fn carry_out(call: &Call, invocation: &Invocation, asked: &Invoke) -> Result<Value, Refusal> {
    let command = catalog::find(&asked.command).ok_or_else(|| unknown("there is no such command"))?;
    let subcommand = command
        .subcommand(&asked.subcommand)
        .ok_or_else(|| unknown("the command does no such thing"))?;
    flags::check(&asked.flags)?;
    if let Some(scope) = subcommand.scope {
        require(invocation, scope)?;
    }
    let told = flags::told(subcommand, &asked.flags)?;
    match subcommand.does {
        Does::Route(route) => run(call, route, told).await,
        Does::Make(route, (member, word)) => {
            let mut told = told;
            told.body.insert(member.to_owned(), Value::from(word));
            run(call, route, told).await
        }
        Does::Document { applies } => document::of_flags(call, invocation, &told, applies).await,
        Does::Ensure(kind) => document::of_spec(call, invocation, &told, kind).await,
        Does::Describe => serde_json::to_value(catalog::described()).map_err(|_| internal()),
    }
}

fn unknown(what: &'static str) -> Refusal {
    Refusal::of(ErrorCode::Denied)
        .describe(what)
        .with("remediation", "`catalog describe` tells every command")
}

fn internal() -> Refusal {
    Refusal::of(ErrorCode::Upstream).describe("an answer could not be written")
}

/// 403 unless the mandate has the scope.
pub(super) fn require(invocation: &Invocation, scope: &str) -> Result<(), Refusal> {
    if invocation.scopes.contains(scope) {
        return Ok(());
    }
    Err(Refusal::of(ErrorCode::Denied)
        .describe(format!("the mandate lacks the scope {scope}"))
        .with(
            "remediation",
            format!("mint with the scope {scope}, which the control key and the control resource must have"),
        ))
}

/// Runs a route for the holder of the mandate.
pub(super) async fn run(call: &Call, route: &str, told: Told) -> Result<Value, Refusal> {
    let mut params = told.params;
    if let Some(zone) = call.caller.home_zone() {
        params.push((String::from("zoneId"), zone.to_string()));
    }
    let body = match told.body {
        body if body.is_empty() => Bytes::new(),
        body => Bytes::from(Value::Object(body).to_string()),
    };
    let asked = Asked {
        caller: call.caller.clone(),
        params,
        query: told.query,
        body,
        idempotency_key: told.idempotency_key,
    };
    let ran = call
        .run(route, asked)
        .await
        .map_err(|refusal| in_words_of_commands(&refusal))?;
    if ran.body.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_slice(&ran.body).map_err(|_| internal())
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
    let mut members = Map::new();
    if let Some(details) = refusal.members.get("details") {
        members.insert(String::from("details"), details.clone());
    }
    members.insert(String::from("cause"), Value::from(refusal.code.as_str()));
    Refusal {
        members,
        retry_after: refusal.retry_after,
        ..Refusal::of(code).describe(reason)
    }
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
            assert_eq!(refusal.members["cause"], code.as_str());
            assert_eq!(refusal.members["details"], 1);
            assert_eq!(refusal.retry_after, Some(7));
            // It was tried again within already.
            assert!(!refusal.contended);
            assert!(refusal.sentence().contains("why"));
        }
    }
}
