//! A server for tests that answers exactly what it is told, broken answers included. One thread a connection, one request
//! a connection; it lives as long as the value.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::PrivateKeyDer;

/// What came.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(k, _)| k == name).map(|(_, v)| v.as_str())
    }
}

/// What to answer.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
    /// Bytes of the body that are not sent, though the length announces them.
    pub cut: usize,
    /// Time to think.
    pub delay: Duration,
}

impl Reply {
    pub fn json(status: u16, body: &str) -> Self {
        Self::new(status, "application/json", body)
    }

    pub fn new(status: u16, kind: &str, body: &str) -> Self {
        Self { status, body: body.to_owned(), ..Self::default() }.with("Content-Type", kind)
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn cut(mut self, bytes: usize) -> Self {
        self.cut = bytes;
        self
    }

    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

/// A server's TLS with this chain of certificates and this key (PKCS #8), all DER.
///
/// # Panics
/// When they do not fit together: a test cannot go on then.
pub fn tls(chain: Vec<Vec<u8>>, key: Vec<u8>) -> Arc<rustls::ServerConfig> {
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows TLS 1.2 and 1.3")
        .with_no_client_auth()
        .with_single_cert(chain.into_iter().map(Into::into).collect(), PrivateKeyDer::Pkcs8(key.into()))
        .expect("a certificate and its key");
    Arc::new(config)
}

type Handler = dyn Fn(&Request) -> Reply + Send + Sync;

/// The running server. Every request is kept for the test to look at.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    stop: Arc<AtomicBool>,
    tls: bool,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    /// Speaks plain HTTP.
    ///
    /// # Panics
    /// When no port can be had: a test cannot go on then.
    pub fn start(handler: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        Self::listen(Arc::new(handler), None)
    }

    /// Speaks TLS with the given certificate.
    pub fn start_tls(
        config: Arc<rustls::ServerConfig>,
        handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
    ) -> Self {
        Self::listen(Arc::new(handler), Some(config))
    }

    fn listen(handler: Arc<Handler>, tls: Option<Arc<rustls::ServerConfig>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (seen, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let server = Self { address, seen: Arc::clone(&seen), stop: Arc::clone(&stop), tls: tls.is_some() };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (handler, seen, tls) = (Arc::clone(&handler), Arc::clone(&seen), tls.clone());
                // A client that went away is the test's business, not the server's.
                std::thread::spawn(move || serve(stream, tls, &*handler, &seen));
            }
        });
        server
    }

    /// `http://127.0.0.1:port` and the path. With TLS the host is `localhost`.
    ///
    /// # Panics
    /// When the path makes no address.
    pub fn url(&self, path: &str) -> url::Url {
        let port = self.address.port();
        let base = if self.tls { format!("https://localhost:{port}") } else { format!("http://127.0.0.1:{port}") };
        format!("{base}{path}").parse().expect("an address")
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The requests so far.
    pub fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests there were for paths that start so.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.seen().iter().filter(|r| r.method == method && r.path.starts_with(path)).count()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the listener, which then sees the flag.
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(
    mut stream: TcpStream,
    tls: Option<Arc<rustls::ServerConfig>>,
    handler: &Handler,
    seen: &Mutex<Vec<Request>>,
) -> io::Result<()> {
    match tls {
        None => talk(&mut stream, handler, seen)?,
        Some(config) => {
            let mut connection = rustls::ServerConnection::new(config).map_err(io::Error::other)?;
            talk(&mut rustls::Stream::new(&mut connection, &mut stream), handler, seen)?;
            connection.send_close_notify();
            connection.complete_io(&mut stream)?;
        }
    }
    stream.shutdown(std::net::Shutdown::Write)
}

fn talk(stream: &mut (impl Read + Write), handler: &Handler, seen: &Mutex<Vec<Request>>) -> io::Result<()> {
    let request = read(stream)?;
    seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let reply = handler(&request);
    std::thread::sleep(reply.delay);
    let mut head =
        format!("HTTP/1.1 {} Because\r\nContent-Length: {}\r\nConnection: close\r\n", reply.status, reply.body.len());
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    stream.write_all(&reply.body.as_bytes()[..reply.body.len() - reply.cut])?;
    stream.flush()
}

fn read(stream: &mut impl Read) -> io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut request = Request::default();
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    request.method = words.next().unwrap_or_default().into();
    request.path = words.next().unwrap_or_default().into();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        request.headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let length = request.header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    request.body = String::from_utf8_lossy(&body).into_owned();
    Ok(request)
}
