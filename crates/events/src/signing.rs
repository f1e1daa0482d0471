//! The origin signature every entry but audit events carries.

use caracal_crypto::{HmacRing, KeyAge, stream_signature};
use caracal_wire::events::fields::SIGNATURE;

use crate::{Delivery, Fields, MalformedFields, Topic, metrics};

/// Signs what a bus appends and checks what it reads. Both buses use this one.
///
/// Audit events are not signed here: they carry `sig` over the bytes of `data`, which the ledger checks.
#[derive(Debug, Clone, Default)]
pub struct StreamSigner {
    keys: Option<HmacRing>,
    required: bool,
}

impl StreamSigner {
    /// Signs with the current one of `keys` and accepts only signatures of any of them. Entries name no key: their fields
    /// are what published readers verify.
    pub fn new(keys: impl Into<HmacRing>) -> Self {
        Self {
            keys: Some(keys.into()),
            required: true,
        }
    }

    /// Signs nothing. With `required` it also accepts nothing, else everything (development).
    pub const fn without_key(required: bool) -> Self {
        Self { keys: None, required }
    }

    /// Checks that a producer may send `entries` on `topic` and signs them.
    pub(crate) fn seal(&self, topic: Topic, entries: &mut [Fields]) -> Result<(), MalformedFields> {
        for entry in &*entries {
            entry.check(topic)?;
        }
        if !topic.is_evidence() {
            for entry in entries {
                self.sign(topic.as_str(), entry)?;
            }
        }
        Ok(())
    }

    /// Adds `_sig` for the stream of that name.
    pub(crate) fn sign(&self, stream: &str, fields: &mut Fields) -> Result<(), MalformedFields> {
        if let Some(keys) = &self.keys {
            let signature = stream_signature::sign(keys.current(), stream, &pairs(fields))
                .map_err(|error| MalformedFields::Unsignable(error.to_string()))?;
            fields.insert(SIGNATURE, signature);
        }
        Ok(())
    }

    /// How old the key is that signed the fields, if it is one that is believed.
    fn signed_by(&self, topic: Topic, fields: &Fields) -> Option<KeyAge> {
        let (keys, pairs) = (self.keys.as_ref()?, pairs(fields));
        let signed = keys.verify_by(None, |key| stream_signature::verify(key, topic.as_str(), &pairs));
        signed.ok().map(|by| by.age)
    }

    /// Keeps what is accepted; returns the ids of the rest and counts them.
    pub(crate) fn screen(&self, topic: Topic, deliveries: &mut Vec<Delivery>) -> Vec<String> {
        if topic.is_evidence() || self.keys.is_none() && !self.required {
            return Vec::new();
        }
        let mut refused = Vec::new();
        let mut previous = 0;
        deliveries.retain(|delivery| {
            let age = self.signed_by(topic, &delivery.fields);
            if age.is_none() {
                refused.push(delivery.id.clone());
            }
            previous += usize::from(age == Some(KeyAge::Previous));
            age.is_some()
        });
        metrics::accepted(KeyAge::Current, deliveries.len() - previous);
        metrics::accepted(KeyAge::Previous, previous);
        if !refused.is_empty() {
            metrics::count(metrics::REJECTED, topic, refused.len() as u64);
            tracing::warn!(topic = %topic, entries = refused.len(), "dropped entries without a valid signature");
        }
        refused
    }
}

/// Names and values side by side, as signatures take them.
fn pairs(fields: &Fields) -> Vec<(&str, &str)> {
    fields.iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_has_one_name() {
        assert_eq!(SIGNATURE, stream_signature::SIGNATURE_FIELD);
    }
}
