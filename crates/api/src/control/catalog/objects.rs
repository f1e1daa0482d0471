//! Commands for what is registered in a zone.

use super::{
    Command, Does, Flag,
    Form::{Json, List, Number, Text, TextOrNull, Versions},
    Place::Body,
    words::{KEYED, LISTED, ONE, PAGED, flag, id, key, name, of, renamed, required},
};

const RESOURCE: &[Flag] = &[
    renamed(),
    flag("identifier", Text, Body("identifier"), "Absolute URI."),
    flag("scopes", List, Body("scopes"), "Scopes that it declares."),
    flag("upstream-url", TextOrNull, Body("upstream_url"), "Where it is."),
    flag(
        "credential-provider-id",
        TextOrNull,
        Body("credential_provider_id"),
        "Where its credential comes from.",
    ),
    flag(
        "operations",
        Json,
        Body("operations"),
        "`[{method, path, scope}]`.",
    ),
    flag(
        "operation-enforcement",
        Text,
        Body("operation_enforcement"),
        "enforced or transport_uniform.",
    ),
];

/// Applications, resources, providers, policies, workloads.
pub(super) static OBJECTS: &[Command] = &[
    Command {
        name: "app",
        summary: "Applications.",
        subcommands: &[
            of(
                "list",
                "control:app:read",
                Does::Route("applications.list"),
                &[LISTED],
            ),
            of("get", "control:app:read", Does::Route("applications.get"), &[ONE]),
            of(
                "create",
                "control:app:write",
                Does::Make("applications.create", ("registration_method", "managed")),
                &[&[name(), key()]],
            ),
            of(
                "patch",
                "control:app:write",
                Does::Route("applications.update"),
                &[&[id(), renamed(), key()]],
            ),
            of(
                "rotate-secret",
                "control:app:write",
                Does::Route("applications.rotate_secret"),
                &[ONE, KEYED],
            ),
            of(
                "delete",
                "control:app:delete",
                Does::Route("applications.archive"),
                &[ONE, KEYED],
            ),
            of(
                "dcr",
                "control:app:write",
                Does::Route("applications.register"),
                &[&[
                    name(),
                    flag("expires-in", Number, Body("expires_in"), "Seconds that it lives."),
                    key(),
                ]],
            ),
        ],
    },
    Command {
        name: "resource",
        summary: "Protected upstreams.",
        subcommands: &[
            of(
                "list",
                "control:resource:read",
                Does::Route("resources.list"),
                &[LISTED],
            ),
            of(
                "get",
                "control:resource:read",
                Does::Route("resources.get"),
                &[ONE],
            ),
            of(
                "create",
                "control:resource:write",
                Does::Route("resources.create"),
                &[RESOURCE, KEYED],
            ),
            of(
                "patch",
                "control:resource:write",
                Does::Route("resources.update"),
                &[ONE, RESOURCE, KEYED],
            ),
            of(
                "delete",
                "control:resource:delete",
                Does::Route("resources.archive"),
                &[ONE, KEYED],
            ),
        ],
    },
    Command {
        name: "identity-provider",
        summary: "Where credentials of upstreams come from.",
        subcommands: &[
            of(
                "list",
                "control:identity-provider:read",
                Does::Route("providers.list"),
                &[LISTED],
            ),
            of(
                "get",
                "control:identity-provider:read",
                Does::Route("providers.get"),
                &[ONE],
            ),
            of(
                "create",
                "control:identity-provider:write",
                Does::Route("providers.create"),
                &[&[
                    renamed(),
                    required("kind", Text, Body("kind"), "Its kind."),
                    flag("identifier", Text, Body("identifier"), "`provider://…`."),
                    flag(
                        "config",
                        Json,
                        Body("config_json"),
                        "Settings and secrets of the kind.",
                    ),
                    key(),
                ]],
            ),
            of(
                "patch",
                "control:identity-provider:write",
                Does::Route("providers.update"),
                &[&[
                    id(),
                    renamed(),
                    flag("kind", Text, Body("kind"), "Its kind."),
                    flag("identifier", Text, Body("identifier"), "`provider://…`."),
                    flag(
                        "config",
                        Json,
                        Body("config_json"),
                        "Settings and secrets of the kind.",
                    ),
                    key(),
                ]],
            ),
            of(
                "delete",
                "control:identity-provider:delete",
                Does::Route("providers.archive"),
                &[ONE, KEYED],
            ),
        ],
    },
    Command {
        name: "policy",
        summary: "Policies and their versions.",
        subcommands: &[
            of(
                "list",
                "control:policy:read",
                Does::Route("policies.list"),
                &[PAGED],
            ),
            of("get", "control:policy:read", Does::Route("policies.get"), &[ONE]),
            of(
                "create",
                "control:policy:write",
                Does::Route("policies.create"),
                &[&[
                    name(),
                    required("content", Text, Body("content"), "A data document in Rego."),
                    flag("description", Text, Body("description"), "What it is for."),
                    key(),
                ]],
            ),
            of(
                "validate",
                "control:policy:read",
                Does::Route("policies.validate"),
                &[&[required(
                    "content",
                    Text,
                    Body("content"),
                    "A data document in Rego.",
                )]],
            ),
            of(
                "version",
                "control:policy:write",
                Does::Route("policies.add_version"),
                &[&[
                    id(),
                    required("content", Text, Body("content"), "A data document in Rego."),
                    key(),
                ]],
            ),
            of(
                "delete",
                "control:policy:delete",
                Does::Route("policies.archive"),
                &[ONE, KEYED],
            ),
        ],
    },
    Command {
        name: "policy-set",
        summary: "What is in force.",
        subcommands: &[
            of(
                "list",
                "control:policy-set:read",
                Does::Route("policy_sets.list"),
                &[PAGED],
            ),
            of(
                "get",
                "control:policy-set:read",
                Does::Route("policy_sets.get"),
                &[ONE],
            ),
            of(
                "create",
                "control:policy-set:write",
                Does::Route("policy_sets.create"),
                &[&[
                    name(),
                    flag("description", Text, Body("description"), "What it is for."),
                    key(),
                ]],
            ),
            of(
                "version",
                "control:policy-set:write",
                Does::Route("policy_sets.add_version"),
                &[&[
                    id(),
                    required(
                        "policy-versions",
                        Versions,
                        Body("manifest"),
                        "Ids of policy versions.",
                    ),
                    key(),
                ]],
            ),
            of(
                "activate",
                "control:policy-set:write",
                Does::Route("policy_sets.activate"),
                &[&[
                    id(),
                    required("version", Text, Body("version_id"), "Id of one of its versions."),
                    key(),
                ]],
            ),
            of(
                "simulate",
                "control:policy-set:read",
                Does::Route("policy_sets.simulate"),
                &[&[
                    id(),
                    required("version", Text, Body("version_id"), "Id of one of its versions."),
                    flag("input", Json, Body("input"), "The input to decide on."),
                ]],
            ),
            of(
                "delete",
                "control:policy-set:delete",
                Does::Route("policy_sets.archive"),
                &[ONE, KEYED],
            ),
        ],
    },
    Command {
        name: "workload",
        summary: "Launched programs and the credentials that they are given.",
        subcommands: &[
            of(
                "list",
                "control:workload:read",
                Does::Route("workloads.list"),
                &[PAGED],
            ),
            of(
                "get",
                "control:workload:read",
                Does::Route("workloads.get"),
                &[ONE],
            ),
            of(
                "create",
                "control:workload:write",
                Does::Route("workloads.create"),
                &[&[name(), key()]],
            ),
            of(
                "patch",
                "control:workload:write",
                Does::Route("workloads.update"),
                &[&[
                    id(),
                    renamed(),
                    flag(
                        "bindings",
                        Json,
                        Body("bindings"),
                        "`[{env, resource, scopes?, optional?, on_failure?}]`.",
                    ),
                    key(),
                ]],
            ),
            of(
                "rotate-secret",
                "control:workload:write",
                Does::Route("workloads.rotate_secret"),
                &[ONE, KEYED],
            ),
            of(
                "delete",
                "control:workload:delete",
                Does::Route("workloads.delete"),
                &[ONE, KEYED],
            ),
        ],
    },
];
