//! A person's identity token for a session mandate: whoever the zone's issuer says is there, is there until it ends.

use std::sync::Arc;

use caracal_core::{
    AuthorityRecordId, Secret, Timestamp,
    audit::{Determining, Draft, EventType},
    claims::{MandateClaims, MandateUse, SubjectType},
};
use caracal_lifecycle::{
    Error,
    records::{self, Person},
};
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::{ErrorCode, sts::DenialReason};
use serde::Serialize;
use serde_json::Value;

use super::{Issued, mint_ttl};
use crate::{
    authenticate::unavailable,
    case::Case,
    decide::{Party, PartyError},
    evidence::record,
    federation::{self, NotProven},
    form::TokenRequest,
    issue::{self, sign},
    keys,
    limit::limit,
    malformed::malformed,
    metrics, subject,
};

/// What allowed it, in evidence.
const POLICY: &str = "caracal-subject-federation";

/// The exchange of an identity token.
pub(crate) struct Federation<'f> {
    token: &'f Secret,
    ttl_seconds: Option<u32>,
}

#[derive(Serialize)]
struct Metadata<'m> {
    application_id: &'m str,
    application_name: &'m str,
    subject_kind: &'static str,
    mandate_use: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    federated_user_issuer: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<&'m str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<&'m str>,
}

impl<'f> Federation<'f> {
    /// The exchange that `form` asks for.
    ///
    /// # Errors
    /// 400 for anything that a login does not have: it carries no authority but the person's name.
    pub(super) fn of(form: &'f TokenRequest, token: &'f Secret) -> Result<Self, Refusal> {
        for (field, given) in [
            ("resource", !form.resources.is_empty()),
            ("scope", !form.scopes.is_empty()),
            ("session_id", form.session_id.is_some()),
            ("agent_session_id", form.agent_session_id.is_some()),
            ("delegation_edge_id", form.delegation_edge_id.is_some()),
            ("approval_id", form.approval_id.is_some()),
        ] {
            if given {
                return Err(malformed(field, "does not go with an id_token"));
            }
        }
        Ok(Self {
            token,
            ttl_seconds: mint_ttl(form)?,
        })
    }

    /// Logs the person in.
    ///
    /// # Errors
    /// 401 `invalid_token` with the cause; 403 in a frozen zone; 429; 503 when it cannot be told.
    pub(crate) async fn run(&self, case: &Case<'_>) -> Result<Issued, Refusal> {
        if !case.deps.revocations.is_fresh() {
            return Err(unavailable());
        }
        // Whatever comes is counted and, where it is refused, written down.
        limit(case, &[String::from("federation")]).await?;
        if case.zone.zone.frozen_at.is_some() {
            let event = event(case, "deny", None, None).because(DenialReason::ZoneFrozen.as_str());
            record(case.deps, &[event.0]).await?;
            metrics::exchanged("federation", "denied");
            return Err(PartyError::Frozen.refusal());
        }
        let (issuer, proven) = match self.prove(case).await {
            Ok(proven) => proven,
            Err(Failed::Unavailable) => return Err(unavailable()),
            Err(Failed::NotProven { issuer, why }) => {
                let event = event(case, "deny", issuer.as_deref(), None);
                record(case.deps, &[event.rejected(&why).0]).await?;
                metrics::exchanged("federation", "denied");
                return Err(refusal(&why));
            }
        };
        let end = proven.expires_at;
        let issued = match self.issue(case, &issuer, proven.subject, end).await {
            Ok(issued) => issued,
            Err(NotIssued::KeptOut) => {
                let reason = DenialReason::SubjectBlocked;
                let event = event(case, "deny", Some(&issuer), None).because(reason.as_str());
                record(case.deps, &[event.0]).await?;
                metrics::exchanged("federation", "denied");
                return Err(Refusal::of(ErrorCode::AccessDenied)
                    .describe("the subject is kept out of the zone")
                    .reason(reason));
            }
            Err(NotIssued::Refused(refusal)) => return Err(refusal),
        };
        let mut made = event(case, "allow", Some(&issuer), Some(&issued.claims)).0;
        made.determining_policies_json = Some(Determining(Some(POLICY)));
        made.diagnostics_json = Value::Array(Vec::new());
        record(case.deps, &[made]).await?;
        metrics::exchanged("federation", "allowed");
        Ok(issued)
    }

