//! Durable state as the roles see it: repository traits in domain words and a unit of work bound to one zone.
//!
//! Everything that changes state happens inside a [`ZoneWork`] or a [`GlobalWork`]: one transaction that also
//! carries its outbox rows and its administrative audit row, so there are no dual writes. Dropping a unit of
//! work rolls it back.
//!
//! This crate depends on `core` alone and knows no SQL. To add a repository: a trait in its own file, an accessor
//! on the unit of work, cases in the conformance suite; then implement it in every backend.

mod accounts;
mod admin;
mod approvals;
mod audit;
mod authority;
mod budgets;
mod canaries;
mod chains;
#[cfg(feature = "conformance")]
pub mod conformance;
mod connections;
mod delegations;
mod directory;
mod error;
mod grants;
mod idempotency;
mod keys;
mod lock;
mod notifications;
mod outbox;
mod page;
mod policies;
mod retention;
mod sessions;
mod state_owners;
mod subjects;
mod work;

pub use accounts::{Account, AccountLink, AccountPasskey, AccountSession, Accounts};
pub use caracal_ledger::chain::LogId;

pub use admin::{
    AdminAuditFilter, AdminAuditLog, AdminAuditRecord, AdminAuditRow, AdminToken, AdminTokenFilter,
    AdminTokens, TokenStanding,
};
pub use approvals::{ApprovalFilter, Approvals, Precedents, Verdict};
pub use audit::{
    AppendOutcome, AuditFilter, AuditRow, Ledger, LedgerBlock, LedgerEntry, LedgerHead, Log, LogHead,
    Posting, StoredEntry, StoredTile,
};
pub use authority::{AuthorityRecordFilter, AuthorityRecords};
pub use budgets::{Budgets, Charge};
pub use canaries::Canaries;
pub use chains::{ChainHead, ChainSet, Chains, ChainsSummary};
pub use connections::{ConnectionFilter, ProviderConnections, RenewedTokens, SealedToken};
pub use delegations::{DelegationDirection, DelegationFilter, Delegations};
pub use directory::{
    Applications, CountedApplications, Providers, Registered, Resources, SecretStore, SubjectIssuers,
    Workloads, ZoneFilter, Zones,
};
pub use error::Error;
pub use grants::{GrantFilter, Grants, StandingGrant};
pub use idempotency::{IdempotencyReceipt, IdempotencyReceipts};
pub use keys::{KeyCheck, KeyChecks, PrivateHalf, PublishedKey, SigningKeyRow, SigningKeys};
pub use lock::Lock;
pub use notifications::{
    Attempt, AttemptedDelivery, ClaimedDelivery, Notification, NotificationBacklog, NotificationQueue,
    Notifications,
};
pub use outbox::{Outbox, OutboxMessage, OutboxState};
pub use page::{InvalidCursor, MOST_COUNTED, Order, PAGE_BYTES, Page, PageKey, PageRequest, Total};
pub use policies::{
    ActivePolicySet, CountedPolicySets, EvaluatedPolicySet, Policies, PolicyFilter, PolicySets, PolicyShadow,
};
pub use retention::{
    Hold, KeptPrune, LogRetention, MAX_HOLDS, RetentionDays, RetentionSetting, Swept, held_ids,
};
pub use sessions::{EndedSession, SessionFilter, Sessions, TreeEnd};
pub use state_owners::{StateOwner, StateOwners};
pub use subjects::{BlockedSubject, Holdings, MAX_BLOCKED_SUBJECTS, SubjectFilter, SubjectSummary, Subjects};
pub use work::{Access, Connections, GlobalWork, LogWork, RevokedAnchors, Store, VersionedKind, ZoneWork};
