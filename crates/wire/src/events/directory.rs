//! `caracal.directory.invalidate`.

use caracal_core::{ZoneId, id, words};
use utoipa::ToSchema;

use super::{Builder, Fields, MalformedFields, Payload, PayloadError, Topic, required, word};

words!(
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
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
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
        Builder::default()
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
            kind: word(fields, "kind", DirectoryKind::parse)?,
            id,
        })
    }
}
