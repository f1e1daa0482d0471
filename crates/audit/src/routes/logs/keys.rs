//! `GET /api/audit/keys`: the public keys of the logs.

use caracal_ledger::note::NoteKey;
use caracal_service::front::Answer;
use caracal_wire::proof::LogKeyList;

use super::{ProofError, checkpoints};
use crate::routes::Call;

pub(in crate::routes) async fn get(call: Call) -> Result<Answer<LogKeyList>, ProofError> {
    let keys = &checkpoints(&call.role)?.keys;
    Ok(Answer(LogKeyList {
        origin: keys.host().to_owned(),
        keys: keys.public().map(NoteKey::encode).collect(),
    }))
}
