//! `caracal run`: starts a program with the credentials of a workload, and ends everything that it started.
//!
//! Three processes: this one, which holds what the program must not; a watcher, of which the program and all that it
//! starts are descendants; and the program. Whichever of the first two dies, however it dies, the other ends the tree.

mod child_environment;
mod credentials;
mod gateway;
mod identity;
mod notice;
mod process;
mod processes;
mod refresh;
mod signals;
pub(crate) mod tree;
pub(crate) mod watcher;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::sys::signal::Signal;
use serde::Serialize;
use zeroize::Zeroizing;

use self::credentials::{Binding, Credential, Launcher};
use self::gateway::{Gateways, Target};
use self::identity::Identity;
use self::signals::Signals;
use crate::Outcome;
use crate::cli::Run;
use crate::environment::Environment;
use crate::home::Home;
use crate::http::Http;
use crate::output::{answer, note};

/// Exit code of what fails before the program is started, as env(1) and its like have it.
pub(crate) const NOT_STARTED: u8 = 125;

/// How long an interrupted launch waits for its session to end. One that does not then ends by itself within a day, and
/// nobody holds anything of it.
const LEAVE: Duration = Duration::from_secs(5);

/// Variables of the child and their values.
type Variables = BTreeMap<OsString, Zeroizing<String>>;

/// Where the identity in this environment is shown; reads the secret to see whether it can be.
///
/// # Errors
/// One sentence saying which variable to set, or what is wrong with one.
pub(crate) fn sts_of_identity(environment: &Environment, home: &Path) -> anyhow::Result<String> {
    Ok(Identity::resolve(environment, Some(home))?.sts)
}

pub(crate) fn run(
    mut environment: Environment,
    home: Option<&Path>,
    options: &Run,
    json: bool,
) -> anyhow::Result<Outcome> {
    if let Ok(home) = Home::locate(&environment, home) {
        environment.fill_from_operator_file(home.path())?;
    }
    let targets = gateway::targets(&options.gateway)?;
    // A program that only speaks through the Gateway needs no workload.
    let identity = match (environment.get("CARACAL_WORKLOAD_ID"), targets.is_empty()) {
        (None, false) => None,
        _ => Some(Identity::resolve(&environment, home)?),
    };
    let kept = child_environment::kept(std::env::vars_os(), &options.env)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let mut signals = Signals::hear()?;
        let workload = tokio::select! {
            asked = Workload::ask(identity) => asked?,
            signal = signals.next() => return Ok(not_started(signal)),
        };
        let names = workload.bindings.iter().map(|binding| binding.env.as_str());
        let names = names.chain(targets.iter().map(|target| target.name.as_str()));
        if let Some(twice) = repeated(names) {
            bail!("the variable {twice} is bound twice");
        }
        if options.print_env {
            print_environment(&kept, &workload.bindings, &targets, json)?;
            return Ok(Outcome::Good);
        }
        let launched = Launched {
            kept,
            options,
            environment: &environment,
            home,
        };
        launched.run(workload, targets, &mut signals).await
    })
}

/// How a launch ends that a signal ended before its program ran.
fn not_started(signal: Signal) -> Outcome {
    note("interrupted; nothing was started");
    Outcome::Code(signals::code(signal))
}

/// The workload that is launched, where there is one.
struct Workload {
    launcher: Option<Launcher>,
    bindings: Vec<Binding>,
}

impl Workload {
    async fn ask(identity: Option<Identity>) -> anyhow::Result<Self> {
        let Some(identity) = identity else {
            return Ok(Self {
                launcher: None,
                bindings: Vec::new(),
            });
        };
        let http = Http::new(&[&identity.sts])?;
        let launcher = Launcher::new(identity, http);
        let bindings = launcher.manifest().await?;
        for binding in &bindings {
            child_environment::check(&binding.env)?;
        }
        Ok(Self {
            launcher: Some(launcher),
            bindings,
        })
    }

    async fn credentials(&self) -> anyhow::Result<BTreeMap<String, Credential>> {
        match &self.launcher {
            Some(launcher) => launcher.credentials(&self.bindings).await,
            None => Ok(BTreeMap::new()),
        }
    }
}

/// What a launch is made of besides whom it is for.
struct Launched<'a> {
    kept: Vec<(OsString, OsString)>,
    options: &'a Run,
    environment: &'a Environment,
    home: Option<&'a Path>,
}

