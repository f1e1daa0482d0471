//! What is stored of a zone that documents speak of.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
};

use caracal_core::{
    PolicyVersionId,
    entity::{
        Application, Attribution, NotificationSink, Policy, PolicySet, PolicySetVersion, PolicyVersion,
        Provider, RegistrationMethod, Resource, StateKind, SubjectIssuer, Workload,
    },
};
use caracal_crypto::sha256_hex;
use caracal_service::Refusal;
use caracal_storage::{
    PAGE_BYTES, Page, PageRequest, PolicyFilter, Registered, RetentionDays, StateOwner, ZoneWork,
};

use super::{
    super::{applications::traits, providers, resources},
    MAX_BYTES, MAX_OBJECTS, inexpressible,
    names::Names,
};
use crate::{
    call::ZoneCall,
    fields::{RESERVED_NAME, is_reserved},
};

/// Rows that are read at once.
const PAGE: u32 = 500;
/// Versions of a policy among which a source is looked for.
const VERSIONS: u32 = 500;

/// A policy with what documents may name of it.
#[derive(Debug)]
pub(super) struct LivePolicy {
    pub(super) policy: Policy,
    /// Ids and digests of its versions, newest first.
    pub(super) versions: Vec<(PolicyVersionId, String)>,
    /// Its newest version.
    pub(super) newest: PolicyVersion,
}

/// A set with the version that documents show.
#[derive(Debug)]
pub(super) struct LiveSet {
    pub(super) set: PolicySet,
    /// The one in force, or else the newest.
    pub(super) version: Option<PolicySetVersion>,
}

/// A zone as it is stored. What belongs to the platform is left out, but counts.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) applications: Vec<Application>,
    pub(super) workloads: Vec<Workload>,
    pub(super) providers: Vec<Provider>,
    pub(super) resources: Vec<Resource>,
    pub(super) issuers: Vec<SubjectIssuer>,
    pub(super) policies: Vec<LivePolicy>,
    pub(super) sets: Vec<LiveSet>,
    pub(super) sinks: Vec<NotificationSink>,
    pub(super) retention: Option<RetentionDays>,
    pub(super) owners: Vec<StateOwner>,
    /// Older versions that the shown versions of sets name.
    pub(super) pinned: HashMap<PolicyVersionId, PolicyVersion>,
    /// What every managed application is called, those of the platform included.
    pub(super) names: Names,
    /// Names of the platform's own, as they are compared.
    pub(super) platform: HashSet<(StateKind, String)>,
    /// Resources that count towards the quota of the zone.
    pub(super) all_resources: usize,
}

/// What is left of what a document has room for, so that a zone that no document can tell is not read to its end.
struct Room {
    objects: usize,
    /// Of stored rows: no document tells more than they hold, and most of them hold more than it tells.
    row_bytes: usize,
    /// Of sources of policies, which a document tells as they stand.
    source_bytes: usize,
}

impl Room {
    const WHOLE: Self = Self {
        objects: MAX_OBJECTS,
        row_bytes: 2 * MAX_BYTES,
        source_bytes: MAX_BYTES,
    };

    fn page<T>(&mut self, read: &Page<T>) -> Result<(), Refusal> {
        let left = self.objects.checked_sub(read.items.len());
        self.objects =
            left.ok_or_else(|| inexpressible(format!("the zone has more than {MAX_OBJECTS} objects")))?;
        // A page that ends early was ended by its bytes.
        if read.next.is_some() && read.items.len() < PAGE as usize {
            self.row_bytes = self.row_bytes.checked_sub(PAGE_BYTES).ok_or_else(too_large)?;
        }
        Ok(())
    }

    fn source(&mut self, bytes: u64) -> Result<(), Refusal> {
        let left = usize::try_from(bytes)
            .ok()
            .and_then(|bytes| self.source_bytes.checked_sub(bytes));
        self.source_bytes = left.ok_or_else(too_large)?;
        Ok(())
    }
}

