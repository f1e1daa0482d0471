//! What a governed call carries besides its operation: what a person sees who has to say yes to it, and what it is then
//! held to.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a call carries, read whole by whoever decides on it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallContent {
    /// The query as sent, without the question mark; absent without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The `Content-Type` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// The body.
    pub body: CallBody,
}

/// Arguments are where people put secrets: none of it is in a log.
impl fmt::Debug for CallContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContent").finish_non_exhaustive()
    }
}

/// The body of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CallBody {
    /// None, or one without a byte.
    Empty,
    /// JSON; of a message to an MCP server what it asks with.
    Json(Value),
    /// Text that is no JSON.
    Text(String),
    /// Anything else: nobody reads it, and it is told by its digest.
    Bytes {
        /// How many.
        length: usize,
        /// Lower-case hexadecimal.
        sha256: String,
    },
}

/// How much of a call a person is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum Shown {
    /// All of it.
    Whole,
    /// The names of its arguments, with a word for what each value is.
    Names,
    /// Nothing but its operation and its digest.
    Nothing,
}

/// The exact call that an approval releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct HeldCall {
    /// HTTP method.
    pub method: String,
    /// Path, decoded.
    pub path: String,
    /// `mcp`, `grpc` or `websocket`; absent of plain HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// What a message asks for, such as `tools/call:refund`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<String>,
    /// Digest of all that it carries, lower-case hexadecimal. A call with another is another call.
    pub digest: String,
    /// How much of it is shown here.
    pub shown: Shown,
    /// The query as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The `Content-Type` as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// What it is called with, where that is JSON: of an MCP message its `params`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schema(value_type = Option<serde_json::Value>))]
    pub arguments: Option<Value>,
    /// Its body, where that is text and no JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Bytes of a body that is neither.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
}

impl HeldCall {
    /// Fills in as much of `content` as `shown` allows.
    #[must_use]
    pub fn showing(mut self, content: &CallContent, shown: Shown) -> Self {
        self.shown = shown;
        match shown {
            Shown::Whole => {
                self.query.clone_from(&content.query);
                self.media_type.clone_from(&content.media_type);
                match &content.body {
                    CallBody::Empty => {}
                    CallBody::Json(value) => self.arguments = Some(value.clone()),
                    CallBody::Text(text) => self.text = Some(text.clone()),
                    CallBody::Bytes { length, .. } => self.bytes = Some(*length),
                }
            }
            Shown::Names => {
                if let CallBody::Json(value) = &content.body {
                    self.arguments = Some(names_of(value));
                }
            }
            Shown::Nothing => {}
        }
        self
    }
}

/// `value` with a word in place of each value that says something.
fn names_of(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let named = members
                .iter()
                .map(|(name, value)| (name.clone(), names_of(value)));
            Value::Object(named.collect())
        }
        Value::Array(_) => Value::from("list"),
        Value::String(_) => Value::from("text"),
        Value::Number(_) => Value::from("number"),
        Value::Bool(_) => Value::from("boolean"),
        Value::Null => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn held() -> HeldCall {
        HeldCall {
            method: String::from("POST"),
            path: String::from("/"),
            protocol: Some(String::from("mcp")),
            call: Some(String::from("tools/call:refund")),
            digest: "0".repeat(64),
            shown: Shown::Nothing,
            query: None,
            media_type: None,
            arguments: None,
            text: None,
            bytes: None,
        }
    }

    #[test]
    fn a_person_is_shown_no_more_than_is_allowed() {
        let content = CallContent {
            query: Some(String::from("account=secret")),
            media_type: None,
            body: CallBody::Json(
                json!({"to": {"iban": "secret"}, "amount": 5, "note": ["secret"], "now": true}),
            ),
        };
        let whole = held().showing(&content, Shown::Whole);
        assert_eq!(whole.arguments.unwrap()["to"]["iban"], "secret");
        let names = held().showing(&content, Shown::Names);
        let expected = json!({"to": {"iban": "text"}, "amount": "number", "note": "list", "now": "boolean"});
        assert_eq!(names.arguments, Some(expected));
        assert_eq!(names.query, None);
        assert_eq!(held().showing(&content, Shown::Nothing), held());
        let text = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<CallContent>(&text).unwrap(), content);
    }
}
