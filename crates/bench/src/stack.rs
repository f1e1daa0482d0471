//! The running stack that is measured: found through its state directory or flags, or started for the purpose.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use caracal_core::Secret;

use crate::{
    address::parse_local, daemon::Daemon, endpoints::Endpoints, json_client::JsonClient, prometheus,
};

/// Which stack to measure.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct StackArguments {
    /// Start this `caracald` on free ports with a temporary state directory (mode dev), and end it afterwards
    #[arg(long, value_name = "CARACALD", conflicts_with_all = ["api", "sts", "gateway", "coordinator", "audit", "pid"])]
    pub spawn: Option<PathBuf>,
    /// State directory of a running daemon, for its endpoints, process and admin token
    #[arg(long, value_name = "DIR", env = "CARACAL_HOME")]
    pub home: Option<PathBuf>,
    /// URL of the Control API, on this machine; default from the state directory, like the others
    #[arg(long, value_name = "URL")]
    pub api: Option<String>,
    /// URL of the STS
    #[arg(long, value_name = "URL")]
    pub sts: Option<String>,
    /// URL of the Gateway
    #[arg(long, value_name = "URL")]
    pub gateway: Option<String>,
    /// URL of the Coordinator
    #[arg(long, value_name = "URL")]
    pub coordinator: Option<String>,
    /// URL of the Audit role, for its metrics
    #[arg(long, value_name = "URL")]
    pub audit: Option<String>,
    /// Process whose CPU time counts; give it for every process of ours [default: those of the state directory]
    #[arg(long, value_name = "PID")]
    pub pid: Vec<u32>,
    /// File with the admin token [default: secrets/caracalAdminToken in the state directory]
    #[arg(long, value_name = "FILE")]
    pub admin_token_file: Option<PathBuf>,
}

/// A running stack.
#[derive(Debug)]
pub struct Stack {
    /// The Control API.
    pub api: SocketAddr,
    /// The STS.
    pub sts: SocketAddr,
    /// The Gateway.
    pub gateway: SocketAddr,
    /// The Coordinator.
    pub coordinator: SocketAddr,
    /// Where the ledger's metrics are: the Audit role, or the STS when all is one process.
    pub audit: SocketAddr,
    /// Our processes.
    pub pids: Vec<u32>,
    /// The deployment's admin token.
    pub admin_token: Secret,
    /// The bearer of `/metrics`, where it asks for one.
    metrics_bearer: Option<Secret>,
    // Ends the daemon with the stack.
    daemon: Option<Daemon>,
}

impl Stack {
    /// Finds or starts the stack.
    ///
    /// # Errors
    /// When something that is needed is not said, not on this machine, or the daemon does not start.
    pub async fn open(arguments: &StackArguments) -> anyhow::Result<Self> {
        if let Some(program) = &arguments.spawn {
            let mut daemon = Daemon::spawn(program, tempfile::tempdir()?.into())?;
            daemon.wait_until_ready().await?;
            let found = StackArguments {
                home: Some(daemon.home().to_owned()),
                ..StackArguments::default()
            };
            let mut stack = Self::find(&found)?;
            stack.daemon = Some(daemon);
            return Ok(stack);
        }
        Self::find(arguments)
    }

    fn find(arguments: &StackArguments) -> anyhow::Result<Self> {
        let endpoints = match &arguments.home {
            Some(home) => Endpoints::read(home)?,
            None => Endpoints::default(),
        };
        let address = |given: &Option<String>, role: &str| {
            let url = given.as_deref().or(endpoints.urls.get(role).map(String::as_str));
            let url =
                url.with_context(|| format!("where is the {role}? give --home, --{role} or --spawn"))?;
            parse_local(url).with_context(|| format!("address of the {role}"))
        };
        let pids = match (arguments.pid.as_slice(), endpoints.pids) {
            ([], pids) if pids.is_empty() => {
                bail!("whose CPU time counts? give --pid for every process of ours")
            }
            ([], pids) => pids,
            (given, _) => given.to_vec(),
        };
        let token_file = arguments
            .admin_token_file
            .clone()
            .or_else(|| Some(arguments.home.as_ref()?.join("secrets/caracalAdminToken")))
            .context("which admin token? give --admin-token-file")?;
        let token = std::fs::read_to_string(&token_file)
            .with_context(|| format!("cannot read the admin token in {}", token_file.display()))?;
        let sts = address(&arguments.sts, "sts")?;
        let audit = match arguments
            .audit
            .as_deref()
            .or(endpoints.urls.get("audit").map(String::as_str))
        {
            Some(url) => parse_local(url).context("address of the audit role")?,
            None => sts,
        };
        Ok(Self {
            api: address(&arguments.api, "api")?,
            sts,
            audit,
            gateway: address(&arguments.gateway, "gateway")?,
            coordinator: address(&arguments.coordinator, "coordinator")?,
            pids,
            admin_token: Secret::new(token.trim()),
            metrics_bearer: arguments
                .home
                .as_ref()
                .and_then(|home| std::fs::read_to_string(home.join("secrets/metricsBearer")).ok())
                .map(|bearer| Secret::new(bearer.trim())),
            daemon: None,
        })
    }

