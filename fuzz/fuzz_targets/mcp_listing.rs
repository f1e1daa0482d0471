//! What an MCP server lists; the first byte says in what pieces it arrives.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((piece, bytes)) = data.split_first() else {
        return;
    };
    caracal_gateway::fuzzing::listing(bytes, usize::from(*piece));
});
