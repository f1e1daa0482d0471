//! What a route lets its caller do, declared with the route.

use caracal_core::audit::EventType;

/// Declared by every route.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Capability {
    /// Name, for example `session.start`; a log field.
    pub(crate) name: &'static str,
    /// Whether the operator token may use it. Everything else needs a mandate.
    pub(crate) operator: bool,
    /// Type of the audit event that records each decision, where decisions are recorded.
    pub(crate) evidence: Option<EventType>,
    /// Whether what it changes is in the administrative audit though no decision is recorded.
    pub(crate) administered: bool,
}

impl Capability {
    /// For mandates alone.
    pub(crate) const fn mandate(name: &'static str) -> Self {
        Self {
            name,
            operator: false,
            evidence: None,
            administered: false,
        }
    }

    /// For mandates alone, of a change that is in the administrative audit.
    pub(crate) const fn administered(name: &'static str) -> Self {
        Self {
            administered: true,
            ..Self::mandate(name)
        }
    }

    /// For mandates and for the operator token.
    pub(crate) const fn shared(name: &'static str) -> Self {
        Self {
            name,
            operator: true,
            evidence: None,
            administered: false,
        }
    }

    /// Records every decision as an event of this type.
    pub(crate) const fn recorded(self, event_type: EventType) -> Self {
        Self {
            evidence: Some(event_type),
            ..self
        }
    }
}
