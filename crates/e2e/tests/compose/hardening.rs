//! What every container of both files must be, whatever else it is.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

/// Services that end once their work is done.
const JOBS: [&str; 2] = ["migrate", "secrets"];

/// Not root, a root file system that cannot be written, no capability, no way to more rights, bounded, no secret in what
/// `docker inspect` shows, and every port on this machine alone.
pub(crate) fn check(containers: &BTreeMap<String, Value>, secrets: &Path) {
    let secrets = secrets_in(secrets);
    assert!(secrets.len() >= 18, "few secrets to look for: {}", secrets.len());
    for (service, container) in containers {
        let (config, host) = (&container["Config"], &container["HostConfig"]);
        let user = config["User"].as_str().unwrap_or_default();
        assert!(
            !matches!(user.split(':').next(), Some("" | "0" | "root")),
            "{service} runs as {user:?}"
        );
        assert_eq!(host["ReadonlyRootfs"], true, "{service}: its root can be written");
        assert_eq!(host["Privileged"], false, "{service}");
        assert_eq!(host["CapDrop"], serde_json::json!(["ALL"]), "{service}");
        assert!(
            host["CapAdd"].as_array().is_none_or(Vec::is_empty),
            "{service}: {}",
            host["CapAdd"]
        );
        let options = host["SecurityOpt"].to_string();
        assert!(options.contains("no-new-privileges"), "{service}: {options}");
        if !JOBS.contains(&service.as_str()) {
            for limit in ["Memory", "NanoCpus", "PidsLimit"] {
                assert!(
                    host[limit].as_i64().is_some_and(|limit| limit > 0),
                    "{service} has no {limit}"
                );
            }
            assert!(
                config["Healthcheck"]["Test"].is_array(),
                "{service} has no health check"
            );
        }
        let bindings = host["PortBindings"].as_object().cloned().unwrap_or_default();
        for binding in bindings
            .values()
            .flat_map(|bindings| bindings.as_array().cloned().unwrap_or_default())
        {
            assert_eq!(
                binding["HostIp"], "127.0.0.1",
                "{service} is open to others: {binding}"
            );
        }
        let shown = container.to_string();
        for (name, secret) in &secrets {
            assert!(!shown.contains(secret.as_str()), "{service} shows {name}");
        }
    }
}

/// Every secret by its name; connection strings count by the passwords in them, which are there on their own.
fn secrets_in(directory: &Path) -> Vec<(String, String)> {
    fs::read_dir(directory)
        .expect("the secrets")
        .filter_map(|entry| {
            let entry = entry.expect("a secret");
            let value = fs::read_to_string(entry.path())
                .expect("a readable secret")
                .trim()
                .to_owned();
            (value.len() >= 16).then(|| (entry.file_name().to_string_lossy().into_owned(), value))
        })
        .collect()
}
