//! The web role from outside.

mod openapi;
