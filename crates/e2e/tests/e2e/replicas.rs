//! Two of each on the call's path: what is changed through the API holds at all of them.

use std::{collections::BTreeSet, process::Stdio, time::Duration};

use caracal_e2e::{
    Call, Document, Fixture, KEY_HEADER, READ, Reply, Role, Stack, checkout, in_production, token::Token,
};
use futures_util::future::join_all;
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    process::Command,
};

use crate::{
    published_clients::python,
    support::{Untouched, assert_passed, within_a_minute},
};

in_production!(
    an_activation_reaches_all_four,
    a_revocation_reaches_all_four,
    a_rotated_signing_key_reaches_all_four,
    rotated_secrets_reach_all_four,
    a_mandate_presented_to_both_gateways_at_once_passes_once,
    what_a_killed_process_of_the_ledger_had_read_is_kept_by_another,
    the_published_revocation_consumers_follow_our_streams,
);

/// Calls acknowledged before one of two processes of the ledger is killed, and after.
const CALLS: usize = 60;

async fn what_a_killed_process_of_the_ledger_had_read_is_kept_by_another(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let first = stack.url(Role::Audit);
    stack.replicate(Role::Audit, &[]).await;
    let call = async |number: usize| {
        let id = format!("call-{number}");
        let call = Call {
            request_id: Some(&id),
            ..Call::default()
        };
        let mandate = fixture.mandate(&agent, READ).await;
        assert_passed(&fixture.call_with(&mandate, &call).await);
    };
    let calling = async {
        for number in 0..2 * CALLS {
            call(number).await;
        }
    };
    let killing = async {
        fixture
            .upstream
            .until("half of the calls", Duration::from_mins(1), |seen| {
                seen.len() >= CALLS
            })
            .await;
        stack.kill_at(&first).await;
    };
    tokio::join!(calling, killing);
    // What the killed one had in hand is taken over once it stood idle for a while.
    let mut ledger = Vec::new();
    within_a_minute("every outcome is on record", async || {
        ledger = fixture.zone.ledger().await;
        let outcomes = ledger
            .iter()
            .filter(|event| event["event_type"] == "gateway_resource_request");
        outcomes.count() == 2 * CALLS
    })
    .await;
    let ids: BTreeSet<&str> = ledger
        .iter()
        .map(|event| event["id"].as_str().expect("an id"))
        .collect();
    assert_eq!(ids.len(), ledger.len(), "nothing is on record twice");
}

/// An STS and the Gateway that asks it.
#[derive(Debug, Clone)]
struct Pair {
    sts: String,
    gateway: String,
}

/// The pair there is, and another.
async fn pairs(stack: &Stack) -> [Pair; 2] {
    let first = Pair {
        sts: stack.url(Role::Sts),
        gateway: stack.url(Role::Gateway),
    };
    let sts = stack.replicate(Role::Sts, &[]).await;
    let gateway = stack.replicate(Role::Gateway, &[("STS_URL", &sts)]).await;
    [first, Pair { sts, gateway }]
}

/// Points every request that follows to this pair.
fn towards(stack: &Stack, pair: &Pair) {
    stack.point(Role::Sts, &pair.sts);
    stack.point(Role::Gateway, &pair.gateway);
}

/// A mandate of each STS, so that every process has the zone in memory.
async fn mandates(fixture: &Fixture<'_>, pairs: &[Pair], agent: &caracal_e2e::Agent) -> Vec<String> {
    let mut held = Vec::new();
    for pair in pairs {
        towards(fixture.zone.stack, pair);
        // An answer waits for replicas only so long; one that is late hears of the policy all the same.
        within_a_minute("the STS has the policy", async || {
            fixture.mint(agent, READ).await.status == 200
        })
        .await;
        assert_passed(&fixture.call(&fixture.mandate(agent, READ).await).await);
        held.push(fixture.mandate(agent, READ).await);
    }
    held
}

async fn an_activation_reaches_all_four(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let pairs = pairs(stack).await;
    let agent = fixture.agent().await;
    for _ in 0..3 {
        let held = mandates(&fixture, &pairs, &agent).await;
        let nothing = Document::empty()
            .rule("app_ids", &json!({"desk": fixture.application.id}))
            .rule("grants", &json!({}));
        fixture.zone.activate(&[nothing.into()]).await;
        let before = fixture.upstream.requests();
        for (pair, mandate) in pairs.iter().zip(&held) {
            towards(stack, pair);
            within_a_minute("the STS heard", async || {
                fixture.mint(&agent, READ).await.status == 403
            })
            .await;
            // Its Gateway asks it, whatever the Gateway itself has heard.
            let passed = fixture.call(mandate).await.status;
            assert_eq!(passed, 403, "{pair:?} still lets through");
        }
        assert_eq!(fixture.upstream.requests(), before);
        fixture
            .zone
            .activate(&[Document::of(&fixture.application).into()])
            .await;
    }
}

