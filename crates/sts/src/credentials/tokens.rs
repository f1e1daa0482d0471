//! Tokens of OAuth servers that providers get for themselves: asked for once, kept until they run out. A provider that was
//! changed begins anew.

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_core::{ProviderId, Secret, Timestamp, World, entity::provider_config::ClientCredentialsConfig};
use caracal_service::{
    egress::Egress,
    oauth::{TokenClient, TokenError, TokenReply},
    refreshed::{Refreshed, Timed},
};
use parking_lot::Mutex;

use crate::metrics;

/// Most providers whose tokens are kept.
const MAX_PROVIDERS: usize = 4096;
/// Longest life that is believed, and what is assumed where the server says nothing.
const MAX_LIFETIME: Duration = Duration::from_hours(1);
/// How long before its end a token is not handed out any more: a call has to arrive with it.
const TAIL: Duration = Duration::from_secs(5);

/// A token, and when it ends.
#[derive(Debug)]
pub(crate) struct ServiceToken {
    pub(crate) secret: Secret,
    pub(crate) expires_at: Timestamp,
}

fn kept(reply: TokenReply, now: Timestamp) -> Timed<ServiceToken> {
    let lifetime = reply.expires_in.unwrap_or(MAX_LIFETIME).min(MAX_LIFETIME);
    Timed {
        value: ServiceToken {
            secret: reply.access_token,
            expires_at: now.plus(lifetime),
        },
        got_at: now,
        renew_at: now.plus(lifetime / 5 * 4),
        usable_until: now.plus(lifetime.saturating_sub(TAIL.min(lifetime / 10))),
    }
}

/// What is known of one provider's server.
#[derive(Debug)]
struct Held {
    /// The settings that this was got with.
    config: ClientCredentialsConfig,
    token: Refreshed<ServiceToken, TokenError>,
}

/// Tokens of every provider that has a client of its own at an OAuth server.
#[derive(Debug)]
pub struct ServiceTokens {
    client: TokenClient,
    world: World,
    held: Mutex<HashMap<ProviderId, Arc<Held>>>,
}

impl ServiceTokens {
    /// Asks through `egress`. One for a process: what it remembers is what saves questions.
    pub fn new(egress: Arc<Egress>, world: World) -> Self {
        Self {
            client: TokenClient::new(egress, world.clone()),
            world,
            held: Mutex::default(),
        }
    }

    /// A token for `provider`, from memory where there is one.
    ///
    /// # Errors
    /// [`TokenError`]: the server's, or that of the last question while nobody asks.
    pub(crate) async fn get(
        &self,
        provider: &ProviderId,
        config: &ClientCredentialsConfig,
    ) -> Result<Arc<Timed<ServiceToken>>, TokenError> {
        let held = self.held(provider, config);
        held.token.get(self.ask(&held.config)).await
    }

    async fn ask(&self, config: &ClientCredentialsConfig) -> Result<Timed<ServiceToken>, TokenError> {
        let answered = self.client.service_token(config).await;
        metrics::token_asked(match &answered {
            Ok(_) => "granted",
            Err(error) if error.is_outage() => "unavailable",
            Err(_) => "refused",
        });
        Ok(kept(answered?, self.world.now()))
    }

    fn held(&self, provider: &ProviderId, config: &ClientCredentialsConfig) -> Arc<Held> {
        let mut held = self.held.lock();
        if let Some(found) = held.get(provider)
            && found.config == *config
        {
            return found.clone();
        }
        if held.len() >= MAX_PROVIDERS && !held.contains_key(provider) {
            held.retain(|_, other| other.token.is_live());
            if held.len() >= MAX_PROVIDERS
                && let Some(any) = held.keys().next().cloned()
            {
                held.remove(&any);
            }
        }
        let begun = Arc::new(Held {
            config: config.clone(),
            token: Refreshed::new(self.world.clone()),
        });
        held.insert(provider.clone(), begun.clone());
        begun
    }
}
