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

/// One line that people can be shown, wherever it comes from: a line break or an escape sequence in a name would break the
/// table, or worse, the terminal.
pub(crate) fn plain(text: impl Into<String>) -> String {
    let text: String = text.into();
    if text.chars().any(char::is_control) {
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
    } else {
        text
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self { text: plain(text), tone: Tone::Plain }
    }
}

impl Cell {
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
    wrap: bool,
    compact: bool,
    /// Columns of the caller that are shown, by position.
    alive: Vec<bool>,
}

impl Table {
    pub(crate) fn new<T: Into<String>>(titles: impl IntoIterator<Item = (T, Align)>) -> Self {
        let columns = titles.into_iter().map(|(title, align)| {
            let title = title.into();
            Column { width: title.width(), title, align }
        });
        Self {
            columns: columns.collect(),
            waiting: Vec::new(),
            begun: false,
            kept: 0,
            indent: 0,
            truncate: true,
            wrap: false,
            compact: false,
            alive: Vec::new(),
        }
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

    /// Breaks the last column's text into lines instead of ending it in `…`: for sentences.
    pub(crate) fn sentences(mut self) -> Self {
        self.wrap = true;
        self
    }

    /// Leaves out columns without any text. For tables of a few rows only.
    pub(crate) fn compact(mut self) -> Self {
        self.compact = true;
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
            return self.print(out, &self.shown(cells));
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

    fn shown(&self, cells: Vec<Cell>) -> Vec<Cell> {
        cells.into_iter().zip(&self.alive).filter(|(_, alive)| **alive).map(|(cell, _)| cell).collect()
    }

    fn begin(&mut self, out: &mut Out) -> io::Result<()> {
        let says = |at: usize| !self.compact || self.waiting.iter().any(|row| !row[at].text.is_empty());
        self.alive = (0..self.columns.len()).map(says).collect();
        let mut alive = self.alive.iter();
        self.columns.retain(|_| alive.next().copied().unwrap_or(true));
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting = waiting.into_iter().map(|row| self.shown(row)).collect();
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
        let last = if self.wrap && cut && self.kept == self.columns.len() { self.kept.checked_sub(1) } else { None };
        for (at, (column, cell)) in self.columns.iter().zip(row).take(self.kept).enumerate() {
            if last == Some(at) {
                let before = self.indent + self.columns[..at].iter().map(|c| c.width + GAP).sum::<usize>();
                line.extend(std::iter::repeat_n(' ', owed));
                return wrapped(out, line, before, column.width, cell);
            }
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

/// Prints a sentence in lines of a width; `line` is what stands before the first one.
fn wrapped(out: &mut Out, mut line: String, before: usize, width: usize, cell: &Cell) -> io::Result<()> {
    let (paint, mut part) = (out.paint(), String::new());
    for word in cell.text.split(' ') {
        let joined = if part.is_empty() { word.to_owned() } else { format!("{part} {word}") };
        if joined.width() > width && !part.is_empty() {
            out.line(line + &paint.tone(cell.tone, &part))?;
            line = " ".repeat(before);
            word.clone_into(&mut part);
        } else {
            part = joined;
        }
    }
    out.line((line + &paint.tone(cell.tone, &part)).trim_end())
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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("paper").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(width: Option<usize>, fill: impl FnOnce(&mut Out)) -> String {
        let paper = Paper::default();
        let mut out = Out::to(paper.clone(), width);
        fill(&mut out);
        drop(out);
        let bytes = paper.0.lock().expect("paper").clone();
        String::from_utf8(bytes).expect("text")
    }

    fn vms(width: Option<usize>) -> String {
        printed(width, |out| {
            let titles = ["NAME", "POWER_STATE", "FLAVOR", "MEMORY_MB", "CLOUD_TENANT", "REF"];
            let mut table = Table::of(&titles).right(&[3]);
            let rows = [
                ["web-1", "on", "m1.small", "2 GiB", "research", "3f2a8c61-0b9d-4a4e-9a70-5d4c1f6f7b10"],
                [
                    "a-very-long-name-that-somebody-thought-was-a-good-idea",
                    "off",
                    "m1.large",
                    "16 GiB",
                    "事業部門-東京",
                    "9b1d",
                ],
                ["zeile\numbruch", "unknown", "", "–", "ops", "77aa0c1e-2f0b-4a59-8d7e-1f2e3d4c5b6a"],
            ];
            for row in rows {
                table.row(out, row).expect("a row");
            }
            table.end(out, "; `-o wide` shows all").expect("the end");
        })
    }

    #[test]
    fn fits_where_it_is_read() {
        for width in [40, 60, 80, 120, 200] {
            let shown = vms(Some(width));
            for line in shown.lines().filter(|l| !l.contains("left out")) {
                assert!(line.width() <= width, "{width}: {line}");
            }
        }
        let all = [60, 80, 120, 200].map(|width| format!("--- {width}\n{}", vms(Some(width)))).join("");
        insta::assert_snapshot!(all);
    }

    #[test]
    fn a_pipe_gets_everything() {
        let shown = vms(None);
        assert!(shown.contains("a-very-long-name-that-somebody-thought-was-a-good-idea"));
        assert!(shown.contains("3f2a8c61-0b9d-4a4e-9a70-5d4c1f6f7b10"));
        assert!(!shown.contains('…'));
    }

    #[test]
    fn sentences_are_broken_between_words() {
        let shown = printed(Some(40), |out| {
            let mut table = Table::of(&["COLUMN", "WHAT IT IS"]).sentences();
            table.row(out, ["name", "What people call it, which need not be unique in any way"]).expect("a row");
            table.row(out, ["ref", "Identity"]).expect("a row");
            table.end(out, "").expect("the end");
        });
        insta::assert_snapshot!(shown);
    }

    #[test]
    fn rows_may_come_for_ever() {
        let shown = printed(Some(20), |out| {
            let mut table = Table::of(&["N"]);
            for n in 0..2_000 {
                table.row(out, [n.to_string()]).expect("a row");
            }
            table.end(out, "").expect("the end");
        });
        assert_eq!(shown.lines().count(), 2_001);
    }

    #[test]
    fn nothing_in_a_name_reaches_the_terminal_as_a_command() {
        let shown = printed(Some(40), |out| {
            let mut table = Table::of(&["NAME"]);
            table.row(out, ["\x1b[2Jboo\r\n"]).expect("a row");
            table.end(out, "").expect("the end");
        });
        assert!(!shown.contains(['\x1b', '\r']), "{shown:?}");
    }
}
