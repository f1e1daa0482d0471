//! What a refusal tells whoever it concerns: the sentence that an explanation gives, what would have to be different where
//! that names nothing but what they said themselves, and where the whole of it is to be read.
//!
//! Only for a caller that proved to be the application concerned, or holds its mandate: whoever fails to authenticate never
//! comes here. What the explanation tells beyond it needs the right to read evidence.

use caracal_authz::{
    DecisionInput,
    remedy::{Refused, gate_to_asker, suggest_to_asker},
};
use caracal_core::audit::DataChange;
use caracal_service::{Refusal, reasons::sentence};
use serde::Serialize;

use crate::case::Context;

/// What would have to be different; all of it.
#[derive(Serialize)]
struct Suggestion {
    changes: Vec<DataChange>,
}

/// `refusal` with what helps. `input` is what policy refused, where it did.
pub(crate) fn helped(
    refusal: Refusal,
    context: Context<'_>,
    refused: &Refused<'_>,
    input: Option<&DecisionInput<'_>>,
) -> Refusal {
    let changes = match input {
        Some(input) => suggest_to_asker(context.policy(), input),
        None => gate_to_asker(refused),
    };
    let mut refusal = refusal.with("explain", link(context));
    if let Some(sentence) = sentence(refused.reason) {
        refusal = refusal.with("explanation", sentence);
    }
    // A list of words and numbers always serialises.
    let suggestion = changes.and_then(|changes| serde_json::to_value(Suggestion { changes }).ok());
    match suggestion {
        Some(suggestion) => refusal.with("suggestion", suggestion),
        None => refusal,
    }
}

/// Where the Control API explains the request: from its address on where that is known, else below it. Request ids that we
/// keep need no escapes.
fn link(context: Context<'_>) -> String {
    let base = context.deps.config.explained_at.as_deref().unwrap_or_default();
    let (zone, request) = (&context.zone.zone.id, context.request_id);
    format!("{base}/v1/zones/{zone}/audit/by-request/{request}/explain")
}
