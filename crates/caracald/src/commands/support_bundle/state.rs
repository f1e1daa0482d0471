//! What lies in the store and in the spool, counted.

use std::{collections::BTreeMap, fs, path::Path, time::SystemTime};

use caracal_core::Timestamp;
use caracal_storage::PageRequest;
use serde::Serialize;

use crate::{config::Config, wire};

/// Dead messages that are counted at most.
const MOST_DEAD: u32 = 500;
/// Files of the spool that are listed at most.
const MOST_FILES: usize = 2_000;

/// The database.
#[derive(Debug, Serialize)]
pub(super) struct StoreState {
    /// Whether it will do for this build; otherwise why not.
    usable: Result<(), String>,
    migrations: Vec<Migration>,
    /// Messages that the relay put aside, by topic, of the newest 500.
    dead_messages: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize)]
struct Migration {
    version: i64,
    name: String,
    applied_at: String,
}

/// Looks into the database.
///
/// # Errors
/// When it cannot be reached.
pub(super) async fn of_store(config: &Config) -> anyhow::Result<StoreState> {
    let (store, queue, applied) = wire::store_for_support(config).await?;
    let mut dead_messages = BTreeMap::new();
    for message in queue.list_dead(&PageRequest::first(MOST_DEAD)).await?.items {
        let count = dead_messages.entry(message.topic).or_insert(0_u64);
        *count = count.saturating_add(1);
    }
    Ok(StoreState {
        usable: store
            .ping()
            .await
            .map_err(|error| caracal_service::error_chain(&error)),
        migrations: applied
            .into_iter()
            .map(|one| Migration {
                version: one.version,
                name: one.name,
                applied_at: one.applied_at.to_string(),
            })
            .collect(),
        dead_messages,
    })
}

/// A directory: its files by name, with size and age.
#[derive(Debug, Serialize)]
pub(super) struct DirectoryState {
    problem: Option<String>,
    files: BTreeMap<String, FileState>,
    more: usize,
    bytes: u64,
}

#[derive(Debug, Serialize)]
struct FileState {
    bytes: u64,
    age_seconds: Option<u64>,
}

/// Looks into a directory, not into its files.
pub(super) fn of_directory(path: &Path, now: Timestamp) -> DirectoryState {
    let mut state = DirectoryState {
        problem: None,
        files: BTreeMap::new(),
        more: 0,
        bytes: 0,
    };
    let mut directories = vec![path.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries = match fs::read_dir(&directory) {
            Ok(entries) => entries,
            Err(error) => {
                state.problem = Some(error.to_string());
                continue;
            }
        };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() {
                directories.push(entry.path());
                continue;
            }
            state.bytes = state.bytes.saturating_add(metadata.len());
            if state.files.len() >= MOST_FILES {
                state.more = state.more.saturating_add(1);
                continue;
            }
            let name = entry.path();
            let name = name.strip_prefix(path).unwrap_or(&name).display().to_string();
            let age = metadata.modified().ok().and_then(|at| {
                let at = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
                u64::try_from(now.unix_seconds()).ok()?.checked_sub(at.as_secs())
            });
            state.files.insert(
                name,
                FileState {
                    bytes: metadata.len(),
                    age_seconds: age,
                },
            );
        }
    }
    state
}
