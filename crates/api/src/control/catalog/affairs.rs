//! Commands for what goes on in a zone: who holds authority, what happened, and documents of what is to be.

use super::{
    Command, CommandAction, Flag,
    FlagTarget::{Body, Own, Path, Query},
    Form::{Json, List, Switch, Text},
    words::{KEYED, ONE, PAGED, cursor, flag, key, limit, required, subcommands, unscoped},
};

const fn dry_run() -> Flag {
    flag("dry-run", Switch, Own, "Only tell what would change.")
}

const DOCUMENT: &[Flag] = &[
    required("document", Json, Own, "`{objects: [{kind, spec}], prune?}`."),
    flag(
        "prune",
        Switch,
        Own,
        "Archive what the document does not name, of the kinds that it names; overrides the document's own.",
    ),
    dry_run(),
    key(),
];
const SPEC: &[Flag] = &[
    required("spec", Json, Own, "The object as it is to be."),
    dry_run(),
    key(),
];

/// Sessions, delegations, records, approvals, evidence, documents.
pub(super) static AFFAIRS: &[Command] = &[
    Command {
        name: "authority-record",
        summary: "Who proved to be there.",
        subcommands: subcommands! {
            "list" "control:authority-record:read" "authority_records.list" [
                &[
                    flag("subject", Text, Query("subject_id"), "Only those of this subject."),
                    flag("status", Text, Query("status"), "Only those in this state."),
                    limit(),
                    cursor(),
                ],
            ];
        },
    },
    Command {
        name: "grant",
        summary: "What people agreed to let applications do.",
        subcommands: subcommands! {
            "list" "control:grant:read" "grants.list" [
                &[
                    flag("application-id", Text, Query("application_id"), "Only those of this application."),
                    flag("user-id", Text, Query("user_id"), "Only those of this person."),
                    flag("resource-id", Text, Query("resource_id"), "Only those at this resource."),
                ],
                PAGED,
            ];
            "get" "control:grant:read" "grants.get" [ONE];
            "access" "control:grant:read" "grants.access" [ONE];
            "create" "control:grant:write" "grants.create" [
                &[
                    required("application-id", Text, Body("application_id"), "Who may act."),
                    required("user-id", Text, Body("user_id"), "For whom."),
                    required("resource-id", Text, Body("resource_id"), "Where."),
                    required("scopes", List, Body("scopes"), "What."),
                    key(),
                ],
            ];
            "revoke" "control:grant:delete" "grants.revoke" [ONE, KEYED];
        },
    },
    Command {
        name: "approval",
        summary: "Requests that wait for a person.",
        subcommands: subcommands! {
            "list" "control:approval:read" "approvals.list" [
                &[flag("state", Text, Query("state"), "Only those in this state."), limit(), cursor()],
            ];
        },
    },
    Command {
        name: "audit",
        summary: "The ledger, and what administrators did.",
        subcommands: subcommands! {
            "tail" "control:audit:read" "audit.list" [
                &[
                    flag("since", Text, Query("since"), "Not before."),
                    flag("until", Text, Query("until"), "Before."),
                    flag("decision", Text, Query("decision"), "allow, deny or partial."),
                    flag("event-type", Text, Query("event_type"), "Types of events, with commas between them."),
                    flag("request-id", Text, Query("request_id"), "Only those of this request."),
                    limit(),
                    cursor(),
                ],
            ];
            "admin" "control:audit:read" "admin_audit.list" [PAGED];
        },
    },
    Command {
        name: "explain",
        summary: "Why a request ended as it did.",
        subcommands: subcommands! {
            "" "control:explain:read" "audit.explain" [
                &[required("request-id", Text, Path("requestId"), "The request.")],
            ];
        },
    },
    Command {
        name: "session",
        summary: "Runs of agents.",
        subcommands: subcommands! {
            "list" "control:session:read" "sessions.list" [PAGED];
            "get" "control:session:read" "sessions.get" [ONE];
            "tree" "control:session:read" "sessions.tree" [ONE];
            "suspend" "control:session:write" "sessions.suspend" [ONE, KEYED];
            "resume" "control:session:write" "sessions.resume" [ONE, KEYED];
            "terminate" "control:session:delete" "sessions.terminate" [ONE, KEYED];
        },
    },
    Command {
        name: "delegation",
        summary: "Authority that sessions handed on.",
        subcommands: subcommands! {
            "active" "control:delegation:read" "delegations.list" [PAGED];
            "inbound" "control:delegation:read" "sessions.inbound" [
                &[required("session-id", Text, Path("id"), "The session that received it."), limit(), cursor()],
            ];
            "outbound" "control:delegation:read" "sessions.outbound" [
                &[required("session-id", Text, Path("id"), "The session that handed it on."), limit(), cursor()],
            ];
            "traverse" "control:delegation:read" "delegations.traverse" [ONE];
            "revoke" "control:delegation:delete" "delegations.revoke" [ONE, KEYED];
        },
    },
    Command {
        name: "state",
        summary: "Objects as a document says they are to be.",
        subcommands: &[
            unscoped("apply", CommandAction::Document { applies: true }, &[DOCUMENT]),
            unscoped("plan", CommandAction::Document { applies: false }, &[DOCUMENT]),
            unscoped("verify", CommandAction::Document { applies: false }, &[DOCUMENT]),
        ],
    },
    Command {
        name: "ensure",
        summary: "One object as it is to be.",
        subcommands: &[
            unscoped("application", CommandAction::Ensure("application"), &[SPEC]),
            unscoped(
                "identity-provider",
                CommandAction::Ensure("identity-provider"),
                &[SPEC],
            ),
            unscoped("resource", CommandAction::Ensure("resource"), &[SPEC]),
            unscoped("policy", CommandAction::Ensure("policy"), &[SPEC]),
            unscoped("policy-set", CommandAction::Ensure("policy-set"), &[SPEC]),
        ],
    },
    Command {
        name: "catalog",
        summary: "What there is.",
        subcommands: &[unscoped("describe", CommandAction::Describe, &[])],
    },
];
