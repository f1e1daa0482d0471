//! Cases that ask much of the Control API.

use anyhow::Context as _;
use caracal_core::{Secret, json::tree};
use caracal_wire::control::applications::CreateApplication;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    task::JoinSet,
};

use super::{
    policies::large_policy,
    reader,
    worst::{Attacker, PAUSE},
};
use crate::{
    fixture::add_policy,
    http::connection::connect,
    json_client::{JsonClient, text},
};

/// Questions of a batch, and labels of each: as many as a question may have.
const QUESTIONS: usize = 50;
const LABELS: usize = 32;
/// Policies of the large zone, each as large as it may be: some three megabytes.
const POLICIES: usize = 12;
/// Tokens that follow the ledger of zone A, and how many tails each opens: more than a process has.
const READERS: usize = 8;
const TAILS: usize = 12;

impl Attacker {
    /// Asks fifty things at a time.
    pub(super) fn ask_in_batches(&self, workers: &mut JoinSet<()>) {
        let labels: Vec<_> = (0..LABELS).map(|number| format!("label-{number}")).collect();
        let question = |number: usize| {
            json!({
                "subject": {"type": "application", "id": self.agent.application(), "properties": {"labels": labels}},
                "action": {"name": format!("bench:call-{number}")},
                "resource": {"type": "resource", "id": self.agent.resource()},
            })
        };
        let questions: Vec<Value> = (0..QUESTIONS).map(question).collect();
        let batch = json!({"evaluations": questions});
        self.press(
            workers,
            self.reader
                .request("POST", "/access/v1/evaluations", Some(&batch)),
        );
    }

    /// Asks who may do something.
    pub(super) fn search(&self, workers: &mut JoinSet<()>) {
        let search = json!({
            "subject": {"type": "application"},
            "action": {"name": "bench:call"},
            "resource": {"type": "resource", "id": self.agent.resource()},
        });
        self.press(
            workers,
            self.reader
                .request("POST", "/access/v1/search/subject", Some(&search)),
        );
    }

    /// Asks for changes that its token is not good for.
    pub(super) fn ask_for_more(&self, workers: &mut JoinSet<()>) {
        let path = format!("/v1/zones/{}/applications", self.agent.zone());
        let body = tree(&CreateApplication::named(String::from("bench")));
        let request = self.reader.request("POST", &path, Some(&body));
        self.flood(workers, self.reader.address(), move |_, _| request.clone());
    }

    /// Reads a zone of megabytes as one document, and has it compared with what is there.
    pub(super) async fn compare_documents(&self, workers: &mut JoinSet<()>) -> anyhow::Result<()> {
        let zone = text(&self.new_zone().await?, "id")?.to_owned();
        let content = large_policy();
        for number in 0..POLICIES {
            add_policy(&self.admin, &zone, &format!("bench-{number}"), &content).await?;
        }
        let path = format!("/v1/zones/{zone}/state");
        let document = self
            .admin
            .call(200, "GET", &path, None)
            .await
            .context("a document of the zone")?;
        self.press(workers, self.admin.request("GET", &path, None));
        let dry = format!("{path}?dry_run=true");
        self.press(workers, self.admin.request("PUT", &dry, Some(&document)));
        Ok(())
    }

    /// Follows the ledger of zone A with more tails than there may be, while sessions make events.
    pub(super) async fn follow(&self, workers: &mut JoinSet<()>) -> anyhow::Result<()> {
        self.make_sessions(workers).await?;
        let path = format!("/v1/zones/{}/audit/tail", self.agent.zone());
        for number in 0..READERS {
            let name = format!("bench tail {number}");
            let body = tree(&reader(name, self.agent.zone())?);
            let made = self
                .admin
                .call(201, "POST", "/v1/admin-tokens", Some(&body))
                .await?;
            let reader = JsonClient::new(self.admin.address(), Some(Secret::new(text(&made, "token")?)));
            for _ in 0..TAILS {
                let (own, request) = (self.clone(), reader.request("GET", &path, None));
                workers.spawn(async move {
                    loop {
                        own.follow_once(&request).await;
                        tokio::time::sleep(PAUSE * 10).await;
                    }
                });
            }
        }
        Ok(())
    }

    /// One tail, until the daemon ends it.
    async fn follow_once(&self, request: &[u8]) {
        self.tally.called();
        let Ok(mut stream) = connect(self.admin.address(), None).await else {
            self.tally.refused("not-opened");
            return;
        };
        if stream.write_all(request).await.is_err() {
            return;
        }
        let (mut input, mut begun) = (vec![0; 16 * 1024], false);
        while let Ok(read @ 1..) = stream.read(&mut input).await {
            if std::mem::replace(&mut begun, true) {
                continue;
            }
            match input.get(..read) {
                Some(head) if head.starts_with(b"HTTP/1.1 200") => self.tally.note("followed"),
                // Whatever comes behind a refusal is not waited for.
                _ => return self.tally.refused("no-tail"),
            }
        }
    }
}
