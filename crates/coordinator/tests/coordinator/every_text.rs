//! Every text and every member of a body of every route, as the document of the role tells them. On both stores.

use caracal_coordinator::{CoordinatorConfig, document};
use caracal_testkit::{bodies::BodyWalk, parts::Backends, texts::TextWalk};

use crate::stack::{OPERATOR, Stack};

/// Another service reads it.
const OF_NO_READER: [&str; 1] = ["subject_token"];

async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(backends: Backends) {
    let config = CoordinatorConfig {
        requests_per_minute: 0,
        ..CoordinatorConfig::default()
    };
    let stack = Stack::over(backends, config).await;
    let app = stack.app().await;
    let (source, target) = (stack.task(&app).await, stack.task(&app).await);
    let given = [
        ("zone", stack.zone.as_str()),
        ("id", &source),
        ("session", &source),
        ("application_id", app.id.as_str()),
        ("issuer_application_id", app.id.as_str()),
        ("receiver_application_id", app.id.as_str()),
        ("source_session_id", &source),
        ("target_session_id", &target),
        ("scopes", "weather:read"),
        ("resources", &stack.resource.identifier),
    ];
    for caller in [app.token.as_str(), OPERATOR] {
        TextWalk::of(&document(), &OF_NO_READER)
            .with(&given)
            .go(500, async |asked| asked.send(stack.client(), caller).await)
            .await;
    }
    let walked = BodyWalk::of(&document(), 24)
        .with(&given[..3])
        .go(async |asked| asked.send(stack.client(), &app.token).await)
        .await;
    assert!(walked.members > 15 && walked.refused > 40, "{walked:?}");
}

#[tokio::test]
async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage_on_sqlite() {
    no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(Backends::Embedded).await;
}

#[tokio::test]
async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage_on_postgres() {
    no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(Backends::Postgres).await;
}
