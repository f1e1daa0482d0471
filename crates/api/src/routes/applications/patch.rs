//! `PATCH /v1/zones/{zoneId}/applications/{id}`

use caracal_core::{
    ApplicationId, Secret,
    entity::{Application, RegistrationMethod},
};
use caracal_service::Refusal;
use caracal_wire::events::DirectoryKind;
use serde::Deserialize;

use super::{CODE, check_reserved, name_taken, not_found, row, secret, traits};
use crate::{
    answer::Answer,
    call::ZoneCall,
    change::Done,
    fields::{no_fields, present, trimmed},
};

/// Fewest and most characters of a chosen secret.
const SECRET_CHARS: std::ops::RangeInclusive<usize> = 32..=1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    client_secret: Option<String>,
    #[serde(default, deserialize_with = "present")]
    traits: Option<Vec<String>>,
}

pub(crate) async fn handle(call: ZoneCall) -> Result<Answer, Refusal> {
    let id: ApplicationId = call.id("id")?;
    let body: Body = call.body(CODE)?;
    let name = body
        .name
        .as_deref()
        .map(|name| trimmed(CODE, "name", name, 200))
        .transpose()?;
    let chosen = body.client_secret.map(checked_secret).transpose()?;
    if let Some(name) = &name {
        check_reserved(name, call.caller.is_bootstrap())?;
    }
    if let Some(traits) = &body.traits {
        traits::check(traits, call.caller.is_global())?;
    }
    if name.is_none() && chosen.is_none() && body.traits.is_none() {
        return Err(no_fields());
    }
    // Hashing takes long: look first, so that unknown ids cost nothing, and hash before anything is locked.
    let known = live(call.read().await?.applications().get(&id).await?)?;
    let hash = match &chosen {
        None => None,
        Some(_) if known.client_secret_hash.is_none() => {
            return Err(Refusal::invalid_field(
                "client_secret_not_configured",
                "client_secret",
                "the application logs in without a secret",
            ));
        }
        Some(secret) => Some(secret::hash_chosen(&call, secret.clone()).await?),
    };

    let mut change = call.change().await?;
    change.lock("application_name").await?;
    let mut application = live(change.applications().get(&id).await?)?;
    if let Some(name) = name {
        let managed = application.registration_method == RegistrationMethod::Managed;
        if managed && change.applications().name_taken(&name, Some(&id)).await? {
            return Err(name_taken());
        }
        application.name = name;
    }
    if let Some(traits) = body.traits {
        application.traits = traits;
    }
    if hash.is_some() {
        application.client_secret_hash = hash;
    }
    call.stamp(&mut application.attribution);
    if !change.applications().update(&application).await? {
        return Err(not_found());
    }
    if let Some(secret) = &chosen
        && application.registration_method == RegistrationMethod::Managed
    {
        secret::keep(&mut change, &application, secret).await?;
    }
    change.directory_changed(DirectoryKind::Application, application.id.as_str());
    change.commit(Done::ok()).await?;
    Answer::ok(&row(&application, call.caller.is_global()))
}

fn live(application: Option<Application>) -> Result<Application, Refusal> {
    application
        .filter(|application| application.archived_at.is_none())
        .ok_or_else(not_found)
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
