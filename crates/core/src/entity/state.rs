//! Kinds of objects that a document of a whole zone speaks of.

use crate::words;

words!(
    /// What a document of a zone speaks of.
    StateKind {
        /// A provider.
        Provider = "provider",
        /// A resource.
        Resource = "resource",
        /// A managed application.
        Application = "application",
        /// A workload.
        Workload = "workload",
        /// An issuer of subjects.
        SubjectIssuer = "subject_issuer",
        /// A policy.
        Policy = "policy",
        /// A policy set.
        PolicySet = "policy_set",
        /// A sink of notifications.
        NotificationSink = "notification_sink",
        /// How long events are kept.
        AuditRetention = "audit_retention",
    }
);
