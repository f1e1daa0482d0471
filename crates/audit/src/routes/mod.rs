//! The operator routes of the audit role: search, chain verification, dead letters.

mod dead_letters;
mod logs;
mod search;
mod tail;
mod verify;

use std::sync::Arc;

use caracal_service::front::{self, Declaration, Inbound, RouteError as _, Served};
use caracal_wire::ErrorCode;
use http::{Method, StatusCode};

use self::logs::{
    OfDeployment, OfRecords, OfZone,
    record_receipt::{OfDeploymentRecord, OfRecord},
};
use crate::{
    AuditDeps,
    readers::Needs::{self, Evidence, Operator},
};

/// Bytes of entries after which a page ends, whatever its limit.
const PAGE_BYTES: usize = 512 * 1024;

type Route = front::Route<AuditDeps>;
type Call = Arc<Inbound<AuditDeps>>;

/// What the paths of logs begin with.
const LOGS: &str = "/api/audit/logs/";

/// What the paths of logs of administrative records begin with.
const RECORDS: &str = "/api/audit/records/";
/// What the paths of the log of the deployment's own administrative records begin with.
const DEPLOYMENT: &str = "/api/audit/deployment";

/// A route that reads tiles.
fn tiles(path: &'static str, name: &'static str) -> Route {
    let tile = Declaration::new(Method::GET, path, name, Operator, |operation| {
        operation.text(StatusCode::OK, "application/octet-stream");
    })
    .refuses(&[
        ErrorCode::Unauthorized,
        ErrorCode::InvalidParams,
        ErrorCode::RouteNotFound,
    ])
    .refuses(logs::ProofError::REFUSES);
    let because = "its path ends in any number of segments, and it answers with bytes";
    Route::raw(tile, because, logs::tile::get)
}

/// The routes of a kind of log: where they are, what their names begin with, what is in the log, and what it is called.
macro_rules! of_log {
    ($base:literal, $prefix:literal, $log:ty, $entries:literal, $called:literal) => {
        [
            Route::get(
                concat!($base, "/checkpoint"),
                concat!($prefix, "checkpoints.get"),
                Operator,
                logs::checkpoint::get::<$log>,
            )
            .summary(concat!(
                "Read the newest checkpoint of ",
                $entries,
                " (C2SP tlog-checkpoint)."
            )),
            Route::get(
                concat!($base, "/prune"),
                concat!($prefix, "prunes.get"),
                Operator,
                logs::prune::get::<$log>,
            )
            .summary(concat!("Read the newest prune checkpoint of ", $entries, ".")),
            tiles(concat!($base, "/tile/{*path}"), concat!($prefix, "tiles.get")).summary(concat!(
                "Read a tile of ",
                $called,
                " (C2SP tlog-tiles)."
            )),
            Route::get(
                concat!($base, "/inclusion"),
                concat!($prefix, "inclusion.prove"),
                Operator,
                logs::inclusion::get::<$log>,
            )
            .summary(concat!("Prove that an entry is in ", $called, ".")),
            Route::get(
                concat!($base, "/consistency"),
                concat!($prefix, "consistency.prove"),
                Operator,
                logs::consistency::get::<$log>,
            )
            .summary(concat!("Prove that ", $called, " only grew.")),
        ]
    };
}

/// The routes of the logs of administrative records: those of zones, and the deployment's own.
fn of_records() -> Vec<Route> {
    let mut routes = Vec::from(of_log!(
        "/api/audit/records/{zone_id}",
        "record_",
        OfRecords,
        "a zone's administrative records",
        "the log of a zone's administrative records"
    ));
    routes.extend(of_log!(
        "/api/audit/deployment",
        "deployment_",
        OfDeployment,
        "the deployment's own administrative records",
        "the log of the deployment's own administrative records"
    ));
    routes.extend([
        Route::get(
            "/api/audit/records/{zone_id}/receipts/{chain_seq}",
            "record_receipts.get",
            Operator,
            logs::record_receipt::get::<OfRecord>,
        )
        .summary("Read the receipt of an administrative record (C2SP tlog-proof)."),
        Route::get(
            "/api/audit/deployment/receipts/{chain_seq}",
            "deployment_receipts.get",
            Operator,
            logs::record_receipt::get::<OfDeploymentRecord>,
        )
        .summary("Read the receipt of an administrative record of the deployment (C2SP tlog-proof)."),
    ]);
    routes
}

/// The routes of the zones' logs.
fn of_logs() -> Vec<Route> {
    let mut routes = Vec::from(of_log!(
        "/api/audit/logs/{zone_id}",
        "",
        OfZone,
        "a zone's log",
        "a zone's log"
    ));
    routes.extend([
        Route::get("/api/audit/keys", "log_keys.list", Evidence, logs::keys::get)
            .summary("Read the public keys that checkpoints are signed with."),
        Route::get(
            "/api/audit/logs/{zone_id}/pack",
            "packs.make",
            Evidence,
            logs::pack::get,
        )
        .summary("Make an evidence pack of a session, an authority record or a time span (tar)."),
        Route::get(
            "/api/audit/logs/{zone_id}/receipts",
            "receipts.list",
            Evidence,
            logs::receipts::get,
        )
        .summary("Read the receipts of a request's events (C2SP tlog-proof)."),
        Route::get(
            "/api/audit/logs/{zone_id}/receipts/{event_id}",
            "receipts.get",
            Evidence,
            logs::receipt::get,
        )
        .summary("Read the receipt of an event (C2SP tlog-proof)."),
    ]);
    routes
}

/// Every route of this role.
pub fn table() -> Vec<Route> {
    let mut routes = of_events();
    routes.extend(of_logs());
    routes.extend(of_records());
    routes
}

fn of_events() -> Vec<Route> {
    vec![
        Route::get("/api/audit/search", "events.search", Operator, search::handle)
            .summary("Search a zone's chain, oldest first."),
        Route::get("/api/audit/tail", "events.tail", Operator, tail::handle)
            .summary("Follow a zone's chain as server-sent events."),
        Route::get(
            "/api/audit/verify/{zone_id}",
            "chains.verify",
            Operator,
            verify::handle,
        )
        .summary("Recompute a zone's chain and tell what of it does not hold.")
        .refuses(&[ErrorCode::ZoneNotFound]),
        Route::get(
            "/api/audit/dlq",
            "dead_letters.list",
            Operator,
            dead_letters::list,
        )
        .summary("List events that could not join the ledger."),
        Route::post(
            "/api/audit/dlq/replay",
            "dead_letters.replay",
            Operator,
            dead_letters::replay,
        )
        .summary("Store dead letters after all, where that can be done."),
    ]
}

/// The audit role's own routes. Without an operator token there are those alone that people at the console may ask.
pub fn router(deps: AuditDeps) -> Served {
    let mut routes = table();
    if deps.admin_tokens.is_empty() {
        routes.retain(|route| route.needs == Needs::Evidence);
    }
    front::router(deps, routes)
}
