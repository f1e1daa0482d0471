//! `caracald secrets`: the files of secrets, which key-encryption key is still needed, and moving what needs the
//! previous one.

mod files;
mod rotate;
mod value_file;

pub(crate) use self::files::problems;

use std::{path::PathBuf, process::ExitCode};

use caracal_service::{
    config::Settings,
    key_check,
    key_rotation::{Digests, Sealed, usage},
};

use super::say;
use crate::{
    config::Config,
    wire::{self, Administration},
};

/// What to do.
#[derive(Debug, Clone, clap::Subcommand)]
pub(crate) enum Command {
    /// Make the files of secrets that a deployment mounts: those that are missing; what is there is kept.
    Init(files::Init),
    /// Say what is wrong with the files of secrets; exit 1 when something is.
    Check {
        /// Where they are.
        directory: PathBuf,
    },
    /// Change secrets while calls go on, in three steps; exit 3 while it waits for processes to be started again.
    Rotate(rotate::Rotate),
    /// Say how many values are sealed or digested under which key; exit 1 while one other than the current is needed.
    Status,
    /// Move everything that can be moved to the current key, then say as `status` does what is left.
    Reseal,
    /// Give up what is sealed under a key that is lost, so that the daemon starts without it.
    Forget {
        /// Id of the key, as `status` and the refused start name it.
        key: String,
    },
}

/// What is done with the values in the store.
enum Stored {
    Status,
    Reseal,
    Forget(String),
}

/// Runs one of them.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    let command = match command {
        Command::Init(asked) => return files::init(&asked),
        Command::Rotate(asked) => return rotate::run(&asked),
        Command::Check { directory } => return files::check(&directory),
        Command::Status => Stored::Status,
        Command::Reseal => Stored::Reseal,
        Command::Forget { key } => Stored::Forget(key),
    };
    let config = Config::read(Settings::from_process(), &[])?;
    super::block_on(async move {
        let with = Box::pin(wire::administration(config)).await?;
        match command {
            Stored::Status => {
                key_check::known(with.store.as_ref(), &with.keys).await?;
            }
            Stored::Reseal => {
                // A wrong key must not move anything, and a new one is recorded before it seals.
                key_check::recorded(with.store.as_ref(), &with.keys, &with.world).await?;
                reseal(&with).await?;
            }
            Stored::Forget(key) => return forget(&with, &key).await,
        }
        status(&with).await
    })
}

async fn reseal(with: &Administration) -> anyhow::Result<()> {
    let sealed = Sealed {
        store: with.store.clone(),
        keys: with.keys.clone(),
        world: with.world.clone(),
    };
    let digests = Digests {
        store: with.store.clone(),
        keys: with.keys.clone(),
        hasher: with.hasher.clone(),
        world: with.world.clone(),
        token_key: caracal_api::token_key_name(&with.token_keys.current),
    };
    digests.secrets().await?;
    sealed.round().await?;
    Ok(())
}

async fn status(with: &Administration) -> anyhow::Result<ExitCode> {
    let (current, previous) = (with.keys.current_id(), with.keys.previous_id());
    let token_keys = [
        (Some(&with.token_keys.current), Some(&current)),
        (with.token_keys.previous.as_ref(), previous.as_ref()),
    ]
    .map(|(key, id)| Some((caracal_api::token_key_name(key?), id?.clone())));
    let token_key = |name: &str| {
        let known = token_keys.iter().flatten().find(|(known, _)| known == name);
        known.map(|(_, id)| id.clone())
    };
    let now = with.world.now();
    let usage = usage(with.store.as_ref(), &with.keys, &with.hasher, token_key, now).await?;
    let mut lines = vec![format!("current key {current}")];
    lines.extend(previous.iter().map(|previous| format!("previous key {previous}")));
    for ((kind, key), values) in &usage.0 {
        let role = if *key == current {
            "current"
        } else if Some(key) == previous.as_ref() {
            "previous"
        } else {
            "neither"
        };
        lines.push(format!("{}: {values} under key {key} ({role})", kind.as_str()));
    }
    let left = usage.not_under(&current);
    lines.push(if left == 0 {
        String::from("only the current key is needed")
    } else {
        format!("{left} values need another key than the current one")
    });
    say(&lines.join("\n"))?;
    Ok(if left == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn forget(with: &Administration, key: &str) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(
        key != with.keys.current_id(),
        "{key} is the current key; it cannot be forgotten"
    );
    let found = key_check::retire(with.store.as_ref(), key, &with.world).await?;
    anyhow::ensure!(found, "this store was never sealed under a key {key}");
    say(&format!(
        "key {key} is not asked for any more; what is sealed under it is lost unless it comes back"
    ))?;
    Ok(ExitCode::SUCCESS)
}
