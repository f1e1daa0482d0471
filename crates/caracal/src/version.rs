//! `caracal version`.

use crate::Outcome;
use crate::environment::Environment;
use crate::output::answer;

pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Short commit id, stamped by the build.
const SHA: Option<&str> = option_env!("CARACAL_BUILD_SHA");
/// `stable` or `rc` in a release build, stamped by the build.
const STAMPED_MODE: Option<&str> = option_env!("CARACAL_BUILD_MODE");

/// What was built, for programs.
#[derive(serde::Serialize)]
struct Built<'a> {
    binary: &'static str,
    version: &'static str,
    mode: &'a str,
    sha: &'a str,
}

pub(crate) fn run(environment: &Environment, json: bool) -> anyhow::Result<Outcome> {
    let mode = environment
        .get("CARACAL_MODE")
        .unwrap_or(STAMPED_MODE.unwrap_or("dev"));
    if !["dev", "rc", "stable"].contains(&mode) {
        anyhow::bail!("CARACAL_MODE must be dev, rc or stable, not {mode:?}");
    }
    let sha = SHA.filter(|sha| !sha.is_empty()).unwrap_or("unknown");
    if json {
        let built = Built {
            binary: "caracal",
            version: VERSION,
            mode,
            sha,
        };
        answer(&serde_json::to_string(&built)?)?;
    } else {
        answer(&format!(
            "Caracal\n  binary   caracal\n  version  {VERSION}\n  mode     {mode}\n  sha      {sha}"
        ))?;
    }
    Ok(Outcome::Good)
}
