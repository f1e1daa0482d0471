//! What a client that has only an address is told: metadata of the resource there (RFC 9728), and, with a refusal, where
//! that is and which scopes it should ask for (RFC 6750 §3). Nobody is told of a resource without an address.

use std::{collections::BTreeSet, net::IpAddr};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use caracal_core::{Operation, ScopeSet, claims::MandateUse};
use caracal_crypto::{dpop, mandate::Unverified};
use caracal_service::{Refusal, cross_origin, scheme::Scheme, server::PeerAddr, zones::ResourceState};
use caracal_wire::{
    ErrorCode,
    gateway::{ProtectedResource, Reason},
    sts::NeededScope,
};
use http::{HeaderValue, Method, StatusCode, header, request::Parts};

use crate::{address::Address, gateway::Gateway, inbound::RESOURCE, path};

/// What every client of MCP does before its first call: without these scopes it cannot even ask what there is.
const CONNECTING: [&str; 3] = ["initialize", "notifications/initialized", "tools/list"];

/// Longest list of scopes in a challenge, in bytes.
const MAX_SCOPES_BYTES: usize = 1024;

/// Whether metadata is asked for. A call that names its resource is one to an upstream, wherever it goes.
pub(crate) fn is_asked_for(head: &http::Request<axum::body::Body>) -> bool {
    let reads = matches!(*head.method(), Method::GET | Method::HEAD);
    (reads || cross_origin::is_asked_for(head.method(), head.headers()))
        && !head.headers().contains_key(RESOURCE)
        && Address::is_described_below(head.uri().path())
}

/// What whoever asks for metadata is told. Pages of any origin may read it, since clients of MCP are pages as well; of a call to
/// an upstream they read what the upstream lets them.
pub(crate) async fn answer(gateway: &Gateway, method: &Method, path: &str, peer: Option<IpAddr>) -> Response {
    if *method == Method::OPTIONS {
        return cross_origin::allow(&Method::GET);
    }
    let told = metadata(gateway, path, peer).await;
    cross_origin::readable(told.unwrap_or_else(IntoResponse::into_response))
}

/// The metadata at `path`.
///
/// # Errors
/// 404 where nobody gave a resource this address, whether or not the zone is there; 503 when that is not known.
async fn metadata(gateway: &Gateway, path: &str, peer: Option<IpAddr>) -> Result<Response, Refusal> {
    let address = Address::described_at(gateway.origin(), path)
        .ok_or_else(|| Refusal::of(ErrorCode::ResourceNotFound))?;
    let Ok(known) = address.resource(gateway, peer).await else {
        return Err(Refusal::of(ErrorCode::StsUnavailable)
            .describe("zone state unavailable")
            .reason(Reason::ZoneStateUnavailable));
    };
    let Some(known) = known else {
        return Err(Refusal::of(ErrorCode::ResourceNotFound));
    };
    let document = ProtectedResource {
        resource: address.identifier,
        authorization_servers: vec![gateway.deps.issuer.to_string()],
        scopes_supported: known.resource.scopes.iter().map(ToString::to_string).collect(),
        bearer_methods_supported: vec![String::from("header")],
        dpop_signing_alg_values_supported: dpop::ALGORITHMS.map(String::from).into(),
    };
    // Not kept: what is archived is told no longer.
    let headers = [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, Json(document)).into_response())
}

/// A call to an address, as far as its challenge is about it.
pub(crate) struct Addressed {
    address: Address,
    method: Method,
    /// As policies read it; absent where it cannot be read.
    path: Option<String>,
    authorization: Option<HeaderValue>,
    scheme: Scheme,
    peer: Option<IpAddr>,
}

impl Addressed {
    /// The call with `head`, under `scheme`, if it is one to an address.
    pub(crate) fn of(gateway: &Gateway, head: &Parts, scheme: Scheme) -> Option<Self> {
        let address = Address::of(gateway.origin(), head.uri.path())?;
        let path = path::decode(address.below(head.uri.path())).ok();
        Some(Self {
            path: path.map(std::borrow::Cow::into_owned),
            method: head.method.clone(),
            scheme,
            authorization: head.headers.get(header::AUTHORIZATION).cloned(),
            peer: PeerAddr::of(&head.extensions),
            address,
        })
    }

