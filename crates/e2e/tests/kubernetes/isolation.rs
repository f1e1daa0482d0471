//! Who reaches whom, tried out of the running pods themselves.

use std::collections::BTreeSet;

use crate::cluster::{Release, given, kubectl_with, run};

/// What listens: its name within the release and its port.
const ROLES: [(&str, u16); 6] = [
    ("sts", 8080),
    ("gateway", 8081),
    ("coordinator", 4000),
    ("api", 3000),
    ("audit", 9090),
    ("web", 3001),
];
const STORES: [&str; 2] = ["postgres.caracal-stores:5432", "redis.caracal-stores:6379"];
/// Pods that are no role: those of hooks, and one that has nothing to do with the release.
const OTHERS: [&str; 3] = ["canary", "migrate", "stranger"];

/// Who may reach this role within the release.
fn callers(role: &str) -> &'static [&'static str] {
    match role {
        "sts" => &["gateway", "canary"],
        "gateway" => &["canary"],
        "coordinator" | "api" => &["web", "canary"],
        _ => &[],
    }
}

/// Who may reach the stores.
const OF_STORES: [&str; 6] = ["sts", "gateway", "coordinator", "api", "audit", "migrate"];

/// Every path between two of them is open or shut as it is to be.
pub(crate) async fn check(release: &Release) {
    for name in OTHERS {
        stand_in(release, name).await;
    }
    let (mut open, mut shut, mut wrong) = (0, 0, Vec::new());
    for caller in ROLES.iter().map(|(name, _)| *name).chain(OTHERS) {
        let pod = pod_of(release, caller).await;
        let roles = ROLES
            .iter()
            .filter(|(role, _)| *role != caller)
            .map(|(role, port)| (format!("caracal-{role}:{port}"), callers(role).contains(&caller)));
        // Whom the stores take besides is theirs to say, where they are no part of the release.
        let stores = STORES
            .iter()
            .filter(|_| caller != "stranger")
            .map(|store| ((*store).to_owned(), OF_STORES.contains(&caller)));
        for (target, allowed) in roles.chain(stores) {
            let reached = reaches(release, &pod, &target).await;
            *(if reached { &mut open } else { &mut shut }) += 1;
            if reached != allowed {
                wrong.push(format!("{caller} -> {target}: reached is {reached}"));
            }
        }
    }
    println!("figure: of {} paths {open} are open and {shut} shut", open + shut);
    assert!(wrong.is_empty(), "{wrong:#?}");
    for name in OTHERS {
        release
            .kubectl(&["delete", "pod", &format!("probe-{name}"), "--wait=false"])
            .await;
    }
}

/// Any pod of the role; the stand-in where it is none.
async fn pod_of(release: &Release, caller: &str) -> String {
    if OTHERS.contains(&caller) {
        return format!("probe-{caller}");
    }
    let selector = format!("--selector=app.kubernetes.io/component={caller}");
    let names: BTreeSet<_> = release
        .kubectl(&[
            "get",
            "pods",
            &selector,
            "--field-selector=status.phase=Running",
            "--output=name",
        ])
        .await
        .lines()
        .map(String::from)
        .collect();
    names
        .into_iter()
        .next()
        .unwrap_or_else(|| panic!("{caller} has no pod"))
}

/// Whether anybody answers there, whatever it says.
async fn reaches(release: &Release, pod: &str, target: &str) -> bool {
    let url = format!("http://{target}/health");
    let arguments = [
        "--namespace",
        release.namespace,
        "exec",
        pod,
        "--",
        "/usr/local/bin/caracald",
        "healthcheck",
        "--url",
        &url,
    ];
    let said = run("kubectl", &arguments, "").await;
    let nobody = said.err.contains("nothing answers at");
    assert!(
        said.content || nobody || said.err.contains("no answer from") || said.err.contains("not ready"),
        "{pod} -> {target}: {}",
        said.err
    );
    !nobody
}

/// A pod that waits, with the labels of `name`; no Service of the release selects it.
async fn stand_in(release: &Release, name: &str) {
    let image = format!("{}/caracal:v0.0.1-test", given("CARACAL_TEST_REGISTRY"));
    let labels = if name == "stranger" {
        String::from("some: body")
    } else {
        format!(
            "app.kubernetes.io/name: caracal, app.kubernetes.io/instance: caracal, app.kubernetes.io/component: {name}"
        )
    };
    let pod = format!(
        "apiVersion: v1
kind: Pod
metadata: {{ name: probe-{name}, labels: {{ {labels} }} }}
spec:
  enableServiceLinks: false
  automountServiceAccountToken: false
  terminationGracePeriodSeconds: 1
  securityContext: {{ runAsNonRoot: true, runAsUser: 65532, seccompProfile: {{ type: RuntimeDefault }} }}
  containers:
    - name: probe
      image: {image}
      imagePullPolicy: Never
      args: [serve, web]
      env: [{{ name: CARACAL_MODE, value: dev }}]
      securityContext: {{ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {{ drop: [ALL] }} }}
"
    );
    kubectl_with(&["--namespace", release.namespace, "apply", "--filename=-"], &pod).await;
    let waited = format!("pod/probe-{name}");
    release
        .kubectl(&["wait", "--for=condition=Ready", &waited, "--timeout=120s"])
        .await;
}
