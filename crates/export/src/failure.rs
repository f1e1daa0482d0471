//! What keeps a zone from being exported.

use caracal_audit::LogUnsigned;
use caracal_storage::Error;

use crate::{TableError, TargetError};

/// Why a zone is not exported further now.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotExported {
    #[error("the ledger cannot be read")]
    Storage(#[from] Error),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error("the log cannot be signed")]
    Unsigned(#[from] LogUnsigned),
    #[error("the entries are not those that the log is signed for: nothing of it is exported")]
    Contradicts,
    #[error("the record of an exported part cannot be read")]
    Record,
    #[error("the entries cannot be written")]
    Write(#[from] TableError),
    #[error("it took too long")]
    Slow,
}

impl NotExported {
    pub(crate) const fn label(&self) -> &'static str {
        match self {
            Self::Storage(_) => "storage",
            Self::Target(_) | Self::Record | Self::Write(_) | Self::Slow => "target",
            Self::Unsigned(_) => "unsigned",
            Self::Contradicts => "contradicts",
        }
    }
}
