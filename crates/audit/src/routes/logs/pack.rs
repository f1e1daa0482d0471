//! `GET /api/audit/logs/{zone}/pack`: an evidence pack, as far as one answer may hold it.

use caracal_ledger::pack::PackQuery;
use caracal_service::{
    Refusal,
    front::{Archive, Path, QueryOnce, RouteError},
};
use caracal_wire::{ErrorCode, proof::PackOf};

use super::{OfZone, ProofError, checkpoints};
use crate::{
    pack::{NotPacked, PackLimits, pack},
    routes::Call,
};

/// Why there is no pack.
#[derive(Debug, thiserror::Error)]
pub(in crate::routes) enum PackError {
    #[error("nothing is asked for")]
    NotAsked,
    #[error("there is nothing to prove it with")]
    Proof(#[from] ProofError),
    #[error("it cannot be packed")]
    NotPacked(#[from] NotPacked),
}

impl RouteError for PackError {
    const REFUSES: &'static [ErrorCode] = &[
        ErrorCode::LogUnknown,
        ErrorCode::EntryNotFound,
        ErrorCode::InvalidQuery,
        ErrorCode::PackTooLarge,
        ErrorCode::EvidenceContradicts,
        ErrorCode::StorageUnavailable,
        ErrorCode::InternalError,
    ];

    fn refusal(self) -> Refusal {
        match self {
            Self::NotAsked => Refusal::invalid_field(
                ErrorCode::InvalidQuery,
                "session_id",
                "is needed, or authority_record_id, since or until",
            ),
            Self::Proof(error) => error.refusal(),
            Self::NotPacked(NotPacked::NoLog) => ProofError::Empty.refusal(),
            Self::NotPacked(NotPacked::Nothing) => ProofError::NoEntry.refusal(),
            Self::NotPacked(NotPacked::TooLarge(PackLimits { entries, bytes })) => {
                Refusal::of(ErrorCode::PackTooLarge).describe(format!(
                    "a pack that is answered holds up to {entries} events and {bytes} bytes of them: narrow it with since and until, or use `caracald audit pack`"
                ))
            }
            Self::NotPacked(NotPacked::NotSigned(error)) => ProofError::NotPublished(error.0).refusal(),
            Self::NotPacked(NotPacked::Ledger(error)) => error.into(),
            Self::NotPacked(error @ NotPacked::Write(_)) => {
                tracing::error!(error = caracal_service::error_chain(&error), "a pack was not written");
                Refusal::of(ErrorCode::InternalError)
            }
        }
    }
}

pub(in crate::routes) async fn get(
    call: Call,
    Path(of): Path<OfZone>,
    QueryOnce(query): QueryOnce<PackOf>,
) -> Result<Archive, PackError> {
    let asked = PackQuery {
        session_id: query.session_id,
        subject_id: None,
        authority_record_ids: query.authority_record_id.into_iter().collect(),
        since: query.since,
        until: query.until,
    };
    if asked == PackQuery::default() {
        return Err(PackError::NotAsked);
    }
    let checkpoints = checkpoints(&call.role)?;
    let mut content = Vec::new();
    let manifest = pack(checkpoints, &of.zone_id, asked, PackLimits::ANSWER, &mut content).await?;
    Ok(Archive {
        name: format!("evidence-{}.tar", manifest.pack),
        content,
    })
}
