//! The vocabulary every other crate speaks: typed ids, entities, scopes, claims, time and randomness.
//!
//! This crate performs no I/O and never asks for the time: callers pass a [`World`]. It depends on nothing of
//! ours. To add an entity, give it a file under `entity/`, a typed id in `id.rs`, and fields named as the wire
//! names them.
//!
//! With the feature `schema` the vocabulary describes itself for OpenAPI documents; nothing else changes.

pub mod audit;
pub mod call;
pub mod claims;
pub mod control_key;
pub mod entity;
pub mod environment;
pub mod id;
pub mod json;
pub mod metric;
pub mod operation;
pub mod policy;
#[cfg(feature = "schema")]
pub mod schema;
pub mod scope;
pub mod secret;
pub mod sign_in;
pub mod text;
pub mod time;
pub mod world;

pub use call::{CallBody, CallContent, HeldCall, Shown};
pub use control_key::{ControlKey, ControlTrait};
pub use id::{
    ApplicationId, ApprovalId, AuthorityRecordId, CanaryId, ConnectionId, DelegationId, GrantId, KeyId,
    NotificationDeliveryId, NotificationSinkId, PolicyId, PolicySetId, PolicySetVersionId, PolicyVersionId,
    ProviderId, ResourceId, SessionId, SubjectIssuerId, WorkloadId, ZoneId,
};
pub use json::JsonObject;
pub use operation::Operation;
pub use scope::{LIFECYCLE_SCOPE, ScopeSet};
pub use secret::Secret;
pub use sign_in::{SignInRules, SignInTrait};
pub use text::{TextProblem, TextRule};
pub use time::Timestamp;
pub use world::{Clock, ManualClock, Random, SeededRandom, SystemClock, World};
