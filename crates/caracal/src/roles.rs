//! The roles one `caracald` serves, in the order people read them.

use std::net::SocketAddr;

use anyhow::anyhow;

use crate::environment::Environment;

/// A role with a port of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Role {
    Api,
    Sts,
    Gateway,
    Audit,
    Coordinator,
    Web,
}

impl Role {
    /// Every role, in display order.
    pub(crate) const ALL: [Self; 6] = [
        Self::Api,
        Self::Sts,
        Self::Gateway,
        Self::Audit,
        Self::Coordinator,
        Self::Web,
    ];

    /// Its name in URLs, logs and `endpoints.json`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Sts => "sts",
            Self::Gateway => "gateway",
            Self::Audit => "audit",
            Self::Coordinator => "coordinator",
            Self::Web => "web",
        }
    }

    /// The variable that moves it elsewhere.
    pub(crate) const fn listen_variable(self) -> &'static str {
        match self {
            Self::Api => "CARACAL_API_LISTEN",
            Self::Sts => "CARACAL_STS_LISTEN",
            Self::Gateway => "CARACAL_GATEWAY_LISTEN",
            Self::Audit => "CARACAL_AUDIT_LISTEN",
            Self::Coordinator => "CARACAL_COORDINATOR_LISTEN",
            Self::Web => "CARACAL_WEB_LISTEN",
        }
    }

    /// Where it listens unless it was moved.
    pub(crate) const fn default_port(self) -> u16 {
        match self {
            Self::Api => 3000,
            Self::Sts => 8080,
            Self::Gateway => 8081,
            Self::Audit => 9090,
            Self::Coordinator => 4000,
            Self::Web => 3001,
        }
    }

    /// Where it listens: what the environment says, else the loopback interface on its usual port.
    pub(crate) fn listen(self, environment: &Environment) -> anyhow::Result<SocketAddr> {
        let variable = self.listen_variable();
        match environment.get(variable) {
            None => Ok(SocketAddr::from(([127, 0, 0, 1], self.default_port()))),
            Some(value) => value.parse().map_err(|_| {
                anyhow!(
                    "{variable} must be an address and a port such as 127.0.0.1:{}, not {value:?}",
                    self.default_port()
                )
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unset_listen_address_is_loopback_on_the_usual_port() {
        let address = Role::Gateway.listen(&Environment::default()).unwrap();
        assert_eq!(address.to_string(), "127.0.0.1:8081");
    }

    #[test]
    fn a_listen_address_without_a_port_names_the_variable() {
        let environment = Environment::from_pairs([("CARACAL_STS_LISTEN", "localhost")]);
        let error = Role::Sts.listen(&environment).unwrap_err().to_string();
        assert!(
            error.starts_with("CARACAL_STS_LISTEN must be an address and a port"),
            "{error}"
        );
    }
}
