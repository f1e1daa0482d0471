//! As which application the launcher acts, and where the services are.

use std::path::Path;

use anyhow::bail;
use zeroize::Zeroizing;

use super::super::identity;
use crate::endpoints::Endpoints;
use crate::environment::Environment;
use crate::home::Home;

/// An application, its secret, and the services that it asks. URLs have no slash at the end.
pub(super) struct Application {
    pub(super) zone: String,
    pub(super) id: String,
    pub(super) secret: Zeroizing<String>,
    pub(super) sts: String,
    pub(super) coordinator: String,
    pub(super) gateway: String,
}

impl Application {
    /// Reads it from the environment, under the names that the SDKs use.
    ///
    /// # Errors
    /// One sentence saying which variable to set, or what is wrong with one.
    pub(super) fn resolve(environment: &Environment, home: Option<&Path>) -> anyhow::Result<Self> {
        let needed = |name: &str, what: &str| match environment.get(name) {
            Some(value) => Ok(value.to_owned()),
            None => bail!("{name} is not set: --gateway needs {what}"),
        };
        let running = Home::locate(environment, home)
            .ok()
            .and_then(|home| Endpoints::of_live_daemon(&home));
        let service = |name: &str, role: &str| match environment.get(name) {
            Some(url) => identity::usable(environment, name, url),
            // The stack of this home, wherever its ports are.
            None => match running.as_ref().and_then(|running| running.url(role)) {
                Some(url) => Ok(url.to_owned()),
                None => {
                    bail!("{name} is not set, and no stack of this home runs: it says where the {role} is")
                }
            },
        };
        Ok(Self {
            zone: needed("CARACAL_ZONE_ID", "the zone of the application")?,
            id: needed(
                "CARACAL_APPLICATION_ID",
                "the application that the program acts for",
            )?,
            secret: secret(environment)?,
            sts: service("CARACAL_STS_URL", "sts")?,
            coordinator: service("CARACAL_COORDINATOR_URL", "coordinator")?,
            gateway: service("CARACAL_GATEWAY_URL", "gateway")?,
        })
    }
}

fn secret(environment: &Environment) -> anyhow::Result<Zeroizing<String>> {
    let value = environment.get("CARACAL_APP_CLIENT_SECRET");
    let file = environment.get("CARACAL_APP_CLIENT_SECRET_FILE");
    match (value, file) {
        (Some(_), Some(_)) => {
            bail!("CARACAL_APP_CLIENT_SECRET and CARACAL_APP_CLIENT_SECRET_FILE are both set; unset one")
        }
        (Some(secret), None) => Ok(Zeroizing::new(secret.to_owned())),
        (None, Some(path)) => identity::read(Path::new(path)),
        (None, None) => bail!(
            "CARACAL_APP_CLIENT_SECRET_FILE is not set: --gateway needs the secret of the application, in a file for \
             its owner alone"
        ),
    }
}
