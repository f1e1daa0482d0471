//! Client secrets: hashed for the login, sealed for the reveal.

use caracal_core::{Secret, entity::Application};
use caracal_crypto::{Location, new_secret};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;

use crate::{call::Call, change::ZoneChange};

/// A fresh secret and what it is stored as.
pub(super) fn generate(call: &Call) -> Result<(Secret, String), Refusal> {
    let secret = new_secret(&call.role.world, "cs_");
    let hash = call
        .role
        .hasher
        .hash_generated(&call.role.world, &secret)
        .map_err(|_| overloaded())?;
    Ok((secret, hash))
}

/// What a secret somebody chose is stored as. Takes a tenth of a second, on a thread that may block.
pub(super) async fn hash_chosen(call: &Call, secret: Secret) -> Result<String, Refusal> {
    let (hasher, world) = (call.role.hasher.clone(), call.role.world.clone());
    match tokio::task::spawn_blocking(move || hasher.hash_chosen(&world, &secret)).await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(_)) | Err(_) => Err(overloaded()),
    }
}

fn overloaded() -> Refusal {
    Refusal::of(ErrorCode::Overloaded).describe("too many secrets are being hashed, try again")
}

/// Keeps a copy that can be revealed, in the same transaction as the digest.
pub(super) async fn keep(
    change: &mut ZoneChange<'_>,
    application: &Application,
    secret: &Secret,
) -> Result<(), Refusal> {
    let api = &change.call().role;
    let location = Location::application_client_secret(&application.zone_id, &application.id);
    let envelope = api
        .keyring
        .seal(&api.world, &location, secret.expose().as_bytes())
        .map_err(|_| backend_unavailable())?;
    let now = change.call().now();
    change.secrets().put(location.as_str(), &envelope, now).await?;
    Ok(())
}

pub(super) fn backend_unavailable() -> Refusal {
    Refusal::of(ErrorCode::SecretBackendUnavailable)
        .describe("the secret store could not seal or open a value")
}
