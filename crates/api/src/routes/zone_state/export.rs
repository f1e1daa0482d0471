//! What is stored, in the form in which documents declare it.

use std::collections::HashMap;

use caracal_core::entity::{
    Application, NotificationSink, Provider, Resource, StateKind, SubjectIssuer, Workload, WorkloadBinding,
};
use caracal_crypto::{canonical_json, sha256_hex};
use caracal_service::Refusal;
use caracal_wire::control::{
    Line, Name, Prose,
    retention::KeptDays,
    workloads::BindingBody,
    zone_state::{
        DeclaredApplication, DeclaredPolicy, DeclaredPolicySet, DeclaredProvider, DeclaredResource,
        DeclaredSink, DeclaredSubjectIssuer, DeclaredWorkload, Parsed, SetMember, ZoneState,
    },
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    inexpressible,
    live::{Live, LiveSet},
};

/// What a document can declare.
pub(super) trait Declared: Serialize {
    /// Its kind.
    const KIND: StateKind;
    /// The member of the document that holds it.
    const SECTION: &'static str;

    /// What it is called.
    fn name(&self) -> &str;

    /// What it is called, as names are compared.
    fn key(&self) -> String {
        self.name().to_owned()
    }

    /// Members that are not compared as they stand.
    const APART: &'static [&'static str] = &[];

    /// Members that are compared.
    fn members(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(mut members)) => {
                members.retain(|name, _| !Self::APART.contains(&name.as_str()));
                members
            }
            _ => Map::new(),
        }
    }
}

macro_rules! declared {
    ($($type:ident $kind:ident $section:literal $name:ident $(folded $folded:ident)? $(apart $apart:expr)?;)+) => { $(
        impl Declared for $type {
            const KIND: StateKind = StateKind::$kind;
            const SECTION: &'static str = $section;
            $(const APART: &'static [&'static str] = &$apart;)?

            fn name(&self) -> &str {
                &self.$name
            }

            $(fn key(&self) -> String {
                self.$folded.to_lowercase()
            })?
        }
    )+ };
}

declared! {
    DeclaredProvider Provider "providers" identifier apart ["secrets"];
    DeclaredResource Resource "resources" identifier;
    DeclaredApplication Application "applications" name folded name;
    DeclaredWorkload Workload "workloads" name folded name;
    DeclaredSubjectIssuer SubjectIssuer "subject_issuers" issuer;
    // Which of its versions there are is told by the sets that name them.
    DeclaredPolicy Policy "policies" name apart ["earlier"];
    // The same words name other versions once a policy has a newer one.
    DeclaredPolicySet PolicySet "policy_sets" name apart ["policies"];
    DeclaredSink NotificationSink "notification_sinks" name;
}

/// Something stored in the form of a document, with its id.
#[derive(Clone)]
pub(super) struct Shown<T> {
    pub(super) id: String,
    pub(super) object: T,
}

/// A zone in the form of a document, each kind by its keys.
pub(super) struct Export {
    pub(super) applications: Vec<Shown<DeclaredApplication>>,
    pub(super) workloads: Vec<Shown<DeclaredWorkload>>,
    pub(super) providers: Vec<Shown<DeclaredProvider>>,
    pub(super) resources: Vec<Shown<DeclaredResource>>,
    pub(super) issuers: Vec<Shown<DeclaredSubjectIssuer>>,
    pub(super) policies: Vec<Shown<DeclaredPolicy>>,
    pub(super) sets: Vec<Shown<DeclaredPolicySet>>,
    pub(super) sinks: Vec<Shown<DeclaredSink>>,
    pub(super) retention: Option<u32>,
}

