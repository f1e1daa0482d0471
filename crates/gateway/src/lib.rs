//! The Gateway: the enforcement point in front of every upstream.
//!
//! A call presents a single-use mandate. The Gateway checks it against what it holds in memory, asks the STS what
//! it may do, injects the real credential, and streams both ways until the end or until the authority ends. It
//! holds no routes: where to forward and with what comes with each decision.
//!
//! To follow a call, read `app.rs` (the whole router, since nearly every path belongs to upstreams), `enforce.rs` (the
//! list of checks), `address.rs` (which resource a path is one of), `operation/` (what is asked for), `dispatch.rs` (the way up), `outbound/` (the request that goes up),
//! `governed.rs` (what the call is carried under until its end), `download.rs` (the way down), `websocket/` (both ways,
//! where the call became a socket), `listing/` (what of a listing is shown), `outcome.rs` (the event). What a client learns
//! before it may call is in `discovery.rs`.
//!
//! This crate never reads configuration, never builds its dependencies and never talks SQL. To add a check, add a line
//! to the list in `enforce.rs` where its cost and its secrecy put it, and a [`denial`](mod@denial) for its answer. To
//! add a transport, let it ask [`governed::Governed`] before and between its pieces.

mod address;
mod app;
mod denial;
mod deps;
mod discovery;
mod dispatch;
mod download;
mod enforce;
mod evidence;
mod failure;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gateway;
mod governed;
mod identities;
mod inbound;
mod link;
mod listing;
mod metrics;
mod once;
mod operation;
mod outbound;
mod outcome;
mod path;
mod possession;
mod proof;
mod readers;
mod remote;
mod returned;
mod routes;
mod upload;
mod websocket;

pub use app::app;
pub use deps::{GatewayConfig, GatewayDeps};
pub use metrics::{METRICS, describe as describe_metrics};
pub use remote::{RemoteExchange, RemoteOptions};
pub use routes::{Needs, document, table};
