//! Requests that are wrong in themselves, whatever the mandate.

use std::collections::BTreeSet;

use caracal_e2e::{
    Call, Fixture, OTHER, READ, RawReply, Reply, Role, Stack, TICKETS, on_every_deployment, raw,
};
use caracal_testkit::upstream::Answer;
use reqwest::StatusCode;

use crate::support::{Untouched, assert_passed};

on_every_deployment!(
    a_path_that_leads_out_is_refused_in_every_spelling,
    a_head_that_is_too_large_is_refused,
    a_body_that_is_too_large_is_refused,
    a_caller_does_not_name_its_own_client,
    a_request_without_bearer_or_resource_is_refused,
    an_ambiguous_request_is_refused,
    hop_and_identity_headers_do_not_reach_the_upstream,
    every_refusal_of_a_call_whose_mandate_is_good_comes_in_the_envelope,
);

/// A request as bytes; `target` and the further header lines exactly as given.
async fn send(fixture: &Fixture<'_>, method: &str, target: &str, mandate: &str, lines: &str) -> RawReply {
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nAuthorization: Bearer {mandate}\r\n\
         X-Caracal-Resource: {TICKETS}\r\n{lines}\r\n"
    );
    raw(&fixture.zone.stack.url(Role::Gateway), request.as_bytes()).await
}

async fn a_path_that_leads_out_is_refused_in_every_spelling(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let untouched = Untouched::from_now(&fixture);
    for target in [
        "/../tickets",
        "/tickets/..",
        "/x/../tickets",
        "/./tickets",
        "/%2e%2e/tickets",
        "/%2E%2E/tickets",
        "/.%2e/tickets",
        "/%2e/tickets",
        "/x%2f..%2ftickets",
        "/%252e%252e/tickets",
        "/%25252e%25252e/tickets",
        "/..%5ctickets",
        "/..%5Ctickets",
        "/x%5c..%5ctickets",
        "/%255c..%255ctickets",
        "/x/..;/tickets",
        "/x/..%3b/tickets",
        "/%c0%ae%c0%ae/tickets",
        "/%u002e%u002e/tickets",
        "/tickets%00",
        "/tickets%0d%0aX-Injected:%20yes",
        "/tickets%",
    ] {
        let reply = send(&fixture, "GET", target, &mandate, "").await;
        assert_eq!(reply.status, 400, "{target}: {}", reply.text);
        assert!(
            reply.text.contains("invalid_token") && reply.text.contains("path_traversal"),
            "{}",
            reply.text
        );
    }
    // A backslash as such is no character of a request target (RFC 9112 §3.2); whoever refuses it, it goes no further.
    let reply = send(&fixture, "GET", "/..\\tickets", &mandate, "").await;
    assert_eq!(reply.status, 400, "{}", reply.text);
    untouched.check();
    // The caller's mistakes have not cost the mandate.
    assert_passed(&fixture.call(&mandate).await);
}

async fn a_head_that_is_too_large_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let untouched = Untouched::from_now(&fixture);
    let line = format!("X-Padding: {}\r\n", "x".repeat(20 * 1024));
    let reply = send(&fixture, "GET", "/tickets", &mandate, &line).await;
    assert_eq!(reply.status, 431, "{}", reply.text);
    let many: Vec<String> = (0..150)
        .map(|number| format!("X-Padding-{number}: {}\r\n", "x".repeat(150)))
        .collect();
    let reply = send(&fixture, "GET", "/tickets", &mandate, &many.concat()).await;
    assert_eq!(reply.status, 431, "{}", reply.text);
    untouched.check();
    for role in [Role::Sts, Role::Api, Role::Coordinator] {
        let request = format!("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{line}\r\n");
        let reply = raw(&stack.url(role), request.as_bytes()).await;
        assert_eq!(reply.status, 431, "{}: {}", role.name(), reply.text);
    }
    assert_passed(&fixture.call(&mandate).await);
}

