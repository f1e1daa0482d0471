//! Flags and shapes that many commands share.

use super::{
    Does, Flag,
    Form::{self, Number, Text},
    Place::{self, Body, Own, Path, Query},
    Subcommand,
};

pub(super) const fn flag(name: &'static str, form: Form, place: Place, summary: &'static str) -> Flag {
    Flag {
        name,
        form,
        place,
        required: false,
        summary,
    }
}

pub(super) const fn required(name: &'static str, form: Form, place: Place, summary: &'static str) -> Flag {
    Flag {
        required: true,
        ..flag(name, form, place, summary)
    }
}

pub(super) const fn of(
    name: &'static str,
    scope: &'static str,
    does: Does,
    flags: &'static [&'static [Flag]],
) -> Subcommand {
    Subcommand {
        name,
        scope: Some(scope),
        does,
        flags,
    }
}

pub(super) const fn unscoped(
    name: &'static str,
    does: Does,
    flags: &'static [&'static [Flag]],
) -> Subcommand {
    Subcommand {
        name,
        scope: None,
        does,
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
