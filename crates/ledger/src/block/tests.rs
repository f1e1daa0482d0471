use proptest::prelude::*;

use super::*;

const AT: i64 = 1_764_331_200_000_001;

fn kept(body: impl Into<String>, at: i64) -> BlockEntry<'static> {
    BlockEntry {
        body: Cow::Owned(body.into()),
        taken_at: Timestamp::from_micros(AT + at),
        producer_key: Cow::Borrowed("k1"),
    }
}

fn assert_comes_back(entries: &[BlockEntry<'_>]) {
    let block = encode(7, entries).unwrap();
    assert_eq!(decode(&block), Ok((7, entries.to_vec())));
}

#[test]
fn every_byte_of_a_body_comes_back() {
    let id = "01a222bf-60d9-7b18-9b50-40050c7efb09";
    let time = "2026-11-28T15:21:37.241143Z";
    for body in [
        String::new(),
        String::from("{}"),
        format!(
            r#"{{"id":"{id}","again":"{id}","at":"{time}","sha":"{}"}}"#,
            "0123456789abcdef".repeat(4)
        ),
        // What looks like a token and is none.
        id.to_uppercase(),
        id.replace('-', "_"),
        format!("a{id}b"),
        format!("{id}{id}"),
        time.replace('Z', "+00:00"),
        String::from("2026-02-30T15:21:37.241143Z"),
        String::from("2026-11-28T24:21:37.241143Z"),
        String::from("2026-11-28T15:21:60.241143Z"),
        "0123456789ABCDEF".repeat(2),
        "a".repeat(17),
        "é".repeat(30),
        // The bytes that stand for tokens, and NUL.
        String::from("\u{1}\u{2}\u{3}\u{4}\u{0}"),
        format!("\u{2}{id}"),
    ] {
        assert_comes_back(&[kept(body.clone(), 0)]);
        assert_comes_back(&[kept(body.clone(), 5), kept("{}", 3), kept(body, -9)]);
    }
    let mut other = kept("{}", 1);
    other.producer_key = Cow::Borrowed("");
    assert_comes_back(&[kept("{}", 0), other, kept("{}", 2)]);
}

#[test]
fn a_block_has_bounds() {
    assert_eq!(encode(0, &[]), Err(InvalidBlock::Bounds));
    let many: Vec<_> = (0..=MAX_ENTRIES).map(|_| kept("{}", 0)).collect();
    assert_eq!(encode(0, &many), Err(InvalidBlock::Bounds));
    assert_comes_back(&many[1..]);
    let large = kept("a".repeat(MAX_BODY_BYTES + 1), 0);
    assert_eq!(encode(0, &[large]), Err(InvalidBlock::Bounds));
    let wide: Vec<_> = (0..17).map(|_| kept("a".repeat(MAX_BODY_BYTES), 0)).collect();
    assert_eq!(encode(0, &wide), Err(InvalidBlock::Bounds));
    assert_eq!(encode(u64::MAX, &[kept("{}", 0)]), Err(InvalidBlock::Bounds));
    let mut named = kept("{}", 0);
    named.producer_key = Cow::Owned("k".repeat(MAX_NAME_BYTES + 1));
    assert_eq!(encode(0, &[named]), Err(InvalidBlock::Bounds));
}

/// A few bytes must not become more than a block may hold.
#[test]
fn a_block_that_claims_too_much_is_refused() {
    let id = "01a222bf-60d9-7b18-9b50-40050c7efb09";
    let bodies: Vec<_> = (0..17)
        .map(|_| kept(format!("{id} ").repeat(28_000), 0))
        .collect();
    assert_eq!(encode(0, &bodies), Err(InvalidBlock::Bounds));
    // The same by hand: one id, and numbers of it without end.
    let mut columns = Vec::new();
    put(&mut columns, 1);
    put_bytes(&mut columns, b"");
    let mut rows = Vec::new();
    let text = [vec![2, b' '], [1, 0].repeat(800_000)].concat();
    put(&mut rows, 2 * text.len() as u64);
    rows.extend([0, 0]);
    put_bytes(&mut columns, &rows);
    put(&mut columns, 1);
    columns.extend([0; 16]);
    put_bytes(&mut columns, b"");
    let mut block = MAGIC.to_vec();
    block.extend([0, 1]);
    put_part(&mut block, Part::Columns, &columns).unwrap();
    put_part(&mut block, Part::Text, &text).unwrap();
    assert_eq!(decode(&block), Err(InvalidBlock::Form));
}

/// Real events of governed calls. The bound is generous; what is measured is printed by `--nocapture`.
#[test]
fn a_full_block_of_governed_calls_keeps_less_than_a_tenth() {
    let template = include_str!("samples.ndjson");
    let mut counter = 0_u128;
    let mut entries = Vec::new();
    let mut bytes = 0;
    while entries.len() < 768 {
        for line in template.lines() {
            counter += 1;
            // Ids and digests of a call are its own; what they share within the call they go on sharing.
            let salt = format!(
                "{:012x}",
                counter.wrapping_mul(0x9e37_79b9_7f4a_7c15) & 0xffff_ffff_ffff
            );
            let body = line.replace("40050c7efb09", &salt);
            bytes += body.len();
            entries.push(kept(body, i64::try_from(entries.len()).unwrap() * 37));
        }
    }
    let block = encode(0, &entries).unwrap();
    println!(
        "{} bytes an event, {} in a block of {}",
        bytes / entries.len(),
        block.len() / entries.len(),
        entries.len()
    );
    assert!(block.len() * 10 < bytes);
    assert_comes_back(&entries);
}

proptest! {
    #[test]
    fn any_texts_come_back(
        bodies in proptest::collection::vec(
            "([a-f0-9]{0,40}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[\u{0}-\u{5}\\\\\"{}:,-]|.){0,12}", 1..8),
        at in any::<i64>(), first in 0..u64::MAX - 10,
    ) {
        let entries: Vec<_> = bodies.into_iter().map(|body| BlockEntry {
            taken_at: Timestamp::from_micros(at),
            ..kept(body, 0)
        }).collect();
        let block = encode(first, &entries).unwrap();
        prop_assert_eq!(decode(&block), Ok((first, entries)));
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
        let _ = decode(&[MAGIC.as_slice(), &bytes].concat());
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_as_something_bounded(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        let entries: Vec<_> = include_str!("samples.ndjson").lines().map(|line| kept(line, 0)).collect();
        let mut block = encode(0, &entries).unwrap();
        let at = at.index(block.len());
        block[at] = with;
        let _ = decode(&block);
    }
}

/// Whatever was taken out of a text, and wherever it stands in a block.
#[test]
fn entries_are_found_by_what_they_say_and_come_back_whole() {
    let ids: Vec<String> = (0..3)
        .map(|n| format!("01a222bf-60d9-7b18-9b50-40050c7efb0{n}"))
        .collect();
    let digest = "0123456789abcdef".repeat(4);
    let time = "2026-11-28T15:21:37.241143Z";
    let bodies = [
        format!(r#"{{"id":"{}","decision":"deny","at":"{time}"}}"#, ids[0]),
        format!(r#"{{"id":"{}","decision":"allow","sha":"{digest}"}}"#, ids[1]),
        format!(r#"{{"id":"{}","of":"{}","decision":"deny"}}"#, ids[2], ids[0]),
        format!(r#"{{"id":"{}","text":"{digest}ny","decision":"denied"}}"#, ids[0]),
        String::from(r#"{"decision":"\u0064eny"}"#),
        String::from("\u{1}raw"),
        String::from("{}"),
    ];
    let entries: Vec<_> = (0..).zip(&bodies).map(|(at, body)| kept(body, at)).collect();
    let block = encode(7, &entries).unwrap();
    let found = |values: &[&str]| -> Vec<u64> {
        let (first, found) = decode_some(&block, values).unwrap();
        for (index, kept) in &found {
            assert_eq!(*kept, entries[usize::try_from(index - first).unwrap()]);
        }
        // What may say anything is always among them.
        found
            .into_iter()
            .map(|(index, _)| index - first)
            .filter(|index| !matches!(index, 4 | 5))
            .collect()
    };
    assert_eq!(found(&[]), [0, 1, 2, 3, 6]);
    assert_eq!(found(&["deny"]), [0, 2]);
    assert_eq!(found(&["allow"]), [1]);
    assert_eq!(found(&[&ids[0]]), [0, 2, 3]);
    assert_eq!(found(&[&ids[0], "deny"]), [0, 2]);
    assert_eq!(found(&[&ids[0], &ids[2], "deny"]), [2]);
    assert_eq!(found(&["01a222bf-60d9-7b18-9b50-40050c7efb09"]), [] as [u64; 0]);
    // Digests and times are not told apart, so nothing is left out for them.
    assert_eq!(found(&[&digest, "allow"]), [1]);
    assert_eq!(found(&[time]), [0, 1, 2, 3, 6]);
    let (_, odd) = decode_some(&block, &["deny"]).unwrap();
    assert_eq!(
        odd.iter().map(|(index, _)| index - 7).collect::<Vec<_>>(),
        [0, 2, 4, 5]
    );
}
