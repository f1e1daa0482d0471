//! JSON that is carried and not looked into.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::{Map, Value, value::RawValue};

static EMPTY: LazyLock<JsonObject> = LazyLock::new(|| JsonObject::of(&Map::new()));

/// A JSON object kept as text: whoever lists a hundred of them copies bytes instead of building trees of values.
#[derive(Clone)]
pub struct JsonObject(Arc<RawValue>);

impl JsonObject {
    /// The text of `members`.
    pub fn of(members: &Map<String, Value>) -> Self {
        let text = Value::Object(members.clone()).to_string();
        match RawValue::from_string(text) {
            Ok(raw) => Self(raw.into()),
            // A tree of values has no text that is not JSON.
            Err(_) => Self::default(),
        }
    }

    /// Reads the text of an object; nothing if it is another value, or no JSON.
    pub fn parse(text: String) -> Option<Self> {
        let raw = RawValue::from_string(text).ok()?;
        raw.get().starts_with('{').then(|| Self(raw.into()))
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }
}

impl Default for JsonObject {
    fn default() -> Self {
        EMPTY.clone()
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PartialEq for JsonObject {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for JsonObject {}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        if raw.get().starts_with('{') {
            Ok(Self(raw.into()))
        } else {
            Err(D::Error::custom("not a JSON object"))
        }
    }
}

/// The tree of `document`, whose members are texts, numbers and the like under names: it always has one.
pub fn tree(document: &impl Serialize) -> Value {
    serde_json::to_value(document).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_comes_back_as_it_was_written_and_nothing_else_is_one() {
        let object = JsonObject::parse(String::from(r#"{"b": [0, 1.50], "a": "\u0000"}"#)).unwrap();
        let text = serde_json::to_string(&json!({})).unwrap();
        assert_eq!(JsonObject::default().as_str(), text);
        let sent = serde_json::to_string(&object).unwrap();
        assert_eq!(sent, object.as_str(), "as it was written");
        assert_eq!(serde_json::from_str::<JsonObject>(&sent).unwrap(), object);
        for other in ["[]", "1", "null", "\"{}\"", "{", "{} {}", ""] {
            assert!(JsonObject::parse(other.to_owned()).is_none(), "{other:?}");
            assert!(serde_json::from_str::<JsonObject>(other).is_err(), "{other:?}");
        }
    }
}
