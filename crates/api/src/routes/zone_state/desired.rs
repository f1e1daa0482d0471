//! What a document declares, checked by the rules of each object's own routes and brought into the form that what is
//! stored is shown in.

use std::collections::HashSet;

use caracal_core::{ScopeSet, entity::StateKind};
use caracal_service::Refusal;
use caracal_wire::control::{
    Line,
    retention::{KeptDays, SetRetention},
    zone_state::{
        DeclaredApplication, DeclaredResource, DeclaredSink, DeclaredSubjectIssuer, DeclaredWorkload, Parsed,
    },
};

use super::{
    super::{applications, notification_sinks, resources, retention, subject_issuers, workloads},
    export::{Declared, declared_binding},
    problems::{At, Problems},
};
use crate::{call::ZoneCall, fields::scopes};

/// Something declared, as it is compared.
pub(super) struct Desired<T> {
    pub(super) at: At,
    pub(super) object: T,
    /// Members that change though they are not shown.
    pub(super) more: Vec<String>,
    /// The id that it has if it is made, where something names it already.
    pub(super) id: Option<String>,
}

impl<T> Desired<T> {
    pub(super) const fn new(at: At, object: T) -> Self {
        Self {
            at,
            object,
            more: Vec::new(),
            id: None,
        }
    }
}

/// The objects of a section that can be read, each called otherwise and none as one of the platform's.
pub(super) fn entries<T: Declared>(
    section: Option<Vec<Parsed<T>>>,
    platform: &HashSet<(StateKind, String)>,
    problems: &mut Problems,
) -> Option<Vec<(At, T)>> {
    let mut seen = HashSet::new();
    let mut read = Vec::new();
    for (index, entry) in section?.into_iter().enumerate() {
        let at = At {
            section: T::SECTION,
            index,
        };
        let object = match entry {
            Parsed::Read(object) => object,
            Parsed::Wrong(issue) => {
                problems.unreadable(at, issue);
                continue;
            }
        };
        let key = object.key();
        if platform.contains(&(T::KIND, key.clone())) {
            problems.add(at, "", "belongs to the platform, which documents do not speak of");
        } else if !seen.insert(key) {
            problems.add(at, "", "is declared twice");
        } else {
            read.push((at, object));
        }
    }
    Some(read)
}

/// Every object of a section in the form that it is compared in, without those that break a rule.
macro_rules! each {
    ($section:expr, |$at:ident, $object:ident| $checked:expr) => {
        match $section {
            None => None,
            Some(section) => {
                let mut wanted = Vec::with_capacity(section.len());
                for ($at, $object) in section {
                    wanted.push($checked);
                }
                Some(wanted)
            }
        }
    };
}
pub(super) use each;

pub(super) fn application(
    at: At,
    declared: DeclaredApplication,
    problems: &mut Problems,
) -> Result<Desired<DeclaredApplication>, Refusal> {
    problems.hold(at, applications::check_reserved(&declared.name, false))?;
    problems.hold(at, applications::traits::check(&declared.traits, false))?;
    Ok(Desired::new(at, declared))
}

pub(super) fn workload(
    at: At,
    mut declared: DeclaredWorkload,
    problems: &mut Problems,
) -> Result<Desired<DeclaredWorkload>, Refusal> {
    let bindings = workloads::bindings::checked(declared.bindings.clone());
    if let Some(bindings) = problems.hold(at, bindings)? {
        declared.bindings = bindings.iter().map(declared_binding).collect();
    }
    Ok(Desired::new(at, declared))
}

pub(super) fn resource(
    call: &ZoneCall,
    at: At,
    mut declared: DeclaredResource,
    problems: &mut Problems,
) -> Result<Desired<DeclaredResource>, Refusal> {
    use resources::{operations, rules};

    let audience = &call.role.config.control_audience;
    let identifier = &declared.identifier;
    problems.hold(at, rules::check_identifier(identifier, audience))?;
    problems.hold(at, rules::check_ownership(&call.caller, identifier, audience))?;
    problems.hold(at, rules::check_upstream(&declared.upstream_url))?;
    if let Some(seconds) = declared.upstream_timeout_seconds {
        problems.hold(at, rules::check_timeout(seconds))?;
    }
    let code = resources::CODE;
    problems.hold(at, scopes(code, "scopes", &declared.scopes))?;
    let set: ScopeSet = declared.scopes.iter().map(String::as_str).collect();
    if let Some(operations) = problems.hold(at, operations::normalise(declared.operations.clone()))? {
        problems.hold(at, operations::check(&operations, &set))?;
        declared.operations = operations;
    }
    declared.scopes = set.iter().map(str::to_owned).collect();
    let name = declared.name.take();
    declared.name = Some(name.unwrap_or_else(|| shortened(&declared.identifier)));
    Ok(Desired::new(at, declared))
}

/// An identifier as a name, which may have fewer characters.
fn shortened(identifier: &str) -> Line<200> {
    Line(identifier.chars().take(200).collect())
}

pub(super) fn issuer(
    at: At,
    declared: DeclaredSubjectIssuer,
    problems: &mut Problems,
) -> Result<Desired<DeclaredSubjectIssuer>, Refusal> {
    problems.hold(at, subject_issuers::check_url("issuer", &declared.issuer))?;
    problems.hold(at, subject_issuers::check_url("jwks_url", &declared.jwks_url))?;
    Ok(Desired::new(at, declared))
}

pub(super) fn sink(
    call: &ZoneCall,
    at: At,
    mut declared: DeclaredSink,
    problems: &mut Problems,
) -> Result<Desired<DeclaredSink>, Refusal> {
    problems.hold(at, notification_sinks::check_url(call, &declared.url))?;
    let types = match &declared.event_types {
        Some(asked) => problems.hold(at, notification_sinks::event_types(asked))?,
        None => Some(notification_sinks::every_type()),
    };
    declared.event_types = types;
    Ok(Desired::new(at, declared))
}

/// How long events are to be kept, if that is not longer than they may be.
pub(super) fn kept_days(
    call: &ZoneCall,
    declared: Option<KeptDays>,
    problems: &mut Problems,
) -> Result<Option<u32>, Refusal> {
    let Some(retention_days) = declared else {
        return Ok(None);
    };
    match retention::requested(call, &SetRetention { retention_days }) {
        Ok(asked) => Ok(Some(asked.days)),
        Err(refusal) => {
            problems.of_document("audit_retention_days", refusal)?;
            Ok(None)
        }
    }
}
