//! Tables that fit where they are read. Too wide for the terminal: long cells end in `…`, then columns are left out from
//! the right and the last line says which. Rows can be added for ever: the first ones decide the widths.

use std::io;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::out::Out;
use super::paint::Tone;

/// Rows looked at before widths are fixed.
const LOOK: usize = 500;
/// A column narrower than this says nothing.
const NARROW: usize = 8;
const GAP: usize = 2;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Align {
    #[default]
    Left,
    Right,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        // A line break or an escape sequence in a name would break the table, or worse, the terminal.
        let text: String = text.into();
        let text = if text.chars().any(char::is_control) {
            text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
        } else {
            text
        };
        Self { text, tone: Tone::Plain }
    }
}

impl Cell {
    /// A text that was painted already; for the last column only, where nobody counts its width.
    pub(crate) fn painted(text: String) -> Self {
        Self { text, tone: Tone::Plain }
    }

    pub(crate) fn tone(mut self, tone: Tone) -> Self {
        self.tone = tone;
        self
    }
}

#[derive(Debug)]
struct Column {
    title: String,
    align: Align,
    width: usize,
}

#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    waiting: Vec<Vec<Cell>>,
    begun: bool,
    /// Columns shown, once widths are fixed.
    kept: usize,
    indent: usize,
    truncate: bool,
}

impl Table {
    pub(crate) fn new<T: Into<String>>(titles: impl IntoIterator<Item = (T, Align)>) -> Self {
        let columns = titles.into_iter().map(|(title, align)| {
            let title = title.into();
            Column { width: title.width(), title, align }
        });
        Self { columns: columns.collect(), waiting: Vec::new(), begun: false, kept: 0, indent: 0, truncate: true }
    }

    /// Of texts, left.
    pub(crate) fn of(titles: &[&str]) -> Self {
        Self::new(titles.iter().map(|t| (*t, Align::Left)))
    }

    pub(crate) fn right(mut self, columns: &[usize]) -> Self {
        for at in columns {
            self.columns[*at].align = Align::Right;
        }
        self
    }

    pub(crate) fn indent(mut self, spaces: usize) -> Self {
        self.indent = spaces;
        self
    }

    /// Lets lines be as long as they are.
    pub(crate) fn whole(mut self) -> Self {
        self.truncate = false;
        self
    }

    pub(crate) fn row<C: Into<Cell>>(&mut self, out: &mut Out, cells: impl IntoIterator<Item = C>) -> io::Result<()> {
        let cells: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        debug_assert_eq!(cells.len(), self.columns.len(), "a row has as many cells as its table has columns");
        if self.begun {
            return self.print(out, &cells);
        }
        self.waiting.push(cells);
        if self.waiting.len() >= LOOK { self.begin(out) } else { Ok(()) }
    }

    /// Prints what is left. `hint` says how to see the columns that were left out.
    pub(crate) fn end(mut self, out: &mut Out, hint: &str) -> io::Result<()> {
        if !self.begun {
            self.begin(out)?;
        }
        let left_out: Vec<_> = self.columns[self.kept..].iter().map(|c| c.title.to_lowercase()).collect();
        if left_out.is_empty() {
            return Ok(());
        }
        let note = format!("{}{} left out for width{hint}", " ".repeat(self.indent), left_out.join(", "));
        out.remark(out.paint().faint(&note))
    }

    fn begin(&mut self, out: &mut Out) -> io::Result<()> {
        for row in &self.waiting {
            for (column, cell) in self.columns.iter_mut().zip(row) {
                column.width = column.width.max(cell.text.width());
            }
        }
        self.kept = self.columns.len();
        if let (Some(width), true) = (out.width(), self.truncate) {
            self.kept = fit(&mut self.columns, width.saturating_sub(self.indent));
        }
        self.begun = true;
        if self.columns.iter().any(|c| !c.title.is_empty()) {
            let titles: Vec<_> = self.columns.iter().map(|c| Cell::from(c.title.as_str()).tone(Tone::Strong)).collect();
            self.print(out, &titles)?;
        }
        for row in std::mem::take(&mut self.waiting) {
            self.print(out, &row)?;
        }
        Ok(())
    }

    fn print(&self, out: &mut Out, row: &[Cell]) -> io::Result<()> {
        let (paint, cut) = (out.paint(), self.truncate && out.width().is_some());
        let mut line = " ".repeat(self.indent);
        let mut owed = 0;
        for (column, cell) in self.columns.iter().zip(row).take(self.kept) {
            let text = if cut { shorten(&cell.text, column.width) } else { cell.text.clone() };
            let pad = column.width.saturating_sub(text.width());
            let before = owed + if column.align == Align::Right { pad } else { 0 };
            line.extend(std::iter::repeat_n(' ', before));
            line.push_str(&paint.tone(cell.tone, &text));
            owed = GAP + if column.align == Align::Right { 0 } else { pad };
        }
        out.line(line.trim_end())
    }
}

/// Fits columns into a width: the widest give way first, down to what still says something; then the last ones are
/// left out. Returns how many are kept.
fn fit(columns: &mut [Column], width: usize) -> usize {
    let mut kept = columns.len();
    loop {
        let shown = &mut columns[..kept];
        let gaps = GAP * kept.saturating_sub(1);
        let narrowest: usize = shown.iter().map(|c| c.width.min(c.title.width().max(NARROW))).sum();
        if narrowest + gaps <= width || kept <= 1 {
            let mut over = (shown.iter().map(|c| c.width).sum::<usize>() + gaps).saturating_sub(width);
            while over > 0 {
                let room = |c: &Column| c.width.saturating_sub(c.title.width().max(NARROW));
                // Of equally wide ones the last gives way.
                let Some(widest) = shown.iter_mut().filter(|c| room(c) > 0).max_by_key(|c| c.width) else { break };
                widest.width -= 1;
                over -= 1;
            }
            if kept == 1 {
                shown[0].width = shown[0].width.min(width.max(1));
            }
            return kept;
        }
        kept -= 1;
    }
}

/// The text, or as much of it as fits with a `…` at its end.
pub(crate) fn shorten(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        shown.push(c);
    }
    shown.push('…');
    shown
}
