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
    Route::raw(tile, logs::tile::get)
}

/// The routes of the logs of a zone's administrative records.
fn of_records() -> Vec<Route> {
    vec![
        Route::get(
            "/api/audit/records/{zone_id}/checkpoint",
            "record_checkpoints.get",
            Operator,
            logs::checkpoint::get::<OfRecords>,
        )
        .summary("Read the newest checkpoint of a zone's administrative records (C2SP tlog-checkpoint)."),
        Route::get(
            "/api/audit/records/{zone_id}/prune",
            "record_prunes.get",
            Operator,
            logs::prune::get::<OfRecords>,
        )
        .summary("Read the newest prune checkpoint of a zone's administrative records."),
        tiles("/api/audit/records/{zone_id}/tile/{*path}", "record_tiles.get")
            .summary("Read a tile of a log of a zone's administrative records (C2SP tlog-tiles)."),
        Route::get(
            "/api/audit/records/{zone_id}/inclusion",
            "record_inclusion.prove",
            Operator,
            logs::inclusion::get::<OfRecords>,
        )
        .summary("Prove that an entry is in the log of a zone's administrative records."),
        Route::get(
            "/api/audit/records/{zone_id}/consistency",
            "record_consistency.prove",
            Operator,
            logs::consistency::get::<OfRecords>,
        )
        .summary("Prove that the log of a zone's administrative records only grew."),
        Route::get(
            "/api/audit/records/{zone_id}/receipts/{chain_seq}",
            "record_receipts.get",
            Operator,
            logs::record_receipt::get::<OfRecord>,
        )
        .summary("Read the receipt of an administrative record (C2SP tlog-proof)."),
    ]
}

/// The routes of the log of the deployment's own administrative records.
fn of_deployment() -> Vec<Route> {
    vec![
        Route::get(
            "/api/audit/deployment/checkpoint",
            "deployment_checkpoints.get",
            Operator,
            logs::checkpoint::get::<OfDeployment>,
        )
        .summary("Read the newest checkpoint of the deployment's own administrative records (C2SP tlog-checkpoint)."),
        Route::get(
            "/api/audit/deployment/prune",
            "deployment_prunes.get",
            Operator,
            logs::prune::get::<OfDeployment>,
        )
        .summary("Read the newest prune checkpoint of the deployment's own administrative records."),
        tiles("/api/audit/deployment/tile/{*path}", "deployment_tiles.get")
            .summary("Read a tile of a log of the deployment's own administrative records (C2SP tlog-tiles)."),
        Route::get(
            "/api/audit/deployment/inclusion",
            "deployment_inclusion.prove",
            Operator,
            logs::inclusion::get::<OfDeployment>,
        )
        .summary("Prove that an entry is in the log of the deployment's own administrative records."),
        Route::get(
            "/api/audit/deployment/consistency",
            "deployment_consistency.prove",
            Operator,
            logs::consistency::get::<OfDeployment>,
        )
        .summary("Prove that the log of the deployment's own administrative records only grew."),
        Route::get(
            "/api/audit/deployment/receipts/{chain_seq}",
            "deployment_receipts.get",
            Operator,
            logs::record_receipt::get::<OfDeploymentRecord>,
        )
        .summary("Read the receipt of an administrative record of the deployment (C2SP tlog-proof)."),
    ]
}

/// The routes of the zones' logs.
fn of_logs() -> Vec<Route> {
    vec![
        Route::get("/api/audit/keys", "log_keys.list", Evidence, logs::keys::get)
            .summary("Read the public keys that checkpoints are signed with."),
        Route::get(
            "/api/audit/logs/{zone_id}/checkpoint",
            "checkpoints.get",
            Operator,
            logs::checkpoint::get::<OfZone>,
        )
        .summary("Read the newest checkpoint of a zone's log (C2SP tlog-checkpoint)."),
        Route::get(
            "/api/audit/logs/{zone_id}/prune",
            "prunes.get",
            Operator,
            logs::prune::get::<OfZone>,
        )
        .summary("Read the newest prune checkpoint of a zone's log."),
        tiles("/api/audit/logs/{zone_id}/tile/{*path}", "tiles.get")
            .summary("Read a tile of a zone's log (C2SP tlog-tiles)."),
        Route::get(
            "/api/audit/logs/{zone_id}/inclusion",
            "inclusion.prove",
            Operator,
            logs::inclusion::get::<OfZone>,
        )
        .summary("Prove that an entry is in a zone's log."),
        Route::get(
            "/api/audit/logs/{zone_id}/consistency",
            "consistency.prove",
            Operator,
            logs::consistency::get::<OfZone>,
        )
        .summary("Prove that a zone's log only grew."),
        Route::get(
            "/api/audit/logs/{zone_id}/pack",
            "packs.make",
            Operator,
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
    ]
}

/// Every route of this role.
pub fn table() -> Vec<Route> {
    let mut routes = of_events();
    routes.extend(of_logs());
    routes.extend(of_records());
    routes.extend(of_deployment());
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
