//! What zone A does, and what it gets for it.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context as _;
use caracal_core::{JsonObject, Secret, json};
use caracal_wire::{control::policies::PolicySource, coordinator::sessions::StartSession};
use serde_json::Map;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, task::JoinSet, time::MissedTickBehavior};

use super::{Case, Did, did::Tally};
use crate::{
    fixture::{Agent, HANGING_PATH, mint},
    http::Connection,
    json_client::JsonClient,
    scan::text_member,
    stack::Stack,
};

/// Connections of a flood.
pub(super) const FLOODERS: u32 = 8;
/// Callers that ask for what is costly, each as soon as it has its answer.
const ASKERS: usize = 8;
/// Pause between two bytes of a slow body.
const TRICKLE: Duration = Duration::from_secs(1);
/// Span over which zone A's hanging calls begin.
const RAMP: Duration = Duration::from_secs(2);
/// Pause after a failed attempt, so that failing fast does not become the attack.
pub(super) const PAUSE: Duration = Duration::from_millis(50);

/// Labels that look like an escape, escape, turn around, or are as long as they may be somewhere.
const ODD_LABELS: [&str; 6] = [
    r"\u0000",
    r#"\",""#,
    "\u{202e}label\u{2066}",
    "\u{1f980}\u{200d}\u{1f980}",
    "' OR 1=1 --",
    "%00%0a",
];

/// How bad zone A is.
#[derive(Debug, Clone, clap::Args)]
pub struct Worst {
    /// Failed logins and refused calls of zone A each second
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub flood: u32,
    /// Sessions that zone A makes each second
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub sessions: u32,
    /// Calls of zone A that hang at the same time: more than a host has places
    #[arg(long, default_value_t = 1_100, value_parser = clap::value_parser!(u32).range(1..=8_192))]
    pub hanging: u32,
    /// Slow bodies of zone A at the same time, at each role
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub slow: u32,
    /// Zones made each second
    #[arg(long, default_value_t = 40, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub zones: u32,
}

/// Zone A, and whoever else does its worst.
#[derive(Clone)]
pub(super) struct Attacker {
    pub(super) agent: Arc<Agent>,
    /// An agent of a zone that cannot be read, where there is one.
    pub(super) unreadable: Option<Arc<Agent>>,
    /// Whoever makes and changes zones.
    pub(super) admin: JsonClient,
    /// Whoever may read zone A.
    pub(super) reader: JsonClient,
    gateway: SocketAddr,
    /// Every role, each once.
    listeners: BTreeSet<SocketAddr>,
    pub(super) worst: Worst,
    pub(super) tally: Tally,
}

impl Attacker {
    pub(super) fn new(stack: &Stack, agent: Arc<Agent>, token: Secret, worst: Worst) -> Self {
        Self {
            agent,
            unreadable: None,
            admin: JsonClient::new(stack.api, Some(stack.admin_token.clone())),
            reader: JsonClient::new(stack.api, Some(token)),
            gateway: stack.gateway,
            listeners: BTreeSet::from([
                stack.api,
                stack.sts,
                stack.gateway,
                stack.coordinator,
                stack.audit,
            ]),
            worst,
            tally: Tally::default(),
        }
    }

    /// The same, with nothing done yet.
    pub(super) fn afresh(&self) -> Self {
        Self {
            tally: Tally::default(),
            ..self.clone()
        }
    }

    /// What was done so far.
    pub(super) fn did(&self) -> Did {
        self.tally.read()
    }

