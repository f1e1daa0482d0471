//! Signing in with a code by e-mail.

use caracal_core::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Email;
use crate::control::Line;

/// Body that asks for a code by e-mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskEmailCode {
    /// Address of the account.
    pub email: Email,
    /// What the browser was given when the account signed in there before. What strangers ask for does not count towards it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device: Option<Line<256>>,
}

/// What is answered whether or not there is an account: if there is, a code is on its way.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BegunEmailCode {
    /// The state to hand in with the code.
    pub state: String,
    /// What the browser alone keeps, in a cookie that no script reads: whoever has it can finish.
    pub browser: String,
    /// Until when the code is good.
    pub expires_at: Timestamp,
}

/// Body that signs in with a code by e-mail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FinishEmailCode {
    /// What the browser kept.
    pub browser: Line<128>,
    /// The state that was given out.
    pub state: Line<256>,
    /// The address that the code was sent to.
    pub email: Email,
    /// The code. Blanks in it do not count.
    pub code: Line<32>,
    /// What the browser says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_agent: Option<String>,
}
