//! Evidence packs of a running deployment convince two verifiers that share no code, and changed copies convince neither.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeSet, fs, path::Path};

use caracal_e2e::{Deployment, Role, Stack};
use serde_json::Value;

use crate::receipts::{audit, run_second_verifier};

#[path = "../../../audit/tests/support/tampered_pack.rs"]
mod tampered_pack;

use self::tampered_pack::{copies, files};

/// The log of a zone, and who signs it.
pub(crate) struct Log<'l> {
    pub(crate) deployed: &'l [String],
    pub(crate) witness: &'l [String],
    pub(crate) trusted: &'l str,
    pub(crate) zone: &'l str,
}

/// Requests of the events in a pack.
fn requests(pack: &[u8]) -> BTreeSet<String> {
    let files = files(pack);
    let entries = &files.iter().find(|(name, _)| name == "entries.ndjson").unwrap().1;
    let request = |line: &str| {
        let packed: Value = serde_json::from_str(line).unwrap();
        let event: Value = serde_json::from_str(packed["body"].as_str().unwrap()).unwrap();
        event["request_id"].as_str().unwrap().to_owned()
    };
    std::str::from_utf8(entries)
        .unwrap()
        .lines()
        .map(request)
        .collect()
}

/// Makes packs by the command and over HTTP as the handbook says; `request` was one of `session`.
pub(crate) async fn convince_and_cannot_be_changed(
    stack: &Stack,
    directory: &Path,
    log: &Log<'_>,
    (session, subject): (&str, &str),
    request: &str,
) {
    let path = |name: &str| directory.join(name).display().to_string();
    let (trusted, zone) = (path("pack-trusted"), log.zone);
    fs::write(&trusted, log.trusted).unwrap();
    let (of_session, of_span) = (path("session.tar"), path("span.tar"));
    let make = [
        "audit",
        "pack",
        "--zone",
        zone,
        "--session",
        session,
        "--out",
        &of_session,
    ];
    stack.caracald(&make).await.assert_good();
    stack.caracald(&make).await.assert_refused(&["--out"]);
    let span = ["--from", "2000-01-01T00:00:00Z", "--to", "2999-01-01T00:00:00Z"];
    let make = [&["audit", "pack", "--zone", zone, "--out", &of_span][..], &span].concat();
    stack.caracald(&make).await.assert_good();
    let of_subject = path("subject.tar");
    let make = [
        "audit",
        "pack",
        "--zone",
        zone,
        "--subject",
        subject,
        "--out",
        &of_subject,
    ];
    let made = stack.caracald(&make).await;
    let mut packs = vec![&of_session, &of_span];
    if stack.deployment() == Deployment::Embedded {
        made.assert_good();
        assert!(requests(&fs::read(&of_subject).unwrap()).contains(request));
        packs.push(&of_subject);
    } else {
        // The login of the Audit role may not read who holds what.
        made.assert_refused(&["authority records", "DATABASE_URL"]);
    }
    let good = fs::read(&of_session).unwrap();
    let other = fs::read(&of_span).unwrap();
    assert!(requests(&good).contains(request) && requests(&other).contains(request));
    assert!(requests(&good).len() < requests(&other).len());

    let verify = async |file: &str| {
        let verify = [
            "audit",
            "verify",
            "--pack",
            file,
            "--trust",
            &trusted,
            "--witnesses",
            "1",
        ];
        let ours = stack.caracald(&verify).await;
        let theirs = run_second_verifier("pack", Path::new(file), &[], log.deployed, log.witness);
        let said = |output: &[u8]| String::from_utf8_lossy(output).into_owned();
        let theirs = (theirs.status.code(), said(&theirs.stdout), said(&theirs.stderr));
        (ours.code, ours.stdout.clone(), theirs)
    };
    for file in packs {
        let (code, said, theirs) = verify(file).await;
        assert_eq!((code, theirs.0), (Some(0), Some(0)), "{said} {theirs:?}");
        assert!(said.contains("the pack holds: "), "{said}");
        assert!(theirs.1.contains("holds: "), "{theirs:?}");
    }
    let answered = stack.request(
        Role::Audit,
        "GET",
        &format!("/api/audit/logs/{zone}/pack?session_id={session}"),
    );
    let answered = answered
        .bearer_auth(stack.secret("auditAdminToken"))
        .send()
        .await
        .unwrap();
    let answered = answered.bytes().await.unwrap();
    fs::write(path("answered.tar"), &answered).unwrap();
    let (code, said, theirs) = verify(&path("answered.tar")).await;
    assert_eq!((code, theirs.0), (Some(0), Some(0)), "{said} {theirs:?}");
    assert_eq!(requests(&answered), requests(&good));
    let refused = audit(stack, &format!("/api/audit/logs/{zone}/pack")).await;
    assert_eq!(refused.status, 400);

    for (what, copy) in copies(&good, &other) {
        let file = path("copy.tar");
        fs::write(&file, copy).unwrap();
        let (code, said, theirs) = verify(&file).await;
        assert_eq!(code, Some(1), "{what}: {said}");
        assert_eq!(theirs.0, Some(1), "{what}: {theirs:?}");
        assert!(said.contains("DOES NOT HOLD"), "{what}: {said}");
        assert!(theirs.2.contains("does not hold"), "{what}: {theirs:?}");
    }
}