impl Export {
    /// # Errors
    /// 409 `zone_state_inexpressible` where two objects have one name, or a set names a policy that is archived.
    pub(super) fn of(live: &Live) -> Result<Self, Refusal> {
        let (policies, sets) = policies_and_sets(live)?;
        let providers: HashMap<&str, &str> = live
            .providers
            .iter()
            .map(|provider| (provider.id.as_str(), provider.identifier.as_str()))
            .collect();
        let resources = live.resources.iter().map(|resource| {
            let provider = providers.get(resource.credential_provider_id.as_str());
            let provider = provider.ok_or_else(|| {
                inexpressible(format!(
                    "{} has a provider that documents cannot name",
                    resource.identifier
                ))
            })?;
            Ok::<_, Refusal>(shown(resource.id.as_str(), declared_resource(resource, provider)))
        });
        Ok(Self {
            applications: keyed(
                live.applications
                    .iter()
                    .map(|application| shown(application.id.as_str(), declared_application(application))),
            )?,
            workloads: keyed(
                live.workloads
                    .iter()
                    .map(|workload| shown(workload.id.as_str(), declared_workload(workload))),
            )?,
            providers: keyed(
                live.providers
                    .iter()
                    .map(|provider| shown(provider.id.as_str(), declared_provider(provider))),
            )?,
            resources: keyed(resources.collect::<Result<Vec<_>, _>>()?)?,
            issuers: keyed(
                live.issuers
                    .iter()
                    .map(|issuer| shown(issuer.id.as_str(), declared_issuer(issuer))),
            )?,
            policies: keyed(policies)?,
            sets: keyed(sets)?,
            sinks: keyed(
                live.sinks
                    .iter()
                    .map(|sink| shown(sink.id.as_str(), declared_sink(sink))),
            )?,
            retention: live.retention.as_ref().map(|retention| retention.days),
        })
    }

    /// The document.
    pub(super) fn document(&self) -> ZoneState {
        fn entries<T: Clone>(shown: &[Shown<T>]) -> Vec<Parsed<T>> {
            let entries = shown.iter().map(|shown| Parsed::Read(shown.object.clone()));
            entries.collect()
        }
        ZoneState {
            applications: Some(entries(&self.applications)),
            workloads: Some(entries(&self.workloads)),
            providers: Some(entries(&self.providers)),
            resources: Some(entries(&self.resources)),
            subject_issuers: Some(entries(&self.issuers)),
            policies: Some(entries(&self.policies)),
            policy_sets: Some(entries(&self.sets)),
            notification_sinks: Some(entries(&self.sinks)),
            audit_retention_days: Some(self.retention.map(KeptDays)),
        }
    }
}

/// Digest of a document, however its members are ordered.
pub(super) fn digest(document: &ZoneState) -> String {
    let value = serde_json::to_value(document).unwrap_or_default();
    sha256_hex(&canonical_json(&value))
}

fn shown<T>(id: &str, object: T) -> Shown<T> {
    Shown {
        id: id.to_owned(),
        object,
    }
}

/// By their keys, each of which names one.
fn keyed<T: Declared>(objects: impl IntoIterator<Item = Shown<T>>) -> Result<Vec<Shown<T>>, Refusal> {
    let mut objects: Vec<_> = objects.into_iter().collect();
    objects.sort_by_cached_key(|shown| shown.object.key());
    let twice = objects
        .windows(2)
        .find(|pair| matches!(pair, [one, next] if one.object.key() == next.object.key()));
    match twice {
        Some([one, ..]) => Err(inexpressible(format!(
            "two of {} are called {}: give one of them another name",
            T::SECTION,
            one.object.name()
        ))),
        _ => Ok(objects),
    }
}

fn declared_application(application: &Application) -> DeclaredApplication {
    DeclaredApplication {
        name: Name(application.name.clone()),
        traits: application.traits.clone(),
    }
}

fn declared_workload(workload: &Workload) -> DeclaredWorkload {
    DeclaredWorkload {
        name: Name(workload.name.clone()),
        bindings: workload.bindings.iter().map(declared_binding).collect(),
    }
}

/// A binding in the one form that equal ones have.
pub(super) fn declared_binding(binding: &WorkloadBinding) -> BindingBody {
    BindingBody {
        env: Name(binding.env.clone()),
        resource: Name(binding.resource.clone()),
        scopes: binding.scopes.iter().cloned().map(Line).collect(),
        optional: binding.optional,
        on_failure: binding.on_failure,
    }
}

