//! `caracal.audit.events`.

use utoipa::ToSchema;

use super::{Fields, MalformedFields, Payload, PayloadError, Topic};

/// An audit event on its way to the ledger.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
pub struct AuditFrame {
    /// Id of the event.
    pub id: Option<String>,
    /// The event as JSON, in the very bytes that were signed.
    pub data: String,
    /// Signature over the bytes of `data`, lower-case hex; absent where nothing is signed.
    pub sig: Option<String>,
    /// Id of the key that signed it, 16 hexadecimal digits; outside of what is signed, so it only says which to try first.
    pub kid: Option<String>,
}

impl From<AuditFrame> for Fields {
    /// The fields as they are; the bus checks them.
    fn from(frame: AuditFrame) -> Self {
        let optional = [("id", frame.id), ("sig", frame.sig), ("kid", frame.kid)];
        let given = optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        given.chain([("data", frame.data)]).collect()
    }
}

impl Payload for AuditFrame {
    const TOPIC: Topic = Topic::AuditEvents;

    fn to_fields(&self) -> Result<Fields, MalformedFields> {
        let fields = Fields::from(self.clone());
        fields.check(Self::TOPIC)?;
        Ok(fields)
    }

    fn from_fields(fields: &Fields) -> Result<Self, PayloadError> {
        // Verbatim, unlike other fields: whatever `data` is, the signature is over it.
        let text = |name| fields.get(name).map(str::to_owned);
        Ok(Self {
            id: text("id"),
            data: text("data").ok_or(PayloadError::Missing("data"))?,
            sig: text("sig"),
            kid: text("kid"),
        })
    }
}
