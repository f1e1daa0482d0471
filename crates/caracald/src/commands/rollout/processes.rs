//! What processes say of themselves.

use std::collections::BTreeSet;

use caracal_service::config::Role;

use super::{Found, Seen};
use crate::commands::processes::{Operator, Process, values};

/// The roles that a governed call passes through, and those that everybody else asks.
const REPLICATED: [Role; 4] = [Role::Sts, Role::Gateway, Role::Coordinator, Role::Api];
/// Longest that evidence waits in a spool.
const WAITING_SECONDS: f64 = 60.0;

/// What one of them says.
pub(super) struct Shown {
    process: Process,
    ready: Result<(), String>,
    metrics: Result<String, String>,
    /// What `/metrics` answers to nobody.
    open: Option<bool>,
}

/// Asks each of `named`.
pub(super) async fn shown(operator: &Operator, named: &[Process], bearers: &[String]) -> Vec<Shown> {
    let mut all = Vec::new();
    for process in named {
        let ready = operator.get(process, "/ready").await;
        let open = operator.get(process, "/metrics").await;
        let metrics = operator.metrics(process, bearers).await;
        all.push(Shown {
            ready: ready
                .and_then(|answer| answer.expect(200).map(drop))
                .map_err(|error| format!("{error:#}")),
            open: open.ok().map(|answer| answer.status == 200),
            metrics: metrics.map_err(|error| format!("{error:#}")),
            process: process.clone(),
        });
    }
    all
}

impl Seen<'_> {
    /// How many processes were named.
    pub(super) fn named(&self) -> usize {
        self.processes.len()
    }

    /// The metrics of all, or what to say where some are not shown.
    pub(super) fn metrics(&self) -> Result<Vec<(&Process, &str)>, Found> {
        if self.processes.is_empty() {
            return Err(Found::unknown("no --process was named"));
        }
        self.processes
            .iter()
            .map(|shown| match &shown.metrics {
                Ok(text) => Ok((&shown.process, text.as_str())),
                Err(problem) => Err(Found::unknown(format!(
                    "{} does not show its metrics: {problem}",
                    shown.process.name
                ))),
            })
            .collect()
    }

    /// The sum of a metric over all processes; nothing where none shows it.
    fn sum(&self, name: &str, labels: &str) -> Result<Option<f64>, Found> {
        let mut sum = None;
        for (_, text) in self.metrics()? {
            for value in values(text, name, labels) {
                sum = Some(sum.unwrap_or(0.0) + value);
            }
        }
        Ok(sum)
    }
}

pub(super) fn ready(seen: &Seen<'_>) -> Found {
    if seen.processes.is_empty() {
        return Found::unknown("no --process was named");
    }
    let mut problems: Vec<String> = Role::KEEPING
        .iter()
        .filter(|role| !seen.processes.iter().any(|shown| shown.process.role == **role))
        .map(|role| format!("no process of {role} was named"))
        .collect();
    problems.extend(seen.processes.iter().filter_map(|shown| {
        let problem = shown.ready.as_ref().err()?;
        Some(format!("{}: {problem}", shown.process.name))
    }));
    Found::of(
        problems.is_empty(),
        if problems.is_empty() {
            format!("all {} are", seen.processes.len())
        } else {
            problems.join("; ")
        },
    )
}

pub(super) fn replicas(seen: &Seen<'_>) -> Found {
    if seen.processes.is_empty() {
        return Found::unknown("no --process was named");
    }
    let lonely: Vec<&str> = REPLICATED
        .iter()
        .filter(|role| {
            seen.processes
                .iter()
                .filter(|shown| shown.process.role == **role)
                .count()
                < 2
        })
        .map(|role| role.as_str())
        .collect();
    Found::of(
        lonely.is_empty(),
        if lonely.is_empty() {
            String::from("each has two or more")
        } else {
            format!("one or none of {}", lonely.join(", "))
        },
    )
}

