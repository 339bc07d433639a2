//! What happened to an object, and what was written about it: at the end of `stocktake show`.

use std::io;

use stocktake_events::notes::{self, Note};
use stocktake_events::stream::{self, EventRecord, ObjectRef};
use stocktake_model::Menu;
use stocktake_store::query::{End, Object, Value};
use stocktake_store::{Store, registry};

use super::{events, now};
use crate::output::human::ago;
use crate::output::paint::Tone;
use crate::output::table::Cell;
use crate::output::{Align, Out, Table};

/// How many of each.
const LAST: u32 = 10;

#[derive(Debug, Default)]
pub(super) struct Happened {
    /// The newest first.
    pub(super) events: Vec<EventRecord>,
    pub(super) notes: Vec<Note>,
}

pub(super) async fn to(store: &Store, menu: &Menu, object: &Object) -> anyhow::Result<Happened> {
    let (Value::Text(provider), Value::Text(reference)) = (object.value(End::Provider), object.value(End::Ref)) else {
        return Ok(Happened::default());
    };
    let provider = registry::find(store, provider).await?.id;
    let collection = menu.get(object.collection).name;
    let about = ObjectRef { collection: collection.to_owned(), reference: reference.clone() };
    Ok(Happened {
        events: stream::of_object(store, menu, provider, about, LAST).await?,
        notes: notes::of_object(store, provider, collection, reference, LAST).await?,
    })
}

pub(super) fn print(out: &mut Out, happened: &Happened) -> io::Result<()> {
    let (paint, now) = (out.paint(), now());
    if !happened.notes.is_empty() {
        out.line("")?;
        out.line(paint.strong("notes"))?;
        let mut table = Table::new([("", Align::Left), ("", Align::Left), ("", Align::Left)]).indent(2).sentences();
        for note in &happened.notes {
            let when = Cell::from(ago(note.created_on, now)).tone(Tone::Faint);
            table.row(out, [when, Cell::from(note.author.as_str()).tone(Tone::Faint), note.body.as_str().into()])?;
        }
        table.end(out, "")?;
    }
    if !happened.events.is_empty() {
        out.line("")?;
        out.line(paint.strong("last events"))?;
        events::table(out, &happened.events)?;
    }
    Ok(())
}
