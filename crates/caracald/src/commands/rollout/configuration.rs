//! What settings, secrets and the database say.

use std::time::Duration;

use caracal_core::Timestamp;
use caracal_service::config::Mode;
use caracal_storage_sql::{Preflight, Unusable};
use url::{Host, Url};

use super::{Found, Seen};
use crate::{
    commands::secrets,
    config::{Backend, Config},
    wire,
};

/// How far clocks may be apart: signatures allow for more, but drift grows.
const CLOCKS: Duration = Duration::from_secs(5);

/// What the database said.
pub(super) enum Store {
    /// There is none to ask: the settings cannot be read, or it is a file.
    None,
    /// It was asked.
    Asked(Result<Preflight, Unusable>),
    /// It was not reached.
    Away(String),
}

/// Asks the database.
pub(super) async fn store(config: &Result<Config, String>) -> Store {
    match config {
        Ok(config) if matches!(config.backend, Backend::Production { .. }) => {
            match wire::preflight_of_store(config).await {
                Ok(answer) => Store::Asked(answer),
                Err(error) => Store::Away(format!("{error:#}")),
            }
        }
        _ => Store::None,
    }
}

const UNREAD: &str = "the settings cannot be read";

pub(super) fn settings(seen: &Seen<'_>) -> Found {
    match &seen.config {
        Err(problem) => Found::fail(problem.clone()),
        Ok(config) if config.unknown.is_empty() => Found::pass("they are read, and none is unknown"),
        Ok(config) => Found::fail(config.unknown.join("; ")),
    }
}

pub(super) fn mode(seen: &Seen<'_>) -> Found {
    match &seen.config {
        Err(_) => Found::unknown(UNREAD),
        Ok(config) => Found::of(config.mode == Mode::Stable, format!("it is {}", config.mode)),
    }
}

pub(super) fn secrets(seen: &Seen<'_>) -> Found {
    let Some(directory) = &seen.asked.secrets else {
        return Found::unknown("no --secrets was named");
    };
    match secrets::problems(directory) {
        Err(error) => Found::fail(format!("{error:#}")),
        Ok(_) if directory.join(".rotation").exists() => Found::fail("a change of secrets is not finished"),
        Ok(problems) if problems.is_empty() => Found::pass("every secret is there and strong enough"),
        Ok(problems) => Found::fail(problems.join("; ")),
    }
}

/// What speaks against the way to a store; nothing where it is on this machine.
fn plain(name: &str, url: &str, proved: impl FnOnce(&Url) -> bool) -> Option<String> {
    let Ok(url) = Url::parse(url) else {
        return Some(format!("{name} is no URL"));
    };
    let here = match url.host() {
        None => true,
        // Of a scheme that browsers do not know, an address is a name to the parser.
        Some(Host::Domain(host)) => {
            host == "localhost"
                || host.is_empty()
                || host
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
    };
    (!here && !proved(&url)).then(|| format!("{name} leads elsewhere without a proof of the server"))
}

pub(super) fn stores_tls(seen: &Seen<'_>) -> Found {
    let Ok(config) = &seen.config else {
        return Found::unknown(UNREAD);
    };
    let Backend::Production {
        database_url,
        redis_url,
    } = &config.backend
    else {
        return Found::pass("state is on this machine");
    };
    if database_url.expose().is_empty() || redis_url.expose().is_empty() {
        return Found::unknown("DATABASE_URL or REDIS_URL is not set here");
    }
    let verified = |url: &Url| {
        url.query_pairs()
            .any(|(name, value)| name == "sslmode" && value == "verify-full")
    };
    let problems: Vec<String> = [
        plain("DATABASE_URL", database_url.expose(), verified),
        plain("REDIS_URL", redis_url.expose(), |url| url.scheme() == "rediss"),
    ]
    .into_iter()
    .flatten()
    .collect();
    Found::of(
        problems.is_empty(),
        if problems.is_empty() {
            String::from("both are proved, or here")
        } else {
            problems.join("; ")
        },
    )
}

pub(super) fn database(seen: &Seen<'_>) -> Found {
    match &seen.store {
        Store::None if embedded(seen) => Found::pass("it is a file of this machine"),
        Store::None => Found::unknown(UNREAD),
        Store::Away(error) => Found::fail(error.clone()),
        Store::Asked(Ok(Preflight::Usable { .. })) => Found::pass("the login and the schema will do"),
        Store::Asked(Ok(Preflight::Away(error))) => Found::fail(format!(
            "it does not answer: {}",
            caracal_service::error_chain(error)
        )),
        Store::Asked(Err(unusable)) => Found::fail(unusable.to_string()),
    }
}

pub(super) fn clocks(seen: &Seen<'_>) -> Found {
    match &seen.store {
        Store::None if embedded(seen) => Found::pass("there is one clock"),
        Store::Asked(Ok(Preflight::Usable { server_now })) => apart(seen.now, *server_now),
        Store::None | Store::Away(_) | Store::Asked(_) => Found::unknown("PostgreSQL was not asked"),
    }
}

fn apart(ours: Timestamp, theirs: Timestamp) -> Found {
    let apart = ours.since(theirs).max(theirs.since(ours));
    Found::of(
        apart <= CLOCKS,
        format!("they are {} ms apart", apart.as_millis()),
    )
}

fn embedded(seen: &Seen<'_>) -> bool {
    matches!(&seen.config, Ok(config) if matches!(config.backend, Backend::Embedded))
}

pub(super) fn retention(seen: &Seen<'_>) -> Found {
    match &seen.config {
        Err(_) => Found::unknown(UNREAD),
        Ok(config) => match (&config.event_retention, &config.export) {
            (Some(kept), _) if config.without_archive => Found::fail(format!(
                "events are deleted after {} days without an archive",
                kept.as_secs() / 86_400
            )),
            (Some(kept), _) => Found::pass(format!(
                "events are archived after {} days",
                kept.as_secs() / 86_400
            )),
            (None, Some(_)) => Found::pass("events are exported, and kept for ever here"),
            (None, None) => {
                Found::unknown("events are kept for ever here and nowhere else; was that decided?")
            }
        },
    }
}

pub(super) fn witness(seen: &Seen<'_>) -> Found {
    match &seen.config {
        Err(_) => Found::unknown(UNREAD),
        Ok(config) if config.witnesses.is_none() => Found::fail("no witness is named here"),
        Ok(_) => super::processes::cosigned(seen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_elsewhere_is_reached_over_tls_that_proves_it_and_nothing_else() {
        let rediss = |url: &Url| url.scheme() == "rediss";
        for (url, fine) in [
            ("redis://127.0.0.1:6379", true),
            ("redis://localhost", true),
            ("redis://[::1]:6379", true),
            ("redis://localhost.example.com", false),
            ("redis://127.0.0.1.example.com", false),
            ("redis://cache", false),
            ("rediss://cache", true),
            ("cache", false),
        ] {
            assert_eq!(plain("REDIS_URL", url, rediss).is_none(), fine, "{url}");
        }
    }

    #[test]
    fn clocks_are_compared_both_ways() {
        let at = |seconds: i64| Timestamp::from_unix_seconds(1_750_000_000 + seconds);
        for (ours, fine) in [(0, true), (5, true), (6, false), (-6, false)] {
            assert_eq!(
                apart(at(ours), at(0)).verdict == super::super::Verdict::Pass,
                fine,
                "{ours}"
            );
        }
    }
}
