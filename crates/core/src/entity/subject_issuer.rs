//! Identity providers whose users a zone takes as subjects.

use super::Attribution;
use crate::{SubjectIssuerId, Timestamp, ZoneId};

/// An identity provider that a zone trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectIssuer {
    /// Id.
    pub id: SubjectIssuerId,
    /// Zone.
    pub zone_id: ZoneId,
    /// `iss` of its tokens, compared exactly, unique among the active ones.
    pub issuer: String,
    /// Where its public keys are (RFC 7517).
    pub jwks_url: String,
    /// `aud` that its tokens must name.
    pub audience: String,
    /// Archived ones are trusted no more.
    pub archived_at: Option<Timestamp>,
    /// Who and when.
    pub attribution: Attribution,
}
