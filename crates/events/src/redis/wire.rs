//! Reading what Redis answers. Everything here is foreign: nothing panics, what has no shape is left out.

use caracal_core::Timestamp;
use caracal_wire::events::fields::SIGNATURE;
use redis::Value;

use crate::{Delivery, Fields};

/// A stream position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct EntryId {
    pub(super) millis: u64,
    pub(super) sequence: u64,
}

impl EntryId {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (millis, sequence) = text.split_once('-')?;
        Some(Self {
            millis: millis.parse().ok()?,
            sequence: sequence.parse().ok()?,
        })
    }
}

impl EntryId {
    /// The greatest position below this one.
    pub(super) fn before(self) -> Self {
        match (self.millis, self.sequence.checked_sub(1)) {
            (millis, Some(sequence)) => Self { millis, sequence },
            (0, None) => Self::default(),
            (millis, None) => Self {
                millis: millis - 1,
                sequence: u64::MAX,
            },
        }
    }
}

impl std::fmt::Display for EntryId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.millis, self.sequence)
    }
}

/// An entry of a stream. `fields` is absent when it was deleted while still pending.
#[derive(Debug)]
pub(super) struct RawEntry {
    pub(super) id: String,
    pub(super) fields: Option<Fields>,
}

impl RawEntry {
    pub(super) fn into_delivery(self) -> Option<Delivery> {
        let millis = EntryId::parse(&self.id).map_or(0, |id| id.millis);
        let micros = i64::try_from(millis.saturating_mul(1_000)).unwrap_or(i64::MAX);
        Some(Delivery {
            id: self.id,
            fields: self.fields?,
            appended_at: Timestamp::from_micros(micros),
            vouched: None,
        })
    }
}

/// Text of a reply. Bytes that are not UTF-8 are replaced, so their signature cannot hold.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Entries of `XRANGE`, `XAUTOCLAIM` or one stream of `XREAD`.
pub(super) fn entries(value: Value) -> Vec<RawEntry> {
    let Value::Array(entries) = value else {
        return Vec::new();
    };
    entries.into_iter().filter_map(entry).collect()
}

fn entry(value: Value) -> Option<RawEntry> {
    let Value::Array(parts) = value else { return None };
    let mut parts = parts.into_iter();
    let id = text(&parts.next()?)?;
    let fields = match parts.next() {
        Some(Value::Array(flat)) => Some(fields(&flat)),
        _ => None,
    };
    Some(RawEntry { id, fields })
}

fn fields(flat: &[Value]) -> Fields {
    let mut fields = Fields::new();
    let mut repeated = false;
    for pair in flat.chunks_exact(2) {
        let [name, value] = pair else { continue };
        let (Some(name), Some(value)) = (text(name), text(value)) else {
            continue;
        };
        repeated |= fields.get(&name).is_some();
        fields.insert(name, value);
    }
    if repeated {
        // What was signed is ambiguous, so the entry counts as unsigned.
        fields.remove(SIGNATURE);
    }
    fields
}

/// Streams of an `XREAD` or `XREADGROUP` reply; none when it timed out.
pub(super) fn streams(value: Value) -> Vec<(String, Vec<RawEntry>)> {
    match value {
        Value::Map(streams) => streams
            .into_iter()
            .filter_map(|(name, value)| Some((text(&name)?, entries(value))))
            .collect(),
        Value::Array(streams) => streams
            .into_iter()
            .filter_map(|stream| {
                let Value::Array(parts) = stream else { return None };
                let mut parts = parts.into_iter();
                Some((text(&parts.next()?)?, entries(parts.next()?)))
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// The value of `name` in a flat list or a map of names and values.
pub(super) fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let is = |key: &Value| text(key).as_deref() == Some(name);
    match value {
        Value::Array(flat) => flat
            .chunks_exact(2)
            .find(|pair| is(&pair[0]))
            .map(|pair| &pair[1]),
        Value::Map(pairs) => pairs.iter().find(|(key, _)| is(key)).map(|(_, value)| value),
        _ => None,
    }
}

/// The position `name` of an `XINFO STREAM` reply.
pub(super) fn position(info: &Value, name: &str) -> Option<EntryId> {
    EntryId::parse(&text(member(info, name)?)?)
}

/// The number `name` of an `XINFO STREAM` reply.
pub(super) fn number(info: &Value, name: &str) -> Option<u64> {
    text(member(info, name)?)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.as_bytes().to_vec())
    }

    #[test]
    fn a_repeated_field_makes_an_entry_unsigned() {
        let flat = [
            bulk("a"),
            bulk("1"),
            bulk("_sig"),
            bulk("x"),
            bulk("a"),
            bulk("2"),
        ];
        assert_eq!(fields(&flat).get(SIGNATURE), None);
        assert_eq!(fields(&flat[..4]).get(SIGNATURE), Some("x"));
    }

    #[test]
    fn positions_order_by_number_not_by_text() {
        assert!(EntryId::parse("9-0") < EntryId::parse("10-0"));
        assert!(EntryId::parse("10-9") < EntryId::parse("10-10"));
        assert_eq!(EntryId::parse("10"), None);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Nil),
            any::<i64>().prop_map(Value::Int),
            any::<Vec<u8>>().prop_map(Value::BulkString),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            proptest::collection::vec(inner, 0..5).prop_map(Value::Array)
        })
    }

    proptest! {
        #[test]
        fn no_reply_makes_the_reader_panic(value in values()) {
            let _ = member(&value, "last-generated-id");
            let _ = streams(value.clone());
            let _ = entries(value);
        }
    }
}
