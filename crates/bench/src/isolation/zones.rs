//! Cases that need zones of their own: many of them, one that cannot be read.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use caracal_core::{World, json};
use caracal_wire::control::{applications::CreateApplication, zones::CreateZone};
use serde_json::Value;
use sqlx::{
    ConnectOptions as _, Connection as _,
    sqlite::{SqliteConnectOptions, SqliteConnection},
};
use tokio::{task::JoinSet, time::Instant};

use super::worst::{Attacker, FLOODERS, PAUSE, every};
use crate::{
    fixture::{Agent, Fixture, mint},
    http::Connection,
    json_client::{JsonClient, text},
    stack::Stack,
    upstream::Upstream,
};

/// Longest wait for the daemon's own write to the store.
const STORE_WAIT: Duration = Duration::from_secs(10);
/// Longest wait for the daemon to read a zone again.
const REFRESH_WAIT: Duration = Duration::from_mins(1);

/// A zone whose signing keys cannot be opened.
///
/// # Errors
/// When the zone cannot be made, or its keys are not where they should be.
pub(super) async fn unreadable(
    stack: &Stack,
    world: &World,
    upstream: Arc<Upstream>,
    home: &Path,
) -> anyhow::Result<Arc<Agent>> {
    let fixture = Fixture::beside(stack, world, upstream).await?;
    let agent = fixture.agents.first().context("a fixture has an agent")?.clone();
    let (mut sts, request) = (Connection::new(agent.sts()), agent.mint_request(&agent.grant));
    // Its key is in use, and then is no key any more.
    mint(&mut sts, &request).await?;
    let mut store: SqliteConnection = SqliteConnectOptions::new()
        .filename(home.join("caracal.db"))
        .busy_timeout(STORE_WAIT)
        .connect()
        .await
        .context("cannot open the daemon's store")?;
    let damaged = sqlx::query("UPDATE signing_keys SET envelope = x'00' WHERE zone_id = ?")
        .bind(agent.zone())
        .execute(&mut store)
        .await?
        .rows_affected();
    ensure!(damaged > 0, "zone {} has no signing key", agent.zone());
    sqlx::query("UPDATE zone_revisions SET revision = revision + 1 WHERE zone_id = ?")
        .bind(agent.zone())
        .execute(&mut store)
        .await?;
    store.close().await?;
    // Until the daemon has read it again.
    let deadline = Instant::now() + REFRESH_WAIT;
    while mint(&mut sts, &request).await.is_ok() {
        ensure!(
            Instant::now() < deadline,
            "zone {} can still be read",
            agent.zone()
        );
        tokio::time::sleep(PAUSE).await;
    }
    Ok(agent)
}

impl Attacker {
    /// Asks for a zone that cannot be read, and changes it so that it is read again and again.
    pub(super) fn ask_for_unreadable(&self, workers: &mut JoinSet<()>) -> anyhow::Result<()> {
        let agent = self.unreadable.clone().context("a zone that cannot be read")?;
        let request = Arc::new(agent.mint_request(&agent.grant));
        self.flood(workers, agent.sts(), move |_, _| request.to_vec());
        self.change_directory(workers, agent.zone());
        Ok(())
    }

    /// Makes zones, and asks for one of those made after the other.
    pub(super) fn make_zones(&self, workers: &mut JoinSet<()>) {
        for _ in 0..FLOODERS {
            let own = self.clone();
            workers.spawn(async move {
                let mut sts = Connection::new(own.agent.sts());
                let mut due = every(own.worst.zones);
                let mut made: Vec<String> = Vec::new();
                loop {
                    due.tick().await;
                    own.tally.called();
                    let zone = own.new_zone().await.ok();
                    if let Some(zone) = zone.as_ref().and_then(|zone| text(zone, "id").ok()) {
                        own.tally.answered(201);
                        made.push(zone.to_owned());
                    } else {
                        own.tally.refused("no-zone");
                        tokio::time::sleep(PAUSE).await;
                    }
                    // The newest, and one from long ago.
                    let past = made.len() / 2;
                    for zone in [made.last(), made.get(past)].into_iter().flatten() {
                        own.ask_for(&mut sts, zone).await;
                    }
                }
            });
        }
    }

    /// A login that cannot succeed, for which the zone has to be known.
    pub(super) async fn ask_for(&self, sts: &mut Connection, zone: &str) {
        let request = self.agent.login_request_in(zone, "bench-stranger", "cs_wrong");
        self.send(sts, &request).await;
    }

    /// Makes applications in `zone`.
    pub(super) fn change_directory(&self, workers: &mut JoinSet<()>, zone: &str) {
        for worker in 0..FLOODERS {
            let own = self.clone();
            let path = format!("/v1/zones/{zone}/applications");
            workers.spawn(async move {
                let mut connection = Connection::new(own.admin.address());
                let mut due = every(own.worst.sessions);
                for number in 0_u64.. {
                    due.tick().await;
                    let name = format!("bench-{worker}-{number}");
                    let body = json::tree(&CreateApplication::named(name));
                    let request = own.admin.request("POST", &path, Some(&body));
                    own.send(&mut connection, &request).await;
                }
            });
        }
    }

    pub(super) async fn new_zone(&self) -> anyhow::Result<Value> {
        new_zone(&self.admin).await
    }
}

async fn new_zone(admin: &JsonClient) -> anyhow::Result<Value> {
    let body = json::tree(&CreateZone::named(String::from("bench, one of many")));
    admin.call(201, "POST", "/v1/zones", Some(&body)).await
}
