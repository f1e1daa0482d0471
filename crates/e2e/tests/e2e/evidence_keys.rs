//! The keys of evidence and of events are changed twice, one process after the other, while governed calls go on.

use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use caracal_e2e::{Agent, Call, Deployment, Fixture, READ, Reply, Role, Stack};
use serde_json::Value;

use crate::{
    key_rotation::{key, write},
    tampering::{VERIFY, report},
};

/// Environment, file among the secrets, and what tells keys of one purpose from those of the other.
const CHANGED: [(&str, &str, u8); 2] = [
    ("AUDIT_HMAC_KEY", "auditHmacKey", 10),
    ("STREAMS_HMAC_KEY", "streamsHmacKey", 100),
];

/// What is still needed of the previous keys: the gauges of every process.
async fn left(stack: &Stack) -> Option<f64> {
    let mut left = 0.0;
    for role in Role::ALL {
        let request = stack.request(role, "GET", "/metrics");
        let text = Reply::attempt(request.bearer_auth(stack.metrics_bearer()))
            .await?
            .text;
        let value = |name: &str| {
            let line = text.lines().find(|line| line.split(' ').next() == Some(name))?;
            line.rsplit(' ').next()?.parse::<f64>().ok()
        };
        if role == Role::Audit {
            left += value("caracal_audit_frames_under_previous")?;
        } else {
            left += value("caracal_events_spool_segments_under_previous")?;
        }
    }
    Some(left)
}

async fn until_nothing_is_left(stack: &Stack) {
    let wait = async {
        while left(stack).await != Some(0.0) {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), wait)
        .await
        .expect("the previous keys are not needed any more");
}

/// Ends and starts every process, one after the other.
async fn restart_one_by_one(stack: &Stack, deployment: Deployment) {
    let one = [Role::Sts];
    let processes: &[Role] = match deployment {
        Deployment::Embedded => &one,
        _ => &Role::ALL,
    };
    for role in processes {
        stack.terminate(*role).await;
        stack.revive().await;
    }
}

/// Calls until `done`; keeps the request ids of those that went through. Those that meet a restart may fail.
async fn calls(fixture: &Fixture<'_>, agent: &Agent, done: &Cell<bool>, passed: &RefCell<Vec<String>>) {
    let mut number = 0;
    while !done.get() {
        number += 1;
        let id = format!("call-{number}");
        let minted = Reply::attempt(fixture.mint_request(agent, READ, &[])).await;
        if let Some(minted) = minted.filter(|reply| reply.status == 200) {
            let call = Call {
                request_id: Some(&id),
                ..Call::default()
            };
            let request = fixture.call_request(&minted.text_of("access_token"), &call);
            if Reply::attempt(request)
                .await
                .is_some_and(|reply| reply.status == 200)
            {
                passed.borrow_mut().push(id);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Waits for calls that go through after this moment.
async fn until_calls_pass(passed: &RefCell<Vec<String>>) {
    let enough = passed.borrow().len() + 5;
    let wait = async {
        while passed.borrow().len() < enough {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), wait)
        .await
        .expect("calls go through");
}

async fn two_rotations(deployment: Deployment) {
    let keys = tempfile::tempdir().expect("a directory for keys");
    let previous = |name: &str| keys.path().join(name);
    for (_, name, seed) in CHANGED {
        write(&previous(name), &key(seed));
    }
    let files: Vec<(String, String)> = CHANGED
        .iter()
        .map(|(variable, name, _)| {
            (
                format!("{variable}_PREVIOUS_FILE"),
                previous(name).display().to_string(),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, path)| (name.as_str(), path.as_str()))
        .collect();
    let stack = Stack::with(deployment, &files).await;
    let fixture = Fixture::set_up(&stack).await;
    let agent = fixture.agent().await;
    let (done, passed) = (Cell::new(false), RefCell::default());
    let first = stack.secret("auditHmacKey");
    let mut audit_keys = vec![first];

    let change = async {
        for round in 1..=2_u8 {
            let old = CHANGED.map(|(_, name, _)| stack.secret(name));
            // The new key verifies everywhere before it signs anywhere, and the old one after it signs nowhere.
            for (_, name, seed) in CHANGED {
                write(&previous(name), &key(seed + round));
            }
            restart_one_by_one(&stack, deployment).await;
            until_calls_pass(&passed).await;
            for ((_, name, seed), old) in CHANGED.iter().zip(&old) {
                write(&previous(name), old);
                write(&stack.home().join("secrets").join(name), &key(seed + round));
            }
            restart_one_by_one(&stack, deployment).await;
            until_calls_pass(&passed).await;
            until_nothing_is_left(&stack).await;
            // Dropped: another one stands in their place.
            for (_, name, seed) in CHANGED {
                write(&previous(name), &key(seed + 20 + round));
            }
            restart_one_by_one(&stack, deployment).await;
            until_calls_pass(&passed).await;
            audit_keys.push(stack.secret("auditHmacKey"));
        }
        done.set(true);
    };
    tokio::join!(change, calls(&fixture, &agent, &done, &passed));

    let passed = passed.into_inner();
    for id in &passed {
        fixture.zone.events_of(id, |events| events.len() >= 2).await;
    }
    let operator = stack.secret("auditAdminToken");
    let letters = stack
        .request(Role::Audit, "GET", "/api/audit/dlq")
        .bearer_auth(operator);
    let letters = Reply::of(letters).await.expect(200);
    assert_eq!(letters.json["entries"], Value::Array(Vec::new()), "{letters:#?}");
    let log = stack.log().await;
    for lost in ["without a valid signature", "to quarantine", "put aside"] {
        assert!(!log.contains(lost), "{lost}: {log}");
    }
    // An export has them all, and names no zone that is not there.
    let exported = stack
        .caracald(&["audit", "export", "--zone", fixture.zone.id.as_str()])
        .await;
    for id in &passed {
        let events = exported
            .assert_good()
            .stdout
            .lines()
            .filter(|line| line.contains(&format!("\"{id}\"")));
        assert!(events.count() >= 2, "{id}");
    }
    let nowhere = stack.caracald(&["audit", "export", "--zone", "nowhere"]).await;
    nowhere.assert_refused(&["no entry of zone nowhere"]);
    // Links of the chains stay as they are: whoever verifies them has the keys of their time.
    let without = stack.caracald(&VERIFY).await;
    assert_eq!(report(&without)["holds"], false, "{without:#?}");
    audit_keys.pop();
    write(&previous("auditHmacKey"), &audit_keys.join(","));
    let verified = stack.caracald(&VERIFY).await;
    assert_eq!(report(verified.assert_good())["holds"], true, "{verified:#?}");
}

#[tokio::test]
async fn two_full_rotations_of_the_keys_of_evidence_lose_and_refuse_nothing_embedded() {
    two_rotations(Deployment::Embedded).await;
}

#[tokio::test]
async fn two_full_rotations_of_the_keys_of_evidence_lose_and_refuse_nothing_production() {
    two_rotations(Deployment::Production).await;
}
