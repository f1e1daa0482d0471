//! The web role: the console's pages, and what stands between a browser and the other roles.
//!
//! It keeps nothing and has no credential of its own. A browser has one cookie that scripts cannot read; what is in it is
//! the token of a session, which this role sends on as the bearer. The Control API, the Coordinator and the Audit
//! role then judge whoever is signed in, by their role and zones, so there is no stronger token that a mistake here could lend to anybody.
//!
//! | Path | What |
//! |---|---|
//! | `POST /api/session`, `POST /api/session/link` | sign in with a password, or by a link that sets one: the token goes into the cookie |
//! | `POST /api/session/single-sign-on/begin`, `POST /api/session/single-sign-on` | the same by way of the `OpenID` provider |
//! | `POST /api/session/passkey/begin`, `POST /api/session/passkey` | the same with a passkey |
//! | `POST /api/session/email-code/begin`, `POST /api/session/email-code` | the same with a code by e-mail |
//! | `DELETE /api/session` | sign out |
//! | `/api/control/v1/…` | the Control API |
//! | `/api/coordinator/zones/…` | the Coordinator |
//! | `/api/audit/…` | the Audit role |
//! | `GET /api/roles/{role}/ready` | how a role is, as it says itself, for whoever is signed in |
//! | everything else | the console: its files, and its one page for every address of its own |
//!
//! Requests are refused that name another host, and those under `/api` that another site made.

mod assets;
mod cookies;
mod guard;
mod headers;
mod proxy;
mod router;
mod routes;
mod session;

pub use assets::is_built;
pub use guard::ConsoleOrigin;
pub use router::{WebDeps, app};
pub use routes::{document, table};