fn too_large() -> Refusal {
    inexpressible(format!("the document would have more than {MAX_BYTES} bytes"))
}

/// Every row of a listing, as long as there is room.
macro_rules! every {
    ($room:ident, |$page:ident| $read:expr) => {{
        let mut rows = Vec::new();
        let mut $page = PageRequest::first(PAGE);
        loop {
            let read = $read.await?;
            $room.page(&read)?;
            rows.extend(read.items);
            match read.next {
                Some(next) => $page.after = Some(next),
                None => break rows,
            }
        }
    }};
}

impl Live {
    /// Reads the zone.
    ///
    /// # Errors
    /// 409 `zone_state_inexpressible` for one that is too large.
    pub(super) async fn read(call: &ZoneCall, work: &mut dyn ZoneWork) -> Result<Self, Refusal> {
        let mut room = Room::WHOLE;
        let mut platform = HashSet::new();
        let applications = every!(room, |page| work.applications().list(&Registered::LIVE, &page));
        let managed = applications
            .into_iter()
            .filter(|application| application.registration_method == RegistrationMethod::Managed);
        let managed: Vec<Application> = managed.collect();
        let names = Names::of(&managed);
        let (reserved, applications): (Vec<_>, Vec<_>) = managed.into_iter().partition(is_platforms);
        platform.extend(
            reserved
                .iter()
                .map(|application| (StateKind::Application, application.name.to_lowercase())),
        );

        let providers = every!(room, |page| work.providers().list(&Registered::LIVE, &page));
        let (reserved, providers): (Vec<_>, Vec<_>) = providers
            .into_iter()
            .partition(|provider| is_reserved(providers::RESERVED_IDENTIFIER, &provider.identifier));
        platform.extend(
            reserved
                .into_iter()
                .map(|provider| (StateKind::Provider, provider.identifier)),
        );

        let audience = &call.role.config.control_audience;
        let resources = every!(room, |page| work.resources().list(&Registered::LIVE, &page));
        let all_resources = resources.len();
        let (reserved, resources): (Vec<_>, Vec<_>) = resources.into_iter().partition(|resource| {
            resources::rules::is_control(&resource.identifier, audience)
                || is_reserved(resources::RESERVED_IDENTIFIER, &resource.identifier)
        });
        platform.extend(
            reserved
                .into_iter()
                .map(|resource| (StateKind::Resource, resource.identifier)),
        );

        let workloads = every!(room, |page| work.workloads().list(&page));
        let issuers = every!(room, |page| work.subject_issuers().list(&page));
        let sinks = every!(room, |page| work.notifications().list(&page));
        let policies = every!(room, |page| work.policies().list(&PolicyFilter::default(), &page));
        let sets = every!(room, |page| work.policy_sets().list(&page));
        let policies = live_policies(work, policies, &mut platform, &mut room).await?;
        let sets = live_sets(work, sets).await?;
        let pinned = pinned(work, &policies, &sets, &mut room).await?;
        Ok(Self {
            applications,
            workloads,
            providers,
            resources,
            issuers,
            policies,
            sets,
            sinks: sinks.into_iter().map(|(sink, _)| sink).collect(),
            retention: work.retention_days().days().await?,
            owners: work.state_owners().all().await?,
            pinned,
            names,
            platform,
            all_resources,
        })
    }

