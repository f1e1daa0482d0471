//! `caracal doctor`: everything that can keep a stack of this home from working, looked at one by one, each with its fix.
//!
//! Nothing is changed and nothing stops at the first fault: whoever asks wants the whole list.

mod containers;
mod home;
mod host;
mod installation;
mod services;
mod workload;

use std::path::Path;

use serde::Serialize;

use crate::Outcome;
use crate::cli::Doctor;
use crate::containers::Containers;
use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::hint::Hint;
use crate::home::Home;
use crate::output::{Paint, answer};
use crate::scrub::scrub;

/// Characters of a detail or an advice; longer ones are cut.
const MAX_TEXT: usize = 400;

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// As it should be.
    Ok,
    /// It works, but somebody should look.
    Warn,
    /// It keeps the stack from working.
    Fail,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
struct Check {
    section: &'static str,
    #[serde(rename = "check")]
    name: String,
    status: Status,
    detail: String,
    /// What to do about it; nothing where all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// The checks of one section, as they are made.
struct Section {
    name: &'static str,
    checks: Vec<Check>,
}

impl Section {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            checks: Vec::new(),
        }
    }

    fn ok(&mut self, check: &str, detail: impl AsRef<str>) {
        self.add(check, Status::Ok, detail.as_ref(), None);
    }

    fn warn(&mut self, check: &str, detail: impl AsRef<str>, advice: impl AsRef<str>) {
        self.add(check, Status::Warn, detail.as_ref(), Some(advice.as_ref()));
    }

    fn fail(&mut self, check: &str, detail: impl AsRef<str>, advice: impl AsRef<str>) {
        self.add(check, Status::Fail, detail.as_ref(), Some(advice.as_ref()));
    }

    fn add(&mut self, check: &str, status: Status, detail: &str, advice: Option<&str>) {
        self.checks.push(Check {
            section: self.name,
            name: check.to_owned(),
            status,
            detail: shown(detail),
            advice: advice.map(shown),
        });
    }
}

/// One line, without secrets, of bounded length.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = scrub(&words.join(" "));
    line.chars()
        .filter(|character| !character.is_control())
        .take(MAX_TEXT)
        .collect()
}

/// What the checks look at.
struct CheckContext<'a> {
    environment: &'a Environment,
    home: &'a Home,
    hint: Hint,
    /// Of the daemon that serves this home; nothing where none does.
    endpoints: Option<Endpoints>,
    /// Whether the stack is one of containers.
    has_containers: bool,
}

pub(crate) fn run(
    mut environment: Environment,
    home: Option<&Path>,
    options: &Doctor,
    json: bool,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(&environment, home)?;
    let stack = Containers::of(&home)?;
    let operator_file = environment.fill_from_operator_file(home.path());
    let context = CheckContext {
        environment: &environment,
        hint: Hint::new(&environment, &home),
        endpoints: Endpoints::of_live_daemon(&home),
        has_containers: stack.is_some(),
        home: &home,
    };
    let mut sections = match &stack {
        None => vec![
            installation::check(&context, operator_file),
            home::check(&context),
            home::secrets(&context),
            host::check(&context),
        ],
        // Ports, limits and most secrets are then Docker's and the containers' own.
        Some(stack) => vec![
            containers::check(&context, operator_file, stack),
            home::check(&context),
        ],
    };
    if !options.preflight {
        sections.push(services::check(&context));
    }
    sections.extend(workload::check(&context, home.path()));
    let checks: Vec<Check> = sections.into_iter().flat_map(|section| section.checks).collect();
    let report = Report {
        strict: options.strict,
        preflight: options.preflight,
        checks,
    };
    if json {
        answer(&serde_json::to_string(&report.document())?)?;
    } else {
        answer(&report.text(&Paint::for_stdout(&environment)))?;
    }
    Ok(if report.is_ready() {
        Outcome::Good
    } else {
        Outcome::Bad
    })
}

/// All that was found.
struct Report {
    strict: bool,
    preflight: bool,
    checks: Vec<Check>,
}

