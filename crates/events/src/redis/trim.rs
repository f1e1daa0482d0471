//! Trimming evidence below what every declared group has acknowledged. A group that nobody declared, made by hand or by a
//! tool, must not fill the memory of the server; neither may the names of consumers that are gone, one for each process
//! that ever started.

use std::sync::LazyLock;

use redis::Script;

use crate::{BusError, Topic, metrics};

use super::{Shared, connection::unavailable};

/// Looks at the groups and trims in one step. Answers with how many entries went and how many groups are strays.
///
/// `ARGV` has how many milliseconds a consumer without entries has been silent before its name is forgotten, and names the
/// declared groups, without which nothing is trimmed: after a loss of the group its entries are unread. A login that may
/// not look at consumers keeps their names.
static TRIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
        if groups.err then return {0, 0} end
        local function below(a, b)
            local ams, aseq = string.match(a, '(%d+)-(%d+)')
            local bms, bseq = string.match(b, '(%d+)-(%d+)')
            if ams ~= bms then return tonumber(ams) < tonumber(bms) end
            return tonumber(aseq) < tonumber(bseq)
        end
        local seen, lowest, declared, strays = {}, nil, {}, 0
        local silent = tonumber(table.remove(ARGV, 1))
        for _, name in ipairs(ARGV) do declared[name] = true end
        for _, flat in ipairs(groups) do
            local group = {}
            for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end
            seen[group.name] = true
            if declared[group.name] then
                local open = group['last-delivered-id']
                if group.pending > 0 then
                    open = redis.call('XPENDING', KEYS[1], group.name)[2]
                end
                if lowest == nil or below(open, lowest) then lowest = open end
                local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], group.name)
                for _, parts in ipairs(consumers.err and {} or consumers) do
                    local consumer = {}
                    for i = 1, #parts, 2 do consumer[parts[i]] = parts[i + 1] end
                    if consumer.pending == 0 and consumer.idle > silent then
                        redis.pcall('XGROUP', 'DELCONSUMER', KEYS[1], group.name, consumer.name)
                    end
                end
            else
                strays = strays + 1
            end
        end
        for _, name in ipairs(ARGV) do
            if not seen[name] then return {0, strays} end
        end
        if lowest == nil then return {0, strays} end
        return {redis.call('XTRIM', KEYS[1], 'MINID', '~', lowest), strays}
        ",
    )
});

pub(super) async fn acknowledged(shared: &Shared, topic: Topic) -> Result<u64, BusError> {
    let mut invocation = TRIM.prepare_invoke();
    invocation
        .key(topic.as_str())
        .arg(u64::try_from(shared.options.consumer_retention.as_millis()).unwrap_or(u64::MAX));
    for (_, group) in shared.options.groups.iter().filter(|(of, _)| *of == topic) {
        invocation.arg(group);
    }
    let mut connection = shared.commands.clone();
    let (trimmed, strays): (u64, u64) = invocation
        .invoke_async(&mut connection)
        .await
        .map_err(unavailable)?;
    metrics::stray_groups(strays);
    if strays > 0 {
        tracing::warn!(topic = %topic, groups = strays, "the stream has consumer groups that nobody declared; they keep nothing");
    }
    Ok(trimmed)
}
