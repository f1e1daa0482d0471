//! What this machine has.

use std::thread;

/// Half of the cores, and at least one: what may be busy with something else at once, so that the rest decides.
pub(super) fn half_of_the_machine() -> usize {
    thread::available_parallelism()
        .map_or(1, |cores| cores.get() / 2)
        .max(1)
}