    async fn prove(
        &self,
        case: &Case<'_>,
    ) -> Result<(String, caracal_crypto::identity_token::ProvenSubject), Failed> {
        let refused = |issuer: Option<String>| move |why: NotProven| Failed::NotProven { issuer, why };
        let token = federation::read(self.token).map_err(refused(None))?;
        let trusted = async {
            let mut work = case.deps.store.zone(&case.zone.zone.id, Access::Read).await?;
            work.subject_issuers().find(token.claimed_issuer()).await
        };
        let trusted = trusted.await.map_err(|error| {
            tracing::error!(error = %caracal_service::error_chain(&error), "could not read the issuers of a zone");
            Failed::Unavailable
        })?;
        // What a stranger calls itself is not written down.
        let trusted = trusted.ok_or(NotProven::Issuer).map_err(refused(None))?;
        let proven = case.deps.subject_keys.prove(&token, &trusted).await;
        let proven = proven.map_err(refused(Some(trusted.issuer.clone())))?;
        Ok((trusted.issuer, proven))
    }

    async fn issue(
        &self,
        case: &Case<'_>,
        issuer: &str,
        person: String,
        token_end: Timestamp,
    ) -> Result<Issued, NotIssued> {
        let (deps, zone_id) = (case.deps, &case.zone.zone.id);
        let (_, key) = keys::with_signing_key(deps, case.zone.clone())
            .await
            .map_err(|error| {
                tracing::error!(error = %caracal_service::error_chain(&error), "no signing key");
                unavailable()
            })?;
        let party = Party {
            ends_at: Some(
                case.application
                    .expires_at
                    .map_or(token_end, |end| end.min(token_end)),
            ),
            ..Party::default()
        };
        let ends_at = issue::lifetime(&party, self.ttl_seconds, case.now)?;
        let sid = AuthorityRecordId::generate(&deps.world);
        let jti = issue::jti(deps, MandateUse::Session).await?;
        let scopes = caracal_core::ScopeSet::default();
        let class = (MandateUse::Session, &scopes);
        let claims = MandateClaims {
            sub: person.as_str().into(),
            sub_type: SubjectType::User,
            root_sid: sid.clone(),
            sid,
            ..issue::claims(case, &party, class, &[], jti, ends_at)
        };
        let token = sign(&claims, &key)?;
        let stored = async {
            let mut work = deps.store.zone(zone_id, Access::Write).await?;
            let person = Person {
                name: &person,
                issuer,
            };
            let (now, end) = (case.now, claims.expires_at());
            let application = &case.application.id;
            records::issue_to_person(work.as_mut(), &claims.sid, application, person, now, end).await?;
            work.commit().await?;
            Ok::<(), Error>(())
        };
        stored.await.map_err(|error| match error {
            Error::Denied(_) => NotIssued::KeptOut,
            Error::Storage(error) => {
                tracing::error!(error = %caracal_service::error_chain(&error), "could not store an authority record");
                NotIssued::Refused(unavailable())
            }
        })?;
        Ok(Issued {
            token,
            claims: Arc::new(claims),
        })
    }
}

/// Why there is no session for a person who proved who they are.
enum NotIssued {
    KeptOut,
    Refused(Refusal),
}

impl From<Refusal> for NotIssued {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

enum Failed {
    NotProven { issuer: Option<String>, why: NotProven },
    Unavailable,
}

fn refusal(why: &NotProven) -> Refusal {
    match why {
        // Nothing is wrong with the token as far as anybody knows.
        NotProven::Keys(_) => Refusal::of(ErrorCode::StsUnavailable)
            .describe("the keys of the issuer cannot be had now, try again"),
        NotProven::Token(_) | NotProven::Issuer | NotProven::Subject => {
            subject::invalid().describe(format!("invalid subject_token: {why}"))
        }
    }
}

/// An event in the making.
struct Made<'e>(Draft<'e, Metadata<'e>>);

fn event<'e>(
    case: &'e Case<'_>,
    decision: &'static str,
    issuer: Option<&'e str>,
    claims: Option<&'e MandateClaims>,
) -> Made<'e> {
    let metadata = Metadata {
        application_id: case.application.id.as_str(),
        application_name: &case.application.name,
        subject_kind: "user",
        mandate_use: "session",
        federated_user_issuer: issuer,
        session_id: claims.map(|claims| claims.sid.as_str()),
        jti: claims.map(|claims| &*claims.jti),
    };
    Made(Draft::new(
        &case.deps.world,
        &case.zone.zone.id,
        EventType::TokenExchange,
        case.request_id,
        decision,
        metadata,
    ))
}

impl Made<'_> {
    fn because(mut self, status: &'static str) -> Self {
        self.0.evaluation_status = status;
        self.0.determining_policies_json = Some(Determining(None));
        self.0.refused_for(status);
        self
    }

    fn rejected(self, why: &NotProven) -> Self {
        let mut made = self.because("subject_federation_rejected");
        made.0
            .refused_because("subject_federation_rejected", &why.to_string());
        made
    }
}
