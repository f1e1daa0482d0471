//! Where people sign in: the resource that a client names, the application it acts as there, and the provider that says who
//! somebody is.

use std::{net::IpAddr, sync::Arc};

use caracal_core::{
    ApplicationId, SignInRules, ZoneId,
    entity::{Application, ProviderConfig, provider_config::AuthorizationCodeConfig},
};
use caracal_service::{
    Refusal,
    zones::{ProviderState, ResourceState, ZoneState},
};

use crate::{
    StsDeps,
    authenticate::{zone_for, zone_of},
};

/// Where the provider sends people back to, below the issuer.
pub(super) const CALLBACK: &str = "/oauth/2/callback";

/// A place where people sign in.
pub(super) struct SignInResource {
    pub(super) zone: Arc<ZoneState>,
    pub(super) resource: Arc<ResourceState>,
    pub(super) application: Arc<Application>,
    pub(super) rules: SignInRules,
}

/// The zone and the name that an address of a resource names; nothing of what is no such address.
pub(super) fn named(resource: &str) -> Option<(ZoneId, &str)> {
    if resource.len() > 512 || resource.contains(['?', '#', '%']) {
        return None;
    }
    let (before, name) = resource.rsplit_once('/')?;
    let (before, zone) = before.rsplit_once('/')?;
    before.strip_suffix("/r")?;
    Some((
        ZoneId::parse(zone).ok()?,
        Some(name).filter(|name| !name.is_empty())?,
    ))
}

impl SignInResource {
    /// The place that strangers name by the address of a resource; nothing where nobody signs in, or there is no such thing.
    ///
    /// # Errors
    /// 429 and 503.
    pub(super) async fn of(
        deps: &StsDeps,
        resource: &str,
        peer: Option<IpAddr>,
    ) -> Result<Option<Self>, Refusal> {
        let Some((zone_id, name)) = named(resource) else {
            return Ok(None);
        };
        let Some(zone) = zone_for(deps, &zone_id, peer).await? else {
            // Past the limit the next one is told to wait.
            let _ = deps.limits.count_stranger(peer).await;
            return Ok(None);
        };
        Ok(Self::within(deps, &zone, resource, name))
    }

    /// The same place as it is now.
    ///
    /// # Errors
    /// 503.
    pub(super) async fn again(
        deps: &StsDeps,
        zone: &ZoneId,
        resource: &str,
    ) -> Result<Option<Self>, Refusal> {
        let Some((_, name)) = named(resource) else {
            return Ok(None);
        };
        let zone = zone_of(deps, zone).await?;
        Ok(zone.and_then(|zone| Self::within(deps, &zone, resource, name)))
    }

    /// One application alone: where two say that people sign in for them, nobody does.
    fn within(deps: &StsDeps, zone: &Arc<ZoneState>, identifier: &str, name: &str) -> Option<Self> {
        let resource = zone.resource(identifier)?;
        let resource = Some(resource)
            .filter(|state| state.resource.identifier == identifier)?
            .clone();
        let now = deps.world.now();
        let mut found = zone
            .applications()
            .filter(|application| application.is_live(now))
            .filter_map(|application| Some((application, SignInRules::of(&application.traits)?)))
            .filter(|(_, rules)| rules.resources.iter().any(|known| known == name));
        let (application, rules) = found.next()?;
        if found.next().is_some() {
            tracing::warn!(zone.id = %zone.zone.id, resource = identifier, "two applications let people sign in for one resource, so nobody does");
            return None;
        }
        Some(Self {
            application: application.clone(),
            rules,
            resource,
            zone: zone.clone(),
        })
    }

    /// Whether this is still where somebody signed in as `application` by the word of `issuer`, and people are let in at all.
    pub(super) fn is_still(&self, application: &ApplicationId, issuer: &str, sts: &str) -> bool {
        self.application.id == *application
            && self.zone.zone.frozen_at.is_none()
            && self
                .provider(sts)
                .is_some_and(|provider| provider.issuer == issuer)
    }

    /// The provider at which people sign in; nothing where its settings do not fit.
    pub(super) fn provider(&self, issuer: &str) -> Option<Provider<'_>> {
        let unusable = |why: &'static str| {
            tracing::error!(zone.id = %self.zone.zone.id, provider = %self.rules.provider, why, "nobody can sign in");
        };
        let Some(state) = self.zone.provider(&self.rules.provider) else {
            unusable("there is no such provider");
            return None;
        };
        let Some(ProviderConfig::AuthorizationCode(config)) = &state.config else {
            unusable("it is of another kind, or its settings cannot be read");
            return None;
        };
        let Some(provider_issuer) = config.issuer.as_deref() else {
            unusable("it names no issuer");
            return None;
        };
        if config.redirect_uri != callback(issuer) {
            unusable("its redirect_uri is not that of the STS");
            return None;
        }
        Some(Provider {
            state,
            config,
            issuer: provider_issuer,
        })
    }
}

/// A provider that people sign in at.
pub(super) struct Provider<'p> {
    pub(super) state: &'p ProviderState,
    pub(super) config: &'p AuthorizationCodeConfig,
    pub(super) issuer: &'p str,
}

/// Where the provider sends people back to.
pub(super) fn callback(issuer: &str) -> String {
    [issuer.trim_end_matches('/'), CALLBACK].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_of_a_resource_names_a_zone() {
        let (zone, name) = named("https://gateway.example.com/r/z-1/tools").unwrap();
        assert_eq!((zone.as_str(), name), ("z-1", "tools"));
        for other in [
            "",
            "resource://tools",
            "https://gateway.example.com/z-1/tools",
            "https://gateway.example.com/r/z-1/",
            "https://gateway.example.com/r/z-1/tools?x",
            "https://gateway.example.com/r/z-1/to%6fls",
            "https://gateway.example.com/r//tools",
            "/z-1/tools",
        ] {
            assert!(named(other).is_none(), "{other}");
        }
    }
}
