//! Whether a provider's token endpoint takes the client.

use caracal_core::{
    Secret, World,
    entity::{
        ProviderConfig,
        provider_config::{AuthorizationCodeConfig, ClientCredentialsConfig, ServiceGrant},
    },
};
use caracal_service::{
    Refusal,
    oauth::{TokenClient, TokenError, TokenReply},
};
use caracal_wire::{
    ErrorCode,
    control::checks::{CheckStep, ProviderCheck, ProviderCheckStatus},
};

use super::steps::{Steps, Unreached};

/// Words for a client that is not known or not proved: RFC 6749 §5.2, and what some servers say instead.
const WRONG_CLIENT: [&str; 3] = [
    "invalid_client",
    "unauthorized_client",
    "incorrect_client_credentials",
];
/// Words for a code or an assertion that is not good.
const WRONG_GRANT: [&str; 2] = [ErrorCode::InvalidGrant.as_str(), "bad_verification_code"];
/// Words for something that was asked for and is not given.
const WRONG_ASK: [&str; 2] = [
    ErrorCode::InvalidScope.as_str(),
    ErrorCode::InvalidTarget.as_str(),
];

const GIVES: &str = "the token endpoint gives this client tokens";
const FIX_CLIENT: &str = "correct client_id, the client's secret or key, and client_auth_method";
const FIX_ENDPOINT: &str = "correct token_endpoint, or see the log of the server";

/// Tries a provider out: asks for a token of the client's own and throws it away, or redeems a code that nobody gave out, which
/// a server refuses only after it has taken the client.
///
/// # Errors
/// 400 for a kind that has no token endpoint.
pub(crate) async fn check_provider(
    oauth: &TokenClient,
    world: &World,
    config: &ProviderConfig,
) -> Result<ProviderCheck, Refusal> {
    let client = Client::of(config)?;
    let mut steps = Steps::default();
    let status = match steps.reach(oauth.egress(), client.endpoint()).await {
        Err(Unreached::Settings) => ProviderCheckStatus::ConfigError,
        Err(Unreached::Network) => ProviderCheckStatus::Unreachable,
        Ok(_) => client.ask(oauth, world, &mut steps).await,
    };
    let (detail, steps) = steps.finish();
    Ok(ProviderCheck {
        status,
        detail,
        checked_at: world.now(),
        steps,
    })
}

/// A client of a token endpoint.
#[derive(Clone, Copy)]
enum Client<'c> {
    Service(&'c ClientCredentialsConfig),
    People(&'c AuthorizationCodeConfig),
}

impl<'c> Client<'c> {
    fn of(config: &'c ProviderConfig) -> Result<Self, Refusal> {
        match config {
            ProviderConfig::ClientCredentials(config) => Ok(Self::Service(config)),
            ProviderConfig::AuthorizationCode(config) => Ok(Self::People(config)),
            ProviderConfig::None(_)
            | ProviderConfig::CaracalMandate(_)
            | ProviderConfig::ApiKey(_)
            | ProviderConfig::BearerToken(_)
            | ProviderConfig::HttpBasic(_) => Err(Refusal::of(ErrorCode::ProviderCheckUnsupported)
                .describe("providers of this kind have no token endpoint; the first call shows whether the upstream takes the credential")
                .at("kind")),
        }
    }

    fn endpoint(self) -> &'c str {
        match self {
            Self::Service(config) => &config.client.token_endpoint,
            Self::People(config) => &config.client.token_endpoint,
        }
    }

    async fn ask(self, oauth: &TokenClient, world: &World, steps: &mut Steps) -> ProviderCheckStatus {
        let answer = match self {
            Self::Service(config) => of_service(config, oauth.service_token(config).await.map(|_| ())),
            Self::People(config) => of_people(&redeem(oauth, world, config).await),
        };
        match answer.fix {
            None => steps.passed(CheckStep::Answer, answer.found),
            Some(fix) => steps.failed(CheckStep::Answer, answer.found, fix),
        }
        answer.status
    }
}

