//! The settings that count, as `doctor --settings` shows them.

use std::io;

use clap::ValueEnum;
use stocktake_settings::Loaded;

use crate::format::{Simple, machine};
use crate::output::paint::Tone;
use crate::output::table::Cell;
use crate::output::{Out, Table};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// For people
    Table,
    /// A settings file that says the same
    Toml,
    Json,
}

pub(crate) fn print(out: &mut Out, loaded: &Loaded, form: Form) -> io::Result<()> {
    match form {
        Form::Toml => return out.write(&loaded.to_toml()),
        Form::Json => return machine(out, Simple::Json, &loaded.effective()).map(drop),
        Form::Table => {}
    }
    let mut table = Table::of(&["SETTING", "VALUE", "CHANGES", "SAID BY"]);
    for one in loaded.effective() {
        let source = one.source.to_string();
        let tone = if source == "default" { Tone::Faint } else { Tone::Plain };
        let cells: [Cell; 4] =
            [one.key.into(), one.value.to_string().into(), one.reload.words().into(), Cell::from(source).tone(tone)];
        table.row(out, cells)?;
    }
    table.end(out, "; `-o toml` is a file that says the same")
}
