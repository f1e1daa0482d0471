//! The bytes of one connection, before the HTTP library sees them; the first byte says in what pieces they arrive.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((piece, bytes)) = data.split_first() else {
        return;
    };
    caracal_service::server::fuzzing::connection(bytes, usize::from(*piece));
});
