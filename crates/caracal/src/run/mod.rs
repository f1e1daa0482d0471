//! `caracal run`: starts a program with the credentials of a workload, and ends everything that it started.
//!
//! Three processes: this one, which holds what the program must not; a watcher, of which the program and all that it
//! starts are descendants; and the program. Whichever of the first two dies, however it dies, the other ends the tree.

mod child_environment;
mod credentials;
mod http;
mod identity;
mod process;
mod refresh;
mod tree;
pub(crate) mod watcher;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

use self::credentials::{Binding, Credential, Launcher};
use self::http::Http;
use self::identity::Identity;
use crate::Outcome;
use crate::cli::Run;
use crate::environment::Environment;
use crate::home::Home;
use crate::output::{answer, note};

/// Exit code of what fails before the program is started, as env(1) and its like have it.
pub(crate) const NOT_STARTED: u8 = 125;

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
    let identity = Identity::resolve(&environment, home)?;
    let kept = child_environment::kept(std::env::vars_os(), &options.env)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let http = Http::new(&[&identity.sts])?;
        let launcher = Launcher::new(identity, http);
        let bindings = launcher.manifest().await?;
        for binding in &bindings {
            child_environment::check(&binding.env)?;
        }
        if let Some(twice) = repeated(&bindings) {
            bail!("the variable {twice} is bound twice");
        }
        if options.print_env {
            print_environment(&kept, &bindings, json)?;
            return Ok(Outcome::Good);
        }
        let minted = launcher.credentials(&bindings).await?;
        let mut variables = variables(&minted, &bindings);
        let refresh = match &options.refresh {
            Some(file) => {
                let file = std::path::absolute(file)?;
                refresh::write(&file, &minted).with_context(|| format!("cannot write {}", file.display()))?;
                let shown = Zeroizing::new(file.display().to_string());
                variables.insert(refresh::VARIABLE.into(), shown);
                Some(file)
            }
            None => None,
        };
        let mut child = process::start(&options.command, &kept, &variables, options.grace)?;
        let code = match refresh {
            None => child.wait().await?,
            Some(file) => {
                let scrap = crate::files::Scrap(file.clone());
                let code = tokio::select! {
                    code = child.wait() => code?,
                    never = refresh::keep(&launcher, &bindings, minted, &file) => match never {},
                };
                drop(scrap);
                code
            }
        };
        Ok(Outcome::Code(code))
    })
}

fn repeated(bindings: &[Binding]) -> Option<&str> {
    let mut names: Vec<&str> = bindings.iter().map(|binding| binding.env.as_str()).collect();
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

/// What the program would see, with nothing of it minted and nothing secret shown.
fn print_environment(kept: &[(OsString, OsString)], bindings: &[Binding], json: bool) -> anyhow::Result<()> {
    let kept = kept
        .iter()
        .map(|(name, value)| (name.to_string_lossy(), value.to_string_lossy()));
    if json {
        let inherited: BTreeMap<_, _> = kept.collect();
        let bound: Vec<_> = bindings
            .iter()
            .map(|binding| {
                serde_json::json!({
                    "env": binding.env, "resource": binding.resource, "scopes": binding.scopes,
                    "optional": binding.optional,
                })
            })
            .collect();
        answer(&serde_json::json!({ "inherited": inherited, "bindings": bound }).to_string())?;
        return Ok(());
    }
    let inherited = kept.map(|(name, value)| crate::scrub::scrub(&format!("{name}={value}")));
    let bound = bindings
        .iter()
        .map(|binding| format!("{}=*** ({})", binding.env, binding.resource));
    answer(&inherited.chain(bound).collect::<Vec<_>>().join("\n"))?;
    note("nothing was minted and nothing was started");
    Ok(())
}