    /// Does its worst until dropped.
    ///
    /// # Errors
    /// When what it needs first cannot be had.
    pub(super) async fn run(&self, case: Case) -> anyhow::Result<()> {
        let mut workers = JoinSet::new();
        match case {
            Case::PolicyBombs => {
                let bomb = json::tree(&PolicySource { content: bomb() });
                self.press(
                    &mut workers,
                    self.reader.request("POST", "/v1/policies/validate", Some(&bomb)),
                );
            }
            Case::HangingCalls => {
                for number in 0..self.worst.hanging {
                    let own = self.clone();
                    // One after the other: what is asked is who holds the places, not how many mints fit in a moment.
                    let turn = RAMP * number / self.worst.hanging.max(1);
                    workers.spawn(async move {
                        tokio::time::sleep(turn).await;
                        own.hang().await;
                    });
                }
            }
            Case::FailedLogins => self.flood(&mut workers, self.agent.sts(), |own, number| {
                own.agent
                    .login_request(&format!("bench-stranger-{number}"), "cs_wrong")
            }),
            Case::SlowBodies => {
                for &listener in &self.listeners {
                    for _ in 0..self.worst.slow {
                        let own = self.clone();
                        workers.spawn(async move { own.trickle(listener).await });
                    }
                }
            }
            Case::LargeMetadata => {
                let coordinator = self.agent.coordinator_client().await?;
                for worker in 0..FLOODERS {
                    let (own, coordinator) = (self.clone(), coordinator.clone());
                    workers.spawn(async move { own.fill(coordinator, worker).await });
                }
            }
            Case::RefusedCalls => {
                let mut sts = Connection::new(self.agent.sts());
                let request = self.agent.mint_request(&self.agent.grant);
                let mandate = mint(&mut sts, &request).await.context("the mandate to present")?;
                let call = Arc::new(self.agent.call(self.gateway, "/bench", &mandate));
                self.flood(&mut workers, self.gateway, move |_, _| call.to_vec());
            }
            Case::PolicyReloads => self.reload_policies(&mut workers).await?,
            Case::PolicyActivations => self.activate_without_end(&mut workers).await?,
            Case::UnreadableZone => self.ask_for_unreadable(&mut workers)?,
            Case::ManyZones => self.make_zones(&mut workers),
            Case::Strangers => self.come_as_strangers(&mut workers),
            Case::SecretDerivations => self.guess(&mut workers).await?,
            Case::ForbiddenChanges => self.ask_for_more(&mut workers),
            Case::AuthzenBatches => self.ask_in_batches(&mut workers),
            Case::AuthzenSearches => self.search(&mut workers),
            Case::ZoneDocuments => self.compare_documents(&mut workers).await?,
            Case::AuditTails => self.follow(&mut workers).await?,
            Case::OddEvidence => {
                let coordinator = self.agent.coordinator_client().await?;
                for _ in 0..FLOODERS {
                    let (own, coordinator) = (self.clone(), coordinator.clone());
                    workers.spawn(async move { own.decide_oddly(coordinator).await });
                }
            }
            Case::SessionEnds => self.make_sessions(&mut workers).await?,
        }
        while workers.join_next().await.is_some() {}
        Ok(())
    }

    /// Sessions that begin and end.
    pub(super) async fn make_sessions(&self, workers: &mut JoinSet<()>) -> anyhow::Result<()> {
        let coordinator = self.agent.coordinator_client().await?;
        for _ in 0..FLOODERS {
            let (own, coordinator) = (self.clone(), coordinator.clone());
            workers.spawn(async move { own.begin_and_end(coordinator).await });
        }
        Ok(())
    }

    /// Asks the Control API the same, as often as [`ASKERS`] get answers. One that is told to come later does so at the rate of
    /// a flood: how many refusals two cores can make is no question of one zone and another.
    pub(super) fn press(&self, workers: &mut JoinSet<()>, request: Vec<u8>) {
        let request = Arc::new(request);
        for _ in 0..ASKERS {
            let (own, request) = (self.clone(), request.clone());
            workers.spawn(async move {
                let mut connection = Connection::new(own.reader.address());
                let mut due = every(own.worst.flood);
                loop {
                    if own.send(&mut connection, &request).await == Some(429) {
                        due.tick().await;
                    }
                }
            });
        }
    }

    /// The status of the answer, if there was one.
    pub(super) async fn send(&self, connection: &mut Connection, request: &[u8]) -> Option<u16> {
        self.tally.called();
        if let Ok(answer) = connection.exchange(request).await {
            self.tally.answered(answer.status);
            Some(answer.status)
        } else {
            self.tally.note("no-answer");
            tokio::time::sleep(PAUSE).await;
            None
        }
    }

    /// Sends what `make` makes, [`Worst::flood`] times a second.
    pub(super) fn flood<F>(&self, workers: &mut JoinSet<()>, address: SocketAddr, make: F)
    where
        F: Fn(&Self, u64) -> Vec<u8> + Clone + Send + Sync + 'static,
    {
        for worker in 0..FLOODERS {
            let (own, make) = (self.clone(), make.clone());
            workers.spawn(async move {
                own.pour(vec![Connection::new(address)], worker, make).await;
            });
        }
    }

    /// One flooder of [`Self::flood`], on each of `connections` in turn.
    pub(super) async fn pour<F>(&self, mut connections: Vec<Connection>, worker: u32, make: F)
    where
        F: Fn(&Self, u64) -> Vec<u8> + Send + Sync,
    {
        let mut due = every(self.worst.flood);
        let mut number = u64::from(worker);
        for at in (0..connections.len()).cycle() {
            due.tick().await;
            if let Some(connection) = connections.get_mut(at) {
                self.send(connection, &make(self, number)).await;
            }
            number = number.wrapping_add(u64::from(FLOODERS));
        }
    }

