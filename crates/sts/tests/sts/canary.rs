//! A version that decides for some applications, and is taken back when it denies too much.

use std::sync::Arc;

use caracal_core::{
    audit::AuditEvent,
    entity::{CanaryOutcome, NotificationType, PolicyCanary, PolicySetVersion},
};
use caracal_storage::{Access, PageRequest, conformance::given::Given};
use caracal_sts::{CanaryMonitor, StsDeps};
use serde_json::Value;

use crate::fixture::{Fixture, metadata};

/// It grants nothing.
const NOTHING: &str = "# caracal:data-document\npackage caracal.authz\nimport rego.v1\ngrants := {}\n";

/// Has `content` decide for everybody, with other rules.
async fn begin(
    fixture: &Fixture,
    content: &str,
    rules: impl FnOnce(PolicyCanary) -> PolicyCanary,
) -> (PolicyCanary, PolicySetVersion) {
    let (set_version, evaluated) = fixture.candidate(content).await;
    let canary = rules(PolicyCanary {
        evaluated,
        share_percent: 100,
        min_decisions: 4,
        max_newly_denied_percent: 25,
        ..fixture.given.policy_canary(&set_version)
    });
    fixture
        .store(async |work| work.canaries().begin(&canary).await.unwrap())
        .await;
    (canary, set_version)
}

async fn last(fixture: &Fixture) -> PolicyCanary {
    let mut work = fixture.work(Access::Read).await;
    work.canaries().last().await.unwrap().unwrap()
}

/// Adds up what was counted, and has this process hear of what follows.
async fn settle(fixture: &Fixture) {
    fixture.deps.canaries.settle().await;
    fixture.parts.wait_in_sync().await;
}

fn returned(events: &[AuditEvent]) -> Vec<&AuditEvent> {
    let of = |event: &&AuditEvent| event.event_type.as_str() == "policy_canary_returned";
    events.iter().filter(of).collect()
}

#[tokio::test]
async fn a_share_is_kept_by_the_same_applications_and_grows() {
    let fixture = Fixture::new().await;
    let (canary, _) = begin(&fixture, NOTHING, |canary| PolicyCanary {
        share_percent: 20,
        ..canary
    })
    .await;
    let principals: Vec<String> = (0..2_000).map(|n| format!("application-{n}")).collect();
    let sides = async || -> Vec<bool> {
        let state = fixture.state().await;
        let of = |principal: &String| state.canary_for(principal).is_some();
        principals.iter().map(of).collect()
    };
    let few = sides().await;
    let many = few.iter().filter(|on| **on).count();
    assert!((300..=500).contains(&many), "{many} of 2,000 are one in five");
    fixture.parts.zones.reload(&fixture.zone.id).await.unwrap();
    assert_eq!(sides().await, few, "the same applications after another reading");

    let mut more = last(&fixture).await;
    more.share_percent = 60;
    fixture
        .store(async |work| {
            assert!(work.canaries().change(&more).await.unwrap());
        })
        .await;
    let grown = sides().await;
    assert!(
        few.iter().zip(&grown).all(|(before, after)| !before || *after),
        "nobody leaves when the share grows"
    );
    let many = grown.iter().filter(|on| **on).count();
    assert!(
        (1_050..=1_350).contains(&many),
        "{many} of 2,000 are three in five"
    );

    // Another one has another side.
    fixture
        .store(async |work| {
            let at = canary.started_at;
            let ended = work.canaries().end(&canary.id, CanaryOutcome::Ended, None, at);
            assert!(ended.await.unwrap());
        })
        .await;
    assert!(sides().await.iter().all(|on| !on));
    begin(&fixture, NOTHING, |canary| PolicyCanary {
        share_percent: 20,
        ..canary
    })
    .await;
    assert_ne!(sides().await, few);
}

