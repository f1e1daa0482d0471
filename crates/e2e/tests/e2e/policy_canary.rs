//! A version that decides for some applications, at every STS, and is taken back by itself at every one.

use caracal_e2e::{Document, Fixture, READ, Role, Stack, in_production, on_every_deployment};
use serde_json::{Value, json};

use crate::support::within_a_minute;

on_every_deployment!(a_canary_denies_its_side_until_it_is_taken_back);

mod several {
    use super::{in_production, what_two_sts_count_takes_a_canary_back_once_at_both};

    in_production!(what_two_sts_count_takes_a_canary_back_once_at_both);
}

/// Begins a canary of a version that grants nothing, for every application.
async fn begin(fixture: &Fixture<'_>, min_decisions: u32) -> Value {
    let nothing = Document::empty()
        .rule("app_ids", &json!({"desk": fixture.application.id}))
        .rule("grants", &json!({}));
    let (set, version) = fixture.zone.candidate(&[nothing.into()]).await;
    let path = format!("/policy-sets/{set}/versions/{version}/canary");
    let rules = json!({"share_percent": 100, "min_decisions": min_decisions, "max_newly_denied_percent": 10});
    fixture
        .zone
        .admin("POST", &path, Some(rules))
        .await
        .expect(201)
        .json
}

async fn canary(fixture: &Fixture<'_>) -> Value {
    let told = fixture.zone.admin("GET", "/policy-canary", None).await;
    told.expect(200).json
}

async fn a_canary_denies_its_side_until_it_is_taken_back(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    fixture.mint(&agent, READ).await.expect(200);
    let begun = begin(&fixture, 5).await;
    within_a_minute("the canary decides", async || {
        fixture.mint(&agent, READ).await.status == 403
    })
    .await;
    within_a_minute("it is taken back", async || {
        fixture.mint(&agent, READ).await.status == 200
    })
    .await;
    let told = canary(&fixture).await;
    assert_eq!(
        (&told["id"], &told["running"], &told["outcome"]),
        (&begun["id"], &json!(false), &json!("too_many_denials")),
        "{told:#}"
    );
    let request = format!("canary-{}", begun["id"].as_str().expect("an id"));
    let events = fixture.zone.events_of(&request, |found| !found.is_empty()).await;
    assert_eq!(events.len(), 1, "{events:#?}");
}

async fn what_two_sts_count_takes_a_canary_back_once_at_both(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let both = [stack.url(Role::Sts), stack.replicate(Role::Sts, &[]).await];
    let agent = fixture.agent().await;
    for sts in &both {
        stack.point(Role::Sts, sts);
        within_a_minute("the STS has the zone", async || {
            fixture.mint(&agent, READ).await.status == 200
        })
        .await;
    }
    // More than either is asked alone before both were.
    let begun = begin(&fixture, 12).await;
    within_a_minute("both have counted, and it is taken back", async || {
        for sts in &both {
            stack.point(Role::Sts, sts);
            fixture.mint(&agent, READ).await;
        }
        canary(&fixture).await["running"] == json!(false)
    })
    .await;
    for sts in &both {
        stack.point(Role::Sts, sts);
        within_a_minute("the STS heard", async || {
            fixture.mint(&agent, READ).await.status == 200
        })
        .await;
    }
    let told = canary(&fixture).await;
    assert_eq!(told["outcome"], "too_many_denials", "{told:#}");
    let request = format!("canary-{}", begun["id"].as_str().expect("an id"));
    let events = fixture.zone.events_of(&request, |found| !found.is_empty()).await;
    assert_eq!(events.len(), 1, "{events:#?}");
}
