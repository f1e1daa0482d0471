//! `POST /v1/control/invoke`

use caracal_core::text::excerpt;
use caracal_service::{
    Refusal,
    front::{Answer, Body},
};
use caracal_wire::{
    ErrorCode,
    control::commands::{Invoke, Invoked},
};
use serde_json::Value;

use crate::{
    call::{Call, NamesZone, ZONE_SCOPE},
    control::{NamedCommand, dispatch},
};

/// Carries a command out. Its evidence is durable before its answer leaves: committed with the change where there is one,
/// else in the spool.
pub(crate) async fn handle(
    call: Call,
    _: NamesZone,
    Body(asked): Body<Invoke>,
) -> Result<Answer<Invoked>, Refusal> {
    let Some(invocation) = call.caller.control.clone() else {
        return Err(Refusal::of(ErrorCode::InternalError));
    };
    let key = asked.flags.get("idempotency-key").and_then(Value::as_str);
    // The handler of a command runs once: what it says does not change.
    let _ = invocation.said.set(NamedCommand {
        command: excerpt(&asked.command).into_owned(),
        subcommand: excerpt(&asked.subcommand).into_owned(),
        idempotency_key: excerpt(key.unwrap_or_default()).into_owned(),
    });
    // It may name its zone again; a mandate reaches no other.
    if let Some(named) = call.headers.get(ZONE_SCOPE)
        && named.as_bytes() != invocation.zone.as_str().as_bytes()
    {
        return Err(Refusal::of(ErrorCode::Denied)
            .describe("a mandate reaches the zone of its control key and no other")
            .remedy("use a control key of that zone"));
    }
    let rule = call.role.config.control_subject_rule();
    let subject = call.caller.limit_key();
    call.role
        .limits
        .count_towards(&rule, "control_subject", &subject)
        .await?;
    let result = dispatch(&call, &invocation, &asked).await?;
    if !invocation.is_recorded() {
        invocation.record_allowed(&call.role, &call.request_id).await?;
    }
    Ok(Answer(Invoked { ok: true, result }))
}
