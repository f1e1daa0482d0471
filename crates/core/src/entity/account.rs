//! Roles of console accounts, and how people sign in to them.

use crate::words;

words!(
    /// What an account may do, from most to least. `service::signed_in` says what that is.
    AccountRole {
        /// Everything, accounts and settings of the deployment included.
        Owner = "owner",
        /// Everything in its zones.
        Admin = "admin",
        /// Reads its zones, and stops what runs there.
        Operator = "operator",
        /// Reads its zones, and decides approvals.
        Approver = "approver",
        /// Reads its zones, evidence included.
        Auditor = "auditor",
        /// Reads what its zones are made of.
        Viewer = "viewer",
    }
);

words!(
    /// How somebody proved who they are when they signed in.
    SignInWay {
        /// A password, or a link that set one.
        Password = "password",
        /// The deployment's `OpenID` provider said so.
        SingleSignOn = "single_sign_on",
        /// A passkey, with which an authenticator verified them.
        Passkey = "passkey",
        /// A code that was sent to their address.
        EmailCode = "email_code",
    }
);