#[tokio::test]
async fn its_word_is_carried_out_until_it_denies_too_much() {
    let fixture = Fixture::new().await;
    let sink = fixture.given.notification_sink();
    fixture
        .store(async |work| {
            let wanting = caracal_core::entity::NotificationSink {
                event_types: vec![NotificationType::PolicyCanaryReturned],
                ..sink.clone()
            };
            work.notifications().create(&wanting).await.unwrap();
        })
        .await;
    let (canary, version) = begin(&fixture, NOTHING, |canary| canary).await;
    for _ in 0..3 {
        assert_eq!(fixture.mint(&[]).await.refused(403), "access_denied");
    }
    settle(&fixture).await;
    let counted = last(&fixture).await;
    assert!(counted.is_running(), "three are not enough to judge by");
    assert_eq!(
        (counted.decisions, counted.denied, counted.newly_denied),
        (3, 3, 3)
    );
    let event = fixture.last_event().await;
    assert_eq!(
        event.policy_set_version_id.as_deref(),
        Some(version.id.as_str()),
        "evidence says which version decided"
    );
    assert_eq!(metadata(&event)["canary_id"], canary.id.as_str());

    assert_eq!(fixture.mint(&[]).await.refused(403), "access_denied");
    settle(&fixture).await;
    let over = last(&fixture).await;
    assert_eq!(
        (over.outcome, over.ended_by),
        (Some(CanaryOutcome::TooManyDenials), None)
    );
    fixture.mint(&[]).await.expect(200);
    let event = fixture.last_event().await;
    assert_ne!(event.policy_set_version_id.as_deref(), Some(version.id.as_str()));
    assert!(metadata(&event).get("canary_id").is_none());
    let events = fixture.parts.events().await;
    let told = returned(&events);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].decision, "returned");
    let said = metadata(told[0]);
    assert_eq!(
        (&said["canary_id"], &said["outcome"], &said["newly_denied"]),
        (
            &Value::from(canary.id.as_str()),
            &Value::from("too_many_denials"),
            &Value::from(4)
        )
    );
    let mut work = fixture.work(Access::Read).await;
    let page = PageRequest::first(10);
    let sent = work.notifications().deliveries(&sink.id, &page).await.unwrap();
    let sent: Vec<_> = sent.items.iter().map(|delivery| delivery.event_type).collect();
    assert_eq!(sent, [NotificationType::PolicyCanaryReturned]);
}

#[tokio::test]
async fn what_the_version_in_force_denies_too_is_not_newly_denied() {
    let fixture = Fixture::new().await;
    begin(&fixture, &fixture.policy(""), |canary| canary).await;
    for _ in 0..8 {
        fixture.mint(&[("scope", "tickets:write")]).await.refused(403);
    }
    settle(&fixture).await;
    let counted = last(&fixture).await;
    assert!(counted.is_running(), "the version in force denies as much");
    assert_eq!(
        (counted.decisions, counted.denied, counted.newly_denied),
        (8, 8, 0)
    );
    assert_eq!(counted.unjudged, 0, "it was judged");

    // Unless there is a bound for whatever it denies.
    let mut bounded = counted;
    bounded.max_denied_percent = 50;
    fixture
        .store(async |work| assert!(work.canaries().change(&bounded).await.unwrap()))
        .await;
    for scope in ["tickets:read", "tickets:write", "tickets:write", "tickets:write"] {
        fixture.mint(&[("scope", scope)]).await;
    }
    settle(&fixture).await;
    assert_eq!(last(&fixture).await.outcome, Some(CanaryOutcome::TooManyDenials));
}

#[tokio::test]
async fn weeks_without_trouble_do_not_outweigh_an_hour_of_it() {
    let fixture = Fixture::new().await;
    let more = fixture
        .policy("")
        .replace("[\"tickets:read\"]", "[\"tickets:write\"]");
    begin(&fixture, &more, |canary| canary).await;
    for _ in 0..12 {
        fixture.mint(&[("scope", "tickets:write")]).await.expect(200);
        settle(&fixture).await;
    }
    let counted = last(&fixture).await;
    assert_eq!((counted.decisions, counted.newly_allowed), (12, 12));
    assert!(counted.is_running());
    for _ in 0..4 {
        fixture.mint(&[]).await.refused(403);
    }
    settle(&fixture).await;
    assert_eq!(last(&fixture).await.outcome, Some(CanaryOutcome::TooManyDenials));
}

