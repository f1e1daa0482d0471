//! Clients that know nothing of Caracal, and the people who sign in with them: an authorization server (RFC 6749 with OAuth
//! 2.1's bounds, RFC 7636, RFC 8707, RFC 9207) in front of sessions and delegations.
//!
//! A client has its person sent to `begin`, which sends them on to the identity provider that the zone named; `back` proves
//! who came back, and shows them what they are asked for; `consent` writes down what they agreed to, with the record of the
//! sign-in, and hands out a code; `redeem` starts the sessions that the client acts in, once, and renews its tokens. What a
//! client holds is good for one resource; each of its calls is decided on its own (`exchange/signed_in.rs`).
//!
//! Nothing is stored about anybody who is nobody yet. What a browser or a client keeps for us is sealed, and each piece that
//! is good once is claimed where used mandates are.

mod back;
mod begin;
mod client;
mod consent;
mod evidence;
mod give_back;
mod metadata_document;
mod page;
mod place;
mod redeem;
mod redirect;
mod redirect_uri;
mod register;
mod sealed;
mod session;
mod step_up;
mod steps;
mod tokens;

use std::time::Duration;

use caracal_service::limits::Rule;
use caracal_wire::ErrorCode;

pub(crate) use self::{
    back::back, begin::begin, consent::consent, give_back::give_back, give_back::is_given_back,
    redeem::is_of_client, redeem::redeem, register::register, step_up::lacks_scope,
};

/// How long somebody may think about what a client asks for.
const PRESENT: Duration = Duration::from_mins(10);
/// Sign-ins that one network begins, and clients that it registers, in a minute.
const BEGINNINGS: Rule = Rule {
    code: ErrorCode::ProviderRateLimited,
    ..Rule::per_minute("sign-in:begun:", 120)
};
/// Answers of identity providers that one network brings back in a minute.
const RETURNS: Rule = Rule {
    prefix: "sign-in:back:",
    ..BEGINNINGS
};
/// Renewals of one sign-in in a minute: a token lives for a quarter of an hour.
const RENEWALS: Rule = Rule {
    prefix: "sign-in:renewed:",
    limit: 10,
    ..BEGINNINGS
};
/// Times in a minute that one sign-in is given back: each takes the locks of its zone.
const GIVEN_BACK: Rule = Rule {
    prefix: "sign-in:given-back:",
    limit: 5,
    ..BEGINNINGS
};
/// Sign-ins of one person in an hour: each leaves a record, and two sessions until it ends.
const OF_A_PERSON: Rule = Rule {
    prefix: "sign-in:person:",
    limit: 60,
    window: Duration::from_hours(1),
    ..BEGINNINGS
};
const REGISTRATIONS: Rule = Rule {
    prefix: "sign-in:registered:",
    limit: 60,
    ..BEGINNINGS
};
