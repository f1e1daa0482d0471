//! Stands for a build script that chooses libraries on Windows, which is no target of ours: decision record 32.
#![no_std]
#![forbid(unsafe_code)]
