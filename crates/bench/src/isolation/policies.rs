//! Cases of policies as large as they may be, and of the directory that changes under them.

use std::{fmt::Write as _, sync::Arc};

use anyhow::Context as _;
use caracal_core::json::tree;
use tokio::task::JoinSet;

use super::worst::{Attacker, FLOODERS, every};
use crate::{
    fixture::{SetOfZone, activate, add_policy},
    http::Connection,
    json_client::text,
};

/// Resources that the large policy speaks of: some 230 kB of text.
const LARGE_POLICY_RESOURCES: usize = 2_100;
/// The policy that unfolds grants so many scopes on so many resources: some five megabytes of documents.
const UNFOLDED_SCOPES: usize = 300;
const UNFOLDED_RESOURCES: usize = 1_000;

impl Attacker {
    /// Activates the largest policy in a new zone, and changes what it is decided with.
    pub(super) async fn reload_policies(&self, workers: &mut JoinSet<()>) -> anyhow::Result<()> {
        let zone = text(&self.new_zone().await?, "id")?.to_owned();
        self.tally.called();
        activate(&self.admin, &zone, &large_policy())
            .await
            .context("the large policy")?;
        self.tally.answered(202);
        self.change_directory(workers, &zone);
        self.ask_for_all(workers, zone);
        Ok(())
    }

    /// Puts one version of a policy set in force after the other, as soon as the last one is. Each takes few kilobytes
    /// to write and megabytes to load, and the directory changes under it.
    pub(super) async fn activate_without_end(&self, workers: &mut JoinSet<()>) -> anyhow::Result<()> {
        let zone = text(&self.new_zone().await?, "id")?.to_owned();
        let set = SetOfZone::make(&self.admin, &zone).await?;
        let mut requests = Vec::new();
        for name in ["one", "other"] {
            let policy = add_policy(&self.admin, &zone, name, &unfolding_policy(name)).await?;
            let version = set.add_version(&self.admin, vec![policy]).await?;
            requests.push(
                self.admin
                    .request("POST", &set.activation_path(), Some(&tree(&version))),
            );
        }
        let own = self.clone();
        workers.spawn(async move {
            let mut connection = Connection::new(own.admin.address());
            let mut due = every(own.worst.flood);
            for request in requests.iter().cycle() {
                if own.send(&mut connection, request).await == Some(429) {
                    due.tick().await;
                }
            }
        });
        self.change_directory(workers, &zone);
        self.ask_for_all(workers, zone);
        Ok(())
    }

    /// Has the zone in memory wherever it decides.
    fn ask_for_all(&self, workers: &mut JoinSet<()>, zone: String) {
        let zone: Arc<str> = zone.into();
        for _ in 0..FLOODERS {
            let (own, zone) = (self.clone(), zone.clone());
            workers.spawn(async move {
                let mut sts = Connection::new(own.agent.sts());
                let mut due = every(own.worst.sessions);
                loop {
                    due.tick().await;
                    own.ask_for(&mut sts, &zone).await;
                }
            });
        }
    }
}

const HEAD: &str = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\n";

/// A data document about as large as one may be.
pub(super) fn large_policy() -> String {
    let mut grants = String::new();
    for number in 0..LARGE_POLICY_RESOURCES {
        let comma = if number == 0 { "" } else { ", " };
        // Writing to a text cannot fail.
        let _ = write!(
            grants,
            r#"{comma}"resource://bench-{number}": {{"application": "bench", "roles": {{"reader": ["read"], "writer": ["read", "write"]}}}}"#
        );
    }
    format!("{HEAD}app_ids := {{}}\ngrants := {{{grants}}}\n")
}

/// A small document that evaluates to a large one: every resource has the same long list of scopes.
fn unfolding_policy(name: &str) -> String {
    let list = |word: &str, count: usize| {
        let words: Vec<_> = (0..count).map(|number| format!(r#""{word}-{number}""#)).collect();
        words.join(", ")
    };
    let scopes = list("bench:scope", UNFOLDED_SCOPES);
    let resources = list(&format!("bench:{name}"), UNFOLDED_RESOURCES);
    let grant = r#"{"application": "bench", "roles": {"reader": scopes}}"#;
    format!(
        "{HEAD}app_ids := {{}}\ngrants := {{r: {grant} | some scopes in [[{scopes}]]; some r in [{resources}]}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_large_policy_is_almost_as_large_as_one_may_be() {
        assert!(
            (200_000..=262_144).contains(&large_policy().len()),
            "{}",
            large_policy().len()
        );
    }

    #[test]
    fn the_policy_that_unfolds_is_as_small_as_one_that_computes_must_be() {
        assert!(unfolding_policy("one").len() <= 32_768);
        assert_ne!(unfolding_policy("one"), unfolding_policy("other"));
    }
}