    /// SQL statements so far by label set, of the processes behind STS and Gateway. `None` when they do not tell.
    pub async fn statements(&self) -> Option<BTreeMap<String, f64>> {
        let mut sum = self.counter(self.sts, prometheus::STATEMENTS).await?;
        // One process is asked once.
        if self.pids.len() > 1 {
            for (labels, value) in self.counter(self.gateway, prometheus::STATEMENTS).await? {
                *sum.entry(labels).or_default() += value;
            }
        }
        // A daemon that runs has made statements: without any it does not count them.
        (!sum.is_empty()).then_some(sum)
    }

    /// A counter of the process behind `address`, by label set; empty when it has not counted yet. `None` when it
    /// does not show its metrics.
    pub async fn counter(&self, address: SocketAddr, name: &str) -> Option<BTreeMap<String, f64>> {
        let client = JsonClient::new(address, self.metrics_bearer.clone());
        let (status, text) = client.get("/metrics").await.ok()?;
        (status == 200).then(|| prometheus::counter(&text, name).unwrap_or_default())
    }

    /// The state directory of a daemon that was started for this, and may be damaged.
    pub fn own_home(&self) -> Option<&Path> {
        self.daemon.as_ref().map(Daemon::home)
    }

    /// Stops the daemon if it was started for this; what the tail of its log says when it does not stop.
    ///
    /// # Errors
    /// When it had to be killed or failed.
    pub async fn close(mut self) -> anyhow::Result<()> {
        match &mut self.daemon {
            Some(daemon) => daemon.stop().await,
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(endpoints: &str) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("secrets")).unwrap();
        std::fs::write(home.path().join("secrets/caracalAdminToken"), "cat_x\n").unwrap();
        std::fs::write(home.path().join("endpoints.json"), endpoints).unwrap();
        home
    }

    const ENDPOINTS: &str = r#"{"pid":7,"api":"http://127.0.0.1:1","sts":"http://127.0.0.1:2",
        "gateway":"http://127.0.0.1:3","coordinator":"http://127.0.0.1:4","audit":"http://127.0.0.1:5"}"#;

    #[test]
    fn a_state_directory_says_everything() {
        let home = home(ENDPOINTS);
        let arguments = StackArguments {
            home: Some(home.path().to_owned()),
            ..StackArguments::default()
        };
        let stack = Stack::find(&arguments).unwrap();
        assert_eq!(
            (stack.api.port(), stack.coordinator.port(), stack.pids),
            (1, 4, vec![7])
        );
        assert_eq!(stack.admin_token.expose(), "cat_x");
    }

    #[test]
    fn flags_come_before_the_state_directory() {
        let home = home(ENDPOINTS);
        let arguments = StackArguments {
            home: Some(home.path().to_owned()),
            sts: Some(String::from("http://127.0.0.1:22")),
            pid: vec![8, 9],
            ..StackArguments::default()
        };
        let stack = Stack::find(&arguments).unwrap();
        assert_eq!((stack.sts.port(), stack.pids), (22, vec![8, 9]));
    }

    #[test]
    fn strangers_and_gaps_are_refused() {
        let foreign = home(&ENDPOINTS.replace("127.0.0.1:3", "192.0.2.1:3"));
        let missing = home(r#"{"pid":7,"api":"http://127.0.0.1:1"}"#);
        let nameless = home(&ENDPOINTS.replace(r#""pid":7,"#, ""));
        for (home, part) in [
            (foreign, "not on this machine"),
            (missing, "--sts"),
            (nameless, "--pid"),
        ] {
            let arguments = StackArguments {
                home: Some(home.path().to_owned()),
                ..StackArguments::default()
            };
            let message = format!("{:#}", Stack::find(&arguments).unwrap_err());
            assert!(message.contains(part), "{message}");
        }
        assert!(Stack::find(&StackArguments::default()).is_err());
    }
}
