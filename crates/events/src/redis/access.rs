//! What a login needs: the one table that the handbook's ACL rule and the first look at a server are made from.

use redis::cmd;

use super::{RedisUnusable, Shared};

/// Keys by their beginning, and what they hold. A key that any part of the system uses is here.
pub const KEYS: [(&str, &str); 6] = [
    (
        "caracal",
        "streams and their dead letters, the memory's marker, positions of replicas",
    ),
    ("seen:", "used mandates"),
    (
        "rl:",
        "mints per zone, resource and application; registrations of clients",
    ),
    ("auth-rl:", "failed logins"),
    ("coordinator:", "requests to the Coordinator"),
    ("api:", "requests to the Control API"),
];

/// Commands, as an ACL rule names them.
pub const COMMANDS: [&str; 32] = [
    "ping",
    "info",
    "time",
    "select",
    "multi",
    "exec",
    "eval",
    "evalsha",
    "script|load",
    "exists",
    "get",
    "set",
    "incr",
    "decr",
    "pttl",
    "pexpire",
    "hset",
    "hgetall",
    "hdel",
    "xadd",
    "xlen",
    "xread",
    "xreadgroup",
    "xack",
    "xautoclaim",
    "xpending",
    "xgroup|create",
    "xgroup|delconsumer",
    "xinfo|groups",
    "xinfo|consumers",
    "xinfo|stream",
    "xrange",
];

/// Commands that remove, apart for who reads the rule.
pub const REMOVING: [&str; 2] = ["xdel", "xtrim"];

/// The rule of an ACL user that may do what is needed, and nothing else.
pub fn acl_rule() -> String {
    let keys = KEYS.map(|(beginning, _)| format!("~{beginning}*"));
    let commands = COMMANDS
        .iter()
        .chain(&REMOVING)
        .map(|command| format!("+{command}"));
    let mut rule = keys.join(" ");
    for command in commands {
        rule.push(' ');
        rule.push_str(&command);
    }
    rule
}

/// Whether the login reaches every kind of key: a counter that is out of reach would let everything pass.
pub(super) async fn check(shared: &Shared) -> Result<(), RedisUnusable> {
    let mut connection = shared.commands.clone();
    for (beginning, _) in KEYS {
        let answer = cmd("EXISTS")
            .arg(format!("{beginning}:look"))
            .query_async::<u64>(&mut connection)
            .await;
        match answer {
            Err(error) if error.code() == Some("NOPERM") => {
                return Err(RedisUnusable::Login(format!(
                    "it may not use the keys {beginning}* ({error})"
                )));
            }
            // Away meanwhile: that may pass.
            _ => {}
        }
    }
    Ok(())
}
