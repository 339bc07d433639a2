//! What is new since the last look. Ids are given before a transaction commits, so of two handlers the one with the greater
//! ids may be seen first: whoever only asked for greater ids than the last would miss the other's events for good.

use std::collections::HashSet;
use std::time::Duration;

use stocktake_model::Menu;
use stocktake_store::{Store, StoreError, params};

use super::{EventFilter, EventRecord, list};

/// So long after an event was stored, none with a smaller id appears. A handler's transaction takes milliseconds; one that
/// took longer than this would be missed by those who follow, and seen by everybody else.
const SETTLED: Duration = Duration::from_secs(10);

/// Follows the stream. Holds the ids of the last ten seconds, and nothing else.
#[derive(Debug)]
pub struct Follow {
    filter: EventFilter,
    /// No event with an id up to this one is missing.
    floor: i64,
    seen: HashSet<i64>,
}

impl Follow {
    /// From here on: what is stored by now is not told, see [`list`] for it.
    pub async fn from_now(store: &Store, filter: EventFilter) -> Result<Self, StoreError> {
        let mut follow = Self { filter, floor: 0, seen: HashSet::new() };
        follow.settle(store).await?;
        let rows = store.query("select id from events where id > $1", &[follow.floor.into()]).await?;
        follow.seen = rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>()?;
        Ok(follow)
    }

    /// After this event: what was stored since is told, too.
    pub fn after(filter: EventFilter, id: i64) -> Self {
        Self { filter, floor: id, seen: HashSet::new() }
    }

    /// What has come since, the oldest first. All of it: what does not fit on a page is read page by page.
    pub async fn next(&mut self, store: &Store, menu: &Menu) -> Result<Vec<EventRecord>, StoreError> {
        let (mut new, mut after) = (Vec::new(), self.floor);
        loop {
            let filter = EventFilter { after: Some(after), before: None, ..self.filter.clone() };
            let page = list(store, menu, &filter).await?;
            let Some(last) = page.last() else { break };
            after = last.id;
            new.extend(page.into_iter().filter(|event| self.seen.insert(event.id)));
        }
        self.settle(store).await?;
        Ok(new)
    }

    async fn settle(&mut self, store: &Store) -> Result<(), StoreError> {
        let sql = format!(
            "select id from events where id > $2 and stored_on < {} order by id desc limit 1",
            crate::words::ago(store.kind(), "$1")
        );
        let row = store.query_opt(&sql, &params![crate::words::micros(SETTLED), self.floor]).await?;
        self.floor = row.map(|row| row.get(0)).transpose()?.unwrap_or(self.floor);
        self.seen.retain(|id| *id > self.floor);
        Ok(())
    }
}
