//! The suite, one program: a stack starts in a moment, linking does not.

mod contention;
mod crash;
mod daemon;
mod draining;
mod endings;
mod first_call;
mod forgery;
mod key_rotation;
mod ledger;
mod lifecycle;
mod metrics;
mod misconfigured;
mod outages;
mod pruning;
mod published_clients;
mod refusing_redis;
mod replay;
mod replicas;
mod requests;
mod scopes;
mod second_verifier;
mod support;
mod tampering;
mod templates;
mod tenancy;
mod traces;
