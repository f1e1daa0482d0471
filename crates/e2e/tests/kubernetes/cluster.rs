//! `kubectl` and `helm`, as an operator types them.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use caracal_e2e::{Role, Stack, checkout};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{io::AsyncWriteExt as _, process::Command, time::Instant};

/// The node's end of its bridge, which pods reach whatever their policy lets them call besides.
pub(crate) const NODE: Ipv4Addr = Ipv4Addr::new(10, 244, 0, 1);
/// Longest wait for anything of the cluster. Other work on the machine slows everything down.
const LIMIT: Duration = Duration::from_mins(8);

/// What `make test-kubernetes` made; `variable` names it.
pub(crate) fn given(variable: &str) -> String {
    let named = env::var_os(variable).and_then(|named| named.into_string().ok());
    named.unwrap_or_else(|| panic!("{variable} is not set; run this with `make test-kubernetes`"))
}

/// What a program said, and whether it was content.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) content: bool,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs a program with `input` on its standard input.
pub(crate) async fn run(program: &str, arguments: &[&str], input: &str) -> Said {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let mut stdin = child.stdin.take().expect("it is piped");
    // A program that reads nothing may be gone already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    Said {
        content: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// The same of `kubectl`; what it printed.
///
/// # Panics
/// When it fails.
pub(crate) async fn kubectl(arguments: &[&str]) -> String {
    kubectl_with(arguments, "").await
}

/// The same with an input.
pub(crate) async fn kubectl_with(arguments: &[&str], input: &str) -> String {
    let said = run("kubectl", arguments, input).await;
    assert!(said.content, "kubectl {arguments:?}: {}{}", said.out, said.err);
    said.out
}

/// A namespace and the release in it, both gone when [`Release::remove`] was called.
#[derive(Debug)]
pub(crate) struct Release {
    pub(crate) namespace: &'static str,
    values: Vec<String>,
}

impl Release {
    /// A namespace that takes "restricted" pods alone, and the release that will be in it, of these files of values.
    pub(crate) async fn of(namespace: &'static str, values: &[PathBuf]) -> Self {
        let release = Self {
            namespace,
            values: values
                .iter()
                .map(|file| format!("--values={}", file.display()))
                .collect(),
        };
        run("helm", &["uninstall", "caracal", "--namespace", namespace], "").await;
        run(
            "kubectl",
            &["delete", "namespace", namespace, "--timeout=120s"],
            "",
        )
        .await;
        kubectl(&["create", "namespace", namespace]).await;
        let enforced = "pod-security.kubernetes.io/enforce=restricted";
        kubectl(&["label", "namespace", namespace, enforced]).await;
        release
    }

    /// The profile of this name, of the chart.
    pub(crate) fn profile(name: &str) -> PathBuf {
        chart().join(format!("profiles/{name}.yaml"))
    }

    /// `helm upgrade --install` with further arguments; how long it took.
    pub(crate) async fn upgrade(&self, further: &[&str]) -> Duration {
        let started = Instant::now();
        let said = self.try_upgrade(further).await;
        if !said.content {
            let pods = run(
                "kubectl",
                &[
                    "--namespace",
                    self.namespace,
                    "get",
                    "pods,jobs,pvc",
                    "--output=wide",
                ],
                "",
            )
            .await;
            let events = run(
                "kubectl",
                &[
                    "--namespace",
                    self.namespace,
                    "get",
                    "events",
                    "--sort-by=.lastTimestamp",
                ],
                "",
            )
            .await;
            panic!("helm: {}{}\n{}\n{}", said.out, said.err, pods.out, events.out);
        }
        started.elapsed()
    }

    /// The same, whatever comes out.
    pub(crate) async fn try_upgrade(&self, further: &[&str]) -> Said {
        let directory = chart();
        let directory = directory.to_string_lossy();
        let mut arguments = vec![
            "upgrade",
            "--install",
            "caracal",
            &directory,
            "--namespace",
            self.namespace,
            "--wait",
            "--timeout=8m",
        ];
        arguments.extend(self.values.iter().map(String::as_str));
        arguments.extend(further);
        run("helm", &arguments, "").await
    }

    /// `helm` about the release.
    pub(crate) async fn helm(&self, arguments: &[&str]) -> String {
        let said = self.try_helm(arguments).await;
        assert!(said.content, "helm {arguments:?}: {}{}", said.out, said.err);
        said.out
    }

    /// The same, whatever comes out.
    pub(crate) async fn try_helm(&self, arguments: &[&str]) -> Said {
        let mut all = arguments.to_vec();
        all.extend(["--namespace", self.namespace]);
        run("helm", &all, "").await
    }

    /// `kubectl` in the namespace.
    pub(crate) async fn kubectl(&self, arguments: &[&str]) -> String {
        let mut all = vec!["--namespace", self.namespace];
        all.extend(arguments);
        kubectl(&all).await
    }

    /// `helm test`; the lines of the canary.
    pub(crate) async fn test(&self) -> Vec<String> {
        let said = self
            .try_helm(&["test", "caracal", "--logs", "--timeout=3m"])
            .await;
        assert!(said.content, "helm test: {}{}", said.out, said.err);
        said.out
            .lines()
            .filter(|line| line.starts_with("ok "))
            .map(String::from)
            .collect()
    }

    /// Objects of these kinds, as the API has them.
    pub(crate) async fn objects(&self, kinds: &str) -> Vec<Value> {
        let listed = self.kubectl(&["get", kinds, "--output=json"]).await;
        let mut listed: Value = serde_json::from_str(&listed).expect("a list");
        serde_json::from_value(listed["items"].take()).expect("items")
    }

    /// Names of what there is of these kinds, with their kinds.
    pub(crate) async fn names(&self, kinds: &str) -> BTreeSet<String> {
        let listed = self.kubectl(&["get", kinds, "--output=name"]).await;
        listed.lines().map(String::from).collect()
    }

    /// Running pods of the release by name, with what tells each from its successor.
    pub(crate) async fn pods(&self) -> BTreeMap<String, String> {
        let text = |pod: &Value, pointer: &str| {
            pod.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        self.objects("pods")
            .await
            .iter()
            .filter(|pod| text(pod, "/status/phase") == "Running")
            .map(|pod| (text(pod, "/metadata/name"), text(pod, "/metadata/uid")))
            .collect()
    }

    /// Waits until every replica of this role was replaced.
    pub(crate) async fn rolled_out(&self, object: &str) {
        let limit = format!("--timeout={}s", LIMIT.as_secs());
        self.kubectl(&["rollout", "status", object, &limit]).await;
    }

    /// The running release as a stack, with the secrets of its Secret, reached at its Services' own addresses.
    pub(crate) async fn stack(&self, secret: &str) -> Stack {
        let home = TempDir::new().expect("a directory");
        let secrets = home.path().join("secrets");
        fs::create_dir(&secrets).expect("a directory");
        let found = self.kubectl(&["get", "secret", secret, "--output=json"]).await;
        let found: Value = serde_json::from_str(&found).expect("a Secret");
        for (name, value) in found["data"].as_object().expect("data") {
            let value = STANDARD.decode(value.as_str().expect("text")).expect("base64");
            fs::write(secrets.join(name), value).expect("a file");
        }
        let mut urls = BTreeMap::new();
        for service in self.objects("services").await {
            let spec = &service["spec"];
            let name = service["metadata"]["name"].as_str().expect("a name");
            let role = Role::ALL
                .into_iter()
                .find(|role| name == format!("caracal-{}", role.name()));
            if let (Some(role), Some(address)) = (role, spec["clusterIP"].as_str()) {
                urls.insert(role, format!("http://{address}:{}", spec["ports"][0]["port"]));
            }
        }
        Stack::elsewhere(home, urls, IpAddr::V4(NODE))
    }

    /// Takes the release and its namespace away.
    pub(crate) async fn remove(self) {
        self.try_helm(&["uninstall", "caracal", "--wait"]).await;
        run(
            "kubectl",
            &["delete", "namespace", self.namespace, "--timeout=180s"],
            "",
        )
        .await;
    }
}

/// Waits until `holds`.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !holds().await {
        assert!(started.elapsed() < LIMIT, "{what}: not within {LIMIT:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

fn chart() -> PathBuf {
    checkout().join("infra/helm/caracal")
}

/// A file of the directory beside the chart's own tests.
pub(crate) fn beside(name: &str) -> PathBuf {
    Path::new(&checkout()).join("infra/helm/tests").join(name)
}
