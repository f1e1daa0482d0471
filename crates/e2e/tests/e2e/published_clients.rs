//! The published Python clients, unchanged, against a stack.

use std::{path::PathBuf, process::Command, time::Duration};

use caracal_e2e::{Stack, checkout, installed, on_every_deployment};

on_every_deployment!(
    the_published_python_clients_work,
    every_method_of_the_published_admin_client_works
);

/// A Python with the published clients, made on first use.
pub(crate) fn python() -> PathBuf {
    installed("e2e-venv").join("bin/python")
}

async fn the_published_python_clients_work(stack: &Stack) {
    succeeds(stack, "e2e/published_clients.py").await;
}

async fn every_method_of_the_published_admin_client_works(stack: &Stack) {
    succeeds(stack, "e2e/admin_client.py").await;
}

/// Runs a script of the checkout against the stack.
async fn succeeds(stack: &Stack, script: &'static str) {
    let home = stack.home().to_owned();
    let run = tokio::task::spawn_blocking(move || {
        Command::new(python())
            .arg(checkout().join(script))
            .env("CARACAL_HOME", home)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .output()
            .expect("python runs")
    });
    let output = tokio::time::timeout(Duration::from_secs(110), run)
        .await
        .expect("it ends")
        .expect("it runs");
    let (shown, failed) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{shown}\n{failed}");
}
