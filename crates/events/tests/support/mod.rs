//! Servers of this test run's own.

pub mod private_redis;
