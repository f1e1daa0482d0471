//! Machines that are not well: `clock-skew`, `slow-disk`, `spool-full`, one after the other in one STS.
#![cfg(target_os = "linux")]

use std::time::Duration;

use caracal_e2e::{Role, Stack};
use caracal_testkit::{
    deployed::FaultyMachine,
    fault::{Fault, Faults as _},
};

use super::held;

/// Less than the 30 s that are tolerated, and more.
const SKEW: Duration = Duration::from_secs(25);
const TOO_MUCH: Duration = Duration::from_secs(90);
const SLOW: Duration = Duration::from_millis(700);

async fn a_machine_that_is_unwell_is_drilled(stack: &Stack) {
    let machine = FaultyMachine::new();
    let variables = machine.variables();
    let variables: Vec<(&str, &str)> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    machine.set_ahead(TOO_MUCH);
    let environment = stack.environment_of(Role::Sts);
    let refused = variables
        .iter()
        .fold(environment, |environment, (name, value)| {
            environment.with(name, value)
        })
        .run(&["serve", "sts"])
        .await;
    refused.assert_refused(&["clock"]);
    machine.mend();

    let url = stack.url(Role::Sts);
    stack.restart_at(Role::Sts, &url, &variables).await;
    let well = || {
        assert!(machine.is_felt(), "nobody noticed anything");
        machine.mend();
    };

    let faults = (async { machine.set_ahead(SKEW) }, async { well() });
    held(stack, "clock-skew", &[], faults).await;

    let faults = (async { machine.set_slow(SLOW) }, async { well() });
    held(stack, "slow-disk", &[], faults).await;

    let faults = (async { machine.fail(Fault::NoSpace) }, async { well() });
    let report = held(stack, "spool-full", &[], faults).await;
    assert!(report["answers"][1]["refused"].as_u64() > Some(0), "{report}");
}

caracal_e2e::in_production!(a_machine_that_is_unwell_is_drilled);
