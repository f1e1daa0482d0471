//! Every text of every route, as the document of the role tells them. On both stores.

use caracal_api::{ApiConfig, table};
use caracal_testkit::{parts::Backends, texts::TextWalk};

use crate::stack::{ADMIN, Stack};

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
    let zone = stack.zone("acme").await;
    let id = zone.rsplit('/').next().unwrap();
    let document = caracal_service::front::document(&table());
    TextWalk::of(&document, &OF_NO_READER)
        .with(&[("zoneId", id)])
        .go(1_500, async |asked| asked.send(stack.client(), ADMIN).await)
        .await;
}

#[tokio::test]
async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage_on_sqlite() {
    no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(Backends::Embedded).await;
}

#[tokio::test]
async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage_on_postgres() {
    no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(Backends::Postgres).await;
}
