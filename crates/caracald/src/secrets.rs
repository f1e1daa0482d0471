//! Secrets of the embedded deployment: generated on first start, mode 0600 in a 0700 directory.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::Path,
};

use anyhow::{Context as _, bail};
use caracal_core::{Secret, World};
use caracal_service::config::{KeyMaterials, SettingKind as _, usable_secret};

use crate::config::Keys;

/// Makes a new value.
type Generate<'g> = &'g dyn Fn(&World) -> String;

/// Fills what the environment did not give from `<home>/secrets`, generating what is not there yet.
///
/// # Errors
/// When the directory or a file cannot be read or written.
pub(crate) fn complete(world: &World, home: &Path, keys: &mut Keys) -> anyhow::Result<()> {
    let directory = home.join("secrets");
    private_directory(&directory)?;
    let hex_key = |world: &World| hex::encode(world.random_bytes::<32>());
    let token = |world: &World| format!("cat_{}", hex::encode(world.random_bytes::<32>()));
    let wanted: [(&mut Option<Secret>, &str, Generate<'_>); 10] = [
        (&mut keys.kek, "secretStoreKek", &hex_key),
        (&mut keys.streams, "streamsHmacKey", &hex_key),
        (&mut keys.audit, "auditHmacKey", &hex_key),
        (&mut keys.gateway_sts, "gatewayStsHmacKey", &hex_key),
        (&mut keys.idempotency, "idempotencyHmacKey", &hex_key),
        (&mut keys.admin_token, "caracalAdminToken", &token),
        (&mut keys.coordinator_token, "caracalCoordinatorToken", &token),
        (&mut keys.sts_admin_token, "stsAdminToken", &token),
        (&mut keys.audit_admin_token, "auditAdminToken", &token),
        (&mut keys.log, "auditLogKey", &hex_key),
    ];
    for (slot, name, generate) in wanted {
        if slot.is_none() {
            *slot = Some(read_or_create(&directory.join(name), || generate(world))?);
        }
    }
    beside(&directory, keys)
}

/// What `caracald secrets rotate` put beside the secrets that it changes.
fn beside(directory: &Path, keys: &mut Keys) -> anyhow::Result<()> {
    let one: [(&mut Option<Secret>, &str); 6] = [
        (&mut keys.kek_previous, "secretStoreKekPrevious"),
        (&mut keys.log_previous, "auditLogKeyPrevious"),
        (&mut keys.admin_token_previous, "caracalAdminTokenPrevious"),
        (
            &mut keys.coordinator_token_previous,
            "caracalCoordinatorTokenPrevious",
        ),
        (&mut keys.sts_admin_token_previous, "stsAdminTokenPrevious"),
        (&mut keys.audit_admin_token_previous, "auditAdminTokenPrevious"),
    ];
    for (slot, name) in one {
        if slot.is_none() {
            *slot = read_if_there(&directory.join(name))?;
        }
    }
    let several: [(&mut Vec<Secret>, &str); 4] = [
        (&mut keys.streams_previous, "streamsHmacKeyPrevious"),
        (&mut keys.audit_previous, "auditHmacKeyPrevious"),
        (&mut keys.gateway_sts_previous, "gatewayStsHmacKeyPrevious"),
        (&mut keys.idempotency_previous, "idempotencyHmacKeyPrevious"),
    ];
    for (slot, name) in several {
        if slot.is_empty()
            && let Some(text) = read_if_there(&directory.join(name))?
        {
            *slot = KeyMaterials::parse(text.expose())
                .map_err(|wrong| anyhow::anyhow!("the secret file {name}{wrong}"))?;
        }
    }
    Ok(())
}

/// The secret in a file that need not be there, and says nothing while it is empty.
fn read_if_there(path: &Path) -> anyhow::Result<Option<Secret>> {
    match std::fs::metadata(path) {
        Ok(found) if found.len() == 0 => Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        // What else is wrong is said by reading it.
        Ok(_) | Err(_) => read(path).map(Some),
    }
}

/// Makes a directory that only its owner may enter.
///
/// # Errors
/// When it cannot be made, or something else has its name.
pub(crate) fn private_directory(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot create the directory {}", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("cannot make the directory {} private", path.display()))
}

/// The secret in a file, or a new one that is put there.
///
/// # Errors
/// When the file cannot be read or written, or others may read it.
pub(crate) fn read_or_create(path: &Path, generate: impl FnOnce() -> String) -> anyhow::Result<Secret> {
    let name = path.display();
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(mut file) => {
            let value = generate();
            file.write_all(value.as_bytes())
                .and_then(|()| file.sync_all())
                .with_context(|| format!("cannot write the secret file {name}"))?;
            Ok(Secret::new(value))
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(error).with_context(|| format!("cannot create the secret file {name}")),
    }
}

/// The secret in a file that others may not read.
fn read(path: &Path) -> anyhow::Result<Secret> {
    let name = path.display();
    let mut file = File::open(path).with_context(|| format!("cannot read the secret file {name}"))?;
    let mode = file
        .metadata()
        .with_context(|| format!("cannot inspect the secret file {name}"))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        bail!(
            "the secret file {name} is open to others (mode {:o}); run chmod 600 on it",
            mode & 0o777
        );
    }
    let mut value = String::new();
    file.read_to_string(&mut value)
        .with_context(|| format!("cannot read the secret file {name}"))?;
    match usable_secret(&value) {
        Ok(value) => Ok(Secret::new(value)),
        Err(why) if value.trim().is_empty() => {
            bail!("the secret file {name} {why}; delete it to have a new one generated")
        }
        Err(why) => bail!("the secret file {name} {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_file_that_no_login_works_with_is_refused_with_its_name() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("token");
        for (content, read) in [
            ("token\n", Some("token")),
            ("", None),
            (" token", None),
            ("to\nken", None),
            ("to\0ken", None),
            ("\u{feff}token", None),
        ] {
            let _ = std::fs::remove_file(&path);
            read_or_create(&path, || String::from(content)).expect("a file");
            let secret = read_or_create(&path, || unreachable!("it is there"));
            match (&secret, read) {
                (Ok(secret), Some(read)) => assert_eq!(secret.expose(), read),
                (Err(error), None) => assert!(error.to_string().contains("/token "), "{error}"),
                _ => panic!("{content:?}: {secret:?}"),
            }
        }
    }
}
