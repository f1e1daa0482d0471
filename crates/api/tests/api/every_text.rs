//! Every text of every route, as the document of the role tells them. On both stores.

use caracal_api::{ApiConfig, table};
use caracal_testkit::{parts::Backends, texts::TextWalk};

use crate::{
    evidence::Made,
    stack::{ADMIN, Stack, names_its_fields},
};

/// Shown to nobody or read by a parser of its own.
const OF_NO_READER: [&str; 12] = [
    "api_key",
    "client_secret",
    "code",
    "content",
    "device",
    "link",
    "password",
    "present",
    "private_key",
    "signing_secret",
    "state",
    "user_agent",
];

async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(backends: Backends) {
    let config = ApiConfig {
        rate_limit_per_min: 0,
        auth_fail_limit_per_min: 0,
        ..ApiConfig::default()
    };
    let stack = Stack::over(backends, config).await;
    let made = Made::of(&stack).await;
    let document = caracal_service::front::document(&table());
    let told = TextWalk::of(&document, &OF_NO_READER)
        .with(&[
            ("zoneId", &made.zone),
            ("applications/id", &made.application),
            ("providers/id", &made.provider),
            ("resources/id", &made.resource),
            ("policies/id", &made.policy),
            ("policy-sets/id", &made.policy_set),
            ("workloads/id", &made.workload),
            ("subject-issuers/id", &made.issuer),
            ("notification-sinks/id", &made.sink),
            ("credential_provider_id", &made.provider),
            ("upstream_url", "https://upstream.example"),
            ("issuer", "https://login.example/walk"),
            ("jwks_url", "https://login.example/keys"),
            ("url", "https://hooks.example/"),
        ])
        .go(1_500, async |asked| {
            let path = asked.path.clone();
            let answer = asked.send(stack.client(), ADMIN).await;
            names_its_fields(&path, &answer);
            answer
        })
        .await;
    assert!(told > 10, "only {told} texts that were taken were read again");
}

#[tokio::test]
async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage_on_sqlite() {
    no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(Backends::Embedded).await;
}

#[tokio::test]
async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage_on_postgres() {
    no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(Backends::Postgres).await;
}
