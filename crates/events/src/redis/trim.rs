//! Trimming evidence below what every declared group has acknowledged. A group that nobody declared, made by hand or by a
//! tool, must not fill the memory of the server.

use std::sync::LazyLock;

use redis::Script;

use crate::{BusError, Topic, metrics};

use super::{Shared, connection::unavailable};

/// Looks at the groups and trims in one step. Answers with how many entries went and how many groups are strays.
///
/// `ARGV` names the declared groups, without which nothing is trimmed: after a loss of the group its entries are unread.
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
    invocation.key(topic.as_str());
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
