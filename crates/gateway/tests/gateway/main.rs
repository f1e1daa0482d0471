//! The Gateway through its real router, served on a socket, in front of a real upstream.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails here")]

mod addresses;
mod answers;
mod attacks;
mod client;
mod client_certificates;
mod corpus;
mod cost;
mod every_text;
mod evidence;
mod fairness;
mod forwarding;
mod grpc;
mod held_calls;
mod http2;
mod listings;
mod mcp_sdk;
mod negative;
mod openapi;
mod operations;
mod possession;
mod remote;
mod replay;
mod smuggling;
mod sockets;
mod stage;
mod streaming;
