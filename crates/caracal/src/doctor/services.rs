//! The running stack: every role and store.

use super::{CheckContext, Section};
use crate::probe;
use crate::stores;

/// What to do about a reason that a role gives for not being ready; the first part of the code that fits.
const FIXES: [(&str, &str); 8] = [
    (
        "schema_mismatch",
        "the database is older or newer than this build: start with the build that fits it",
    ),
    (
        "storage_unreachable",
        "look at the disk below the state directory and at the log",
    ),
    ("postgres_unreachable", "look at PostgreSQL and at DATABASE_URL"),
    ("redis_unreachable", "look at Redis and at REDIS_URL"),
    (
        "audit_replay_unavailable",
        "evidence cannot be kept: make room on the disk of the spool",
    ),
    (
        "revocation_stale",
        "the store answers too slowly for revocations to be known; look at its load",
    ),
    ("consumer_unhealthy", "look at Redis and at the log of this role"),
    ("draining", "it is stopping"),
];

pub(super) fn check(context: &CheckContext<'_>) -> Section {
    let mut section = Section::new("services");
    let Some(endpoints) = &context.endpoints else {
        section.warn(
            "stack",
            "nothing runs from this state",
            format!("{} starts it", context.hint.command("up")),
        );
        return section;
    };
    let answers = probe::ask_all(&endpoints.served(), "/ready");
    for answer in &answers {
        if answer.ok {
            section.ok(&answer.name, "ready");
        } else {
            let fix = FIXES.iter().find(|(reason, _)| answer.detail.contains(reason));
            let logs = context.hint.command(&format!("logs {}", answer.name));
            let advice = fix.map_or_else(|| format!("see {logs}"), |(_, fix)| format!("{fix}; see {logs}"));
            section.fail(&answer.name, answer.detail.clone(), advice);
        }
    }
    // Those of containers are services of their own; a role that lacks one says so.
    let stores = if context.has_containers {
        Vec::new()
    } else {
        stores::judge(context.home, &answers)
    };
    for store in stores {
        if store.ok {
            section.ok(store.name, store.detail);
        } else {
            section.fail(
                store.name,
                store.detail,
                format!("see {}", context.hint.command("logs")),
            );
        }
    }
    section
}
