//! A JSON-RPC message to an MCP server, read as strictly as an enforcement point must.
//!
//! Readers of JSON differ: in which of two equal members counts, in whether letters' case does, in what they make of a
//! NUL, of half a surrogate, of another encoding. A message that any of them could take for another is refused.

use std::{cell::Cell, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_core::operation::{MCP_RESPONSE, mcp_call, mcp_member};
use http::{HeaderMap, HeaderName};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{
    Unreadable,
    strict::{MAX_DEPTH, Members, Problem, Strict, Value},
};

/// The method that calls a tool.
const TOOL_CALL: &str = "tools/call";

const METHOD: HeaderName = HeaderName::from_static("mcp-method");
const NAME: HeaderName = HeaderName::from_static("mcp-name");

/// What a message asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MessageCall {
    /// As operations are declared.
    pub(super) call: String,
    /// What a tool is called with, as JSON.
    pub(super) arguments: Option<Box<str>>,
}

/// What the message in `bytes` asks for; what `headers` say of it must agree.
///
/// # Errors
/// [`Unreadable`].
pub(super) fn read(bytes: &[u8], headers: &HeaderMap) -> Result<MessageCall, Unreadable> {
    let text = std::str::from_utf8(bytes).map_err(|_| Unreadable::Ambiguous("the body is not UTF-8"))?;
    if text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('[') {
        return Err(Unreadable::Batch);
    }
    let problem = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let message = Object(Envelope { problem: &problem }).deserialize(&mut reader);
    let message = message.and_then(|message| reader.end().map(|()| message));
    let message =
        message.map_err(|_| Unreadable::Ambiguous(problem.get().unwrap_or("the body is no JSON")))?;
    let call = message.call().map_err(Unreadable::Ambiguous)?;
    if !message.agrees(headers) {
        return Err(Unreadable::HeaderDiffers);
    }
    let calls_tool = message.method.as_deref() == Some(TOOL_CALL);
    let given = message.params.and_then(|params| params.arguments);
    let arguments = calls_tool.then(|| given.unwrap_or_else(|| "{}".into()));
    Ok(MessageCall { call, arguments })
}

/// As [`read`], without the arguments.
#[cfg(test)]
fn call(bytes: &[u8], headers: &HeaderMap) -> Result<String, Unreadable> {
    read(bytes, headers).map(|asked| asked.call)
}

/// The members that decide.
#[derive(Debug, Default)]
struct Message {
    version: Option<String>,
    /// Whether it may be the id of a request.
    id: Option<bool>,
    method: Option<String>,
    params: Option<CallParams>,
    results: u8,
}

/// The members of `params` by which messages say what they are about.
#[derive(Debug, Default)]
struct CallParams {
    name: Option<String>,
    uri: Option<String>,
    task: Option<String>,
    /// What a tool or a prompt is asked for with, as sent.
    arguments: Option<Box<str>>,
}

impl Message {
    fn call(&self) -> Result<String, &'static str> {
        if self.version.as_deref() != Some("2.0") {
            return Err("the message is not JSON-RPC 2.0");
        }
        if self.id == Some(false) {
            return Err("the id is neither a string nor a number");
        }
        let Some(method) = &self.method else {
            return match (self.id, self.results, &self.params) {
                (Some(_), 1, None) => Ok(String::from(MCP_RESPONSE)),
                _ => Err("the message is neither a request nor a response"),
            };
        };
        if self.results > 0 {
            return Err("the message is a request and a response");
        }
        let about = match (mcp_member(method), &self.params) {
            (Some("uri"), Some(params)) => params.uri.as_deref(),
            (Some(_), Some(params)) => params.name.as_deref(),
            _ => None,
        };
        mcp_call(method, about)
            .ok_or("the method, or what it is about, has no name that can be told from others")
    }

    /// Whether the headers by which a message is described say the same: those of the revisions that have them, once.
    fn agrees(&self, headers: &HeaderMap) -> bool {
        let is_disguised = |name: &HeaderName| {
            let name = name.as_str();
            name.contains('_') && matches!(name.replace('_', "-").as_str(), "mcp-method" | "mcp-name")
        };
        if headers.keys().any(is_disguised) {
            return false;
        }
        let said = |name: &HeaderName| -> Result<Option<String>, ()> {
            let mut values = headers.get_all(name).iter();
            match (values.next(), values.next()) {
                (None, _) => Ok(None),
                (Some(value), None) => decoded(value.as_bytes()).map(Some).ok_or(()),
                (Some(_), Some(_)) => Err(()),
            }
        };
        let (Ok(method), Ok(name)) = (said(&METHOD), said(&NAME)) else {
            return false;
        };
        let params = self.params.as_ref();
        let about = match self.method.as_deref().and_then(mcp_member) {
            Some("uri") => [params.and_then(|params| params.uri.as_ref()), None, None],
            Some(_) => [params.and_then(|params| params.name.as_ref()), None, None],
            None => params.map_or([None; 3], |params| {
                [params.name.as_ref(), params.uri.as_ref(), params.task.as_ref()]
            }),
        };
        method.is_none_or(|method| self.method.as_ref() == Some(&method))
            && name.is_none_or(|name| about.contains(&Some(&name)))
    }
}

