//! The gates, each declared once.

use std::fmt::{self, Write as _};

use super::{Found, Seen, configuration, headroom, processes, surroundings};

/// One gate.
pub(super) struct Gate {
    /// Its name.
    pub(super) name: &'static str,
    /// What it asks.
    asks: &'static str,
    /// What to do where it does not pass.
    pub(super) fix: &'static str,
    /// The page of the handbook about it.
    pub(super) page: &'static str,
    /// Looks.
    pub(super) check: fn(&Seen<'_>) -> Found,
}

/// Every gate, in the order in which somebody brings a deployment up.
pub(super) const GATES: &[Gate] = &[
    Gate {
        name: "settings",
        asks: "the settings of this environment can be read, and none is unknown",
        fix: "mend what the sentence names; `caracald check-config ROLE` says it for each role",
        page: "settings.md",
        check: configuration::settings,
    },
    Gate {
        name: "mode",
        asks: "the mode is `stable`, which refuses weak keys and open doors",
        fix: "leave CARACAL_MODE unset",
        page: "harden.md",
        check: configuration::mode,
    },
    Gate {
        name: "secrets",
        asks: "every secret is there, strong, and nobody else's; none is half changed",
        fix: "run `caracald secrets check DIRECTORY`, finish `caracald secrets rotate`; name the directory with --secrets",
        page: "secrets.md",
        check: configuration::secrets,
    },
    Gate {
        name: "stores-tls",
        asks: "PostgreSQL and Redis are spoken to over TLS that proves the server, unless they are on this machine",
        fix: "sslmode=verify-full in DATABASE_URL, rediss in REDIS_URL",
        page: "harden.md",
        check: configuration::stores_tls,
    },
    Gate {
        name: "database-role",
        asks: "the login of PostgreSQL cannot pass row-level security, and the schema is that of this build",
        fix: "run `caracald migrate`, and give each role the URL of its own database role",
        page: "postgresql.md",
        check: configuration::database,
    },
    Gate {
        name: "clocks",
        asks: "this machine and PostgreSQL agree on the time within 5 s",
        fix: "synchronise both (NTP)",
        page: "harden.md",
        check: configuration::clocks,
    },
    Gate {
        name: "retention",
        asks: "somebody decided how long evidence is kept, and it has somewhere to go",
        fix: "set AUDIT_RETENTION_DAYS with AUDIT_ARCHIVE_DIR, or AUDIT_EXPORT_URL",
        page: "evidence.md",
        check: configuration::retention,
    },
    Gate {
        name: "witness",
        asks: "somebody outside cosigns checkpoints",
        fix: "run `caracald witness` elsewhere and name it in AUDIT_WITNESSES",
        page: "evidence.md",
        check: configuration::witness,
    },
    Gate {
        name: "ready",
        asks: "every process is ready, and every role has one",
        fix: "its `/ready` says what it lacks; name each with --process",
        page: "troubleshoot.md",
        check: processes::ready,
    },
    Gate {
        name: "replicas",
        asks: "every role that calls pass through has two processes or more",
        fix: "start a second one; a load balancer follows `/ready`",
        page: "profiles.md",
        check: processes::replicas,
    },
    Gate {
        name: "one-build",
        asks: "every process runs the build of this command",
        fix: "finish the upgrade",
        page: "upgrade.md",
        check: processes::one_build,
    },
    Gate {
        name: "listeners-tls",
        asks: "every process is spoken to over TLS, unless it is on this machine",
        fix: "TLS_CERT_FILE and TLS_KEY_FILE, or a proxy on the same host",
        page: "harden.md",
        check: processes::listeners_tls,
    },
    Gate {
        name: "metrics-closed",
        asks: "metrics are shown to the bearer alone",
        fix: "set METRICS_BEARER, and CARACAL_MODE to stable",
        page: "metrics.md",
        check: processes::metrics_closed,
    },
    Gate {
        name: "old-keys",
        asks: "nothing is sealed under an earlier key-encryption key",
        fix: "finish `caracald secrets rotate`",
        page: "rotate.md",
        check: processes::old_keys,
    },
    Gate {
        name: "checkpoints",
        asks: "checkpoints are published, and no log contradicts its last one",
        fix: "the log of the Audit role names the zone: keep the database as it is and read the page",
        page: "evidence.md",
        check: processes::checkpoints,
    },
    Gate {
        name: "evidence-flows",
        asks: "no evidence has waited in a spool for a minute, and nothing was put aside",
        fix: "look at Redis and the Audit role; decide about the dead letters",
        page: "recover.md",
        check: processes::evidence_flows,
    },
    Gate {
        name: "headroom",
        asks: "a fifth of each disk is free; spools and the audit stream are half empty; a fifth of the connections is unused",
        fix: "make room before somebody needs it",
        page: "capacity.md",
        check: headroom::headroom,
    },
    Gate {
        name: "scraped",
        asks: "Prometheus has the metrics of every process that was named",
        fix: "add the scrape targets; name it with --prometheus",
        page: "metrics.md",
        check: surroundings::scraped,
    },
    Gate {
        name: "alerts",
        asks: "every alert of this build is loaded, none fires, and there is somebody to send it to",
        fix: "load infra/observability/alerts.yml, and name an Alertmanager",
        page: "alerts.md",
        check: surroundings::alerts,
    },
    Gate {
        name: "backup",
        asks: "the newest backup is not older than 26 h and not empty",
        fix: "name what the job leaves behind with --backup; see why it did not run",
        page: "backup.md",
        check: surroundings::backup,
    },
    Gate {
        name: "restore",
        asks: "a backup was restored and its ledger verified in the last 92 days",
        fix: "try it, and say when with --restore-tried",
        page: "backup.md",
        check: surroundings::restore,
    },
    Gate {
        name: "heads",
        asks: "the ends of the ledger are kept elsewhere, not older than 26 h, and it held",
        fix: "keep what `caracald audit verify --json` says where the database's owner cannot write, and name it with --heads",
        page: "evidence.md",
        check: surroundings::heads,
    },
];

/// The handbook's page of gates.
pub(super) fn page() -> Result<String, fmt::Error> {
    let mut out = String::from(
        "# Gates of a rollout\n\n\
         The page is printed by `caracald rollout gates`. `caracald rollout check` looks at each, says what it found and what to \
         do, and exits 0 when all pass, 1 when one fails, and 3 when none fails and some could not be looked at.\n\n\
         | Gate | Asks that | Otherwise |\n|---|---|---|\n",
    );
    for gate in GATES {
        writeln!(
            out,
            "| [`{}`]({}) | {} | {} |",
            gate.name, gate.page, gate.asks, gate.fix
        )?;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/operate");

    #[test]
    fn the_handbooks_page_is_that_of_this_build_and_links_to_pages_that_are_there() {
        let written = std::fs::read_to_string(format!("{BOOK}/gates.md")).unwrap();
        assert!(
            written.trim_end() == page().unwrap().trim_end(),
            "run `caracald rollout gates > docs/src/operate/gates.md`"
        );
        let mut names = HashSet::new();
        for gate in GATES {
            assert!(names.insert(gate.name), "{} is there twice", gate.name);
            let page = format!("{BOOK}/{}", gate.page);
            assert!(std::path::Path::new(&page).is_file(), "{page}");
        }
    }
}
