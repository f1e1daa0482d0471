//! Counting what is searched for.

use caracal_ledger::terms::Indexed;
use caracal_storage::{Error, MOST_COUNTED, Total};

use super::{
    query::Query,
    scan::Scan,
    search::{LAST_STEP, MOST_OPENED, matches, opened_beside},
};
use crate::log_unit::LogUnit;

impl LogUnit<'_> {
    /// How many entries are `wanted`, as far as [`MOST_OPENED`] blocks tell.
    pub(super) async fn count_wanted(
        &mut self,
        query: &Query<'_>,
        wanted: &impl Fn(&Indexed) -> bool,
    ) -> Result<Total, Error> {
        let chain_of = self.log.clone();
        let chain = chain_of.chain();
        let Some(log) = self.head().await? else {
            return Ok(Total::of(0, true));
        };
        let mut count = matches(chain, self.unsealed(&log, &query.values).await?, wanted)?.len();
        let of = (&log, chain);
        let mut scan = Scan::new(self.tx, of, query.terms.clone(), query.span(), true).await?;
        let mut opened = 0;
        while !scan.done && count as u64 <= MOST_COUNTED && opened < MOST_OPENED {
            let blocks = scan.next(self.tx, LAST_STEP).await?;
            opened += blocks.counted;
            count += matches(chain, opened_beside(blocks, &query.values).await?, wanted)?.len();
        }
        Ok(Total::of(count as u64, scan.done))
    }
}