/// A report for programs.
#[derive(Serialize)]
struct Document<'a> {
    command: &'static str,
    mode: &'static str,
    ready: bool,
    strict: bool,
    summary: Summary,
    checks: &'a [Check],
}

/// How many checks came out how.
#[derive(Serialize)]
struct Summary {
    ok: usize,
    warn: usize,
    fail: usize,
    total: usize,
}

impl Report {
    fn count(&self, status: Status) -> usize {
        self.checks.iter().filter(|check| check.status == status).count()
    }

    fn is_ready(&self) -> bool {
        self.count(Status::Fail) == 0 && !(self.strict && self.count(Status::Warn) > 0)
    }

    fn document(&self) -> Document<'_> {
        Document {
            command: "doctor",
            mode: if self.preflight { "preflight" } else { "system" },
            ready: self.is_ready(),
            strict: self.strict,
            summary: Summary {
                ok: self.count(Status::Ok),
                warn: self.count(Status::Warn),
                fail: self.count(Status::Fail),
                total: self.checks.len(),
            },
            checks: &self.checks,
        }
    }

    fn text(&self, paint: &Paint) -> String {
        let width = self.checks.iter().map(|check| check.name.chars().count()).max();
        let width = width.unwrap_or_default();
        let mut lines = Vec::new();
        let mut section = "";
        for check in &self.checks {
            if check.section != section {
                section = check.section;
                lines.extend([String::new(), section.to_owned()]);
            }
            // Padded before painting: escape codes must not count as width.
            let word = format!("{:<4}", check.status.word());
            let word = match check.status {
                Status::Warn => word,
                status => paint.verdict(status == Status::Ok, &word),
            };
            lines.push(format!("  {word}  {:<width$}  {}", check.name, check.detail));
            if let Some(advice) = &check.advice {
                lines.push(format!("        {:<width$}  -> {advice}", ""));
            }
        }
        lines.push(format!(
            "\n{} ok, {} to look at, {} to mend",
            self.count(Status::Ok),
            self.count(Status::Warn),
            self.count(Status::Fail)
        ));
        lines.join("\n").trim_start().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(strict: bool, statuses: &[Status]) -> Report {
        let mut section = Section::new("host");
        for status in statuses {
            section.add(status.word(), *status, "as found", None);
        }
        Report {
            strict,
            preflight: false,
            checks: section.checks,
        }
    }

    #[test]
    fn a_warning_counts_only_where_strictness_is_asked_for() {
        assert!(report(false, &[Status::Ok, Status::Warn]).is_ready());
        assert!(!report(true, &[Status::Ok, Status::Warn]).is_ready());
        assert!(report(true, &[Status::Ok]).is_ready());
        assert!(!report(false, &[Status::Fail]).is_ready());
    }

    #[test]
    fn a_report_is_aligned_and_says_what_to_do() {
        let mut section = Section::new("host");
        section.ok("clock", "2026");
        section.fail("port of sts", "held by nginx", "stop nginx");
        let report = Report {
            strict: false,
            preflight: true,
            checks: section.checks,
        };
        let paint = Paint::for_stdout(&Environment::from_pairs([("NO_COLOR", "1")]));
        let expected = "host\n  ok    clock        2026\n  fail  port of sts  held by nginx\n\
                        \x20                    -> stop nginx\n\n1 ok, 0 to look at, 1 to mend";
        assert_eq!(report.text(&paint), expected);
        let document = serde_json::to_value(report.document()).unwrap();
        assert_eq!(
            (&document["mode"], &document["ready"]),
            (&"preflight".into(), &false.into())
        );
        assert_eq!(document["checks"][1]["advice"], "stop nginx");
        assert_eq!(document["summary"]["total"], 2);
    }

    #[test]
    fn what_is_shown_is_one_line_without_tokens() {
        assert_eq!(shown("a\n  b\x1b[2J"), "a b[2J");
        assert!(!shown("Bearer abcdef0123456789").contains("abcdef"));
        assert_eq!(shown(&"x".repeat(1000)).len(), MAX_TEXT);
    }
}
