//! A person's identity token for a session mandate: whoever the zone's issuer says is there, is there until it ends.

use std::sync::Arc;

use caracal_authz::PolicySnapshot;
use caracal_core::{
    AuthorityRecordId, ScopeSet, Secret,
    claims::{MandateClaims, MandateUse, SubjectType},
    entity::SubjectIssuer,
};
use caracal_crypto::identity_token::IdentityToken;
use caracal_lifecycle::{
    Error,
    records::{self, Person},
};
use caracal_service::Refusal;
use caracal_storage::Access;
use caracal_wire::{ErrorCode, sts::DenialReason};
use serde_json::Value;

use super::{Issued, mint_ttl};
use crate::{
    authenticate::unavailable,
    case::{Case, Context},
    decide::{Actor, Outcome, thawed},
    evidence::{About, Metadata, OfFederation},
    federation::{self, NotProven},
    form::TokenRequest,
    grant::Ruled,
    hold::Release,
    issue::{self, sign},
    keys,
    limit::limit,
    malformed::malformed,
    pipeline::{ExchangeKind, run},
    possession,
    stopped::{Stopped, Why},
    subject,
};

/// Its name in metrics.
const CLASS: &str = "federation";
/// What allowed it, in evidence.
const POLICY: &str = "caracal-subject-federation";

/// The exchange of an identity token.
pub(crate) struct Federation<'f> {
    token: &'f Secret,
    ttl_seconds: Option<u32>,
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
        let exchange = FederationExchange { case, asked: self };
        Ok(run(&exchange).await?.issued)
    }
}

/// The exchange of an identity token for a session mandate.
struct FederationExchange<'f> {
    case: &'f Case<'f>,
    asked: &'f Federation<'f>,
}

/// What a token claims, and the issuer of the zone that it claims to be of.
struct Claimed<'f> {
    token: IdentityToken<'f>,
    issuer: SubjectIssuer,
}

impl<'f> ExchangeKind for FederationExchange<'f> {
    type Actor = Claimed<'f>;
    type Granted = Ruled<()>;
    type Issued = Issued;

    fn context(&self) -> Context<'_> {
        self.case.context()
    }

    fn class(&self) -> &'static str {
        CLASS
    }

    /// Whatever comes is counted and, where it is refused, written down.
    async fn admit(&self) -> Result<(), Refusal> {
        limit(self.case, &[String::from(CLASS)]).await?;
        possession::spend(self.case).await
    }

    async fn resolve(&self) -> Result<Claimed<'f>, Stopped> {
        thawed(self.context())?;
        let token = federation::read(self.asked.token).map_err(|why| not_proven(&why))?;
        let (deps, zone) = (self.case.deps, &self.case.zone.zone.id);
        let trusted = async {
            let mut work = deps.store.zone(zone, Access::Read).await?;
            work.subject_issuers().find(token.claimed_issuer()).await
        };
        let trusted = trusted.await.map_err(|error| {
            tracing::error!(error = %caracal_service::error_chain(&error), "could not read the issuers of a zone");
            unavailable()
        })?;
        // What a stranger calls itself is not written down.
        let issuer = trusted.ok_or_else(|| not_proven(&NotProven::Issuer))?;
        Ok(Claimed { token, issuer })
    }

    /// A login is one thing, and names no resource.
    fn targets(&self) -> impl Iterator<Item = &str> {
        std::iter::once("")
    }

    /// Whoever the zone's issuer says is there, is there: no policy is asked.
    fn decide(&self, _: &PolicySnapshot, _: &Claimed<'f>, _: &str) -> Outcome<Ruled<()>> {
        Ok(Ruled {
            rule: Some(POLICY),
            found: (),
        })
    }

    async fn issue(
        &self,
        claimed: &Claimed<'f>,
        _: &[Outcome<Ruled<()>>],
        _: Option<&Release>,
    ) -> Result<Issued, Stopped> {
        let case = self.case;
        let (deps, zone_id) = (case.deps, &case.zone.zone.id);
        let proven = deps.subject_keys.prove(&claimed.token, &claimed.issuer).await;
        let proven = proven.map_err(|why| not_proven(&why))?;
        let key = keys::signer(case).await?;
        let ends = [Some(proven.expires_at), case.application.expires_at];
        let actor = Actor {
            ends_at: ends.into_iter().flatten().min(),
            ..Actor::default()
        };
        let ends_at = issue::lifetime(&actor, self.asked.ttl_seconds, case.now)?;
        let sid = AuthorityRecordId::generate(&deps.world);
        let jti = issue::jti(deps, MandateUse::Session).await?;
        let scopes = ScopeSet::default();
        let class = (MandateUse::Session, &scopes);
        let claims = MandateClaims {
            sub: proven.subject.as_str().into(),
            sub_type: SubjectType::User,
            root_sid: sid.clone(),
            sid,
            ..issue::claims(case, &actor, class, &[], jti, ends_at)
        };
        let token = sign(&claims, &key).await?;
        let stored = async {
            let mut work = deps.store.zone(zone_id, Access::Write).await?;
            let person = Person {
                name: &proven.subject,
                issuer: &claimed.issuer.issuer,
            };
            let (now, end) = (case.now, claims.expires_at());
            let application = &case.application.id;
            records::issue_to_person(work.as_mut(), &claims.sid, application, person, now, end).await?;
            work.commit().await?;
            Ok::<(), Error>(())
        };
        stored.await.map_err(|error| match error {
            Error::Denied(_) => kept_out(),
            Error::Storage(error) => {
                tracing::error!(error = %caracal_service::error_chain(&error), "could not store an authority record");
                unavailable().into()
            }
        })?;
        Ok(Issued {
            token,
            claims: Arc::new(claims),
        })
    }

    fn metadata<'e>(&'e self, about: &About<'e, Claimed<'f>, Issued>) -> Metadata<'e> {
        let claims = about.issued.map(|issued| &*issued.claims);
        Metadata::Federation(OfFederation {
            application_id: self.case.application.id.as_str(),
            application_name: &self.case.application.name,
            subject_kind: "user",
            mandate_use: "session",
            federated_user_issuer: about.actor.map(|claimed| claimed.issuer.issuer.as_str()),
            session_id: claims.map(|claims| claims.sid.as_str()),
            jti: claims.map(|claims| &*claims.jti),
            jkt: self.case.bound_to.as_deref(),
        })
    }
}

/// The refusal of a person whom an operator keeps out.
fn kept_out() -> Stopped {
    let reason = DenialReason::SubjectBlocked;
    let refusal = Refusal::of(ErrorCode::AccessDenied)
        .describe("the subject is kept out of the zone")
        .reason(reason);
    Stopped::denied(refusal, reason)
}

/// The refusal of a token that proves nobody.
fn not_proven(why: &NotProven) -> Stopped {
    let refusal = match why {
        // Nothing is wrong with the token as far as anybody knows.
        NotProven::Keys(_) => Refusal::of(ErrorCode::StsUnavailable)
            .describe("the keys of the issuer cannot be had now, try again"),
        NotProven::Token(_) | NotProven::Issuer | NotProven::Subject => {
            subject::invalid().describe(format!("invalid subject_token: {why}"))
        }
    };
    let why = Why {
        status: "subject_federation_rejected",
        reason: None,
        cause: Some(why.to_string()),
        details: Value::Null,
        held: false,
        approval: None,
    };
    Stopped::because(refusal, why)
}
