//! What Redis answers to a reader; the first byte says of which topic.

#![no_main]

use caracal_events::Topic;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((topic, reply)) = data.split_first() else {
        return;
    };
    let topic = Topic::ALL[usize::from(*topic) % Topic::ALL.len()];
    caracal_events::fuzzing::reply(topic, reply);
});
