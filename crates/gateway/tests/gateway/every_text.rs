//! Every text of every route, as the document of the role tells them.

use caracal_gateway::document;
use caracal_testkit::texts::TextWalk;

use crate::stage::{RESOURCE, Stage};

/// The upstream's own.
const OF_NO_READER: [&str; 1] = ["path"];

#[tokio::test]
async fn no_text_of_any_route_is_taken_unseen_or_endless_or_is_an_outage() {
    let stage = Stage::new().await;
    let given = [
        ("zone_id", stage.zone.as_str()),
        ("path", "v1"),
        ("X-Caracal-Resource", RESOURCE),
    ];
    TextWalk::of(&document(), &OF_NO_READER)
        .with(&given)
        // A mandate is good for one call.
        .go(60, async |asked| {
            asked.send(&stage.client, &stage.mandate()).await
        })
        .await;
}
