//! `<home>/endpoints.json`: where the roles of a running daemon answer, for the people's command line.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use anyhow::Context as _;
use caracal_crypto::system_world;
use caracal_service::files::replace;
use serde::Serialize;

use crate::config::Role;

/// The file.
#[derive(Serialize)]
struct Document {
    #[serde(flatten)]
    roles: BTreeMap<&'static str, String>,
    pid: u32,
    daemon: Daemon,
}

#[derive(Serialize)]
struct Daemon {
    version: &'static str,
    started_at: i64,
}

/// Writes the file atomically.
///
/// # Errors
/// When the state directory cannot be written.
pub(crate) fn write(home: &Path, addresses: &[(Role, SocketAddr)]) -> anyhow::Result<()> {
    let document = Document {
        roles: addresses
            .iter()
            .map(|(role, address)| (role.as_str(), format!("http://{address}")))
            .collect(),
        pid: std::process::id(),
        daemon: Daemon {
            version: env!("CARGO_PKG_VERSION"),
            started_at: system_world().now().unix_seconds(),
        },
    };
    let target = home.join("endpoints.json");
    let text = serde_json::to_string(&document).unwrap_or_default();
    replace(&target, text.as_bytes()).with_context(|| format!("cannot write {}", target.display()))
}

/// Removes the file, and from the lock the record that names this process, so that the next start knows of a clean
/// stop, whoever asked for it. Absence is fine.
pub(crate) fn remove(home: &Path) {
    let _ = std::fs::remove_file(home.join("endpoints.json"));
    let lock = home.join(".lock");
    let holder = std::fs::read(&lock)
        .ok()
        .and_then(|text| serde_json::from_slice::<serde_json::Value>(&text).ok())
        .and_then(|holder| holder.get("pid")?.as_u64());
    if holder == Some(u64::from(std::process::id())) {
        let _ = std::fs::OpenOptions::new().write(true).truncate(true).open(lock);
    }
}
