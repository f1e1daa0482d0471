//! What a document changes.

use std::collections::HashMap;

use caracal_core::{entity::StateKind, policy::PolicyWarning};
use caracal_wire::control::zone_state::{
    DeclaredApplication, DeclaredPolicy, DeclaredPolicySet, DeclaredProvider, DeclaredResource, DeclaredSink,
    DeclaredSubjectIssuer, DeclaredWorkload, StateAction, StateChange,
};

use super::{
    compare::Section,
    policies::{Manifest, Sources},
};

/// How long events are kept.
#[derive(Debug, Clone, Copy)]
pub(super) enum NewRetention {
    /// For so many days.
    Days(u32),
    /// As long as the deployment keeps any.
    AsElsewhere,
}

/// What a document changes.
pub(super) struct Plan {
    pub(super) providers: Section<DeclaredProvider>,
    pub(super) resources: Section<DeclaredResource>,
    pub(super) applications: Section<DeclaredApplication>,
    pub(super) workloads: Section<DeclaredWorkload>,
    pub(super) issuers: Section<DeclaredSubjectIssuer>,
    pub(super) policies: Section<DeclaredPolicy>,
    /// Versions, by the names of their policies.
    pub(super) sources: HashMap<String, Sources>,
    pub(super) sets: Section<DeclaredPolicySet>,
    /// Versions, by the names of their sets.
    pub(super) manifests: HashMap<String, Manifest>,
    pub(super) sinks: Section<DeclaredSink>,
    /// How long events are kept from here on, where that changes.
    pub(super) retention: Option<NewRetention>,
    pub(super) warnings: Vec<PolicyWarning>,
}

impl Plan {
    /// Everything that changes.
    pub(super) fn changes(&self) -> Vec<StateChange> {
        let retention = self.retention.map(|_| StateChange {
            kind: StateKind::AuditRetention,
            name: String::from("audit_retention_days"),
            action: StateAction::Update,
            fields: vec![String::from("audit_retention_days")],
        });
        self.providers
            .changes()
            .chain(self.resources.changes())
            .chain(self.applications.changes())
            .chain(self.workloads.changes())
            .chain(self.issuers.changes())
            .chain(self.policies.changes())
            .chain(self.sets.changes())
            .chain(self.sinks.changes())
            .chain(retention)
            .collect()
    }

    /// How many objects are as declared, and how many are not declared.
    pub(super) const fn untouched(&self) -> (usize, usize) {
        let unchanged = self.providers.unchanged
            + self.resources.unchanged
            + self.applications.unchanged
            + self.workloads.unchanged
            + self.issuers.unchanged
            + self.policies.unchanged
            + self.sets.unchanged
            + self.sinks.unchanged;
        let undeclared = self.providers.undeclared
            + self.resources.undeclared
            + self.applications.undeclared
            + self.workloads.undeclared
            + self.issuers.undeclared
            + self.policies.undeclared
            + self.sets.undeclared
            + self.sinks.undeclared;
        (unchanged, undeclared)
    }
}
