//! Signing in at the deployment's `OpenID` provider: the authorization code flow with PKCE, a nonce, and a state that is good in
//! one browser.
//!
//! The provider's document and keys are fetched through the egress guard and kept for a while. What it answers is proved
//! before anything of it is believed; tokens are used to learn who somebody is, and are not kept.

mod discovery;
mod not_proven;
mod person;

use std::{net::IpAddr, sync::Arc, time::Duration};

use caracal_core::{
    Secret, World,
    entity::provider_config::{
        AuthorizationCodeConfig, ClientAuthMethod, CredentialConfig, OauthClient, TokenHeader,
    },
};
use caracal_crypto::{
    identity_token::{IdentityRules, IdentityToken, IdentityTokenError, check_of_request},
    pkce,
};
use caracal_service::{
    Refusal,
    egress::Egress,
    fair::Permits,
    issuer_keys::IssuerKeySets,
    limits::network,
    oauth::{DocumentClient, TokenClient},
    refreshed::{Refreshed, Timed},
    sampled,
};
use serde_json::{Map, Value};
use url::Url;

pub(crate) use self::person::Person;
pub use self::person::RoleMapping;
use self::{
    discovery::{Discovered, Unusable},
    not_proven::{DiscoveryError, NotProven, refusal},
};
use crate::{metrics, sign_in_state::Proof};

/// When the provider's document is fetched anew, and how long it serves where that fails.
const RENEW_AFTER: Duration = Duration::from_mins(10);
const USABLE_FOR: Duration = Duration::from_hours(24);
/// By how many seconds the provider's clock may differ.
const LEEWAY: i64 = 60;
/// Most codes that are redeemed at once: strangers can ask for it, and one address gets three quarters of it at most.
const MAX_REDEEMING: usize = 16;
/// How long somebody waits for their turn.
const TURN: Duration = Duration::from_secs(4);
/// Where people come back to, below the console's address.
const CALLBACK: &str = "/sign-in/callback";

/// The deployment's `OpenID` provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleSignOnConfig {
    /// Its issuer identifier, https, byte for byte.
    pub issuer: String,
    /// What the console is called there.
    pub client_id: String,
    /// Its secret; absent for a public client.
    pub client_secret: Option<Secret>,
    /// What people call it.
    pub name: String,
    /// Scopes asked for.
    pub scopes: Vec<String>,
    /// Whom it lets in without an invitation.
    pub roles: Option<RoleMapping>,
    /// Where browsers find the console: an origin.
    pub console: Url,
}

/// Signs people in at the provider.
#[derive(Debug)]
pub struct SingleSignOn {
    config: SingleSignOnConfig,
    world: World,
    documents: DocumentClient,
    tokens: TokenClient,
    keys: IssuerKeySets,
    discovered: Refreshed<Discovered, DiscoveryError>,
    redeeming: Permits<Option<IpAddr>>,
}

impl SingleSignOn {
    /// Asks through `egress`. One for a process: what it remembers is what saves questions.
    pub fn new(config: SingleSignOnConfig, egress: &Arc<Egress>, world: World) -> Self {
        Self {
            documents: DocumentClient::new(egress.clone()),
            tokens: TokenClient::new(egress.clone(), world.clone()),
            keys: IssuerKeySets::new(egress.clone(), world.clone(), metrics::sign_in_keys_fetched),
            discovered: Refreshed::new(world.clone()),
            redeeming: Permits::new(MAX_REDEEMING, TURN),
            world,
            config,
        }
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        &self.config.name
    }

    /// Its issuer identifier.
    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Where the person of this sign-in is sent.
    ///
    /// # Errors
    /// 502 or 503 where the provider's document cannot be had.
    pub(crate) async fn authorization_url(&self, proof: &Proof<'_>, state: &str) -> Result<Url, Refusal> {
        let discovered = self.discovered().await.map_err(|error| refusal(&error.into()))?;
        let mut url = Url::parse(&discovered.value.authorization_endpoint)
            .map_err(|_| refusal(&NotProven::Discovery(Unusable::Malformed.into())))?;
        let challenge = pkce::challenge(verifier(proof).expose());
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.config.client_id)
            .append_pair("redirect_uri", &self.callback())
            .append_pair("scope", &self.config.scopes.join(" "))
            .append_pair("state", state)
            .append_pair("nonce", nonce(proof).expose())
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Who came back with `code`, once [`Self::check_issuer`] passed.
    ///
    /// # Errors
    /// 401 for a token that proves nobody, 502 or 503 where the provider fails.
    pub(crate) async fn person(
        &self,
        proof: &Proof<'_>,
        code: String,
        peer: Option<IpAddr>,
    ) -> Result<Person, Refusal> {
        self.redeem(proof, code, peer).await.map_err(|why| {
            if let Some(left_out) = sampled::of_refusal(("api", "single_sign_on"), &self.world) {
                tracing::warn!(error = %why, left_out, "somebody who came back from the identity provider was not signed in");
            }
            refusal(&why)
        })
    }

    /// Refuses the answer of another provider (RFC 9207), before anything of it is believed.
    ///
    /// # Errors
    /// 400; 502 or 503 where the provider's document cannot be had.
    pub(crate) async fn check_issuer(&self, iss: Option<&str>) -> Result<(), Refusal> {
        let discovered = self.discovered().await.map_err(|error| refusal(&error.into()))?;
        let named = match iss {
            Some(iss) => iss == self.config.issuer,
            None => !discovered.value.names_itself,
        };
        if named {
            Ok(())
        } else {
            Err(refusal(&NotProven::Issuer))
        }
    }

