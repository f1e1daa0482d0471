//! A process that goes: `role-kill`.

use caracal_e2e::{Role, Stack};

use super::held;

async fn a_process_that_is_killed_is_drilled(stack: &Stack) {
    let faults = (stack.kill(Role::Gateway), stack.revive());
    let report = held(stack, "role-kill", &[], faults).await;
    assert!(report["answers"][1]["unanswered"].as_u64() > Some(0), "{report}");
}

caracal_e2e::in_production!(a_process_that_is_killed_is_drilled);
