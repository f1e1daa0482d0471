//! What callers write: bounded, printable, never quoted whole and never kept.

use serde_json::{Value, json};

use crate::stack::{OPERATOR, Stack};

#[tokio::test]
async fn no_text_of_any_field_takes_control_characters_or_overrides() {
    let stack = Stack::new().await;
    let (a, b) = (stack.app().await, stack.app().await);
    let (source, target) = (stack.task(&a).await, stack.task(&b).await);
    for (raw, quoted) in [
        ("\0", "%00"),
        ("\u{1b}[31m", "%1b%5b31m"),
        ("\u{202e}x", "%e2%80%aex"),
        ("a\nb", "a%0ab"),
    ] {
        for path in [
            format!("/agents?label={quoted}"),
            format!("/agents?application_id={quoted}"),
            format!("/agents?cursor={quoted}"),
            format!("/agents/{source}/children?cursor={quoted}"),
            format!("/delegations/active?cursor={quoted}"),
            format!("/delegations/inbound/{source}?cursor={quoted}"),
            format!("/delegations/inbound/{quoted}"),
        ] {
            let answer = stack.get(&path, OPERATOR).await;
            assert_eq!(answer.status, 400, "{path}: {}", answer.body);
        }
        let ending = stack
            .delete(&format!("/agents/{source}?reason={quoted}"), &a.token)
            .await;
        assert_eq!(ending.outcome(), (400, "invalid_query"));
        let labelled = stack.start(&a, json!({"labels": [format!("l{raw}x")]})).await;
        assert_eq!(labelled.outcome(), (400, "invalid_body"));
        for (extra, code) in [
            (json!({"scopes": [format!("s{raw}")]}), "invalid_body"),
            (json!({"resource_id": format!("r{raw}x")}), "invalid_body"),
            (
                json!({"constraints": {"resources": [format!("r{raw}x")]}}),
                "invalid_resources",
            ),
            (
                json!({"constraints": {"broad_reason": format!("r{raw}x")}}),
                "invalid_broad_reason",
            ),
        ] {
            let answer = stack.delegate((&a, &source), (&b, &target), extra.clone()).await;
            assert_eq!(answer.outcome(), (400, code), "{extra}");
        }
    }
    // A cursor of the right form around a wrong id.
    let forged = "eyJ0cyI6MSwiaWQiOiJhXHUwMDAwYiJ9";
    let answer = stack.get(&format!("/agents?cursor={forged}"), OPERATOR).await;
    assert_eq!(answer.outcome(), (400, "invalid_cursor"));
}

#[tokio::test]
async fn refused_values_are_shown_in_excerpts_and_kept_nowhere() {
    let stack = Stack::new().await;
    let (a, b) = (stack.app().await, stack.app().await);
    let (source, target) = (stack.task(&a).await, stack.task(&b).await);
    let secret = "s3cret".repeat(20_000);
    let scope = |n: usize| format!("s3cret:{n}:{}", "x".repeat(200));
    let scopes: Vec<String> = (0..200).map(scope).collect();
    stack.parts.new_events().await;
    let mut answers = vec![
        stack.start(&a, json!({"lifecycle": secret})).await,
        stack.start(&a, json!({"labels": [secret]})).await,
        stack.start(&a, json!({"ttl_seconds": secret})).await,
        stack.start(&a, json!({"metadata": secret})).await,
        stack
            .get(&format!("/agents?status={}", &secret[..2000]), &a.token)
            .await,
    ];
    for extra in [
        json!({"scopes": scopes}),
        json!({"resource_id": &secret[..2000]}),
        json!({"expires_at": secret}),
        json!({"constraints": {secret.as_str(): 1}}),
        json!({"constraints": {"resources": [&secret[..2000]]}}),
    ] {
        answers.push(stack.delegate((&a, &source), (&b, &target), extra).await);
    }
    for answer in answers {
        assert!(answer.status.is_client_error(), "{}", answer.status);
        let text = answer.body.to_string();
        assert!(text.len() < 8_000, "{} bytes: {}", text.len(), &text[..400]);
        assert!(!text.contains(&"s3cret".repeat(20)), "{text}");
        assert!(!text.contains(&"x".repeat(100)), "{text}");
    }
    let events = stack.parts.new_events().await;
    let denied: Vec<Value> = events
        .iter()
        .filter(|event| event.decision == "deny")
        .map(|event| serde_json::to_value(event).unwrap())
        .collect();
    assert!(denied.len() >= 9, "{}", denied.len());
    for event in denied {
        let text = event.to_string();
        assert!(!text.contains("s3cret"), "{text}");
        assert!(text.len() < 2_500, "{text}");
    }
}
