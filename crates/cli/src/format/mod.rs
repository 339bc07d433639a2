//! Answers in the form that was asked for. Machine formats show values as they are, tables as people read them. Knows
//! no verbs and no database.

mod cells;
mod csv;
pub(crate) mod data;
mod rows;

use std::io;

use clap::ValueEnum;
use serde::Serialize;

use crate::output::Out;

pub(crate) use cells::{cell, cell_text};
pub(crate) use csv::line as csv_line;
pub(crate) use rows::Rows;

/// Forms of a list of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns that fit the terminal
    Table,
    /// More columns, however long the lines get
    Wide,
    Json,
    /// One JSON object a line
    Jsonl,
    Yaml,
    Csv,
    /// Names only
    Name,
    /// The provider's own documents, one a line
    Raw,
}

/// Forms of everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Simple {
    /// For people
    Table,
    Json,
    Yaml,
}

/// Writes a value in a machine format. `false`: the caller shows it to people.
pub(crate) fn machine(out: &mut Out, format: Simple, value: &impl Serialize) -> io::Result<bool> {
    let text = match format {
        Simple::Table => return Ok(false),
        Simple::Json => serde_json::to_string_pretty(value).map_err(io::Error::other)? + "\n",
        Simple::Yaml => serde_saphyr::to_string(value).map_err(io::Error::other)?,
    };
    out.write(&text)?;
    Ok(true)
}
