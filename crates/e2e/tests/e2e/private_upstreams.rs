//! Upstreams on this machine, in a deployment that is published: the Gateway calls those that its operator named.

use caracal_e2e::{Fixture, READ, Role, Stack, in_production};
use serde_json::Value;

use crate::support::assert_passed;

in_production!(an_upstream_on_a_private_network_is_called_where_it_is_named_and_nowhere_else);

async fn an_upstream_on_a_private_network_is_called_where_it_is_named_and_nowhere_else(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
    let named = stack.url(Role::Gateway);
    let passed = fixture.upstream.requests();

    for hosts in ["", "localhost", "10.0.0.7,*.internal.example.com"] {
        let told = [("CARACAL_PRIVATE_EGRESS_HOSTS", hosts)];
        let gateway = stack.replicate(Role::Gateway, &told).await;
        stack.point(Role::Gateway, &gateway);
        let refused = fixture.call(&fixture.mandate(&agent, READ).await).await;
        refused.assert_refused(502, "internal_error", "upstream_private");
        assert_eq!(refused.text_of("error_description"), "upstream not addressable");
    }
    assert_eq!(fixture.upstream.requests(), passed, "nobody came");
    // Whoever operates it finds which host it was, and for which call.
    let kept_out = |event: &Value| {
        let about = &event["metadata_json"];
        event["evaluation_status"] == "upstream_rejected"
            && about["error_kind"] == "upstream_private"
            && about["upstream_host"]
                .as_str()
                .is_some_and(|host| fixture.upstream.url().ends_with(host))
    };
    fixture
        .zone
        .ledger_once(|events| events.iter().filter(|event| kept_out(event)).count() == 3)
        .await;
    stack.point(Role::Gateway, &named);
    assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
}
