//! Live tails of running deployments: a client that comes again after a kill misses nothing and sees nothing twice.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use caracal_e2e::{Call, Fixture, READ, Role, Stack, on_every_deployment};
use caracal_testkit::sse::{EventReader, ServerSentEvent};

use crate::support::assert_passed;

on_every_deployment!(a_tail_goes_on_over_a_killed_server_and_through_either_role);

const LIMIT: Duration = Duration::from_mins(1);

/// A tail as a client keeps it, over whatever happens to its connection.
struct Client<'s> {
    stack: &'s Stack,
    role: Role,
    path: String,
    token: String,
    last: Option<String>,
    seen: Vec<u64>,
}

impl Client<'_> {
    /// Reads until the events of `requests` were seen, then goes away.
    async fn until_seen(&mut self, requests: &[String]) {
        let mut wanted = requests.to_vec();
        let follow = async {
            while !wanted.is_empty() {
                let request = self.stack.request(self.role, "GET", &self.path);
                let request = request
                    .bearer_auth(&self.token)
                    .header("accept", "text/event-stream");
                let request = match &self.last {
                    Some(last) => request.header("last-event-id", last),
                    None => request,
                };
                let mut reader = EventReader::default();
                let Ok(mut answer) = request.send().await else {
                    continue;
                };
                assert_eq!(answer.status(), 200);
                while !wanted.is_empty()
                    && let Ok(Some(chunk)) = answer.chunk().await
                {
                    for event in reader.read(&chunk) {
                        self.take(&event, &mut wanted);
                    }
                }
            }
        };
        tokio::time::timeout(LIMIT, follow)
            .await
            .expect("the events come");
    }

    fn take(&mut self, event: &ServerSentEvent, wanted: &mut Vec<String>) {
        if event.kind.is_empty() {
            self.last = Some(event.id.clone());
            self.seen.push(event.id.parse().unwrap());
            wanted.retain(|request| !event.data.contains(request));
        }
    }
}

async fn calls(fixture: &Fixture<'_>, name: &str) -> Vec<String> {
    let agent = fixture.agent().await;
    let mut ids = Vec::new();
    for number in 0..3 {
        let id = format!("tail-{name}-{number}");
        let mandate = fixture
            .mint(&agent, READ)
            .await
            .expect(200)
            .text_of("access_token");
        let call = Call {
            request_id: Some(&id),
            ..Call::default()
        };
        assert_passed(&fixture.call_with(&mandate, &call).await);
        ids.push(id);
    }
    ids
}

async fn a_tail_goes_on_over_a_killed_server_and_through_either_role(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let zone = fixture.zone.id.clone();
    let mut operator = Client {
        stack,
        role: Role::Audit,
        path: format!("/api/audit/tail?zone_id={zone}&cursor=0"),
        token: stack.secret("auditAdminToken"),
        last: None,
        seen: Vec::new(),
    };
    let mut administrator = Client {
        stack,
        role: Role::Api,
        path: format!("/v1/zones/{zone}/audit/tail?after=0"),
        token: stack.admin_token(),
        last: None,
        seen: Vec::new(),
    };
    for name in ["one", "two"] {
        let requests = calls(&fixture, name).await;
        operator.until_seen(&requests).await;
        administrator.until_seen(&requests).await;
        stack.kill(Role::Audit).await;
        stack.revive().await;
    }
    for client in [&operator, &administrator] {
        let last = *client.seen.last().unwrap();
        assert_eq!(client.seen, (1..=last).collect::<Vec<_>>());
    }
}
