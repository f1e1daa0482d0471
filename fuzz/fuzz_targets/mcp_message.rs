//! A message to an MCP server, and behind a zero byte the value of `Mcp-Method`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let body = parts.next().unwrap_or_default();
    caracal_gateway::fuzzing::mcp_message(body, parts.next());
});
