//! What fuzzers reach of the listener (`fuzz/`); compiled for them alone.

use super::scan::Scanner;

/// Largest head that the scanner is given room for.
const MAX_HEAD: usize = 64 * 1024;

/// The bytes of one connection: however they arrive, the same heads are seen and the same fault is found; without one, the
/// same bytes are passed on. Before a fault more are the more pieces there are: it is not known yet.
///
/// # Panics
/// When that does not hold.
pub fn connection(bytes: &[u8], piece: usize) {
    let (passed, heads, fault) = walk(bytes, bytes.len().max(1));
    let (passed_in_pieces, heads_in_pieces, fault_in_pieces) = walk(bytes, piece.max(1));
    assert_eq!(
        (heads, &fault),
        (heads_in_pieces, &fault_in_pieces),
        "in pieces of {piece}"
    );
    assert!(
        fault.is_some() || passed == passed_in_pieces,
        "in pieces of {piece}: {passed} and {passed_in_pieces}"
    );
}

/// Bytes passed on, heads among them, and the fault, of bytes that arrive in pieces.
fn walk(bytes: &[u8], piece: usize) -> (usize, u64, Option<String>) {
    let mut scanner = Scanner::new(MAX_HEAD);
    let (mut passed, mut arrived) = (0_usize, 0_usize);
    loop {
        arrived = arrived.saturating_add(piece).min(bytes.len());
        let step = scanner.advance(bytes.get(passed..arrived).unwrap_or_default());
        passed = passed.saturating_add(step.approved);
        assert!(passed <= arrived, "passes what did not arrive");
        let fault = step.fault.map(|fault| format!("{fault:?}"));
        if fault.is_some() || arrived == bytes.len() {
            return (passed, scanner.heads, fault);
        }
    }
}
