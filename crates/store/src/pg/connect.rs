//! One connection: TLS as the address asks for it, and the session's settings.

use std::future::poll_fn;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio_postgres::{AsyncMessage, Client, Connection, Error, NoTls, Notification};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Result, StoreError};
use crate::location::{PostgresLocation, Trust};

/// What a connection is good for: the two plan differently, so each keeps its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Questions people ask, and reading a whole inventory: planned for what is asked.
    Asking,
    /// The saver's statements: few, repeated, always by key. Planning them anew each time costs more than executing them
    /// (measured 1.6 ms against 0.6), and one plan for all must not have been made for a table that was empty that day:
    /// so by index, whatever the statistics say.
    Saving,
}

impl Use {
    const fn settings(self) -> &'static str {
        match self {
            Self::Asking => {
                "set jit = off; set timezone = 'UTC'; set client_min_messages = warning; \
                 set idle_in_transaction_session_timeout = '10min'; set max_parallel_workers_per_gather = 0"
            }
            Self::Saving => {
                "set jit = off; set timezone = 'UTC'; set client_min_messages = warning; \
                 set idle_in_transaction_session_timeout = '10min'; set plan_cache_mode = force_generic_plan; \
                 set enable_seqscan = off"
            }
        }
    }
}

pub(crate) type Notices = mpsc::UnboundedSender<Notification>;

pub(super) async fn connect(location: &PostgresLocation, for_use: Use) -> Result<Client> {
    connect_and_hear(location, for_use, None).await
}

/// What is notified on the connection goes to `notices`, which are closed when the connection ends.
pub(super) async fn connect_and_hear(location: &PostgresLocation, for_use: Use, notices: Option<Notices>) -> Result<Client> {
    let failed = |e: Error| StoreError::Open { place: location.place.clone(), advice: advice(&e), source: e.into() };
    let client = match &location.trust {
        Trust::Plain => {
            let (client, connection) = location.config.connect(NoTls).await.map_err(failed)?;
            drive(connection, notices);
            client
        }
        trust => {
            let tls = MakeRustlsConnect::new(tls_config(trust).map_err(|why| StoreError::Open {
                place: location.place.clone(),
                advice: "the certificates to trust could not be read".to_owned(),
                source: why.into(),
            })?);
            let (client, connection) = location.config.connect(tls).await.map_err(failed)?;
            drive(connection, notices);
            client
        }
    };
    client.batch_execute(for_use.settings()).await.map_err(failed)?;
    Ok(client)
}

fn drive<S, T>(mut connection: Connection<S, T>, notices: Option<Notices>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            match (message, &notices) {
                (Ok(AsyncMessage::Notification(notice)), Some(notices)) => drop(notices.send(notice)),
                (Ok(_), _) => {}
                (Err(error), _) => return tracing::debug!(%error, "a database connection ended"),
            }
        }
    });
}

fn advice(error: &Error) -> String {
    let code = error.code().map_or("", |c| c.code());
    match code {
        "28P01" | "28000" => "check the user and password in its address",
        "3D000" => "create the database first: createdb NAME",
        "53300" => "the server has no free connections; raise its max_connections or end other programs",
        "57P03" => "the server is starting up; try again in a moment",
        "" => "check that the server runs and that host, port and sslmode in its address are right",
        _ => "the server refused the connection",
    }
    .to_owned()
}

fn tls_config(trust: &Trust) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(|e| e.to_string())?;
    let Trust::Verified { roots } = trust else {
        let verifier = Arc::new(AcceptAnyone(provider));
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    };
    let mut store = RootCertStore::empty();
    if let Some(path) = roots {
        let shown = path.display();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| format!("{shown}: {e}"))? {
            let certificate = certificate.map_err(|e| format!("{shown}: {e}"))?;
            store.add(certificate).map_err(|e| format!("{shown}: {e}"))?;
        }
    } else {
        let found = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(found.certs);
        if store.is_empty() {
            return Err(format!("the system has no certificate authorities: {:?}", found.errors));
        }
    }
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

/// `sslmode=require` hides the traffic from listeners but believes whoever answers, as PostgreSQL's own clients do.
#[derive(Debug)]
struct AcceptAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
