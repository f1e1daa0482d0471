//! Cases of those who are nobody, from many addresses.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use anyhow::Context as _;
use caracal_wire::control::applications::CreateApplication;
use serde_json::json;
use tokio::task::JoinSet;

use super::worst::{Attacker, FLOODERS, every};
use crate::{
    http::Connection,
    json_client::{JsonClient, text},
};

/// Addresses that each of the flooders comes from, one after the other.
const ADDRESSES: u64 = 25;

impl Attacker {
    /// Asks the Control API with a token of nobody, tries to sign in there, and logs in at the STS as applications and in
    /// zones that there are not.
    pub(super) fn come_as_strangers(&self, workers: &mut JoinSet<()>) {
        let api = self.admin.address();
        self.flood_from_everywhere(workers, api, move |own, number| {
            let nobody = JsonClient::new(api, Some(caracal_core::Secret::new(format!("cat_{number}"))));
            if number % 2 == 0 {
                nobody.request("GET", &format!("/v1/zones/{}", own.agent.zone()), None)
            } else {
                let guess = json!({"email": "nobody@example.com", "password": "a password of nobody's"});
                JsonClient::new(api, None).request("POST", "/v1/console/sign-in", Some(&guess))
            }
        });
        self.flood_from_everywhere(workers, self.agent.sts(), |own, number| {
            let zone = format!("bench-nowhere-{number}");
            if number % 2 == 0 {
                own.agent
                    .login_request(&format!("bench-nobody-{number}"), "cs_wrong")
            } else {
                own.agent.login_request_in(&zone, "bench-nobody", "cs_wrong")
            }
        });
    }

    /// Guesses at an application whose secret somebody chose, and chooses others for it as soon as the last one is kept.
    ///
    /// # Errors
    /// When there can be no such application.
    pub(super) async fn guess(&self, workers: &mut JoinSet<()>) -> anyhow::Result<()> {
        let path = format!("/v1/zones/{}/applications", self.agent.zone());
        let body = caracal_core::json::tree(&CreateApplication::named(String::from("bench, chosen secret")));
        let made = self.admin.call(201, "POST", &path, Some(&body)).await?;
        let application = text(&made, "id")?.to_owned();
        let chosen = json!({"client_secret": "a secret that somebody chose by hand for the bench"});
        let path = format!("{path}/{application}");
        self.admin
            .call(200, "PATCH", &path, Some(&chosen))
            .await
            .context("a secret of one's own")?;
        let own = self.clone();
        workers.spawn(async move {
            let mut connection = Connection::new(own.admin.address());
            let mut due = every(own.worst.flood);
            for number in 0_u64.. {
                let chosen =
                    json!({"client_secret": format!("another secret that somebody chose, number {number}")});
                let request = own.admin.request("PATCH", &path, Some(&chosen));
                if own.send(&mut connection, &request).await == Some(429) {
                    due.tick().await;
                }
            }
        });
        self.flood_from_everywhere(workers, self.agent.sts(), move |own, number| {
            let guess = format!("a secret that somebody guesses at by hand, number {number}");
            own.agent.login_request(&application, &guess)
        });
        Ok(())
    }

    /// Sends what `make` makes, [`super::Worst::flood`] times a second, each from the next of many addresses of this
    /// machine; from one where the system has no more.
    fn flood_from_everywhere<F>(&self, workers: &mut JoinSet<()>, address: SocketAddr, make: F)
    where
        F: Fn(&Self, u64) -> Vec<u8> + Clone + Send + Sync + 'static,
    {
        for flooder in 0..FLOODERS {
            let (own, make) = (self.clone(), make.clone());
            workers.spawn(async move {
                let from =
                    |at: u64| Connection::new(address).from(source(u64::from(flooder) * ADDRESSES + at));
                let connections: Vec<_> = if has_many().await {
                    (0..ADDRESSES).map(from).collect()
                } else {
                    vec![Connection::new(address)]
                };
                own.pour(connections, flooder, make).await;
            });
        }
    }
}

/// The address of this machine with that number.
fn source(number: u64) -> IpAddr {
    let [.., high, low] = number.wrapping_add(1).to_be_bytes();
    Ipv4Addr::new(127, 77, high, low).into()
}

/// Whether all of 127.0.0.0/8 is this machine.
async fn has_many() -> bool {
    tokio::net::TcpListener::bind((source(0), 0)).await.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_an_address_of_its_own() {
        assert_eq!(source(0).to_string(), "127.77.0.1");
        assert_eq!(source(299).to_string(), "127.77.1.44");
    }
}