impl Launched<'_> {
    /// Runs the program to its end, with its exit code.
    async fn run(
        &self,
        workload: Workload,
        targets: Vec<Target>,
        signals: &mut Signals,
    ) -> anyhow::Result<Outcome> {
        let minted = tokio::select! {
            minted = workload.credentials() => minted?,
            signal = signals.next() => return Ok(not_started(signal)),
        };
        let mut variables = variables(&minted, &workload.bindings);
        let refresh = match &self.options.refresh {
            Some(file) => {
                let file = std::path::absolute(file)?;
                refresh::write(&file, &minted).with_context(|| format!("cannot write {}", file.display()))?;
                let shown = Zeroizing::new(file.display().to_string());
                variables.insert(refresh::VARIABLE.into(), shown);
                Some(crate::files::TemporaryPath(file))
            }
            None => None,
        };
        let gateways = match self.gateways(targets, signals).await? {
            Opened::None => None,
            Opened::Some(gateways) => Some(gateways),
            Opened::Interrupted(signal) => return Ok(not_started(signal)),
        };
        if let Some(gateways) = &gateways {
            variables.extend(gateways.variables());
        }
        let code = match process::start(&self.options.command, &self.kept, &variables, self.options.grace) {
            Ok(mut child) => {
                let beside = futures_util::future::join(
                    kept_fresh(&workload, minted, refresh.as_ref()),
                    served(gateways.as_ref()),
                );
                tokio::select! {
                    code = child.wait(signals) => code,
                    (never, _) = beside => match never {},
                }
            }
            Err(error) => Err(error),
        };
        if let Some(gateways) = gateways {
            tokio::select! {
                () = gateways.close() => {}
                // Who asks again does not want to wait for it.
                _ = signals.next() => {}
            }
        }
        code.map(Outcome::Code)
    }

    async fn gateways(&self, targets: Vec<Target>, signals: &mut Signals) -> anyhow::Result<Opened> {
        if targets.is_empty() {
            return Ok(Opened::None);
        }
        let opening = Gateways::open(self.environment, self.home, targets, &self.options.label);
        let mut opening = std::pin::pin!(opening);
        let signal = tokio::select! {
            opened = &mut opening => return Ok(Opened::Some(opened?)),
            signal = signals.next() => signal,
        };
        note("interrupted; ending what was begun");
        // The session may have been started already: what is begun is seen to its end, so that it can be ended.
        let closed = async {
            if let Ok(gateways) = opening.await {
                gateways.close().await;
            }
        };
        tokio::select! {
            _ = tokio::time::timeout(LEAVE, closed) => {}
            // Who asks again does not want to wait for it.
            _ = signals.next() => {}
        }
        Ok(Opened::Interrupted(signal))
    }
}

/// What became of the addresses that `--gateway` asks for.
enum Opened {
    /// None was asked for.
    None,
    Some(Gateways),
    /// A signal came first, and nothing is left of them.
    Interrupted(Signal),
}

async fn kept_fresh(
    workload: &Workload,
    minted: BTreeMap<String, Credential>,
    file: Option<&crate::files::TemporaryPath>,
) -> Infallible {
    match (&workload.launcher, file) {
        (Some(launcher), Some(file)) => refresh::keep(launcher, &workload.bindings, minted, &file.0).await,
        _ => std::future::pending().await,
    }
}

async fn served(gateways: Option<&Gateways>) -> Infallible {
    match gateways {
        Some(gateways) => gateways.serve().await,
        None => std::future::pending().await,
    }
}

fn repeated<'n>(names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.windows(2).find_map(|pair| match pair {
        [one, other] if one == other => Some(*one),
        _ => None,
    })
}

/// Each credential under its name, and when it ends beside it unless another binding has that name.
fn variables(minted: &BTreeMap<String, Credential>, bindings: &[Binding]) -> Variables {
    let mut variables = Variables::new();
    for (name, credential) in minted {
        variables.insert(name.into(), credential.value.clone());
        let beside = format!("{name}_EXPIRES_AT");
        if let Some(expires_at) = credential.expires_at
            && !bindings.iter().any(|binding| binding.env == beside)
        {
            variables.insert(beside.into(), Zeroizing::new(expires_at.to_string()));
        }
    }
    variables
}

/// What a program would see, for programs.
#[derive(Serialize)]
struct Environments<'a> {
    inherited: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    bindings: Vec<Bound<'a>>,
    gateway: Vec<Bound<'a>>,
}

/// A variable that stands for a resource.
#[derive(Serialize)]
struct Bound<'a> {
    env: &'a str,
    resource: &'a str,
    scopes: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    optional: Option<bool>,
}

/// What the program would see, with nothing of it minted and nothing secret shown.
fn print_environment(
    kept: &[(OsString, OsString)],
    bindings: &[Binding],
    targets: &[Target],
    json: bool,
) -> anyhow::Result<()> {
    let kept = kept
        .iter()
        .map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy()));
    if json {
        let inherited: BTreeMap<_, _> = kept.collect();
        let bound = bindings.iter().map(|binding| Bound {
            env: &binding.env,
            resource: &binding.resource,
            scopes: &binding.scopes,
            optional: Some(binding.optional),
        });
        let through = targets.iter().map(|target| Bound {
            env: &target.name,
            resource: &target.resource,
            scopes: &target.scopes,
            optional: None,
        });
        let document = Environments {
            inherited,
            bindings: bound.collect(),
            gateway: through.collect(),
        };
        answer(&serde_json::to_string(&document)?)?;
        return Ok(());
    }
    let inherited = kept.map(|(name, value)| crate::scrub::scrub(&format!("{name}={value}")));
    let bound = bindings
        .iter()
        .map(|binding| format!("{}=*** ({})", binding.env, binding.resource));
    let through = targets
        .iter()
        .map(|target| format!("{}=http://127.0.0.1:*/*** ({})", target.name, target.resource));
    answer(
        &inherited
            .chain(bound)
            .chain(through)
            .collect::<Vec<_>>()
            .join("\n"),
    )?;
    note("nothing was minted and nothing was started");
    Ok(())
}
