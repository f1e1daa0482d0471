//! What policy, delegations and declared operations leave of a request for authority.

use caracal_e2e::{
    Agent, Call, Document, Fixture, GATE, OTHER, READ, SCOPES, Stack, WRITE, on_every_deployment,
};
use serde_json::json;

use crate::support::{Untouched, assert_call_refused, assert_passed};

on_every_deployment!(
    without_policy_there_is_no_authority,
    a_scope_outside_the_grant_is_refused,
    a_scope_outside_the_delegation_is_refused,
    a_scope_outside_the_confinement_is_refused,
    a_label_without_a_role_holds_nothing,
    a_mandate_does_not_work_for_another_resource,
    an_operation_that_is_not_declared_is_refused,
    a_mandate_for_reading_does_not_write,
    a_restriction_freezes_the_zone_until_it_is_lifted,
    a_grant_that_is_taken_away_stops_mandates_that_are_out,
);

async fn assert_mint_refused(fixture: &Fixture<'_>, agent: &Agent, scope: &str, reason: &str) {
    let untouched = Untouched::from_now(fixture);
    fixture
        .mint(agent, scope)
        .await
        .assert_refused(403, "access_denied", reason);
    untouched.check();
}

async fn without_policy_there_is_no_authority(stack: &Stack) {
    let fixture = Fixture::without_policy(stack).await;
    fixture
        .lifecycle()
        .await
        .assert_refused(403, "access_denied", "no_active_policy_set");
    fixture.upstream.assert_untouched();
}

async fn a_scope_outside_the_grant_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent_with(&["writer"], &SCOPES).await;
    assert_mint_refused(&fixture, &agent, GATE, "role_scope_mismatch").await;
    // Nor together with one that is granted, nor one the resource does not know.
    assert_mint_refused(&fixture, &agent, &format!("{READ} {GATE}"), "role_scope_mismatch").await;
    assert_mint_refused(&fixture, &agent, "tickets:unheard-of", "scope_mismatch").await;
}

async fn a_scope_outside_the_delegation_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent_with(&["writer"], &[READ]).await;
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
    let untouched = Untouched::from_now(&fixture);
    let refused = fixture.mint(&agent, WRITE).await;
    assert_eq!(
        (refused.status, refused.json["error"].as_str()),
        (403, Some("access_denied")),
        "{refused:#?}"
    );
    untouched.check();
}

async fn a_scope_outside_the_confinement_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture
        .agent_with(&["writer", "customer:acme"], &[READ, WRITE])
        .await;
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
    assert_mint_refused(&fixture, &agent, WRITE, "confinement_violation").await;
}

async fn a_label_without_a_role_holds_nothing(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent_with(&["stranger"], &[READ]).await;
    assert_mint_refused(&fixture, &agent, READ, "role_scope_mismatch").await;
}

async fn a_mandate_does_not_work_for_another_resource(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let untouched = Untouched::from_now(&fixture);
    let call = Call {
        resource: OTHER,
        ..Call::default()
    };
    fixture
        .call_with(&mandate, &call)
        .await
        .assert_refused(403, "access_denied", "mandate_target_mismatch");
    let mandate = fixture.mandate(&agent, READ).await;
    let call = Call {
        resource: "resource://nowhere",
        ..Call::default()
    };
    fixture
        .call_with(&mandate, &call)
        .await
        .assert_refused(403, "access_denied", "resource_not_found");
    untouched.check();
}

async fn an_operation_that_is_not_declared_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    for (method, path) in [
        ("GET", "/secrets"),
        ("GET", "/"),
        ("GET", "/tickets/"),
        ("GET", "/tickets/1"),
        ("GET", "/Tickets"),
        ("GET", "/tickets;v=2"),
        ("GET", "//tickets"),
        ("PUT", "/tickets"),
        ("OPTIONS", "/tickets"),
        ("HEAD", "/tickets"),
        // Methods are told apart by case, whichever processes decide.
        ("get", "/tickets"),
        ("Get", "/tickets"),
    ] {
        let mandate = fixture.mandate(&agent, READ).await;
        let untouched = Untouched::from_now(&fixture);
        let refused = fixture
            .call_with(
                &mandate,
                &Call {
                    method,
                    path,
                    ..Call::default()
                },
            )
            .await;
        if method == "HEAD" {
            assert_eq!(refused.status, 403, "{method} {path}: {refused:#?}");
        } else {
            refused.assert_refused(403, "operation_not_permitted", "operation_not_permitted");
        }
        untouched.check();
    }
}

async fn a_mandate_for_reading_does_not_write(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let post = Call {
        method: "POST",
        ..Call::default()
    };
    let mandate = fixture.mandate(&agent, READ).await;
    let untouched = Untouched::from_now(&fixture);
    let refused = fixture.call_with(&mandate, &post).await;
    refused.assert_refused(403, "operation_not_permitted", "operation_not_permitted");
    untouched.check();
    let mandate = fixture.mandate(&agent, WRITE).await;
    assert_passed(&fixture.call_with(&mandate, &post).await);
}

async fn a_restriction_freezes_the_zone_until_it_is_lifted(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let held = fixture.mandate(&agent, READ).await;
    let document = Document::of(&fixture.application);
    fixture
        .zone
        .activate(&[document.clone().rule("restrict", &json!(["incident 7"])).into()])
        .await;
    assert_call_refused(&fixture, &held, 403, "access_denied", "restriction_active").await;
    assert_mint_refused(&fixture, &agent, READ, "restriction_active").await;
    fixture
        .lifecycle()
        .await
        .assert_refused(403, "access_denied", "restriction_active");
    fixture.zone.activate(&[document.into()]).await;
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
}

async fn a_grant_that_is_taken_away_stops_mandates_that_are_out(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let held = fixture.mandate(&agent, READ).await;
    let document = Document::empty().rule("app_ids", &json!({"desk": fixture.application.id}));
    fixture
        .zone
        .activate(&[document.rule("grants", &json!({})).into()])
        .await;
    assert_call_refused(&fixture, &held, 403, "access_denied", "resource_not_granted").await;
}
