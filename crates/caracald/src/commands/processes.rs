//! The processes of a running deployment, as commands that look at one are told of them.

use std::{collections::BTreeMap, path::Path, str::FromStr};

use anyhow::Context as _;
use caracal_service::config::{Role, Settings};
use http::Method;
use serde::de::DeserializeOwned;

use super::client::{Answer, Client, RequestOptions};

/// A process of the deployment, by one of its roles.
#[derive(Debug, Clone)]
pub(crate) struct Process {
    /// One of its roles.
    pub(crate) role: Role,
    /// Where it answers, without a slash at the end.
    pub(crate) url: String,
    /// What it is called: the same after it was started again.
    pub(crate) name: String,
}

impl FromStr for Process {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || format!("{text:?} is not ROLE=URL, such as sts=http://localhost:8080");
        let (role, url) = text.split_once('=').ok_or_else(form)?;
        let role = Role::parse(role).ok_or_else(form)?;
        if !(url.starts_with("http://") || url.starts_with("https://")) {
            return Err(form());
        }
        let url = url.trim_end_matches('/').to_owned();
        Ok(Self {
            role,
            name: format!("{}={url}", role.as_str()),
            url,
        })
    }
}

/// The roles of the embedded daemon with its state in `home`, from what it says there while it runs. Its ports may be
/// others after a restart.
pub(crate) fn embedded(home: &Path) -> anyhow::Result<Vec<Process>> {
    let Ok(text) = std::fs::read(home.join("endpoints.json")) else {
        return Ok(Vec::new());
    };
    let said: BTreeMap<String, serde_json::Value> =
        serde_json::from_slice(&text).context("endpoints.json is not understood")?;
    let listening = said.iter().filter_map(|(name, url)| {
        let role = Role::parse(name)?;
        Some(Process {
            role,
            url: url.as_str()?.to_owned(),
            name: role.as_str().to_owned(),
        })
    });
    Ok(listening.collect())
}

/// Asks processes.
pub(crate) struct Operator {
    client: Client,
}

impl Operator {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            client: Client::from_settings(&mut Settings::from_process())?,
        })
    }

    /// What `process` answers at `path`, whatever the status.
    pub(crate) async fn get(&self, process: &Process, path: &str) -> anyhow::Result<Answer> {
        let url = format!("{}{path}", process.url);
        self.client
            .ask(Method::GET, &url, RequestOptions::default())
            .await
    }

    /// The document at `url`.
    ///
    /// # Errors
    /// When it is not there or something else.
    pub(crate) async fn read<T: DeserializeOwned>(&self, url: &str) -> anyhow::Result<T> {
        self.client
            .ask(Method::GET, url, RequestOptions::default())
            .await?
            .expect(200)?
            .read()
    }

    /// The text of `/metrics`. While the bearer is changed a process takes one of two, so each of `bearers` is tried;
    /// none of them where it is open.
    pub(crate) async fn metrics(&self, process: &Process, bearers: &[String]) -> anyhow::Result<String> {
        let url = format!("{}/metrics", process.url);
        let mut tries: Vec<Option<&str>> = bearers.iter().map(|bearer| Some(bearer.as_str())).collect();
        if tries.is_empty() {
            tries.push(None);
        }
        let mut refused = None;
        for token in tries {
            let asked = RequestOptions {
                token,
                ..RequestOptions::default()
            };
            let answer = self.client.ask(Method::GET, &url, asked).await?;
            match answer.expect(200) {
                Ok(answer) => return Ok(answer.text()),
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| anyhow::anyhow!("{url} was not asked")))
    }
}

/// The values of a metric in the text of `/metrics`, of the series whose labels contain `labels`.
pub(crate) fn values<'t>(text: &'t str, name: &'t str, labels: &'t str) -> impl Iterator<Item = f64> + 't {
    text.lines().filter_map(move |line| {
        let rest = line.strip_prefix(name)?;
        let (series, value) = rest.rsplit_once(' ')?;
        let named = series.is_empty() || series.starts_with('{') && series.ends_with('}');
        (named && series.contains(labels)).then_some(())?;
        value.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_named_by_role_and_url() {
        let process: Process = "sts=http://localhost:8080/".parse().unwrap();
        assert_eq!(
            (process.role, process.url.as_str()),
            (Role::Sts, "http://localhost:8080")
        );
        for bad in [
            "",
            "sts",
            "sts=",
            "sts=localhost:8080",
            "nobody=http://x",
            "=http://x",
        ] {
            assert!(bad.parse::<Process>().is_err(), "{bad}");
        }
    }

    #[test]
    fn series_are_found_by_name_and_label_and_not_by_a_longer_name() {
        let text = "# HELP a_total x\na_total{key=\"previous\"} 3\na_total{key=\"current\"} 9\na_total_more 7\nb 1.5\n";
        let all = |name, labels| values(text, name, labels).collect::<Vec<_>>();
        assert_eq!(all("a_total", "key=\"previous\""), [3.0]);
        assert_eq!(all("a_total", ""), [3.0, 9.0]);
        assert_eq!(all("b", ""), [1.5]);
        assert!(all("c", "").is_empty());
    }
}
