//! The checkout of Caracal's sources that some commands work on.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::environment::Environment;

/// The checkout: `CARACAL_REPO_ROOT`, else the one that this was typed in. `file` is what it must have; `why` begins the
/// sentence when there is none.
///
/// # Errors
/// One sentence.
pub(crate) fn find(environment: &Environment, file: &str, why: &str) -> anyhow::Result<PathBuf> {
    let has_file = |directory: &Path| directory.join(file).is_file();
    if let Some(root) = environment.get("CARACAL_REPO_ROOT") {
        let root = std::path::absolute(root).context("CARACAL_REPO_ROOT is no usable path")?;
        if !has_file(&root) {
            bail!("CARACAL_REPO_ROOT names {}, which has no {file}", root.display());
        }
        return Ok(root);
    }
    let here = std::env::current_dir().context("cannot tell where this was typed")?;
    let found = here.ancestors().find(|directory| has_file(directory));
    found
        .map(Path::to_path_buf)
        .with_context(|| format!("{why}: type it in a checkout of Caracal, or set CARACAL_REPO_ROOT"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkout_that_is_none_is_refused_by_its_name() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().display().to_string();
        let environment = Environment::from_pairs([("CARACAL_REPO_ROOT", root.as_str())]);
        let found = || find(&environment, "console/package.json", "it needs sources");
        let refused = found().unwrap_err().to_string();
        assert!(refused.contains(&root), "{refused}");
        let file = directory.path().join("console/package.json");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, "").unwrap();
        assert_eq!(found().unwrap(), directory.path());
    }
}
