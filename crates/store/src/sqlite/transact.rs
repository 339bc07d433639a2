//! A short transaction in one visit to the writer.

use rusqlite::Connection;

use super::{Sqlite, dialect, explain, in_transaction, value};
use crate::db::{Row, Statement};
use crate::error::Result;
use crate::transact::Durability;

impl Sqlite {
    pub(crate) async fn transact(&self, statements: &[Statement], durability: Durability) -> Result<Vec<Vec<Row>>> {
        let statements = statements.to_vec();
        let work = move |c: &mut Connection| {
            // Between transactions, where alone it may be changed.
            if durability == Durability::Full {
                synchronous(c, "full")?;
            }
            let done = if let [only] = statements.as_slice() {
                let rows = value::query(c, &dialect::translate(&only.sql), &only.params);
                rows.map(|rows| vec![rows]).map_err(|e| explain("write", e))
            } else {
                in_transaction(c, |c| each(c, &statements))
            };
            if durability == Durability::Full {
                synchronous(c, "normal")?;
            }
            done
        };
        self.write(work).await
    }
}

/// Texts that follow their like are translated once.
fn each(c: &Connection, statements: &[Statement]) -> Result<Vec<Vec<Row>>> {
    let mut answers = Vec::with_capacity(statements.len());
    let (mut neutral, mut translated) = ("", String::new());
    for statement in statements {
        if neutral != statement.sql {
            neutral = &statement.sql;
            translated = dialect::translate(neutral);
        }
        answers.push(value::query(c, &translated, &statement.params).map_err(|e| explain("write", e))?);
    }
    Ok(answers)
}

fn synchronous(c: &Connection, level: &str) -> Result<()> {
    c.pragma_update(None, "synchronous", level).map_err(|e| explain("choose how to wait for the disk", e))
}
