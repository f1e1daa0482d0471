//! As whom a program is launched.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::home::Home;

/// A workload, the proof that we may launch as it, and where to show it.
pub(super) struct Identity {
    pub(super) workload: String,
    pub(super) secret: Zeroizing<String>,
    /// Without a slash at the end.
    pub(super) sts: String,
}

impl Identity {
    /// Reads it from the environment.
    ///
    /// # Errors
    /// One sentence saying which variable to set, or what is wrong with one.
    pub(super) fn resolve(environment: &Environment, home: Option<&Path>) -> anyhow::Result<Self> {
        let Some(workload) = environment.get("CARACAL_WORKLOAD_ID") else {
            bail!("CARACAL_WORKLOAD_ID is not set: it says as which workload the program is launched");
        };
        Ok(Self {
            workload: workload.to_owned(),
            secret: secret(environment, workload)?,
            sts: sts(environment, home)?,
        })
    }
}

fn secret(environment: &Environment, workload: &str) -> anyhow::Result<Zeroizing<String>> {
    let value = environment.get("CARACAL_WORKLOAD_SECRET");
    let file = environment.get("CARACAL_WORKLOAD_SECRET_FILE");
    let path = match (value, file) {
        (Some(_), Some(_)) => {
            bail!("CARACAL_WORKLOAD_SECRET and CARACAL_WORKLOAD_SECRET_FILE are both set; unset one")
        }
        (Some(secret), None) => return Ok(Zeroizing::new(secret.to_owned())),
        (None, Some(path)) if path.starts_with("ws_") => bail!(
            "CARACAL_WORKLOAD_SECRET_FILE holds a secret instead of the path of a file; put the secret into a file, \
             or into CARACAL_WORKLOAD_SECRET"
        ),
        (None, Some(path)) => PathBuf::from(path),
        (None, None) if is_production(environment) => bail!(
            "neither CARACAL_WORKLOAD_SECRET nor CARACAL_WORKLOAD_SECRET_FILE is set, and in production no other place \
             is looked at"
        ),
        (None, None) => default_file(environment, workload)?,
    };
    read(&path)
}

/// A file of a secret, for its owner alone.
pub(super) fn read(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let shown = path.display();
    let found = fs::metadata(path).with_context(|| format!("cannot read the secret in {shown}"))?;
    let mode = found.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!("the secret in {shown} is open to others (mode {mode:o}); run chmod 600 on it");
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read the secret in {shown}"))?;
    let text = Zeroizing::new(text);
    let secret = text.trim();
    if secret.is_empty() {
        bail!("the file {shown} is empty where a secret is expected");
    }
    Ok(Zeroizing::new(secret.to_owned()))
}

fn is_production(environment: &Environment) -> bool {
    environment
        .get("CARACAL_ENV")
        .or_else(|| environment.get("NODE_ENV"))
        == Some("production")
}

/// `<config directory>/runtime/<workload>/secret`.
fn default_file(environment: &Environment, workload: &str) -> anyhow::Result<PathBuf> {
    let directory = if let Some(own) = environment.get("CARACAL_CONFIG_HOME") {
        PathBuf::from(own)
    } else if let Some(config) = environment.get("XDG_CONFIG_HOME") {
        Path::new(config).join("caracal")
    } else if let Some(user) = environment.get("HOME") {
        let below = if cfg!(target_os = "macos") {
            "Library/Application Support/Caracal"
        } else {
            ".config/caracal"
        };
        Path::new(user).join(below)
    } else {
        bail!("the secret of the workload is nowhere: set CARACAL_WORKLOAD_SECRET_FILE");
    };
    Ok(directory.join("runtime").join(file_name(workload)).join("secret"))
}

