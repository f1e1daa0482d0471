//! A running deployment.

mod launch;

use std::{
    collections::BTreeMap,
    fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use tempfile::TempDir;

use super::{Daemon, Deployment, Finished, Production, Reply, Role, daemon, reply};
use crate::process::Process;

/// Longest wait of an answer for replicas: longer than a busy machine makes them late.
const REPLICAS_ARE_WAITED_FOR: (&str, &str) = ("REPLICA_SYNC_TIMEOUT_MS", "10000");

/// One process of the deployment and the roles in it.
#[derive(Debug)]
struct Unit {
    roles: Vec<Role>,
    process: Process,
    /// Which replica of its role it is and where it listens, where each role has processes of its own.
    replica: Option<(usize, String)>,
}

/// A running deployment with state of its own. Everything it started is killed with it.
#[derive(Debug)]
pub struct Stack {
    deployment: Deployment,
    environment: Daemon,
    /// What every process is told besides.
    variables: Vec<(String, String)>,
    /// Follows no redirects and uses no proxy.
    http: reqwest::Client,
    // Held across waits: starting and stopping take turns. Before the servers and the state, which they outlive
    // otherwise.
    units: tokio::sync::Mutex<Vec<Unit>>,
    production: Option<Production>,
    home: TempDir,
    // Also read while units come and go.
    urls: Mutex<BTreeMap<Role, String>>,
    /// What ended processes wrote.
    past_logs: Mutex<String>,
    /// Where the STS listened first: `iss` of mandates, also after a restart on other ports.
    issuer: String,
    /// Where servers of the test are reached from.
    near: IpAddr,
}

impl Stack {
    /// Starts `deployment` and waits until every role is ready.
    ///
    /// # Panics
    /// When one does not get ready.
    pub async fn start(deployment: Deployment) -> Self {
        Self::with(deployment, &[]).await
    }

    /// The same with more variables in the environment of every process.
    ///
    /// An answer to a change waits for every replica, on a machine however busy, unless `REPLICA_SYNC_TIMEOUT_MS` is
    /// among the variables: what is tested then is what is promised once all have heard.
    ///
    /// # Panics
    /// When a role does not get ready.
    pub async fn with(deployment: Deployment, variables: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().expect("a directory for the state");
        let production = match deployment {
            Deployment::Embedded => None,
            Deployment::Production => Some(Production::start(home.path(), false).await),
            Deployment::ProductionAlone => Some(Production::start(home.path(), true).await),
            Deployment::Elsewhere => panic!("what others start is not started here"),
        };
        let environment = production
            .as_ref()
            .map_or_else(|| Daemon::embedded(home.path()), Production::command);
        let variables = [&[REPLICAS_ARE_WAITED_FOR], variables].concat();
        let environment = variables.iter().fold(environment, |environment, (name, value)| {
            environment.with(name, value)
        });
        let mut stack = Self {
            deployment,
            production,
            home,
            variables: variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            environment,
            http: reply::client(),
            units: tokio::sync::Mutex::default(),
            urls: Mutex::default(),
            past_logs: Mutex::default(),
            issuer: String::new(),
            near: IpAddr::V4(Ipv4Addr::LOCALHOST),
        };
        stack.launch(&Role::ALL).await;
        stack.issuer = stack.url(Role::Sts);
        stack
    }

    /// A deployment that others started and will stop. `home` has its `secrets`; servers of the test listen at `near`,
    /// where it reaches them.
    pub fn elsewhere(home: TempDir, urls: BTreeMap<Role, String>, near: IpAddr) -> Self {
        Self {
            deployment: Deployment::Elsewhere,
            production: None,
            environment: Daemon::embedded(home.path()),
            home,
            variables: Vec::new(),
            http: reply::client(),
            units: tokio::sync::Mutex::default(),
            issuer: urls.get(&Role::Sts).cloned().unwrap_or_default(),
            urls: Mutex::new(urls),
            past_logs: Mutex::default(),
            near,
        }
    }

    /// The address at which the processes of this deployment reach servers of the test.
    pub const fn near(&self) -> IpAddr {
        self.near
    }

    /// How it is deployed.
    pub const fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// The servers of a production deployment.
    ///
    /// # Panics
    /// In any other.
    pub fn production(&self) -> &Production {
        self.production.as_ref().expect("a production deployment")
    }

    /// State directory: database, spool, secrets.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Where a role listens, `http://host:port`.
    ///
    /// # Panics
    /// When it does not run.
    pub fn url(&self, role: Role) -> String {
        let urls = self.urls.lock().unwrap_or_else(PoisonError::into_inner);
        urls.get(&role)
            .unwrap_or_else(|| panic!("role {} does not run", role.name()))
            .clone()
    }

    /// Sends the requests to `role` that follow to `url`, one of its replicas.
    pub fn point(&self, role: Role, url: &str) {
        self.urls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(role, url.to_owned());
    }

    /// Process ids, one for each process.
    pub async fn pids(&self) -> Vec<u32> {
        self.units
            .lock()
            .await
            .iter()
            .map(|unit| unit.process.id())
            .collect()
    }

    /// A generated secret.
    ///
    /// # Panics
    /// When there is none of this name.
    pub fn secret(&self, name: &str) -> String {
        let path = self.home().join("secrets").join(name);
        fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            .trim()
            .to_owned()
    }

    /// The bearer of the Control API.
    pub fn admin_token(&self) -> String {
        self.secret("caracalAdminToken")
    }

    /// A request to a role.
    pub fn request(&self, role: Role, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("an HTTP method");
        self.http.request(method, format!("{}{path}", self.url(role)))
    }

    /// A Control API call.
    pub async fn admin(&self, method: &str, path: &str, body: Option<serde_json::Value>) -> Reply {
        let request = self
            .request(Role::Api, method, path)
            .bearer_auth(self.admin_token());
        Reply::of(match body {
            Some(body) => request.json(&body),
            None => request,
        })
        .await
    }

    /// Kills the process of `role` without warning (SIGKILL), and with it the roles that share it.
    pub async fn kill(&self, role: Role) {
        for mut unit in self.take(role).await {
            unit.process.kill();
            self.keep_log(&unit.process);
        }
    }

    /// Asks the process of `role` to end, and waits until it has drained.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn terminate(&self, role: Role) {
        for mut unit in self.take(role).await {
            daemon::drain(&mut unit.process).await;
            self.keep_log(&unit.process);
        }
    }

    /// Starts whatever does not run, over the same state, and waits until it is ready. Ports may differ.
    ///
    /// # Panics
    /// When a role does not get ready.
    pub async fn revive(&self) {
        let running: Vec<Role> = self
            .units
            .lock()
            .await
            .iter()
            .flat_map(|unit| unit.roles.clone())
            .collect();
        let missing: Vec<Role> = Role::ALL
            .into_iter()
            .filter(|role| !running.contains(role))
            .collect();
        self.launch(&missing).await;
    }

    /// Asks every process to end, and waits until all have drained.
    ///
    /// # Panics
    /// When one does not end well.
    pub async fn stop(&self) {
        // Those that record before the one that collects, as an operator stops them.
        for role in [
            Role::Gateway,
            Role::Api,
            Role::Coordinator,
            Role::Sts,
            Role::Audit,
        ] {
            self.terminate(role).await;
        }
    }

    /// Everything the processes wrote so far.
    pub async fn log(&self) -> String {
        let mut log = self
            .past_logs
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for unit in self.units.lock().await.iter() {
            log.push_str(&unit.process.stdout());
            log.push_str(&unit.process.stderr());
        }
        log
    }

    /// Runs `caracald` with `arguments` in the environment of the stack.
    pub async fn caracald(&self, arguments: &[&str]) -> Finished {
        self.environment.run(arguments).await
    }

    /// The bearer of `/metrics`; empty where they are open.
    pub fn metrics_bearer(&self) -> String {
        if self.production.is_some() {
            self.secret("metricsBearer")
        } else {
            String::new()
        }
    }

    /// Everything that is kept, by where it is: files of the state, and what lies in the servers.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn at_rest(&self) -> Vec<(String, Vec<u8>)> {
        let files = self.files().into_iter();
        let mut kept: Vec<_> = files
            .map(|file| {
                let bytes = fs::read(&file).expect("a file of the state");
                (file.display().to_string(), bytes)
            })
            .collect();
        if let Some(production) = &self.production {
            kept.extend(production.at_rest().await);
        }
        kept
    }

    /// Every regular file of the state directory.
    ///
    /// # Panics
    /// When the directory cannot be read.
    fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut directories = vec![self.home().to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(&directory).expect("a directory of the state") {
                let path = entry.expect("an entry of the state directory").path();
                if path.is_dir() {
                    directories.push(path);
                } else {
                    files.push(path);
                }
            }
        }
        files
    }

    async fn take(&self, role: Role) -> Vec<Unit> {
        let mut units = self.units.lock().await;
        let (taken, kept): (Vec<Unit>, Vec<Unit>) = std::mem::take(&mut *units)
            .into_iter()
            .partition(|unit| unit.roles.contains(&role));
        *units = kept;
        taken
    }

    fn keep_log(&self, process: &Process) {
        let mut log = self.past_logs.lock().unwrap_or_else(PoisonError::into_inner);
        log.push_str(&process.stdout());
        log.push_str(&process.stderr());
    }
}
