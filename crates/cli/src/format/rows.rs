//! A list of objects, written as it comes.

use std::io;

use stocktake_model::{Menu, Type, Unit};
use stocktake_store::query::{Path, Record};

use super::{Format, cell, csv, data};
use crate::output::{Align, Out, Table};

/// Takes records one by one. [`Format::Raw`] is not its business: documents are no records.
#[derive(Debug)]
pub(crate) struct Rows {
    format: Format,
    columns: Vec<Path>,
    units: Vec<Unit>,
    table: Option<Table>,
    now: i64,
    count: u64,
}

impl Rows {
    pub(crate) fn new(format: Format, menu: &Menu, columns: Vec<Path>, now: i64) -> Self {
        let units: Vec<_> = columns.iter().map(|c| c.unit(menu)).collect();
        let titles = columns.iter().map(|c| {
            let number = matches!(c.ty(menu), Type::Int | Type::Float);
            (c.text.to_uppercase(), if number { Align::Right } else { Align::Left })
        });
        let table = match format {
            Format::Table => Some(Table::new(titles)),
            Format::Wide => Some(Table::new(titles).whole()),
            _ => None,
        };
        Self { format, columns, units, table, now, count: 0 }
    }

    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    pub(crate) fn row(&mut self, out: &mut Out, record: &Record) -> io::Result<()> {
        let first = self.count == 0;
        self.count += 1;
        let object = data::Object { columns: &self.columns, values: &record.values };
        match self.format {
            Format::Table | Format::Wide => {
                let columns = self.columns.iter().zip(&self.units).zip(&record.values);
                let cells = columns.map(|((column, unit), value)| cell(&column.text, value, *unit, self.now));
                self.table.as_mut().map_or(Ok(()), |table| table.row(out, cells))
            }
            Format::Json => {
                out.write(if first { "[\n  " } else { ",\n  " })?;
                out.write(&serde_json::to_string(&object).map_err(io::Error::other)?)
            }
            Format::Jsonl => out.line(serde_json::to_string(&object).map_err(io::Error::other)?),
            Format::Yaml => out.write(&serde_saphyr::to_string(&[object]).map_err(io::Error::other)?),
            Format::Csv => {
                if first {
                    out.line(csv::line(self.columns.iter().map(|c| c.text.as_str().into())))?;
                }
                out.line(csv::line(record.values.iter().map(csv::field)))
            }
            Format::Name | Format::Raw => {
                let named = record.values.iter().map(csv::field).find(|name| !name.is_empty());
                out.line(named.unwrap_or_default())
            }
        }
    }

    pub(crate) fn end(self, out: &mut Out) -> io::Result<()> {
        match (self.format, self.count) {
            (Format::Json, 0) => out.line("[]"),
            (Format::Json, _) => out.write("\n]\n"),
            (Format::Yaml, 0) => out.line("[]"),
            (Format::Csv, 0) => out.line(csv::line(self.columns.iter().map(|c| c.text.as_str().into()))),
            (Format::Table | Format::Wide, 0) => Ok(()),
            _ => self.table.map_or(Ok(()), |table| table.end(out, "; `-o wide` shows all")),
        }
    }
}
