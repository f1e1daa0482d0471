//! Where the roles of a daemon listen.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context as _;
use serde_json::Value;

/// What `<home>/endpoints.json` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    /// URL by role.
    pub urls: BTreeMap<String, String>,
    /// The processes of the roles, where each has its own; otherwise the daemon's.
    pub pids: Vec<u32>,
}

impl Endpoints {
    /// Reads the file of a state directory.
    ///
    /// # Errors
    /// When no daemon wrote one.
    pub fn read(home: &Path) -> anyhow::Result<Self> {
        let path = home.join("endpoints.json");
        let text = std::fs::read(&path)
            .with_context(|| format!("cannot read {}; is the daemon running?", path.display()))?;
        Self::parse(&text).with_context(|| format!("cannot understand {}", path.display()))
    }

    fn parse(text: &[u8]) -> anyhow::Result<Self> {
        let members: BTreeMap<String, Value> = serde_json::from_slice(text)?;
        let pid = |value: &Value| value.as_u64().and_then(|pid| u32::try_from(pid).ok());
        let pids = match members.get("pids").and_then(Value::as_array) {
            Some(pids) => pids.iter().filter_map(pid).collect(),
            None => members.get("pid").and_then(pid).into_iter().collect(),
        };
        let urls = members
            .into_iter()
            .filter_map(|(role, url)| Some((role, url.as_str()?.to_owned())))
            .collect();
        Ok(Self { urls, pids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_for_each_role_counts_with_the_others() {
        let endpoints = br#"{"pid":7,"pids":[11,12,13],"api":"http://127.0.0.1:1"}"#;
        assert_eq!(Endpoints::parse(endpoints).unwrap().pids, [11, 12, 13]);
    }
}
