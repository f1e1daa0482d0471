//! What a document takes away.

use caracal_core::entity::StateKind;
use caracal_service::Refusal;

use super::{
    super::{
        super::{
            applications, notification_sinks, policies, policy_sets, providers, resources, subject_issuers,
            workloads,
        },
        compare::Section,
        export::Declared,
        plan::Plan,
    },
    Applier, id,
};
use crate::change::Done;

impl Applier<'_, '_> {
    /// What refers to others goes before them.
    pub(super) async fn deletions(&mut self, plan: &Plan) -> Result<(), Refusal> {
        for gone in deleted(&plan.sets) {
            let done = policy_sets::archive::put_away(self.change, &id(gone)?).await?;
            self.deleted(StateKind::PolicySet, gone, done).await?;
        }
        for gone in deleted(&plan.policies) {
            policies::archive::put_away(self.change, &id(gone)?).await?;
            self.deleted(StateKind::Policy, gone, Done::no_content()).await?;
        }
        for gone in deleted(&plan.workloads) {
            let done = workloads::delete::remove(self.change, &id(gone)?).await?;
            self.deleted(StateKind::Workload, gone, done).await?;
        }
        for gone in deleted(&plan.resources) {
            resources::archive::put_away(self.change, &id(gone)?).await?;
            self.deleted(StateKind::Resource, gone, Done::no_content())
                .await?;
        }
        for gone in deleted(&plan.providers) {
            let done = providers::archive::put_away(self.change, &id(gone)?).await?;
            self.deleted(StateKind::Provider, gone, done).await?;
        }
        for gone in deleted(&plan.applications) {
            let done = applications::archive::put_away(self.change, &id(gone)?).await?;
            self.deleted(StateKind::Application, gone, done).await?;
        }
        for gone in deleted(&plan.issuers) {
            subject_issuers::archive::put_away(self.change, &id(gone)?).await?;
            self.deleted(StateKind::SubjectIssuer, gone, Done::no_content())
                .await?;
        }
        for gone in deleted(&plan.sinks) {
            notification_sinks::delete::remove(self.change, &id(gone)?).await?;
            self.deleted(StateKind::NotificationSink, gone, Done::no_content())
                .await?;
        }
        Ok(())
    }
}

fn deleted<T: Declared>(section: &Section<T>) -> Vec<&str> {
    section.deleted().collect()
}
