//! One direction of a WebSocket; the first byte says in what pieces it arrives, and from whom.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((first, bytes)) = data.split_first() else {
        return;
    };
    caracal_gateway::fuzzing::websocket(bytes, usize::from(first >> 2), first & 1 == 1, first & 2 == 2);
});
