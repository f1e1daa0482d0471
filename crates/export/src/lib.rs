//! Scheduled export of the zones' logs to files and S3-compatible stores, and its verification; and the bucket that checkpoints are
//! published to.
//!
//! An export is made of parts: stretches of a log, each in one period, without gaps between them. Each is written once, under
//! the position of its first entry, beside a record that names the log, the stretch, the tree before it and a signed
//! checkpoint of the tree after it; so a part is verified by itself, and several of them are without trust in the store.
//!
//! A crate of its own, since what it stands on takes longer to compile than the Audit role.

mod failure;
mod form;
mod job;
mod limits;
mod metrics;
mod part;
mod published;
mod table;
mod target;
mod verify;

pub use form::PartFormat;
pub use job::Export;
pub use limits::PartLimits;
pub use metrics::{METRICS, describe as describe_metrics};
pub use part::{Part, PartName};
pub use table::{TableError, UnreadableTable, read_table, write_table};
pub use target::{ExportTarget, InvalidExportTarget, TargetError};
pub use verify::{ExportFault, ExportUnverified, Verified, verify_export};
