//! The one place that builds a client. TLS is rustls with ring, chosen here and not process-wide, so that no order of
//! start-up can leave a client without it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::redirect;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::retry::RetryPolicy;

/// How to reach a system, and how hard to push.
#[derive(Debug, Clone)]
pub struct Options {
    /// Certificates to trust, as PEM; they replace the system's. Empty: trust what the system trusts.
    pub ca_pem: Vec<u8>,
    /// Trust any certificate. Only when a person asked for it.
    pub insecure: bool,
    pub connect_timeout: Duration,
    /// For a whole request, from its start to the last byte of the answer.
    pub timeout: Duration,
    pub user_agent: String,
    /// Requests in flight at once.
    pub in_flight: usize,
    pub retry: RetryPolicy,
    /// Whether `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` of the process count.
    pub proxy_from_environment: bool,
    /// Whether redirects within the same scheme, host and port are followed. To others never.
    pub redirects: bool,
    /// Bytes of one answer after which it is given up.
    pub largest_body: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ca_pem: Vec::new(),
            insecure: false,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_mins(1),
            user_agent: concat!("stocktake/", env!("CARGO_PKG_VERSION")).to_owned(),
            in_flight: 8,
            retry: RetryPolicy::default(),
            proxy_from_environment: true,
            redirects: true,
            largest_body: 256 << 20,
        }
    }
}

/// The options cannot make a client.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    #[error("the CA text holds no certificate; give one or more PEM blocks 'BEGIN CERTIFICATE'")]
    NoCertificate,
    #[error("certificate {number} of the CA text cannot be read: {cause}")]
    Certificate { number: usize, cause: String },
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

/// Makes a client. It follows redirects within the same scheme, host and port at most: our secret headers must not travel.
#[expect(clippy::disallowed_methods, reason = "this is the constructor that everybody else must use")]
pub fn client(options: &Options) -> Result<reqwest::Client, ClientError> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls_client(&options.ca_pem, options.insecure)?)
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout)
        .user_agent(&options.user_agent)
        .redirect(if options.redirects { redirect::Policy::custom(same_origin) } else { redirect::Policy::none() })
        // Shorter than what servers commonly keep a silent connection for, so that we are the ones who close it.
        .pool_idle_timeout(Duration::from_secs(20));
    let builder = if options.proxy_from_environment { builder } else { builder.no_proxy() };
    Ok(builder.build()?)
}

fn same_origin(attempt: redirect::Attempt<'_>) -> redirect::Action {
    const MOST: usize = 5;
    let stays = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
    if stays && attempt.previous().len() <= MOST { attempt.follow() } else { attempt.stop() }
}

/// TLS as all of our connections speak it, also those that are not HTTP. Certificates as in [`Options`].
pub fn tls_client(ca_pem: &[u8], insecure: bool) -> Result<ClientConfig, ClientError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    if insecure {
        let trust = Arc::new(TrustAnything(provider));
        return Ok(builder.dangerous().with_custom_certificate_verifier(trust).with_no_client_auth());
    }
    Ok(builder.with_root_certificates(roots(ca_pem)?).with_no_client_auth())
}

fn roots(ca_pem: &[u8]) -> Result<RootCertStore, ClientError> {
    let mut roots = RootCertStore::empty();
    if ca_pem.is_empty() {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::debug!(%error, "a certificate of the system was not read");
        }
        // A machine may trust certificates that rustls finds malformed; they are of no use, but no reason to stop either.
        roots.add_parsable_certificates(found.certs);
        return Ok(roots);
    }
    for (i, found) in CertificateDer::pem_slice_iter(ca_pem).enumerate() {
        let number = i + 1;
        let certificate = found.map_err(|e| ClientError::Certificate { number, cause: e.to_string() })?;
        roots.add(certificate).map_err(|e| ClientError::Certificate { number, cause: e.to_string() })?;
    }
    if roots.is_empty() { Err(ClientError::NoCertificate) } else { Ok(roots) }
}

/// What `insecure` means: encrypted, but to whom is not checked. Signatures of the handshake are still verified.
#[derive(Debug)]
struct TrustAnything(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnything {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
