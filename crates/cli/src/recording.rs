//! Files of recorded API traffic: one exchange a line, as JSON.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};
use stocktake_provider::Exchange;

/// A run of an hour should not end with a file that cannot be written.
pub(crate) fn check_writable(path: &Path) -> anyhow::Result<()> {
    open(path).map(drop)
}

/// What a cloud answers is not for everybody's eyes, even without secrets.
fn open(path: &Path) -> anyhow::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).write(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let doing = || format!("cannot write the recording {}", path.display());
    let file = options.open(path).with_context(doing)?;
    // A file that was there keeps the mode it had. `/dev/null` and pipes are not ours to close.
    #[cfg(unix)]
    if file.metadata().with_context(doing)?.is_file() {
        let mine = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        file.set_permissions(mine).with_context(doing)?;
    }
    Ok(file)
}

pub(crate) fn write(path: &Path, kept: &Arc<Mutex<Vec<Exchange>>>) -> anyhow::Result<u64> {
    let kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
    let doing = || format!("cannot write the recording {}", path.display());
    let mut file = BufWriter::new(open(path)?);
    for exchange in kept.iter() {
        serde_json::to_writer(&mut file, exchange).with_context(doing)?;
        file.write_all(b"\n").with_context(doing)?;
    }
    file.flush().with_context(doing)?;
    Ok(kept.len() as u64)
}

pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Exchange>> {
    let file = fs::File::open(path).with_context(|| format!("cannot read the recording {}", path.display()))?;
    let lines = BufReader::new(file).lines().enumerate();
    let exchanges = lines.map(|(at, line)| {
        let place = || format!("{}, line {}: not a recorded exchange", path.display(), at + 1);
        serde_json::from_str(&line.with_context(place)?).with_context(place)
    });
    let exchanges = exchanges.collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(
        !exchanges.is_empty(),
        "the recording {} is empty; make one with `stocktake refresh … --record`",
        path.display()
    );
    Ok(exchanges)
}
