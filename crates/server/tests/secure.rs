//! https and wss.

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use common::{Client, PATIENCE, Running, millis};
use peerjs_mesh_server::{BindError, Deadlines, SELF_SIGNED, ServeOptions, Server, Tls, TlsFiles};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::client_async;

struct Certificate {
    files: TlsFiles,
    connector: TlsConnector,
}

fn certificate(name: &str) -> Certificate {
    let made = rcgen::generate_simple_self_signed(vec![String::from("localhost")]).unwrap();
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let files = TlsFiles {
        key: folder.join(format!("{name}.key")),
        cert: folder.join(format!("{name}.crt")),
    };
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(&files.cert, made.cert.pem()).unwrap();
    Certificate {
        files,
        connector: trusting(made.cert.der().clone()),
    }
}

fn trusting(certificate: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

#[tokio::test]
async fn two_clients_talk_over_wss() {
    let certificate = certificate("talk");
    let server = Running::start(ServeOptions {
        tls: Some(Tls::Files(certificate.files)),
        ..ServeOptions::default()
    })
    .await;
    assert!(server.url.starts_with("https://127.0.0.1:"));
    let mut sockets = Vec::new();
    for id in ["ann", "bob"] {
        let tcp = TcpStream::connect(server.address).await.unwrap();
        let tls = certificate
            .connector
            .connect(ServerName::try_from("localhost").unwrap(), tcp)
            .await
            .unwrap();
        let url = format!("ws://localhost/peerjs?key=peerjs&id={id}&token=t");
        let (socket, _) = client_async(url, tls).await.unwrap();
        sockets.push(socket);
    }
    use futures_util::{SinkExt, StreamExt};
    for socket in &mut sockets {
        let open = timeout(PATIENCE, socket.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(open.to_text().unwrap(), r#"{"type":"OPEN"}"#);
    }
    sockets[0]
        .send(r#"{"type":"OFFER","dst":"bob","payload":1}"#.into())
        .await
        .unwrap();
    let heard = timeout(PATIENCE, sockets[1].next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(
        heard.to_text().unwrap(),
        r#"{"type":"OFFER","src":"ann","dst":"bob","payload":1}"#
    );
    drop(sockets);
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_shake_hands_is_left_and_others_are_served() {
    let certificate = certificate("silent");
    let deadlines = Deadlines {
        tls_handshake: millis(200),
        ..Deadlines::default()
    };
    let options = ServeOptions {
        tls: Some(Tls::Files(certificate.files)),
        deadlines,
        ..ServeOptions::default()
    };
    let server = Running::start(options).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let start = Instant::now();
    let tcp = TcpStream::connect(server.address).await.unwrap();
    certificate
        .connector
        .connect(ServerName::try_from("localhost").unwrap(), tcp)
        .await
        .unwrap();
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, silent.read_to_end(&mut rest))
        .await
        .expect("the server ends it");
    assert!(start.elapsed() >= millis(150));
    server.stop().await;
}

#[tokio::test]
async fn files_that_hold_no_certificate_or_key_are_named() {
    let good = certificate("files").files;
    let empty = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let missing = PathBuf::from("no/such.pem");
    for (key, cert, at_fault) in [
        (good.key.clone(), empty.clone(), &empty),
        (empty.clone(), good.cert.clone(), &empty),
        (good.key.clone(), missing.clone(), &missing),
        (missing.clone(), good.cert.clone(), &missing),
    ] {
        let tls = Some(Tls::Files(TlsFiles { key, cert }));
        match Server::bind(ServeOptions {
            tls,
            port: 0,
            ..ServeOptions::default()
        })
        .await
        {
            Err(BindError::Tls { file, .. }) => assert_eq!(file, *at_fault),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it cannot serve with {}", at_fault.display()),
        }
    }
}

fn self_signed(folder: Option<&Path>) -> ServeOptions {
    ServeOptions {
        tls: Some(Tls::SelfSigned(folder.map(Path::to_owned))),
        ..ServeOptions::default()
    }
}

#[tokio::test]
async fn a_certificate_of_its_own_making_is_for_this_machine_and_used_again() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("self-signed");
    let _ = std::fs::remove_dir_all(&folder);
    let mut seen = Vec::new();
    for _ in 0..2 {
        let server = Running::start(self_signed(Some(&folder))).await;
        assert!(server.url.starts_with("https://"));
        let [key, cert] = SELF_SIGNED.map(|name| folder.join(name));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&key).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "the key is nobody else's to read");
        }
        let connector = trusting(CertificateDer::from_pem_file(&cert).unwrap());
        for name in ["localhost", "127.0.0.1"] {
            let tcp = TcpStream::connect(server.address).await.unwrap();
            let name = ServerName::try_from(name).unwrap();
            connector.connect(name, tcp).await.expect("it is trusted");
        }
        server.stop().await;
        seen.push([key, cert].map(|file| std::fs::read(file).unwrap()));
    }
    assert!(seen[0] == seen[1], "it is kept");
    // Half of it is not made up for: a key that somebody needs would be gone.
    std::fs::remove_file(folder.join(SELF_SIGNED[1])).unwrap();
    match Server::bind(ServeOptions {
        port: 0,
        ..self_signed(Some(&folder))
    })
    .await
    {
        Err(BindError::Tls { file, .. }) => assert_eq!(file, folder.join(SELF_SIGNED[1])),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it cannot serve with half of it"),
    }
}

#[tokio::test]
async fn without_a_folder_its_own_certificate_lives_as_long_as_the_server() {
    let mut shown = Vec::new();
    for _ in 0..2 {
        let server = Running::start(self_signed(None)).await;
        // Nobody can trust it beforehand; what it shows is heard of all the same.
        let connector = certificate("other").connector;
        let tcp = TcpStream::connect(server.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let refused = connector
            .connect(name, tcp)
            .await
            .expect_err("a stranger's");
        shown.push(refused.to_string());
        server.stop().await;
    }
    assert!(shown[0].contains("certificate"), "{shown:?}");
}

// The shared helpers talk without TLS; this keeps them used here.
const _: fn(Client) = drop;
