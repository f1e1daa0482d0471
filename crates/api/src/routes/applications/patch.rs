//! `PATCH /v1/zones/{zoneId}/applications/{id}`

use caracal_core::{
    ApplicationId, Secret,
    entity::{Application, RegistrationMethod},
};
use caracal_service::{
    Refusal,
    front::{Body, ById, IfMatch, Path, Versioned},
};
use caracal_storage::Lock;
use caracal_wire::events::DirectoryKind;
use caracal_wire::{
    ErrorCode,
    control::applications::{ApplicationItem, UpdateApplication},
};

use super::{CODE, check_reserved, keep_secret, live, name_taken, not_found, traits};
use crate::{
    call::ZoneCall,
    change::{Done, ZoneChange},
    custody,
    fields::no_fields,
};

/// Fewest and most characters of a chosen secret.
const SECRET_CHARS: std::ops::RangeInclusive<usize> = 32..=1024;

pub(crate) async fn handle(
    call: ZoneCall,
    Path(ById { id }): Path<ById<ApplicationId>>,
    wanted: IfMatch,
    Body(body): Body<UpdateApplication>,
) -> Result<Versioned<ApplicationItem>, Refusal> {
    if body.is_empty() {
        return Err(no_fields());
    }
    let name = body.name.map(|name| name.0);
    let chosen = body.client_secret.map(checked_secret).transpose()?;
    if let Some(name) = &name {
        check_reserved(name, call.caller.is_bootstrap())?;
    }
    if let Some(traits) = &body.traits {
        traits::check(traits, call.caller.is_global())?;
    }
    // Hashing takes long: look first, so that unknown ids cost nothing, and hash before anything is locked.
    let known = live(&call, call.read().await?.applications().get(&id).await?)?;
    let hash = match &chosen {
        None => None,
        Some(_) if known.client_secret_hash.is_none() => {
            return Err(Refusal::invalid_field(
                ErrorCode::ClientSecretNotConfigured,
                "client_secret",
                "the application logs in without a secret",
            ));
        }
        Some(secret) => Some(custody::hash_chosen(&call, secret.clone()).await?),
    };

    let mut change = call.change().await?;
    change.lock(Lock::ApplicationName).await?;
    let mut application = live(&call, change.applications().get(&id).await?)?;
    wanted.allows(application.attribution.version)?;
    if hash.is_some() {
        application.client_secret_hash = hash;
    }
    if let Some(secret) = &chosen
        && application.registration_method == RegistrationMethod::Managed
    {
        keep_secret(&mut change, &application, secret).await?;
    }
    let application = alter(&mut change, application, name, body.traits).await?;
    change.commit(Done::ok()).await?;
    let version = application.attribution.next();
    let item = ApplicationItem::new(application, call.caller.sees_traits());
    Ok(Versioned(item, version))
}

/// Changes an application, read under the lock of names, in a change that the caller commits.
pub(in crate::routes) async fn alter(
    change: &mut ZoneChange<'_>,
    mut application: Application,
    name: Option<String>,
    traits: Option<Vec<String>>,
) -> Result<Application, Refusal> {
    if let Some(name) = name {
        let managed = application.registration_method == RegistrationMethod::Managed;
        if managed
            && change
                .applications()
                .name_taken(&name, Some(&application.id))
                .await?
        {
            return Err(name_taken());
        }
        application.name = name;
    }
    if let Some(traits) = traits {
        application.traits = traits;
    }
    change.call().stamp(&mut application.attribution);
    if !change.applications().update(&application).await? {
        return Err(not_found());
    }
    change.directory_changed(DirectoryKind::Application, application.id.as_str());
    Ok(application)
}

fn checked_secret(secret: String) -> Result<Secret, Refusal> {
    if !SECRET_CHARS.contains(&secret.chars().count()) || secret.chars().any(char::is_control) {
        return Err(Refusal::invalid_field(
            CODE,
            "client_secret",
            "must have 32 to 1024 characters, none of them control characters",
        ));
    }
    Ok(Secret::new(secret))
}
