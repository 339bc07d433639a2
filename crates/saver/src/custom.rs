//! Custom saves: records that are no rows themselves but make rows of other collections.

use std::sync::Arc;

use stocktake_model::{CollectionIx, Issue, IssueKind, RowView, Rows};

/// Puts what the custom saves make in the place of their records. What one makes may be records of another.
pub(crate) fn run(rows: &mut Rows) {
    let menu = Arc::clone(rows.menu());
    let mut left: Vec<CollectionIx> = Vec::new();
    for _ in 0..=menu.len() {
        left =
            menu.iter().map(|(ix, _)| ix).filter(|ix| menu.custom_save(*ix).is_some() && !rows.of(*ix).is_empty()).collect();
        if left.is_empty() {
            return;
        }
        let mut made = Rows::new(Arc::clone(&menu), rows.seed());
        for ix in &left {
            if let Some(save) = menu.custom_save(*ix) {
                save(&rows.of(*ix).iter().collect::<Vec<RowView<'_>>>(), &mut made);
            }
        }
        for ix in &left {
            rows.forget(*ix);
        }
        rows.append(&mut made);
    }
    for ix in left {
        let reference = rows.of(ix).view(0).key().to_owned();
        rows.issues.push(Issue {
            kind: IssueKind::Malformed,
            collection: menu.get(ix).name.to_owned(),
            reference,
            field: None,
            message: "custom saves make records for each other without end; these were left out".to_owned(),
        });
        rows.forget(ix);
    }
}
