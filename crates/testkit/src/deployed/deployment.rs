//! Ways to deploy.

/// How the roles are put into processes, and where state lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deployment {
    /// One `caracald serve all` over SQLite and the in-process bus.
    Embedded,
    /// A process for each role over PostgreSQL and Redis.
    Production,
    /// The same with a PostgreSQL server of its own, for tests that stop it.
    ProductionAlone,
    /// Started by others, in containers for example: see [`Stack::elsewhere`].
    Elsewhere,
}