    /// Equal for two readings between which nobody changed anything that a plan was made from.
    pub(super) fn fingerprint(&self) -> String {
        let mut text = String::new();
        let mut add = |id: &str, by: &Attribution| {
            let _ = writeln!(text, "{id} {}", by.version);
        };
        for application in &self.applications {
            add(application.id.as_str(), &application.attribution);
        }
        for workload in &self.workloads {
            add(workload.id.as_str(), &workload.attribution);
        }
        for provider in &self.providers {
            add(provider.id.as_str(), &provider.attribution);
        }
        for resource in &self.resources {
            add(resource.id.as_str(), &resource.attribution);
        }
        for issuer in &self.issuers {
            add(issuer.id.as_str(), &issuer.attribution);
        }
        for sink in &self.sinks {
            add(sink.id.as_str(), &sink.attribution);
        }
        for LivePolicy { policy, newest, .. } in &self.policies {
            add(policy.id.as_str(), &policy.attribution);
            add(newest.id.as_str(), &policy.attribution);
        }
        for LiveSet { set, version } in &self.sets {
            add(set.id.as_str(), &set.attribution);
            for id in version
                .iter()
                .map(|version| &version.id)
                .chain(&set.active_version_id)
            {
                add(id.as_str(), &set.attribution);
            }
        }
        let _ = writeln!(text, "{:?} {}", self.retention, self.all_resources);
        for StateOwner {
            kind,
            object_id,
            manager,
        } in &self.owners
        {
            let _ = writeln!(text, "{kind} {object_id} {manager}");
        }
        sha256_hex(text.as_bytes())
    }
}

/// Whether an application has reach beyond its zone, or the name of one that has.
fn is_platforms(application: &Application) -> bool {
    is_reserved(RESERVED_NAME, &application.name)
        || application.traits.iter().any(|name| traits::is_reserved(name))
}

async fn live_policies(
    work: &mut dyn ZoneWork,
    policies: Vec<Policy>,
    platform: &mut HashSet<(StateKind, String)>,
    room: &mut Room,
) -> Result<Vec<LivePolicy>, Refusal> {
    let mut live = Vec::with_capacity(policies.len());
    for policy in policies {
        if is_reserved(RESERVED_NAME, &policy.name) {
            platform.insert((StateKind::Policy, policy.name));
            continue;
        }
        let listed = work
            .policies()
            .versions(&policy.id, &PageRequest::first(VERSIONS), 0)
            .await?;
        // Before it is read.
        room.source(listed.items.first().map_or(0, |newest| newest.content_bytes))?;
        let versions: Vec<_> = listed
            .items
            .into_iter()
            .map(|version| (version.id, version.content_sha256))
            .collect();
        let newest = match versions.first() {
            Some((id, _)) => work.policies().version(id).await?,
            None => None,
        };
        let newest =
            newest.ok_or_else(|| inexpressible(format!("the policy {} has no version", policy.name)))?;
        live.push(LivePolicy {
            policy,
            versions,
            newest,
        });
    }
    Ok(live)
}

async fn live_sets(work: &mut dyn ZoneWork, sets: Vec<PolicySet>) -> Result<Vec<LiveSet>, Refusal> {
    let mut live = Vec::with_capacity(sets.len());
    for set in sets {
        let version = if let Some(active) = &set.active_version_id {
            work.policy_sets().version(&set.id, active).await?
        } else {
            let newest = work
                .policy_sets()
                .versions(&set.id, &PageRequest::first(1))
                .await?;
            newest.items.into_iter().next()
        };
        live.push(LiveSet { set, version });
    }
    Ok(live)
}

async fn pinned(
    work: &mut dyn ZoneWork,
    policies: &[LivePolicy],
    sets: &[LiveSet],
    room: &mut Room,
) -> Result<HashMap<PolicyVersionId, PolicyVersion>, Refusal> {
    let newest: HashSet<_> = policies.iter().map(|policy| &policy.newest.id).collect();
    let mut pinned = HashMap::new();
    let named = sets.iter().filter_map(|set| set.version.as_ref());
    for id in named.flat_map(|version| &version.manifest) {
        if !newest.contains(id)
            && !pinned.contains_key(id)
            && let Some(version) = work.policies().version(id).await?
        {
            room.source(version.content.len() as u64)?;
            pinned.insert(id.clone(), version);
        }
    }
    Ok(pinned)
}
