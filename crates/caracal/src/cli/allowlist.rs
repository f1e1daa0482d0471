//! What can be typed after `caracal allowlist`.

use clap::Subcommand;

/// What to do with the allowlist.
#[derive(Debug, Subcommand)]
pub(crate) enum Allowlist {
    /// Make an account for an address, and print the link by which its holder chooses a password.
    Add {
        /// An address.
        entry: String,
        /// What the account may do.
        #[arg(long, default_value = "viewer", value_parser = ["owner", "admin", "operator", "approver", "auditor", "viewer"])]
        role: String,
        /// What its holder is called; what stands before the @ unless named.
        #[arg(long)]
        name: Option<String>,
    },
    /// Delete the account and end its sessions.
    Remove {
        /// An address.
        entry: String,
    },
    /// End the sessions of an account and keep it out, without deleting it.
    Lock {
        /// An address.
        entry: String,
    },
    /// Let it in again.
    Unlock {
        /// An address.
        entry: String,
    },
    /// Show everybody who may sign in.
    List,
}
