//! What policy, delegations and declared operations leave of a request for authority.

use caracal_e2e::{
    Agent, Call, Document, GATE, OTHER, READ, SCOPES, Scene, Stack, WRITE, on_every_deployment,
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

async fn assert_mint_refused(scene: &Scene<'_>, agent: &Agent, scope: &str, reason: &str) {
    let untouched = Untouched::from_now(scene);
    scene
        .mint(agent, scope)
        .await
        .assert_refused(403, "access_denied", reason);
    untouched.check();
}

async fn without_policy_there_is_no_authority(stack: &Stack) {
    let scene = Scene::without_policy(stack).await;
    scene
        .lifecycle()
        .await
        .assert_refused(403, "access_denied", "no_active_policy_set");
    scene.upstream.assert_untouched();
}

async fn a_scope_outside_the_grant_is_refused(stack: &Stack) {
    let scene = Scene::set_up(stack).await;
    let agent = scene.agent_with(&["writer"], &SCOPES).await;
    assert_mint_refused(&scene, &agent, GATE, "role_scope_mismatch").await;
    // Nor together with one that is granted, nor one the resource does not know.
    assert_mint_refused(&scene, &agent, &format!("{READ} {GATE}"), "role_scope_mismatch").await;
    assert_mint_refused(&scene, &agent, "tickets:unheard-of", "scope_mismatch").await;
}

async fn a_scope_outside_the_delegation_is_refused(stack: &Stack) {
    let scene = Scene::set_up(stack).await;
    let agent = scene.agent_with(&["writer"], &[READ]).await;
    assert_passed(&scene.call(&scene.mandate(&agent, READ).await).await);
    let untouched = Untouched::from_now(&scene);
    let refused = scene.mint(&agent, WRITE).await;
    assert_eq!(
        (refused.status, refused.json["error"].as_str()),
        (403, Some("access_denied")),
        "{refused:#?}"
    );
    untouched.check();
}

async fn a_scope_outside_the_confinement_is_refused(stack: &Stack) {
    let scene = Scene::set_up(stack).await;
    let agent = scene
        .agent_with(&["writer", "customer:acme"], &[READ, WRITE])
        .await;
    assert_passed(&scene.call(&scene.mandate(&agent, READ).await).await);
    assert_mint_refused(&scene, &agent, WRITE, "confinement_violation").await;
}

async fn a_label_without_a_role_holds_nothing(stack: &Stack) {
    let scene = Scene::set_up(stack).await;
    let agent = scene.agent_with(&["stranger"], &[READ]).await;
    assert_mint_refused(&scene, &agent, READ, "role_scope_mismatch").await;
}

async fn a_mandate_does_not_work_for_another_resource(stack: &Stack) {
    let scene = Scene::set_up(stack).await;
    let agent = scene.agent().await;
    let mandate = scene.mandate(&agent, READ).await;
    let untouched = Untouched::from_now(&scene);
    let call = Call {
        resource: OTHER,
        ..Call::default()
    };
    scene
        .call_with(&mandate, &call)
        .await
        .assert_refused(403, "access_denied", "mandate_target_mismatch");
    let mandate = scene.mandate(&agent, READ).await;
    let call = Call {
        resource: "resource://nowhere",
        ..Call::default()
    };
    scene
        .call_with(&mandate, &call)
        .await
        .assert_refused(403, "access_denied", "resource_not_found");
    untouched.check();
}

async fn an_operation_that_is_not_declared_is_refused(stack: &Stack) {
    let scene = Scene::set_up(stack).await;
    let agent = scene.agent().await;
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
        let mandate = scene.mandate(&agent, READ).await;
        let untouched = Untouched::from_now(&scene);
        let refused = scene
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
    let scene = Scene::set_up(stack).await;
    let agent = scene.agent().await;
    let post = Call {
        method: "POST",
        ..Call::default()
    };
    let mandate = scene.mandate(&agent, READ).await;
    let untouched = Untouched::from_now(&scene);
    let refused = scene.call_with(&mandate, &post).await;
    refused.assert_refused(403, "operation_not_permitted", "operation_not_permitted");
    untouched.check();
    let mandate = scene.mandate(&agent, WRITE).await;
    assert_passed(&scene.call_with(&mandate, &post).await);
}

async fn a_restriction_freezes_the_zone_until_it_is_lifted(stack: &Stack) {
    let scene = Scene::set_up(stack).await;
    let agent = scene.agent().await;
    let held = scene.mandate(&agent, READ).await;
    let document = Document::of(&scene.application);
    scene
        .zone
        .activate(&[document.clone().rule("restrict", &json!(["incident 7"])).into()])
        .await;
    assert_call_refused(&scene, &held, 403, "access_denied", "restriction_active").await;
    assert_mint_refused(&scene, &agent, READ, "restriction_active").await;
    scene
        .lifecycle()
        .await
        .assert_refused(403, "access_denied", "restriction_active");
    scene.zone.activate(&[document.into()]).await;
    assert_passed(&scene.call(&scene.mandate(&agent, READ).await).await);
}

async fn a_grant_that_is_taken_away_stops_mandates_that_are_out(stack: &Stack) {
    let scene = Scene::set_up(stack).await;
    let agent = scene.agent().await;
    let held = scene.mandate(&agent, READ).await;
    let document = Document::empty().rule("app_ids", &json!({"desk": scene.application.id}));
    scene
        .zone
        .activate(&[document.rule("grants", &json!({})).into()])
        .await;
    assert_call_refused(&scene, &held, 403, "access_denied", "resource_not_granted").await;
}