async fn a_body_that_is_too_large_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, "tickets:write").await;
    let untouched = Untouched::from_now(&fixture);
    // The default limit is 10 MiB; the announcement alone is refused, so that nothing needs to be sent.
    let line = format!("Content-Length: {}\r\n", 10 * 1024 * 1024 + 1);
    let reply = send(&fixture, "POST", "/tickets", &mandate, &line).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
    assert!(reply.text.contains("payload_too_large"), "{}", reply.text);
    untouched.check();
    // What is not announced is counted as it streams: the upstream never sees the end of it.
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, "x".repeat(64 * 1024));
    let mut request = format!(
        "POST /tickets HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\nAuthorization: Bearer {mandate}\r\n\
         X-Caracal-Resource: {TICKETS}\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    for _ in 0..(11 * 16) {
        request.push_str(&chunk);
    }
    request.push_str("0\r\n\r\n");
    let reply = raw(&stack.url(Role::Gateway), request.as_bytes()).await;
    assert_eq!(reply.status, 413, "{}", reply.text);
    assert!(
        fixture
            .upstream
            .received()
            .iter()
            .all(|request| !request.complete),
        "an oversize body arrived whole"
    );
    // The STS reads no more than a form needs.
    let form = format!("grant_type={}", "x".repeat(70 * 1024));
    let request = stack.request(Role::Sts, "POST", "/oauth/2/token");
    let request = request
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body(form);
    Reply::of(request)
        .await
        .assert_refused(413, "payload_too_large", "");
}

async fn a_caller_does_not_name_its_own_client(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let untouched = Untouched::from_now(&fixture);
    for name in [fixture.application.id.as_str(), "another", ""] {
        let request = fixture
            .call_request(&mandate, &Call::default())
            .header("X-Caracal-Client-ID", name);
        Reply::of(request)
            .await
            .assert_refused(400, "invalid_token", "client_id_header");
    }
    untouched.check();
    assert_passed(&fixture.call(&mandate).await);
}

async fn a_request_without_bearer_or_resource_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let untouched = Untouched::from_now(&fixture);
    let bare = || stack.request(Role::Gateway, "GET", "/tickets");
    let named = || bare().header("X-Caracal-Resource", TICKETS);
    for request in [
        named(),
        named().header("Authorization", ""),
        named().header("Authorization", "Bearer"),
        named().header("Authorization", "Bearer "),
        named().header("Authorization", format!("Basic {mandate}")),
        named().header("Authorization", mandate.as_str()),
        // Not from the query (RFC 6750 §2.3), nor from a cookie.
        stack
            .request(Role::Gateway, "GET", &format!("/tickets?access_token={mandate}"))
            .header("X-Caracal-Resource", TICKETS),
        named().header("Cookie", format!("access_token={mandate}")),
    ] {
        Reply::of(request)
            .await
            .assert_refused(401, "invalid_token", "missing_bearer");
    }
    Reply::of(bare().bearer_auth(&mandate))
        .await
        .assert_refused(400, "invalid_token", "missing_resource");
    let blank = bare().bearer_auth(&mandate).header("X-Caracal-Resource", "  ");
    Reply::of(blank)
        .await
        .assert_refused(400, "invalid_token", "missing_resource");
    untouched.check();
    assert_passed(&fixture.call(&mandate).await);
}

async fn an_ambiguous_request_is_refused(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let untouched = Untouched::from_now(&fixture);
    for lines in [
        "X-Caracal-Resource: resource://other\r\n",
        "Host: elsewhere\r\n",
        "Content-Length: 0\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ] {
        let reply = send(&fixture, "GET", "/tickets", &mandate, lines).await;
        assert_eq!(reply.status, 400, "{lines}: {}", reply.text);
    }
    for method in ["TRACE", "CONNECT"] {
        let reply = send(&fixture, method, "/tickets", &mandate, "").await;
        assert!(matches!(reply.status, 400 | 405), "{method}: {}", reply.text);
    }
    untouched.check();
    assert_passed(&fixture.call(&mandate).await);
}