/// The workload's id as one part of a path.
fn file_name(workload: &str) -> String {
    let mut name = String::new();
    for character in workload.chars() {
        if character.is_ascii_alphanumeric() || "._-".contains(character) {
            name.push(character);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    match name.trim_matches('_') {
        "" | "." | ".." => "default".to_owned(),
        name => name.to_owned(),
    }
}

fn sts(environment: &Environment, home: Option<&Path>) -> anyhow::Result<String> {
    let given = ["CARACAL_STS_URL", "CARACAL_ZONE_URL"]
        .into_iter()
        .find_map(|name| Some((name, environment.get(name)?)));
    if let Some((name, url)) = given {
        return usable(environment, name, url);
    }
    let local = matches!(
        environment
            .get("CARACAL_ENV")
            .or_else(|| environment.get("NODE_ENV")),
        None | Some("development")
    );
    if !local {
        bail!("CARACAL_STS_URL is not set: it says where credentials are asked for");
    }
    // The stack of this home, wherever its ports are.
    let running = Home::locate(environment, home)
        .ok()
        .and_then(|home| Some(Endpoints::of_live_daemon(&home)?.url("sts")?.to_owned()));
    Ok(running.unwrap_or_else(|| "http://localhost:8080".to_owned()))
}

/// `url` without its last slash, if secrets may be sent there.
pub(super) fn usable(environment: &Environment, name: &str, url: &str) -> anyhow::Result<String> {
    let url = url.trim_end_matches('/');
    let parsed: hyper::Uri = url
        .parse()
        .with_context(|| format!("{name} is not a URL: {url:?}"))?;
    let host = parsed.host().unwrap_or_default();
    let insecure = environment.get("CARACAL_ALLOW_INSECURE_CONFIG_URLS") == Some("true");
    match parsed.scheme_str() {
        Some("https") if !host.is_empty() => Ok(url.to_owned()),
        Some("http") if ["localhost", "127.0.0.1", "[::1]"].contains(&host) || insecure => Ok(url.to_owned()),
        Some("http") => bail!(
            "{name} is {url}: secrets go to another machine over https alone; CARACAL_ALLOW_INSECURE_CONFIG_URLS=true \
             allows it all the same"
        ),
        _ => bail!("{name} must be a URL such as https://sts.example.com, not {url:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(pairs: &[(&str, &str)]) -> String {
        let mut environment = Environment::default();
        for (name, value) in pairs {
            environment.set(name, value);
        }
        Identity::resolve(&environment, None)
            .err()
            .map(|error| format!("{error:#}"))
            .unwrap_or_default()
    }

    #[test]
    fn each_way_to_get_it_wrong_is_told_apart_without_showing_a_secret() {
        let secret = "ws_0123456789abcdef0123456789abcdef";
        let id = ("CARACAL_WORKLOAD_ID", "w1");
        let value = ("CARACAL_WORKLOAD_SECRET", secret);
        let open = tempfile::NamedTempFile::new().unwrap();
        fs::set_permissions(open.path(), fs::Permissions::from_mode(0o644)).unwrap();
        let open = open.path().to_str().unwrap();
        for (pairs, said) in [
            (&[][..], "CARACAL_WORKLOAD_ID is not set"),
            (
                &[id, value, ("CARACAL_WORKLOAD_SECRET_FILE", "/x")],
                "are both set",
            ),
            (
                &[id, ("CARACAL_WORKLOAD_SECRET_FILE", secret)],
                "holds a secret instead of the path",
            ),
            (
                &[id, ("CARACAL_WORKLOAD_SECRET_FILE", "/nowhere")],
                "cannot read the secret",
            ),
            (
                &[id, ("CARACAL_WORKLOAD_SECRET_FILE", open)],
                "is open to others (mode 644)",
            ),
            (
                &[id, ("CARACAL_ENV", "production")],
                "in production no other place",
            ),
            (
                &[id, ("HOME", "/nowhere")],
                "/nowhere/.config/caracal/runtime/w1/secret",
            ),
            (
                &[id, value, ("CARACAL_ENV", "production")],
                "CARACAL_STS_URL is not set",
            ),
            (
                &[id, value, ("CARACAL_STS_URL", "http://sts.example.com")],
                "over https alone",
            ),
            (
                &[id, value, ("CARACAL_STS_URL", "sts.example.com")],
                "must be a URL",
            ),
        ] {
            let sentence = refused(pairs);
            assert!(sentence.contains(said), "{said:?}: {sentence:?}");
            assert!(!sentence.contains(secret), "{sentence}");
        }
        assert_eq!(
            refused(&[id, value, ("CARACAL_STS_URL", "https://sts.example.com/")]),
            ""
        );
        assert_eq!(refused(&[id, value, ("CARACAL_STS_URL", "http://[::1]:1")]), "");
    }

    #[test]
    fn an_id_becomes_one_part_of_a_path() {
        for (id, name) in [
            ("a1-b.c_d", "a1-b.c_d"),
            ("../../etc", ".._.._etc"),
            ("//", "default"),
            ("..", "default"),
            ("zone:w 1", "zone_w_1"),
        ] {
            assert_eq!(file_name(id), name);
        }
    }
}
