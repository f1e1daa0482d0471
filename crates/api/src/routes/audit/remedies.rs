//! What would have to be different for a denied request to be allowed.

use std::{collections::HashMap, sync::Arc};

use caracal_authz::{
    DenyReason, Effect,
    document::PolicyDocuments,
    record::recorded_input,
    remedy::{self, Gate, Refused},
};
use caracal_core::{
    PolicySetId, PolicySetVersionId,
    audit::{AuditEvent, DataChange, DataRead, DecisionRecord, EventFacts, Obstacle},
};
use caracal_service::Refusal;
use caracal_wire::control::audit::{ExplainedDenial, Suggestion};
use http::StatusCode;

use super::{super::policy_sets::bundle, gate_facts, gate_facts::RefusalFacts};
use crate::{call::ZoneCall, redact::document};

/// Denials of a request that are gone into, and most versions of policies that are read for them.
const DENIALS: usize = 20;
const POLICIES: usize = 4;

/// Finds them out, for the denials of one request.
pub(super) struct Remedies<'c> {
    call: &'c ZoneCall,
    policies: HashMap<PolicySetVersionId, Result<Arc<PolicyDocuments>, Obstacle>>,
    left: usize,
}

/// What was read, and what would have to be different, or why nothing would do.
type Found = (Vec<DataRead>, Result<Vec<DataChange>, Obstacle>);

impl<'c> Remedies<'c> {
    pub(super) fn new(call: &'c ZoneCall) -> Self {
        Self {
            call,
            policies: HashMap::new(),
            left: DENIALS,
        }
    }

    /// Adds to `denial` what was read, and what would have to be different.
    pub(super) async fn add(
        &mut self,
        event: &AuditEvent,
        denial: &mut ExplainedDenial,
    ) -> Result<(), Refusal> {
        if self.left == 0 {
            return Ok(());
        }
        self.left -= 1;
        let found = match event.record() {
            Some(Ok(record)) if record.decision.effect == Effect::Deny => {
                let Some((read, found)) = self.of_policy(event, record).await? else {
                    return Ok(());
                };
                denial.read = read;
                found
            }
            Some(Err(_)) => Err(Obstacle::NotRecorded),
            // Policy allowed it, or was not asked.
            Some(Ok(_)) | None => {
                if let Some(gate) = denial.reason.as_deref().and_then(Gate::parse) {
                    let metadata = document(event.metadata_json.as_deref());
                    let told = RefusalFacts {
                        gate,
                        metadata: &metadata,
                        details: &denial.details,
                    };
                    denial.read = gate_facts::read(self.call, &told).await?;
                }
                of_gate(&event.facts(), denial)
            }
        };
        let (changes, obstacle) = match found {
            Ok(changes) => (changes, None),
            Err(obstacle) => (Vec::new(), Some(obstacle)),
        };
        denial.suggestion = Some(Suggestion {
            policy_set_version_id: event.policy_set_version_id.clone(),
            changes,
            obstacle,
        });
        Ok(())
    }

    /// Nothing where what it takes is not to be had now.
    async fn of_policy(
        &mut self,
        event: &AuditEvent,
        record: DecisionRecord<'static>,
    ) -> Result<Option<Found>, Refusal> {
        let none = |obstacle| Ok(Some((Vec::new(), Err(obstacle))));
        let word = record.decision.reason.as_deref();
        let Some(reason) = DenyReason::ALL
            .into_iter()
            .find(|reason| Some(reason.as_str()) == word)
        else {
            return none(Obstacle::NotByData);
        };
        let documents = match reason {
            DenyReason::PolicyUnusable => return none(Obstacle::PolicyUnusable),
            DenyReason::NoActivePolicySet => None,
            _ => match self.documents(event).await? {
                None => return Ok(None),
                Some(Err(obstacle)) => return none(obstacle),
                Some(Ok(documents)) => Some(documents),
            },
        };
        let zone = event.zone_id.clone();
        let found = move || {
            let input = recorded_input(&record.input, zone.as_str());
            let documents = documents.as_deref();
            let read = remedy::read(documents, &input, reason);
            (read, remedy::suggest(documents, &input))
        };
        let work = &self.call.role.policy_work;
        let found = work.run(self.call.work_owner(), move |_| found()).await;
        Ok(found.ok())
    }

    /// The documents of the version that decided; nothing where they are not to be had now.
    async fn documents(
        &mut self,
        event: &AuditEvent,
    ) -> Result<Option<Result<Arc<PolicyDocuments>, Obstacle>>, Refusal> {
        let unknown = Ok(Some(Err(Obstacle::PolicyUnknown)));
        let (Some(set), Some(version)) = (&event.policy_set_id, &event.policy_set_version_id) else {
            return unknown;
        };
        let (Ok(set), Ok(version)) = (PolicySetId::parse(set), PolicySetVersionId::parse(version)) else {
            return unknown;
        };
        if let Some(known) = self.policies.get(&version) {
            return Ok(Some(known.clone()));
        }
        if self.policies.len() == POLICIES {
            return Ok(None);
        }
        let mut work = self.call.read().await?;
        let Some(stored) = work.policy_sets().version(&set, &version).await? else {
            return unknown;
        };
        let sources = bundle::sources(work.as_mut(), &stored.manifest).await;
        drop(work);
        let compiled = match sources {
            Ok(sources) => bundle::compile(self.call, sources).await,
            Err(refusal) => Err(refusal),
        };
        let documents = match compiled {
            Ok(evaluated) => Ok(Arc::new(evaluated.documents)),
            // This build reads policies otherwise than the one that decided.
            Err(refusal) if refusal.status == StatusCode::UNPROCESSABLE_ENTITY => {
                Err(Obstacle::PolicyUnusable)
            }
            Err(_) => return Ok(None),
        };
        self.policies.insert(version, documents.clone());
        Ok(Some(documents))
    }
}

/// What gets past a gate that policy is not asked at.
fn of_gate(facts: &EventFacts, denial: &ExplainedDenial) -> Result<Vec<DataChange>, Obstacle> {
    let Some(reason) = &denial.reason else {
        return Err(Obstacle::NotRecorded);
    };
    remedy::gate(&Refused {
        reason,
        resource: facts.resource.as_deref().unwrap_or_default(),
        details: &denial.details,
        protocol: facts.protocol.as_deref(),
    })
}