/// A code and a verifier that nobody gave out.
async fn redeem(
    oauth: &TokenClient,
    world: &World,
    config: &AuthorizationCodeConfig,
) -> Result<TokenReply, TokenError> {
    let made_up = || Secret::new(hex::encode(world.random_bytes::<32>()));
    oauth.redeem(config, &made_up(), &made_up()).await
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
struct Answered {
    status: ProviderCheckStatus,
    found: String,
    fix: Option<&'static str>,
}

fn answered(status: ProviderCheckStatus, found: impl Into<String>, fix: &'static str) -> Answered {
    Answered {
        status,
        found: found.into(),
        fix: Some(fix),
    }
}

fn good() -> Answered {
    Answered {
        status: ProviderCheckStatus::Ok,
        found: GIVES.to_owned(),
        fix: None,
    }
}

fn of_service(config: &ClientCredentialsConfig, answer: Result<(), TokenError>) -> Answered {
    let error = match answer {
        Ok(()) => return good(),
        Err(error) => error,
    };
    let assertion = config.grant() == ServiceGrant::JwtBearer;
    match &error {
        TokenError::Denied {
            error: Some(word), ..
        } if assertion && WRONG_GRANT.contains(&word.as_str()) => {
            let fix = "correct assertion_subject, assertion_audience and the key that the server knows";
            answered(ProviderCheckStatus::AuthFailed, error.to_string(), fix)
        }
        TokenError::Denied {
            error: Some(word), ..
        } if WRONG_ASK.contains(&word.as_str()) => {
            let fix = "ask for scopes, an audience or a resource that the server gives this client";
            answered(ProviderCheckStatus::ConfigError, error.to_string(), fix)
        }
        _ => of_any(&error),
    }
}

fn of_people(answer: &Result<TokenReply, TokenError>) -> Answered {
    match answer {
        Ok(_) => {
            let found = "the token endpoint gave a token for a code that nobody gave out";
            answered(ProviderCheckStatus::EndpointError, found, FIX_ENDPOINT)
        }
        Err(TokenError::Denied {
            error: Some(word), ..
        }) if WRONG_GRANT.contains(&word.as_str()) => good(),
        Err(error) => of_any(error),
    }
}

fn of_any(error: &TokenError) -> Answered {
    let (status, fix) = match error {
        TokenError::Denied {
            error: Some(word), ..
        } if WRONG_CLIENT.contains(&word.as_str()) => (ProviderCheckStatus::AuthFailed, FIX_CLIENT),
        TokenError::Denied { status: 401, .. } => (ProviderCheckStatus::AuthFailed, FIX_CLIENT),
        TokenError::Denied { .. } | TokenError::Failed(_) | TokenError::Malformed(_) => {
            (ProviderCheckStatus::EndpointError, FIX_ENDPOINT)
        }
        TokenError::HostNotAllowed => (
            ProviderCheckStatus::ConfigError,
            "name the host of token_endpoint in allowed_token_hosts, and use https",
        ),
        TokenError::Refused(_) => (
            ProviderCheckStatus::ConfigError,
            "use a public host, or have the operator name it in CARACAL_PRIVATE_EGRESS_HOSTS",
        ),
        TokenError::Unusable(_) => (
            ProviderCheckStatus::ConfigError,
            "give the client's secret or key again",
        ),
        TokenError::Unreachable | TokenError::TimedOut => (
            ProviderCheckStatus::Unreachable,
            "see whether the server has too much to do",
        ),
    };
    answered(status, describe(error), fix)
}

/// What the guard found is not told: it would say what is inside.
fn describe(error: &TokenError) -> String {
    match error {
        TokenError::Refused(_) => String::from("the token endpoint may not be called from here"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn service(grant: ServiceGrant) -> Box<ClientCredentialsConfig> {
        let settings = json!({
            "token_endpoint": "https://id.example.com/token", "client_id": "c", "client_secret": "s",
        });
        let kind = caracal_core::entity::ProviderKind::Oauth2ClientCredentials;
        match ProviderConfig::read(kind, settings.as_object().unwrap()) {
            Ok(ProviderConfig::ClientCredentials(mut config)) => {
                config.grant_type = Some(grant);
                config
            }
            other => panic!("{other:?}"),
        }
    }

    fn denied(status: u16, word: Option<&str>) -> TokenError {
        TokenError::Denied {
            status,
            error: word.map(str::to_owned),
        }
    }

    #[test]
    fn what_a_server_says_to_a_service_is_told_as_what_is_to_be_done() {
        use ProviderCheckStatus::{AuthFailed, ConfigError, EndpointError, Unreachable};
        let plain = service(ServiceGrant::ClientCredentials);
        let signed = service(ServiceGrant::JwtBearer);
        for (config, error, status) in [
            (&plain, denied(401, None), AuthFailed),
            (&plain, denied(400, Some("invalid_client")), AuthFailed),
            (&plain, denied(400, Some("unauthorized_client")), AuthFailed),
            (&plain, denied(400, Some("invalid_scope")), ConfigError),
            (&plain, denied(400, Some("invalid_target")), ConfigError),
            (&plain, denied(400, Some("invalid_grant")), EndpointError),
            (&signed, denied(400, Some("invalid_grant")), AuthFailed),
            (&plain, denied(302, None), EndpointError),
            (&plain, TokenError::Failed(500), EndpointError),
            (
                &plain,
                TokenError::Malformed("it has no access_token"),
                EndpointError,
            ),
            (&plain, TokenError::HostNotAllowed, ConfigError),
            (&plain, TokenError::Unusable("client_secret"), ConfigError),
            (&plain, TokenError::TimedOut, Unreachable),
            (&plain, TokenError::Unreachable, Unreachable),
        ] {
            let told = of_service(config, Err(error.clone()));
            assert_eq!(told.status, status, "{error}");
            assert!(told.fix.is_some() && !told.found.is_empty(), "{error}");
        }
        assert_eq!(of_service(&plain, Ok(())), good());
    }

    #[test]
    fn a_server_that_refuses_a_made_up_code_has_taken_the_client() {
        use ProviderCheckStatus::{AuthFailed, EndpointError};
        for word in ["invalid_grant", "bad_verification_code"] {
            assert_eq!(of_people(&Err(denied(400, Some(word)))), good());
        }
        for (error, status) in [
            (denied(400, Some("invalid_client")), AuthFailed),
            (denied(401, None), AuthFailed),
            (denied(400, Some("invalid_request")), EndpointError),
            (denied(404, None), EndpointError),
        ] {
            assert_eq!(of_people(&Err(error.clone())).status, status, "{error}");
        }
    }
}
