//! Credential brokering: from a resource's provider to the directive the Gateway follows, after an allow and never
//! before. A file for the brokers of each family of kinds.

mod certificate;
mod connected;
mod fixed;
mod service;

use std::time::Duration;

use caracal_core::{ZoneId, entity::ProviderConfig};
use caracal_service::zones::{ProviderState, ResourceState};
use caracal_wire::sts::{Explanation, UpstreamDirective};
use tokio::time::timeout;

use self::{connected::Connected, service::Service};
use crate::{
    StsDeps,
    case::Context,
    credentials::BrokerError,
    decide::{Denied, Outcome},
    grant::Grant,
};

/// How long a call waits for its credential.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Gets credentials from providers of one kind.
trait Broker {
    /// Puts into `directive` what the Gateway needs to get through.
    async fn attach(&self, directive: &mut UpstreamDirective) -> Result<(), BrokerError>;
}

/// Gives each grant its directive, or takes it back: a call is never forwarded without its credential.
///
/// `subject` is whom the credential is got for, where that is somebody.
pub(crate) async fn broker<G: Grant>(
    context: Context<'_>,
    subject: Option<&str>,
    outcomes: &mut [Outcome<G>],
) {
    let zone = &context.zone.zone.id;
    for outcome in outcomes {
        let Ok(granted) = outcome else {
            continue;
        };
        let Some(state) = granted.resource() else {
            continue;
        };
        match directive(context.deps, zone, state, subject).await {
            Ok(directive) => granted.carry(directive),
            Err(error) => {
                let resource = &state.resource;
                tracing::warn!(zone.id = %zone, resource.id = %resource.id, %error, "credential not available");
                let details = Explanation::Credential {
                    reason: error.to_string(),
                };
                *outcome = Err(Denied::of_facts(&resource.identifier, error.reason(), details));
            }
        }
    }
}

/// What a call to a resource needs, for `subject` where it is somebody's; of it a workload gets the token and its end, where
/// the provider lets that out.
async fn directive(
    deps: &StsDeps,
    zone: &ZoneId,
    resource: &ResourceState,
    subject: Option<&str>,
) -> Result<UpstreamDirective, BrokerError> {
    let provider = resource.provider.as_deref().ok_or(BrokerError::Unavailable)?;
    let config = provider.config.as_ref().ok_or(BrokerError::Unavailable)?;
    let mut directive = UpstreamDirective {
        url: resource.resource.upstream_url.clone().unwrap_or_default(),
        provider_id: Some(provider.id.to_string()),
        timeout_seconds: resource.resource.upstream_timeout_seconds,
        cookies: resource.resource.cookies,
        client_identity: certificate::shown(config, deps.world.now())?,
        ..UpstreamDirective::default()
    };
    match config {
        ProviderConfig::None(_) => Ok(()),
        ProviderConfig::CaracalMandate(_) => {
            bounded(TIMEOUT, provider, &fixed::Mandate, &mut directive).await
        }
        ProviderConfig::ApiKey(config) => bounded(TIMEOUT, provider, config, &mut directive).await,
        ProviderConfig::BearerToken(config) => bounded(TIMEOUT, provider, config, &mut directive).await,
        ProviderConfig::HttpBasic(config) => bounded(TIMEOUT, provider, config, &mut directive).await,
        ProviderConfig::ClientCredentials(config) => {
            let service = Service {
                tokens: &deps.tokens,
                provider: &provider.id,
                config,
            };
            bounded(TIMEOUT, provider, &service, &mut directive).await
        }
        ProviderConfig::AuthorizationCode(config) => {
            let connected = Connected {
                deps,
                connections: &deps.connections,
                zone,
                provider: &provider.id,
                config,
                subject: subject.ok_or(BrokerError::NotConnected)?,
            };
            bounded(TIMEOUT, provider, &connected, &mut directive).await
        }
    }?;
    Ok(directive)
}

/// Waits in `provider`'s own line and no longer than is decent, so that a provider that hangs holds up its own calls
/// alone, and so many of them.
async fn bounded(
    within: Duration,
    provider: &ProviderState,
    broker: &impl Broker,
    directive: &mut UpstreamDirective,
) -> Result<(), BrokerError> {
    let turn = async {
        let _permit = provider
            .brokering
            .acquire()
            .await
            .map_err(|_| BrokerError::Unavailable)?;
        broker.attach(directive).await
    };
    timeout(within, turn).await.map_err(|_| BrokerError::Slow)?
}

#[cfg(test)]
mod tests {
    use caracal_core::{ProviderId, World, entity::provider_config::NoCredentialConfig};
    use caracal_wire::sts::AuthMode;

    use super::*;

    struct Hangs;

    impl Broker for Hangs {
        async fn attach(&self, _: &mut UpstreamDirective) -> Result<(), BrokerError> {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn a_provider_that_hangs_holds_up_its_own_calls_alone_and_not_for_ever() {
        let world = World::for_tests();
        let provider = || {
            let id = ProviderId::generate(&world);
            ProviderState::new(
                id,
                String::from("provider://p"),
                Some(ProviderConfig::CaracalMandate(NoCredentialConfig::default())),
            )
        };
        let (hung, other) = (provider(), provider());
        let mut directive = UpstreamDirective::default();
        let soon = Duration::from_millis(5);
        let given_up = bounded(soon, &hung, &Hangs, &mut directive).await;
        assert!(matches!(given_up, Err(BrokerError::Slow)));

        let free = hung.brokering.available_permits();
        let every_turn = hung
            .brokering
            .try_acquire_many(u32::try_from(free).unwrap())
            .unwrap();
        let not_served = bounded(soon, &hung, &fixed::Mandate, &mut directive).await;
        assert!(matches!(not_served, Err(BrokerError::Slow)));
        let served = bounded(TIMEOUT, &other, &fixed::Mandate, &mut directive).await;
        assert!(served.is_ok());
        drop(every_turn);
        let served = bounded(TIMEOUT, &hung, &fixed::Mandate, &mut directive).await;
        assert!(served.is_ok());
        assert_eq!(directive.auth_mode, AuthMode::CaracalJwt);
    }
}