/// A header's value; names that are no plain ASCII come as `=?base64?…?=`.
fn decoded(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    match text
        .strip_prefix("=?base64?")
        .and_then(|text| text.strip_suffix("?="))
    {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => Some(text.to_owned()),
    }
}

/// An object, by whom its members are read.
struct Object<V>(V);

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Object<V> {
    type Value = V::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        deserializer.deserialize_map(self.0)
    }
}

/// The whole message.
struct Envelope<'p> {
    problem: Problem<'p>,
}

impl<'de> Visitor<'de> for Envelope<'_> {
    type Value = Message;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON-RPC message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message, A::Error> {
        const DECISIVE: [&str; 6] = ["jsonrpc", "id", "method", "params", "result", "error"];
        let problem = self.problem;
        let (mut message, mut members) = (Message::default(), Members::of(problem));
        let any = || Strict {
            left: MAX_DEPTH,
            problem,
        };
        while let Some(name) = map.next_key::<String>()? {
            members.note_decisive(&name, &DECISIVE)?;
            match name.as_str() {
                "jsonrpc" => message.version = Some(map.next_value()?),
                "method" => message.method = Some(map.next_value()?),
                "params" => message.params = Some(map.next_value_seed(Object(Params { problem }))?),
                "id" => message.id = Some(map.next_value_seed(any())?.is_id()),
                "result" | "error" => {
                    map.next_value_seed(any())?;
                    message.results = message.results.saturating_add(1);
                }
                _ => {
                    map.next_value_seed(any())?;
                }
            }
        }
        Ok(message)
    }
}

/// `params`, an object in every message of MCP.
struct Params<'p> {
    problem: Problem<'p>,
}

impl<'de> Visitor<'de> for Params<'_> {
    type Value = CallParams;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of parameters")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<CallParams, A::Error> {
        let problem = self.problem;
        let (mut named, mut members) = (CallParams::default(), Members::of(problem));
        while let Some(name) = map.next_key::<String>()? {
            members.note_decisive(&name, &["name", "uri", "taskId", "arguments"])?;
            if name == "arguments" {
                let raw = map.next_value::<&RawValue>()?.get();
                let strict = Strict {
                    left: MAX_DEPTH.saturating_sub(1),
                    problem,
                };
                let read = strict.deserialize(&mut serde_json::Deserializer::from_str(raw));
                read.map_err(serde::de::Error::custom)?;
                named.arguments = Some(raw.into());
                continue;
            }
            let value = map.next_value_seed(Strict {
                left: MAX_DEPTH.saturating_sub(1),
                problem,
            })?;
            let place = match name.as_str() {
                "name" => &mut named.name,
                "uri" => &mut named.uri,
                "taskId" => &mut named.task,
                _ => continue,
            };
            if let Value::Text(text) = value {
                *place = Some(text);
            }
        }
        Ok(named)
    }
}

#[cfg(test)]
mod tests;
