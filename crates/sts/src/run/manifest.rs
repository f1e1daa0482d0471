//! The variables of a workload.

use caracal_authz::PolicySnapshot;
use caracal_core::audit::EventType;
use caracal_service::Refusal;
use caracal_wire::{ErrorCode, run::Manifest};

use super::Launch;
use crate::{
    case::Context,
    decide::{Outcome, thawed},
    evidence::{About, Metadata, OfLaunch},
    grant::Ruled,
    hold::Release,
    pipeline::{ExchangeKind, run},
    stopped::Stopped,
};

/// Tells a workload its variables.
///
/// # Errors
/// 404 when there are none; 403 in a frozen zone; 503 when it cannot be written down.
pub(crate) async fn manifest(launch: &Launch<'_>) -> Result<Manifest, Refusal> {
    Ok(run(&ManifestExchange { launch }).await?.issued)
}

/// The exchange of a workload's secret for the names of what it is started with.
struct ManifestExchange<'m> {
    launch: &'m Launch<'m>,
}

impl ExchangeKind for ManifestExchange<'_> {
    type Actor = ();
    type Granted = Ruled<()>;
    type Issued = Manifest;
    const EVENT: EventType = EventType::RunLaunch;

    fn context(&self) -> Context<'_> {
        self.launch.context()
    }

    fn class(&self) -> &'static str {
        "manifest"
    }

    async fn admit(&self) -> Result<(), Refusal> {
        self.launch.count("run-manifest").await
    }

    async fn resolve(&self) -> Result<(), Stopped> {
        thawed(self.context())?;
        if self.launch.workload.bindings.is_empty() {
            let nothing = Refusal::of(ErrorCode::ResourceNotFound);
            return Err(nothing.describe("the workload has no bindings").into());
        }
        Ok(())
    }

    /// Its own variables are one thing.
    fn targets(&self) -> impl Iterator<Item = &str> {
        std::iter::once("")
    }

    /// What its variables are called is a workload's to know: no policy is asked.
    fn decide(&self, _: &PolicySnapshot, (): &(), _: &str) -> Outcome<Ruled<()>> {
        Ok(Ruled {
            rule: None,
            found: (),
        })
    }

    async fn issue(
        &self,
        (): &(),
        _: &[Outcome<Ruled<()>>],
        _: Option<&Release>,
    ) -> Result<Manifest, Stopped> {
        let workload = &self.launch.workload;
        Ok(Manifest {
            zone_id: workload.zone_id.clone(),
            workload_id: workload.id.clone(),
            bindings: workload.bindings.clone(),
        })
    }

    fn metadata<'e>(&'e self, about: &About<'e, (), Manifest>) -> Metadata<'e> {
        Metadata::Launch(OfLaunch {
            binding_count: about.issued.map(|manifest| manifest.bindings.len()),
            ..self.launch.metadata(about)
        })
    }
}
