//! The server's certificate and key, out of files.

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;

/// Where the certificate and its key are, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What handshakes are made with, until it is replaced.
#[derive(Clone)]
pub(crate) struct Tls(Arc<RwLock<TlsAcceptor>>);

impl Tls {
    pub(crate) fn new(config: Arc<ServerConfig>) -> Self {
        Self(Arc::new(RwLock::new(config.into())))
    }

    pub(crate) fn replace(&self, config: Arc<ServerConfig>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = config.into();
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tls")
    }
}

/// Reads the files.
pub(crate) fn config(files: &TlsFiles) -> Result<Arc<ServerConfig>, String> {
    let failed = |what: &str, path: &Path, why: &dyn Display| {
        format!("cannot use the {what} in `{}`: {why}; name a file in PEM that can be read", path.display())
    };
    let of_certificate = |why: &dyn Display| failed("certificate", &files.certificate, why);
    let certificates: Vec<_> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|it| of_certificate(&it))?;
    if certificates.is_empty() {
        return Err(of_certificate(&"there is none in it"));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|it| failed("key", &files.key, &it))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|it| it.to_string())?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|it| of_certificate(&it))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