async fn hop_and_identity_headers_do_not_reach_the_upstream(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let request = fixture
        .call_request(
            &mandate,
            &Call {
                request_id: Some("call-17"),
                ..Call::default()
            },
        )
        .header("X-Caracal-Anything", "1")
        .header("X-Forwarded-For", "192.0.2.1")
        .header("Forwarded", "for=192.0.2.1")
        .header("X-Api-Key", "the caller's own")
        .header("Connection", "X-Private")
        .header("X-Private", "1")
        .header("Baggage", "caracal.session=s,theirs=1")
        .header("X-Kept", "yes");
    let reply = Reply::of(request).await;
    assert_passed(&reply);
    assert_eq!(reply.headers["x-request-id"], "call-17");
    let seen = fixture.upstream.only();
    assert_eq!(seen.header("x-kept"), Some("yes"));
    assert_eq!(
        seen.header("x-api-key"),
        Some(fixture.key.as_str()),
        "the caller's value is replaced"
    );
    assert_eq!(seen.header("baggage"), Some("theirs=1"));
    assert_eq!(seen.header("x-request-id"), Some("call-17"));
    assert_ne!(
        seen.header("x-forwarded-for"),
        Some("192.0.2.1"),
        "nobody vouches for the caller's word"
    );
    for name in [
        "authorization",
        "x-caracal-anything",
        "x-caracal-resource",
        "forwarded",
        "x-private",
    ] {
        assert_eq!(seen.header(name), None, "{name}");
    }
}

async fn every_refusal_of_a_call_whose_mandate_is_good_comes_in_the_envelope(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mut seen = BTreeSet::new();
    let mut check = |reply: Reply| {
        reply.assert_enveloped();
        let reason = reply.json["reason"].as_str().unwrap_or_default();
        seen.insert((reply.status, reason.to_owned()));
    };
    // What the mandate is not for, and what is wrong with the call.
    let call = Call::default();
    for call in [
        Call {
            resource: OTHER,
            ..call
        },
        Call {
            resource: "resource://none",
            ..call
        },
        Call {
            method: "POST",
            ..call
        },
        Call {
            path: "/elsewhere",
            ..call
        },
        Call {
            path: "/x/..%2ftickets",
            ..call
        },
    ] {
        let mandate = fixture.mandate(&agent, READ).await;
        check(fixture.call_with(&mandate, &call).await);
    }
    for (name, value) in [("X-HTTP-Method-Override", "DELETE"), ("X-Caracal-Client-ID", "x")] {
        let mandate = fixture.mandate(&agent, READ).await;
        check(Reply::of(fixture.call_request(&mandate, &call).header(name, value)).await);
    }
    // What the upstream does. A safe request without a body is sent once more when its connection ends.
    fixture.upstream.next(Answer::Drop);
    fixture.upstream.next(Answer::Drop);
    check(fixture.call(&fixture.mandate(&agent, READ).await).await);
    let large = "x".repeat(70 << 10);
    fixture
        .upstream
        .next(Answer::fixed(StatusCode::OK, "").with_header("X-Large", &large));
    check(fixture.call(&fixture.mandate(&agent, READ).await).await);
    // What is over.
    let mandate = fixture.mandate(&agent, READ).await;
    assert_passed(&fixture.call(&mandate).await);
    check(fixture.call(&mandate).await);
    let mandate = fixture.mandate(&agent, READ).await;
    fixture.about_session(&agent, "DELETE", "").await.expect(204);
    check(fixture.call(&mandate).await);
    for (status, reason) in [
        (400, "path_traversal"),
        (400, "method_override"),
        (400, "client_id_header"),
        (401, "token_replay"),
        (401, "session_revoked"),
        (502, "upstream_unreachable"),
        (502, "upstream_head_too_large"),
    ] {
        assert!(
            seen.contains(&(status, reason.to_owned())),
            "no {status} {reason} among {seen:?}"
        );
    }
    assert!(seen.iter().any(|(status, _)| *status == 403), "{seen:?}");
}
