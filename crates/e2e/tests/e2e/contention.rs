//! A transaction that PostgreSQL gives up for another is done again, and the client never hears of it.

use std::time::Duration;

use caracal_e2e::{Fixture, Reply, Role, Stack, in_production};
use serde_json::json;
use tokio::task::JoinHandle;

in_production!(
    a_change_that_gives_way_is_made_again,
    changes_of_one_object_at_the_same_time_are_conflicts_at_worst,
    a_change_that_gives_way_every_time_is_a_conflict_and_no_outage,
);

/// SQL of somebody who holds the end of the zone's administrative records until `user` waits for it, and then asks for
/// the row of `table` with this `id`, which `user` holds. Its timeout makes sure who gives way.
fn in_the_way(zone: &str, user: &str, table: &str, id: &str) -> String {
    format!(
        "SET LOCAL deadlock_timeout = '1min'; \
         SELECT 1 FROM evidence_logs WHERE zone_id = 'admin/{zone}' FOR UPDATE; \
         DO $$ BEGIN LOOP \
             PERFORM pg_stat_clear_snapshot(); \
             EXIT WHEN EXISTS (SELECT 1 FROM pg_stat_activity \
                 WHERE datname = current_database() AND usename = '{user}' AND wait_event_type = 'Lock'); \
             PERFORM pg_sleep(0.01); \
         END LOOP; END $$; \
         UPDATE {table} SET id = id WHERE id = '{id}'"
    )
}

/// How often requests of `role` gave way and were done again.
async fn done_again(stack: &Stack, role: Role) -> u32 {
    let metrics = stack
        .request(role, "GET", "/metrics")
        .bearer_auth(stack.metrics_bearer());
    let text = Reply::of(metrics).await.text;
    let counter = "caracal_storage_contention_total{outcome=\"again\"} ";
    text.lines()
        .find_map(|line| line.strip_prefix(counter)?.parse().ok())
        .unwrap_or_default()
}

/// Sends somebody into the way of `role`, and returns when they are there.
async fn obstruct(stack: &Stack, zone: &str, role: Role, table: &str, id: &str) -> JoinHandle<String> {
    let sql = in_the_way(zone, &role.in_database(), table, id);
    let server = stack.production().postgres().clone();
    let database = stack.production().database().to_owned();
    let other = tokio::task::spawn_blocking(move || server.sql(&database, &sql));
    let looking = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_stat_clear_snapshot%' \
         AND wait_event = 'PgSleep' AND datname = current_database() AND pid <> pg_backend_pid()";
    while stack.production().sql(looking).trim() != "1" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    other
}

async fn a_change_that_gives_way_is_made_again(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let application = fixture.zone.application("renamed").await;
    let before = done_again(stack, Role::Api).await;
    let other = obstruct(
        stack,
        &fixture.zone.id,
        Role::Api,
        "applications",
        &application.id,
    )
    .await;
    let path = format!("/applications/{}", application.id);
    let renamed = fixture
        .zone
        .admin("PATCH", &path, Some(json!({"name": "new name"})))
        .await;
    assert_eq!(renamed.expect(200).text_of("name"), "new name");
    other.await.expect("SQL that succeeds");
    assert!(
        done_again(stack, Role::Api).await > before,
        "nobody was in the way"
    );

    let before = done_again(stack, Role::Coordinator).await;
    let other = obstruct(
        stack,
        &fixture.zone.id,
        Role::Coordinator,
        "sessions",
        &agent.session,
    )
    .await;
    fixture.about_session(&agent, "DELETE", "").await.expect(204);
    other.await.expect("SQL that succeeds");
    assert!(
        done_again(stack, Role::Coordinator).await > before,
        "nobody was in the way"
    );
}

async fn changes_of_one_object_at_the_same_time_are_conflicts_at_worst(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let application = fixture.zone.application("renamed").await;
    let path = format!("/applications/{}", application.id);
    for round in 0..10 {
        let names: Vec<_> = (0..8).map(|n| format!("name {round} {n}")).collect();
        let change = async |name: &str| {
            let body = json!({ "name": name });
            fixture.zone.admin("PATCH", &path, Some(body)).await.status
        };
        let changes = names.iter().map(|name| change(name));
        let told = futures_util::future::join_all(changes).await;
        assert!(told.contains(&200), "somebody gets through: {told:?}");
        assert!(
            told.iter().all(|status| [200, 409].contains(status)),
            "a rival is no outage: {told:?}"
        );
    }
}

async fn a_change_that_gives_way_every_time_is_a_conflict_and_no_outage(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let application = fixture.zone.application("renamed").await;
    // What PostgreSQL says when it gives a transaction up for another, for as long as the trigger is there.
    stack.production().sql(
        "CREATE FUNCTION always_in_the_way() RETURNS TRIGGER LANGUAGE plpgsql AS $$ \
         BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '40001'; END $$; \
         CREATE TRIGGER in_the_way BEFORE UPDATE ON evidence_logs \
         FOR EACH ROW WHEN (NEW.zone_id LIKE 'admin/%') EXECUTE FUNCTION always_in_the_way()",
    );
    let before = done_again(stack, Role::Coordinator).await;
    let ended = fixture.about_session(&agent, "DELETE", "").await;
    ended.assert_refused(409, "conflict", "");
    assert!(ended.headers.contains_key("retry-after"), "{ended:#?}");
    assert!(
        done_again(stack, Role::Coordinator).await >= before + 3,
        "it was tried again first"
    );
    let path = format!("/applications/{}", application.id);
    let renamed = fixture
        .zone
        .admin("PATCH", &path, Some(json!({"name": "new"})))
        .await;
    renamed.assert_refused(409, "conflict", "");
    stack
        .production()
        .sql("DROP TRIGGER in_the_way ON evidence_logs; DROP FUNCTION always_in_the_way()");
    fixture.about_session(&agent, "DELETE", "").await.expect(204);
}
