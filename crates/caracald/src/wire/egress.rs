//! Guards of outbound connections, by who names where they go.

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use caracal_service::egress::{Egress, EgressError, EgressPolicy, HostPattern, Target};

use crate::config::{Config, Role};

/// Longest time that a name is looked up for a check.
const LOOK_UP: Duration = Duration::from_secs(3);

/// For servers that whoever sets up a provider, an issuer or a sink names: public ones, and those the operator allows.
pub(super) fn named_by_others(config: &Config) -> EgressPolicy {
    EgressPolicy::named(config.private_hosts.clone())
}

/// For upstreams, which whoever writes resources names. On a machine that somebody works on, and in networks around it, most of
/// them are private; elsewhere the operator names those that are.
pub(super) fn upstreams(config: &Config) -> EgressPolicy {
    let unpublished = !config.mode.is_published();
    EgressPolicy {
        allow_loopback: unpublished,
        allow_private: unpublished,
        host_allowlist: config.upstream_host_allowlist.clone(),
        ..named_by_others(config)
    }
}

/// Looks up the hosts that the Gateway may call, and says which of them lead where it would not go. A name that leads nowhere
/// from here is no answer.
///
/// # Errors
/// One sentence for each of them.
pub(crate) async fn check_upstreams(config: &Config) -> anyhow::Result<()> {
    if !config.listen.iter().any(|(role, _)| *role == Role::Gateway) {
        return Ok(());
    }
    let egress = Egress::new(upstreams(config));
    let mut refused = Vec::new();
    for host in config
        .upstream_host_allowlist
        .iter()
        .filter_map(HostPattern::host)
    {
        let Ok(target) = Target::parse(&format!("https://{host}/")) else {
            continue;
        };
        match tokio::time::timeout(LOOK_UP, egress.vet(&target)).await {
            Ok(Err(error)) if error.could_be_named() => refused.push(format!(
                "UPSTREAM_HOST_ALLOWLIST names {host}, which leads into a private network: name it in CARACAL_PRIVATE_EGRESS_HOSTS \
                 as well, or take it out"
            )),
            Ok(Err(EgressError::AddressRefused(_))) => refused.push(format!(
                "UPSTREAM_HOST_ALLOWLIST names {host}, which leads to an address that is never called"
            )),
            _ => {}
        }
    }
    anyhow::ensure!(refused.is_empty(), "{}", refused.join("; "));
    Ok(())
}

/// A guard of outbound connections that trusts the system's roots and those of the operator.
pub(super) fn guard(config: &Config, policy: EgressPolicy) -> anyhow::Result<Arc<Egress>> {
    let further = config.extra_ca()?;
    Egress::trusting(policy, further.as_deref()).context("CARACAL_TLS_EXTRA_CA_FILE")
}
