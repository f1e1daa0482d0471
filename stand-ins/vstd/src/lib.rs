//! Stands for the library of the Verus verifier, of which a build that verifies nothing needs no more than annotations
//! that say nothing: decision record 32.
#![no_std]
#![forbid(unsafe_code)]

/// What regorus imports.
pub mod prelude {
    pub use vstd_macros::{proof, verus_spec, verus_verify};
}
