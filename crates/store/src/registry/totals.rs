//! What runs did since the inventory began, summed up as they end: counters that never fall when old runs are purged.

use serde::Serialize;
use stocktake_saver::Counts;

use super::Result;
use super::runs::{RunEnd, RunState};
use crate::db::{ProviderId, Row};
use crate::error::StoreError;
use crate::params;
use crate::store::Store;

/// Sums over all runs of a provider that had one mode and one end.
#[derive(Debug, Clone, Serialize)]
pub struct RunTotals {
    pub provider: String,
    pub provider_id: ProviderId,
    pub mode: String,
    pub state: RunState,
    pub runs: u64,
    pub millis: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub archived: u64,
    pub deleted: u64,
    pub held: u64,
    pub api_calls: u64,
    pub api_retries: u64,
    pub api_throttled: u64,
    pub api_bytes: u64,
}

const COLUMNS: &str = "runs, millis, created, updated, unchanged, archived, deleted, held, api_calls, api_retries, \
    api_throttled, api_bytes";

/// Adds a run that has ended. `millis`: how long it took in all.
pub async fn count_run(store: &Store, provider: ProviderId, mode: &str, end: &RunEnd, millis: u64) -> Result<()> {
    let counts = end.collections.values().fold(Counts::default(), |mut sum, of| {
        sum.add(&of.counts);
        sum
    });
    let sums: Vec<_> = COLUMNS.split(", ").map(|name| format!("{name} = run_totals.{name} + excluded.{name}")).collect();
    let sql = format!(
        "insert into run_totals (provider_id, mode, state, {COLUMNS}) \
         values ($1, $2, $3, 1, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         on conflict (provider_id, mode, state) do update set {}",
        sums.join(", ")
    );
    let params = params![
        provider,
        mode,
        end.state.name(),
        millis as i64,
        counts.created as i64,
        counts.updated as i64,
        counts.unchanged as i64,
        counts.archived as i64,
        counts.deleted as i64,
        counts.held as i64,
        end.usage.calls as i64,
        end.usage.retries as i64,
        end.usage.throttled as i64,
        end.usage.bytes as i64,
    ];
    store.execute(&sql, &params).await?;
    Ok(())
}

/// By provider, mode and end.
pub async fn run_totals(store: &Store) -> Result<Vec<RunTotals>> {
    let sql = format!(
        "select p.name, t.provider_id, t.mode, t.state, {COLUMNS} from run_totals t join providers p on p.id = t.provider_id \
         order by p.name, t.mode, t.state"
    );
    let totals = |row: &Row| {
        let number = |at| row.get::<i64>(at).map(|number| number as u64);
        Ok(RunTotals {
            provider: row.get(0)?,
            provider_id: row.get(1)?,
            mode: row.get(2)?,
            state: RunState::parse(&row.get::<String>(3)?),
            runs: number(4)?,
            millis: number(5)?,
            created: number(6)?,
            updated: number(7)?,
            unchanged: number(8)?,
            archived: number(9)?,
            deleted: number(10)?,
            held: number(11)?,
            api_calls: number(12)?,
            api_retries: number(13)?,
            api_throttled: number(14)?,
            api_bytes: number(15)?,
        })
    };
    let rows = store.query(&sql, &[]).await?;
    Ok(rows.iter().map(totals).collect::<Result<_, StoreError>>()?)
}
