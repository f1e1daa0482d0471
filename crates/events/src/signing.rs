//! The origin signature every entry but audit events carries.

use caracal_crypto::{HmacKey, stream_signature};
use caracal_wire::events::fields::SIGNATURE;

use crate::{Delivery, Fields, MalformedFields, Topic, metrics};

/// Signs what a bus appends and checks what it reads. Both buses use this one.
///
/// Audit events are not signed here: they carry `sig` over the bytes of `data`, which the ledger checks.
#[derive(Debug, Clone, Default)]
pub struct StreamSigner {
    key: Option<HmacKey>,
    required: bool,
}

impl StreamSigner {
    /// Signs with `key` and accepts only its signatures.
    pub const fn new(key: HmacKey) -> Self {
        Self {
            key: Some(key),
            required: true,
        }
    }

    /// Signs nothing. With `required` it also accepts nothing, else everything (development).
    pub const fn without_key(required: bool) -> Self {
        Self { key: None, required }
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
        if let Some(key) = &self.key {
            let signature = stream_signature::sign(key, stream, &pairs(fields))
                .map_err(|error| MalformedFields::Unsignable(error.to_string()))?;
            fields.insert(SIGNATURE, signature);
        }
        Ok(())
    }

    /// Whether the fields come from who holds the key.
    pub(crate) fn accepts(&self, topic: Topic, fields: &Fields) -> bool {
        if topic.is_evidence() {
            return true;
        }
        let Some(key) = &self.key else {
            return !self.required;
        };
        stream_signature::verify(key, topic.as_str(), &pairs(fields))
    }

    /// Keeps what is accepted; returns the ids of the rest and counts them.
    pub(crate) fn screen(&self, topic: Topic, deliveries: &mut Vec<Delivery>) -> Vec<String> {
        let mut refused = Vec::new();
        deliveries.retain(|delivery| {
            let accepted = self.accepts(topic, &delivery.fields);
            if !accepted {
                refused.push(delivery.id.clone());
            }
            accepted
        });
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
