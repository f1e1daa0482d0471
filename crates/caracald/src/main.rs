//! `caracald`: the daemon. Reads configuration, wires stores, bus, keys and clock, and serves roles.
//!
//! This is the one place of wiring: no role builds a dependency. `commands/` has one command a file, `config`
//! what is read, `secrets` what is generated, `wire` what is built from both.

#![warn(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic where nobody reads; use `commands::say`"
)]

mod commands;
mod config;
mod descriptors;
mod endpoints;
mod metrics;
mod readiness;
mod secrets;
mod telemetry;
mod wire;

use std::{io::Write as _, path::PathBuf, process::ExitCode};

use caracal_audit::{ExportFormat, ExportSpan};
use caracal_core::Timestamp;
use clap::{Parser, Subcommand};
use nix::sys::stat::{Mode, umask};

use crate::config::Role;

/// Requests allocate and free across threads all the time; a tenth of a governed call went to the system's
/// allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(
    name = "caracald",
    version,
    about = "Caracal's server daemon",
    max_term_width = 100
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve one or more roles, or `all`, until SIGTERM or SIGINT.
    Serve {
        /// Roles: api, sts, gateway, coordinator, audit, web, or all.
        #[arg(required = true)]
        roles: Vec<String>,
    },
    /// Bring the database schema up to date; safe to run again and at the same time.
    Migrate,
    /// Write a consistent, checked copy of the embedded database to a new file, also while roles serve it.
    CopyDatabase {
        /// The new file.
        target: PathBuf,
    },
    /// Ask a running role whether it is ready; exit 0 if so. For container health checks.
    Healthcheck {
        /// URL to ask; default is the role's `/ready` on this machine.
        #[arg(long)]
        url: Option<String>,
        /// Role to ask when no URL is given.
        #[arg(long, default_value = "api")]
        role: String,
    },
    /// Make a governed call through a running deployment, and others that must be refused; exit 0 if all holds.
    Canary(commands::canary::Deployment),
    /// Read the configuration, say what is wrong with it, and exit.
    CheckConfig {
        /// Roles to check for.
        #[arg(default_value = "all")]
        roles: Vec<String>,
    },
    /// Show every setting in force and where it came from; secrets are hidden.
    Config {
        /// Roles to show the settings of.
        #[arg(default_value = "all")]
        roles: Vec<String>,
        /// Print JSON instead of lines.
        #[arg(long, conflicts_with = "markdown")]
        json: bool,
        /// Print the handbook's page of settings instead: what there is, not what is in force.
        #[arg(long)]
        markdown: bool,
    },
    /// Break a part of a deployment on purpose, and see that what was promised holds.
    Drill {
        #[command(subcommand)]
        command: commands::drill::Command,
    },
    /// Look at the gates between a deployment that runs and one that others may depend on.
    Rollout {
        #[command(subcommand)]
        command: commands::rollout::Command,
    },
    /// Write what helps somebody outside to help, redacted, to one file.
    SupportBundle(commands::support_bundle::BundleOptions),
    /// Make, check and change the files of secrets; see and finish a change of the key-encryption key.
    Secrets {
        #[command(subcommand)]
        command: commands::secrets::Command,
    },
    /// Print the handbook's page of metrics: every one that this build records.
    Metrics,
    /// Cosign checkpoints of the logs in `WITNESS_LOGS`, until SIGTERM or SIGINT. Shares nothing with the deployment.
    Witness {
        /// Print the public keys of the witness instead, as verifiers and logs take them.
        #[arg(long)]
        keys: bool,
    },
    /// See what the relay of events put aside as malformed, and put it back in line.
    Outbox {
        #[command(subcommand)]
        command: commands::outbox::Command,
    },
    /// Work with the ledger.
    Audit {
        #[command(subcommand)]
        command: AuditCommand,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Print the public keys of this deployment's logs, as verifiers and witnesses take them.
    Keys {
        /// The keys under the name of this log alone, such as ledger/ZONE, for tools that know nothing of hosts.
        #[arg(long)]
        log: Option<String>,
    },
    /// Print the events of a zone in the order of the ledger, one a line.
    Export {
        /// The zone.
        #[arg(long, required_unless_present_any = ["records", "rows"])]
        zone: Option<String>,
        /// The administrative records of this zone instead, or `@deployment`: those of the deployment itself.
        #[arg(long, value_name = "ZONE", conflicts_with_all = ["zone", "since", "until", "format"])]
        records: Option<String>,
        /// Everything that the database says of this log instead (`ledger/ZONE`, `admin/ZONE`, or `admin/` of the deployment),
        /// row by row, for `docs/ledger/verify_rows.py`.
        #[arg(long, value_name = "LOG", conflicts_with_all = ["zone", "records", "since", "until", "after", "format"])]
        rows: Option<String>,
        /// Only events from then on (RFC 3339).
        #[arg(long, value_parser = commands::instant)]
        since: Option<Timestamp>,
        /// Only events before (RFC 3339).
        #[arg(long, value_parser = commands::instant)]
        until: Option<Timestamp>,
        /// Only events behind this position: the `chain_seq` of the last line of an export that was cut short.
        #[arg(long, default_value_t = 0, value_name = "POSITION")]
        after: i64,
        /// As they arrived with their place in the ledger, as API Activities of OCSF for a SIEM, or as a Parquet table.
        #[arg(long, value_enum, default_value = "ndjson")]
        format: Format,
    },
    /// Put events with all that proves them into one file, which a stranger verifies offline.
    Pack(commands::audit_pack::PackOptions),
    /// Recompute every hash and link of the ledger; exit 1 when something does not hold.
    Verify(Box<commands::audit_verify::VerifyOptions>),
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Format {
    Ndjson,
    Ocsf,
    #[cfg(feature = "export")]
    Parquet,
}

impl Format {
    /// The form of lines; `None` for a table.
    const fn of_lines(self) -> Option<ExportFormat> {
        match self {
            Self::Ndjson => Some(ExportFormat::Ndjson),
            Self::Ocsf => Some(ExportFormat::Ocsf),
            #[cfg(feature = "export")]
            Self::Parquet => None,
        }
    }
}

fn parse(roles: &[String]) -> anyhow::Result<Vec<Role>> {
    Role::parse_all(roles).map_err(anyhow::Error::msg)
}

/// Keeps this process to pages of 4 KiB. Where the system hands out pages of 2 MiB for whatever is touched, an idle daemon holds half as
/// much again, and calls are no faster for it. The allocator takes its memory long before it touches it, so this is early enough.
fn use_small_pages() {
    // Where it is refused, memory is all that it costs.
    #[cfg(target_os = "linux")]
    let _refused = nix::sys::prctl::set_thp_disable(true);
}

fn main() -> ExitCode {
    use_small_pages();
    let arguments = Arguments::parse();
    // What is written is private, whatever umask was inherited: a database file has no mode of its own.
    umask(Mode::from_bits_truncate(0o077));
    let outcome = match arguments.command {
        Command::Serve { roles } => parse(&roles).and_then(|roles| commands::serve::run(&roles)),
        Command::Migrate => commands::migrate::run(),
        Command::CopyDatabase { target } => commands::copy_database::run(&target),
        Command::Healthcheck { url, role } => commands::healthcheck::run(url, &role),
        Command::Canary(deployment) => commands::canary::run(&deployment),
        Command::CheckConfig { roles } => parse(&roles).and_then(|roles| commands::check_config::run(&roles)),
        Command::Config {
            roles,
            json,
            markdown,
        } => parse(&roles).and_then(|roles| commands::config::run(&roles, json, markdown)),
        Command::Drill { command } => commands::drill::run(&command),
        Command::Rollout { command } => commands::rollout::run(&command),
        Command::SupportBundle(wanted) => commands::support_bundle::run(&wanted),
        Command::Secrets { command } => commands::secrets::run(command),
        Command::Metrics => commands::metrics::run(),
        Command::Outbox { command } => commands::outbox::run(command),
        Command::Witness { keys } => commands::witness::run(keys),
        Command::Audit {
            command: AuditCommand::Keys { log },
        } => commands::audit_keys::run(log.as_deref()),
        Command::Audit {
            command:
                AuditCommand::Export {
                    zone,
                    records,
                    rows,
                    since,
                    until,
                    after,
                    format,
                },
        } => {
            let span = ExportSpan { since, until, after };
            match (rows, records) {
                (Some(log), _) => commands::audit_export::run_rows(&log),
                (None, Some(of)) => commands::audit_export::run_records(&of, after),
                (None, None) => {
                    commands::audit_export::run(&zone.unwrap_or_default(), span, format.of_lines())
                }
            }
        }
        Command::Audit {
            command: AuditCommand::Verify(wanted),
        } => commands::audit_verify::run(&wanted),
        Command::Audit {
            command: AuditCommand::Pack(wanted),
        } => commands::audit_pack::run(wanted),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            // One line: whoever started the daemon shows it as it is. A broken stderr must not change the exit code.
            let _ = writeln!(std::io::stderr(), "caracald: {error:#}");
            ExitCode::FAILURE
        }
    }
}
