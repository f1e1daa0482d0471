//! What moves to another process or server while calls go on: `upgrade`, `replica-promotion`.

use std::net::SocketAddr;

use caracal_e2e::{Role, Stack};
use caracal_testkit::{
    fault::{Fault, Faults as _},
    fault_proxy::FaultProxy,
    redis::Redis,
    wait::until,
};

use super::{Place, broken_by_test, held, target};

fn address(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().expect("an address")
}

/// Every process is replaced by another one behind the address that clients know, as a rolling upgrade does.
async fn an_upgrade_is_drilled(stack: &Stack) {
    let issuer = target(stack);
    let former: Vec<(Role, String)> = [Role::Sts, Role::Gateway, Role::Coordinator, Role::Api]
        .map(|role| (role, stack.url(role)))
        .into();
    let mut fronts = Vec::new();
    for (role, url) in &former {
        let front = FaultProxy::to(address(url)).await;
        stack.point(*role, &format!("http://{}", front.address()));
        fronts.push(front);
    }
    let audit = stack.url(Role::Audit);
    let roll = async {
        stack.replicate(Role::Audit, &[]).await;
        let sts = stack.replicate(Role::Sts, &[]).await;
        for ((role, _), front) in former.iter().zip(&fronts) {
            let url = match role {
                Role::Sts => sts.clone(),
                // The new ones ask the new one, so that the former one can go.
                _ => stack.replicate(*role, &[("STS_URL", &sts)]).await,
            };
            front.lead_to(address(&url));
        }
        for (role, url) in former.iter().rev() {
            stack.restart_at(*role, url, &[]).await;
        }
        stack.restart_at(Role::Audit, &audit, &[]).await;
    };
    let place = Place::new();
    let (held, said) = broken_by_test(stack, &place, "upgrade", &issuer, (roll, async {})).await;
    assert!(held, "{said}");
    place.report(&said).await;
    // The proxies go now.
    for (role, url) in &former {
        stack.point(*role, url);
    }
}

/// A replica takes over, under the address of the server that is gone.
async fn a_replica_that_takes_over_is_drilled(stack: &Stack) {
    let production = stack.production();
    let (_, password) = production
        .redis_url()
        .split_once("redis://:")
        .expect("a password");
    let (password, _) = password.split_once('@').expect("a password");
    let replica = {
        let password = password.to_owned();
        tokio::task::spawn_blocking(move || Redis::options().password(&password).start())
            .await
            .expect("a server")
    };
    let primary = production.redis().await.port().to_string();
    let told =
        |words: &[&str]| assert_eq!(replica.command(words).expect("an answer"), "+OK\r\n", "{words:?}");
    told(&["CONFIG", "SET", "masterauth", password]);
    told(&["REPLICAOF", "127.0.0.1", &primary]);
    until("the replica follows", async || {
        let info = replica.command(&["INFO", "replication"]).unwrap_or_default();
        info.contains("master_link_status:up")
    })
    .await;
    let mut moved = None;
    let fail = async {
        let redis = production.redis().await;
        let former = SocketAddr::from(([127, 0, 0, 1], redis.port()));
        redis.fail(Fault::Gone);
        told(&["REPLICAOF", "NO", "ONE"]);
        moved = Some(FaultProxy::at(former, SocketAddr::from(([127, 0, 0, 1], replica.port()))).await);
    };
    held(stack, "replica-promotion", &[], (fail, async {})).await;
    drop(moved);
    production.redis().await.mend();
}

caracal_e2e::in_production!(an_upgrade_is_drilled, a_replica_that_takes_over_is_drilled);
