//! Applications.

use caracal_core::{
    ApplicationId, Timestamp, ZoneId,
    entity::{Application, Attribution, RegistrationMethod},
    words,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Name;

words!(
    /// Only managed applications are made by name.
    Managed {
        /// Lives until archived.
        Managed = "managed",
    }
);

/// Body that makes a managed application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApplication {
    /// Unique among the managed applications of the zone.
    pub name: Name<200>,
    /// The one word that it may be.
    pub registration_method: Managed,
    /// At most 64 words that give it more than the zone's policy does.
    #[serde(default)]
    pub traits: Vec<String>,
}

impl CreateApplication {
    /// One of this name, with nothing beyond the zone's policy.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: Name(name.into()),
            registration_method: Managed::Managed,
            traits: Vec::new(),
        }
    }
}

/// Body that registers a short-lived application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterApplication {
    /// Display name.
    pub name: Name<200>,
    /// Seconds to live, 1 to 3,600; an hour when absent.
    #[serde(
        default,
        deserialize_with = "super::present",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false, minimum = 1, maximum = 3600)]
    pub expires_in: Option<u32>,
}

changes! {
    /// Body that changes an application. Not printable: it may hold a secret.
    #[serde(deny_unknown_fields)]
    UpdateApplication {
        /// Unique among the managed applications of the zone.
        name: Name<200>,
        /// Replaces its secret: 32 to 1,024 characters.
        client_secret: String,
        /// At most 64 words that give it more than the zone's policy does.
        traits: Vec<String>,
    }
}

/// An application; never its secret's digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationItem {
    /// Id.
    pub id: ApplicationId,
    /// Zone.
    pub zone_id: ZoneId,
    /// Display name.
    pub name: String,
    /// Managed or short-lived.
    pub registration_method: RegistrationMethod,
    /// Shown to callers of the whole deployment, since traits may grant reach beyond the zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traits: Option<Vec<String>>,
    /// End of a short-lived one.
    pub expires_at: Option<Timestamp>,
    /// When it was archived.
    pub archived_at: Option<Timestamp>,
    /// Who and when.
    #[serde(flatten)]
    pub attribution: Attribution,
}

impl ApplicationItem {
    /// As shown to callers of the whole deployment, or of a zone.
    pub fn new(application: Application, show_traits: bool) -> Self {
        Self {
            id: application.id,
            zone_id: application.zone_id,
            name: application.name,
            registration_method: application.registration_method,
            traits: show_traits.then_some(application.traits),
            expires_at: application.expires_at,
            archived_at: application.archived_at,
            attribution: application.attribution,
        }
    }
}

/// An application together with its secret, shown this once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationWithSecret {
    /// The application.
    #[serde(flatten)]
    pub application: ApplicationItem,
    /// Its secret.
    pub client_secret: String,
}

/// A secret that was asked for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClientSecret {
    /// The secret.
    pub client_secret: String,
}
