//! Everything that is wrong with a document, told at once.

use caracal_core::text::excerpt;
use caracal_service::Refusal;
use caracal_wire::{
    ErrorCode, Issue, Issues,
    control::{
        policies::{PolicyIssue, PolicyIssues},
        zone_state::{StateIssue, StateIssues},
    },
};
use serde::Deserialize;

/// Most problems that an answer names.
const MOST: usize = 200;

/// What is wrong, with its place in the document.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<StateIssue>);

/// Where an object stands in the document.
#[derive(Debug, Clone, Copy)]
pub(super) struct At {
    pub(super) section: &'static str,
    pub(super) index: usize,
}

impl At {
    fn path(self, field: &str) -> Vec<String> {
        let own = [self.section.to_owned(), self.index.to_string()];
        let field = field.split('.').filter(|part| !part.is_empty());
        own.into_iter()
            .chain(field.map(|part| excerpt(part).into_owned()))
            .collect()
    }
}

/// What the details of a refusal tell, of a policy's source or of fields.
fn issues_of(refusal: &Refusal) -> Vec<StateIssue> {
    let of_source = |issue: PolicyIssue| StateIssue {
        path: issue.path,
        code: issue.code.into(),
        message: issue.message,
        line: issue.line,
        column: issue.column,
    };
    let details = refusal.details();
    if let Some(Ok(told)) = details.map(PolicyIssues::deserialize) {
        return told.issues.into_iter().map(of_source).collect();
    }
    let told = details.and_then(|details| Issues::deserialize(details).ok());
    let fields = told.into_iter().flat_map(|told| told.issues);
    fields
        .map(|Issue { path, message }| StateIssue::new(path, refusal.code, message))
        .collect()
}

impl Problems {
    /// `field` of the object breaks a rule.
    pub(super) fn add(&mut self, at: At, field: &str, message: impl Into<String>) {
        self.push(at.path(field), ErrorCode::InvalidZoneState, message);
    }

    /// The object cannot be read.
    pub(super) fn unreadable(&mut self, at: At, issue: Issue) {
        self.add(at, &issue.path.join("."), issue.message);
    }

    /// What `checked` holds, or the problem that it is refused for, told of the object.
    pub(super) fn hold<T>(&mut self, at: At, checked: Result<T, Refusal>) -> Result<Option<T>, Refusal> {
        match checked {
            Ok(held) => Ok(Some(held)),
            Err(refusal) => self.refused(at, "", refusal).map(|()| None),
        }
    }

    /// Takes down why an object is refused by the rules of its own route; `within` is where the wrong document stands in
    /// the object.
    ///
    /// # Errors
    /// A refusal for anything but what the document says.
    pub(super) fn refused(&mut self, at: At, within: &str, refusal: Refusal) -> Result<(), Refusal> {
        if !refusal.status.is_client_error() || refusal.status.as_u16() == 429 {
            return Err(refusal);
        }
        let mut issues = issues_of(&refusal);
        if issues.is_empty() {
            let message = refusal.description.unwrap_or_default();
            self.push(at.path(within), refusal.code, message);
        }
        for issue in &mut issues {
            let inner = std::mem::replace(&mut issue.path, at.path(within));
            // Inside a source there are lines instead of members.
            if within.is_empty() {
                issue.path.extend(inner);
            }
        }
        self.0.append(&mut issues);
        Ok(())
    }

    /// As [`Problems::refused`], of a member of the document that is no list.
    pub(super) fn of_document(&mut self, member: &str, refusal: Refusal) -> Result<(), Refusal> {
        if !refusal.status.is_client_error() {
            return Err(refusal);
        }
        let message = refusal.description.unwrap_or_default();
        self.push(vec![member.to_owned()], refusal.code, message);
        Ok(())
    }

    /// Something is wrong with what a document does to objects that it does not name.
    pub(super) fn of_section(&mut self, section: &'static str, message: impl Into<String>) {
        self.push(vec![section.to_owned()], ErrorCode::InvalidZoneState, message);
    }

    fn push(&mut self, path: Vec<String>, code: ErrorCode, message: impl Into<String>) {
        self.0.push(StateIssue::new(path, code, message));
    }

    /// # Errors
    /// 400 with all of them.
    pub(super) fn none(mut self) -> Result<(), Refusal> {
        let Some(first) = self.0.first() else {
            return Ok(());
        };
        let description = format!("{}: {}", first.path.join("."), first.message);
        let omitted = self.0.len().saturating_sub(MOST);
        self.0.truncate(MOST);
        let issues = StateIssues {
            issues: self.0,
            omitted,
        };
        Err(Refusal::of(ErrorCode::InvalidZoneState)
            .describe(description)
            .with_details(&issues))
    }
}
