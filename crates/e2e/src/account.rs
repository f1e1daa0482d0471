//! People with an account at the console, as somebody invites them.

use caracal_core::{ZoneId, entity::AccountRole, json};
use caracal_wire::control::{
    Line, Name,
    accounts::{CreateAccount, Email, NewAccount, NewPassword, SignIn, UseLink},
};

use crate::Stack;

/// Makes an account for `email` that reaches `zones`, or all of them where there is none said.
///
/// # Panics
/// When it is refused.
pub async fn invite(stack: &Stack, email: &str, role: AccountRole, zones: Option<Vec<ZoneId>>) -> NewAccount {
    let body = CreateAccount {
        email: Email(email.to_owned()),
        name: Name(role.as_str().to_owned()),
        role,
        zones,
    };
    let made = stack.admin("POST", "/v1/accounts", Some(json::tree(&body)));
    made.await.expect(201).read()
}

/// What whoever was invited sends to choose a password.
pub fn use_link(link: &str, password: &str) -> UseLink {
    UseLink {
        link: Line(link.to_owned()),
        password: NewPassword(password.to_owned()),
        email: None,
        name: None,
        user_agent: None,
    }
}

/// What somebody sends to sign in.
pub fn sign_in(email: &str, password: &str) -> SignIn {
    SignIn {
        email: Email(email.to_owned()),
        password: Line(password.to_owned()),
        device: None,
        user_agent: None,
    }
}