async fn a_revocation_reaches_all_four(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let pairs = pairs(stack).await;
    for round in 0..6 {
        let agent = fixture.agent().await;
        let held = mandates(&fixture, &pairs, &agent).await;
        if round % 2 == 0 {
            fixture.about_session(&agent, "DELETE", "").await.expect(204);
        } else {
            fixture.revoke(&agent).await;
        }
        for (pair, mandate) in pairs.iter().zip(&held) {
            towards(stack, pair);
            within_a_minute("the STS heard", async || {
                fixture.mint(&agent, READ).await.status == 403
            })
            .await;
            let untouched = Untouched::from_now(&fixture);
            let reply = fixture.call(mandate).await;
            // A Gateway that an answer did not wait for asks its STS, which refuses too.
            if reply.status == 403 {
                reply.assert_refused(403, "access_denied", "revoked");
            } else {
                reply.assert_refused(401, "invalid_token", "session_revoked");
            }
            untouched.check();
        }
    }
}

/// Key ids that an STS publishes for the zone.
async fn published(stack: &Stack, zone: &str) -> BTreeSet<String> {
    let path = format!("/.well-known/jwks.json?zone_id={zone}");
    let document = Reply::of(stack.request(Role::Sts, "GET", &path))
        .await
        .expect(200);
    let keys = document.json["keys"].as_array().expect("keys").clone();
    keys.iter()
        .map(|key| key["kid"].as_str().expect("a key id").to_owned())
        .collect()
}

async fn a_rotated_signing_key_reaches_all_four(stack: &Stack) {
    // The keys that the second one makes sign at once.
    let ahead = [("SIGNING_KEY_PUBLISH_AHEAD", "1ms")];
    let fixture = Fixture::set_up(stack).await;
    let agent = fixture.agent().await;
    let sts = stack.replicate(Role::Sts, &ahead).await;
    let gateway = stack.replicate(Role::Gateway, &[("STS_URL", &sts)]).await;
    let first = Pair {
        sts: stack.url(Role::Sts),
        gateway: stack.url(Role::Gateway),
    };
    let pairs = [first, Pair { sts, gateway }];
    let held = mandates(&fixture, &pairs, &agent).await;

    stack.point(Role::Sts, &pairs[1].sts);
    let path = format!("/internal/zones/{}/signing-key/rotate", fixture.zone.id);
    let rotate = stack.request(Role::Sts, "POST", &path);
    assert_eq!(
        Reply::of(rotate.bearer_auth("not the token")).await.status,
        401,
        "anybody rotates"
    );
    let rotate = stack.request(Role::Sts, "POST", &path);
    let rotated = Reply::of(rotate.bearer_auth(stack.secret("stsAdminToken")))
        .await
        .expect(200);
    let kid = rotated.text_of("kid");
    // The one that answered publishes the key from its answer on; another once it has heard, which an answer waits
    // for no longer than a moment.
    let both = |keys: &BTreeSet<String>| keys.contains(&kid) && keys.len() == 2;
    towards(stack, &pairs[1]);
    let keys = published(stack, &fixture.zone.id).await;
    assert!(both(&keys), "{keys:?}");
    towards(stack, &pairs[0]);
    within_a_minute("the other STS publishes the new key", async || {
        both(&published(stack, &fixture.zone.id).await)
    })
    .await;
    // What the old key signed is good for as long as it says, at both.
    for (pair, mandate) in pairs.iter().zip(&held) {
        towards(stack, pair);
        assert_passed(&fixture.call(mandate).await);
    }
    // The new key signs once its time has come and the zone was read again; any change in it does that.
    fixture
        .zone
        .activate(&[Document::of(&fixture.application).into()])
        .await;
    for signing in &pairs {
        within_a_minute("the new key signs", async || {
            let mut new = true;
            for verifying in &pairs {
                stack.point(Role::Sts, &signing.sts);
                stack.point(Role::Gateway, &verifying.gateway);
                let mandate = fixture.mandate(&agent, READ).await;
                new &= Token::parse(&mandate).header["kid"] == json!(kid);
                // Whichever key signed: a Gateway that has not heard of it asks, and no call fails.
                assert_passed(&fixture.call(&mandate).await);
            }
            new
        })
        .await;
    }
}

