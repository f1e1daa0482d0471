//! What is written about an entry that nobody can process.

use caracal_core::Timestamp;

use crate::{Delivery, Fields, StreamSigner, Topic};

/// Longest reason kept, in characters.
const MAX_REASON: usize = 1_000;

/// The fields of a dead letter: position, reason and everything the entry carried.
///
/// Invalidation topics put the entry into `values` and sign the letter over the name of its own stream. Audit
/// letters repeat each field with the prefix `src_`; an entry's own `id` becomes `src_event_id`, because
/// `src_id` is the position.
pub(crate) fn compose(
    topic: Topic,
    signer: &StreamSigner,
    delivery: &Delivery,
    reason: &str,
    now: Timestamp,
) -> Fields {
    let reason: String = reason
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(MAX_REASON)
        .collect();
    if topic.is_evidence() {
        let mut letter = Fields::new();
        for (name, value) in delivery.fields.iter() {
            let name = if name == "id" { "event_id" } else { name };
            letter.insert(format!("src_{name}"), value);
        }
        letter
            .with("reason", reason)
            .with("src_id", &*delivery.id)
            .with("received_at", now.as_micros().div_euclid(1_000).to_string())
    } else {
        let mut letter = Fields::new()
            .with("original_id", &*delivery.id)
            .with("error", reason)
            .with("values", delivery.fields.to_json());
        if let Err(error) = signer.sign(topic.dead_letter_stream(), &mut letter) {
            // Reason and JSON have no line breaks. Should it ever happen, an unsigned letter beats none.
            tracing::error!(%error, "a dead letter could not be signed");
        }
        letter
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivery(fields: Fields) -> Delivery {
        Delivery {
            id: "5-0".into(),
            fields,
            appended_at: Timestamp::default(),
            vouched: None,
        }
    }

    #[test]
    fn an_audit_letter_keeps_the_position_and_the_event_id_apart() {
        let entry = delivery(
            Fields::new()
                .with("id", "evt-1")
                .with("data", "{}")
                .with("sig", "ab"),
        );
        let at = Timestamp::from_micros(1_500_999);
        let letter = compose(
            Topic::AuditEvents,
            &StreamSigner::default(),
            &entry,
            "bad\nthing",
            at,
        );
        let expected = Fields::new()
            .with("reason", "bad thing")
            .with("src_id", "5-0")
            .with("src_event_id", "evt-1")
            .with("src_data", "{}")
            .with("src_sig", "ab")
            .with("received_at", "1500");
        assert_eq!(letter, expected);
    }

    #[test]
    fn an_invalidation_letter_holds_the_entry_as_json() {
        let entry = delivery(Fields::new().with("zone_id", "z"));
        let letter = compose(
            Topic::SessionsRevoke,
            &StreamSigner::default(),
            &entry,
            "x",
            entry.appended_at,
        );
        assert_eq!(letter.get("values"), Some(r#"{"zone_id":"z"}"#));
        assert_eq!(letter.get("original_id"), Some("5-0"));
    }
}
