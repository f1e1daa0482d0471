//! Starting the processes of a deployment.

use std::{collections::BTreeMap, fs, path::Path, sync::PoisonError, time::Duration};

use caracal_testkit::process::Process;
use serde_json::Value;

use super::{Role, Stack, Unit};
use crate::Deployment;

/// Longest wait for a process to be ready: generous, many tests start at once.
const LIMIT: Duration = Duration::from_mins(1);

impl Stack {
    /// Starts the processes that `roles` need.
    pub(super) async fn launch(&self, roles: &[Role]) {
        if roles.is_empty() {
            return;
        }
        let unit = match self.deployment {
            Deployment::Embedded => {
                assert_eq!(roles, Role::ALL, "embedded roles share one process");
                // A restarted STS still verifies what it signed when it listened elsewhere.
                let environment = if self.issuer.is_empty() {
                    self.environment.clone()
                } else {
                    self.environment.clone().with("ISSUER_URL", &self.issuer)
                };
                let mut process = environment.serve(&["all"]);
                let urls = self.wait_until_ready(&mut process).await;
                self.urls
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(urls);
                Unit {
                    roles: roles.to_vec(),
                    process,
                }
            }
        };
        self.units.lock().await.push(unit);
    }

    async fn wait_until_ready(&self, process: &mut Process) -> BTreeMap<Role, String> {
        let mut urls = BTreeMap::new();
        process
            .until("every role is ready", LIMIT, async |process| {
                let Some(found) = endpoints(self.home(), process.id()) else {
                    return false;
                };
                urls = found;
                for url in urls.values() {
                    let answer = self.http.get(format!("{url}/ready")).send().await;
                    if !answer.is_ok_and(|answer| answer.status().is_success()) {
                        return false;
                    }
                }
                true
            })
            .await;
        urls
    }
}

/// What the process `pid` says about where it listens; an earlier one's word does not count.
fn endpoints(home: &Path, pid: u32) -> Option<BTreeMap<Role, String>> {
    let text = fs::read(home.join("endpoints.json")).ok()?;
    let told: Value = serde_json::from_slice(&text).ok()?;
    if told["pid"].as_u64() != Some(u64::from(pid)) {
        return None;
    }
    Role::ALL
        .into_iter()
        .map(|role| Some((role, told[role.name()].as_str()?.to_owned())))
        .collect()
}
