//! `caracal status`.

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::Outcome;
use crate::cli::Status;
use crate::clock;
use crate::containers::{Containers, Kind};
use crate::endpoints::{self, Endpoints};
use crate::environment::Environment;
use crate::hint::Hint;
use crate::home::Home;
use crate::lock::{self, Holder, Lock};
use crate::output::{Paint, answer, note};
use crate::probe::{self, ProbeResult};
use crate::stores::{self, StoreResult};
use crate::version::VERSION;

/// Clears a terminal and goes to its first line.
const CLEAR: &str = "\x1b[2J\x1b[H";

/// What one look found.
struct Observed {
    services: Vec<ProbeResult>,
    stores: Vec<StoreResult>,
    /// Who runs, with the version and the seconds it says it runs for.
    daemon: Option<(Holder, Option<String>, Option<u64>)>,
    /// Who ran last, if it ended without a clean stop.
    crashed: Option<Holder>,
    /// Which stack of containers this home has, if it has one.
    containers: Option<Kind>,
}

pub(crate) fn run(
    mut environment: Environment,
    home: Option<&Path>,
    options: &Status,
    json: bool,
) -> anyhow::Result<Outcome> {
    let home = Home::locate(&environment, home)?;
    environment.fill_from_operator_file(home.path())?;
    let mode = if options.ready { "ready" } else { "health" };
    let paint = Paint::for_stdout(&environment);
    let redraw = options.watch && !json && std::io::stdout().is_terminal();
    loop {
        let observed = observe(&home, &environment, mode)?;
        if json {
            answer(&serde_json::to_string(&observed.document(mode))?)?;
        } else {
            let table = observed.table(mode, &paint);
            answer(&if redraw { format!("{CLEAR}{table}") } else { table })?;
            note(&observed.summary(&home, &environment));
        }
        if !options.watch {
            return Ok(if observed.is_good() {
                Outcome::Good
            } else {
                Outcome::Bad
            });
        }
        // Ctrl-C ends it: there is nothing to tidy up.
        std::thread::sleep(Duration::from_secs(options.interval));
    }
}

fn observe(home: &Home, environment: &Environment, mode: &str) -> anyhow::Result<Observed> {
    let (holder, crashed) = match Lock::state(home)? {
        lock::State::Held(holder) => (holder, None),
        lock::State::Free(left_behind) => (None, left_behind),
    };
    let containers = Containers::of(home)?.map(|containers| containers.kind);
    let Some(endpoints) = Endpoints::of_live_daemon(home) else {
        let asked = probe::ask_all(&endpoints::expected(environment)?, &format!("/{mode}"));
        return Ok(Observed {
            services: asked.into_iter().map(ProbeResult::of_a_stranger).collect(),
            stores: stores::judge(home, &[]),
            daemon: holder.map(|holder| (holder, None, None)),
            crashed,
            containers,
        });
    };
    let served = endpoints.served();
    // Only readiness tells of the stores, and a look must not take two waits.
    let (health, ready) = std::thread::scope(|scope| {
        let health = (mode != "ready").then(|| scope.spawn(|| probe::ask_all(&served, "/health")));
        let ready = probe::ask_all(&served, "/ready");
        (health.and_then(|thread| thread.join().ok()), ready)
    });
    // Those of containers are services of their own; a role that lacks one says so.
    let stores = if containers.is_some() {
        Vec::new()
    } else {
        stores::judge(home, &ready)
    };
    let now = clock::now().as_secs();
    let up = endpoints.daemon.started_at.map(|then| now.saturating_sub(then));
    Ok(Observed {
        services: health.unwrap_or(ready),
        stores,
        daemon: holder.map(|holder| (holder, endpoints.daemon.version.clone(), up)),
        crashed,
        containers,
    })
}

/// What one look found, for programs.
#[derive(Serialize)]
struct Document<'a> {
    mode: &'a str,
    ok: bool,
    services: &'a [ProbeResult],
    stores: &'a [StoreResult],
    daemon: Option<Daemon<'a>>,
    containers: Option<Kind>,
    version: &'static str,
}

/// Who runs.
#[derive(Serialize)]
struct Daemon<'a> {
    pid: i32,
    version: Option<&'a str>,
    uptime_seconds: Option<u64>,
}

