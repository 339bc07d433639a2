//! Signals between the processes of one SQLite file: a datagram socket for each that listens, in a folder beside the file.
//! Sockets whose process is gone are removed by whoever sends to them.

use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixDatagram as Sender;
use std::path::{Path, PathBuf};

use tokio::net::UnixDatagram;
use tokio::time::sleep;

use super::{PAUSE, Shared};

/// Longer messages do not exist: topics are names.
const LONGEST: usize = 64 * 1024;
/// Systems keep few datagrams for a receiver and drop the rest. One that finds this many at once may have lost some.
const MANY: usize = 8;

pub(super) async fn run(shared: &Shared, database: &str) {
    let mailbox = match Mailbox::open(shared.channel, database) {
        Ok(mailbox) => mailbox,
        Err(error) => {
            let folder = folder(database);
            tracing::warn!(%error, folder = %folder.display(), "no signals between processes; work is found on a period only");
            return silent(shared).await;
        }
    };
    // What was said before this socket was there.
    shared.missed();
    let mut message = vec![0; LONGEST];
    loop {
        tokio::select! {
            ready = mailbox.socket.readable() => {
                if ready.is_ok() {
                    receive(shared, &mailbox.socket, &mut message);
                }
            }
            topics = shared.take() => {
                mailbox.send(&topics);
                shared.sent(Vec::new());
                sleep(PAUSE).await;
            }
        }
    }
}

/// Nobody outside hears it; who waits in [`super::Signals::flush`] must not wait for ever.
async fn silent(shared: &Shared) {
    loop {
        shared.take().await;
        shared.sent(Vec::new());
    }
}

fn receive(shared: &Shared, socket: &UnixDatagram, message: &mut [u8]) {
    let mut received = 0;
    while let Ok(length) = socket.try_recv(message) {
        received += 1;
        match std::str::from_utf8(&message[..length]) {
            Ok(topics) if length < LONGEST => topics.lines().for_each(|topic| shared.hear(topic)),
            _ => shared.missed(),
        }
    }
    if received >= MANY {
        shared.missed();
    }
}

fn folder(database: &str) -> PathBuf {
    let mut folder = std::path::absolute(database).unwrap_or_else(|_| database.into()).into_os_string();
    folder.push("-signals");
    folder.into()
}

#[derive(Debug)]
struct Mailbox {
    socket: UnixDatagram,
    sender: Sender,
    folder: PathBuf,
    /// A name for the folder that is short whatever its path: a socket's may have 108 bytes only.
    short: PathBuf,
    _open: std::fs::File,
    channel: &'static str,
    name: String,
}

impl Mailbox {
    fn open(channel: &'static str, database: &str) -> io::Result<Self> {
        let folder = folder(database);
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
        let open = std::fs::File::open(&folder)?;
        let by_number = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
        let short = if by_number.exists() { by_number } else { folder.clone() };
        let name = format!("{channel}-{}", uuid::Uuid::now_v7().simple());
        let socket = UnixDatagram::bind(short.join(&name))?;
        let sender = Sender::unbound()?;
        sender.set_nonblocking(true)?;
        Ok(Self { socket, sender, folder, short, _open: open, channel, name })
    }

    fn send(&self, topics: &[String]) {
        let message = topics.join("\n");
        for name in self.others() {
            match self.sender.send_to(message.as_bytes(), self.short.join(&name)) {
                Err(e) if e.kind() == ErrorKind::ConnectionRefused => remove(&self.folder.join(&name)),
                // Full: it has enough to read. Gone: removed by another.
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn others(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let ours = |name: &String| name.strip_prefix(self.channel).is_some_and(|rest| rest.starts_with('-'));
        names.filter(|name| ours(name) && *name != self.name).collect()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        remove(&self.folder.join(&self.name));
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(%error, path = %path.display(), "a socket could not be removed");
    }
}
