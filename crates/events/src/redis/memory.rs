//! Telling one memory of a server from another.
//!
//! A server that was flushed has forgotten everything; one that was restarted or replaced by its replica may have
//! forgotten the last moments. So a marker lies beside what must not be forgotten: a random name, and the identity of
//! the server process that had it. Whoever finds the marker gone, or another process behind it, writes a new name.
//! What was remembered under the old one counts as forgotten.
//!
//! A replica has no memory of its own: it may be missing the last moments of its primary, and the identity that a
//! promotion gives it comes with the promotion alone. So nothing is established with a server that says it is one.

use std::sync::{Arc, LazyLock};

use caracal_core::World;
use redis::{Cmd, ErrorKind, Pipeline, RedisResult, Script, Value, aio::ConnectionLike, cmd};

use super::wire;

/// Where the marker lies.
pub(crate) const KEY: &str = "caracal:memory";

/// Keeps the marker of this server process, or writes one with a new name. Answers with the marker.
static ESTABLISH: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local marker = redis.call('GET', KEYS[1])
        if marker and string.match(marker, '^%S+ (.*)$') == ARGV[1] then return marker end
        marker = ARGV[2] .. ' ' .. ARGV[1]
        redis.call('SET', KEYS[1], marker)
        return marker
        ",
    )
});

/// The memory of a server, as its marker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Memory {
    marker: Arc<str>,
    name: Arc<str>,
}

impl Memory {
    /// The memory behind a connection just made. Two round trips.
    ///
    /// # Errors
    /// The connection's, and one that says that the server is a replica.
    pub(crate) async fn establish(connection: &mut impl ConnectionLike, world: &World) -> RedisResult<Self> {
        let info: String = who().query_async(connection).await?;
        let identity = identity(&info).ok_or((ErrorKind::Client, REPLICA))?;
        let fresh = format!("{:016x}", u64::from_be_bytes(world.random_bytes::<8>()));
        let marker: String = ESTABLISH
            .key(KEY)
            .arg(identity)
            .arg(fresh)
            .invoke_async(connection)
            .await?;
        let name = marker.split(' ').next().unwrap_or_default().into();
        Ok(Self {
            marker: marker.into(),
            name,
        })
    }

    /// Its name: letters and digits.
    pub(crate) const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The marker itself, which tells this memory from every other.
    pub(super) fn marker(&self) -> &str {
        &self.marker
    }

    /// Asks who the server is, for [`identity`].
    pub(crate) fn ask_who(pipeline: &mut Pipeline) {
        pipeline.add_command(who());
    }

    /// Whether the answer to [`Memory::ask_who`] is of the primary that this memory was established with.
    pub(crate) fn is_with(&self, answer: &Value) -> bool {
        let info = wire::text(answer).unwrap_or_default();
        identity(&info).is_some_and(|identity| Self::is_of(&self.marker, &identity))
    }

    /// Whether a marker was written for the server process with this [`identity`].
    pub(super) fn is_of(marker: &str, identity: &str) -> bool {
        marker.split_once(' ').is_some_and(|(_, of)| of == identity)
    }

    /// Asks for the marker. Whether the answer comes before or after others of the pipeline matters: what was written
    /// before it was asked for, and found this memory, was written to this memory.
    pub(crate) fn ask(pipeline: &mut Pipeline) {
        pipeline.cmd("GET").arg(KEY);
    }

    /// Whether the answer to [`Memory::ask`] is this memory's marker.
    pub(crate) fn is(&self, answer: &Value) -> bool {
        wire::text(answer).as_deref() == Some(&*self.marker)
    }
}

/// Asks a server for what [`identity`] reads.
fn who() -> Cmd {
    let mut who = cmd("INFO");
    who.arg("server").arg("replication");
    who
}

/// Why nothing is remembered here.
pub(super) const REPLICA: &str = "the server is a replica";

/// The server process and the history it has, from its `INFO`; none of a replica.
pub(super) fn identity(info: &str) -> Option<String> {
    let line = |name: &str| {
        info.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .unwrap_or_default()
    };
    (line("role") != "slave").then(|| format!("{} {}", line("run_id"), line("master_replid")))
}

#[cfg(test)]
mod tests {
    use super::identity;

    #[test]
    fn a_server_is_known_by_its_process_and_its_history() {
        let info = |role: &str| {
            format!("# Server\r\nrun_id:abc\r\n# Replication\r\nrole:{role}\r\nmaster_replid:def\r\n")
        };
        assert_eq!(identity(&info("master")).as_deref(), Some("abc def"));
        assert_eq!(identity(&info("slave")), None);
    }
}
