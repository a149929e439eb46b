//! A certificate that the server makes for itself, so that pages on other machines of the house may use camera and
//! microphone: browsers give those only to https.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::net::{Ipv6Addr, SocketAddr};
use std::path::Path;
use std::time::SystemTime;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, date_time_ymd};
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::options::TlsFiles;
use crate::{BindError, listen};

/// The names of key and certificate in the folder where they are kept.
pub const FILES: [&str; 2] = ["peerjs-mesh.key", "peerjs-mesh.crt"];

const SECONDS_OF_A_YEAR: u64 = 31_556_952;

pub(crate) struct Made {
    pub(crate) cert: CertificateDer<'static>,
    cert_pem: String,
    /// PEM.
    pub(crate) key: String,
}

/// What is kept in the folder, made now if nothing is.
pub(crate) fn kept(folder: &Path, host: &str) -> Result<TlsFiles, BindError> {
    let [key, cert] = FILES.map(|name| folder.join(name));
    let bad = |file: &Path| {
        let file = file.to_owned();
        |error: io::Error| BindError::Tls {
            file,
            reason: error.to_string(),
        }
    };
    // If only one is there, who reads them names the other: nobody's key is overwritten.
    if !key.exists() && !cert.exists() {
        let made = make(host)?;
        std::fs::create_dir_all(folder).map_err(bad(folder))?;
        write(&key, true, &made.key).map_err(bad(&key))?;
        write(&cert, false, &made.cert_pem).map_err(bad(&cert))?;
    }
    Ok(TlsFiles { key, cert })
}

fn write(path: &Path, secret: bool, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    let mut file: File = options.open(path)?;
    file.write_all(text.as_bytes())
}

/// A new one, for the host it listens on and all that this machine is called.
pub(crate) fn make(host: &str) -> Result<Made, BindError> {
    try_make(host).map_err(|error| BindError::SelfSigned {
        reason: error.to_string(),
    })
}

fn try_make(host: &str) -> Result<Made, rcgen::Error> {
    let anywhere = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0);
    let nearby = listen::nearby(anywhere)
        .into_iter()
        .map(|ip| ip.to_string());
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1", host]
        .map(String::from)
        .into();
    names.extend(nearby);
    names.sort_unstable();
    names.dedup();
    let mut params = CertificateParams::new(names)?;
    let common = "peerjs-mesh serve --tls-self-signed";
    params.distinguished_name.push(DnType::CommonName, common);
    // As Apple asks of servers' certificates: for TLS, and for 825 days at most.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let year = this_year();
    params.not_before = date_time_ymd(year, 1, 1);
    params.not_after = date_time_ymd(year + 2, 1, 1);
    let pair = KeyPair::generate()?;
    let cert = params.self_signed(&pair)?;
    Ok(Made {
        cert_pem: cert.pem(),
        cert: cert.into(),
        key: pair.serialize_pem(),
    })
}

/// By the machine's clock, which may be anything.
fn this_year() -> i32 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let years = 1970 + since.as_secs() / SECONDS_OF_A_YEAR;
    // What a certificate can say ends with four digits.
    i32::try_from(years.min(9_000)).unwrap_or(1970)
}
