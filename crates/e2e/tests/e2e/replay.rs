//! A mandate is used once, whoever presents it, however often, however spelt.

use std::fs;

use caracal_e2e::{
    Deployment, Fixture, READ, Reply, Stack, on_every_deployment,
    token::{Token, decode, encode, mirrored},
};
use futures_util::future::join_all;

use crate::support::{assert_call_refused, assert_passed};

on_every_deployment!(
    a_mandate_is_used_once,
    of_thirty_two_uses_at_once_one_passes,
    another_spelling_of_a_mandate_is_no_second_mandate,
);

async fn a_mandate_is_used_once(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    assert_passed(&fixture.call(&mandate).await);
    assert_call_refused(&fixture, &mandate, 401, "invalid_token", "token_replay").await;
    assert_call_refused(&fixture, &mandate, 401, "invalid_token", "token_replay").await;
}

async fn of_thirty_two_uses_at_once_one_passes(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let mandate = fixture.mandate(&agent, READ).await;
    let replies: Vec<Reply> = join_all((0..32).map(|_| fixture.call(&mandate))).await;
    let (passed, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 200);
    assert_eq!(passed.len(), 1, "{replies:#?}");
    for reply in refused {
        reply.assert_refused(401, "invalid_token", "token_replay");
    }
    fixture.upstream.only();
}

/// The same signature can be written in several ways: `(r, s)` and `(r, n - s)` both verify, and the last character
/// of base64url has bits that no byte uses. Each way is refused or counts as the same mandate.
async fn another_spelling_of_a_mandate_is_no_second_mandate(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    for used_first in [true, false] {
        let mandate = fixture.mandate(&agent, READ).await;
        let (signed, signature) = mandate.rsplit_once('.').expect("three parts");
        let mut last = signature.to_owned();
        let end = last.pop().expect("a signature");
        let loose = [
            "A", "B", "C", "D", "E", "F", "P", "Q", "R", "S", "g", "h", "w", "x", "z", "9", "_",
        ]
        .iter()
        .find(|other| **other != end.to_string())
        .expect("another character");
        let spellings = [
            format!("{signed}.{}", encode(&mirrored(&decode(signature)))),
            format!("{signed}.{last}{loose}"),
            format!("{mandate}="),
            format!("{mandate}=="),
            format!("{mandate}."),
            Token::parse(&mandate).compact(),
        ];
        let before = fixture.upstream.requests();
        if used_first {
            assert_passed(&fixture.call(&mandate).await);
        }
        for spelling in spellings {
            // At most one of all presentations gets through, whichever comes first.
            let reply = fixture.call(&spelling).await;
            assert!(matches!(reply.status, 200 | 401), "{spelling}: {reply:#?}");
        }
        if !used_first {
            fixture.call(&mandate).await;
        }
        assert_eq!(
            fixture.upstream.requests() - before,
            1,
            "one mandate, one request"
        );
    }
}

/// What a power cut may have taken from the journal of uses is not known, so what was minted before is not believed.
#[tokio::test]
async fn after_another_start_of_the_machine_no_mandate_of_before_is_believed() {
    let stack = Stack::start(Deployment::Embedded).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let (used, unused) = (
        fixture.mandate(&agent, READ).await,
        fixture.mandate(&agent, READ).await,
    );
    assert_passed(&fixture.call(&used).await);
    // The daemon alone started anew has forgotten nothing.
    stack.stop().await;
    stack.revive().await;
    assert_call_refused(&fixture, &used, 401, "invalid_token", "token_replay").await;

    stack.stop().await;
    let journal = stack.home().join("replay");
    let epoch = fs::read_to_string(journal.join("epoch")).expect("the name of the journal");
    let (_, name) = epoch.split_once('\n').expect("a run and a name");
    fs::write(journal.join("epoch"), format!("another-run\n{name}")).expect("it is written");
    for entry in fs::read_dir(&journal).expect("the journal") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "journal") {
            fs::write(path, b"").expect("it is emptied");
        }
    }
    stack.revive().await;
    for mandate in [&used, &unused] {
        assert_call_refused(&fixture, mandate, 401, "invalid_token", "replay_state_lost").await;
    }
    let fresh = fixture.mandate(&agent, READ).await;
    assert_passed(&fixture.call(&fresh).await);
    assert_call_refused(&fixture, &fresh, 401, "invalid_token", "token_replay").await;
}
