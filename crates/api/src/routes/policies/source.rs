//! Sources: read by the real parser before they are kept.

use caracal_authz::document::{self, Interrupt, PolicyProblem, SCHEMA_VERSION, Valid};
use caracal_core::{PolicyId, PolicyVersionId, entity::PolicyVersion};
use caracal_crypto::sha256_hex;
use caracal_service::Refusal;
use caracal_wire::{
    ErrorCode,
    control::policies::{PolicyIssue, PolicyIssues},
};

use crate::call::Call;

/// Checks a source where policies are read.
///
/// # Errors
/// 422 `invalid_rego`; the description is the first problem's code, `details.issues` holds all of them with
/// their places. 429 and 503 of [`crate::PolicyWork`].
pub(in crate::routes) async fn check(call: &Call, content: String) -> Result<Valid, Refusal> {
    if content.is_empty() {
        return Err(Refusal::invalid_field(
            call.route.invalid,
            "content",
            "must not be empty",
        ));
    }
    let check = move |interrupt: &Interrupt| document::validate(&content, interrupt);
    let checked = call.role.policy_work.run(call.work_owner(), check).await?;
    checked.map_err(|problems| refused(&problems))
}

fn refused(problems: &[PolicyProblem]) -> Refusal {
    let code = problems.first().map_or_else(
        || ErrorCode::InvalidRego.to_string(),
        |problem| problem.code.clone(),
    );
    Refusal::of(ErrorCode::InvalidRego)
        .describe(code)
        .with_details(&PolicyIssues {
            issues: problems.iter().map(issue).collect(),
        })
}

fn issue(problem: &PolicyProblem) -> PolicyIssue {
    PolicyIssue {
        path: vec![String::from("content")],
        code: problem.code.clone(),
        message: problem.message.clone(),
        line: problem.line,
        column: problem.column,
        policy_version_id: None,
    }
}

/// The next version of a policy; storage gives it its number.
pub(in crate::routes) fn version(call: &Call, policy: &PolicyId, content: String) -> PolicyVersion {
    PolicyVersion {
        id: PolicyVersionId::generate(&call.role.world),
        policy_id: policy.clone(),
        version: 1,
        content_sha256: sha256_hex(content.as_bytes()),
        content,
        schema_version: SCHEMA_VERSION.to_owned(),
        created_by: call.caller.attributed_to(),
        created_at: call.now(),
    }
}
