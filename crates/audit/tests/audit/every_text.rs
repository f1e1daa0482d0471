//! Every text of every route, as the document of the role tells them. On both stores.

use caracal_service::front::document;
use caracal_testkit::texts::TextWalk;

use crate::ledger::{Backends, Ledger, TOKEN};

async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage(backends: Backends) {
    let ledger = Ledger::over(backends).await;
    let zone = ledger.zone();
    let event = ledger.event(&zone, "first");
    ledger.append(std::slice::from_ref(&event)).await;
    let document = document(&caracal_audit::table());
    let given = [
        ("zone_id", zone.as_str()),
        ("event_id", &event.id),
        ("chain_seq", "1"),
    ];
    // Tails end at once.
    ledger.close_tails();
    TextWalk::of(&document, &[])
        .with(&given)
        .go(500, async |asked| asked.send(ledger.client(), TOKEN).await)
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