fn declared_provider(provider: &Provider) -> DeclaredProvider {
    DeclaredProvider {
        identifier: Line(provider.identifier.clone()),
        name: Some(Name(provider.name.clone())),
        kind: provider.kind,
        config_json: provider.config_json.clone(),
        secrets: std::collections::BTreeMap::new(),
    }
}

fn declared_resource(resource: &Resource, provider: &str) -> DeclaredResource {
    DeclaredResource {
        identifier: Line(resource.identifier.clone()),
        name: Some(Line(resource.name.clone())),
        upstream_url: resource.upstream_url.clone().unwrap_or_default(),
        scopes: resource.scopes.iter().map(str::to_owned).collect(),
        credential_provider: Line(provider.to_owned()),
        operations: resource.operations.clone(),
        operation_enforcement: resource.operation_enforcement,
        upstream_timeout_seconds: resource.upstream_timeout_seconds,
        cookies: resource.cookies,
    }
}

fn declared_issuer(issuer: &SubjectIssuer) -> DeclaredSubjectIssuer {
    DeclaredSubjectIssuer {
        issuer: Line(issuer.issuer.clone()),
        jwks_url: Line(issuer.jwks_url.clone()),
        audience: Line(issuer.audience.clone()),
    }
}

fn declared_sink(sink: &NotificationSink) -> DeclaredSink {
    DeclaredSink {
        name: Name(sink.name.clone()),
        url: Line(sink.url.clone()),
        event_types: Some(sink.event_types.clone()),
        active: sink.active,
    }
}

type Policies = Vec<Shown<DeclaredPolicy>>;
type Sets = Vec<Shown<DeclaredPolicySet>>;

fn policies_and_sets(live: &Live) -> Result<(Policies, Sets), Refusal> {
    let mut policies: Policies = Vec::with_capacity(live.policies.len());
    // Where each policy stands in the list, by its id.
    let mut places = HashMap::new();
    let mut newest = HashMap::new();
    for policy in &live.policies {
        places.insert(policy.policy.id.as_str(), policies.len());
        newest.insert(policy.newest.id.as_str(), policies.len());
        let declared = DeclaredPolicy {
            name: Line(policy.policy.name.clone()),
            description: policy.policy.description.clone().map(Prose),
            content: live.names.shown(&policy.newest.content),
            earlier: Vec::new(),
        };
        policies.push(shown(policy.policy.id.as_str(), declared));
    }
    // In the order of their numbers, so that what is told does not hang on the order of sets.
    let mut pinned: Vec<_> = live.pinned.values().collect();
    pinned.sort_by_key(|version| (version.policy_id.as_str(), version.version));
    let mut earlier = HashMap::new();
    for version in pinned {
        let place = places.get(version.policy_id.as_str()).copied();
        let Some((place, policy)) = place.and_then(|place| Some((place, policies.get_mut(place)?))) else {
            continue;
        };
        let index = u32::try_from(policy.object.earlier.len()).unwrap_or(u32::MAX);
        policy.object.earlier.push(live.names.shown(&version.content));
        earlier.insert(version.id.as_str(), (place, index));
    }
    let member = |id: &str| {
        let (place, earlier) = match newest.get(id) {
            Some(place) => (*place, None),
            None => earlier.get(id).map(|(place, index)| (*place, Some(*index)))?,
        };
        let policy = policies.get(place)?.object.name.clone();
        Some(SetMember { policy, earlier })
    };
    let mut sets = Vec::with_capacity(live.sets.len());
    for LiveSet { set, version } in &live.sets {
        let manifest = version.iter().flat_map(|version| &version.manifest);
        let members = manifest.map(|id| member(id.as_str())).collect::<Option<Vec<_>>>();
        let members = members.ok_or_else(|| {
            inexpressible(format!(
                "the policy set {} names a policy that is archived",
                set.name
            ))
        })?;
        let declared = DeclaredPolicySet {
            name: Line(set.name.clone()),
            description: set.description.clone().map(Prose),
            policies: members,
            active: set.active_version_id.is_some(),
        };
        sets.push(shown(set.id.as_str(), declared));
    }
    Ok((policies, sets))
}
