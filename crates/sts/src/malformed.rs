//! How a request is refused that is not what the endpoint takes.

use caracal_service::Refusal;
use caracal_wire::ErrorCode;

/// 400 `invalid_token`, the code clients of this endpoint know for malformed input, with the field named.
pub(crate) fn malformed(field: &str, message: impl std::fmt::Display) -> Refusal {
    let mut refusal = Refusal::invalid_field(ErrorCode::InvalidToken, field, message.to_string());
    if field.is_empty() {
        refusal.members.clear();
    }
    refusal
}
