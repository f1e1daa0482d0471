//! What trying a server out found, step by step.

use caracal_core::{Timestamp, words};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Name;

words!(
    /// A step on the way to a server's answer, in the order in which they are taken.
    CheckStep {
        /// What is configured can be used.
        Settings = "settings",
        /// The host may be called.
        Address = "address",
        /// Its name leads to an address.
        Resolve = "resolve",
        /// Somebody listens there.
        Connect = "connect",
        /// The certificate is trusted and of this host.
        Tls = "tls",
        /// What was answered is what is wanted.
        Answer = "answer",
    }
);

words!(
    /// What became of a step.
    StepOutcome {
        /// It went well.
        Passed = "passed",
        /// It is what is wrong.
        Failed = "failed",
        /// An earlier one failed.
        NotTried = "not_tried",
    }
);

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedStep {
    /// Which.
    pub step: CheckStep,
    /// What became of it.
    pub outcome: StepOutcome,
    /// What was found.
    pub found: String,
    /// What to do about it; null where nothing is to be done.
    pub fix: Option<String>,
}

words!(
    /// How a provider stands with its token endpoint.
    ProviderCheckStatus {
        /// It gives tokens to this client.
        Ok = "ok",
        /// It does not take the client's proof.
        AuthFailed = "auth_failed",
        /// What is configured cannot be used.
        ConfigError = "config_error",
        /// It answers something else.
        EndpointError = "endpoint_error",
        /// It does not answer.
        Unreachable = "unreachable",
    }
);

/// What trying a provider out found. Nothing of a credential or of a token is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProviderCheck {
    /// How it stands.
    pub status: ProviderCheckStatus,
    /// In a sentence.
    pub detail: String,
    /// When.
    pub checked_at: Timestamp,
    /// Every step.
    pub steps: Vec<CheckedStep>,
}

words!(
    /// Whether an upstream refuses mandates that nobody issued.
    ResourceCheckStatus {
        /// It does.
        Guarded = "guarded",
        /// It took one.
        Unverified = "unverified",
        /// It answers something else.
        EndpointError = "endpoint_error",
        /// It does not answer.
        Unreachable = "unreachable",
    }
);

/// What trying an upstream out found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResourceCheck {
    /// How it stands.
    pub status: ResourceCheckStatus,
    /// In a sentence.
    pub detail: String,
    /// When.
    pub checked_at: Timestamp,
    /// Every step.
    pub steps: Vec<CheckedStep>,
}

/// What stands in `details` where something was tried out before it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedCheck<T> {
    /// What was found.
    pub check: T,
}

/// Body that asks what an issuer publishes. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiscoverProvider {
    /// An https URL without user, query and fragment.
    pub issuer: Name<512>,
}

/// What stands in `details` where an issuer publishes nothing that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FailedDiscovery {
    /// Every step.
    pub steps: Vec<CheckedStep>,
}

/// What an issuer publishes (RFC 8414 §2, `OpenID` Connect Discovery §3), as far as a provider is made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiscoveredProvider {
    /// The issuer, as it names itself.
    pub issuer: String,
    /// Where tokens are given.
    pub token_endpoint: String,
    /// Where people say yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub authorization_endpoint: Option<String>,
    /// Where tokens are given back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub revocation_endpoint: Option<String>,
    /// Scopes that it names, at most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub scopes_supported: Option<Vec<String>>,
    /// How clients may prove themselves there, of the ways that providers know.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub token_endpoint_auth_methods_supported: Option<Vec<String>>,
}
