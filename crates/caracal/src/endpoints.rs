//! `endpoints.json`: where the running daemon says it listens.

use serde::Deserialize;

use crate::environment::Environment;
use crate::home::Home;
use crate::lock::Holder;
use crate::roles::Role;

/// Base URLs by role. A role that this daemon does not serve is absent.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Endpoints {
    pid: Option<i32>,
    api: Option<String>,
    sts: Option<String>,
    gateway: Option<String>,
    audit: Option<String>,
    coordinator: Option<String>,
}

impl Endpoints {
    /// What the daemon wrote; `None` while it has not (fully) done so.
    pub(crate) fn read(home: &Home) -> Option<Self> {
        let text = std::fs::read_to_string(home.endpoints_file()).ok()?;
        serde_json::from_str(&text).ok()
    }

    /// The same, if the process that wrote it is still there: a dead daemon's ports may be someone
    /// else's by now.
    pub(crate) fn of_live_daemon(home: &Home) -> Option<Self> {
        Self::read(home).filter(|endpoints| endpoints.pid.is_none_or(|pid| Holder::of(pid).is_alive()))
    }

    /// Base URL of `role`, without a slash at the end.
    pub(crate) fn url(&self, role: Role) -> Option<&str> {
        let url = match role {
            Role::Api => &self.api,
            Role::Sts => &self.sts,
            Role::Gateway => &self.gateway,
            Role::Audit => &self.audit,
            Role::Coordinator => &self.coordinator,
        };
        url.as_deref().map(|url| url.trim_end_matches('/'))
    }

    /// The served roles with their base URLs, in display order.
    pub(crate) fn served(&self) -> Vec<(Role, String)> {
        Role::ALL
            .into_iter()
            .filter_map(|role| Some((role, self.url(role)?.to_owned())))
            .collect()
    }

    /// Removes what an ended daemon left.
    pub(crate) fn forget(home: &Home) -> std::io::Result<()> {
        match std::fs::remove_file(home.endpoints_file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Where each role is expected when no daemon has said otherwise.
pub(crate) fn expected(environment: &Environment) -> anyhow::Result<Vec<(Role, String)>> {
    Role::ALL
        .into_iter()
        .map(|role| Ok((role, format!("http://{}", role.listen(environment)?))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_roles_and_absent_roles_are_both_fine() {
        let text = r#"{"pid":1,"api":"http://127.0.0.1:3000/","web":"http://127.0.0.1:3001"}"#;
        let endpoints: Endpoints = serde_json::from_str(text).unwrap();
        assert_eq!(
            endpoints.served(),
            [(Role::Api, "http://127.0.0.1:3000".to_owned())]
        );
    }

    #[test]
    fn the_expected_places_follow_the_environment() {
        let environment = Environment::from_pairs([("CARACAL_API_LISTEN", "127.0.0.1:3999")]);
        let urls = expected(&environment).unwrap();
        assert_eq!(urls[0].1, "http://127.0.0.1:3999");
        assert_eq!(urls[4].1, "http://127.0.0.1:4000");
    }
}
