//! Which variables of a program may hold a credential.
//!
//! The control plane refuses the others where they are bound, and the launcher once more where a program is started, since it
//! trusts nobody with what its programs load.

/// They say what a program loads or runs, or where things are: a credential there would be run, or sent.
const DECIDING: [&str; 44] = [
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
const DECIDING_BEGINNINGS: [&str; 5] = ["LD_", "DYLD_", "GIT_", "CARACAL_", "BASH_FUNC_"];
const DECIDING_END: &str = "_PROXY";

/// Whether `name` is the name of a variable: letters, digits and underscores, the first of them no digit.
pub fn is_variable(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins_well = name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    begins_well && name.bytes().all(word)
}

/// Whether the variable decides what programs load, run or talk to, in whatever case it is written.
pub fn decides_what_runs(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    DECIDING.contains(&name.as_str())
        || DECIDING_BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || name.ends_with(DECIDING_END)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_name_of_a_variable_or_decides_what_runs_is_told_apart_from_what_is_neither() {
        for bad in ["", "1A", "A-B", "A B", "A=B", "\u{dc}"] {
            assert!(!is_variable(bad), "{bad:?}");
        }
        for bad in [
            "PATH",
            "path",
            "Ld_Preload",
            "git_ssh_command",
            "https_proxy",
            "BASH_FUNC_x",
            "CARACAL_HOME",
        ] {
            assert!(is_variable(bad) && decides_what_runs(bad), "{bad}");
        }
        for good in ["GITHUB_TOKEN", "_A1", "PROXY", "PATHS"] {
            assert!(is_variable(good) && !decides_what_runs(good), "{good}");
        }
    }
}
