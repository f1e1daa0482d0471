//! `endpoints.json`: where the running daemon says it listens.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::environment::Environment;
use crate::files;
use crate::home::Home;
use crate::lock::Holder;
use crate::roles::Role;

/// Base URLs by role, and what the daemon says about itself.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Endpoints {
    pub(crate) pid: Option<i32>,
    /// What the daemon says of itself.
    #[serde(default)]
    pub(crate) daemon: About,
    /// By role; a role that this daemon does not serve is absent, one that we do not know may be there.
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Which daemon serves, and since when.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct About {
    pub(crate) version: Option<String>,
    /// Seconds since 1970.
    pub(crate) started_at: Option<u64>,
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
    pub(crate) fn url(&self, role: &str) -> Option<&str> {
        let url = self.rest.get(role)?.as_str()?;
        url.starts_with("http").then(|| url.trim_end_matches('/'))
    }

    /// The served roles with their base URLs, in display order; those that only the daemon knows come last.
    pub(crate) fn served(&self) -> Vec<(String, String)> {
        let known = Role::ALL.map(Role::name);
        let others = self.rest.keys().map(String::as_str);
        known
            .into_iter()
            .chain(others.filter(|name| !known.contains(name)))
            .filter_map(|name| Some((name.to_owned(), self.url(name)?.to_owned())))
            .collect()
    }

    /// Says where the roles of a stack are that is no process of this home.
    pub(crate) fn publish(home: &Home, roles: &[(String, String)]) -> anyhow::Result<()> {
        let roles: BTreeMap<&str, &str> = (roles.iter())
            .map(|(role, url)| (role.as_str(), url.as_str()))
            .collect();
        files::replace(
            &home.endpoints_file(),
            serde_json::to_string(&roles)?.as_bytes(),
            0o600,
        )?;
        Ok(())
    }

    /// Removes what an ended daemon left.
    pub(crate) fn forget(home: &Home) -> std::io::Result<()> {
        match std::fs::remove_file(home.endpoints_file()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Base URLs by role, as an answer in JSON has them.
pub(crate) fn document(roles: &[(String, String)]) -> serde_json::Map<String, Value> {
    roles
        .iter()
        .map(|(role, url)| (role.clone(), url.as_str().into()))
        .collect()
}

/// The same as lines for people.
pub(crate) fn lines(roles: &[(String, String)]) -> impl Iterator<Item = String> {
    roles.iter().map(|(role, url)| format!("  {role:<12} {url}"))
}

/// Where each role is expected when no daemon has said otherwise.
pub(crate) fn expected(environment: &Environment) -> anyhow::Result<Vec<(String, String)>> {
    Role::ALL
        .into_iter()
        .map(|role| {
            Ok((
                role.name().to_owned(),
                format!("http://{}", role.listen(environment)?),
            ))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_that_only_the_daemon_knows_is_served_last_and_words_about_itself_are_no_roles() {
        let text = r#"{"pid":1,"daemon":{"version":"1.0.0","started_at":7},"admin":"http://127.0.0.1:3001","sts":"http://127.0.0.1:3000/","note":"x"}"#;
        let endpoints: Endpoints = serde_json::from_str(text).unwrap();
        assert_eq!(endpoints.daemon.version.as_deref(), Some("1.0.0"));
        assert_eq!(
            endpoints.served(),
            [
                ("sts", "http://127.0.0.1:3000"),
                ("admin", "http://127.0.0.1:3001")
            ]
            .map(|(role, url)| (role.to_owned(), url.to_owned()))
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
