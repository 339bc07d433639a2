//! The one way to standard output and standard error. A reader that went away (`| head`) ends the program's talking,
//! not in an error.

use std::io::{self, BufWriter, IsTerminal, Write};

use super::paint::Paint;

/// Where a verb writes its result.
pub(crate) struct Out {
    sink: Box<dyn Write + Send>,
    paint: Paint,
    /// Characters a line may have; `None` when nobody counts them.
    width: Option<usize>,
    quiet: bool,
    closed: bool,
}

impl std::fmt::Debug for Out {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Out").field("width", &self.width).finish_non_exhaustive()
    }
}

impl Out {
    pub(crate) fn stdout(color: bool, quiet: bool) -> Self {
        let terminal = io::stdout().is_terminal();
        Self {
            sink: Box::new(BufWriter::with_capacity(64 * 1024, io::stdout())),
            paint: Paint::new(color && terminal),
            width: width(terminal),
            quiet,
            closed: false,
        }
    }

    #[cfg(test)]
    pub(crate) fn to(sink: impl Write + Send + 'static, width: Option<usize>) -> Self {
        Self { sink: Box::new(sink), paint: Paint::new(false), width, quiet: false, closed: false }
    }

    pub(crate) fn paint(&self) -> Paint {
        self.paint
    }

    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Whether the reader went away: there is no point in producing more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    pub(crate) fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        self.write(text.as_ref())?;
        self.write("\n")
    }

    /// A remark beside the result: `--quiet` leaves it out.
    pub(crate) fn remark(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        if self.quiet { Ok(()) } else { self.line(text) }
    }

    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let written = self.sink.write_all(text.as_bytes());
        self.forgive(written)
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        let flushed = self.sink.flush();
        self.forgive(flushed)
    }

    fn forgive(&mut self, result: io::Result<()>) -> io::Result<()> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.closed {
            let written = self.sink.write_all(bytes);
            self.forgive(written)?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Self::flush(self)
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        let _ = Self::flush(self);
    }
}

/// Says something beside the result, to standard error: notices, questions, errors.
pub(crate) fn say(text: impl AsRef<str>) {
    let mut err = io::stderr().lock();
    let _ = writeln!(err, "{}", text.as_ref());
}

/// `COLUMNS` counts also where there is no terminal, so that scripts and tests may ask for a width.
fn width(terminal: bool) -> Option<usize> {
    let asked = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).filter(|c| *c > 0);
    let seen = || terminal.then(|| console::Term::stdout().size_checked().map_or(80, |(_, columns)| usize::from(columns)));
    asked.or_else(seen)
}
