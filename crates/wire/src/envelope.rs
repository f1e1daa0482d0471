//! The two error envelopes. Both carry the request id under both names that published clients read.

use std::{borrow::Cow, collections::BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{
    ToSchema,
    openapi::{
        Schema,
        schema::{ObjectBuilder, Type},
    },
};

use crate::{ErrorCode, gateway::Reason, sts::DenialReason};

/// An error answer of the Control API, the Coordinator and the Audit service.
///
/// ```
/// use caracal_wire::{ErrorCode, Problem};
/// let body = r#"{"error":"session_not_live","requestId":"r-1","request_id":"r-1"}"#;
/// let problem: Problem = serde_json::from_str(body).unwrap();
/// assert_eq!(problem.error.parse(), Ok(ErrorCode::SessionNotLive));
/// assert_eq!(serde_json::to_string(&problem).unwrap(), body);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// The code. As text, because a client may be older than the service that it asks.
    #[schema(value_type = ErrorCode)]
    pub error: Cow<'static, str>,
    /// For a person: what was wrong and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<Cow<'static, str>>,
    /// What was wrong, for a program: `issues` on every 400 that names fields, the rule and its limit on others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub details: Option<Value>,
    /// What to name when asking an operator; the same as the header `X-Request-Id`.
    #[serde(rename = "requestId", default)]
    pub request_id_camel: String,
    /// The same again, for clients that read this name.
    #[serde(default)]
    pub request_id: String,
    /// Further members that single codes have.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub more: Map<String, Value>,
}

/// An error answer of the STS and the Gateway (RFC 6749 §5.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OAuthError {
    /// The code. As text, because a client may be older than the service that it asks.
    #[schema(value_type = ErrorCode)]
    pub error: Cow<'static, str>,
    /// For a person: what was wrong and what to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<Cow<'static, str>>,
    /// Which rule refused: of the STS, which the Gateway passes on, or of the Gateway. As text, as the code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = reasons)]
    pub reason: Option<Cow<'static, str>>,
    /// What was wrong, for a program: `issues` on every 400 that names fields, what the reason is about on others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub details: Option<Value>,
    /// What to name when asking an operator; the same as the header `X-Request-Id`.
    #[serde(rename = "requestId", default)]
    pub request_id_camel: String,
    /// The same again, for clients that read this name.
    #[serde(default)]
    pub request_id: String,
    /// Further members that single codes have, for example what an approval is waiting for.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub more: Map<String, Value>,
}

/// An error answer of a command of the Control API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommandProblem {
    /// False.
    pub ok: bool,
    /// What was wrong.
    pub error: CommandError,
    /// What to name when asking an operator; the same as the header `X-Request-Id`.
    #[serde(rename = "requestId", default)]
    pub request_id_camel: String,
    /// The same again, for clients that read this name.
    #[serde(default)]
    pub request_id: String,
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommandError {
    /// The code. As text, because a client may be older than the service that it asks.
    #[schema(value_type = ErrorCode)]
    pub code: Cow<'static, str>,
    /// For a person: what was wrong.
    pub reason: Cow<'static, str>,
    /// What to do about it, where that can be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    /// The code of the operation that the command is, where that refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ErrorCode>)]
    pub cause: Option<String>,
    /// What was wrong, for a program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub details: Option<Value>,
}

/// Every reason that the STS and the Gateway give.
fn reasons() -> Schema {
    let sts = DenialReason::ALL.iter().map(|reason| reason.as_str());
    let words: BTreeSet<&str> = sts
        .chain(Reason::ALL.iter().map(|reason| reason.as_str()))
        .collect();
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.enum_values(Some(words)).into()
}

/// `details` of an answer that names fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Issues {
    /// One for each field that breaks a rule.
    pub issues: Vec<Issue>,
}

/// A field that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Issue {
    /// The way to the field from the document's top; empty for the document itself.
    pub path: Vec<String>,
    /// The rule.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_envelope_keeps_what_it_does_not_know_and_both_names_of_the_request_id() {
        let body = json!({
            "error": "of_a_newer_service", "error_description": "text", "reason": "rule", "details": {"limit": 2},
            "approval_id": "a", "requestId": "r", "request_id": "r",
        });
        let problem: Problem = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(
            (problem.request_id_camel.as_str(), problem.request_id.as_str()),
            ("r", "r")
        );
        assert_eq!(problem.more["approval_id"], "a");
        assert_eq!(serde_json::to_value(problem).unwrap(), body);
        let error: OAuthError = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(error.reason.as_deref(), Some("rule"));
        assert_eq!(serde_json::to_value(error).unwrap(), body);
        assert!(
            serde_json::from_value::<Problem>(json!({"requestId": "r"})).is_err(),
            "no code"
        );
    }
}
