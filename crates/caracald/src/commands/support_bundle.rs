//! `caracald support-bundle`: what somebody needs who helps from outside, and nothing that they must not have.
//!
//! What goes in is chosen, not filtered: settings by declaration, log lines by a list of their fields, files of the spool
//! by name and size. What is chosen is then redacted once more, by the secrets that are known here and by how secrets look.

mod archive;
mod logs;
mod redact;
mod state;

use std::{path::PathBuf, process::ExitCode};

use caracal_crypto::system_world;
use caracal_service::config::Settings;
use serde::Serialize;

use self::{archive::Archive, redact::Redactor};
use super::{
    processes::{Operator, Process, embedded},
    say,
};
use crate::config::{Backend, Config, declared};

/// Most bytes of one member: logs are cut at their beginning, metrics at their end.
const MEMBER: usize = 2 * 1024 * 1024;

/// What goes in besides what is found by the environment.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct BundleOptions {
    /// The file to write, a gzipped tar; it must not be there.
    #[arg(value_name = "FILE.tar.gz")]
    output: PathBuf,
    /// A process to ask for its readiness and metrics, once for each. Those of an embedded deployment are known.
    #[arg(long = "process", value_name = "ROLE=URL")]
    processes: Vec<Process>,
    /// A log to take the last lines of, once for each; of containers, what `docker compose logs --no-log-prefix` or `kubectl logs` wrote to a
    /// file. Those of an embedded deployment are known.
    #[arg(long = "log", value_name = "FILE")]
    logs: Vec<PathBuf>,
    /// A directory of secrets: what must not be in the bundle, wherever it may have got to. Those of the environment are known.
    #[arg(long = "secrets", value_name = "DIRECTORY")]
    secrets: Vec<PathBuf>,
}

/// What the bundle is and what it lacks.
#[derive(Debug, Serialize)]
struct BundleManifest {
    version: &'static str,
    schema: i64,
    made_at: String,
    /// What could not be had, and why.
    missing: Vec<String>,
    /// How many secrets were known by value; any that was found is `***`.
    known_secrets: usize,
}

#[derive(Debug, Serialize)]
struct Setting<'s> {
    name: &'s str,
    value: Option<String>,
    from: String,
}

/// Writes the bundle, and says what it lacks.
pub(crate) fn run(wanted: &BundleOptions) -> anyhow::Result<ExitCode> {
    let mut missing = Vec::new();
    let settings = Settings::from_process();
    let mut redactor = Redactor::default();
    redactor.know(settings.secrets(declared::all()));
    for directory in &wanted.secrets {
        redactor.know_files(directory)?;
    }
    let config = Config::read(settings, &[]);
    if let Ok(config) = &config {
        let own = config.home.join("secrets");
        if own.is_dir() {
            redactor.know_files(&own)?;
        }
    }
    let world = system_world();
    let mut archive = Archive::default();
    match &config {
        Ok(config) => archive.add("settings.json", &redactor.json(&settings_of(config))?)?,
        Err(error) => missing.push(redactor.text(&format!("settings: {error}"))),
    }
    let home = config.as_ref().ok().map(|config| config.home.clone());
    let processes = if wanted.processes.is_empty() {
        home.as_deref().map_or(Ok(Vec::new()), embedded)?
    } else {
        wanted.processes.clone()
    };
    if processes.is_empty() {
        missing.push(String::from("readiness and metrics: no --process was named"));
    }
    let bearers = redactor.bearers();
    super::block_on(async {
        let operator = Operator::new()?;
        for process in &processes {
            let asked = ask(&operator, process, &bearers, &redactor, &mut archive).await;
            missing.extend(asked.into_iter().map(|problem| redactor.text(&problem)));
        }
        if let Ok(config) = &config {
            match state::of_store(config).await {
                Ok(state) => archive.add("store.json", &redactor.json(&state)?)?,
                Err(error) => missing.push(redactor.text(&format!("store: {error:#}"))),
            }
        }
        Ok(())
    })?;
    if let Ok(config) = &config {
        archive.add(
            "spool.json",
            &redactor.json(&state::of_directory(&config.spool_dir, world.now()))?,
        )?;
    }
    let mut logs = wanted.logs.clone();
    if let (Ok(config), Some(home)) = (&config, &home) {
        logs.extend(config.logging.file.clone());
        if matches!(config.backend, Backend::Embedded) {
            logs.extend(["caracald.log.1", "caracald.log"].map(|name| home.join(name)));
        }
    }
    let mut found = false;
    for (number, path) in logs.iter().enumerate() {
        match logs::tail(path, MEMBER, &redactor) {
            Ok(Some(lines)) => {
                found = true;
                archive.add(&format!("logs/{number}.ndjson"), &lines)?;
            }
            Ok(None) => {}
            Err(error) => missing.push(redactor.text(&format!("{error:#}"))),
        }
    }
    if !found {
        missing.push(String::from("logs: none was found; name them with --log"));
    }
    let about = BundleManifest {
        version: env!("CARGO_PKG_VERSION"),
        schema: caracal_storage_sql::SCHEMA_VERSION,
        made_at: world.now().to_string(),
        missing: missing.clone(),
        known_secrets: redactor.known(),
    };
    archive.add("about.json", &redactor.json(&about)?)?;
    let members = archive.write(&wanted.output, world.now())?;
    let mut text = vec![format!(
        "wrote {} with {}",
        wanted.output.display(),
        members.join(", ")
    )];
    text.extend(missing.iter().map(|what| format!("lacks {what}")));
    text.push(String::from(
        "secrets, tokens, addresses of people and unknown fields of logs are not in it; look yourself before it leaves the house",
    ));
    say(&text.join("\n"))?;
    Ok(ExitCode::SUCCESS)
}

fn settings_of(config: &Config) -> Vec<Setting<'_>> {
    config
        .effective
        .iter()
        .map(|one| Setting {
            name: one.name,
            value: one.value.clone(),
            from: super::config::origin(one),
        })
        .collect()
}

/// Puts what a process says of itself into the archive; returns what it did not say.
async fn ask(
    operator: &Operator,
    process: &Process,
    bearers: &[String],
    redactor: &Redactor,
    archive: &mut Archive,
) -> Vec<String> {
    let mut missing = Vec::new();
    let place = redactor.text(&process.name).replace(['/', ':', '='], "_");
    for path in ["/health", "/ready"] {
        let answered = operator.get(process, path).await.and_then(|answer| {
            let text = format!("{} {}\n", answer.status, answer.text());
            archive.add(
                &format!("processes/{place}{path}.txt"),
                redactor.text(&text).as_bytes(),
            )
        });
        missing.extend(answered.err().map(|error| format!("{}: {error:#}", process.name)));
    }
    let answered = operator.metrics(process, bearers).await.and_then(|mut text| {
        let mut end = text.len().min(MEMBER);
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        text.truncate(end);
        archive.add(
            &format!("processes/{place}/metrics.txt"),
            redactor.text(&text).as_bytes(),
        )
    });
    missing.extend(answered.err().map(|error| format!("{}: {error:#}", process.name)));
    missing
}
