//! How often the parser reads what stands within a bracket.

use super::Position;

/// A bracket that is open.
pub(super) struct Level {
    pub(super) closer: char,
    pub(super) opened: Position,
    pub(super) chain: u32,
    /// How often the bracket itself is read.
    pub(super) readings: u64,
    /// Whether it may hold a comprehension, for which the parser goes back.
    pub(super) goes_back: bool,
    /// Whether no separator came yet.
    pub(super) first: bool,
    /// Whether statements follow rather than elements.
    pub(super) query: bool,
}

impl Level {
    /// How often what stands at this place is read.
    pub(super) fn readings(&self) -> u64 {
        let factor = match (self.goes_back, self.first, self.query) {
            (false, _, _) | (true, false, false) => 1,
            (true, true, false) | (true, false, true) => 2,
            // The first statement may turn out not to be one.
            (true, true, true) => 4,
        };
        self.readings.saturating_mul(factor)
    }
}
