//! Ids of new inventory rows. They are given out in blocks, so that a small run costs no round trip for them; what is
//! left of a block when the program ends is never used.

use std::sync::{Mutex, PoisonError};

use crate::db::Param;
use crate::error::Result;
use crate::store::Store;

const BLOCK: i64 = 256;

/// The rest of the last block.
#[derive(Debug, Default)]
pub(crate) struct IdBlock(Mutex<(i64, i64)>);

impl IdBlock {
    fn take(&self, n: i64) -> Option<i64> {
        let mut rest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (next, end) = *rest;
        (next + n <= end).then(|| {
            rest.0 += n;
            next
        })
    }

    fn refill(&self, from: i64, end: i64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (from, end);
    }
}

impl Store {
    /// The first of `n` ids in a row that nobody else has or will get. 0 when `n` is 0.
    pub async fn reserve_ids(&self, n: usize) -> Result<i64> {
        let n = n as i64;
        if n == 0 {
            return Ok(0);
        }
        if let Some(first) = self.ids.take(n) {
            return Ok(first);
        }
        let block = n.max(BLOCK);
        let row = self.query_one("update inventory_ids set last = last + $1 returning last", &[Param::Int(block)]).await?;
        let last: i64 = row.get(0)?;
        let first = last - block + 1;
        if block > n {
            self.ids.refill(first + n, last + 1);
        }
        Ok(first)
    }
}
