//! Types of audit events.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::words;

words!(
    /// What this build records.
    EventType {
        /// A decision of the STS about one resource.
        TokenExchange = "token_exchange",
        /// What became of a call that the STS allowed.
        GatewayResourceRequest = "gateway_resource_request",
        /// A call that the Gateway refused.
        GatewayRequestDenied = "gateway_request_denied",
        /// A mandate that was presented again.
        ReplayDetected = "replay_detected",
        /// A session that was to start.
        SessionStart = "session_start",
        /// A session that was to end.
        SessionEnd = "session_end",
        /// A session that was to pause.
        SessionSuspend = "session_suspend",
        /// A session that was to go on.
        SessionResume = "session_resume",
        /// Authority that was to be handed on.
        DelegationCreate = "delegation_create",
        /// Authority that was to be taken back.
        DelegationRevoke = "delegation_revoke",
        /// A secret that an administrator read.
        CredentialRevealed = "credential_revealed",
        /// A mandate that its application gave back, with what hung on it.
        MandateRevoked = "mandate_revoked",
        /// A command of a control key.
        ControlInvoke = "control.invoke",
        /// A workload that was to start.
        RunLaunch = "run_launch",
        /// A decision that a candidate for the policy in force would have made otherwise.
        PolicyShadowed = "policy_shadowed",
        /// A version that decided for some applications was taken back by itself.
        PolicyCanaryReturned = "policy_canary_returned",
        /// A request that now waits for a person.
        StepUpIssued = "step_up_issued",
        /// What a person decided about one that waits.
        StepUpDecided = "step_up_decided",
        /// An approval that was used.
        StepUpConsumed = "step_up_consumed",
    }
);

/// The type of an event that was read: another build may have written it, and what it says is kept.
#[derive(Clone, PartialEq, Eq)]
pub enum EventName {
    /// One that this build records.
    Known(EventType),
    /// Any other text.
    Other(Box<str>),
}

impl EventName {
    /// As it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(known) => known.as_str(),
            Self::Other(text) => text,
        }
    }
}

impl Default for EventName {
    fn default() -> Self {
        Self::Other(Box::default())
    }
}

impl std::ops::Deref for EventName {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<EventType> for EventName {
    fn from(known: EventType) -> Self {
        Self::Known(known)
    }
}

impl From<&str> for EventName {
    fn from(text: &str) -> Self {
        EventType::parse(text).map_or_else(|| Self::Other(text.into()), Self::Known)
    }
}

impl From<String> for EventName {
    fn from(text: String) -> Self {
        EventType::parse(&text).map_or_else(|| Self::Other(text.into()), Self::Known)
    }
}

impl PartialEq<EventType> for EventName {
    fn eq(&self, other: &EventType) -> bool {
        *self == Self::Known(*other)
    }
}

impl PartialEq<str> for EventName {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for EventName {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Serialize for EventName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EventName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Text<'t>(#[serde(borrow)] Cow<'t, str>);
        let Text(text) = Text::deserialize(deserializer)?;
        Ok(match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_a_newer_build_is_kept_as_it_was_written() {
        for text in ["gizmo_forked", "", "nul\0 and \"quotes\"", "Token_Exchange"] {
            let json = serde_json::to_string(text).unwrap();
            let read: EventName = serde_json::from_str(&json).unwrap();
            assert_eq!(read, EventName::Other(text.into()));
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
        }
        for known in EventType::ALL {
            let json = serde_json::to_string(known).unwrap();
            assert_eq!(serde_json::from_str::<EventName>(&json).unwrap(), *known);
        }
        assert_eq!(
            serde_json::from_str::<EventName>("\"token\\u005fexchange\"").unwrap(),
            EventType::TokenExchange
        );
    }
}
