//! The machine: ports, clock, limits.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, UNIX_EPOCH};

use nix::sys::resource::{Resource, getrlimit};

use super::{CheckContext, Section};
use crate::clock;
use crate::ports;
use crate::roles::Role;

/// Before this nobody could have built this program: 2026-01-01, in hours since 1970.
const BUILT_AFTER: Duration = Duration::from_hours(490_896);
/// Clocks are moved a little all the time.
const STEP: Duration = Duration::from_mins(1);
/// Descriptors below which a busy Gateway refuses connections.
const FEW_DESCRIPTORS: u64 = 4096;
/// Memory below which a start may be ended by the system.
const LITTLE_MEMORY_KIB: u64 = 256 << 10;

pub(super) fn check(context: &CheckContext<'_>) -> Section {
    let mut section = Section::new("host");
    for role in Role::ALL {
        port(&mut section, context, role);
    }
    time(&mut section, context);
    match getrlimit(Resource::RLIMIT_NOFILE) {
        Ok((_, hard)) if hard < FEW_DESCRIPTORS => section.warn(
            "file descriptors",
            format!("at most {hard}"),
            format!(
                "raise the hard limit to {FEW_DESCRIPTORS} or more (`ulimit -Hn`, LimitNOFILE= in a unit)"
            ),
        ),
        Ok((_, hard)) => section.ok("file descriptors", format!("up to {hard}")),
        Err(error) => section.warn("file descriptors", error.to_string(), "look at `ulimit -Hn`"),
    }
    // Only where the system says it.
    if let Some(available) = available_kib() {
        let shown = format!("{} MiB available", available >> 10);
        if available < LITTLE_MEMORY_KIB {
            section.warn("memory", shown, "end something else, or give the machine more");
        } else {
            section.ok("memory", shown);
        }
    }
    section
}

fn port(section: &mut Section, context: &CheckContext<'_>, role: Role) {
    let name = format!("port of {}", role.name());
    let variable = role.listen_variable();
    let ours = context
        .endpoints
        .as_ref()
        .and_then(|endpoints| endpoints.url(role.name()));
    if let Some(url) = ours {
        return section.ok(&name, format!("{url}, served from this state"));
    }
    let address = match role.listen(context.environment) {
        Ok(address) => address,
        Err(error) => return section.fail(&name, format!("{error:#}"), format!("correct {variable}")),
    };
    match TcpListener::bind(address) {
        Ok(_) => section.ok(&name, format!("{address} is free")),
        Err(error) => {
            let owner = ports::owner_of(address.port());
            let owner = owner.map_or_else(|| error.to_string(), |owner| format!("held by {owner}"));
            section.fail(
                &name,
                format!("{address} cannot be used: {owner}"),
                format!("stop what holds it, or set {variable}=127.0.0.1:0 for a free one"),
            );
        }
    }
}

/// Mandates live by the clock: one that runs behind accepts what has expired.
fn time(section: &mut Section, context: &CheckContext<'_>) {
    let now = clock::now();
    let marker = fs::metadata(context.home.marker_file()).and_then(|marker| marker.modified());
    let last_used = marker
        .ok()
        .and_then(|then| then.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    let shown = clock::rfc3339(now);
    let advice = "set it, and keep it right with NTP (chrony, systemd-timesyncd)";
    if now < BUILT_AFTER {
        section.fail("clock", format!("{shown}, which is before this build"), advice);
    } else if now + STEP < last_used {
        let last_used = clock::rfc3339(last_used);
        section.fail(
            "clock",
            format!("{shown}, which is before the last start ({last_used})"),
            advice,
        );
    } else {
        section.ok("clock", shown);
    }
}

/// `MemAvailable` of proc(5).
fn available_kib() -> Option<u64> {
    let table = fs::read_to_string("/proc/meminfo").ok()?;
    let line = table
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.split_whitespace().next()?.parse().ok()
}
