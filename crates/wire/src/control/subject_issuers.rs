//! Issuers of subjects: identity providers whose users a zone takes.

use caracal_core::{
    SubjectIssuerId, ZoneId,
    entity::{Attribution, SubjectIssuer},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Line;

/// Body that makes an issuer trusted. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreateSubjectIssuer {
    /// `iss` of its tokens: an https URL without query, compared exactly.
    pub issuer: Line<2048>,
    /// Where its public keys are: an https URL without query.
    pub jwks_url: Line<2048>,
    /// `aud` that its tokens must name.
    pub audience: Line<512>,
}

changes! {
    /// Body that changes an issuer; an empty one changes nothing. Unknown members are ignored.
    UpdateSubjectIssuer {
        /// Where its public keys are: an https URL without query.
        jwks_url: Line<2048>,
        /// `aud` that its tokens must name.
        audience: Line<512>,
    }
}

/// An issuer of subjects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubjectIssuerItem {
    /// Id.
    pub id: SubjectIssuerId,
    /// Zone.
    pub zone_id: ZoneId,
    /// `iss` of its tokens.
    pub issuer: String,
    /// Where its public keys are.
    pub jwks_url: String,
    /// `aud` that its tokens must name.
    pub audience: String,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
}

impl From<SubjectIssuer> for SubjectIssuerItem {
    fn from(issuer: SubjectIssuer) -> Self {
        Self {
            id: issuer.id,
            zone_id: issuer.zone_id,
            issuer: issuer.issuer,
            jwks_url: issuer.jwks_url,
            audience: issuer.audience,
            attribution: issuer.attribution,
        }
    }
}
