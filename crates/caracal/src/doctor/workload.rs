//! The identity that `caracal run` would use, where one is set.

use std::path::Path;

use super::{CheckContext, Section};
use crate::run;

/// Nothing where no workload is named: most homes have none.
pub(super) fn check(context: &CheckContext<'_>, home: &Path) -> Option<Section> {
    let workload = context.environment.get("CARACAL_WORKLOAD_ID")?;
    let mut section = Section::new("workload");
    match run::sts_of_identity(context.environment, home) {
        Ok(sts) => section.ok("identity", format!("{workload}, asked for at {sts}")),
        Err(error) => section.fail(
            "identity",
            format!("{error:#}"),
            "see the variables in `caracal run --help`",
        ),
    }
    Some(section)
}
