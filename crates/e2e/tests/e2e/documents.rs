//! Every role does what its own OpenAPI document says, whoever asks: `e2e/documents/fuzz.py` asks.

use std::{path::PathBuf, process::Command, time::Duration};

use caracal_e2e::{Deployment, Stack, checkout};
use serde_json::json;

use crate::{published_clients::python, receipts::watching};

/// Longest run of one role, in the form of CI, on a machine that does ten other things; the long form takes as long as it
/// takes.
const LIMIT: Duration = Duration::from_mins(40);
/// Says how much is asked: the long form (`make schema-fuzz`).
const EXAMPLES: &str = "CARACAL_FUZZ_EXAMPLES";

/// The questions come from one address and one principal, and are no attack. Metrics are closed, as in production.
const UNLIMITED: [(&str, &str); 6] = [
    ("METRICS_BEARER", "a-bearer-of-metrics-for-these-tests"),
    ("API_V1_RATE_LIMIT_PER_MIN", "0"),
    ("ADMIN_AUTH_FAIL_LIMIT_PER_MIN", "0"),
    ("STS_STRANGER_LIMIT_PER_MIN", "0"),
    ("COORDINATOR_RATE_LIMIT_PER_MIN", "0"),
    ("COORDINATOR_UNAUTHENTICATED_RATE_LIMIT_PER_MIN", "0"),
];

async fn answers_as_its_document_says(
    deployment: Deployment,
    role: &'static str,
    bounded: &'static [&'static str],
) {
    let stack = Stack::with(deployment, &UNLIMITED).await;
    ask(stack.home().to_owned(), role, bounded).await;
    stack.stop().await;
}

/// Asks the role that listens where `endpoints.json` in `home` says.
async fn ask(home: PathBuf, role: &'static str, bounded: &'static [&'static str]) {
    let long = std::env::var_os(EXAMPLES);
    let limit = if long.is_some() { Duration::MAX } else { LIMIT };
    let run = tokio::task::spawn_blocking(move || {
        let mut command = Command::new(python());
        command.arg(checkout().join("e2e/documents/fuzz.py")).arg(role);
        match long {
            Some(examples) => command.arg("--examples").arg(examples),
            None => command.args(bounded),
        };
        let command = command
            .env("CARACAL_HOME", home)
            .env("PYTHONDONTWRITEBYTECODE", "1");
        command.output().expect("python runs")
    });
    let output = tokio::time::timeout(limit, run)
        .await
        .expect("it ends")
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout);
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{failed}");
    println!("{told}");
}

/// The witness stands alone: nobody proves who they are, so there is one kind of caller.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_witness_answers_as_its_document_says() {
    let directory = tempfile::tempdir().unwrap();
    let witness = watching(directory.path()).await;
    let endpoints = json!({ "witness": witness.url });
    std::fs::write(directory.path().join("endpoints.json"), endpoints.to_string()).unwrap();
    ask(directory.path().to_owned(), "witness", &["--examples", "8"]).await;
}

/// One test per role and deployment. The embedded one is asked everything, the other what a database may answer
/// differently.
macro_rules! documents {
    ($($test:ident $role:literal;)+) => {
        mod embedded {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let asked = &["--examples", "4"];
                    super::answers_as_its_document_says(super::Deployment::Embedded, $role, asked).await;
                }
            )+
        }
        mod production {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $test() {
                    let asked = &["--examples", "3", "--quick"];
                    super::answers_as_its_document_says(super::Deployment::Production, $role, asked).await;
                }
            )+
        }
    };
}

documents! {
    the_control_api_answers_as_its_document_says "api";
    the_coordinator_answers_as_its_document_says "coordinator";
    the_audit_service_answers_as_its_document_says "audit";
    the_sts_answers_as_its_document_says "sts";
    the_gateway_answers_as_its_document_says "gateway";
}
