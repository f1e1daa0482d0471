//! Approvals: requests that policy allows once a person has said yes.

use crate::{ApplicationId, ApprovalId, AuthorityRecordId, HeldCall, JsonObject, Timestamp, ZoneId, words};

words!(
    /// Who may approve.
    ApproverClass {
        /// Someone who operates the zone.
        Operator = "operator",
        /// The person the call is made for.
        Subject = "subject",
        /// Either.
        Any = "any",
    }
);

words!(
    /// What is kept of the person who decides, and told of the person the call is made for, from most to least.
    PrivacyMode {
        /// Everything.
        Identified = "identified",
        /// A stable pseudonym.
        Pseudonymous = "pseudonymous",
        /// Nothing.
        Anonymous = "anonymous",
    }
);

words!(
    /// Where an approval stands.
    ApprovalState {
        /// Nobody has decided.
        Pending = "pending",
        /// Someone said yes; it can be used once, until its end.
        Approved = "approved",
        /// Someone said no; it stays so until its end.
        Rejected = "rejected",
        /// Its end came first.
        Expired = "expired",
        /// It was used.
        Consumed = "consumed",
    }
);

/// A request that waits for a person, or did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// Id: a random UUID, and whoever knows it may ask how it stands.
    pub id: ApprovalId,
    /// Zone.
    pub zone_id: ZoneId,
    /// The authority record that the request named.
    pub authority_record_id: Option<AuthorityRecordId>,
    /// Who asks: an application, a person or a workload.
    pub principal_id: String,
    /// The application that asks; absent of a workload.
    pub application_id: Option<ApplicationId>,
    /// The tiers of policy that it falls under, sorted, joined with commas.
    pub tier: String,
    /// Who may decide.
    pub approver_class: ApproverClass,
    /// What is kept of the approver.
    pub privacy_mode: PrivacyMode,
    /// The person the call is made for, where there is one: nobody else may decide as the subject.
    pub subject_anchor: Option<String>,
    /// Digest of all that was asked and of the policy it was asked under. It releases nothing else.
    pub binding: [u8; 32],
    /// What was asked, for whoever decides.
    pub metadata: JsonObject,
    /// The one call that it releases; absent where it releases a mandate or a credential. Never part of evidence.
    pub call: Option<HeldCall>,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When it ends, decided or not.
    pub expires_at: Timestamp,
    /// How many people must say yes, at least 1.
    pub approvals_required: u32,
    /// How many have.
    pub approvals_given: u32,
    /// When the last that was needed said yes.
    pub satisfied_at: Option<Timestamp>,
    /// When someone said no.
    pub rejected_at: Option<Timestamp>,
    /// When it was used.
    pub consumed_at: Option<Timestamp>,
    /// Who decided last, as far as the privacy mode keeps it.
    pub approver_subject_id: Option<String>,
    /// The authority record that a person decided with.
    pub approver_record_id: Option<AuthorityRecordId>,
    /// Why, in the approver's words.
    pub decision_reason: Option<String>,
    /// When whoever asked gave it up undecided, or someone took back a yes that nobody had used; it is rejected from then on.
    pub withdrawn_at: Option<Timestamp>,
    /// The authority record that it was used for.
    pub consumed_record_id: Option<AuthorityRecordId>,
}

impl Approval {
    /// The binding as it travels: lower-case hexadecimal.
    pub fn binding_hex(&self) -> String {
        let digits = self.binding.iter();
        digits.fold(String::with_capacity(64), |text, byte| {
            text + &format!("{byte:02x}")
        })
    }

    /// Where it stands at `now`.
    pub fn state(&self, now: Timestamp) -> ApprovalState {
        if self.consumed_at.is_some() {
            ApprovalState::Consumed
        } else if self.rejected_at.is_some() {
            ApprovalState::Rejected
        } else if self.expires_at <= now {
            ApprovalState::Expired
        } else if self.satisfied_at.is_some() {
            ApprovalState::Approved
        } else {
            ApprovalState::Pending
        }
    }
}
