//! `/v1/console`: signing in, and what somebody who is signed in may do about themselves.

pub(crate) mod email_codes;
pub(crate) mod links;
pub(crate) mod own;
pub(crate) mod passkeys;
pub(crate) mod password;
pub(crate) mod session;
pub(crate) mod sign_in;
pub(crate) mod single_sign_on;
