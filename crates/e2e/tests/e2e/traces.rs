//! What a collector of traces gets, decoded from what arrives there.

use std::{collections::HashMap, time::Duration};

use caracal_e2e::{Agent, Call, Deployment, Fixture, READ, Reply, Role, Stack, on_every_deployment};
use caracal_testkit::upstream::{Answer, Received, Upstream};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind},
};
use prost::Message as _;

use crate::support::assert_passed;

on_every_deployment!(
    one_trace_leads_from_the_agent_through_every_role_to_the_upstream,
    what_the_sampler_leaves_out_is_left_out_by_every_role,
);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const AGENT_SPAN: &str = "00f067aa0ba902b7";
const COLLECTOR_TOKEN: &str = "Bearer collector-canary";
const SERVER: SpanKind = SpanKind::Server;
const CLIENT: SpanKind = SpanKind::Client;
const WITHIN: Duration = Duration::from_mins(1);

/// A collector, and the variables that lead there.
async fn collector() -> (Upstream, [(&'static str, String); 3]) {
    let collector = Upstream::start().await;
    collector.always(Answer::fixed(reqwest::StatusCode::OK, ""));
    let variables = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url()),
        (
            "OTEL_EXPORTER_OTLP_HEADERS",
            format!("authorization={COLLECTOR_TOKEN}"),
        ),
        ("OTEL_BSP_SCHEDULE_DELAY", String::from("100")),
    ];
    (collector, variables)
}

/// Everything exported so far, with the service that exported it.
fn exported(received: &[Received]) -> Vec<(String, Span)> {
    let mut spans = Vec::new();
    for request in received.iter().filter(|request| request.complete) {
        let decoded = ExportTraceServiceRequest::decode(request.body.clone()).expect("OTLP");
        for of_service in decoded.resource_spans {
            let resource = of_service.resource.expect("a resource");
            let service = resource
                .attributes
                .iter()
                .find(|attribute| attribute.key == "service.name");
            let service = match service
                .and_then(|name| name.value.clone())
                .and_then(|any| any.value)
            {
                Some(Value::StringValue(name)) => name,
                other => panic!("service.name is {other:?}"),
            };
            let scoped = of_service.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.extend(scoped.map(|span| (service.clone(), span)));
        }
    }
    spans
}

/// Those of the agent's trace.
fn of_trace(received: &[Received]) -> Vec<(String, Span)> {
    let mut spans = exported(received);
    spans.retain(|(_, span)| hex::encode(&span.trace_id) == TRACE);
    spans
}

fn find(spans: &[(String, Span)], kind: SpanKind, name: &str) -> Vec<Span> {
    let found = spans
        .iter()
        .filter(|(_, span)| span.kind() == kind && span.name == name);
    found.map(|(_, span)| span.clone()).collect()
}

/// Mints and calls within the agent's trace; gives the mandate and the span that the upstream was told.
async fn traced_call(fixture: &Fixture<'_>, agent: &Agent) -> (String, String) {
    let traceparent = format!("00-{TRACE}-{AGENT_SPAN}-01");
    let minted = fixture
        .mint_request(agent, READ, &[])
        .header("traceparent", &traceparent);
    let mandate = Reply::of(minted).await.expect(200).text_of("access_token");
    let call = fixture
        .call_request(&mandate, &Call::default())
        .header("traceparent", &traceparent);
    assert_passed(&Reply::of(call).await);
    let received = fixture.upstream.received();
    let told = received.last().and_then(|request| request.header("traceparent"));
    let told: Vec<&str> = told.expect("a parent").split('-').collect();
    assert_eq!((told[0], told[1], told[3]), ("00", TRACE, "01"));
    (mandate, told[2].to_owned())
}

/// Waits until everything of the agent's trace was exported.
async fn whole_trace(collector: &Upstream, roles_apart: bool) -> Vec<(String, Span)> {
    collector
        .until("the whole trace was exported", WITHIN, |received| {
            let spans = of_trace(received);
            find(&spans, SERVER, "GET {upstream}").len() == 1
                && find(&spans, SERVER, "POST /oauth/2/token").len() == if roles_apart { 2 } else { 1 }
        })
        .await;
    of_trace(&collector.received())
}

