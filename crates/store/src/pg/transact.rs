//! A short transaction in one round trip.

use futures_util::future::try_join_all;
use tokio_postgres::types::ToSql;

use super::{Postgres, Use, in_order, row};
use crate::db::{Row, Statement};
use crate::error::Result;

impl Postgres {
    pub(crate) async fn transact(&self, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
        let mut conn = self.get(Use::Saving).await?;
        if let [only] = statements {
            return Ok(vec![conn.query(&only.sql, &only.params).await?]);
        }
        let prepared = try_join_all(statements.iter().map(|s| conn.prepared(&s.sql))).await;
        let prepared = prepared.map_err(|e| conn.explain("prepare", e))?;
        conn.open_transaction();
        let begin = conn.client().batch_execute("begin");
        let work = statements.iter().zip(&prepared).map(|(s, p)| async {
            let params: Vec<_> = s.params.iter().map(|p| p as &(dyn ToSql + Sync)).collect();
            conn.client().query(p, &params).await
        });
        let commit = conn.client().batch_execute("commit");
        let (begin, work, commit) = in_order(begin, work, commit).await;
        let answers = begin.and_then(|()| work.into_iter().collect::<Result<Vec<_>, _>>());
        let answers = answers.and_then(|answers| commit.map(|()| answers)).map_err(|e| conn.explain("write", e))?;
        conn.close_transaction();
        answers.iter().map(|rows| rows.iter().map(row).collect()).collect()
    }
}
