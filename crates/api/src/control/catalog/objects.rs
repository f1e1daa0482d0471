//! Commands for what is registered in a zone.

use super::{
    Command, Flag,
    FlagTarget::Body,
    Form::{Json, List, Number, Text, TextOrNull, Versions},
    words::{KEYED, LISTED, ONE, PAGED, flag, id, key, name, renamed, required, subcommands},
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
        subcommands: subcommands! {
            "list" "control:app:read" "applications.list" [LISTED];
            "get" "control:app:read" "applications.get" [ONE];
            "create" "control:app:write" "applications.create" with "registration_method" "managed" [
                &[name(), key()],
            ];
            "patch" "control:app:write" "applications.update" [&[id(), renamed(), key()]];
            "rotate-secret" "control:app:write" "applications.rotate_secret" [ONE, KEYED];
            "delete" "control:app:delete" "applications.archive" [ONE, KEYED];
            "dcr" "control:app:write" "applications.register" [
                &[name(), flag("expires-in", Number, Body("expires_in"), "Seconds that it lives."), key()],
            ];
        },
    },
    Command {
        name: "resource",
        summary: "Protected upstreams.",
        subcommands: subcommands! {
            "list" "control:resource:read" "resources.list" [LISTED];
            "get" "control:resource:read" "resources.get" [ONE];
            "create" "control:resource:write" "resources.create" [RESOURCE, KEYED];
            "patch" "control:resource:write" "resources.update" [ONE, RESOURCE, KEYED];
            "delete" "control:resource:delete" "resources.archive" [ONE, KEYED];
        },
    },
    Command {
        name: "identity-provider",
        summary: "Where credentials of upstreams come from.",
        subcommands: subcommands! {
            "list" "control:identity-provider:read" "providers.list" [LISTED];
            "get" "control:identity-provider:read" "providers.get" [ONE];
            "create" "control:identity-provider:write" "providers.create" [
                &[
                    renamed(),
                    required("kind", Text, Body("kind"), "Its kind."),
                    flag("identifier", Text, Body("identifier"), "`provider://…`."),
                    flag("config", Json, Body("config_json"), "Settings and secrets of the kind."),
                    key(),
                ],
            ];
            "patch" "control:identity-provider:write" "providers.update" [
                &[
                    id(),
                    renamed(),
                    flag("kind", Text, Body("kind"), "Its kind."),
                    flag("identifier", Text, Body("identifier"), "`provider://…`."),
                    flag("config", Json, Body("config_json"), "Settings and secrets of the kind."),
                    key(),
                ],
            ];
            "delete" "control:identity-provider:delete" "providers.archive" [ONE, KEYED];
        },
    },
    Command {
        name: "policy",
        summary: "Policies and their versions.",
        subcommands: subcommands! {
            "list" "control:policy:read" "policies.list" [PAGED];
            "get" "control:policy:read" "policies.get" [ONE];
            "create" "control:policy:write" "policies.create" [
                &[
                    name(),
                    required("content", Text, Body("content"), "A data document in Rego."),
                    flag("description", Text, Body("description"), "What it is for."),
                    key(),
                ],
            ];
            "validate" "control:policy:read" "policies.validate" [
                &[required("content", Text, Body("content"), "A data document in Rego.")],
            ];
            "version" "control:policy:write" "policies.add_version" [
                &[id(), required("content", Text, Body("content"), "A data document in Rego."), key()],
            ];
            "delete" "control:policy:delete" "policies.archive" [ONE, KEYED];
        },
    },
    Command {
        name: "policy-set",
        summary: "What is in force.",
        subcommands: subcommands! {
            "list" "control:policy-set:read" "policy_sets.list" [PAGED];
            "get" "control:policy-set:read" "policy_sets.get" [ONE];
            "create" "control:policy-set:write" "policy_sets.create" [
                &[name(), flag("description", Text, Body("description"), "What it is for."), key()],
            ];
            "version" "control:policy-set:write" "policy_sets.add_version" [
                &[id(), required("policy-versions", Versions, Body("manifest"), "Ids of policy versions."), key()],
            ];
            "activate" "control:policy-set:write" "policy_sets.activate" [
                &[id(), required("version", Text, Body("version_id"), "Id of one of its versions."), key()],
            ];
            "simulate" "control:policy-set:read" "policy_sets.simulate" [
                &[
                    id(),
                    required("version", Text, Body("version_id"), "Id of one of its versions."),
                    flag("input", Json, Body("input"), "The input to decide on."),
                ],
            ];
            "delete" "control:policy-set:delete" "policy_sets.archive" [ONE, KEYED];
        },
    },
    Command {
        name: "workload",
        summary: "Launched programs and the credentials that they are given.",
        subcommands: subcommands! {
            "list" "control:workload:read" "workloads.list" [PAGED];
            "get" "control:workload:read" "workloads.get" [ONE];
            "create" "control:workload:write" "workloads.create" [&[name(), key()]];
            "patch" "control:workload:write" "workloads.update" [
                &[
                    id(),
                    renamed(),
                    flag("bindings", Json, Body("bindings"), "`[{env, resource, scopes?, optional?, on_failure?}]`."),
                    key(),
                ],
            ];
            "rotate-secret" "control:workload:write" "workloads.rotate_secret" [ONE, KEYED];
            "delete" "control:workload:delete" "workloads.delete" [ONE, KEYED];
        },
    },
];
