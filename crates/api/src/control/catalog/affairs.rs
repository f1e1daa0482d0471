//! Commands for what goes on in a zone: who holds authority, what happened, and documents of what is to be.

use super::{
    Command, Does, Flag,
    Form::{Json, List, Switch, Text},
    Place::{Body, Own, Path, Query},
    words::{KEYED, ONE, PAGED, cursor, flag, key, limit, of, required, unscoped},
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
        subcommands: &[of(
            "list",
            "control:authority-record:read",
            Does::Route("authority_records.list"),
            &[&[
                flag(
                    "subject",
                    Text,
                    Query("subject_id"),
                    "Only those of this subject.",
                ),
                flag("status", Text, Query("status"), "Only those in this state."),
                limit(),
                cursor(),
            ]],
        )],
    },
    Command {
        name: "grant",
        summary: "What people agreed to let applications do.",
        subcommands: &[
            of(
                "list",
                "control:grant:read",
                Does::Route("grants.list"),
                &[
                    &[
                        flag(
                            "application-id",
                            Text,
                            Query("application_id"),
                            "Only those of this application.",
                        ),
                        flag("user-id", Text, Query("user_id"), "Only those of this person."),
                        flag(
                            "resource-id",
                            Text,
                            Query("resource_id"),
                            "Only those at this resource.",
                        ),
                    ],
                    PAGED,
                ],
            ),
            of("get", "control:grant:read", Does::Route("grants.get"), &[ONE]),
            of(
                "access",
                "control:grant:read",
                Does::Route("grants.access"),
                &[ONE],
            ),
            of(
                "create",
                "control:grant:write",
                Does::Route("grants.create"),
                &[&[
                    required("application-id", Text, Body("application_id"), "Who may act."),
                    required("user-id", Text, Body("user_id"), "For whom."),
                    required("resource-id", Text, Body("resource_id"), "Where."),
                    required("scopes", List, Body("scopes"), "What."),
                    key(),
                ]],
            ),
            of(
                "revoke",
                "control:grant:delete",
                Does::Route("grants.revoke"),
                &[ONE, KEYED],
            ),
        ],
    },
    Command {
        name: "approval",
        summary: "Requests that wait for a person.",
        subcommands: &[of(
            "list",
            "control:approval:read",
            Does::Route("approvals.list"),
            &[&[
                flag("state", Text, Query("state"), "Only those in this state."),
                limit(),
                cursor(),
            ]],
        )],
    },
    Command {
        name: "audit",
        summary: "The ledger, and what administrators did.",
        subcommands: &[
            of(
                "tail",
                "control:audit:read",
                Does::Route("audit.list"),
                &[&[
                    flag("since", Text, Query("since"), "Not before."),
                    flag("until", Text, Query("until"), "Before."),
                    flag("decision", Text, Query("decision"), "allow, deny or partial."),
                    flag(
                        "event-type",
                        Text,
                        Query("event_type"),
                        "Types of events, with commas between them.",
                    ),
                    flag(
                        "request-id",
                        Text,
                        Query("request_id"),
                        "Only those of this request.",
                    ),
                    limit(),
                    cursor(),
                ]],
            ),
            of(
                "admin",
                "control:audit:read",
                Does::Route("admin_audit.list"),
                &[PAGED],
            ),
        ],
    },
    Command {
        name: "explain",
        summary: "Why a request ended as it did.",
        subcommands: &[of(
            "",
            "control:explain:read",
            Does::Route("audit.explain"),
            &[&[required("request-id", Text, Path("requestId"), "The request.")]],
        )],
    },
    Command {
        name: "session",
        summary: "Runs of agents.",
        subcommands: &[
            of(
                "list",
                "control:session:read",
                Does::Route("sessions.list"),
                &[PAGED],
            ),
            of("get", "control:session:read", Does::Route("sessions.get"), &[ONE]),
            of(
                "tree",
                "control:session:read",
                Does::Route("sessions.tree"),
                &[ONE],
            ),
            of(
                "suspend",
                "control:session:write",
                Does::Route("sessions.suspend"),
                &[ONE, KEYED],
            ),
            of(
                "resume",
                "control:session:write",
                Does::Route("sessions.resume"),
                &[ONE, KEYED],
            ),
            of(
                "terminate",
                "control:session:delete",
                Does::Route("sessions.terminate"),
                &[ONE, KEYED],
            ),
        ],
    },
    Command {
        name: "delegation",
        summary: "Authority that sessions handed on.",
        subcommands: &[
            of(
                "active",
                "control:delegation:read",
                Does::Route("delegations.list"),
                &[PAGED],
            ),
            of(
                "inbound",
                "control:delegation:read",
                Does::Route("sessions.inbound"),
                &[&[
                    required("session-id", Text, Path("id"), "The session that received it."),
                    limit(),
                    cursor(),
                ]],
            ),
            of(
                "outbound",
                "control:delegation:read",
                Does::Route("sessions.outbound"),
                &[&[
                    required("session-id", Text, Path("id"), "The session that handed it on."),
                    limit(),
                    cursor(),
                ]],
            ),
            of(
                "traverse",
                "control:delegation:read",
                Does::Route("delegations.traverse"),
                &[ONE],
            ),
            of(
                "revoke",
                "control:delegation:delete",
                Does::Route("delegations.revoke"),
                &[ONE, KEYED],
            ),
        ],
    },
    Command {
        name: "state",
        summary: "Objects as a document says they are to be.",
        subcommands: &[
            unscoped("apply", Does::Document { applies: true }, &[DOCUMENT]),
            unscoped("plan", Does::Document { applies: false }, &[DOCUMENT]),
            unscoped("verify", Does::Document { applies: false }, &[DOCUMENT]),
        ],
    },
    Command {
        name: "ensure",
        summary: "One object as it is to be.",
        subcommands: &[
            unscoped("application", Does::Ensure("application"), &[SPEC]),
            unscoped("identity-provider", Does::Ensure("identity-provider"), &[SPEC]),
            unscoped("resource", Does::Ensure("resource"), &[SPEC]),
            unscoped("policy", Does::Ensure("policy"), &[SPEC]),
            unscoped("policy-set", Does::Ensure("policy-set"), &[SPEC]),
        ],
    },
    Command {
        name: "catalog",
        summary: "What there is.",
        subcommands: &[unscoped("describe", Does::Describe, &[])],
    },
];
