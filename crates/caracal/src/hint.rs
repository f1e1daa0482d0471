//! Commands that a person can type as they are printed.

use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::home::Home;

/// How this program is called here, with the state directory it works on.
#[derive(Debug, Clone)]
pub(crate) struct Hint {
    prefix: String,
}

impl Hint {
    /// `caracal` where the shell would find this very program by that name, else its path; `--home`
    /// where a command without it would look elsewhere.
    pub(crate) fn new(environment: &Environment, home: &Home) -> Self {
        let own = std::env::current_exe().ok();
        let mut prefix = program(environment, own.as_deref());
        if !home.is_default(environment) {
            prefix.push_str(" --home ");
            prefix.push_str(&quoted(&home.path().display().to_string()));
        }
        Self { prefix }
    }

    /// The command line for `arguments`, in backquotes.
    pub(crate) fn command(&self, arguments: &str) -> String {
        format!("`{} {arguments}`", self.prefix)
    }
}

fn program(environment: &Environment, own: Option<&Path>) -> String {
    let Some(own) = own else {
        return "caracal".to_owned();
    };
    let first_on_path = environment
        .get("PATH")
        .unwrap_or_default()
        .split(':')
        .map(|directory| Path::new(directory).join("caracal"))
        .find(|candidate| candidate.is_file());
    if first_on_path.is_some_and(|found| real(&found) == real(own)) {
        "caracal".to_owned()
    } else {
        quoted(&own.display().to_string())
    }
}

fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

/// `text` as one word of a POSIX shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_alone_is_printed_only_where_a_shell_finds_this_program_by_it() {
        let here = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let own = here.path().join("caracal");
        std::fs::write(&own, "").unwrap();
        let on_path = |directories: &str| Environment::from_pairs([("PATH", directories)]);
        let (here, there) = (here.path().display(), elsewhere.path());

        assert_eq!(program(&on_path(&here.to_string()), Some(&own)), "caracal");
        assert_eq!(program(&on_path(""), Some(&own)), own.display().to_string());
        std::fs::write(there.join("caracal"), "another one").unwrap();
        let other_first = on_path(&format!("{}:{here}", there.display()));
        assert_eq!(program(&other_first, Some(&own)), own.display().to_string());
    }

    #[test]
    fn a_word_of_a_shell_stays_one_word() {
        for (text, word) in [
            ("/srv/caracal", "/srv/caracal"),
            ("/my state", "'/my state'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), word);
        }
    }
}
