//! Every member of every body of every route, out of the OpenAPI document.

use caracal_api::{ApiConfig, table};
use caracal_testkit::{bodies::BodyWalk, parts::Backends};

use crate::{
    evidence::Made,
    stack::{ADMIN, Stack, names_its_fields},
};

/// Values that each member gets, and with a database that is asked over a socket.
const VALUES: usize = 12;
const VALUES_OVER_POSTGRESQL: usize = 2;

async fn walk_over_bodies(backends: Backends, values: usize) {
    let config = ApiConfig {
        rate_limit_per_min: 0,
        auth_fail_limit_per_min: 0,
        ..ApiConfig::default()
    };
    let stack = Stack::over(backends, config).await;
    let made = Made::of(&stack).await;
    let owner = stack.owner().await;
    let document = caracal_service::front::document(&table());
    let given = [
        ("zoneId", made.zone.as_str()),
        ("applications/id", &made.application),
        ("providers/id", &made.provider),
        ("resources/id", &made.resource),
        ("policies/id", &made.policy),
        ("policy-sets/id", &made.policy_set),
        ("versions/versionId", &made.set_version),
        ("workloads/id", &made.workload),
        ("subject-issuers/id", &made.issuer),
        ("notification-sinks/id", &made.sink),
        ("approvals/id", &made.approval),
        ("delegations/id", &made.delegation),
    ];
    let walked = BodyWalk::of(&document, values)
        .with(&given)
        // A command takes a mandate of its own each time, and each of several evaluations is answered for itself: their own
        // tests send them the like.
        .without(&["/v1/control/invoke", "/access/v1/evaluations"])
        .go(async |mut asked| {
            let own = asked.path.starts_with("/v1/console/");
            // Questions of AuthZEN name their zone in a header.
            asked.header = Some((String::from("x-caracal-zone-scope"), made.zone.clone()));
            let path = asked.path.clone();
            let answer = asked.send(stack.client(), if own { &owner } else { ADMIN }).await;
            names_its_fields(&path, &answer);
            answer
        })
        .await;
    println!("{walked:?}");
    assert!(walked.members > 150 && walked.refused > 400, "{walked:?}");
}

#[tokio::test]
async fn no_value_of_any_member_is_an_outage_and_one_of_another_type_is_refused_by_name_on_sqlite() {
    walk_over_bodies(Backends::Embedded, VALUES).await;
}

#[tokio::test]
async fn no_value_of_any_member_is_an_outage_and_one_of_another_type_is_refused_by_name_on_postgresql() {
    walk_over_bodies(Backends::Postgres, VALUES_OVER_POSTGRESQL).await;
}
