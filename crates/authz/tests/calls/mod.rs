//! Calls as policies name them.

use caracal_core::Operation;

/// The call of a method at a path, or of a message, as operations are declared.
pub(crate) fn operation(method: &str, path: &str) -> Operation {
    let path = path.to_owned();
    match method {
        "MCP" => Operation::Mcp { call: path },
        "GRPC" => Operation::Grpc { path },
        "WEBSOCKET" => Operation::WebSocket { path },
        method => Operation::Http {
            method: method.to_owned(),
            path,
        },
    }
}
