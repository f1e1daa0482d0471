//! What a launched program finds in its environment.
//!
//! Nothing is passed on because nobody thought of it: a program that is trusted with one credential must not come by
//! those of the shell it was started from.

use std::ffi::OsString;

use anyhow::bail;

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

/// Names that no binding may have: they say what is loaded, what is run, or where things are sent.
const REFUSED: [&str; 44] = [
    "PATH",
    "HOME",
    "USER",
    "SHELL",
    "TMPDIR",
    "IFS",
    "ENV",
    "BASH_ENV",
    "PROMPT_COMMAND",
    "NODE_OPTIONS",
    "NODE_EXTRA_CA_CERTS",
    "BUN_OPTIONS",
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "RUBYOPT",
    "RUBYLIB",
    "PERL5OPT",
    "PERL5LIB",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "SSH_ASKPASS",
    "GCONV_PATH",
    "EDITOR",
    "PAGER",
    "NODE_PATH",
    "CLASSPATH",
    "_JAVA_OPTIONS",
    "PERLLIB",
    "ZDOTDIR",
    "SHELLOPTS",
    "PS4",
    "VISUAL",
    "BROWSER",
    "LESSOPEN",
    "LESSCLOSE",
    "DOTNET_STARTUP_HOOKS",
    "TMP",
    "TEMP",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "XDG_CONFIG_HOME",
];

/// As above, by their beginning and by their end.
const REFUSED_BEGINNINGS: [&str; 5] = ["LD_", "DYLD_", "GIT_", "CARACAL_", "BASH_FUNC_"];
const REFUSED_END: &str = "_PROXY";

/// Whether a binding may put a credential into `name`. The control plane checks as well; a launch trusts nobody with
/// what its programs load.
///
/// # Errors
/// One sentence with the name and the reason.
pub(super) fn check(name: &str) -> anyhow::Result<()> {
    let first = name.bytes().next();
    let word = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !word || first.is_none_or(|byte| byte.is_ascii_digit()) {
        bail!("{name:?} is bound, which is not the name of a variable; nothing was started");
    }
    if is_dangerous(name) {
        bail!(
            "{name} is bound, which decides what programs load, run or talk to; bind another name. \
             Nothing was started"
        );
    }
    Ok(())
}

fn is_dangerous(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    REFUSED.contains(&name.as_str())
        || REFUSED_BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || name.ends_with(REFUSED_END)
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
