//! Whom to believe that it is the signalling server.

use crate::error::{Error, ErrorCode};
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// Certificates that are trusted besides the system's.
#[derive(Debug, Clone, Default)]
pub(crate) struct Trust(Arc<Vec<CertificateDer<'static>>>);

impl Trust {
    /// Reads PEM.
    ///
    /// # Errors
    /// `invalid-option` when there is no certificate in it.
    pub(crate) fn read(pem: &[u8]) -> Result<Trust, Error> {
        let wrong = |why: &str| {
            Error::new(ErrorCode::InvalidOption, format!("ca {why}"))
                .with_hint("ca must be one or more certificates in PEM")
        };
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        match found {
            Ok(found) if !found.is_empty() => Ok(Trust(Arc::new(found))),
            Ok(_) => Err(wrong("has no certificate in it")),
            Err(error) => Err(wrong(&format!("cannot be read: {error}"))),
        }
    }

    /// How a client behaves that trusts these, and the system's, which are read anew for each session: there are few.
    pub(crate) async fn client(&self) -> std::io::Result<Arc<ClientConfig>> {
        let loaded = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
            .await
            .map_err(std::io::Error::other)?;
        let mut roots = RootCertStore::empty();
        let (_taken, _unreadable) = roots.add_parsable_certificates(loaded.certs);
        roots.add_parsable_certificates(self.0.iter().cloned());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(std::io::Error::other)?;
        let config = if self.0.is_empty() {
            builder.with_root_certificates(roots).with_no_client_auth()
        } else {
            let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(std::io::Error::other)?;
            let known = Arc::clone(&self.0);
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Known { known, usual }))
                .with_no_client_auth()
        };
        Ok(Arc::new(config))
    }
}

/// A certificate that was given is trusted as it is, whatever name and dates it bears: that of a server which made its
/// own is seldom right in both. (And `openssl req -x509` makes one of an authority, which no server may use otherwise.)
#[derive(Debug)]
struct Known {
    known: Arc<Vec<CertificateDer<'static>>>,
    usual: Arc<WebPkiServerVerifier>,
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.known.iter().any(|known| known == server) {
            return Ok(ServerCertVerified::assertion());
        }
        self.usual
            .verify_server_cert(server, chain, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls12_signature(message, server, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls13_signature(message, server, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}
