//! Codes by e-mail: whom they let in, and what strangers learn of them.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use caracal_api::{ApiDeps, MailConfig, Mailer, router};
use caracal_core::{Secret, World};
use caracal_service::egress::{Egress, EgressPolicy};
use caracal_storage::Access;
use caracal_testkit::client::{Answer, Client};
use http::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use crate::stack::Stack;

/// A Control API whose mail lies in a directory.
struct Post {
    stack: Stack,
    client: Client,
    directory: TempDir,
    tasks: TaskTracker,
}

impl Post {
    async fn start() -> Self {
        let stack = Stack::start().await;
        let directory = tempfile::tempdir().unwrap();
        let tasks = TaskTracker::new();
        let config = MailConfig::Directory(directory.path().to_owned());
        let world = stack.parts.world.clone();
        let mailer = Mailer::new(config, "Caracal <caracal@example.com>", world, tasks.clone()).unwrap();
        let deps = ApiDeps {
            mailer: Some(Arc::new(mailer)),
            ..stack.deps.clone()
        };
        let client = stack.parts.client("api", router(deps));
        Self {
            stack,
            client,
            directory,
            tasks,
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let call = self.client.call(Method::POST, path);
        call.json(body).send().await
    }

    async fn begin(&self, email: &str) -> Answer {
        self.post("/v1/console/email-code/begin", &json!({"email": email}))
            .await
    }

    async fn finish(&self, begun: &Answer, email: &str, code: &str) -> Answer {
        let (browser, state) = (begun.text("browser"), begun.text("state"));
        let body = json!({"browser": browser, "state": state, "email": email, "code": code});
        self.post("/v1/console/email-code/finish", &body).await
    }

    /// Every mail that was sent so far: nothing is under way any more.
    async fn mails(&self) -> BTreeSet<String> {
        self.tasks.close();
        self.tasks.wait().await;
        self.tasks.reopen();
        read(self.directory.path())
    }

    /// Begins, and reads the code of the mail that came.
    async fn code(&self, email: &str) -> (Answer, String) {
        let before = self.mails().await;
        let begun = self.begin(email).await.expect(200);
        let after = self.mails().await;
        let mail = after.difference(&before).next().expect("a mail");
        assert!(mail.contains(&format!("To: <{email}>")), "{mail}");
        let (_, code) = mail.split_once("code for Caracal is ").expect("a code");
        (begun, code.chars().take(8).collect())
    }
}

fn read(directory: &Path) -> BTreeSet<String> {
    let files = std::fs::read_dir(directory).unwrap();
    files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect()
}

/// A code that is not this one.
fn other(code: &str) -> String {
    let last = if code.ends_with('0') { '1' } else { '0' };
    let kept: String = code.chars().take(7).collect();
    format!("{kept}{last}")
}

#[tokio::test]
async fn a_code_signs_in_once_in_its_browser_for_its_address_and_within_ten_minutes() {
    let post = Post::start().await;
    post.stack.account("ada@example.com", "auditor", None).await;
    post.stack.account("bob@example.com", "owner", None).await;
    let (begun, code) = post.code("ada@example.com").await;
    assert_eq!(code.len(), 8);
    let (elsewhere, _) = post.code("ada@example.com").await;

    for (begun, email, code) in [
        (&begun, "ada@example.com", other(&code)),
        (&elsewhere, "ada@example.com", code.clone()),
        (&begun, "bob@example.com", code.clone()),
        (&begun, "ada@example.com", String::from("0")),
    ] {
        let refused = post.finish(begun, email, &code).await;
        assert_eq!(refused.outcome(), (401, "sign_in_refused"), "{email}");
    }
    // A blank that somebody typed is no mistake.
    let (one, two) = code.split_at(4);
    let signed_in = post
        .finish(&begun, "Ada@Example.com", &format!("{one} {two}"))
        .await;
    assert_eq!(signed_in.expect(200)["account"]["email"], "ada@example.com");
    let again = post.finish(&begun, "ada@example.com", &code).await;
    assert_eq!(again.outcome(), (400, "sign_in_expired"), "once");

    let (late, code) = post.code("ada@example.com").await;
    let clock = post.stack.parts.world.manual_clock();
    clock.advance(Duration::from_mins(10));
    let expired = post.finish(&late, "ada@example.com", &code).await;
    assert_eq!(expired.outcome(), (400, "sign_in_expired"));
}

#[tokio::test]
async fn five_tries_are_all_there_are_even_for_the_right_code() {
    let post = Post::start().await;
    post.stack.account("ada@example.com", "auditor", None).await;
    let (begun, code) = post.code("ada@example.com").await;
    for _ in 0..5 {
        let refused = post.finish(&begun, "ada@example.com", &other(&code)).await;
        assert_eq!(refused.outcome(), (401, "sign_in_refused"));
    }
    let over = post.finish(&begun, "ada@example.com", &code).await;
    assert_eq!(over.outcome(), (400, "sign_in_expired"));
}

#[tokio::test]
async fn of_two_who_present_a_code_at_once_one_is_signed_in() {
    let post = Post::start().await;
    post.stack.account("ada@example.com", "auditor", None).await;
    let (begun, code) = post.code("ada@example.com").await;
    let (one, two) = tokio::join!(
        post.finish(&begun, "ada@example.com", &code),
        post.finish(&begun, "ada@example.com", &code)
    );
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
}

#[tokio::test]
async fn a_stranger_learns_nothing_of_an_address_and_keeps_nobody_out() {
    let post = Post::start().await;
    let owner = post.stack.owner().await;
    assert!(owner.starts_with("ccs_"));
    let body = json!({"email": "owner@example.com", "password": crate::stack::PASSWORD});
    let signed_in = post.post("/v1/console/sign-in", &body).await.expect(200);
    let members = |answer: &Answer| -> Vec<String> {
        let object = answer.body.as_object().unwrap();
        object.keys().cloned().collect()
    };
    let mut told = Vec::new();
    for email in ["owner@example.com", "nobody@example.com"] {
        let mut of_address = Vec::new();
        for _ in 0..7 {
            let answer = post.begin(email).await;
            let waits = answer.headers.contains_key("retry-after");
            of_address.push((answer.status, answer.code().to_owned(), members(&answer), waits));
        }
        told.push(of_address);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0][4].0, 200);
    assert_eq!(
        (told[0][5].0.as_u16(), told[0][5].1.as_str()),
        (429, "rate_limited")
    );
    let mails = post.mails().await;
    assert_eq!(mails.len(), 5);
    assert!(mails.iter().all(|mail| mail.contains("To: <owner@example.com>")));

