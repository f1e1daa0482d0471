//! The process environment, read once and then passed on as a value.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Variables by name. Values that are not UTF-8 are left to the child process and invisible here.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment {
    variables: BTreeMap<String, String>,
    /// Names that came from a file: the child needs them handed over.
    added: Vec<String>,
}

impl Environment {
    /// What this process was started with.
    pub(crate) fn from_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            variables,
            added: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(crate) fn from_pairs<const N: usize>(pairs: [(&str, &str); N]) -> Self {
        let variables = pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        Self {
            variables,
            added: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// The value of `name`; set but empty counts as unset.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The same environment without `name`.
    pub(crate) fn without(&self, name: &str) -> Self {
        let mut rest = self.clone();
        rest.variables.remove(name);
        rest
    }

    /// Pairs that the child would not inherit by itself.
    pub(crate) fn added(&self) -> impl Iterator<Item = (&str, &str)> {
        self.added
            .iter()
            .filter_map(|name| Some((name.as_str(), self.variables.get(name)?.as_str())))
    }

    /// The operator's file, whether or not it is there.
    pub(crate) fn operator_file(&self, home: &Path) -> PathBuf {
        self.get("CARACAL_ENV_FILE")
            .map_or_else(|| home.join("caracal.env"), PathBuf::from)
    }

    /// Adds the settings of the operator's file where the environment has none; the environment wins.
    ///
    /// The file is `CARACAL_ENV_FILE`, which must then exist, or `caracal.env` in the state directory,
    /// which may be absent. A line that makes no sense is an error: a setting that silently does not
    /// apply is worse than a start that fails.
    pub(crate) fn fill_from_operator_file(&mut self, home: &Path) -> anyhow::Result<()> {
        let is_explicit = self.get("CARACAL_ENV_FILE").is_some();
        let path = self.operator_file(home);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            // A state directory that is no directory is refused where the directory is prepared.
            Err(error)
                if !is_explicit && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(());
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read the settings in {}", path.display()));
            }
        };
        for (number, line) in (1..).zip(text.lines()) {
            let Some((name, value)) =
                parse_line(line).with_context(|| format!("line {number} of {}", path.display()))?
            else {
                continue;
            };
            if self.get(name).is_none() {
                self.variables.insert(name.to_owned(), value.to_owned());
                self.added.push(name.to_owned());
            }
        }
        Ok(())
    }
}

/// One `NAME=value` line; `None` for blank lines and comments.
///
/// Quotes around the whole value are removed. The value never appears in an error: it may be a secret.
fn parse_line(line: &str) -> anyhow::Result<Option<(&str, &str)>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let Some((name, value)) = line.strip_prefix("export ").unwrap_or(line).split_once('=') else {
        bail!("expected NAME=value");
    };
    let name = name.trim();
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts_well || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        bail!("the name before `=` is not a variable name");
    }
    let value = value.trim();
    if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let Some((inside, rest)) = value[1..].split_once(quote) else {
            bail!("the value of {name} has an unclosed quote");
        };
        if !(rest.trim().is_empty() || rest.trim_start().starts_with('#')) {
            bail!("there is text after the quoted value of {name}");
        }
        return Ok(Some((name, inside)));
    }
    let bare = value.split_once(" #").map_or(value, |(bare, _)| bare.trim_end());
    Ok(Some((name, bare)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_parse_with_quotes_comments_and_export() {
        for (line, expected) in [
            ("", None),
            ("  # note", None),
            ("A=1", Some(("A", "1"))),
            ("export A = x y  # note", Some(("A", "x y"))),
            ("A='x # y' # note", Some(("A", "x # y"))),
            ("A=\"\"", Some(("A", ""))),
            ("A=b=c", Some(("A", "b=c"))),
        ] {
            assert_eq!(parse_line(line).unwrap(), expected, "{line:?}");
        }
    }

    #[test]
    fn a_broken_line_is_refused_without_showing_the_value() {
        for line in [
            "secret-value",
            "1A=secret-value",
            "A-B=secret-value",
            "A='secret-value",
            "A=\"x\" secret-value",
        ] {
            let error = format!("{:#}", parse_line(line).unwrap_err());
            assert!(!error.contains("secret-value"), "{error}");
        }
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("caracal.env"), "A=file\nB=file\n").unwrap();
        let mut environment = Environment::from_pairs([("A", "shell")]);
        environment.fill_from_operator_file(home.path()).unwrap();
        assert_eq!(environment.get("A"), Some("shell"));
        assert_eq!(environment.added().collect::<Vec<_>>(), [("B", "file")]);
    }

    #[test]
    fn an_explicit_file_that_is_missing_is_an_error() {
        let mut environment = Environment::from_pairs([("CARACAL_ENV_FILE", "/does/not/exist.env")]);
        assert!(environment.fill_from_operator_file(Path::new("/")).is_err());
    }
}
