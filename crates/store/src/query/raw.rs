//! The provider's own documents, unpacked.

use std::collections::HashMap;

use crate::error::{Result, StoreError};
use crate::params;
use crate::store::Store;

/// Documents by the ids of their rows; a row without one is not in the answer.
pub async fn documents(store: &Store, ids: &[i64]) -> Result<HashMap<i64, String>> {
    let sql = "select row_id, encoding, body from raw_documents where row_id = any($1)";
    let rows = store.query(sql, &params![ids.to_vec()]).await?;
    rows.iter().map(|row| Ok((row.get(0)?, unpack(row.get(0)?, row.get(1)?, row.get(2)?)?))).collect()
}

fn unpack(row: i64, encoding: i64, body: Vec<u8>) -> Result<String> {
    let bad = |why: String| StoreError::Bug(format!("the document of row {row} cannot be read: {why}"));
    let bytes = match encoding {
        0 => body,
        1 => lz4_flex::decompress_size_prepended(&body).map_err(|e| bad(e.to_string()))?,
        other => return Err(bad(format!("its encoding {other} is not known"))),
    };
    String::from_utf8(bytes).map_err(|e| bad(e.to_string()))
}