#[tokio::test]
async fn of_several_processes_that_count_one_takes_it_back() {
    let fixture = Fixture::new().await;
    begin(&fixture, NOTHING, |canary| PolicyCanary {
        min_decisions: 6,
        ..canary
    })
    .await;
    // Others with counts of their own, over the same store.
    let mut processes = vec![fixture.deps.canaries.clone()];
    let mut clients = vec![
        fixture
            .parts
            .client("sts", caracal_sts::router(fixture.deps.clone())),
    ];
    for _ in 0..3 {
        let deps = StsDeps {
            canaries: Arc::new(CanaryMonitor::new(
                fixture.parts.world.clone(),
                fixture.parts.store.clone(),
                fixture.parts.outbox.clone(),
                Some(fixture.parts.audit_key.clone()),
            )),
            ..fixture.deps.clone()
        };
        processes.push(deps.canaries.clone());
        clients.push(fixture.parts.client("sts", caracal_sts::router(deps)));
    }
    for client in &clients {
        for _ in 0..6 {
            let form = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(fixture.mint_form(&[]))
                .finish();
            let call = client.call(axum::http::Method::POST, "/oauth/2/token");
            call.form(form).send().await.refused(403);
        }
    }
    futures_util::future::join_all(processes.iter().map(|process| process.settle())).await;
    settle(&fixture).await;
    let over = last(&fixture).await;
    assert_eq!(over.outcome, Some(CanaryOutcome::TooManyDenials));
    assert_eq!(returned(&fixture.parts.events().await).len(), 1);
    fixture.mint(&[]).await.expect(200);
}

#[tokio::test]
async fn one_that_cannot_be_read_denies_nobody_and_is_taken_back() {
    let fixture = Fixture::new().await;
    begin(&fixture, NOTHING, |canary| PolicyCanary {
        evaluated: String::from("{\"of\":\"another build\"}"),
        ..canary
    })
    .await;
    fixture.mint(&[]).await.expect(200);
    settle(&fixture).await;
    assert_eq!(last(&fixture).await.outcome, Some(CanaryOutcome::Unreadable));
    let events = fixture.parts.events().await;
    let told = returned(&events);
    assert_eq!(told.len(), 1);
    assert_eq!(metadata(told[0])["outcome"], "unreadable");
    fixture.mint(&[]).await.expect(200);
}

#[tokio::test]
async fn it_decides_in_its_own_zone_alone() {
    let fixture = Fixture::new().await;
    let (canary, _) = begin(&fixture, NOTHING, |canary| canary).await;
    let other = Given::new(&fixture.parts.world).zone();
    fixture.parts.create_zone(&other).await;
    let state = fixture.parts.zones.zone(&other.id).await.unwrap();
    assert!(state.canary().is_none());
    assert!(state.canary_for(fixture.application.id.as_str()).is_none());
    // What is counted of one zone's canary in another counts for nothing.
    let mut work = fixture.parts.store.zone(&other.id, Access::Write).await.unwrap();
    let counts = caracal_core::entity::CanaryCounts {
        decisions: 100,
        denied: 100,
        newly_denied: 100,
        ..Default::default()
    };
    let counted = work.canaries().count(&canary.id, &counts).await.unwrap();
    assert_eq!(counted, None);
    work.commit().await.unwrap();
    assert_eq!(last(&fixture).await.decisions, 0);
}

#[tokio::test]
async fn nothing_in_force_denies_its_side_too() {
    let fixture = Fixture::new().await;
    begin(&fixture, &fixture.policy(""), |canary| canary).await;
    fixture.mint(&[]).await.expect(200);
    fixture
        .store(async |work| {
            let active = work.policy_sets().active().await.unwrap().unwrap();
            let set = active.version.policy_set_id;
            let archived = work.policy_sets().archive(&set, fixture.now()).await.unwrap();
            assert_eq!(archived, Some(true));
        })
        .await;
    assert_eq!(fixture.mint(&[]).await.refused(403), "access_denied");
    assert_eq!(last(&fixture).await.outcome, Some(CanaryOutcome::Superseded));
}
