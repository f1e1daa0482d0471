//! Secrets of clients: hashed for the login, sealed for the reveal.

use caracal_core::{
    ApplicationId, Secret, WorkloadId, ZoneId,
    audit::{Draft, EventType},
};
use caracal_crypto::{Location, new_secret};
use caracal_service::Refusal;
use caracal_wire::ErrorCode;
use serde::Serialize;

use crate::{
    call::{Call, ZoneCall},
    change::{Done, ZoneChange},
};

/// Why a secret cannot be made or kept now.
pub(crate) const REFUSES: [ErrorCode; 2] = [ErrorCode::Overloaded, ErrorCode::SecretBackendUnavailable];

/// A fresh secret that begins with `prefix`, and what it is stored as.
pub(crate) fn generate(call: &Call, prefix: &'static str) -> Result<(Secret, String), Refusal> {
    let secret = new_secret(&call.role.world, prefix);
    let hash = call
        .role
        .hasher
        .hash_generated(&call.role.world, &secret)
        .map_err(|_| overloaded())?;
    Ok((secret, hash))
}

/// What a secret somebody chose is stored as. Takes a tenth of a second, on a thread that may block, in the
/// queue of the zone.
pub(crate) async fn hash_chosen(call: &ZoneCall, secret: Secret) -> Result<String, Refusal> {
    let (hasher, world) = (call.role.hasher.clone(), call.role.world.clone());
    let zone = call.zone.clone();
    let hashed = tokio::task::spawn_blocking(move || hasher.hash_chosen_in(zone.as_str(), &world, &secret));
    match hashed.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(_)) | Err(_) => Err(overloaded()),
    }
}

fn overloaded() -> Refusal {
    Refusal::of(ErrorCode::Overloaded).describe("too many secrets are being hashed, try again")
}

/// Keeps a copy that can be revealed, in the same transaction as the digest.
pub(crate) async fn keep(
    change: &mut ZoneChange<'_>,
    location: &Location,
    secret: &Secret,
) -> Result<(), Refusal> {
    let api = &change.call().role;
    let envelope = api
        .keyring
        .seal(&api.world, location, secret.expose().as_bytes())
        .map_err(|_| backend_unavailable())?;
    let now = change.call().now();
    change.secrets().put(location.as_str(), &envelope, now).await?;
    Ok(())
}

/// A secret that is revealed, as its evidence names it.
#[derive(Serialize)]
#[serde(tag = "credential", rename_all = "snake_case")]
pub(crate) enum Revealed {
    /// Of an application.
    ApplicationClientSecret {
        application_id: ApplicationId,
        application_name: String,
    },
    /// Of a workload.
    WorkloadSecret {
        workload_id: WorkloadId,
        workload_name: String,
    },
}

impl Revealed {
    fn location(&self, zone: &ZoneId) -> Location {
        match self {
            Self::ApplicationClientSecret { application_id, .. } => {
                Location::application_client_secret(zone, application_id)
            }
            Self::WorkloadSecret { workload_id, .. } => Location::workload_secret(zone, workload_id),
        }
    }

    const fn not_stored(&self) -> ErrorCode {
        match self {
            Self::ApplicationClientSecret { .. } => ErrorCode::ClientSecretNotStored,
            Self::WorkloadSecret { .. } => ErrorCode::WorkloadSecretNotStored,
        }
    }
}

#[derive(Serialize)]
struct RevealMetadata {
    #[serde(flatten)]
    revealed: Revealed,
    actor: String,
}

/// The secret, or that no copy of it is kept. It is handed out only once its evidence is durable: no audit event, no
/// secret.
pub(crate) async fn reveal(
    call: &ZoneCall,
    mut change: ZoneChange<'_>,
    revealed: Revealed,
) -> Result<String, Refusal> {
    let location = revealed.location(&call.zone);
    let envelope = change.secrets().get(location.as_str()).await?.ok_or_else(|| {
        Refusal::of(revealed.not_stored()).describe("no copy of the secret is kept; rotate it instead")
    })?;
    let opened = call.role.keyring.open(&location, &envelope).map_err(|error| {
        tracing::error!(zone.id = %call.zone, location = location.as_str(), %error, "a secret cannot be opened");
        backend_unavailable()
    })?;
    let secret = std::str::from_utf8(&opened).map_err(|_| backend_unavailable())?;
    let metadata = RevealMetadata {
        revealed,
        actor: call.caller.attributed_to(),
    };
    let event = Draft::new(
        &call.role.world,
        &call.zone,
        EventType::CredentialRevealed,
        &call.request_id,
        "allow",
        metadata,
    );
    change.leave(&event.undecided())?;
    change.commit(Done::ok()).await?;
    Ok(secret.to_owned())
}

pub(crate) fn backend_unavailable() -> Refusal {
    Refusal::of(ErrorCode::SecretBackendUnavailable)
        .describe("the secret store could not seal or open a value")
}
