//! The Control API: `/v1`.

/// A body whose members may be left out, but not be null, except for those behind `or_null`. Its doc lines become the
/// document's.
macro_rules! changes {
    (
        $(#[$meta:meta])* $name:ident { $($(#[$of:meta])* $field:ident: $type:ty,)+ }
        $(or_null { $($(#[$of_null:meta])* $nullable:ident: $or_null:ident,)+ })?
    ) => {
        #[derive(Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        $(#[$meta])*
        pub struct $name {
            $(
                $(#[$of])*
                #[serde(
                    default,
                    deserialize_with = "crate::control::present",
                    skip_serializing_if = "Option::is_none"
                )]
                #[schema(nullable = false)]
                pub $field: Option<$type>,
            )+
            $($(
                $(#[$of_null])*
                #[serde(
                    default,
                    deserialize_with = "crate::control::present",
                    skip_serializing_if = "Option::is_none"
                )]
                #[schema(value_type = Option<$or_null>)]
                pub $nullable: Option<Option<$or_null>>,
            )+)?
        }

        impl $name {
            /// Whether it names nothing to change.
            pub fn is_empty(&self) -> bool {
                *self == Self::default()
            }
        }
    };
}

pub mod access;
pub mod accounts;
pub mod activity;
pub mod admin_tokens;
pub mod applications;
pub mod approvals;
pub mod audit;
pub mod authority;
pub mod budgets;
pub mod canary;
pub mod checks;
pub mod commands;
pub mod connections;
pub mod gate_facts;
pub mod grants;
pub mod notification_sinks;
pub mod policies;
pub mod policy_diff;
pub mod policy_sets;
pub mod providers;
pub mod replay;
pub mod resources;
pub mod retention;
pub mod shadow;
pub mod subject_issuers;
pub mod subjects;
mod text;
pub mod workloads;
pub mod zone_state;
pub mod zones;

use caracal_core::words;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

pub use text::{Line, Name, Prose};

/// A member that may be absent but not null; where null means something, ask for an option.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

words!(
    /// Which objects a listing shows.
    ObjectStatus {
        /// Those in use.
        Active = "active",
        /// Those put away.
        Archived = "archived",
    }
);

/// Which objects of a zone to list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
pub struct ListObjects {
    /// Active ones when absent.
    pub status: Option<ObjectStatus>,
}

impl ListObjects {
    /// Whether archived objects are asked for.
    pub fn archived(&self) -> bool {
        self.status == Some(ObjectStatus::Archived)
    }
}

words!(
    /// How a listing is written.
    Format {
        /// As JSON.
        Json = "json",
        /// As a CSV file (RFC 4180).
        Csv = "csv",
    }
);
