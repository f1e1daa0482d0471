//! A candidate decided beside the policy in force.

use std::time::Duration;

use caracal_core::audit::AuditEvent;
use caracal_storage::PolicyShadow;
use serde_json::Value;

use crate::fixture::Fixture;

/// A document that grants nothing.
const NOTHING: &str = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\ngrants := {}\n";

/// Has `content` decided beside what is in force for an hour.
pub(crate) async fn begin(fixture: &Fixture, content: &str) {
    let (set_version, evaluated) = fixture.candidate(content).await;
    let shadow = PolicyShadow {
        evaluated,
        expires_at: fixture.now().plus(Duration::from_hours(1)),
        ..fixture.given.policy_shadow(&set_version)
    };
    fixture
        .store(async |work| work.policy_sets().begin_shadow(&shadow).await.unwrap())
        .await;
}

fn shadowed(events: &[AuditEvent]) -> Vec<Value> {
    let of = |event: &&AuditEvent| event.event_type.as_str() == "policy_shadowed";
    let said =
        |event: &AuditEvent| serde_json::from_str(event.metadata_json.as_ref().unwrap().get()).unwrap();
    events.iter().filter(of).map(said).collect()
}

/// The differences on record, once there are `many`.
pub(crate) async fn differences(fixture: &Fixture, many: usize) -> Vec<Value> {
    let mut all = Vec::new();
    let found = tokio::time::timeout(Duration::from_mins(1), async {
        while all.len() < many {
            tokio::task::yield_now().await;
            all.extend(shadowed(&fixture.parts.new_events().await));
        }
    });
    found.await.expect("the candidate's differences in time");
    all
}

#[tokio::test]
async fn a_candidate_enforces_nothing_and_what_it_would_change_is_told() {
    let fixture = Fixture::new().await;
    begin(&fixture, NOTHING).await;
    fixture.mint(&[]).await.expect(200);
    let differs = differences(&fixture, 1).await;
    assert_eq!(differs.len(), 1);
    let differs = &differs[0];
    assert_eq!(differs["change"], "newly_denied");
    assert_eq!(differs["application_id"], fixture.application.id.as_str());
    assert_eq!(differs["resource"], fixture.resource.identifier.as_str());
    // What it would allow, what was allowed, and what was done are told apart.
    let told = ["allowed", "enforced", "carried_out"].map(|member| differs[member].as_bool().unwrap());
    assert_eq!(told, [false, true, true]);

    // What policy in force denies stays denied, whatever the candidate would say.
    let more = fixture.policy("").replace("tickets:read", "tickets:write");
    begin(&fixture, &more).await;
    let refused = fixture.mint(&[("scope", "tickets:write")]).await;
    assert_eq!(refused.refused(403), "access_denied");
    let differs = differences(&fixture, 1).await;
    let told = ["allowed", "enforced", "carried_out"].map(|member| differs[0][member].as_bool().unwrap());
    assert_eq!(
        (&differs[0]["change"], told),
        (&Value::from("newly_allowed"), [true, false, false])
    );
}

#[tokio::test]
async fn a_candidate_that_is_over_or_the_same_tells_nothing() {
    let fixture = Fixture::new().await;
    begin(&fixture, &fixture.policy("")).await;
    fixture.mint(&[]).await.expect(200);
    fixture.tasks.close();
    fixture.tasks.wait().await;
    assert!(shadowed(&fixture.parts.events().await).is_empty());
    begin(&fixture, NOTHING).await;
    fixture
        .parts
        .world
        .manual_clock()
        .advance(Duration::from_mins(61));
    // The delegation is over by then, but the application still gets a mandate of its own sessions.
    fixture.mint(&crate::fixture::LIFECYCLE).await;
    fixture.tasks.close();
    fixture.tasks.wait().await;
    assert!(shadowed(&fixture.parts.events().await).is_empty());
}
