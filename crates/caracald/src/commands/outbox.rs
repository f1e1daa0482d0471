//! `caracald outbox`: messages to other processes that the relay put aside.

use std::{collections::BTreeSet, process::ExitCode};

use caracal_core::{Timestamp, ZoneId};
use caracal_service::config::Settings;
use caracal_storage::PageRequest;
use caracal_storage_sql::{DeadMessage, SqlOutboxQueue};
use serde::Serialize;

use super::say;
use crate::{config::Config, wire};

/// Messages read or put back at a time.
const PAGE: u32 = 500;

/// What to do.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Print the messages that were put aside, newest first, a JSON object a line.
    List,
    /// Put messages back in line, from their first try on; exit 1 when one was not put aside.
    Requeue {
        /// Their ids, as `list` tells them.
        #[arg(required_unless_present = "all", conflicts_with = "all")]
        ids: Vec<String>,
        /// All that are put aside now.
        #[arg(long)]
        all: bool,
    },
}

/// Runs one of them.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let config = Config::read(Settings::from_process(), &[])?;
    super::block_on(async move {
        let queue = wire::outbox(&config).await?;
        let ids = match command {
            Command::List => {
                each(&queue, |message| Ok(say(&line(message)?)?)).await?;
                return Ok(ExitCode::SUCCESS);
            }
            Command::Requeue { all: false, ids } => ids.into_iter().collect(),
            Command::Requeue { all: true, .. } => {
                // Those of now: one that is put aside again at once must not be put back for ever.
                let mut ids = BTreeSet::new();
                each(&queue, |message| {
                    ids.insert(message.id.clone());
                    Ok(())
                })
                .await?;
                ids
            }
        };
        requeue(&queue, &ids.into_iter().collect::<Vec<_>>()).await
    })
}

async fn each(
    queue: &SqlOutboxQueue,
    mut take: impl FnMut(&DeadMessage) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut asked = PageRequest::first(PAGE);
    loop {
        let page = queue.list_dead(&asked).await?;
        page.items.iter().try_for_each(&mut take)?;
        if page.next.is_none() {
            return Ok(());
        }
        asked.after = page.next;
    }
}

/// A message that was put aside, for programs.
#[derive(Serialize)]
struct PutAside<'a> {
    id: &'a str,
    topic: &'a str,
    zone_id: Option<&'a ZoneId>,
    attempts: i64,
    error: Option<&'a str>,
    created_at: Timestamp,
}

fn line(message: &DeadMessage) -> anyhow::Result<String> {
    let aside = PutAside {
        id: &message.id,
        topic: &message.topic,
        zone_id: message.zone_id.as_ref(),
        attempts: message.attempts,
        error: message.error.as_deref(),
        created_at: message.created_at,
    };
    Ok(serde_json::to_string(&aside)?)
}

async fn requeue(queue: &SqlOutboxQueue, ids: &[String]) -> anyhow::Result<ExitCode> {
    let mut done = 0;
    for some in ids.chunks(PAGE as usize) {
        done += queue.requeue(some).await?;
    }
    let missing = (ids.len() as u64).saturating_sub(done);
    say(&format!(
        "{done} messages are in line again; {missing} were not put aside"
    ))?;
    Ok(if missing == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
