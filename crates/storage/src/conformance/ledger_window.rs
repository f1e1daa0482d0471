//! Windows of the ledger, block by block in the order of the log.

use std::time::Duration;

use caracal_ledger::terms::SearchedEvent;

use super::{
    Backend,
    fixture::Fixture,
    ledger::append,
    ledger_blocks::{MINUTE, busy, written},
};

/// Blocks are read one at a time, and between any two the log grows, so that those that are not sealed are merged.
pub async fn a_window_is_walked_whole_and_once_while_its_blocks_are_sealed(backend: Backend) {
    let fixture = Fixture::new(backend).await;
    let a = &fixture.a;
    let events = busy(a, 1_400);
    let (before, mut after) = events.split_at(700);
    for some in before.chunks(90) {
        append(a, &some.iter().map(written).collect::<Vec<_>>()).await;
    }
    let now = fixture.world.now();
    let at = |minutes: u64| now.plus(Duration::from_micros(minutes * MINUTE));
    let within = at(100)..at(150);
    let end = a.read().await.ledger().head().await.unwrap().size;
    let (mut next, mut found, mut reads) = (0, Vec::new(), 0);
    loop {
        let mut work = a.read().await;
        let blocks = work
            .ledger()
            .blocks_within(next..end, within.clone(), 1)
            .await
            .unwrap();
        drop(work);
        let Some(block) = blocks.first() else { break };
        assert!(block.occurred_until >= within.start && block.occurred_from < within.end);
        let (first, entries) = caracal_ledger::block::decode(&block.block).unwrap();
        assert_eq!((first, entries.len() as u64), (block.first, block.entries));
        for (kept, index) in entries.iter().zip(first..) {
            let (_, event) = SearchedEvent::read(&kept.body).unwrap();
            if (next..end).contains(&index) && within.contains(&event.occurred_at) {
                found.push(event.id);
            }
        }
        assert!(block.first + block.entries > next, "it goes on");
        next = block.first + block.entries;
        reads += 1;
        let some = after.len().min(40);
        let (grown, rest) = after.split_at(some);
        append(a, &grown.iter().map(written).collect::<Vec<_>>()).await;
        after = rest;
    }
    let in_window = before.iter().filter(|event| within.contains(&event.occurred_at));
    let mut expected: Vec<String> = in_window.map(|event| event.id.clone()).collect();
    assert!(expected.len() > 300 && reads > 2, "{} in {reads}", expected.len());
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
    for (entries, within) in [
        (0..u64::MAX, at(1_000)..at(2_000)),
        (0..0, within.clone()),
        (5_000..u64::MAX, within.clone()),
        (0..u64::MAX, at(150)..at(100)),
    ] {
        let mut work = a.read().await;
        let blocks = work
            .ledger()
            .blocks_within(entries.clone(), within.clone(), 9)
            .await
            .unwrap();
        // A window that ends before it begins has blocks at most that span it.
        assert!(
            blocks.iter().all(|block| block.occurred_until >= within.start),
            "{entries:?}"
        );
        assert!(within.start > within.end || blocks.is_empty(), "{entries:?}");
    }
}
