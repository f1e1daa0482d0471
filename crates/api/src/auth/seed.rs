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

/// Makes the bootstrap tokens and the console's tokens those of the configured admin tokens, and ends every other
/// of their kind. Run it at each start, before listening: a token that is configured no more ends here, and one
/// revoked by mistake works again after a restart. Without an admin token all of them end.
///
/// # Errors
/// As the storage; nothing has changed then.
pub async fn seed_bootstrap(api: &ApiDeps) -> Result<(), Error> {
    let configured = [&api.admin_token, &api.admin_token_previous];
    let of = |derive: &dyn Fn(&Secret) -> Secret| -> Vec<Secret> {
        configured.into_iter().flatten().map(derive).collect()
    };
    let mut wanted = vec![(BOOTSTRAP_CLASS, "bootstrap", "write", of(&Secret::clone))];
    for (kind, class, name, capability) in CONSOLE {
        wanted.push((class, name, capability, of(&|token| kind.derive(token))));
    }

    let now = api.world.now();
    let mut work = api.store.global(Access::Write).await?;
    for (class, name, capability, tokens) in wanted {
        let keep: Vec<_> = tokens
            .iter()
            .map(|token| digest(&api.token_keys.current, token.expose()))
            .collect();
        work.admin_tokens().revoke_class_except(class, &keep, now).await?;
        for token_digest in keep {
            if work.admin_tokens().find(&token_digest, now).await?.is_some() {
                continue;
            }
            let row = AdminToken {
                id: api.world.uuid_v7().to_string(),
                name: name.to_owned(),
                token_digest,
                digest_key: token_key_name(&api.token_keys.current),
                scope: String::from("global"),
                capability: capability.to_owned(),
                reveals: None,
                zone_id: None,
                created_by: class.to_owned(),
                created_at: now,
                expires_at: None,
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