    // The holder's own browser goes on, with a number of its own.
    let body = json!({"email": "owner@example.com", "device": signed_in.text("device")});
    post.post("/v1/console/email-code/begin", &body).await.expect(200);
    assert_eq!(post.mails().await.len(), 6);
    // And a mark of a browser that is made up is none.
    let body = json!({"email": "owner@example.com", "device": "AAAAAAAAAAAAAAAAAAAAAA.AAAA"});
    let refused = post.post("/v1/console/email-code/begin", &body).await;
    assert_eq!(refused.outcome(), (429, "rate_limited"));
}

#[tokio::test]
async fn whoever_is_locked_or_let_in_by_claims_gets_no_code_and_one_that_came_is_worth_nothing() {
    let post = Post::start().await;
    post.stack.account("ada@example.com", "auditor", None).await;
    post.stack.account("claims@example.com", "auditor", None).await;
    let (begun, code) = post.code("ada@example.com").await;
    let mut work = post.stack.parts.store.global(Access::Write).await.unwrap();
    for email in ["ada@example.com", "claims@example.com"] {
        let mut account = work.accounts().of_email(email).await.unwrap().unwrap();
        if email == "ada@example.com" {
            account.locked_at = Some(account.created_at);
            work.accounts().update(&account).await.unwrap();
        } else {
            work.accounts().delete(&account.id).await.unwrap();
            account.created_by = String::from("single-sign-on:https://idp.example");
            account.password = None;
            work.accounts().create(&account).await.unwrap();
        }
    }
    work.commit().await.unwrap();
    let refused = post.finish(&begun, "ada@example.com", &code).await;
    assert_eq!(refused.outcome(), (401, "sign_in_refused"));
    for email in ["ada@example.com", "claims@example.com"] {
        post.begin(email).await.expect(200);
    }
    assert_eq!(post.mails().await.len(), 1);
}

#[tokio::test]
async fn without_mail_there_are_no_codes_and_the_page_is_told_so() {
    let stack = Stack::start().await;
    let setup = stack
        .call(None, &[], Method::GET, "/v1/console/setup", None)
        .await;
    assert_eq!(setup.expect(200)["email_codes"], false);
    let body = json!({"email": "ada@example.com"});
    let path = "/v1/console/email-code/begin";
    let refused = stack.call(None, &[], Method::POST, path, Some(&body)).await;
    assert_eq!(refused.code(), "sign_in_way_not_configured");
}

#[tokio::test]
async fn a_server_that_cannot_be_used_is_found_at_the_start_without_its_password() {
    let made = |url: &str, sender: &str| {
        let tls = Egress::new(EgressPolicy::default()).tls();
        let config = MailConfig::Server {
            url: Secret::new(url),
            tls,
        };
        Mailer::new(config, sender, World::for_tests(), TaskTracker::new())
    };
    assert!(made("smtps://user:se%40cret@mail.example.com", "a@example.com").is_ok());
    assert!(made("smtp://mail.example.com:2525", "A <a@example.com>").is_ok());
    for (url, sender) in [
        ("ftp://user:secret@mail.example.com", "a@example.com"),
        ("smtps://user:secret@", "a@example.com"),
        ("smtps://secret@mail.example.com", "a@example.com"),
        ("smtp://user:secret@mail.example.com?tls=none", "a@example.com"),
        ("secret", "a@example.com"),
        ("smtps://user:secret@mail.example.com", "nobody"),
    ] {
        let error = made(url, sender).expect_err(url);
        let text = caracal_service::error_chain(&error);
        assert!(!text.contains("secret"), "{text}");
    }
}
