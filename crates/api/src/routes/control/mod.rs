//! `/v1/control`: commands of control keys.

pub(super) mod invoke;
