//! The tokens that exist because the deployment has an admin token: its own, and the console's derived ones.

use caracal_core::Secret;
use caracal_storage::{Access, AccountLink, AdminToken, Error};

use super::{
    principal::{BOOTSTRAP_CLASS, CONSOLE},
    tokens::{digest, token_key_name},
};
use crate::{
    deps::ApiDeps,
    links::{link_digest, new_link},
};

/// A fresh link that makes an owner, while there is none; it takes the place of the former one.
///
/// # Errors
/// As the storage.
pub async fn setup_link(api: &ApiDeps) -> Result<Option<Secret>, Error> {
    let mut work = api.store.global(Access::Write).await?;
    work.accounts().lock().await?;
    if work.accounts().count_owners().await? > 0 {
        return Ok(None);
    }
    let (text, now) = (new_link(&api.world), api.world.now());
    let link = AccountLink {
        token_digest: link_digest(text.expose()),
        account_id: None,
        created_by: String::from("host"),
        created_at: now,
        expires_at: now.plus(api.config.link_lifetime),
    };
    work.accounts().put_link(&link).await?;
    work.commit().await?;
    Ok(Some(text))
}

/// Makes the bootstrap token and the console's tokens those of the configured admin token, and ends every other
/// of their kind. Run it at each start, before listening: a rotated token ends the old one here, and a token
/// revoked by mistake works again after a restart. Without an admin token all of them end.
///
/// # Errors
/// As the storage; nothing has changed then.
pub async fn seed_bootstrap(api: &ApiDeps) -> Result<(), Error> {
    let mut wanted: Vec<(&str, &str, &str, Option<Secret>)> =
        vec![(BOOTSTRAP_CLASS, "bootstrap", "write", api.admin_token.clone())];
    for (kind, class, name, capability) in CONSOLE {
        wanted.push((
            class,
            name,
            capability,
            api.admin_token.as_ref().map(|token| kind.derive(token)),
        ));
    }

    let now = api.world.now();
    let mut work = api.store.global(Access::Write).await?;
    for (class, name, capability, token) in wanted {
        // No token has this digest, so with nothing to keep everything of the class ends.
        let keep = token
            .as_ref()
            .map_or([0; 32], |token| digest(&api.token_keys.current, token.expose()));
        work.admin_tokens().revoke_class_except(class, &keep, now).await?;
        if token.is_some() && work.admin_tokens().find(&keep).await?.is_none() {
            let row = AdminToken {
                id: api.world.uuid_v7().to_string(),
                name: name.to_owned(),
                token_digest: keep,
                digest_key: token_key_name(&api.token_keys.current),
                scope: String::from("global"),
                capability: capability.to_owned(),
                zone_id: None,
                created_by: class.to_owned(),
                created_at: now,
                last_used_at: None,
                revoked_at: None,
            };
            match work.admin_tokens().create(&row).await {
                // Another replica was first with the same token.
                Ok(()) | Err(Error::Conflict { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }
    work.commit().await
}
