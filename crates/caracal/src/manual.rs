//! `caracal man`.

use std::path::Path;

use anyhow::Context as _;

use crate::Outcome;
use crate::cli;
use crate::output::{note, raw};

/// Prints the page of the whole command, or writes one page for each command to `directory`.
pub(crate) fn run(directory: Option<&Path>) -> anyhow::Result<Outcome> {
    let command = cli::definition();
    let Some(directory) = directory else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command).render(&mut page)?;
        raw(&page)?;
        return Ok(Outcome::Good);
    };
    let shown = directory.display();
    std::fs::create_dir_all(directory).with_context(|| format!("cannot create the directory {shown}"))?;
    clap_mangen::generate_to(command, directory).with_context(|| format!("cannot write pages to {shown}"))?;
    note(&format!("manual pages are in {shown}"));
    Ok(Outcome::Good)
}
