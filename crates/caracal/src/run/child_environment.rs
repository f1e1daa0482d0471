//! What a launched program finds in its environment.
//!
//! Nothing is passed on because nobody thought of it: a program that is trusted with one credential must not come by
//! those of the shell it was started from.

use std::ffi::OsString;

use anyhow::bail;

/// The control plane's own file, compiled here once more: one list, though this program depends on no other crate.
#[path = "../../../core/src/environment.rs"]
#[expect(unreachable_pub, reason = "it is public where it belongs")]
mod variables;

/// Passed on, in whatever case it is written.
const KEPT: [&str; 22] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TEMP",
    "TMP",
    "TZ",
    "LANG",
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "FORCE_COLOR",
    "CI",
    "NODE_ENV",
    "CARACAL_ENV",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "SSL_CERT_FILE",
];

/// Whether a binding may put a credential into `name`. The control plane checks as well; a launch trusts nobody with
/// what its programs load.
///
/// # Errors
/// One sentence with the name and the reason.
pub(super) fn check(name: &str) -> anyhow::Result<()> {
    if !variables::is_variable(name) {
        bail!("{name:?} is bound, which is not the name of a variable; nothing was started");
    }
    if variables::decides_what_runs(name) {
        bail!(
            "{name} is bound, which decides what programs load, run or talk to; bind another name. \
             Nothing was started"
        );
    }
    Ok(())
}

/// What is passed on of `all`: the known names and `more`, which the caller asked for by name.
///
/// # Errors
/// When one of `more` may not be passed on.
pub(super) fn kept(
    all: impl Iterator<Item = (OsString, OsString)>,
    more: &[String],
) -> anyhow::Result<Vec<(OsString, OsString)>> {
    if let Some(ours) = more
        .iter()
        .find(|name| name.to_ascii_uppercase().starts_with("CARACAL_"))
    {
        bail!("--env {ours}: what is named CARACAL_ is for the launcher and never passed on");
    }
    Ok(all
        .filter(|(name, _)| {
            name.to_str().is_some_and(|name| {
                let upper = name.to_ascii_uppercase();
                KEPT.contains(&upper.as_str())
                    || upper.starts_with("LC_")
                    || more.iter().any(|one| one == name)
            })
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_loads_code_or_redirects_is_no_place_for_a_credential_in_any_case() {
        for name in [
            "PATH",
            "Path",
            "LD_PRELOAD",
            "ld_audit",
            "DYLD_INSERT_LIBRARIES",
            "NODE_OPTIONS",
            "PYTHONPATH",
            "BASH_ENV",
            "GIT_SSH_COMMAND",
            "https_proxy",
            "CARACAL_WORKLOAD_SECRET",
            "CARACAL_STS_URL",
            "BASH_FUNC_ls",
            "1A",
            "",
            "A B",
            "A=B",
            "A\0",
        ] {
            assert!(check(name).is_err(), "{name:?}");
        }
        for name in ["API_KEY", "_x", "GITHUB_TOKEN", "LDAP_PASSWORD", "MY_PATH"] {
            check(name).unwrap();
        }
    }

    #[test]
    fn only_known_and_asked_for_variables_are_passed_on() {
        let all = [
            "PATH",
            "LC_TIME",
            "AWS_SECRET_ACCESS_KEY",
            "CARACAL_ENV",
            "CARACAL_WORKLOAD_SECRET",
            "MINE",
        ]
        .map(|name| (name.into(), "value".into()));
        let names = |more: &[&str]| {
            let more: Vec<String> = more.iter().map(|name| (*name).to_owned()).collect();
            let kept = kept(all.clone().into_iter(), &more).unwrap();
            kept.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names(&[]), ["PATH", "LC_TIME", "CARACAL_ENV"]);
        assert_eq!(names(&["MINE"]), ["PATH", "LC_TIME", "CARACAL_ENV", "MINE"]);
        assert!(kept(std::iter::empty(), &["CARACAL_WORKLOAD_SECRET".to_owned()]).is_err());
    }
}
