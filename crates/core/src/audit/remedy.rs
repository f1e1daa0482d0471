//! What would have to be different for a refused request to be allowed.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{entity::BudgetLimit, json, words};

/// Something that was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DataRead {
    /// A document of the policy, or `session`, `authority_record`, `delegation`, `mandate`, `request`, `resource`, `provider`,
    /// `approval`, `budget`, `zone`.
    pub data: Cow<'static, str>,
    /// Which member of it.
    pub name: Option<String>,
    /// What stands there; null where nothing does.
    pub value: Value,
}

impl DataRead {
    /// `value` was read as the member `name` of `data`.
    pub fn new(data: &'static str, name: Option<&str>, value: impl Serialize) -> Self {
        Self {
            data: Cow::Borrowed(data),
            name: name.map(str::to_owned),
            value: json::tree(&value),
        }
    }
}

/// One change of data. A list of them is whole: with any of them left out the request is still refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum DataChange {
    /// Put a policy set in force.
    ActivatePolicySet,
    /// Take a reason out of `restrict`.
    RemoveRestriction {
        /// The reason, as it stands there.
        reason: String,
    },
    /// Give the application a key in `app_ids`.
    AddApplicationKey {
        /// The key.
        key: String,
        /// The application.
        application_id: String,
    },
    /// Grant the resource in `grants`.
    AddGrant {
        /// The resource, by identifier.
        resource: String,
        /// Key of the application.
        application: String,
    },
    /// Give the grant of the resource to another application. It is taken from the one that has it.
    MoveGrant {
        /// The resource, by identifier.
        resource: String,
        /// Key of the application that gets it.
        application: String,
        /// Key of the application that loses it.
        instead_of: String,
    },
    /// Let a role of the grant hold a scope.
    AddRoleScope {
        /// The resource, by identifier.
        resource: String,
        /// Label of the role.
        label: String,
        /// The scope.
        scope: String,
    },
    /// Let sessions that `confinement` confines hold a scope.
    AddConfinementScope {
        /// The rule, by its prefix.
        label_prefix: String,
        /// The scope.
        scope: String,
    },
    /// Ask in a session.
    StartSession,
    /// Ask in a session with this label too.
    AddSessionLabel {
        /// The label.
        label: String,
    },
    /// Ask under a delegation of the scopes asked for.
    Delegate,
    /// Delegate a scope that the delegation has not.
    AddDelegationScope {
        /// The scope.
        scope: String,
    },
    /// Delegate a resource that the delegation does not reach.
    AddDelegationResource {
        /// The resource, by identifier.
        resource: String,
    },
    /// Let mandates of the delegation live so long.
    RaiseDelegationTtl {
        /// Seconds.
        seconds: u64,
    },
    /// Mint the mandate under a delegation.
    MintUnderDelegation,
    /// Mint the mandate for this resource too.
    AddMandateTarget {
        /// The resource, by identifier.
        resource: String,
    },
    /// Mint the mandate with this scope too.
    AddMandateScope {
        /// The scope.
        scope: String,
    },
    /// Mint another mandate: this one was used, has ended or is for something else.
    MintAgain,
    /// Ask for everything but this scope.
    DropRequestedScope {
        /// The scope.
        scope: String,
    },
    /// Make the resource.
    DeclareResource {
        /// The resource, by identifier.
        resource: String,
    },
    /// Declare a scope of the resource.
    DeclareScope {
        /// The resource, by identifier.
        resource: String,
        /// The scope.
        scope: String,
    },
    /// Declare an operation of the resource, with a scope of the mandate.
    DeclareOperation {
        /// The resource, by identifier.
        resource: String,
        /// Its method.
        method: String,
        /// Its path.
        path: String,
    },
    /// Thaw the zone.
    ThawZone,
    /// Let a person approve the request.
    Approve,
    /// Begin anew, in a session under authority that has not ended: what the request hung on has.
    BeginAgain,
    /// Raise what `budgets` lets sessions or delegations use up of an operation.
    RaiseBudget {
        /// The resource, by identifier.
        resource: String,
        /// The operation, as it was called.
        operation: String,
        /// What of it.
        limit: BudgetLimit,
    },
    /// Give the resource a credential that can be had.
    ProvideCredential {
        /// The resource, by identifier.
        resource: String,
    },
    /// Let a person connect an account at the provider of the resource, for the subject of the request or for all.
    ConnectAccount {
        /// The resource, by identifier.
        resource: String,
    },
    /// Have the resource take no operations but those that it declares.
    EnforceOperations {
        /// The resource, by identifier.
        resource: String,
    },
}

words!(
    /// Why no change of data is suggested.
    Obstacle {
        /// The policy could not be read.
        PolicyUnusable = "policy_unusable",
        /// A document of the policy has to be corrected first, and how is for its owner to say.
        PolicyMalformed = "policy_malformed",
        /// The policy that decided cannot be had any more.
        PolicyUnknown = "policy_unknown",
        /// The request asks for nothing.
        NothingAsked = "nothing_asked",
        /// More would have to be different than anybody would go through.
        TooMuch = "too_much",
        /// No data allows such a request.
        NotByData = "not_by_data",
        /// What was decided on is not recorded.
        NotRecorded = "not_recorded",
    }
);