    /// `refusal` with what a client needs that knows no more than the address.
    pub(crate) async fn challenged(self, gateway: &Gateway, refusal: Refusal) -> Refusal {
        let lacks_scope = lacking(&refusal);
        if refusal.status != StatusCode::UNAUTHORIZED && lacks_scope.is_none() {
            return refusal;
        }
        let Ok(Some(known)) = self.address.resource(gateway, self.peer).await else {
            return refusal;
        };
        let scheme = self.scheme.as_str();
        let begun = match (&lacks_scope, refusal.authenticate.as_deref()) {
            (Some(_), _) => [scheme, " error=\"insufficient_scope\", "].concat(),
            (None, None | Some("Bearer")) => [scheme, " "].concat(),
            // Whoever is asked to authenticate in another way is not helped by this.
            (None, Some(other)) if !other.starts_with("Bearer ") && !other.starts_with("DPoP ") => {
                return refusal;
            }
            (None, Some(other)) => [other, ", "].concat(),
        };
        let mut challenge = [&begun, "resource_metadata=\"", &self.address.metadata, "\""].concat();
        if let Some(scopes) = self.scopes(&known, lacks_scope.as_deref()) {
            challenge.extend([", scope=\"", &scopes, "\""]);
        }
        refusal.authenticate(challenge)
    }

    /// What the access token that was presented says. It is told to whoever presented it, so nothing of it is proved.
    fn agreed(&self) -> Option<ScopeSet> {
        let (_, token) = self.authorization.as_ref()?.to_str().ok()?.split_once(' ')?;
        let claims = Unverified::parse(token.trim()).ok()?.unverified_claims().ok()?;
        (claims.mandate_use == MandateUse::Access).then(|| claims.scopes())
    }

    /// The scopes to ask for, with blanks between them; none where the resource does not say which it needs.
    fn scopes(&self, known: &ResourceState, lacks: Option<&str>) -> Option<String> {
        if !known.enforces_operations() {
            return None;
        }
        let head = Operation::Http {
            method: self.method.as_str().to_owned(),
            path: self.path.clone()?,
        };
        // Whoever lacks one asks for it besides what was agreed to before, or each tool would cost the others.
        let agreed = lacks.and_then(|_| self.agreed()).unwrap_or_default();
        let agreed = agreed.intersection(&known.resource.scopes);
        let mut scopes: BTreeSet<&str> = lacks.into_iter().chain(known.operation_scope(&head)).collect();
        scopes.extend(agreed.iter());
        if known.reads_mcp() {
            let messages = CONNECTING.map(|call| Operation::Mcp {
                call: call.to_owned(),
            });
            let root = ["GET", "DELETE"].map(|method| Operation::Http {
                method: method.to_owned(),
                path: String::from("/"),
            });
            let connecting = messages.iter().chain(&root);
            scopes.extend(connecting.filter_map(|operation| known.operation_scope(operation)));
        }
        let scopes: Vec<&str> = scopes.into_iter().filter(|scope| is_scope_token(scope)).collect();
        let scopes = scopes.join(" ");
        (1..=MAX_SCOPES_BYTES).contains(&scopes.len()).then_some(scopes)
    }
}

/// The scope whose lack is all that a call was refused for.
fn lacking(refusal: &Refusal) -> Option<String> {
    if refusal.code != ErrorCode::OperationNotPermitted {
        return None;
    }
    let scope = NeededScope::of(refusal.details()?)?.scope?;
    is_scope_token(&scope).then_some(scope)
}

/// What can stand in a list of scopes within quotes (RFC 6749 §3.3).
fn is_scope_token(scope: &str) -> bool {
    !scope.is_empty() && (scope.bytes()).all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}