impl Observed {
    fn is_good(&self) -> bool {
        !self.services.is_empty()
            && self.services.iter().all(|service| service.ok)
            && self.stores.iter().all(|store| store.ok)
    }

    fn document<'a>(&'a self, mode: &'a str) -> Document<'a> {
        let daemon = self.daemon.as_ref().map(|(holder, version, up)| Daemon {
            pid: holder.pid,
            version: version.as_deref(),
            uptime_seconds: *up,
        });
        Document {
            mode,
            ok: self.is_good(),
            services: &self.services,
            stores: &self.stores,
            daemon,
            containers: self.containers,
            version: VERSION,
        }
    }

    fn table(&self, mode: &str, paint: &Paint) -> String {
        let mut lines = vec![format!(
            "{:<12} {:>5}  {:<6}  {:<6}  detail",
            "service", "port", "mode", "status"
        )];
        let mut row = |name: &str, port: &str, mode: &str, ok: bool, detail: &str| {
            // Padded before painting: escape codes must not count as width.
            let verdict = paint.verdict(ok, &format!("{:<6}", if ok { "ok" } else { "down" }));
            lines.push(format!("{name:<12} {port:>5}  {mode:<6}  {verdict}  {detail}"));
        };
        for one in &self.services {
            row(&one.name, &one.port.to_string(), mode, one.ok, &one.detail);
        }
        for one in &self.stores {
            row(one.name, "-", "store", one.ok, &one.detail);
        }
        lines.join("\n")
    }

    /// One sentence about the home as a whole.
    fn summary(&self, home: &Home, environment: &Environment) -> String {
        let shown = home.path().display();
        if let Some(kind) = self.containers {
            let up = Hint::new(environment, home).command(kind.up());
            return format!("home {shown}: a stack of containers, which {up} starts");
        }
        let Some((holder, version, up)) = &self.daemon else {
            let hint = Hint::new(environment, home);
            let up = hint.command("up");
            return match &self.crashed {
                None => format!("home {shown}: no caracald was started from here; {up} starts one"),
                Some(gone) => format!(
                    "home {shown}: caracald (pid {}) ended without a clean stop; {} shows what it said last, {up} \
                     starts it again",
                    gone.pid,
                    hint.command("logs")
                ),
            };
        };
        let version_of = version.as_ref().map(|version| format!(" {version}"));
        let time = up.map(|up| format!(", for {}", span(up)));
        let other = version
            .as_ref()
            .filter(|version| *version != VERSION)
            .map(|_| format!("; this caracal is {VERSION}"));
        format!(
            "home {shown}: caracald{} runs as pid {}{}{}",
            version_of.unwrap_or_default(),
            holder.pid,
            time.unwrap_or_default(),
            other.unwrap_or_default()
        )
    }
}

/// A time as people say it: its two largest units.
fn span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min {} s", seconds % 60),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_one_aligned_row_per_service_and_store() {
        let service = |name: &str, ok, detail: &str| ProbeResult {
            name: name.to_owned(),
            port: 3000,
            url: String::new(),
            ok,
            detail: detail.to_owned(),
            reached: ok,
        };
        let observed = Observed {
            services: vec![service("api", true, "200"), service("sts", false, "unreachable")],
            stores: vec![StoreResult {
                name: "database",
                ok: true,
                detail: "1.0 KiB".to_owned(),
                bytes: Some(1024),
            }],
            daemon: None,
            crashed: None,
            containers: None,
        };
        let paint = Paint::for_stdout(&Environment::from_pairs([("NO_COLOR", "1")]));
        let expected = "service       port  mode    status  detail\n\
                        api           3000  ready   ok      200\n\
                        sts           3000  ready   down    unreachable\n\
                        database         -  store   ok      1.0 KiB";
        assert_eq!(observed.table("ready", &paint), expected);
        assert!(!observed.is_good());
    }

    #[test]
    fn a_time_is_told_in_its_two_largest_units() {
        for (seconds, expected) in [
            (0, "0 s"),
            (61, "1 min 1 s"),
            (3 * 3600 + 5 * 60, "3 h 5 min"),
            (2 * 86_400 + 3600, "2 d 1 h"),
        ] {
            assert_eq!(span(seconds), expected);
        }
    }
}
