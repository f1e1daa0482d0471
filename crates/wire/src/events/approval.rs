//! `caracal.approvals.decided`.

use caracal_core::{ApprovalId, ZoneId, entity::ApprovalState};
use utoipa::ToSchema;

use super::{Builder, Fields, MalformedFields, Payload, PayloadError, Topic, required, word};

/// A request that waited for a person waits no more.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
pub struct ApprovalDecided {
    /// Zone.
    pub zone_id: ZoneId,
    /// Which one.
    pub approval_id: ApprovalId,
    /// How it stands now.
    pub state: ApprovalState,
}

impl Payload for ApprovalDecided {
    const TOPIC: Topic = Topic::ApprovalsDecided;

    fn to_fields(&self) -> Result<Fields, MalformedFields> {
        Builder::default()
            .set("zone_id", &self.zone_id)
            .set("approval_id", &self.approval_id)
            .set("state", &self.state)
            .checked(Self::TOPIC)
    }

    fn from_fields(fields: &Fields) -> Result<Self, PayloadError> {
        Ok(Self {
            zone_id: required(fields, "zone_id")?,
            approval_id: required(fields, "approval_id")?,
            state: word(fields, "state", ApprovalState::parse)?,
        })
    }
}
