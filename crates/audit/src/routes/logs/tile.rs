//! `GET /api/audit/logs/{zone}/tile/{path}` and `/api/audit/records/{zone}/tile/{path}`,
//! `/api/audit/deployment/tile/{path}`: a tile (C2SP tlog-tiles).

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use caracal_core::ZoneId;
use caracal_ledger::{chain::LogId, merkle::Tile};
use caracal_service::{Refusal, front::RouteError as _};
use caracal_wire::ErrorCode;
use http::header;

use super::{ProofError, checkpoints};
use crate::{
    AuditDeps,
    readers::require_operator,
    routes::{DEPLOYMENT, LOGS, RECORDS},
};

/// The path of a tile has slashes, so it is read here.
pub(in crate::routes) async fn get(deps: Arc<AuditDeps>, request: Request) -> Result<Response, Refusal> {
    require_operator(&deps, request.headers())?;
    let path = request.uri().path();
    let split = |prefix| path.strip_prefix(prefix)?.split_once("/tile/");
    let zone_of = |zone: &str| {
        let zone = ZoneId::parse(zone);
        zone.map_err(|error| Refusal::invalid_field(ErrorCode::InvalidParams, "zone_id", error.to_string()))
    };
    let (log, tile) = if let Some((zone, tile)) = split(LOGS) {
        (LogId::Ledger(zone_of(zone)?), tile)
    } else if let Some((zone, tile)) = split(RECORDS) {
        (LogId::Admin(zone_of(zone)?), tile)
    } else if let Some(("", tile)) = split(DEPLOYMENT) {
        (LogId::Deployment, tile)
    } else {
        return Err(Refusal::of(ErrorCode::RouteNotFound));
    };
    let tile = Tile::parse(tile).ok_or_else(|| {
        let rule = "is the path of a tile, such as 0/000 or 0/x001/234.p/5";
        Refusal::invalid_field(ErrorCode::InvalidParams, "tile", rule)
    })?;
    let hashes = read(&deps, &log, &tile).await.map_err(ProofError::refusal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        // What is in it never changes, and hashes tell nothing of their entries.
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, hashes).into_response())
}

async fn read(deps: &AuditDeps, log: &LogId, tile: &Tile) -> Result<Vec<u8>, ProofError> {
    let mut work = checkpoints(deps)?.view(log).await?;
    let hashes = work.log().tile(tile).await?.ok_or(ProofError::NoEntry)?;
    Ok(hashes.concat())
}
