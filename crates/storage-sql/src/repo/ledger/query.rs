//! What a search is for: the terms that find blocks, and the texts and times that their entries have.

use caracal_core::Timestamp;
use caracal_ledger::terms::Term;
use caracal_storage::AuditFilter;

/// Types that postings are asked for; with more, blocks are found by what else is searched for.
const MOST_TYPES: usize = 32;

/// What a search is for.
pub(super) struct Query<'q> {
    /// Terms of which a block must have one each.
    pub(super) terms: Vec<Vec<i64>>,
    /// Texts that every entry says that is searched for.
    pub(super) values: Vec<&'q str>,
    /// At or after.
    pub(super) since: Option<Timestamp>,
    /// Before.
    pub(super) until: Option<Timestamp>,
    /// Whether it is for all that there is.
    pub(super) everything: bool,
}

impl<'q> Query<'q> {
    /// For what `filter` lets through.
    pub(super) fn of_events(filter: &'q AuditFilter) -> Self {
        Self {
            terms: terms(filter),
            values: values(filter),
            since: filter.since,
            until: filter.until,
            everything: *filter == AuditFilter::default(),
        }
    }

    /// Earliest and latest instant of interest.
    pub(super) fn span(&self) -> (i64, i64) {
        let before = |until: Timestamp| until.as_micros().saturating_sub(1);
        let since = self.since.map_or(i64::MIN, Timestamp::as_micros);
        (since, self.until.map_or(i64::MAX, before))
    }
}

/// Texts that every event says that is searched for.
fn values(filter: &AuditFilter) -> Vec<&str> {
    let one_type = match filter.event_types.as_slice() {
        [one] => Some(one),
        _ => None,
    };
    let texts = [
        filter.request_id.as_ref(),
        filter.decision.as_ref(),
        filter.application_id.as_ref(),
        filter.session_id.as_ref(),
        filter.authority_record_id.as_ref(),
        filter.label.as_ref(),
        one_type,
    ];
    texts.into_iter().flatten().map(String::as_str).collect()
}

/// The terms of which a block must have one each.
pub(super) fn terms(filter: &AuditFilter) -> Vec<Vec<i64>> {
    let decision = filter.decision.as_deref();
    let types: Vec<&str> = filter.event_types.iter().map(String::as_str).collect();
    let mut terms = Vec::new();
    if let Some(request) = filter.request_id.as_deref().filter(|request| !request.is_empty()) {
        terms.push(vec![Term::Request(request)]);
    }
    if let Some(record) = &filter.authority_record_id {
        terms.push(vec![Term::AuthorityRecord(record)]);
    }
    if let Some(session) = &filter.session_id {
        terms.push(vec![match decision {
            Some(decision) => Term::SessionDecision(session, decision),
            None => Term::Session(session),
        }]);
    }
    if let Some(label) = &filter.label {
        terms.push(vec![Term::Label(label)]);
    }
    let some_types = (1..=MOST_TYPES).contains(&types.len());
    if let Some(application) = &filter.application_id {
        if some_types {
            let of = types.iter().map(|kind| Term::ApplicationType(application, kind));
            terms.push(of.collect());
        }
        match decision {
            Some(decision) => terms.push(vec![Term::ApplicationDecision(application, decision)]),
            None if !some_types => terms.push(vec![Term::Application(application)]),
            None => {}
        }
    }
    match decision {
        Some(decision) if some_types => {
            let of = types.iter().map(|kind| Term::TypeDecision(kind, decision));
            terms.push(of.collect());
        }
        Some(decision) if terms.is_empty() => terms.push(vec![Term::Decision(decision)]),
        None if some_types && filter.application_id.is_none() => {
            terms.push(types.iter().map(|kind| Term::Type(kind)).collect());
        }
        _ => {}
    }
    let hash = |alternatives: Vec<Term<'_>>| alternatives.into_iter().map(Term::hash).collect();
    terms.into_iter().map(hash).collect()
}
