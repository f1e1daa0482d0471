//! What the metadata of events say that a reader goes by.

use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::value::RawValue;

/// Members of metadata by which readers decide something, of whatever role wrote them and in whatever release. A member that is
/// absent, empty or of another form says nothing. Everything else in metadata is shown as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct EventFacts {
    /// The application that asked.
    #[serde(deserialize_with = "text")]
    pub application_id: Option<String>,
    /// The same, as the Gateway knows it: the client of a mandate.
    #[serde(deserialize_with = "text")]
    pub client_id: Option<String>,
    /// Whoever asked, where it was no application.
    #[serde(deserialize_with = "text")]
    pub principal_id: Option<String>,
    /// The session acted in.
    #[serde(deserialize_with = "text")]
    pub agent_session_id: Option<String>,
    /// The resource asked for.
    #[serde(deserialize_with = "text")]
    pub resource: Option<String>,
    /// Class of the mandate: `session`, `gateway` or `resource`.
    #[serde(deserialize_with = "text")]
    pub mandate_use: Option<String>,
    /// Id of the mandate.
    #[serde(deserialize_with = "text")]
    pub jti: Option<String>,
    /// Method of a call.
    #[serde(deserialize_with = "text")]
    pub method: Option<String>,
    /// Protocol of a call that says more than its request line.
    #[serde(deserialize_with = "text")]
    pub protocol: Option<String>,
    /// The approval that released the request.
    #[serde(deserialize_with = "text")]
    pub challenge_id: Option<String>,
    /// Why it was refused.
    #[serde(deserialize_with = "text")]
    pub reason: Option<String>,
    /// The same, as the Gateway says it.
    #[serde(deserialize_with = "text")]
    pub deny_reason: Option<String>,
    /// How long a call took.
    #[serde(deserialize_with = "number")]
    pub latency_ms: Option<u64>,
    /// What the upstream answered.
    #[serde(deserialize_with = "number")]
    pub upstream_status: Option<u64>,
}

impl EventFacts {
    /// Reads metadata; what cannot be read says nothing.
    pub fn of(metadata: Option<&RawValue>) -> Self {
        let read = metadata.map(|metadata| serde_json::from_str(metadata.get()));
        read.and_then(Result::ok).unwrap_or_default()
    }

    /// Who acted.
    pub fn actor(&self) -> Option<&str> {
        let named = [&self.application_id, &self.client_id, &self.principal_id];
        named.into_iter().find_map(Option::as_deref)
    }

    /// Why it was refused, in a word.
    pub fn why(&self) -> Option<&str> {
        self.reason.as_deref().or(self.deny_reason.as_deref())
    }
}

/// A member in whatever form it is.
#[derive(Deserialize)]
#[serde(untagged)]
enum MetadataMember {
    Text(String),
    Number(u64),
    Other(IgnoredAny),
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match MetadataMember::deserialize(deserializer)? {
        MetadataMember::Text(text) if !text.is_empty() => Some(text),
        MetadataMember::Text(_) | MetadataMember::Number(_) | MetadataMember::Other(_) => None,
    })
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match MetadataMember::deserialize(deserializer)? {
        MetadataMember::Number(number) => Some(number),
        MetadataMember::Text(_) | MetadataMember::Other(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(metadata: &str) -> EventFacts {
        let raw = RawValue::from_string(metadata.to_owned()).unwrap();
        EventFacts::of(Some(&raw))
    }

    #[test]
    fn a_member_of_another_form_says_nothing_and_hides_no_other() {
        let facts = read(
            r#"{"application_id":7,"client_id":"app-1","reason":"","deny_reason":"expired","jti":null,
                "latency_ms":"soon","upstream_status":204,"protocol":{"a":{}},"method":[["GET"]],"resource":true,"more":{"deep":[1]}}"#,
        );
        assert_eq!((facts.actor(), facts.why()), (Some("app-1"), Some("expired")));
        assert_eq!((facts.latency_ms, facts.upstream_status), (None, Some(204)));
        assert_eq!(
            (facts.jti, facts.protocol, facts.method, facts.resource),
            (None, None, None, None)
        );
        for latency in ["-1", "1.5", "1e3", "18446744073709551616"] {
            let facts = read(&format!(r#"{{"latency_ms":{latency},"jti":"7"}}"#));
            assert_eq!(
                (facts.latency_ms, facts.jti.as_deref()),
                (None, Some("7")),
                "{latency}"
            );
        }
    }

    #[test]
    fn metadata_that_are_no_object_say_nothing() {
        for metadata in ["null", "[]", "\"text\"", "7"] {
            assert_eq!(read(metadata), EventFacts::default(), "{metadata}");
        }
        assert_eq!(EventFacts::of(None), EventFacts::default());
    }
}