    /// Where the browser of somebody goes on who signs out, for the provider to sign them out as well.
    pub(crate) async fn sign_out_url(&self) -> Option<Url> {
        let discovered = self.discovered().await.ok()?;
        let mut url = discovered.value.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.config.client_id)
            .append_pair("post_logout_redirect_uri", &self.at("/sign-in"));
        Some(url)
    }

    async fn redeem(
        &self,
        proof: &Proof<'_>,
        code: String,
        peer: Option<IpAddr>,
    ) -> Result<Person, NotProven> {
        let discovered = self.discovered().await?;
        let provider = &discovered.value;
        let reply = {
            let turn = self
                .redeeming
                .take(&provider.token_endpoint, &network(peer))
                .await;
            let _turn = turn.ok_or(NotProven::Busy)?;
            let client = self.client(provider);
            self.tokens
                .redeem(&client, &Secret::new(code), &verifier(proof))
                .await?
        };
        let token = reply.id_token.ok_or(NotProven::NoToken)?;
        let (subject, claims) = self.prove(provider, token.expose()).await?;
        check_of_request(&claims, nonce(proof).expose(), &self.config.client_id)?;
        let claims = self
            .with_further(provider, &reply.access_token, &subject, claims)
            .await?;
        Person::read(subject, &claims, self.config.roles.as_ref()).ok_or(NotProven::Subject)
    }

    /// What the identity token says, and what else the provider tells of its subject where it keeps tokens small (`OpenID`
    /// Connect Core §5.4). What the token says stays.
    async fn with_further(
        &self,
        provider: &Discovered,
        access_token: &Secret,
        subject: &str,
        claims: Map<String, Value>,
    ) -> Result<Map<String, Value>, NotProven> {
        let Some(endpoint) = &provider.userinfo_endpoint else {
            return Ok(claims);
        };
        if claims.contains_key("email") {
            return Ok(claims);
        }
        let told = self
            .documents
            .get_with(endpoint, discovery::MAX_BYTES, access_token)
            .await;
        let told = told.map_err(NotProven::UserInfo)?;
        let mut told: Map<String, Value> =
            serde_json::from_slice(&told).map_err(|_| NotProven::UserInfoSubject)?;
        // §5.3.2: of somebody else it says nothing about this person.
        if told.get("sub").and_then(Value::as_str) != Some(subject) {
            return Err(NotProven::UserInfoSubject);
        }
        told.extend(claims);
        Ok(told)
    }

    async fn prove(
        &self,
        provider: &Discovered,
        token: &str,
    ) -> Result<(String, Map<String, Value>), NotProven> {
        let token = IdentityToken::parse(token)?;
        let keys = self.keys.with_key(&provider.jwks_uri, token.key_id()).await?;
        let key = keys.value.key(token.key_id()).ok_or(IdentityTokenError::Key)?;
        let rules = IdentityRules {
            issuer: &self.config.issuer,
            audience: &self.config.client_id,
            now: self.world.now(),
            leeway: LEEWAY,
        };
        let (proven, claims) = token.verify_with_claims(key, rules)?;
        Ok((proven.subject, claims))
    }

    async fn discovered(&self) -> Result<Arc<Timed<Discovered>>, DiscoveryError> {
        let issuer = self.config.issuer.as_str();
        let ask = async {
            let url = format!(
                "{}/.well-known/openid-configuration",
                issuer.trim_end_matches('/')
            );
            let document = self.documents.get(&url, discovery::MAX_BYTES).await?;
            let value = Discovered::read(&document, issuer, self.config.client_secret.is_some())?;
            let now = self.world.now();
            Ok(Timed {
                value,
                got_at: now,
                renew_at: now.plus(RENEW_AFTER),
                usable_until: now.plus(USABLE_FOR),
            })
        };
        self.discovered.get(ask).await
    }

    /// The console's client, as the token endpoint is asked.
    fn client(&self, provider: &Discovered) -> AuthorizationCodeConfig {
        let secret = self.config.client_secret.clone();
        AuthorizationCodeConfig {
            client: OauthClient {
                client_secret: secret.filter(|_| provider.method != ClientAuthMethod::None),
                private_key: None,
                token_endpoint: provider.token_endpoint.clone(),
                client_id: self.config.client_id.clone(),
                client_auth_method: Some(provider.method),
                key_id: None,
                scopes: None,
                token_params: None,
                header: TokenHeader::default(),
                common: CredentialConfig::default(),
            },
            authorization_endpoint: provider.authorization_endpoint.clone(),
            redirect_uri: self.callback(),
            revocation_endpoint: None,
            authorization_params: None,
            issuer: Some(self.config.issuer.clone()),
        }
    }

    fn callback(&self) -> String {
        self.at(CALLBACK)
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.config.console.origin().ascii_serialization())
    }
}

/// RFC 7636 §4.1.
fn verifier(proof: &Proof<'_>) -> Secret {
    proof.derived("verifier")
}

fn nonce(proof: &Proof<'_>) -> Secret {
    proof.derived("nonce")
}
