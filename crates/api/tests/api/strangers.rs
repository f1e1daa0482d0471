//! Many strangers at many addresses, and whoever is signed in among them.

use caracal_api::router;
use caracal_testkit::crowd::Crowd;

use crate::stack::{ADMIN, Stack};

#[tokio::test]
async fn however_many_strangers_ask_and_stay_whoever_is_proved_is_answered() {
    let stack = Stack::start().await;
    let zone = stack.zone("acme").await;
    let owner = stack.owner().await;
    let body = r#"{"email":"nobody@example.com","password":"a guess that is wrong"}"#;
    let guesses = format!(
        "POST /v1/zones HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer cat_nobody\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let crowd = Crowd::around(router(stack.deps.clone()).into(), &guesses).await;
    for token in [ADMIN, &owner] {
        let request = format!("GET {zone} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {token}\r\n\r\n");
        assert_eq!(crowd.answers(&request).await, [200; 20]);
    }
}
