//! The server's certificate and key, read from files.

use crate::files::Files;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion, version};

/// The certificate and key files in PEM, and the TLS settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, with intermediate certificates.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// The certificates that clients have to present.
    pub clients: ClientCertificates,
    /// Whether TLS 1.2 is enabled.
    pub is_1_2: bool,
    /// Whether TLS 1.3 is enabled.
    pub is_1_3: bool,
}

/// Whether clients have to present a certificate, and the authorities to accept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// Certificates are not requested.
    #[default]
    Unasked,
    /// A certificate signed by one of these authorities is required.
    Required(PathBuf),
    /// A certificate is optional, but must be signed by one of these authorities.
    IfGiven(PathBuf),
}

impl TlsFiles {
    /// Returns the settings for this certificate and key, with defaults for the rest.
    #[must_use]
    pub fn new(certificate: PathBuf, key: PathBuf) -> Self {
        Self { certificate, key, clients: ClientCertificates::Unasked, is_1_2: true, is_1_3: true }
    }

    /// Reads the files.
    pub(crate) fn config(&self, files: &mut Files) -> Result<Arc<ServerConfig>, String> {
        let of_certificate = |why: &dyn Display| unusable("certificate", &self.certificate, why);
        let certificates = certificates(files, "certificate", &self.certificate)?;
        let key = files.read(&self.key).map_err(|it| unusable("key", &self.key, &it))?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|it| unusable("key", &self.key, &it))?;
        let versions: Vec<&'static SupportedProtocolVersion> =
            [(self.is_1_2, &version::TLS12), (self.is_1_3, &version::TLS13)]
                .into_iter()
                .filter_map(|(is, version)| is.then_some(version))
                .collect();
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&versions)
            .map_err(|it| it.to_string())?;
        let builder = match &self.clients {
            ClientCertificates::Unasked => builder.with_no_client_auth(),
            ClientCertificates::Required(path) => builder.with_client_cert_verifier(verifier(files, path, false)?),
            ClientCertificates::IfGiven(path) => builder.with_client_cert_verifier(verifier(files, path, true)?),
        };
        let mut config = builder.with_single_cert(certificates, key).map_err(|it| of_certificate(&it))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn unusable(what: &str, path: &Path, why: &dyn Display) -> String {
    format!("cannot use the {what} in `{}`: {why}; set the path of a readable PEM file", path.display())
}

/// Returns the certificates in a PEM file, at least one; `what` describes them in errors.
///
/// # Errors
/// One line that names the file and the fix.
pub fn certificates_in(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    certificates(&mut Files::default(), what, path)
}

fn certificates(files: &mut Files, what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = files.read(path).map_err(|it| unusable(what, path, &it))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let certificates = certificates.map_err(|it| unusable(what, path, &it))?;
    if certificates.is_empty() {
        return Err(unusable(what, path, &"it contains none"));
    }
    Ok(certificates)
}

fn verifier(files: &mut Files, path: &Path, is_optional: bool) -> Result<Arc<dyn ClientCertVerifier>, String> {
    let what = "authorities of clients";
    let mut roots = RootCertStore::empty();
    for certificate in certificates(files, what, path)? {
        roots.add(certificate).map_err(|it| unusable(what, path, &it))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(ring::default_provider()));
    let builder = if is_optional { builder.allow_unauthenticated() } else { builder };
    builder.build().map_err(|it| unusable(what, path, &it))
}