pub(super) fn one_build(seen: &Seen<'_>) -> Found {
    let metrics = match seen.metrics() {
        Ok(metrics) => metrics,
        Err(unknown) => return unknown,
    };
    let ours = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    let others: Vec<&str> = metrics
        .iter()
        .filter(|(_, text)| values(text, "caracal_build_info", &ours).next().is_none())
        .map(|(process, _)| process.name.as_str())
        .collect();
    // Of one version there may be several sources.
    let mut sources = BTreeSet::new();
    for (_, text) in &metrics {
        for line in text
            .lines()
            .filter(|line| line.starts_with("caracal_build_info{"))
        {
            let sha = line
                .split("sha=\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next());
            sources.insert(sha.unwrap_or_default());
        }
    }
    match (others.as_slice(), sources.len()) {
        ([], 1) => Found::pass(format!("all run {}", env!("CARGO_PKG_VERSION"))),
        ([], _) => Found::fail("they were built from different sources"),
        (others, _) => Found::fail(format!("another version: {}", others.join(", "))),
    }
}

pub(super) fn listeners_tls(seen: &Seen<'_>) -> Found {
    if seen.processes.is_empty() {
        return Found::unknown("no --process was named");
    }
    let plain: Vec<&str> = seen
        .processes
        .iter()
        .map(|shown| &shown.process)
        .filter(|process| !process.url.starts_with("https://") && !is_here(&process.url))
        .map(|process| process.name.as_str())
        .collect();
    Found::of(
        plain.is_empty(),
        if plain.is_empty() {
            String::from("they are, or are here")
        } else {
            plain.join(", ")
        },
    )
}

fn is_here(url: &str) -> bool {
    match url::Url::parse(url)
        .ok()
        .and_then(|url| url.host().map(|host| host.to_owned()))
    {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

pub(super) fn metrics_closed(seen: &Seen<'_>) -> Found {
    let open: Vec<&str> = seen
        .processes
        .iter()
        .filter(|shown| shown.open == Some(true))
        .map(|shown| shown.process.name.as_str())
        .collect();
    if !open.is_empty() {
        return Found::fail(format!("anybody reads those of {}", open.join(", ")));
    }
    if seen.processes.is_empty() || seen.processes.iter().any(|shown| shown.open.is_none()) {
        return Found::unknown("not every process answered");
    }
    Found::pass("nobody else reads them")
}

/// Passes where `name` is there and zero in sum.
fn none_of(seen: &Seen<'_>, name: &str, labels: &str) -> Found {
    match seen.sum(name, labels) {
        Err(unknown) => unknown,
        Ok(None) => Found::unknown(format!("no process shows {name}")),
        Ok(Some(sum)) => Found::of(sum == 0.0, format!("{name} is {sum}")),
    }
}

/// The first that does not pass, or the last.
pub(super) fn all_of(found: impl IntoIterator<Item = Found>) -> Found {
    let mut last = Found::unknown("nothing was looked at");
    for one in found {
        let passed = one.verdict == super::Verdict::Pass;
        last = one;
        if !passed {
            break;
        }
    }
    last
}

pub(super) fn old_keys(seen: &Seen<'_>) -> Found {
    none_of(seen, "caracal_keys_values_under_previous", "")
}

pub(super) fn checkpoints(seen: &Seen<'_>) -> Found {
    let published = match seen.sum("caracal_audit_checkpoints_total", "") {
        Err(unknown) => return unknown,
        Ok(sum) => sum.unwrap_or_default(),
    };
    for reason in ["wrong_head", "rolled_back", "forked"] {
        let labels = format!("reason=\"{reason}\"");
        match seen.sum("caracal_audit_unpublished_total", &labels) {
            Err(unknown) => return unknown,
            Ok(Some(sum)) if sum > 0.0 => {
                return Found::fail(format!("{sum} logs were not published: {reason}"));
            }
            Ok(_) => {}
        }
    }
    if published > 0.0 {
        Found::pass(format!("{published} were published since the start"))
    } else {
        Found::unknown("none was published since the start; make a governed call with `caracald canary`")
    }
}

/// Whether witnesses answer.
pub(super) fn cosigned(seen: &Seen<'_>) -> Found {
    let of = |outcome: &str| {
        seen.sum(
            "caracal_audit_cosignatures_total",
            &format!("outcome=\"{outcome}\""),
        )
    };
    match (of("cosigned"), of("ahead")) {
        (Err(unknown), _) | (_, Err(unknown)) => unknown,
        (_, Ok(Some(ahead))) if ahead > 0.0 => {
            Found::fail("a witness has seen a longer log than this one: the database was set back")
        }
        (Ok(Some(cosigned)), _) if cosigned > 0.0 => {
            Found::pass(format!("{cosigned} cosignatures since the start"))
        }
        _ => Found::unknown("none has cosigned since the start; make a governed call with `caracald canary`"),
    }
}

pub(super) fn evidence_flows(seen: &Seen<'_>) -> Found {
    let metrics = match seen.metrics() {
        Ok(metrics) => metrics,
        Err(unknown) => return unknown,
    };
    let oldest = metrics
        .iter()
        .flat_map(|(_, text)| values(text, "caracal_events_spool_oldest_age_seconds", ""))
        .fold(0.0, f64::max);
    if oldest > WAITING_SECONDS {
        return Found::fail(format!("evidence has waited for {oldest:.0} s"));
    }
    // What nobody put aside is shown by nobody.
    let aside = [
        "caracal_audit_put_aside_total",
        "caracal_events_outbox_dead_rows",
        "caracal_events_spool_quarantined_total",
    ];
    for name in aside {
        match seen.sum(name, "") {
            Err(unknown) => return unknown,
            Ok(Some(sum)) if sum > 0.0 => return Found::fail(format!("{name} is {sum}")),
            Ok(_) => {}
        }
    }
    Found::pass("nothing waits, and nothing was put aside")
}