    /// One call after the other to an upstream that never answers.
    async fn hang(&self) {
        let request = self.agent.mint_request(&self.agent.grant);
        let mut sts = Connection::new(self.agent.sts());
        let mut gateway = Connection::new(self.gateway);
        loop {
            let Ok(mandate) = mint(&mut sts, &request).await else {
                self.tally.called();
                self.tally.refused("not-minted");
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            self.tally.note("begun");
            let call = self.agent.call(self.gateway, HANGING_PATH, &mandate);
            self.send(&mut gateway, &call).await;
        }
    }

    /// A request whose body comes byte by byte, as long as it is taken.
    async fn trickle(&self, listener: SocketAddr) {
        let head = format!(
            "POST /oauth/2/token HTTP/1.1\r\nHost: {listener}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\n"
        );
        loop {
            if let Ok(mut stream) = TcpStream::connect(listener).await {
                self.tally.called();
                self.tally.note("opened");
                let mut sent = stream.write_all(head.as_bytes()).await;
                while sent.is_ok() {
                    tokio::time::sleep(TRICKLE).await;
                    sent = stream.write_all(b"a").await;
                }
                self.tally.refused("cut");
            } else {
                self.tally.called();
                self.tally.refused("not-opened");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Sessions with much metadata, and lists of them.
    async fn fill(&self, coordinator: JsonClient, worker: u32) {
        let mut connection = Connection::new(coordinator.address());
        let mut due = every(self.worst.sessions);
        let path = self.agent.sessions_path();
        // As much as a session may have, and far more.
        let metadata =
            |zeros: usize| JsonObject::of(&Map::from_iter([("m".to_owned(), vec![0; zeros].into())]));
        let allowed = self.start_request(&coordinator, metadata(8_000));
        let refused = self.start_request(&coordinator, metadata(128_000));
        let list = coordinator.request("GET", &path, None);
        for round in u64::from(worker).. {
            due.tick().await;
            let start = if round % 4 == 0 { &refused } else { &allowed };
            self.send(&mut connection, start).await;
            if round % 8 == 0 {
                self.send(&mut connection, &list).await;
            }
        }
    }

    fn start_request(&self, coordinator: &JsonClient, metadata: JsonObject) -> Vec<u8> {
        let body = StartSession {
            metadata: Some(metadata),
            ..self.agent.session()
        };
        coordinator.request("POST", &self.agent.sessions_path(), Some(&json::tree(&body)))
    }

    async fn begin_and_end(&self, coordinator: JsonClient) {
        let mut connection = Connection::new(coordinator.address());
        let mut due = every(self.worst.sessions);
        let path = self.agent.sessions_path();
        let start = coordinator.request("POST", &path, Some(&json::tree(&self.agent.session())));
        loop {
            due.tick().await;
            if let Some(session) = self.begin(&mut connection, &start).await {
                let end = coordinator.request("DELETE", &format!("{path}/{session}"), None);
                self.send(&mut connection, &end).await;
            }
        }
    }

    /// Sessions whose labels and metadata are hard to store, to escape or to show, each of them in a decision.
    async fn decide_oddly(&self, coordinator: JsonClient) {
        let mut connection = Connection::new(coordinator.address());
        let mut sts = Connection::new(self.agent.sts());
        let mut due = every(self.worst.sessions);
        for label in ODD_LABELS.iter().cycle() {
            due.tick().await;
            let note = Map::from_iter([("note".to_owned(), (*label).into())]);
            let body = StartSession {
                labels: Some(vec![(*label).to_owned()]),
                metadata: Some(JsonObject::of(&note)),
                ..self.agent.session()
            };
            let body = json::tree(&body);
            let start = coordinator.request("POST", &self.agent.sessions_path(), Some(&body));
            let session = self.begin(&mut connection, &start).await;
            let mut grant = self.agent.grant.clone();
            if let Some(session) = session {
                grant.session = session;
            }
            // No role has such a label: a refusal, with the label in its evidence.
            self.send(&mut sts, &self.agent.mint_request(&grant)).await;
        }
    }

    /// Makes a session; its id, unless it was refused.
    async fn begin(&self, connection: &mut Connection, start: &[u8]) -> Option<String> {
        self.tally.called();
        let Ok(answer) = connection.exchange(start).await else {
            self.tally.note("no-answer");
            tokio::time::sleep(PAUSE).await;
            return None;
        };
        self.tally.answered(answer.status);
        if answer.status != 201 {
            return None;
        }
        text_member(answer.body, "agent_session_id").map(str::to_owned)
    }
}

/// When each of [`FLOODERS`] is due, for `rate` a second of all.
pub(super) fn every(rate: u32) -> tokio::time::Interval {
    let mut due = tokio::time::interval(Duration::from_secs(FLOODERS.into()) / rate.max(1));
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    due
}

/// A small document whose naive reading costs a core more than a second.
fn bomb() -> String {
    let element = "[[[[[[[[[[1]]]]]]]]]]";
    let list = vec![element; 180].join(", ");
    format!("# caracal:data-document\npackage caracal.authz\nimport rego.v1\nrestrict := [{list}]\n")
}
