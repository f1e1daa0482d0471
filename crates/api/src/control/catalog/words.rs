//! Flags and shapes that many commands share.

use super::{
    CommandAction, Flag,
    FlagTarget::{self, Body, Own, Path, Query},
    Form::{self, Number, Text},
    Subcommand,
};

pub(super) const fn flag(name: &'static str, form: Form, target: FlagTarget, summary: &'static str) -> Flag {
    Flag {
        name,
        form,
        target,
        required: false,
        summary,
    }
}

pub(super) const fn required(
    name: &'static str,
    form: Form,
    target: FlagTarget,
    summary: &'static str,
) -> Flag {
    Flag {
        required: true,
        ..flag(name, form, target, summary)
    }
}

/// Subcommands, each with its name, its scope, its route, a member of the body that no flag says, and its flags.
macro_rules! subcommands {
    ($($name:literal $scope:literal $route:literal $(with $member:literal $word:literal)? [$($flags:expr),* $(,)?];)+) => {
        &[$($crate::control::catalog::Subcommand {
            $(action: $crate::control::catalog::CommandAction::Make($route, ($member, $word)),)?
            ..$crate::control::catalog::words::of($name, $scope, $route, &[$($flags),*])
        }),+]
    };
}
pub(super) use subcommands;

/// A route, for whoever has the scope.
pub(super) const fn of(
    name: &'static str,
    scope: &'static str,
    route: &'static str,
    flags: &'static [&'static [Flag]],
) -> Subcommand {
    Subcommand {
        scope: Some(scope),
        ..unscoped(name, CommandAction::Route(route), flags)
    }
}

pub(super) const fn unscoped(
    name: &'static str,
    action: CommandAction,
    flags: &'static [&'static [Flag]],
) -> Subcommand {
    Subcommand {
        name,
        scope: None,
        action,
        flags,
    }
}

pub(super) const fn id() -> Flag {
    required("id", Text, Path("id"), "Which one.")
}

pub(super) const fn name() -> Flag {
    required("name", Text, Body("name"), "Its name.")
}

pub(super) const fn renamed() -> Flag {
    flag("name", Text, Body("name"), "Its name.")
}

pub(super) const fn key() -> Flag {
    flag(
        "idempotency-key",
        Text,
        Own,
        "Recorded; where the operation keeps receipts, the same key makes nothing twice.",
    )
}

pub(super) const fn limit() -> Flag {
    flag("limit", Number, Query("limit"), "Most items.")
}

pub(super) const fn cursor() -> Flag {
    flag(
        "cursor",
        Text,
        Query("cursor"),
        "Where the next page begins: `next_cursor` of the one before.",
    )
}

pub(super) const fn status() -> Flag {
    flag("status", Text, Query("status"), "active or archived.")
}

pub(super) const fn search() -> Flag {
    flag(
        "search",
        Text,
        Query("search"),
        "Only those with this text in their name or identifier.",
    )
}

pub(super) const LISTED: &[Flag] = &[status(), search(), limit(), cursor()];
pub(super) const PAGED: &[Flag] = &[limit(), cursor()];
pub(super) const ONE: &[Flag] = &[id()];
pub(super) const KEYED: &[Flag] = &[key()];
