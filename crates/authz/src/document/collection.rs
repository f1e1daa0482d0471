//! What a collection in a document holds, whichever way it is written.

use serde_json::Value;

/// Arrays (sets were made arrays) and objects.
pub(crate) fn is_collection(value: &Value) -> bool {
    value.is_array() || value.is_object()
}

/// The elements of an array, or the member values of an object; nothing for scalars.
pub(crate) fn elements(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => Box::new(std::iter::empty()),
    }
}

/// A list of scopes; `None` unless every element is a string.
pub(crate) fn scope_list(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}
