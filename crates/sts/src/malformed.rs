//! How a request is refused that is not what the endpoint takes.

use caracal_service::Refusal;

use caracal_service::form::FormProblem;

/// 400 `invalid_token`, the code clients of this endpoint know for malformed input, with the field named.
pub(crate) fn malformed(field: &str, message: impl std::fmt::Display) -> Refusal {
    let problem = FormProblem {
        field: field.to_owned(),
        message: message.to_string(),
    };
    problem.into()
}
