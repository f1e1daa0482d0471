//! What fuzzers reach of the look at messages.

use http::{HeaderMap, HeaderValue};

/// A message to an MCP server, with the header that says its method where there is one. What is read of it is what an
/// ordinary reader of JSON would take it for.
///
/// # Panics
/// When it is not.
pub fn mcp_message(body: &[u8], method: Option<&[u8]>) {
    let mut headers = HeaderMap::new();
    if let Some(value) = method.and_then(|value| HeaderValue::from_bytes(value).ok()) {
        headers.insert("mcp-method", value);
    }
    let Ok(asked) = super::message::read(body, &headers) else {
        return;
    };
    let message: serde_json::Value = serde_json::from_slice(body).expect("what is read is JSON");
    if let Some(method) = message.get("method").and_then(serde_json::Value::as_str) {
        assert!(
            asked.call.starts_with(method),
            "{method:?} is read as {:?}",
            asked.call
        );
    }
    if let Some(arguments) = asked.arguments {
        let given = message
            .pointer("/params/arguments")
            .cloned()
            .unwrap_or(serde_json::Value::Object(serde_json::Map::new()));
        let read: serde_json::Value = serde_json::from_str(&arguments).expect("arguments are JSON");
        assert_eq!(read, given);
    }
}
