//! The key file: where the keys that encrypt stored secrets are kept. Knows nothing of the database.
//!
//! A line each: `stocktake-key-1 ID KEY`, both base64. The first key seals; all of them open, so a key is replaced by
//! putting a new line on top. The file is made on first use and must be readable by its owner alone.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD as BASE64;
use chacha20poly1305::aead::Generate;
use zeroize::{Zeroize, Zeroizing};

const FORMAT: &str = "stocktake-key-1";

/// Names a key without telling anything about it.
pub(crate) type KeyId = [u8; 8];

#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "the key file {path} is missing, and stored secrets were encrypted with it; put it back, or point \
         STOCKTAKE_KEY_FILE to it (without it the secrets must be entered again with `stocktake provider edit`)"
    )]
    Missing { path: PathBuf },
    #[error("the key file {path} can be read by others (mode {mode:03o}); run `chmod 600 {path}`")]
    TooOpen { path: PathBuf, mode: u32 },
    #[error("the key file {path}, line {line}: {what}; restore it from a backup")]
    Malformed { path: PathBuf, line: usize, what: &'static str },
    #[error("the key file {path} cannot be {doing}: {source}")]
    Io { path: PathBuf, doing: &'static str, source: io::Error },
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// One key. Wiped from memory when dropped; cannot be printed.
pub(crate) struct Key {
    pub(crate) id: KeyId,
    pub(crate) bytes: Zeroizing<[u8; 32]>,
}

/// The keys of a key file.
pub struct Keys {
    path: PathBuf,
    keys: Vec<Key>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("path", &self.path).field("keys", &self.keys.len()).finish()
    }
}

impl Keys {
    /// Opens the key file, or makes it when there are no stored secrets that an older one would have to open.
    pub fn open_or_create(path: &Path, secrets_exist: bool) -> Result<Self, KeyError> {
        match Self::open(path) {
            Err(KeyError::Missing { .. }) if !secrets_exist => match create(path) {
                // Another process was first; its key counts.
                Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => Self::open(path),
                Err(error) => Err(error),
                Ok(()) => Self::open(path),
            },
            other => other,
        }
    }

    pub fn open(path: &Path) -> Result<Self, KeyError> {
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(KeyError::Missing { path: path.to_owned() });
            }
            other => other.map_err(|source| io_error(path, "opened", source))?,
        };
        refuse_open_mode(path, &file)?;
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text).map_err(|source| io_error(path, "read", source))?;
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let keys = lines
            .map(|(at, line)| parse(line).map_err(|what| KeyError::Malformed { path: path.to_owned(), line: at + 1, what }))
            .collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() {
            return Err(KeyError::Malformed { path: path.to_owned(), line: 1, what: "it holds no key" });
        }
        Ok(Self { path: path.to_owned(), keys })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The key that seals.
    pub(crate) fn current(&self) -> &Key {
        &self.keys[0]
    }

    pub(crate) fn find(&self, id: KeyId) -> Option<&Key> {
        self.keys.iter().find(|key| key.id == id)
    }
}

pub(crate) fn random<const N: usize>() -> Result<[u8; N], KeyError> {
    <[u8; N]>::try_generate().map_err(|error| KeyError::Random(error.to_string()))
}

/// Written aside and linked into place, so that nobody ever sees half a key file and nobody's key is overwritten.
fn create(path: &Path) -> Result<(), KeyError> {
    let error = |doing| move |source| io_error(path, doing, source);
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        make_private_dir(parent).map_err(error("created"))?;
    }
    let id: KeyId = random()?;
    let mut bytes = Zeroizing::new([0; 32]);
    let mut fresh: [u8; 32] = random()?;
    bytes.copy_from_slice(&fresh);
    fresh.zeroize();
    let line = Zeroizing::new(format!("{FORMAT} {} {}\n", BASE64.encode(id), BASE64.encode(*bytes)));
    let aside = path.with_extension(format!("key.{}", std::process::id()));
    let mut file = private_new_file(&aside).map_err(error("created"))?;
    let written = file.write_all(line.as_bytes()).and_then(|()| file.sync_all());
    let linked = written.and_then(|()| std::fs::hard_link(&aside, path));
    let removed = std::fs::remove_file(&aside);
    linked.and(removed).map_err(error("created"))
}

fn parse(line: &str) -> Result<Key, &'static str> {
    let mut words = line.split_ascii_whitespace();
    if words.next() != Some(FORMAT) {
        return Err("it does not begin with 'stocktake-key-1'");
    }
    let (Some(id), Some(key), None) = (words.next(), words.next(), words.next()) else {
        return Err("it is not 'stocktake-key-1 ID KEY'");
    };
    let id = BASE64.decode(id).ok().and_then(|id| id.try_into().ok()).ok_or("the key's id is not 8 bytes in base64")?;
    let mut bytes = Zeroizing::new([0; 32]);
    match BASE64.decode_slice(key, &mut *bytes) {
        Ok(32) => Ok(Key { id, bytes }),
        _ => Err("the key is not 32 bytes in base64"),
    }
}

#[cfg(unix)]
fn refuse_open_mode(path: &Path, file: &File) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|source| io_error(path, "read", source))?.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(KeyError::TooOpen { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn refuse_open_mode(_: &Path, _: &File) -> Result<(), KeyError> {
    Ok(())
}

fn private_new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn io_error(path: &Path, doing: &'static str, source: io::Error) -> KeyError {
    KeyError::Io { path: path.to_owned(), doing, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn made_private_once_and_refused_when_open() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("sub/stocktake.key");
        let first = Keys::open_or_create(&path, false).expect("made");
        let mode = |path: &Path| std::fs::metadata(path).expect("there").permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&dir.path().join("sub"))), (0o600, 0o700));
        let again = Keys::open_or_create(&path, true).expect("opened");
        assert_eq!(first.current().id, again.current().id);
        assert_eq!(std::fs::read_dir(dir.path().join("sub")).expect("dir").count(), 1, "nothing is left aside");

        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).expect("chmod");
        let error = Keys::open(&path).unwrap_err().to_string();
        assert!(error.contains("mode 640") && error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn a_missing_key_is_not_replaced_while_secrets_need_it() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("stocktake.key");
        let error = Keys::open_or_create(&path, true).unwrap_err();
        assert!(matches!(error, KeyError::Missing { .. }), "{error}");
        assert!(!path.exists());
    }

    #[test]
    fn a_new_line_on_top_seals_and_the_old_one_still_opens() {
        let dir = tempfile::tempdir().expect("dir");
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        let first = Keys::open_or_create(&old, false).expect("old");
        Keys::open_or_create(&new, false).expect("new");
        let both = std::fs::read_to_string(&new).expect("new") + &std::fs::read_to_string(&old).expect("old");
        std::fs::write(&new, both).expect("write");
        let both = Keys::open(&new).expect("both");
        assert_ne!(both.current().id, first.current().id);
        assert!(both.find(first.current().id).is_some());
    }

    #[test]
    fn nothing_secret_is_shown() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("k");
        let keys = Keys::open_or_create(&path, false).expect("keys");
        let text = std::fs::read_to_string(&path).expect("text");
        let secret = text.split_whitespace().nth(2).expect("key");
        assert!(!format!("{keys:?}").contains(secret));
        std::fs::write(&path, text.replace(FORMAT, "other")).expect("write");
        let error = Keys::open(&path).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(secret));
    }
}
