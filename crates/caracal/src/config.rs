//! `caracal config`: what `caracald` would run with if this command were `up`.
//!
//! The daemon knows its settings and says where each came from, as far as it can see: that is an environment which we
//! made. So what came from the operator's file, from `--home` or from us is named here.

use std::ffi::OsStr;
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::Outcome;
use crate::containers;
use crate::daemon;
use crate::environment::Environment;
use crate::output::answer;
use crate::scrub::scrub;

/// One setting, as `caracald config --json` prints it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Setting {
    name: String,
    value: Option<String>,
    from: String,
}

pub(crate) fn run(mut environment: Environment, home: Option<&Path>, json: bool) -> anyhow::Result<Outcome> {
    let given = environment.clone();
    let instead = "ask a role, as in `docker compose --file FILE exec api caracald config`";
    let home = containers::embedded_home(&mut environment, home, "`config`", instead)?;
    let caracald = daemon::find(&environment)?;
    let said = daemon::ask(
        &caracald,
        &environment,
        &home,
        &["config", "all", "--json"].map(OsStr::new),
    )?;
    let mut settings: Vec<Setting> = serde_json::from_slice(&said)
        .with_context(|| format!("{} does not say its settings as JSON", caracald.display()))?;
    let file = environment.operator_file(home.path());
    for setting in &mut settings {
        if let Some(from) = whence(&setting.name, &given, &environment, &file)
            .filter(|_| setting.from.starts_with("environment"))
        {
            setting.from = from;
        }
        setting.value = setting.value.take().map(|value| scrub(&value));
    }
    if json {
        answer(&serde_json::to_string(&settings)?)?;
    } else {
        answer(&table(&settings))?;
    }
    Ok(Outcome::Good)
}

/// Where a variable that the daemon finds in its environment really comes from, if not from the caller's.
fn whence(name: &str, given: &Environment, filled: &Environment, file: &Path) -> Option<String> {
    if given.get(name).is_some() && name != "CARACAL_HOME" {
        None
    } else if filled.added().any(|(added, _)| added == name) {
        Some(format!("file {}", file.display()))
    } else {
        Some("caracal".to_owned())
    }
}

fn table(settings: &[Setting]) -> String {
    let value = |setting: &Setting| setting.value.clone().unwrap_or_else(|| "-".to_owned());
    let widest = |of: &dyn Fn(&Setting) -> usize| settings.iter().map(of).max().unwrap_or(0);
    let names = widest(&|setting| setting.name.len());
    // One long value must not push every origin off the screen.
    let values = widest(&|setting| value(setting).len()).min(32);
    settings
        .iter()
        .map(|setting| {
            format!(
                "{:names$}  {:values$}  {}",
                setting.name,
                value(setting),
                setting.from
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_file_added_is_told_from_what_the_caller_gave_and_what_we_chose() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("caracal.env");
        std::fs::write(&file, "LOG_LEVEL=debug\nFROM_BOTH=file\n").unwrap();
        let given = Environment::from_pairs([("FROM_BOTH", "shell")]);
        let mut filled = given.clone();
        filled.fill_from_operator_file(directory.path()).unwrap();
        let whence = |name| whence(name, &given, &filled, &file);
        assert_eq!(whence("FROM_BOTH"), None);
        assert_eq!(whence("LOG_LEVEL"), Some(format!("file {}", file.display())));
        assert_eq!(whence("CARACAL_MODE").as_deref(), Some("caracal"));
    }
}
