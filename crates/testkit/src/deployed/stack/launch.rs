//! Starting the processes of a deployment.

use std::{collections::BTreeMap, fs, sync::PoisonError, time::Duration};

use serde_json::Value;

use super::{Stack, Unit};
use crate::{
    deployed::{Daemon, Deployment, Role, daemon, role::endpoints},
    process::Process,
};

/// Longest wait for a process to be ready: generous, many tests start at once.
const LIMIT: Duration = Duration::from_mins(1);

/// The hosts of upstreams, which a Gateway has to be told in a published mode.
const UPSTREAM_HOSTS: &str = "localhost,127.0.0.1";

impl Stack {
    /// Starts the processes that `roles` need.
    pub(super) async fn launch(&self, roles: &[Role]) {
        if roles.is_empty() {
            return;
        }
        let unit = match self.deployment {
            Deployment::Production | Deployment::ProductionAlone => return self.launch_apart(roles).await,
            Deployment::Elsewhere => panic!("its processes are not the test's"),
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
                    replica: None,
                }
            }
        };
        self.units.lock().await.push(unit);
    }

    /// Starts one process for each of `roles`, and waits for all.
    async fn launch_apart(&self, roles: &[Role]) {
        let mut started = Vec::new();
        for role in roles {
            let instance = self.next_instance(*role).await;
            started.push(self.spawn_apart(*role, instance, &[]));
        }
        for (mut unit, url) in started {
            self.wait_until_ready_at(&mut unit.process, &url).await;
            self.urls
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(unit.roles[0], url);
            self.units.lock().await.push(unit);
        }
        self.write_endpoints();
    }

    /// Starts another process of `role` beside the one there is, told `variables` besides, and waits until it is
    /// ready; returns where it listens. It ends with the others of its role.
    ///
    /// # Panics
    /// When it does not get ready, or roles share a process.
    pub async fn replicate(&self, role: Role, variables: &[(&str, &str)]) -> String {
        let instance = self.next_instance(role).await;
        let (mut unit, url) = self.spawn_apart(role, instance, variables);
        self.wait_until_ready_at(&mut unit.process, &url).await;
        self.units.lock().await.push(unit);
        url
    }

    /// Asks the one process of `role` that listens at `url` to end, and once it has drained starts it again there, told
    /// `variables` besides.
    ///
    /// # Panics
    /// When there is none, it does not end well, or it does not get ready.
    pub async fn restart_at(&self, role: Role, url: &str, variables: &[(&str, &str)]) {
        let mut ended = self.take_at(url).await;
        daemon::drain(&mut ended.process).await;
        self.keep_log(&ended.process);
        let (instance, _) = ended.replica.expect("it is a replica");
        let address = (role.listen_variable(), url.trim_start_matches("http://"));
        let variables: Vec<_> = variables
            .iter()
            .copied()
            .chain([(address.0.as_str(), address.1)])
            .collect();
        let (mut unit, url) = self.spawn_apart(role, instance, &variables);
        self.wait_until_ready_at(&mut unit.process, &url).await;
        self.units.lock().await.push(unit);
    }

    /// Kills the one process that listens at `url` without warning (SIGKILL); others of its role go on.
    ///
    /// # Panics
    /// When there is none.
    pub async fn kill_at(&self, url: &str) {
        let mut unit = self.take_at(url).await;
        unit.process.kill();
        self.keep_log(&unit.process);
    }

    async fn take_at(&self, url: &str) -> Unit {
        let mut units = self.units.lock().await;
        let found = units
            .iter()
            .position(|unit| unit.replica.as_ref().is_some_and(|(_, at)| at == url));
        units.remove(found.expect("a process listens there"))
    }

    /// What a process of `role` would be told that is started beside the others: ports and spool of its own.
    pub fn environment_of(&self, role: Role) -> Daemon {
        self.production().environment(role, usize::MAX)
    }

    /// Starts the process of `role` where it listened before, without waiting for anything but that it answers.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start_unready(&self, role: Role) -> Process {
        let (mut unit, url) = self.spawn_apart(role, 0, &[]);
        unit.process
            .until("it answers", LIMIT, async |_| {
                self.http.get(format!("{url}/health")).send().await.is_ok()
            })
            .await;
        unit.process
    }

    async fn next_instance(&self, role: Role) -> usize {
        let units = self.units.lock().await;
        units.iter().filter(|unit| unit.roles.contains(&role)).count()
    }

    fn spawn_apart(&self, role: Role, instance: usize, variables: &[(&str, &str)]) -> (Unit, String) {
        // One that is started again listens where it did before.
        let listen = role.listen_variable();
        let before = self
            .urls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&role)
            .filter(|_| instance == 0)
            .cloned();
        let environment = self.production().environment(role, instance);
        let environment = match before {
            Some(url) => environment.with(&listen, url.trim_start_matches("http://")),
            None => environment,
        };
        let common = self.variables.iter();
        // Upstreams of tests are on this machine, whatever a test lets others reach.
        let upstreams = (role == Role::Gateway).then_some(("CARACAL_PRIVATE_EGRESS_HOSTS", UPSTREAM_HOSTS));
        let environment = common
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .chain(upstreams)
            .chain(variables.iter().copied())
            .fold(environment, |daemon, (name, value)| daemon.with(name, value));
        let url = format!("http://{}", environment.get(&listen));
        let process = environment.serve(&[role.name()]);
        let unit = Unit {
            roles: vec![role],
            process,
            replica: Some((instance, url.clone())),
        };
        (unit, url)
    }

    async fn wait_until_ready_at(&self, process: &mut Process, url: &str) {
        process
            .until("it is ready", LIMIT, async |_| {
                let answer = self.http.get(format!("{url}/ready")).send().await;
                answer.is_ok_and(|answer| answer.status().is_success())
            })
            .await;
    }

    /// Says where the roles listen, as the embedded daemon does itself.
    fn write_endpoints(&self) {
        let urls = self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        let listening: serde_json::Map<String, Value> = urls
            .iter()
            .map(|(role, url)| (role.name().to_owned(), url.as_str().into()))
            .collect();
        fs::write(
            self.home().join("endpoints.json"),
            Value::Object(listening).to_string(),
        )
        .expect("the state directory can be written");
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
