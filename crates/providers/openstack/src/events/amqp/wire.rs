//! The socket to a broker: name, connection and TLS one after the other, each with a time-out, so that the step that fails
//! is named. Made here and handed to lapin, whose own TLS would bring a second crypto provider.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use async_rs::Tokio;
use async_rs::traits::Reactor;
use futures_util::Stream;
use stocktake_provider::{ErrorKind, ProviderError};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt as _};

use super::error::failed;
use crate::config::Broker;

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A socket that can be cut from outside: lapin reads it on a thread of its own, which must end when nobody wants it any more.
pub(super) struct Wire {
    inner: Box<dyn Duplex>,
    cut: oneshot::Receiver<()>,
}

/// Cuts the wire when dropped, with some time for a farewell.
#[derive(Debug)]
pub(super) struct Cut(Option<oneshot::Sender<()>>);

impl Drop for Cut {
    fn drop(&mut self) {
        const FAREWELL: Duration = Duration::from_secs(2);
        // Without a runtime the sender goes at once.
        if let (Some(sender), Ok(runtime)) = (self.0.take(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                tokio::time::sleep(FAREWELL).await;
                drop(sender);
            });
        }
    }
}

/// Goes through to a broker.
pub(super) async fn connect(
    broker: &Broker,
    tls: Option<&Arc<ClientConfig>>,
    patience: Duration,
) -> Result<(Wire, Cut), ProviderError> {
    let call = format!("connect to broker {broker}");
    let addresses = resolve(&call, broker, patience).await?;
    let tcp = through(&call, &addresses, patience).await?;
    let inner: Box<dyn Duplex> = match tls {
        Some(tls) => secured(&call, broker, tcp, tls, patience).await?,
        None => Box::new(tcp),
    };
    let (sender, cut) = oneshot::channel();
    Ok((Wire { inner, cut }, Cut(Some(sender))))
}

async fn resolve(call: &str, broker: &Broker, patience: Duration) -> Result<Vec<SocketAddr>, ProviderError> {
    const HINT: &str = "check the hosts in amqp_url and this machine's name servers";
    let host = &broker.host;
    let found = timeout(patience, lookup_host((host.as_str(), broker.port))).await;
    let wrong = |message: String| failed(call, ErrorKind::Dns, message, HINT);
    let found = found.map_err(|_| wrong(format!("no answer for '{host}' within {patience:?}")))?;
    let found: Vec<_> = found.map_err(|error| wrong(format!("'{host}' cannot be resolved: {error}")))?.collect();
    if found.is_empty() { Err(wrong(format!("'{host}' has no address"))) } else { Ok(found) }
}

async fn through(call: &str, addresses: &[SocketAddr], patience: Duration) -> Result<TcpStream, ProviderError> {
    const HINT: &str = "check the port in amqp_url, firewalls and whether the broker runs";
    let (mut kind, mut failures) = (ErrorKind::Connect, Vec::new());
    for address in addresses {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => {
                // Acknowledgements are small and should not wait for one another.
                let _ = tcp.set_nodelay(true);
                return Ok(tcp);
            }
            Ok(Err(error)) => failures.push(format!("{address}: {error}")),
            Err(_) => {
                kind = ErrorKind::Timeout;
                failures.push(format!("{address}: no answer within {patience:?}"));
            }
        }
    }
    Err(failed(call, kind, failures.join(", "), HINT))
}

async fn secured(
    call: &str,
    broker: &Broker,
    tcp: TcpStream,
    tls: &Arc<ClientConfig>,
    patience: Duration,
) -> Result<Box<dyn Duplex>, ProviderError> {
    const HINT: &str =
        "check that amqps is the right scheme for that port, and give the authority that signed the certificate as cacert";
    let wrong = |message: String| failed(call, ErrorKind::Tls, message, HINT);
    let name = ServerName::try_from(broker.host.clone()).map_err(|error| wrong(error.to_string()))?;
    match timeout(patience, TlsConnector::from(Arc::clone(tls)).connect(name, tcp)).await {
        Ok(Ok(stream)) => Ok(Box::new(stream)),
        Ok(Err(error)) => Err(wrong(error.to_string())),
        Err(_) => Err(failed(call, ErrorKind::Timeout, format!("no TLS within {patience:?}"), HINT)),
    }
}

impl Wire {
    pub(super) fn into_socket(self) -> Compat<Self> {
        self.compat()
    }

    fn is_cut(&mut self, cx: &mut Context<'_>) -> bool {
        Pin::new(&mut self.cut).poll(cx).is_ready()
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the connection was given up")
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.is_cut(cx) { Poll::Ready(Err(cut())) } else { Pin::new(&mut self.inner).poll_read(cx, buf) }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        // Only reading registers for the cut: both are polled by one task, and a receiver knows its last waker alone.
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Tokio, but with our sockets. It connects to nothing by itself.
#[derive(Debug, Clone)]
pub(super) struct Sockets(pub(super) Tokio);

impl Reactor for Sockets {
    type TcpStream = Compat<Wire>;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: io::Read + io::Write + Send + 'static>(
        &self,
        _: H,
    ) -> io::Result<impl futures_util::AsyncRead + futures_util::AsyncWrite + Send + Unpin + 'static> {
        Err::<Compat<Wire>, _>(io::Error::from(io::ErrorKind::Unsupported))
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(&self, duration: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(duration)
    }

    fn tcp_connect_addr(&self, _: SocketAddr) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        std::future::ready(Err(io::Error::from(io::ErrorKind::Unsupported)))
    }
}
