//! `caracal.directory.invalidate`.

use caracal_core::{ZoneId, id};

use crate::{Fields, MalformedFields, Topic};

use super::{Builder, Payload, PayloadError, required, wire_words};

wire_words!(
    /// What kind of row changed.
    DirectoryKind {
        /// A registered client.
        Application = "application",
        /// A source of credentials.
        Provider = "provider",
        /// A protected upstream.
        Resource = "resource",
        /// The zone itself.
        Zone = "zone",
    }
);

/// A row of the directory was created, changed or archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryInvalidated {
    /// Zone.
    pub zone_id: ZoneId,
    /// Kind of row.
    pub kind: DirectoryKind,
    /// Id of the row.
    pub id: String,
}

impl Payload for DirectoryInvalidated {
    const TOPIC: Topic = Topic::DirectoryInvalidate;

    fn to_fields(&self) -> Result<Fields, MalformedFields> {
        Builder::new(Fields::new())
            .set("zone_id", &self.zone_id)
            .set("kind", &self.kind)
            .set("id", &self.id)
            .checked(Self::TOPIC)
    }

    fn from_fields(fields: &Fields) -> Result<Self, PayloadError> {
        let id: String = required(fields, "id")?;
        if !id::is_valid(&id) {
            return Err(PayloadError::Invalid("id"));
        }
        Ok(Self {
            zone_id: required(fields, "zone_id")?,
            kind: required(fields, "kind")?,
            id,
        })
    }
}
