//! `stocktake events --follow`: events as they are stored, until somebody presses Ctrl-C.

use std::borrow::Cow;
use std::collections::HashSet;
use std::time::Duration;

use stocktake_events::stream::{self, EventFilter, EventRecord, Follow};
use stocktake_model::Menu;
use stocktake_store::Store;

use super::{Form, lines};
use crate::app::App;
use crate::exit::{Done, Exit};
use crate::format::csv_line;
use crate::interrupt::Stop;
use crate::output::Out;

/// How often it is looked. An event is wanted within the second.
const LOOK: Duration = Duration::from_millis(500);

pub(super) async fn run(app: &mut App, store: &Store, menu: &Menu, filter: EventFilter, form: Form) -> Done {
    let stop = Stop::listen();
    if form == Form::Csv {
        app.out.line(csv_line(lines::TITLES.iter().map(|title| Cow::Borrowed(*title))))?;
    }
    // Before what is there is read, so that nothing comes between; what comes there is told once.
    let mut follow = Follow::from_now(store, filter.clone()).await?;
    let mut before = stream::list(store, menu, &filter).await?;
    before.reverse();
    let told: HashSet<i64> = before.iter().map(|event| event.id).collect();
    for event in &before {
        print(&mut app.out, form, event)?;
    }
    while !stop.was_asked() && !app.out.is_closed() {
        match follow.next(store, menu).await {
            Ok(events) => {
                for event in events.iter().filter(|event| !told.contains(&event.id)) {
                    print(&mut app.out, form, event)?;
                }
            }
            // Whoever looks on for hours wants to go on when it is back.
            Err(error) if error.is_transient() => app.remark(format!("{error}; trying again")),
            Err(error) => return Err(error.into()),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.asked() => {}
        }
    }
    Ok(Exit::Ok)
}

fn print(out: &mut Out, form: Form, event: &EventRecord) -> std::io::Result<()> {
    match form {
        Form::Csv => out.line(lines::csv(event))?,
        Form::Jsonl => out.line(serde_json::to_string(event).map_err(std::io::Error::other)?)?,
        Form::Table | Form::Json | Form::Yaml => lines::line(out, event)?,
    }
    out.flush()
}
