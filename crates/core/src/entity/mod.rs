//! What Caracal manages, as rows and as wire objects share it. Field names are the wire's.

mod account;
mod approval;
mod authority;
mod budget;
mod canary;
mod connection;
mod delegation;
mod directory;
mod grant;
mod notification;
mod policy;
pub mod provider_config;
mod session;
mod state;
mod subject_issuer;
mod workload;

pub use account::{AccountRole, SignInWay};
pub use approval::{Approval, ApprovalState, ApproverClass, PrivacyMode};
pub use authority::{AuthorityRecord, AuthorityRecordStatus};
pub use budget::{BudgetHolder, BudgetLimit, BudgetUse, HolderId, PARTS, written};
pub use canary::{CanaryCounts, CanaryOutcome, PolicyCanary};
pub use connection::{
    Connection, ConnectionAttempt, ConnectionStatus, ConnectionToken, SHARED_SUBJECT, UpstreamRevocation,
};
pub use delegation::{Constraints, Delegation, DelegationStatus, MAX_HOPS};
pub use directory::{
    Application, Attribution, DeclaredOperation, OperationEnforcement, Provider, ProviderKind,
    RegistrationMethod, Resource, Zone,
};
pub use grant::{Grant, GrantStatus};
pub use notification::{NotificationDelivery, NotificationSink, NotificationType, SinkHealth};
pub use policy::{ListedPolicyVersion, Policy, PolicySet, PolicySetVersion, PolicyVersion};
pub use provider_config::ProviderConfig;
pub use session::{Lifecycle, Session, SessionStatus};
pub use state::StateKind;
pub use subject_issuer::SubjectIssuer;
pub use workload::{OnFailure, Workload, WorkloadBinding};

/// What [`words!`] adds for documents.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! described_word {
    ($name:ident) => {
        $crate::described!(
            $name,
            $crate::schema::word($name::ALL.iter().map(|word| word.as_str()))
        );
    };
}

/// What [`words!`] adds for documents: nothing.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! described_word {
    ($name:ident) => {};
}

/// Declares a closed word list that is a wire string, a SQL string and a metric label alike.
#[macro_export]
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant,)+
        }

        $crate::described_word!($name);

        impl $name {
            /// Every member, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as it is stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The member whose word is `text`.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
