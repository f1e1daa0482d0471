//! Kinds of objects, in the order in which they refer to each other.

/// What an object of a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Provider,
    Application,
    Resource,
    Policy,
    PolicySet,
}

/// The routes of a kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Routes {
    pub(super) list: &'static str,
    pub(super) create: &'static str,
    /// Changes one, or adds a version to it.
    pub(super) update: &'static str,
    pub(super) archive: &'static str,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::Provider,
        Self::Application,
        Self::Resource,
        Self::Policy,
        Self::PolicySet,
    ];

    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "identity-provider",
            Self::Application => "application",
            Self::Resource => "resource",
            Self::Policy => "policy",
            Self::PolicySet => "policy-set",
        }
    }

    /// The command whose scopes it needs.
    pub(super) const fn command(self) -> &'static str {
        match self {
            Self::Application => "app",
            Self::Provider | Self::Resource | Self::Policy | Self::PolicySet => self.as_str(),
        }
    }

    pub(super) fn scope(self, verb: &str) -> String {
        format!("control:{}:{verb}", self.command())
    }

    /// The member of `spec` that tells one from another.
    pub(super) const fn identity_field(self) -> &'static str {
        match self {
            Self::Provider | Self::Resource => "identifier",
            Self::Application | Self::Policy | Self::PolicySet => "name",
        }
    }

    /// The other members of `spec`.
    pub(super) const fn fields(self) -> &'static [&'static str] {
        match self {
            Self::Provider => &["name", "kind", "config"],
            Self::Application => &["traits"],
            Self::Resource => &[
                "name",
                "scopes",
                "upstream_url",
                "credential_provider_id",
                "credential_provider",
                "operations",
                "operation_enforcement",
                "upstream_timeout_seconds",
                "cookies",
            ],
            Self::Policy => &["content", "description"],
            Self::PolicySet => &["description", "policies"],
        }
    }

    pub(super) const fn routes(self) -> Routes {
        match self {
            Self::Provider => Routes {
                list: "providers.list",
                create: "providers.create",
                update: "providers.update",
                archive: "providers.archive",
            },
            Self::Application => Routes {
                list: "applications.list",
                create: "applications.create",
                update: "applications.update",
                archive: "applications.archive",
            },
            Self::Resource => Routes {
                list: "resources.list",
                create: "resources.create",
                update: "resources.update",
                archive: "resources.archive",
            },
            Self::Policy => Routes {
                list: "policies.list",
                create: "policies.create",
                update: "policies.add_version",
                archive: "policies.archive",
            },
            Self::PolicySet => Routes {
                list: "policy_sets.list",
                create: "policy_sets.create",
                update: "policy_sets.add_version",
                archive: "policy_sets.archive",
            },
        }
    }
}
