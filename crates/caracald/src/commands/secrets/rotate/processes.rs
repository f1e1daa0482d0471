//! What the processes of the deployment say of themselves: that they read what was written, and what they still need.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use caracal_service::config::Role;

use super::{
    catalogue::{DropCondition, beside},
    journal::Secrets,
};
use crate::commands::processes::{Operator, Process, values};

/// The metric that differs between any two starts of a process.
const CONFIGURED: &str = "caracal_configuration_read_seconds";

/// How long a counter stands still before it is taken to have stopped.
const STILL: Duration = Duration::from_secs(5);

/// The processes, and who asks them.
pub(super) struct Processes {
    operator: Operator,
    named: Vec<Process>,
}

impl Processes {
    pub(super) fn new(named: Vec<Process>) -> anyhow::Result<Self> {
        Ok(Self {
            operator: Operator::new()?,
            named,
        })
    }

    /// Whether none was named, so that nothing can be seen.
    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty()
    }

    /// When each of them had read its configuration.
    ///
    /// # Errors
    /// When one does not answer: a change does not begin while a process is away that would not hear of it.
    pub(super) async fn seen(&self, secrets: &Secrets) -> anyhow::Result<BTreeMap<String, f64>> {
        let mut seen = BTreeMap::new();
        for process in &self.named {
            let shown = self.ask(process, secrets).await?;
            let at = values(&shown, CONFIGURED, "").next();
            let at = at.with_context(|| format!("{} does not say {CONFIGURED}", process.name))?;
            seen.insert(process.name.clone(), at);
        }
        Ok(seen)
    }

    /// What keeps the change from going on: processes that have not read what was written, and roles of which none was
    /// named.
    pub(super) async fn unread(
        &self,
        secrets: &Secrets,
        restart: &[String],
        seen: &BTreeMap<String, f64>,
    ) -> Vec<String> {
        let mut missing = Vec::new();
        for role in restart {
            let mut any = false;
            for process in self.named.iter().filter(|one| one.role.as_str() == role) {
                any = true;
                match self.read_since(process, secrets, seen).await {
                    Ok(true) => {}
                    Ok(false) => missing.push(format!("{} has not been started again", process.name)),
                    Err(error) => missing.push(format!("{}: {error:#}", process.name)),
                }
            }
            if !any {
                missing.push(format!(
                    "no --process of {role} was named, so that nobody can see"
                ));
            }
        }
        missing
    }

    async fn read_since(
        &self,
        process: &Process,
        secrets: &Secrets,
        seen: &BTreeMap<String, f64>,
    ) -> anyhow::Result<bool> {
        let before = seen.get(&process.name);
        let before = before
            .context("it was not named before the files were written; start it again and say --restarted")?;
        self.operator.get(process, "/ready").await?.expect(200)?;
        let shown = self.ask(process, secrets).await?;
        Ok(values(&shown, CONFIGURED, "").any(|at| at > *before))
    }

    /// What the old value of `file`, which `users` read, is still needed for; nothing when it can go.
    pub(super) async fn needed(
        &self,
        secrets: &Secrets,
        file: &str,
        until: DropCondition,
        users: &[Role],
    ) -> anyhow::Result<Option<String>> {
        match until {
            DropCondition::Replaced | DropCondition::Told(_) => Ok(None),
            DropCondition::Zero(name) => Ok(match self.sum(secrets, users, name, "", true).await? {
                None => Some(format!("{file}: not every process shows {name} yet")),
                Some(sum) if sum > 0.0 => Some(format!("{file}: {name} is {sum}")),
                Some(_) => None,
            }),
            DropCondition::Still(name, labels) => {
                let before = self.sum(secrets, users, name, labels, false).await?;
                tokio::time::sleep(STILL).await;
                let after = self.sum(secrets, users, name, labels, false).await?;
                Ok((before != after).then(|| format!("{file}: {name} of the old key still grows")))
            }
        }
    }

    /// The sum of a metric over the processes of `users`; with `by_each` nothing unless each of them shows it.
    async fn sum(
        &self,
        secrets: &Secrets,
        users: &[Role],
        name: &str,
        labels: &str,
        by_each: bool,
    ) -> anyhow::Result<Option<f64>> {
        let mut sum = 0.0;
        for process in self.named.iter().filter(|one| users.contains(&one.role)) {
            let shown = self.ask(process, secrets).await?;
            let mut found = values(&shown, name, labels).peekable();
            if by_each && found.peek().is_none() {
                return Ok(None);
            }
            sum += found.sum::<f64>();
        }
        Ok(Some(sum))
    }

    async fn ask(&self, process: &Process, secrets: &Secrets) -> anyhow::Result<String> {
        let bearers = [
            secrets.read("metricsBearer")?,
            secrets.read(&beside("metricsBearer"))?,
        ];
        let bearers: Vec<String> = bearers.into_iter().flatten().collect();
        self.operator.metrics(process, &bearers).await
    }
}
