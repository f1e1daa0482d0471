//! `GET /api/audit/logs/{zone}/tile/{path}`: a tile (C2SP tlog-tiles).

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use caracal_core::ZoneId;
use caracal_ledger::merkle::Tile;
use caracal_service::{Refusal, front::RouteError as _};
use caracal_wire::ErrorCode;
use http::header;

use super::{ProofError, checkpoints};
use crate::{
    AuditDeps,
    routes::{LOGS, bearer},
};

/// The path of a tile has slashes, so it is read here.
pub(in crate::routes) async fn get(deps: Arc<AuditDeps>, request: Request) -> Result<Response, Refusal> {
    bearer(&deps, request.headers())?;
    let path = request.uri().path().strip_prefix(LOGS);
    let (zone, tile) = path
        .and_then(|path| path.split_once("/tile/"))
        .ok_or_else(|| Refusal::of(ErrorCode::RouteNotFound))?;
    let zone = ZoneId::parse(zone)
        .map_err(|error| Refusal::invalid_field(ErrorCode::InvalidParams, "zone_id", error.to_string()))?;
    let tile = Tile::parse(tile).ok_or_else(|| {
        let rule = "is the path of a tile, such as 0/000 or 0/x001/234.p/5";
        Refusal::invalid_field(ErrorCode::InvalidParams, "tile", rule)
    })?;
    let hashes = read(&deps, &zone, &tile).await.map_err(ProofError::refusal)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream"),
        // What is in it never changes, and hashes tell nothing of their entries.
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, hashes).into_response())
}

async fn read(deps: &AuditDeps, zone: &ZoneId, tile: &Tile) -> Result<Vec<u8>, ProofError> {
    let mut work = checkpoints(deps)?.view(zone).await?;
    let hashes = work.ledger().tile(tile).await?.ok_or(ProofError::NoEntry)?;
    Ok(hashes.concat())
}
