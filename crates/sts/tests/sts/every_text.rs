//! Every text and every member of a body of every route, as the document of the role tells them. On both stores.

use caracal_service::front::document;
use caracal_sts::{StsConfig, table};
use caracal_testkit::{
    bodies::BodyWalk,
    parts::{Backends, ISSUER},
    texts::TextWalk,
};

use crate::fixture::{Fixture, GRANT};

/// Shown to nobody: proofs, and what a tool is called with.
const OF_NO_READER: [&str; 6] = [
    "client_secret",
    "workload_secret",
    "token",
    "assertion",
    "arguments",
    "content",
];

async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(backends: Backends) {
    let mut fixture = Fixture::over(backends).await;
    fixture.reconfigure(StsConfig {
        mint_rate_limit_per_min: 1_000_000,
        auth_fail_limit_per_min: 1_000_000,
        stranger_limit_per_min: 0,
        ..StsConfig::new(ISSUER)
    });
    let (mandate, _) = fixture.mandate().await;
    let given = [
        ("grant_type", GRANT),
        ("zone_id", fixture.zone.id.as_str()),
        ("application_id", fixture.application.id.as_str()),
        ("client_id", fixture.application.id.as_str()),
        ("client_secret", fixture.secret.expose()),
        ("resource", &fixture.resource.identifier),
        ("scope", "tickets:read"),
        ("agent_session_id", fixture.target.id.as_str()),
        ("delegation_edge_id", fixture.delegation.id.as_str()),
        ("token", &mandate),
    ];
    // As an operator, and as whoever a mandate speaks for.
    for caller in ["rotation-token-of-this-test-00000", &mandate] {
        TextWalk::of(&document(&table()), &OF_NO_READER)
            .with(&given)
            .go(200, async |asked| asked.send(&fixture.client, caller).await)
            .await;
    }
    let walked = BodyWalk::of(&document(&table()), 24)
        .go(async |asked| asked.send(&fixture.client, &mandate).await)
        .await;
    assert!(walked.members > 30, "{walked:?}");
}

#[tokio::test]
async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage_on_sqlite() {
    no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(Backends::Embedded).await;
}

#[tokio::test]
async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage_on_postgres() {
    no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(Backends::Postgres).await;
}
