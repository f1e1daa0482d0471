//! What stands around a deployment: who watches it, and what is kept elsewhere.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use serde::Deserialize;

use super::{Found, Seen};
use crate::commands::processes::Operator;

/// The alerts of this build.
const ALERTS: &str = include_str!("../../../../../infra/observability/alerts.yml");
/// Oldest newest backup: a day, and what a job may be late.
const BACKUP: Duration = Duration::from_hours(26);
/// Longest time between two restores that were tried: a quarter.
const RESTORE: Duration = Duration::from_hours(92 * 24);
/// Largest answer of a verification that is read.
const LARGEST: u64 = 16 * 1024 * 1024;

/// What Prometheus said; each on its own, so that one failure hides nothing else.
pub(super) struct Prometheus {
    builds: Result<f64, String>,
    rules: Result<BTreeSet<String>, String>,
    firing: Result<BTreeSet<String>, String>,
    managers: Result<usize, String>,
}

#[derive(Deserialize)]
struct Answered<T> {
    data: T,
}

#[derive(Deserialize)]
struct Queried {
    result: Vec<Sample>,
}

#[derive(Deserialize)]
struct Sample {
    value: (f64, String),
}

#[derive(Deserialize)]
struct Rules {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    rules: Vec<Rule>,
}

#[derive(Deserialize)]
struct Rule {
    name: String,
    #[serde(default)]
    state: String,
}

#[derive(Deserialize)]
struct Managers {
    #[serde(rename = "activeAlertmanagers")]
    active: Vec<serde::de::IgnoredAny>,
}

/// Asks the Prometheus at `url`.
pub(super) async fn prometheus(operator: &Operator, url: Option<&str>) -> Option<Prometheus> {
    let url = url?.trim_end_matches('/');
    let builds = operator
        .read::<Answered<Queried>>(&format!("{url}/api/v1/query?query=count(caracal_build_info)"))
        .await
        .map(|answered| {
            let sample = answered.data.result.into_iter().next();
            sample
                .and_then(|sample| sample.value.1.parse().ok())
                .unwrap_or(0.0)
        });
    let rules = operator
        .read::<Answered<Rules>>(&format!("{url}/api/v1/rules?type=alert"))
        .await
        .map(|answered| {
            answered
                .data
                .groups
                .into_iter()
                .flat_map(|group| group.rules)
                .collect::<Vec<_>>()
        });
    let managers = operator
        .read::<Answered<Managers>>(&format!("{url}/api/v1/alertmanagers"))
        .await
        .map(|answered| answered.data.active.len());
    let said = |error: anyhow::Error| format!("{error:#}");
    let rules = rules.map_err(said);
    let names = |wanted: fn(&Rule) -> bool| {
        rules.as_ref().map_err(Clone::clone).map(|rules| {
            let named = rules.iter().filter(|rule| wanted(rule));
            named.map(|rule| rule.name.clone()).collect()
        })
    };
    Some(Prometheus {
        builds: builds.map_err(said),
        firing: names(|rule| rule.state == "firing" && rule.name.starts_with("Caracal")),
        rules: names(|_| true),
        managers: managers.map_err(said),
    })
}

const UNWATCHED: &str = "no --prometheus was named";

pub(super) fn scraped(seen: &Seen<'_>) -> Found {
    match &seen.prometheus {
        None => Found::unknown(UNWATCHED),
        Some(Prometheus {
            builds: Err(problem), ..
        }) => Found::unknown(problem.clone()),
        Some(_) if seen.named() == 0 => {
            Found::unknown("no --process was named, so nobody knows how many there are")
        }
        Some(Prometheus {
            builds: Ok(builds), ..
        }) => {
            let named = u32::try_from(seen.named()).map_or(f64::MAX, f64::from);
            Found::of(*builds >= named, format!("it has {builds} of {named} processes"))
        }
    }
}

/// The names of the alerts of this build.
fn expected() -> BTreeSet<&'static str> {
    ALERTS
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect()
}

pub(super) fn alerts(seen: &Seen<'_>) -> Found {
    let Some(prometheus) = &seen.prometheus else {
        return Found::unknown(UNWATCHED);
    };
    let (rules, firing, managers) = match (&prometheus.rules, &prometheus.firing, &prometheus.managers) {
        (Ok(rules), Ok(firing), Ok(managers)) => (rules, firing, *managers),
        (Err(problem), _, _) | (_, Err(problem), _) | (_, _, Err(problem)) => {
            return Found::unknown(problem.clone());
        }
    };
    let missing: Vec<&str> = expected()
        .into_iter()
        .filter(|name| !rules.contains(*name))
        .collect();
    if !missing.is_empty() {
        return Found::fail(format!("not loaded: {}", missing.join(", ")));
    }
    if managers == 0 {
        return Found::fail("they are loaded, and there is no Alertmanager to send them to");
    }
    if !firing.is_empty() {
        let firing: Vec<&str> = firing.iter().map(String::as_str).collect();
        return Found::fail(format!("firing: {}", firing.join(", ")));
    }
    Found::pass(format!("{} are loaded, and none fires", rules.len()))
}

/// The age of a file that has something in it.
fn age(path: &Path, seen: &Seen<'_>) -> Result<Duration, String> {
    let metadata = fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?;
    if metadata.is_file() && metadata.len() == 0 {
        return Err(format!("{} is empty", path.display()));
    }
    let changed = metadata.modified().map_err(|error| error.to_string())?;
    let changed = changed.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(seen.now.unix_seconds()).unwrap_or_default();
    Ok(Duration::from_secs(now.saturating_sub(changed.as_secs())))
}

fn hours(age: Duration) -> u64 {
    age.as_secs() / 3600
}

pub(super) fn backup(seen: &Seen<'_>) -> Found {
    match &seen.asked.backup {
        None => Found::unknown("no --backup was named"),
        Some(path) => match age(path, seen) {
            Err(problem) => Found::fail(problem),
            Ok(age) => Found::of(age <= BACKUP, format!("it is {} h old", hours(age))),
        },
    }
}

pub(super) fn restore(seen: &Seen<'_>) -> Found {
    match seen.asked.restore_tried {
        None => Found::unknown("no --restore-tried was given"),
        Some(at) if at > seen.now => Found::fail("it is in the future"),
        Some(at) => {
            let age = seen.now.since(at);
            Found::of(age <= RESTORE, format!("it was {} days ago", hours(age) / 24))
        }
    }
}

#[derive(Deserialize)]
struct Verified {
    holds: bool,
}

pub(super) fn heads(seen: &Seen<'_>) -> Found {
    let Some(path) = &seen.asked.heads else {
        return Found::unknown("no --heads was named");
    };
    let age = match age(path, seen) {
        Ok(age) => age,
        Err(problem) => return Found::fail(problem),
    };
    let read = fs::metadata(path)
        .ok()
        .filter(|metadata| metadata.len() <= LARGEST)
        .and_then(|_| fs::read(path).ok())
        .and_then(|text| serde_json::from_slice::<Verified>(&text).ok());
    match read {
        None => Found::fail(format!(
            "{} is not an answer of `audit verify --json`",
            path.display()
        )),
        Some(verified) if !verified.holds => Found::fail("the ledger did not hold"),
        Some(_) => Found::of(
            age <= BACKUP,
            format!("they are {} h old, and the ledger held", hours(age)),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alerts_of_this_build_are_known() {
        assert!(expected().len() > 40 && expected().contains("CaracalGovernedCallsFailingFast"));
    }
}
