//! What was found of texts that may come again.

use std::collections::HashMap;

use parking_lot::Mutex;

/// Most texts remembered, and most bytes of them.
const TEXTS: usize = 8192;
const BYTES: usize = 8 * 1024 * 1024;

/// Answers by the whole text, so that no two texts are taken for one. It forgets everything when it is full: sessions come
/// and go, and what is asked now is what will be asked next.
#[derive(Debug)]
pub(crate) struct Memory<T> {
    known: HashMap<Box<str>, T>,
    bytes: usize,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            bytes: 0,
        }
    }
}

impl<T: Clone> Memory<T> {
    pub(crate) fn get(&self, text: &str) -> Option<T> {
        self.known.get(text).cloned()
    }

    pub(crate) fn keep(&mut self, text: &str, found: T) {
        if text.len() > BYTES {
            return;
        }
        if self.known.len() >= TEXTS || self.bytes.saturating_add(text.len()) > BYTES {
            self.known.clear();
            self.bytes = 0;
        }
        self.bytes = self.bytes.saturating_add(text.len());
        self.known.insert(text.into(), found);
    }
}

/// A memory that threads share. Two that meet the same text at the same time may both find out; they find the same.
#[derive(Debug)]
pub(crate) struct SharedMemory<T>(Mutex<Memory<T>>);

impl<T> Default for SharedMemory<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> SharedMemory<T> {
    /// What is known of `text`, else what `find` finds, which is remembered. Nobody waits for it meanwhile.
    pub(crate) fn get_or(&self, text: &str, find: impl FnOnce() -> T) -> T {
        if let Some(known) = self.0.lock().get(text) {
            return known;
        }
        let found = find();
        self.0.lock().keep(text, found.clone());
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_no_more_than_it_may_and_still_answers() {
        let mut memory = Memory::default();
        for n in 0..3 * TEXTS {
            memory.keep(&n.to_string(), n);
            assert!(memory.known.len() <= TEXTS);
            assert_eq!(memory.get(&n.to_string()), Some(n));
        }
        memory.keep(&"x".repeat(BYTES + 1), 7);
        let large = "y".repeat(BYTES / 2 + 1);
        memory.keep(&large, 8);
        memory.keep(&large.replace('y', "z"), 9);
        assert!(memory.bytes <= BYTES, "{}", memory.bytes);
        assert_eq!(memory.get(&large), None);
    }
}
