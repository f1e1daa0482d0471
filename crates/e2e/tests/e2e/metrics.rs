//! What a running stack counts is described, to Prometheus and in the handbook.

use std::collections::BTreeSet;

use caracal_e2e::{Fixture, READ, Reply, Role, Stack, checkout, on_every_deployment};

use crate::support::assert_passed;

on_every_deployment!(every_metric_is_described_where_it_is_shown_and_in_the_handbook);

async fn every_metric_is_described_where_it_is_shown_and_in_the_handbook(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
    assert_eq!(fixture.mint(&agent, "nothing:granted").await.status, 403);
    fixture.revoke(&agent).await;
    let nobody = Reply::of(stack.request(Role::Api, "GET", "/v1/zones")).await;
    assert_eq!(nobody.status, 401);
    let handbook = std::fs::read_to_string(checkout().join("docs/src/operate/metrics.md")).expect("the page");
    let mut shown = BTreeSet::new();
    for role in Role::ALL {
        let metrics = stack.request(role, "GET", "/metrics");
        let metrics = Reply::of(metrics.bearer_auth(stack.metrics_bearer()))
            .await
            .expect(200);
        for line in metrics.text.lines() {
            let Some(family) = line
                .strip_prefix("# TYPE ")
                .and_then(|rest| rest.split(' ').next())
            else {
                continue;
            };
            assert!(
                metrics.text.contains(&format!("# HELP {family} ")),
                "{family} of {} is not described",
                role.name()
            );
            assert!(
                handbook.contains(&format!("`{family}`")),
                "{family} is not in the handbook"
            );
            shown.insert(family.to_owned());
        }
    }
    for family in [
        "caracal_http_requests_total",
        "caracal_http_credentials_refused_total",
        "caracal_sts_exchanges_total",
        "caracal_gateway_requests_total",
        "caracal_build_info",
        "caracal_disk_free_bytes",
        "caracal_revocations_fresh",
        "caracal_storage_connections",
        "process_resident_memory_bytes",
    ] {
        assert!(shown.contains(family), "{family} among {shown:?}");
    }
}
