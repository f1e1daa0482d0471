//! A proved caller and what its scopes let it do.

use std::sync::Arc;

use caracal_core::{ApplicationId, AuthorityRecordId, ScopeSet, ZoneId};

/// Scope of the operator: every zone-wide read and every end.
pub const ADMIN: &str = "coordinator.admin";
/// Who the operator token acts as.
const OPERATOR: &str = "caracal-operator";

/// A proved caller.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The zone it may act in.
    pub zone: ZoneId,
    /// JWT `sub`, or the operator.
    pub subject: Arc<str>,
    /// JWT `client_id`; absent for the operator.
    pub application: Option<ApplicationId>,
    /// JWT `sid`; absent for the operator.
    pub record: Option<AuthorityRecordId>,
    /// JWT `scope`.
    pub scopes: ScopeSet,
}

impl Principal {
    /// Whoever holds the operator token.
    pub fn operator(zone: ZoneId, scopes: ScopeSet) -> Self {
        Self {
            zone,
            subject: OPERATOR.into(),
            application: None,
            record: None,
            scopes,
        }
    }

    /// The name under which evidence knows the caller.
    pub fn name(&self) -> &str {
        self.application.as_ref().map_or(OPERATOR, ApplicationId::as_str)
    }

    /// Whether it may act on everything in the zone.
    pub fn is_admin(&self) -> bool {
        self.scopes.contains(ADMIN)
    }

    /// Whether it is this application.
    pub fn is(&self, application: &ApplicationId) -> bool {
        self.application.as_ref() == Some(application)
    }

    /// Whether it is this application, or has the scope `scope:{application}`.
    pub fn acts_for(&self, scope: &str, application: &ApplicationId) -> bool {
        self.is(application) || self.scopes.contains(&format!("{scope}:{application}"))
    }

    /// Whether it may start and keep sessions of the application.
    pub fn may_run(&self, application: &ApplicationId) -> bool {
        self.acts_for("coordinator.spawn_for", application)
    }

    /// Whether it may pause and end sessions of the application.
    pub fn may_stop(&self, application: &ApplicationId) -> bool {
        self.is_admin() || self.may_run(application)
    }

    /// Whether it may hand on authority of the application.
    pub fn may_delegate_from(&self, application: &ApplicationId) -> bool {
        self.acts_for("coordinator.delegate_from", application)
    }

    /// Whether it may hand on authority of the application without naming a resource.
    pub fn may_delegate_broadly(&self, application: &ApplicationId) -> bool {
        let scope = "coordinator.delegate_broad";
        self.is_admin()
            || self.scopes.contains(scope)
            || self.scopes.contains(&format!("{scope}:{application}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(scopes: &str) -> Principal {
        Principal {
            zone: ZoneId::parse("zone").unwrap(),
            subject: "app-1".into(),
            application: Some(ApplicationId::parse("app-1").unwrap()),
            record: None,
            scopes: ScopeSet::parse(scopes),
        }
    }

    #[test]
    fn a_scope_for_one_application_says_nothing_about_another() {
        let [own, named, other] = ["app-1", "app-2", "app-3"].map(|id| ApplicationId::parse(id).unwrap());
        let caller = with("agent:lifecycle coordinator.spawn_for:app-2 coordinator.delegate_broad:app-2");
        assert!(caller.may_run(&own) && caller.may_run(&named) && !caller.may_run(&other));
        assert!(caller.may_delegate_from(&own) && !caller.may_delegate_from(&named));
        assert!(!caller.may_delegate_broadly(&own) && caller.may_delegate_broadly(&named));
        assert!(!caller.is_admin() && with(ADMIN).may_stop(&other) && !with(ADMIN).may_run(&other));
    }
}
