//! The witness from outside.

mod openapi;
