//! How far each subscription has handled the broadcast, so that a producer can wait until a revocation it published is
//! in force at every replica.
//!
//! Every subscription notes its positions whenever it asks for more, which says that what it was given is handled. A
//! replica that is gone stops noting and is soon no longer waited for.

use std::{collections::HashMap, sync::LazyLock, time::Duration};

use redis::{Pipeline, RedisResult, Script, Value};
use tokio::time::Instant;

use crate::Topic;

use super::{
    Shared,
    commands::Commands,
    wire::{self, EntryId},
};

/// Hash of notes by subscription.
const KEY: &str = "caracal:heard";
/// Shortest and longest pause between two looks.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(10));
/// Notes older than this many blocking reads are of a replica that is gone.
const MISSED_READS: u32 = 3;

/// Notes the positions `ARGV[2]` of the subscription `ARGV[1]` with the server's own time.
const NOTE: &str = "redis.call('HSET', KEYS[1], ARGV[1], redis.call('TIME')[1] .. ' ' .. ARGV[2])";

/// All notes of the last `ARGV[1]` seconds; older ones are removed.
static NOTES: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local now, recent = tonumber(redis.call('TIME')[1]), {}
        local all = redis.call('HGETALL', KEYS[1])
        for i = 1, #all, 2 do
            local at, positions = string.match(all[i + 1], '^(%d+) (.*)$')
            if at and now - tonumber(at) <= tonumber(ARGV[1]) then
                recent[#recent + 1] = positions
            else
                redis.call('HDEL', KEYS[1], all[i])
            end
        end
        return recent
        ",
    )
});

/// Adds the note of a subscription to what it asks next.
pub(super) fn note(
    pipeline: &mut Pipeline,
    subscription: &str,
    positions: impl Iterator<Item = (Topic, EntryId)>,
) {
    let positions: Vec<String> = positions.map(|(topic, seen)| format!("{topic}={seen}")).collect();
    pipeline
        .cmd("EVAL")
        .arg(NOTE)
        .arg(1)
        .arg(KEY)
        .arg(subscription)
        .arg(positions.join(" "));
}

/// Takes away the note of a subscription that ended.
pub(super) async fn forget(shared: &Shared, subscription: &str) -> RedisResult<()> {
    let mut connection = shared.commands.clone();
    redis::cmd("HDEL")
        .arg(KEY)
        .arg(subscription)
        .query_async(&mut connection)
        .await
}

/// Waits, at most `within`, until every subscription has handled what was appended so far, by whomever: what one process
/// commits another may publish.
pub(super) async fn wait(shared: &Shared, within: Duration) {
    let deadline = Instant::now() + within;
    let mut connection = shared.commands.clone();
    let Ok(appended) = last_entries(&mut connection).await else {
        return;
    };
    let recent = (shared.options.block * MISSED_READS).as_secs().max(1);
    let mut pause = PAUSE.0;
    loop {
        let notes: RedisResult<Vec<String>> = NOTES.key(KEY).arg(recent).invoke_async(&mut connection).await;
        match notes {
            Ok(notes) if notes.iter().all(|note| has_heard(note, &appended)) => return,
            Ok(_) => {}
            // Whoever waits has published; the replicas hear of it as soon as they can.
            Err(_) => return,
        }
        if Instant::now() + pause >= deadline {
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// Asks how the stream of a topic stands. Before its first entry there is none, which is an error of this command alone.
pub(super) fn ask_stream(pipeline: &mut Pipeline, topic: Topic) {
    pipeline.cmd("XINFO").arg("STREAM").arg(topic.as_str());
}

/// The last entry of every topic that is broadcast and ever had one.
async fn last_entries(connection: &mut Commands) -> RedisResult<HashMap<Topic, EntryId>> {
    let topics = Topic::ALL.into_iter().filter(|topic| !topic.is_evidence());
    let mut pipeline = Pipeline::new();
    for topic in topics.clone() {
        ask_stream(&mut pipeline, topic);
    }
    pipeline.ignore_errors();
    let infos: Vec<RedisResult<Value>> = pipeline.query_async(connection).await?;
    let last = |info: RedisResult<Value>| wire::position(&info.ok()?, "last-generated-id");
    let entries = topics
        .zip(infos)
        .filter_map(|(topic, info)| Some((topic, last(info)?)));
    Ok(entries.collect())
}

/// Whether the positions reach everything appended to the topics they name.
fn has_heard(note: &str, appended: &HashMap<Topic, EntryId>) -> bool {
    note.split(' ').all(|position| {
        let Some((topic, seen)) = position.split_once('=') else {
            return true;
        };
        let (Ok(topic), Some(seen)) = (topic.parse::<Topic>(), EntryId::parse(seen)) else {
            return true;
        };
        appended.get(&topic).is_none_or(|last| *last <= seen)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_topics_that_are_followed_are_waited_for() {
        let id = |text| EntryId::parse(text).expect("a position");
        let appended = HashMap::from([
            (Topic::SessionsRevoke, id("10-2")),
            (Topic::PolicyInvalidate, id("9-0")),
        ]);
        let name = Topic::SessionsRevoke.as_str();
        assert!(has_heard(&format!("{name}=10-2"), &appended));
        assert!(has_heard(&format!("{name}=11-0"), &appended));
        assert!(!has_heard(&format!("{name}=10-1"), &appended));
        let policy = Topic::PolicyInvalidate.as_str();
        assert!(!has_heard(&format!("{name}=10-2 {policy}=8-9"), &appended));
        assert!(has_heard("", &appended) && has_heard("nonsense", &appended));
    }
}
