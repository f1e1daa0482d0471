//! The witness: cosigns checkpoints of logs that only ever grew (C2SP tlog-witness).
//!
//! It shares nothing with the deployment that it watches: no database, no bus, no secret. It keeps the last checkpoint of
//! each log in a file of its own, synced before a cosignature is given out, so that no crash makes it forget and sign a
//! rolled back or a second log. Depends on no role.

mod add_checkpoint;
mod metrics;
mod state;

use std::sync::Arc;

use caracal_core::World;
use caracal_ledger::{note::NoteSigner, witness::KnownLogs};
use caracal_service::{
    Refusal,
    front::{self, AuthScheme, Declaration, HttpRole, Inbound, Params, Route, Served},
    limits::Limits,
};
use caracal_wire::ErrorCode;
use http::{Method, StatusCode, request::Parts};
use tokio::sync::Semaphore;

pub use metrics::{METRICS, describe as describe_metrics};
pub use state::{State, StateError};

/// Checkpoints looked at at the same time. Each may sync a file.
const AT_ONCE: usize = 32;

/// What the witness works with.
#[derive(Debug)]
pub struct Witness {
    world: World,
    state: Arc<State>,
    logs: KnownLogs,
    signers: Vec<NoteSigner>,
    room: Semaphore,
}

impl Witness {
    /// A witness of `logs` that cosigns with every one of `signers`.
    pub fn new(world: World, state: State, logs: KnownLogs, signers: Vec<NoteSigner>) -> Self {
        metrics::start();
        Self {
            world,
            state: Arc::new(state),
            logs,
            signers,
            room: Semaphore::new(AT_ONCE),
        }
    }
}

/// A checkpoint proves by its own signature whose it is; nobody else is asked who they are.
impl HttpRole for Witness {
    const NAME: &'static str = "witness";
    const TITLE: &'static str = "Caracal Witness";
    type Needs = ();
    type Caller = ();
    type Notes = ();

    /// Nothing is asked before the handler.
    fn refuses((): &()) -> Vec<ErrorCode> {
        Vec::new()
    }

    fn credential((): &()) -> AuthScheme {
        AuthScheme::None
    }

    fn world(&self) -> &World {
        &self.world
    }

    async fn authenticate(&self, (): (), _: &Params, _: &Parts) -> Result<(), Refusal> {
        Ok(())
    }

    /// Bounded by how many are looked at at once.
    fn limits(&self) -> Option<&Limits> {
        None
    }

    fn counted_as(&self, (): &()) -> String {
        String::new()
    }

    fn permit(&self, (): &(), (): ()) -> Result<(), Refusal> {
        Ok(())
    }

    async fn admit(&self, _: &Inbound<Self>) -> Result<(), Refusal> {
        Ok(())
    }
}

/// The routes of the witness.
pub fn table() -> Vec<Route<Witness>> {
    let declared = Declaration::new(
        Method::POST,
        "/add-checkpoint",
        "checkpoints.cosign",
        (),
        |operation| {
            operation.takes_text(
                "`old SIZE` of the tree that was cosigned last, a consistency proof, a line each in base64, an empty line, \
                 and the signed checkpoint.",
            );
            operation.text(StatusCode::OK, "text/plain");
            operation.text(StatusCode::CONFLICT, add_checkpoint::SIZE);
        },
    )
    .refuses(&[
        ErrorCode::InvalidBody,
        ErrorCode::CheckpointNotSigned,
        ErrorCode::LogUnknown,
        ErrorCode::PayloadTooLarge,
        ErrorCode::CheckpointInconsistent,
        ErrorCode::RateLimited,
        ErrorCode::StorageUnavailable,
    ]);
    vec![
        Route::raw(declared, "its body is text", add_checkpoint::post)
            .summary("Cosign a checkpoint that continues the one cosigned last (C2SP tlog-witness)."),
    ]
}

/// The router of the witness; `service::assemble` adds what every role has.
pub fn router(witness: Witness) -> Served {
    front::router(witness, table())
}
