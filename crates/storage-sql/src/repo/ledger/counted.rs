//! Counting what is searched for.

use caracal_ledger::terms::Indexed;
use caracal_storage::{Error, MOST_COUNTED, Total};

use super::{
    query::Query,
    scan::Scan,
    search::{LAST_STEP, matches, opened_beside},
};
use crate::{log_unit::LogUnit, params::params};

/// Blocks that are opened to count, beside those of the page: enough for [`MOST_COUNTED`] entries where every one is wanted, and
/// all that counting may keep a core busy with.
const MOST_OPENED_TO_COUNT: usize = 40;

impl LogUnit<'_> {
    /// How many entries there are, of which no block is opened.
    pub(super) async fn count_all(&mut self) -> Result<Total, Error> {
        let Some(log) = self.head().await? else {
            return Ok(Total::of(0, true));
        };
        let most = i64::try_from(MOST_COUNTED).unwrap_or(i64::MAX).saturating_add(1);
        // A block has an entry at least.
        let sql = "SELECT CAST(COALESCE(SUM(entries), 0) AS BIGINT) AS n FROM (SELECT entries FROM evidence_blocks \
             WHERE log = $1 ORDER BY first_index LIMIT $2) AS blocks";
        let found = self.tx.count(sql, params![log.number, most]).await?;
        Ok(Total::of(found, true))
    }

    /// How many entries are `wanted`, as far as [`MOST_OPENED_TO_COUNT`] blocks tell.
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
        while !scan.done && count as u64 <= MOST_COUNTED && opened < MOST_OPENED_TO_COUNT {
            let left = u32::try_from(MOST_OPENED_TO_COUNT - opened).unwrap_or(LAST_STEP);
            let blocks = scan.next(self.tx, LAST_STEP.min(left)).await?;
            opened += blocks.counted;
            count += matches(chain, opened_beside(blocks, &query.values).await?, wanted)?.len();
        }
        Ok(Total::of(count as u64, scan.done))
    }
}
