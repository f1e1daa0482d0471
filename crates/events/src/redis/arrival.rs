//! Evidence, followed until every group has acknowledged it.
//!
//! Redis keeps entries in memory and, depending on its configuration, on a disk that may be a second behind. An entry
//! it has taken is therefore not yet safe; one that the ledger has acknowledged is.

use redis::{Pipeline, RedisResult, Value};

use crate::{AppendReceipt, Arrival, BusError, Fields, Topic};

use super::{
    Shared,
    connection::unavailable,
    memory::{self, Memory},
    push_entry,
    wire::{self, EntryId},
};

const STREAM: Topic = Topic::AuditEvents;

/// Appends evidence and says where it went.
pub(super) async fn append(
    shared: &Shared,
    mut entries: Vec<Fields>,
) -> Result<Option<AppendReceipt>, BusError> {
    shared.signer.seal(STREAM, &mut entries)?;
    if entries.is_empty() {
        return Ok(None);
    }
    shared.admit_evidence().await?;
    let memory = memory_of(shared).await?;
    let mut pipeline = Pipeline::with_capacity(entries.len() + 2);
    // Asked first: entries added to a memory that was gone by then are known not to be in the old one.
    Memory::ask(&mut pipeline);
    for fields in &entries {
        push_entry(&mut pipeline, STREAM.as_str(), None, fields);
    }
    pipeline.cmd("XLEN").arg(STREAM.as_str());
    let mut connection = shared.commands.clone();
    let answers: Vec<Value> = pipeline.query_async(&mut connection).await.map_err(unavailable)?;
    let [marker, .., last, length] = answers.as_slice() else {
        return Err(BusError::Unavailable(String::from(
            "an answer without the expected shape",
        )));
    };
    shared.note_evidence_len(length);
    let last = wire::text(last).filter(|_| memory.is(marker));
    let Some(last) = last else {
        *shared.memory.lock() = None;
        return Err(BusError::Unavailable(String::from(
            "the server has lost its memory",
        )));
    };
    Ok(Some(AppendReceipt {
        memory: memory.marker().to_owned(),
        last,
    }))
}

/// How many of `receipts`, from the first on, every declared group has acknowledged.
pub(super) async fn of(shared: &Shared, receipts: &[AppendReceipt]) -> Result<Arrival, BusError> {
    let groups: Vec<&str> = shared
        .options
        .groups
        .iter()
        .filter(|(topic, _)| *topic == STREAM)
        .map(|(_, group)| group.as_str())
        .collect();
    let mut pipeline = Pipeline::new();
    Memory::ask(&mut pipeline);
    Memory::ask_who(&mut pipeline);
    pipeline.cmd("XINFO").arg("GROUPS").arg(STREAM.as_str());
    for group in &groups {
        pipeline.cmd("XPENDING").arg(STREAM.as_str()).arg(group);
    }
    // There is no stream before its first entry.
    pipeline.ignore_errors();
    let mut connection = shared.commands.clone();
    let answers: Vec<RedisResult<Value>> =
        pipeline.query_async(&mut connection).await.map_err(unavailable)?;
    let [Ok(marker), Ok(info), known, pending @ ..] = answers.as_slice() else {
        return Err(BusError::Unavailable(String::from("the server does not answer")));
    };
    let (marker, info) = (
        wire::text(marker).unwrap_or_default(),
        wire::text(info).unwrap_or_default(),
    );
    let Some(identity) = memory::identity(&info) else {
        return Err(BusError::Unavailable(memory::REPLICA.into()));
    };
    // A restarted server still has the old marker until somebody looks, and may have lost its last moments.
    let same = Memory::is_of(&marker, &identity);
    if !same || receipts.iter().any(|receipt| receipt.memory != marker) {
        *shared.memory.lock() = None;
        return Ok(Arrival::Lost);
    }
    let arrived = groups
        .iter()
        .zip(pending)
        .map(|(group, pending)| acknowledged_to(group, known, pending))
        .min();
    let Some(arrived) = arrived else {
        return Ok(Arrival::Of(receipts.len()));
    };
    let count = receipts
        .iter()
        .take_while(|receipt| EntryId::parse(&receipt.last).is_some_and(|last| last <= arrived))
        .count();
    Ok(Arrival::Of(count))
}

/// The last entry up to which a group has acknowledged everything.
fn acknowledged_to(group: &str, known: &RedisResult<Value>, pending: &RedisResult<Value>) -> EntryId {
    let nothing = EntryId::default();
    let (Ok(Value::Array(known)), Ok(Value::Array(pending))) = (known, pending) else {
        return nothing;
    };
    let found = known
        .iter()
        .find(|info| wire::member(info, "name").and_then(wire::text).as_deref() == Some(group));
    let Some(delivered) = found.and_then(|info| wire::position(info, "last-delivered-id")) else {
        return nothing;
    };
    // `XPENDING`: how many, the lowest, the highest, by consumer.
    match pending.as_slice() {
        [Value::Int(0), ..] => delivered,
        [Value::Int(_), lowest, ..] => wire::text(lowest)
            .and_then(|id| EntryId::parse(&id))
            .map_or(nothing, EntryId::before),
        _ => nothing,
    }
}

/// The memory that evidence goes to.
async fn memory_of(shared: &Shared) -> Result<Memory, BusError> {
    let known = shared.memory.lock().clone();
    if let Some(known) = known {
        return Ok(known);
    }
    let mut connection = shared.commands.clone();
    let memory = Memory::establish(&mut connection, &shared.world)
        .await
        .map_err(unavailable)?;
    *shared.memory.lock() = Some(memory.clone());
    Ok(memory)
}
