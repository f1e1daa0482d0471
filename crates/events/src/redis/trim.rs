//! Trimming evidence below what every group has acknowledged.

use std::sync::LazyLock;

use redis::Script;

use crate::{BusError, Topic};

use super::{Shared, connection::unavailable};

/// Looks at all groups and trims in one step, so that no group can appear in between.
///
/// `ARGV` names groups without which nothing is trimmed: after a loss of the group its entries are unread.
static TRIM: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local groups = redis.pcall('XINFO', 'GROUPS', KEYS[1])
        if groups.err then return 0 end
        local function below(a, b)
            local ams, aseq = string.match(a, '(%d+)-(%d+)')
            local bms, bseq = string.match(b, '(%d+)-(%d+)')
            if ams ~= bms then return tonumber(ams) < tonumber(bms) end
            return tonumber(aseq) < tonumber(bseq)
        end
        local seen, lowest = {}, nil
        for _, flat in ipairs(groups) do
            local group = {}
            for i = 1, #flat, 2 do group[flat[i]] = flat[i + 1] end
            seen[group.name] = true
            local open = group['last-delivered-id']
            if group.pending > 0 then
                open = redis.call('XPENDING', KEYS[1], group.name)[2]
            end
            if lowest == nil or below(open, lowest) then lowest = open end
        end
        for _, name in ipairs(ARGV) do
            if not seen[name] then return 0 end
        end
        if lowest == nil then return 0 end
        return redis.call('XTRIM', KEYS[1], 'MINID', '~', lowest)
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
    invocation
        .invoke_async(&mut connection)
        .await
        .map_err(unavailable)
}
