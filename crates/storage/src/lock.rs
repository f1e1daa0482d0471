//! What work of a zone takes turns by.

caracal_core::words!(
    /// What units of work of a zone take turns by, one at a time. The list is closed: a lock that is spelt otherwise is
    /// another lock, for which nobody waits.
    Lock {
        /// Changes of the delegation graph.
        Delegations = "delegation",
        /// Changes of the session tree.
        Sessions = "session",
        /// Documents that are applied.
        ZoneState = "zone_state",
        /// Changes of providers.
        ProviderChange = "provider_change",
        /// Changes of resources.
        ResourceChange = "resource_change",
        /// New resources, which are counted.
        ResourceQuota = "resource_quota",
        /// Names of applications, of which there are none twice.
        ApplicationName = "application_name",
        /// Applications that register themselves, which are counted.
        DynamicRegistration = "dcr",
        /// Subjects that are kept out, which are counted.
        BlockedSubjects = "blocked_subjects",
        /// New subject issuers, which are counted.
        SubjectIssuer = "subject_issuer",
        /// Versions of policies, which are numbered.
        PolicyVersion = "policy_version",
        /// Versions of policy sets, which are numbered.
        PolicySetVersion = "policy_set_version",
        /// Which version is in force.
        PolicyActivation = "policy_activation",
        /// Which candidate is tried.
        PolicyCandidate = "policy_candidate",
        /// New notification sinks, which are counted.
        NotificationSink = "notification_sink",
        /// How long evidence is kept.
        AuditRetention = "audit_retention",
        /// New signing keys.
        SigningKey = "zone_signing_key",
    }
);
