//! Compression of the two parts of a block.
//!
//! Contexts are kept by their thread: to make one costs as much as to pack some events.

use std::{cell::RefCell, io, sync::LazyLock};

use zstd::{
    bulk::{Compressor, Decompressor},
    dict::{DecoderDictionary, EncoderDictionary},
};

/// Compression that is quick enough for the path of ingest; higher levels gain less than a tenth.
const LEVEL: i32 = 3;
/// Shapes of events as [`super::tokens`] leaves them. Part of the form: another dictionary is another [`super::MAGIC`].
const DICTIONARY: &[u8] = include_bytes!("dictionary-1.txt");
static PACKING: LazyLock<EncoderDictionary<'_>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static UNPACKING: LazyLock<DecoderDictionary<'_>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    static CONTEXTS: RefCell<Contexts> = RefCell::default();
}

#[derive(Default)]
struct Contexts {
    columns: Context,
    text: Context,
}

#[derive(Default)]
struct Context {
    compressor: Option<Compressor<'static>>,
    decompressor: Option<Decompressor<'static>>,
}

/// A part of a block.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Columns,
    /// With the dictionary.
    Text,
}

impl Part {
    fn with<T>(self, then: impl FnOnce(&mut Context) -> T) -> T {
        CONTEXTS.with_borrow_mut(|contexts| {
            then(match self {
                Self::Columns => &mut contexts.columns,
                Self::Text => &mut contexts.text,
            })
        })
    }

    pub(super) fn pack(self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let make = || match self {
            Self::Columns => Compressor::new(LEVEL),
            Self::Text => Compressor::with_prepared_dictionary(&PACKING),
        };
        self.with(|context| {
            let compressor = match &mut context.compressor {
                Some(kept) => kept,
                none => none.insert(make()?),
            };
            compressor.compress(bytes)
        })
    }

    /// Up to `length` bytes.
    pub(super) fn unpack(self, packed: &[u8], length: usize) -> io::Result<Vec<u8>> {
        let make = || match self {
            Self::Columns => Decompressor::new(),
            Self::Text => Decompressor::with_prepared_dictionary(&UNPACKING),
        };
        self.with(|context| {
            let decompressor = match &mut context.decompressor {
                Some(kept) => kept,
                none => none.insert(make()?),
            };
            decompressor.decompress(packed, length)
        })
    }
}
