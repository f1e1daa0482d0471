//! A plan carried out: each object written by what its own route writes it with, in one transaction.

mod deletions;
mod policies;
mod turns;

use caracal_core::{
    ApplicationId, NotificationSinkId, ProviderId, ResourceId, SubjectIssuerId, WorkloadId,
    entity::{NotificationSink, OnFailure, ProviderConfig, StateKind, WorkloadBinding},
    id::InvalidId,
};
use caracal_service::{Refusal, error_chain};
use caracal_storage::{RetentionDays, StateOwner};
use caracal_wire::control::{
    applications::{CreateApplication, Managed},
    notification_sinks::UpdateSink,
    resources::{CreateResource, UpdateResource},
    subject_issuers::{CreateSubjectIssuer, UpdateSubjectIssuer},
    zone_state::{DeclaredProvider, DeclaredResource, DeclaredWorkload},
};

pub(super) use self::turns::{overtaken, take_turn};
use super::{
    super::{
        applications, notification_sinks, providers, resources, retention::days_noted, subject_issuers,
        workloads,
    },
    compare::{Options, Step},
    live::Live,
    plan::{NewRetention, Plan},
    secrets::merged,
};
use crate::change::{Done, ZoneChange};

/// The plan was checked by the same rules, so what they refuse now is what others changed meanwhile.
fn raced(refusal: Refusal) -> Refusal {
    if refusal.status.is_client_error() {
        tracing::debug!(code = %refusal.code, description = ?refusal.description, "a planned change is refused");
        return overtaken();
    }
    refusal
}

/// An id that a plan made or read.
fn id<T: std::str::FromStr<Err = InvalidId>>(text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|error: InvalidId| {
        tracing::error!(error = %error_chain(&error), "a planned id is none");
        overtaken()
    })
}

/// Carries the plan out in a change that the caller commits.
pub(super) async fn carry_out(
    change: &mut ZoneChange<'_>,
    live: &Live,
    plan: &Plan,
    options: &Options,
) -> Result<(), Refusal> {
    let mut carrying = Applier {
        change,
        live,
        manager: &options.manager,
    };
    carrying.everything(plan).await.map_err(raced)
}

/// Words of a record for one kind of object.
const fn collection(kind: StateKind) -> &'static str {
    match kind {
        StateKind::Provider => "providers",
        StateKind::Resource => "resources",
        StateKind::Application => "applications",
        StateKind::Workload => "workloads",
        StateKind::SubjectIssuer => "subject-issuers",
        StateKind::Policy => "policies",
        StateKind::PolicySet => "policy-sets",
        StateKind::NotificationSink => "notification-sinks",
        StateKind::AuditRetention => "audit-retention",
    }
}