async fn one_trace_leads_from_the_agent_through_every_role_to_the_upstream(stack: &Stack) {
    let (collector, variables) = collector().await;
    let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
    let traced = Stack::with(stack.deployment(), &variables).await;
    let stack = &traced;
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let (mandate, sent_by) = traced_call(&fixture, &agent).await;

    let roles_apart = stack.deployment() != Deployment::Embedded;
    let spans = whole_trace(&collector, roles_apart).await;
    let names: Vec<&str> = spans.iter().map(|(_, span)| span.name.as_str()).collect();

    // Every span hangs below another one of the trace, and in the end below the agent's.
    let by_id: HashMap<&[u8], &Span> = spans
        .iter()
        .map(|(_, span)| (span.span_id.as_slice(), span))
        .collect();
    for (_, span) in &spans {
        let parent = hex::encode(&span.parent_span_id);
        let known = by_id.contains_key(span.parent_span_id.as_slice());
        assert!(
            known || parent == AGENT_SPAN,
            "{} hangs below {parent}: {names:?}",
            span.name
        );
    }
    let called = &find(&spans, SERVER, "GET {upstream}")[0];
    assert_eq!(hex::encode(&called.parent_span_id), AGENT_SPAN);
    let sent = find(&spans, CLIENT, "GET");
    assert_eq!(sent.len(), 1, "{names:?}");
    assert_eq!(hex::encode(&sent[0].span_id), sent_by, "the upstream's parent");
    assert_eq!(sent[0].parent_span_id, called.span_id);
    let exchanges = find(&spans, SpanKind::Internal, "exchange");
    assert_eq!(exchanges.len(), 2, "one minted, one was governed: {names:?}");
    if roles_apart {
        let asked = &find(&spans, CLIENT, "POST")[0];
        assert_eq!(asked.parent_span_id, called.span_id);
        assert!(
            find(&spans, SERVER, "POST /oauth/2/token")
                .iter()
                .any(|span| span.parent_span_id == asked.span_id)
        );
    }

    // Around it: routes with their units of work, and hand-overs to the bus and from it.
    collector
        .until(
            "a route, a unit of work and hand-overs were exported",
            WITHIN,
            |received| {
                let spans = exported(received);
                let any = |kind, name: &str| !find(&spans, kind, name).is_empty();
                let system = if roles_apart { "postgresql" } else { "sqlite" };
                let unit = find(&spans, CLIENT, "unit of work");
                any(SERVER, "POST /zones/{zone}/agents")
                    && unit
                        .iter()
                        .any(|span| format!("{:?}", span.attributes).contains(system))
                    && any(SpanKind::Producer, "send caracal.audit.events")
                    && any(SpanKind::Consumer, "process caracal.audit.events")
            },
        )
        .await;
    fixture.revoke(&agent).await;
    stack.stop().await;
    let received = collector.received();
    let services: Vec<String> = exported(&received)
        .into_iter()
        .map(|(service, _)| service)
        .collect();
    let expected = if roles_apart {
        "caracal-gateway"
    } else {
        "caracald"
    };
    assert!(services.iter().any(|service| service == expected), "{services:?}");

    let secrets = [
        &fixture.key,
        &fixture.application.secret,
        &stack.admin_token(),
        &agent.lifecycle,
        &mandate,
        &COLLECTOR_TOKEN.to_owned(),
    ];
    for request in &received {
        assert_eq!(request.target.path(), "/v1/traces");
        assert_eq!(request.header("authorization"), Some(COLLECTOR_TOKEN));
        let body = String::from_utf8_lossy(&request.body);
        for secret in secrets {
            assert!(!body.contains(secret.as_str()), "a secret left with a trace");
        }
        assert!(!body.contains("/tickets"), "a path left with a trace");
    }
    let log = stack.log().await;
    assert!(
        !log.contains(COLLECTOR_TOKEN),
        "the log contains the collector's token"
    );
}

async fn what_the_sampler_leaves_out_is_left_out_by_every_role(stack: &Stack) {
    let (collector, variables) = collector().await;
    let mut variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    variables.push(("OTEL_TRACES_SAMPLER", "parentbased_always_off"));
    let stack = Stack::with(stack.deployment(), &variables).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    assert_passed(&fixture.call(&mandate).await);
    let received = fixture.upstream.only();
    let told = received.header("traceparent").expect("a parent");
    assert!(told.ends_with("-00"), "{told}: nobody records it");

    // The caller wants its own to be recorded, and it alone is.
    traced_call(&fixture, &agent).await;
    whole_trace(&collector, stack.deployment() != Deployment::Embedded).await;
    stack.stop().await;
    let received = collector.received();
    let others: Vec<String> = exported(&received)
        .into_iter()
        .filter(|(_, span)| hex::encode(&span.trace_id) != TRACE)
        .map(|(service, span)| format!("{service}: {}", span.name))
        .collect();
    assert!(others.is_empty(), "{others:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_costs_traces_and_nothing_else() {
    // A port that was free a moment ago, and one that takes connections and never answers.
    let hung = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a port");
    let hung_url = format!("http://{}", hung.local_addr().expect("an address"));
    for endpoint in ["http://127.0.0.1:9", hung_url.as_str()] {
        let variables = [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint),
            ("OTEL_BSP_SCHEDULE_DELAY", "10"),
        ];
        let stack = Stack::with(Deployment::Embedded, &variables).await;
        let fixture = Fixture::set_up(&stack).await;
        let agent = fixture.agent().await;
        assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
        assert_eq!(
            stack
                .request(Role::Gateway, "GET", "/ready")
                .send()
                .await
                .expect("an answer")
                .status(),
            200
        );
        stack.stop().await;
    }
}
