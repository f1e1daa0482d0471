//! Policies with their versions, and sets with theirs.

use caracal_core::entity::{Policy, PolicySet, StateKind};
use caracal_service::Refusal;

use super::{
    super::{
        super::{policies, policy_sets},
        compare::Step,
        plan::Plan,
    },
    Applier, overtaken,
};

impl Applier<'_, '_> {
    pub(super) async fn policies(&mut self, plan: &Plan) -> Result<(), Refusal> {
        for step in &plan.policies.steps {
            match step {
                Step::Create(made, wanted) => {
                    let sources = plan.sources.get(&wanted.object.name.0).ok_or_else(overtaken)?;
                    let call = self.change.call();
                    let policy = Policy {
                        id: sources.policy_id.clone(),
                        zone_id: call.zone.clone(),
                        name: wanted.object.name.0.clone(),
                        description: wanted.object.description.as_ref().map(|text| text.0.clone()),
                        archived_at: None,
                        attribution: call.made(),
                    };
                    let (first, more) = sources.new.split_first().ok_or_else(overtaken)?;
                    policies::create::make(self.change, &policy, first).await?;
                    for version in more {
                        self.change.policies().add_version(version).await?;
                    }
                    self.made(StateKind::Policy, made).await?;
                }
                Step::Update(changed, wanted, fields) => {
                    let sources = plan.sources.get(&wanted.object.name.0).ok_or_else(overtaken)?;
                    for version in &sources.new {
                        self.change.policies().add_version(version).await?;
                    }
                    self.changed(StateKind::Policy, changed, fields).await?;
                }
                Step::Adopt(id, _) => self.claim(StateKind::Policy, id).await?,
                Step::Delete(..) => {}
            }
        }
        Ok(())
    }

    pub(super) async fn sets(&mut self, plan: &Plan) -> Result<(), Refusal> {
        for step in &plan.sets.steps {
            let (id, wanted) = match step {
                Step::Create(id, wanted) | Step::Update(id, wanted, _) => (id, wanted),
                Step::Adopt(id, _) => {
                    self.claim(StateKind::PolicySet, id).await?;
                    continue;
                }
                Step::Delete(..) => continue,
            };
            let manifest = plan.manifests.get(&wanted.object.name.0).ok_or_else(overtaken)?;
            if let Step::Create(id, _) = step {
                let call = self.change.call();
                let set = PolicySet {
                    id: super::id(id)?,
                    zone_id: call.zone.clone(),
                    name: wanted.object.name.0.clone(),
                    description: wanted.object.description.as_ref().map(|text| text.0.clone()),
                    active_version_id: None,
                    archived_at: None,
                    attribution: call.made(),
                };
                policy_sets::create::make(self.change, &set).await?;
            }
            if let Some(version) = &manifest.version {
                if manifest.is_new {
                    self.change.policy_sets().add_version(version).await?;
                }
                if manifest.activates {
                    let evaluated = manifest.evaluated.as_ref().ok_or_else(overtaken)?;
                    policy_sets::activate::put_in_force(self.change, version, &evaluated.documents).await?;
                }
            }
            match step {
                Step::Update(_, _, fields) => self.changed(StateKind::PolicySet, id, fields).await?,
                Step::Create(..) | Step::Adopt(..) | Step::Delete(..) => {
                    self.made(StateKind::PolicySet, id).await?;
                }
            }
        }
        Ok(())
    }
}