async fn rotated_secrets_reach_all_four(stack: &Stack) {
    let mut fixture = Fixture::set_up(stack).await;
    let pairs = pairs(stack).await;
    let agent = fixture.agent().await;
    mandates(&fixture, &pairs, &agent).await;

    // The application's.
    let path = format!("/applications/{}/rotate-secret", fixture.application.id);
    let rotated = fixture.zone.admin("POST", &path, None).await.expect(200);
    let old = std::mem::replace(&mut fixture.application.secret, rotated.text_of("client_secret"));
    let new = fixture.application.secret.clone();
    for pair in &pairs {
        towards(stack, pair);
        fixture.application.secret.clone_from(&old);
        within_a_minute("the STS heard", async || {
            fixture.mint(&agent, READ).await.status != 200
        })
        .await;
        fixture
            .mint(&agent, READ)
            .await
            .assert_refused(401, "access_denied", "");
        fixture.application.secret.clone_from(&new);
        assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
    }

    // The upstream's.
    let providers = fixture.zone.admin("GET", "/providers", None).await.expect(200);
    let provider = providers.json["items"]
        .as_array()
        .or(providers.json.as_array())
        .and_then(|all| all.first())
        .and_then(|provider| provider["id"].as_str())
        .expect("a provider")
        .to_owned();
    for round in 0..3 {
        let key = format!("rotated{round}{}", uuid::Uuid::new_v4().simple());
        let config = json!({"auth_location": "header", "header_name": KEY_HEADER, "api_key": key});
        fixture
            .zone
            .admin(
                "PATCH",
                &format!("/providers/{provider}"),
                Some(json!({ "config_json": config })),
            )
            .await
            .expect(200);
        for pair in &pairs {
            towards(stack, pair);
            within_a_minute("the new key is sent", async || {
                assert_passed(&fixture.call(&fixture.mandate(&agent, READ).await).await);
                let received = fixture.upstream.received();
                let sent = received.last().and_then(|request| request.header(KEY_HEADER));
                sent == Some(key.as_str())
            })
            .await;
        }
    }
}

async fn a_mandate_presented_to_both_gateways_at_once_passes_once(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let pairs = pairs(stack).await;
    let agent = fixture.agent().await;
    for _ in 0..20 {
        let mandate = fixture.mandate(&agent, READ).await;
        let before = fixture.upstream.requests();
        let mut presentations = Vec::new();
        for _ in 0..4 {
            for pair in &pairs {
                stack.point(Role::Gateway, &pair.gateway);
                presentations.push(Reply::of(
                    fixture.call_request(&mandate, &caracal_e2e::Call::default()),
                ));
            }
        }
        let answers = join_all(presentations).await;
        let passed = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(passed, 1, "{answers:#?}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.assert_refused(401, "invalid_token", "token_replay");
        }
        assert_eq!(fixture.upstream.requests(), before + 1);
    }
}

async fn the_published_revocation_consumers_follow_our_streams(stack: &Stack) {
    let fixture = Fixture::set_up(stack).await;
    let (ended, revoked, spared) = (
        fixture.agent().await,
        fixture.agent().await,
        fixture.agent().await,
    );
    let python = tokio::task::spawn_blocking(python).await.expect("a Python");
    let mut consumer = Command::new(python)
        .arg(checkout().join("e2e/production/published_revocation.py"))
        .arg(stack.production().redis_url())
        .arg(stack.home().join("secrets/streamsHmacKey"))
        .arg(&fixture.zone.id)
        .args([&ended.session, &revoked.delegation])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("python runs");
    let mut output = BufReader::new(consumer.stdout.take().expect("piped")).lines();
    let mut told = String::new();
    let followed = tokio::time::timeout(Duration::from_mins(1), output.next_line()).await;
    if !matches!(&followed, Ok(Ok(Some(line))) if line == "following") {
        let mut errors = consumer.stderr.take().expect("piped");
        let _read = errors.read_to_string(&mut told).await;
        panic!("it does not follow: {followed:?} {told}");
    }
    fixture.about_session(&ended, "DELETE", "").await.expect(204);
    fixture.revoke(&revoked).await;
    let finished = consumer.wait_with_output().await.expect("it ends");
    assert!(
        finished.status.success(),
        "{}",
        String::from_utf8_lossy(&finished.stderr)
    );
    assert_passed(&fixture.call(&fixture.mandate(&spared, READ).await).await);
}
