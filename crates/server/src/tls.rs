//! https and wss: the certificate, from files or of our own making.

use std::path::Path;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::options::{Tls, TlsFiles};
use crate::{BindError, self_signed};

/// `host` is what the server listens on.
pub(crate) fn acceptor(tls: &Tls, host: &str) -> Result<TlsAcceptor, BindError> {
    match tls {
        Tls::Files(files) => of_files(files),
        Tls::SelfSigned(Some(folder)) => of_files(&self_signed::kept(folder, host)?),
        Tls::SelfSigned(None) => {
            let made = self_signed::make(host)?;
            let key = PrivateKeyDer::from_pem_slice(made.key.as_bytes());
            let failed = |reason: String| BindError::SelfSigned { reason };
            let key = key.map_err(|error| failed(error.to_string()))?;
            with(vec![made.cert], key).map_err(failed)
        }
    }
}

fn of_files(files: &TlsFiles) -> Result<TlsAcceptor, BindError> {
    let bad = |file: &Path, reason: String| BindError::Tls {
        file: file.to_owned(),
        reason,
    };
    let chain = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| bad(&files.cert, error.to_string()))?;
    if chain.is_empty() {
        return Err(bad(
            &files.cert,
            String::from("there is no certificate in it"),
        ));
    }
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| bad(&files.key, error.to_string()))?;
    with(chain, key).map_err(|reason| bad(&files.cert, reason))
}

fn with(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<TlsAcceptor, String> {
    // The provider is named, because a program may hold several and rustls then refuses to choose.
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(|error| error.to_string())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
