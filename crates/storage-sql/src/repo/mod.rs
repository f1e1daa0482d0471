//! The repositories, one file each, for the units of work that carry them.

mod accounts;
mod admin_audit;
mod admin_tokens;
mod applications;
mod approvals;
mod authority;
mod chains;
mod connections;
mod delegations;
mod key_checks;
mod keys;
mod ledger;
mod notifications;
mod outbox;
mod policies;
mod policy_sets;
mod providers;
mod receipts;
mod resources;
mod retention;
mod secrets;
mod sessions;
mod state_owners;
mod subject_issuers;
mod subjects;
mod workloads;
mod zones;

pub(crate) use self::outbox::append;
