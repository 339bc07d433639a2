//! Signals between the processes of one SQLite file: a datagram socket for each that listens, in a folder beside the file.
//! Sockets whose process is gone are removed by whoever sends to them.

use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixDatagram as Sender;
use std::path::{Path, PathBuf};

use tokio::net::UnixDatagram;
use tokio::time::{Instant, sleep_until};

use super::Shared;

/// Longer messages do not exist: topics are names.
const LONGEST: usize = 64 * 1024;
/// Systems keep few datagrams for a receiver and drop the rest. One that finds this many at once may have lost some.
const MANY: usize = 8;

pub(super) async fn run(shared: &Shared, database: &str) {
    let post = match Post::open(shared.channel, database) {
        Ok(post) => post,
        Err(error) => return silent(shared, &error, database).await,
    };
    let mut listened = shared.listened.subscribe();
    let mut mailbox = None;
    let mut message = Vec::new();
    let mut next = Instant::now();
    loop {
        tokio::select! {
            () = async { drop(listened.wait_for(|wanted| *wanted).await) }, if mailbox.is_none() => {
                match post.mailbox() {
                    Ok(made) => mailbox = Some(made),
                    Err(error) => return silent(shared, &error, database).await,
                }
                message = vec![0; LONGEST];
                // What was said before this socket was there.
                shared.missed();
            }
            () = readable(mailbox.as_ref()) => if let Some(mailbox) = &mailbox {
                receive(shared, &mailbox.socket, &mut message);
            },
            (topics, pause) = async { sleep_until(next).await; shared.take().await } => {
                post.send(&topics, mailbox.as_ref());
                shared.sent(Vec::new());
                next = Instant::now() + pause;
            }
        }
    }
}

/// Nobody outside hears it; who waits in [`super::Signals::flush`] must not wait for ever.
async fn silent(shared: &Shared, error: &io::Error, database: &str) {
    let folder = folder(database);
    tracing::warn!(%error, folder = %folder.display(), "no signals between processes; work is found on a period only");
    loop {
        shared.take().await;
        shared.sent(Vec::new());
    }
}

async fn readable(mailbox: Option<&Mailbox>) {
    match mailbox {
        Some(mailbox) => drop(mailbox.socket.readable().await),
        None => std::future::pending().await,
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

/// Where the mailboxes are, and how to write to them.
#[derive(Debug)]
struct Post {
    sender: Sender,
    folder: PathBuf,
    /// A name for the folder that is short whatever its path: a socket's may have 108 bytes only.
    short: PathBuf,
    _open: std::fs::File,
    channel: &'static str,
}

/// Only for those who listen: a socket that nobody reads costs those who send.
#[derive(Debug)]
struct Mailbox {
    socket: UnixDatagram,
    place: PathBuf,
    name: String,
}

impl Post {
    fn open(channel: &'static str, database: &str) -> io::Result<Self> {
        let folder = folder(database);
        match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
            Err(e) if e.kind() != ErrorKind::AlreadyExists => return Err(e),
            _ => {}
        }
        let open = std::fs::File::open(&folder)?;
        let by_number = PathBuf::from(format!("/proc/self/fd/{}", open.as_raw_fd()));
        let short = if by_number.exists() { by_number } else { folder.clone() };
        let sender = Sender::unbound()?;
        sender.set_nonblocking(true)?;
        Ok(Self { sender, folder, short, _open: open, channel })
    }

    fn mailbox(&self) -> io::Result<Mailbox> {
        let name = format!("{}-{}", self.channel, uuid::Uuid::now_v7().simple());
        let socket = UnixDatagram::bind(self.short.join(&name))?;
        Ok(Mailbox { socket, place: self.folder.join(&name), name })
    }

    fn send(&self, topics: &[String], own: Option<&Mailbox>) {
        let message = topics.join("\n");
        for name in self.names().filter(|name| own.is_none_or(|own| own.name != *name)) {
            match self.sender.send_to(message.as_bytes(), self.short.join(&name)) {
                Err(e) if e.kind() == ErrorKind::ConnectionRefused => remove(&self.folder.join(&name)),
                // Full: it has enough to read. Gone: removed by another.
                Ok(_) | Err(_) => {}
            }
        }
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter(|name| name.strip_prefix(self.channel).is_some_and(|rest| rest.starts_with('-')))
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        remove(&self.place);
    }
}

fn remove(path: &Path) {
    if let Err(error) = std::fs::remove_file(path) {
        tracing::debug!(%error, path = %path.display(), "a socket could not be removed");
    }
}
