//! Many strangers at many addresses, and whoever is signed in among them.

use caracal_core::entity::AccountRole;
use caracal_testkit::{crowd::Crowd, parts::Backends};

use crate::{fixture::Fixture, ledger::TOKEN};

#[tokio::test]
async fn however_many_strangers_ask_and_stay_whoever_is_proved_is_answered() {
    let ledger = Fixture::over(Backends::Embedded, None, Vec::new()).await.ledger;
    let auditor = ledger.parts.sign_in(AccountRole::Auditor, None).await;
    let guesses = "POST /api/audit/dlq/replay HTTP/1.1\r\nHost: audit\r\nAuthorization: Bearer ccs_nobody\r\n\
                   Content-Length: 2\r\n\r\n{}";
    let crowd = Crowd::around(caracal_audit::router(ledger.deps.clone()).into(), guesses).await;
    for token in [TOKEN, &auditor] {
        let request =
            format!("GET /api/audit/keys HTTP/1.1\r\nHost: audit\r\nAuthorization: Bearer {token}\r\n\r\n");
        assert_eq!(crowd.answers(&request).await, [200; 20]);
    }
}
