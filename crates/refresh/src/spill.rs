//! A temporary file for the rows of a run that would need too much memory. It has no name and its owner's rights alone
//! (the rows hold what the provider said of its objects), so nobody finds it and nothing is left of it, however the run
//! ends. It is made when it is first needed: by runs that write much.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use stocktake_saver::Spill;

/// Bytes of rows that a run keeps in memory.
pub(crate) const MOST_IN_MEMORY: usize = 32 << 20;

#[derive(Debug, Default)]
pub(crate) struct TemporaryFile(Mutex<Option<Opened>>);

#[derive(Debug)]
struct Opened {
    file: File,
    end: u64,
}

impl Spill for TemporaryFile {
    fn append(&self, bytes: &[u8]) -> io::Result<u64> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Opened { file, end } = match &mut *opened {
            Some(opened) => opened,
            none => none.insert(Opened { file: tempfile::tempfile()?, end: 0 }),
        };
        let at = *end;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)?;
        *end += bytes.len() as u64;
        Ok(at)
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        let mut opened = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let file = opened.as_mut().map(|opened| &mut opened.file).ok_or(io::ErrorKind::NotFound)?;
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(into)
    }

    fn place(&self) -> String {
        tempfile::env::temp_dir().display().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_wherever_it_lies() {
        let file = TemporaryFile::default();
        assert!(file.read(0, &mut [0]).is_err(), "nothing was written");
        assert_eq!(file.append(b"first").expect("room"), 0);
        let mut read = [0; 4];
        file.read(1, &mut read).expect("it is there");
        assert_eq!(&read, b"irst");
        assert_eq!(file.append(b"second").expect("room"), 5, "reading does not move where is written");
        file.read(4, &mut read).expect("it is there");
        assert_eq!(&read, b"tsec");
        assert!(file.read(8, &mut read).is_err(), "behind the end");
    }
}
