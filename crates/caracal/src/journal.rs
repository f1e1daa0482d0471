//! `<home>/upgrade.log`: a line of JSON for each step of each upgrade.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use serde::Serialize;

use crate::clock;
use crate::home::Home;

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Step {
    /// The new program runs and is ready.
    Success,
    /// Program or state could not be kept; nothing was changed.
    StageFailed,
    /// The new program did not get ready.
    ReadinessFailed,
    /// The former program runs on the state as it was left.
    WentBack,
    /// The former program runs on the backup.
    WentBackToBackup,
}

#[derive(Serialize)]
struct Line<'a> {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    to: &'a str,
    outcome: Step,
}

/// The journal of one upgrade.
pub(crate) struct Journal {
    path: PathBuf,
    from: Option<String>,
    to: String,
}

impl Journal {
    pub(crate) fn of(home: &Home, from: Option<&str>, to: &str) -> Self {
        Self {
            path: home.path().join("upgrade.log"),
            from: from.map(str::to_owned),
            to: to.to_owned(),
        }
    }

    /// Adds a line. A journal that cannot be written must not stop the way back.
    pub(crate) fn note(&self, outcome: Step) {
        let line = Line {
            at: clock::rfc3339(clock::now()),
            from: self.from.as_deref(),
            to: &self.to,
            outcome,
        };
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.path);
        if let (Ok(mut file), Ok(line)) = (file, serde_json::to_string(&line)) {
            let _ = writeln!(file, "{line}");
        }
    }
}
