//! What a governed call asks its upstream to do: the unit that is decided, and that the evidence names.

use std::borrow::Cow;

/// Longest name of a tool, a prompt or a resource of an MCP server, in bytes.
pub const MAX_MCP_NAME_BYTES: usize = 512;

/// What a call to an MCP server is declared and decided as when it is no request: an answer to a question of the
/// server. No method has this name.
pub const MCP_RESPONSE: &str = "response";

/// One governed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A request: the method as sent, since methods are told apart by case (RFC 9110 §9.1), and the path as policies
    /// read it: percent-decoded, without query and without the upstream's base path.
    Http {
        /// Method.
        method: String,
        /// Path.
        path: String,
    },
    /// A message to an MCP server, by POST to the root of the resource.
    Mcp {
        /// `tools/list`, or `tools/call:NAME` where the method [names something](mcp_member).
        call: String,
    },
    /// A gRPC call, by POST.
    Grpc {
        /// `/package.Service/Method`.
        path: String,
    },
    /// The opening of a WebSocket (RFC 6455), by GET. What is said over it is not looked into.
    WebSocket {
        /// Path, read as that of a request.
        path: String,
    },
}

impl Operation {
    /// The HTTP method it came with.
    pub fn http_method(&self) -> &str {
        match self {
            Self::Http { method, .. } => method,
            Self::Mcp { .. } | Self::Grpc { .. } => "POST",
            Self::WebSocket { .. } => "GET",
        }
    }

    /// The path it came to, as policies read it.
    pub fn path(&self) -> &str {
        match self {
            Self::Http { path, .. } | Self::Grpc { path } | Self::WebSocket { path } => path,
            Self::Mcp { .. } => "/",
        }
    }

    /// The protocol that says more than the request line; absent for plain HTTP.
    pub const fn protocol(&self) -> Option<&'static str> {
        match self {
            Self::Http { .. } => None,
            Self::Mcp { .. } => Some("mcp"),
            Self::Grpc { .. } => Some("grpc"),
            Self::WebSocket { .. } => Some("websocket"),
        }
    }

    /// What the body asks for, where the body says it.
    pub fn call(&self) -> Option<&str> {
        match self {
            Self::Mcp { call } => Some(call),
            Self::Http { .. } | Self::Grpc { .. } | Self::WebSocket { .. } => None,
        }
    }

    /// The operation that travelled as [`Self::protocol`], [`Self::http_method`], [`Self::path`] and [`Self::call`].
    /// `None` when they are no operation together.
    pub fn of_parts(protocol: Option<&str>, method: &str, path: &str, call: Option<&str>) -> Option<Self> {
        let operation = match protocol {
            None => Self::Http {
                method: method.to_owned(),
                path: path.to_owned(),
            },
            Some("mcp") => Self::Mcp {
                call: call?.to_owned(),
            },
            Some("grpc") => Self::Grpc {
                path: path.to_owned(),
            },
            Some("websocket") => Self::WebSocket {
                path: path.to_owned(),
            },
            Some(_) => return None,
        };
        let same = operation.http_method() == method && operation.path() == path && operation.call() == call;
        same.then_some(operation)
    }
}

/// The member of `params` by which a message of `method` says what it is about; `None` for methods that are whole
/// without.
pub fn mcp_member(method: &str) -> Option<&'static str> {
    match method {
        "tools/call" | "prompts/get" => Some("name"),
        "resources/read" | "resources/subscribe" | "resources/unsubscribe" => Some("uri"),
        _ => None,
    }
}

/// Whether `method` can be a method of MCP: words of letters, digits, `_`, `-` and `.`, with `/` between them.
pub fn is_mcp_method(method: &str) -> bool {
    let is_word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_alphabetic())
            && (word.bytes()).all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
    };
    method.len() <= 128 && method != MCP_RESPONSE && method.split('/').all(is_word)
}

/// Whether `name` can be told from every other by whoever reads it.
pub fn is_mcp_name(name: &str) -> bool {
    (1..=MAX_MCP_NAME_BYTES).contains(&name.len())
        && !name.chars().any(char::is_control)
        && name.trim() == name
}

/// How a message of `method` about `name` is declared and decided. `None` when it lacks what tells it from others.
pub fn mcp_call(method: &str, name: Option<&str>) -> Option<String> {
    if !is_mcp_method(method) {
        return None;
    }
    match mcp_member(method) {
        None => Some(method.to_owned()),
        Some(_) => name
            .filter(|name| is_mcp_name(name))
            .map(|name| [method, ":", name].concat()),
    }
}

/// `text` with the letters that some readers of JSON take for one made one: they fold case when they look for a
/// member, also that of `ſ` and of the Kelvin sign.
pub fn folded(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        return Cow::Borrowed(text);
    }
    let upper = text.chars().flat_map(char::to_uppercase);
    Cow::Owned(upper.flat_map(char::to_lowercase).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_is_put_together_only_of_parts_that_agree() {
        for operation in [
            Operation::Http {
                method: "GET".into(),
                path: "/a".into(),
            },
            Operation::Mcp {
                call: "tools/call:x".into(),
            },
            Operation::Grpc {
                path: "/p.S/M".into(),
            },
            Operation::WebSocket { path: "/s".into() },
        ] {
            let (method, path) = (operation.http_method(), operation.path());
            let read = Operation::of_parts(operation.protocol(), method, path, operation.call());
            assert_eq!(read.as_ref(), Some(&operation));
        }
        for (protocol, method, path, call) in [
            (Some("mcp"), "POST", "/", None),
            (Some("mcp"), "GET", "/", Some("ping")),
            (Some("mcp"), "POST", "/admin", Some("ping")),
            (Some("grpc"), "GET", "/p.S/M", None),
            (Some("grpc"), "POST", "/p.S/M", Some("ping")),
            (Some("websocket"), "POST", "/s", None),
            (Some("websocket"), "GET", "/s", Some("ping")),
            (Some("http"), "GET", "/", None),
            (Some("soap"), "POST", "/", None),
            (None, "POST", "/", Some("ping")),
        ] {
            assert_eq!(
                Operation::of_parts(protocol, method, path, call),
                None,
                "{protocol:?} {method} {path}"
            );
        }
    }

    #[test]
    fn a_call_names_what_its_method_is_about() {
        for (method, name, call) in [
            ("tools/call", Some("search"), Some("tools/call:search")),
            (
                "resources/read",
                Some("file:///a:b"),
                Some("resources/read:file:///a:b"),
            ),
            ("tools/list", None, Some("tools/list")),
            ("tools/list", Some("ignored"), Some("tools/list")),
            (
                "notifications/tools/list_changed",
                None,
                Some("notifications/tools/list_changed"),
            ),
            ("tools/call", None, None),
            ("tools/call", Some(""), None),
            ("tools/call", Some(" search"), None),
            ("tools/call", Some("a\nb"), None),
            ("", None, None),
            ("tools//list", None, None),
            ("/tools", None, None),
            ("tools/call:search", Some("x"), None),
            ("tools list", None, None),
            ("response", None, None),
            ("tööls/list", None, None),
        ] {
            assert_eq!(mcp_call(method, name).as_deref(), call, "{method} {name:?}");
        }
    }

    #[test]
    fn letters_that_lenient_readers_confuse_are_one() {
        for spelling in [
            "method",
            "Method",
            "METHOD",
            "param\u{17f}",
            "Param\u{17f}",
            "\u{212a}ey",
        ] {
            assert!(
                ["method", "params", "key"].contains(&&*folded(spelling)),
                "{spelling}"
            );
        }
    }
}