/// The row of an object that is to change.
fn stored<'l, T>(rows: &'l [T], is: impl Fn(&&'l T) -> bool) -> Result<&'l T, Refusal> {
    rows.iter().find(is).ok_or_else(overtaken)
}

/// Runs what each step asks for, and takes down whose the object is and what became of it.
macro_rules! steps {
    ($carrying:ident, $kind:ident, $section:expr, create |$made:ident, $new:ident| $create:expr, update |$changed:ident, $old:ident| $update:expr,) => {
        for step in &$section.steps {
            match step {
                Step::Create($made, wanted) => {
                    let $new = &wanted.object;
                    $create;
                    $carrying.made(StateKind::$kind, $made).await?;
                }
                Step::Update($changed, wanted, fields) => {
                    let $old = &wanted.object;
                    $update;
                    $carrying.changed(StateKind::$kind, $changed, fields).await?;
                }
                Step::Adopt(id, _) => $carrying.claim(StateKind::$kind, id).await?,
                // Last, when nothing refers to it any more.
                Step::Delete(..) => {}
            }
        }
    };
}

struct Applier<'c, 'z> {
    change: &'c mut ZoneChange<'z>,
    live: &'c Live,
    manager: &'c str,
}

impl Applier<'_, '_> {
    async fn everything(&mut self, plan: &Plan) -> Result<(), Refusal> {
        self.providers(plan).await?;
        self.resources(plan).await?;
        self.applications(plan).await?;
        self.workloads(plan).await?;
        self.issuers(plan).await?;
        self.policies(plan).await?;
        self.sets(plan).await?;
        self.sinks(plan).await?;
        self.retention(plan).await?;
        self.deletions(plan).await
    }

    async fn claim(&mut self, kind: StateKind, id: &str) -> Result<(), Refusal> {
        let owner = StateOwner {
            kind,
            object_id: id.to_owned(),
            manager: self.manager.to_owned(),
        };
        let now = self.change.call().now();
        Ok(self.change.state_owners().claim(&owner, now).await?)
    }

    async fn made(&mut self, kind: StateKind, id: &str) -> Result<(), Refusal> {
        self.change
            .object_changed((collection(kind), id), "create", &[], Done::created(id));
        self.claim(kind, id).await
    }

    async fn changed(&mut self, kind: StateKind, id: &str, fields: &[String]) -> Result<(), Refusal> {
        // Names of credentials are told as a change of a secret, as their own route does.
        let (secrets, fields): (Vec<_>, Vec<_>) = fields
            .iter()
            .cloned()
            .partition(|field| field.starts_with("secrets."));
        let (word, done) = if secrets.is_empty() {
            ("update", Done::ok())
        } else {
            ("secret_rotation", Done::ok().note("secret_rotated", true))
        };
        self.change
            .object_changed((collection(kind), id), word, &fields, done);
        self.claim(kind, id).await
    }

    async fn deleted(&mut self, kind: StateKind, id: &str, done: Done<'_>) -> Result<(), Refusal> {
        self.change
            .object_changed((collection(kind), id), "delete", &[], done);
        Ok(self.change.state_owners().release(kind, id).await?)
    }

    async fn providers(&mut self, plan: &Plan) -> Result<(), Refusal> {
        let display = |declared: &DeclaredProvider| {
            let name = declared.name.as_ref().map(|name| name.0.clone());
            name.unwrap_or_else(|| declared.identifier.0.clone())
        };
        steps!(
            self,
            Provider,
            plan.providers,
            create | made,
            declared | {
                let config = ProviderConfig::check(declared.kind, &merged(declared), &[]);
                let config = config.map_err(|_| overtaken())?;
                let named = (display(declared), declared.identifier.0.clone(), declared.kind);
                providers::create::make(self.change, id::<ProviderId>(made)?, named, &config).await?
            },
            update | changed,
            declared | {
                let provider = stored(&self.live.providers, |provider| provider.id.as_str() == changed)?;
                let kind = (provider.kind != declared.kind).then_some(declared.kind);
                let now = self.change.call().now();
                let config = providers::patch::checked_config(provider, kind, &merged(declared), now)?;
                let named = (Some(display(declared)), None, kind);
                providers::patch::alter(self.change, provider.clone(), named, Some(config)).await?
            },
        );
        Ok(())
    }

    /// The provider that a resource names, which there is by now.
    fn provider_of(&self, declared: &DeclaredResource, plan: &Plan) -> Result<ProviderId, Refusal> {
        let name = declared.credential_provider.0.as_str();
        let made = plan.providers.steps.iter().find_map(|step| match step {
            Step::Create(id, wanted) if wanted.object.identifier.0 == name => Some(id),
            Step::Create(..) | Step::Update(..) | Step::Adopt(..) | Step::Delete(..) => None,
        });
        if let Some(made) = made {
            return id(made);
        }
        let provider = stored(&self.live.providers, |provider| provider.identifier == name)?;
        Ok(provider.id.clone())
    }

    async fn resources(&mut self, plan: &Plan) -> Result<(), Refusal> {
        steps!(
            self,
            Resource,
            plan.resources,
            create | made,
            declared | {
                let body = CreateResource {
                    name: declared.name.clone(),
                    identifier: Some(declared.identifier.clone()),
                    upstream_url: Some(declared.upstream_url.clone()),
                    scopes: declared.scopes.clone(),
                    credential_provider_id: Some(self.provider_of(declared, plan)?),
                    operations: declared.operations.clone(),
                    operation_enforcement: Some(declared.operation_enforcement),
                    upstream_timeout_seconds: declared.upstream_timeout_seconds,
                    cookies: Some(declared.cookies),
                    check: None,
                };
                resources::create::make(self.change, id::<ResourceId>(made)?, body).await?
            },
            update | changed,
            declared | {
                let resource = stored(&self.live.resources, |resource| resource.id.as_str() == changed)?;
                let operations = Some(declared.operations.clone());
                let body = UpdateResource {
                    name: declared.name.clone(),
                    identifier: None,
                    upstream_url: Some(Some(declared.upstream_url.clone())),
                    scopes: Some(declared.scopes.clone()),
                    credential_provider_id: Some(Some(self.provider_of(declared, plan)?)),
                    operations: None,
                    operation_enforcement: Some(declared.operation_enforcement),
                    upstream_timeout_seconds: Some(declared.upstream_timeout_seconds),
                    cookies: Some(declared.cookies),
                };
                resources::patch::alter(self.change, resource.clone(), body, operations).await?
            },
        );
        Ok(())
    }

    async fn applications(&mut self, plan: &Plan) -> Result<(), Refusal> {
        steps!(
            self,
            Application,
            plan.applications,
            create | made,
            declared | {
                let body = CreateApplication {
                    name: declared.name.clone(),
                    registration_method: Managed::Managed,
                    traits: declared.traits.clone(),
                };
                applications::create::make(self.change, id::<ApplicationId>(made)?, body).await?
            },
            update | changed,
            declared | {
                let application = stored(&self.live.applications, |application| {
                    application.id.as_str() == changed
                })?;
                let (name, traits) = (declared.name.0.clone(), declared.traits.clone());
                applications::patch::alter(self.change, application.clone(), Some(name), Some(traits)).await?
            },
        );
        Ok(())
    }

    async fn workloads(&mut self, plan: &Plan) -> Result<(), Refusal> {
        steps!(
            self,
            Workload,
            plan.workloads,
            create | made,
            declared | {
                let name = declared.name.0.clone();
                workloads::create::make(self.change, id::<WorkloadId>(made)?, name, bindings(declared))
                    .await?
            },
            update | changed,
            declared | {
                let workload = stored(&self.live.workloads, |workload| workload.id.as_str() == changed)?;
                let (name, bindings) = (declared.name.0.clone(), bindings(declared));
                workloads::update::alter(self.change, workload.clone(), Some(name), Some(bindings)).await?
            },
        );
        Ok(())
    }

    async fn issuers(&mut self, plan: &Plan) -> Result<(), Refusal> {
        steps!(
            self,
            SubjectIssuer,
            plan.issuers,
            create | made,
            declared | {
                let body = CreateSubjectIssuer {
                    issuer: declared.issuer.clone(),
                    jwks_url: declared.jwks_url.clone(),
                    audience: declared.audience.clone(),
                };
                subject_issuers::create::make(self.change, id::<SubjectIssuerId>(made)?, body).await?
            },
            update | changed,
            declared | {
                let issuer = stored(&self.live.issuers, |issuer| issuer.id.as_str() == changed)?;
                let body = UpdateSubjectIssuer {
                    jwks_url: Some(declared.jwks_url.clone()),
                    audience: Some(declared.audience.clone()),
                };
                subject_issuers::patch::alter(self.change, issuer.clone(), body).await?
            },
        );
        Ok(())
    }

    async fn sinks(&mut self, plan: &Plan) -> Result<(), Refusal> {
        steps!(
            self,
            NotificationSink,
            plan.sinks,
            create | made,
            declared | {
                let call = self.change.call();
                let sink = NotificationSink {
                    id: id::<NotificationSinkId>(made)?,
                    zone_id: call.zone.clone(),
                    name: declared.name.0.clone(),
                    url: declared.url.0.clone(),
                    event_types: declared.event_types.clone().unwrap_or_default(),
                    active: declared.active,
                    attribution: call.made(),
                };
                notification_sinks::create::make(self.change, &sink).await?
            },
            update | changed,
            declared | {
                let sink = stored(&self.live.sinks, |sink| sink.id.as_str() == changed)?;
                let body = UpdateSink {
                    name: Some(declared.name.clone()),
                    url: Some(declared.url.clone()),
                    event_types: None,
                    active: Some(declared.active),
                };
                let types = declared.event_types.clone();
                notification_sinks::patch::alter(self.change, sink.clone(), body, types).await?
            },
        );
        Ok(())
    }

    async fn retention(&mut self, plan: &Plan) -> Result<(), Refusal> {
        let Some(kept) = plan.retention else {
            return Ok(());
        };
        let call = self.change.call();
        let said = match kept {
            NewRetention::AsElsewhere => None,
            NewRetention::Days(days) => Some(RetentionDays {
                days,
                updated_by: call.caller.attributed_to(),
                updated_at: call.now(),
            }),
        };
        let done = days_noted(Done::ok(), said.as_ref().map(|said| said.days));
        self.change.retention_days().set_days(said.as_ref()).await?;
        let fields = [String::from("audit_retention_days")];
        let zone = call.zone.as_str();
        self.change
            .object_changed(("zones", zone), "update", &fields, done);
        Ok(())
    }
}

fn bindings(declared: &DeclaredWorkload) -> Vec<WorkloadBinding> {
    let bindings = declared.bindings.iter().map(|binding| WorkloadBinding {
        env: binding.env.0.clone(),
        resource: binding.resource.0.clone(),
        scopes: binding.scopes.iter().map(|scope| scope.0.clone()).collect(),
        optional: binding.optional,
        on_failure: binding
            .on_failure
            .filter(|_| binding.optional)
            .or_else(|| binding.optional.then_some(OnFailure::Error)),
    });
    bindings.collect()
}
