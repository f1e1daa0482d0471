//! Rules of the variables that a workload is started with.

use std::collections::HashSet;

use caracal_core::{
    entity::{OnFailure, WorkloadBinding},
    environment,
};
use caracal_service::Refusal;
use caracal_wire::{ErrorCode, Issue, control::workloads::BindingBody};
use serde::Serialize;

use super::CODE;

const MAX_BINDINGS: usize = 64;
const MAX_SCOPES: usize = 32;

#[derive(Serialize)]
struct Details<'d> {
    env: &'d str,
    issues: [Issue; 1],
}

/// The bindings as they are stored: what an optional one does without its credential, and of no other.
pub(in crate::routes) fn checked(bodies: Vec<BindingBody>) -> Result<Vec<WorkloadBinding>, Refusal> {
    if bodies.len() > MAX_BINDINGS {
        return Err(Refusal::invalid_field(
            CODE,
            "bindings",
            "must hold at most 64 bindings",
        ));
    }
    let mut seen = HashSet::new();
    for (position, body) in bodies.iter().enumerate() {
        let (env, code): (&str, _) = (&body.env, ErrorCode::InvalidCredentialEnv);
        if !environment::is_variable(env) {
            let rule = "must be letters, digits and underscores, and not begin with a digit";
            return Err(refused(code, position, env, rule));
        }
        if environment::decides_what_runs(env) {
            let rule = "must not decide what programs load, run or talk to";
            return Err(refused(code, position, env, rule));
        }
        if !seen.insert(env) {
            let code = ErrorCode::DuplicateCredentialEnv;
            return Err(refused(code, position, env, "is bound already"));
        }
        if body.scopes.len() > MAX_SCOPES {
            let path = format!("bindings.{position}.scopes");
            return Err(Refusal::invalid_field(CODE, &path, "must hold at most 32 scopes"));
        }
    }
    Ok(bodies.into_iter().map(stored).collect())
}

fn stored(body: BindingBody) -> WorkloadBinding {
    let on_failure = body.on_failure.unwrap_or(OnFailure::Error);
    WorkloadBinding {
        env: body.env.0,
        resource: body.resource.0,
        scopes: body.scopes.into_iter().map(|scope| scope.0).collect(),
        optional: body.optional,
        on_failure: body.optional.then_some(on_failure),
    }
}

fn refused(code: ErrorCode, position: usize, env: &str, rule: &str) -> Refusal {
    let path = ["bindings", &position.to_string(), "env"]
        .map(str::to_owned)
        .to_vec();
    Refusal::of(code)
        .describe(format!("bindings.{position}.env: {rule}"))
        .with_details(&Details {
            env,
            issues: [Issue {
                path,
                message: rule.to_owned(),
            }],
        })
}
