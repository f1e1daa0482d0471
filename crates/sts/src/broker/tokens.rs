//! Tokens of OAuth servers that providers get for themselves: asked for once, kept until they run out.
//!
//! One question at a time goes to a server for one provider; whoever comes meanwhile waits for its answer, or takes the
//! token there still is. After a failure nobody asks for a while, longer each time, and then one alone finds out whether
//! the server answers again. A provider that was changed begins anew.

use std::{collections::HashMap, sync::Arc, time::Duration};

use caracal_core::{ProviderId, Secret, Timestamp, World, entity::provider_config::ClientCredentialsConfig};
use caracal_service::{
    egress::Egress,
    oauth::{TokenClient, TokenError, TokenReply},
};
use parking_lot::Mutex;
use tokio::sync::Mutex as Turn;

use crate::metrics;

/// Most providers whose tokens are kept.
const MAX_PROVIDERS: usize = 4096;
/// Longest life that is believed, and what is assumed where the server says nothing.
const MAX_LIFETIME: Duration = Duration::from_hours(1);
/// How long before its end a token is not handed out any more: a call has to arrive with it.
const TAIL: Duration = Duration::from_secs(5);
/// Longest time that nobody asks after failures in a row.
const MAX_SILENCE: Duration = Duration::from_secs(30);

/// A token and its times.
#[derive(Debug)]
pub(crate) struct ServiceToken {
    pub(crate) secret: Secret,
    /// When it ends.
    pub(crate) expires_at: Timestamp,
    /// When the next one is asked for.
    renew_at: Timestamp,
    /// Until when it is handed out.
    usable_until: Timestamp,
}

impl ServiceToken {
    fn new(reply: TokenReply, now: Timestamp) -> Self {
        let lifetime = reply.expires_in.unwrap_or(MAX_LIFETIME).min(MAX_LIFETIME);
        Self {
            secret: reply.access_token,
            expires_at: now.plus(lifetime),
            renew_at: now.plus(lifetime / 5 * 4),
            usable_until: now.plus(lifetime.saturating_sub(TAIL.min(lifetime / 10))),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    token: Option<Arc<ServiceToken>>,
    failures: u32,
    /// Until when nobody asks, and why.
    silent: Option<(Timestamp, TokenError)>,
}

/// What is known of one provider's server.
#[derive(Debug)]
struct Held {
    /// The settings that this was got with.
    config: ClientCredentialsConfig,
    state: Mutex<State>,
    asking: Turn<()>,
}

enum Look {
    Fresh(Arc<ServiceToken>),
    Ageing(Arc<ServiceToken>),
    Missing,
    Silent(TokenError),
}

impl Held {
    fn new(config: ClientCredentialsConfig) -> Self {
        Self {
            config,
            state: Mutex::default(),
            asking: Turn::default(),
        }
    }

    fn look(&self, now: Timestamp) -> Look {
        let state = self.state.lock();
        let silent = state.silent.as_ref().filter(|(until, _)| *until > now);
        match (&state.token, silent) {
            (Some(token), _) if token.renew_at > now => Look::Fresh(token.clone()),
            // While the server fails, what is left of the token serves.
            (Some(token), Some(_)) if token.usable_until > now => Look::Fresh(token.clone()),
            (Some(token), None) if token.usable_until > now => Look::Ageing(token.clone()),
            (_, Some((_, error))) => Look::Silent(error.clone()),
            _ => Look::Missing,
        }
    }

    fn is_live(&self, now: Timestamp) -> bool {
        let state = self.state.lock();
        state.token.as_ref().is_some_and(|token| token.usable_until > now)
    }
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
    ) -> Result<Arc<ServiceToken>, TokenError> {
        let held = self.held(provider, config);
        match held.look(self.world.now()) {
            Look::Fresh(token) => Ok(token),
            Look::Silent(error) => Err(error),
            Look::Ageing(token) => match held.asking.try_lock() {
                Ok(_turn) => Ok(self.ask(&held).await.unwrap_or(token)),
                Err(_) => Ok(token),
            },
            Look::Missing => {
                let _turn = held.asking.lock().await;
                match held.look(self.world.now()) {
                    Look::Fresh(token) | Look::Ageing(token) => Ok(token),
                    Look::Silent(error) => Err(error),
                    Look::Missing => self.ask(&held).await,
                }
            }
        }
    }

    async fn ask(&self, held: &Held) -> Result<Arc<ServiceToken>, TokenError> {
        let answered = self.client.service_token(&held.config).await;
        let now = self.world.now();
        let mut state = held.state.lock();
        match answered {
            Ok(reply) => {
                metrics::token_asked("granted");
                let token = Arc::new(ServiceToken::new(reply, now));
                *state = State {
                    token: Some(token.clone()),
                    ..State::default()
                };
                Ok(token)
            }
            Err(error) => {
                metrics::token_asked(if error.is_outage() {
                    "unavailable"
                } else {
                    "refused"
                });
                let silence = Duration::from_secs(1 << state.failures.min(5)).min(MAX_SILENCE);
                state.failures = state.failures.saturating_add(1);
                state.silent = Some((now.plus(silence), error.clone()));
                Err(error)
            }
        }
    }

    fn held(&self, provider: &ProviderId, config: &ClientCredentialsConfig) -> Arc<Held> {
        let mut held = self.held.lock();
        if let Some(found) = held.get(provider)
            && found.config == *config
        {
            return found.clone();
        }
        if held.len() >= MAX_PROVIDERS && !held.contains_key(provider) {
            let now = self.world.now();
            held.retain(|_, other| other.is_live(now));
            if held.len() >= MAX_PROVIDERS
                && let Some(any) = held.keys().next().cloned()
            {
                held.remove(&any);
            }
        }
        let begun = Arc::new(Held::new(config.clone()));
        held.insert(provider.clone(), begun.clone());
        begun
    }
}
