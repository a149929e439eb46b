//! https and wss with a certificate that a server made for itself.
#![cfg(unix)]

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

fn start(args: &[&str]) -> (Running, impl Iterator<Item = String> + use<>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_peerjs-mesh"))
        .args(args)
        .env_remove("PEERJS_MESH_SERVER")
        .env_remove("PORT")
        .env_remove("PEERJS_MESH_LOG")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    let output = child.stdout.take().expect("its output");
    let lines = BufReader::new(output).lines().map_while(Result::ok);
    (Running(child), lines)
}

/// Killed when dropped. A test waits for its lines, which end with it at the latest.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The first of the lines that has that event, with all its fields.
fn event(lines: &mut impl Iterator<Item = String>, name: &str) -> serde_json::Value {
    let parsed = lines
        .map(|line| -> serde_json::Value { serde_json::from_str(&line).expect("a line of JSON") });
    let mut heard = Vec::new();
    for event in parsed {
        if event["event"] == name {
            return event;
        }
        heard.push(event);
    }
    panic!("no {name}; heard {heard:?}");
}

/// Key and certificate of a server, for a name.
fn certificate(file: &str, name: &str, authority: bool) -> (PathBuf, PathBuf) {
    let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
    if authority {
        // As `openssl req -x509` has it.
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().expect("a key");
    let made = params.self_signed(&key).expect("a certificate");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let paths = (
        folder.join(format!("{file}-{}.key", std::process::id())),
        folder.join(format!("{file}-{}.crt", std::process::id())),
    );
    std::fs::write(&paths.0, key.serialize_pem()).expect("written");
    std::fs::write(&paths.1, made.pem()).expect("written");
    paths
}

fn serve(key: &Path, cert: &Path) -> (Running, String) {
    let text = |path: &Path| path.to_str().expect("text").to_owned();
    let (key, cert) = (text(key), text(cert));
    let args = [
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--json",
        "--sslkey",
        &key,
        "--sslcert",
        &cert,
    ];
    let (server, mut lines) = start(&args);
    let url = event(&mut lines, "listening")["url"]
        .as_str()
        .expect("a url")
        .to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    (server, url)
}

#[test]
fn members_that_trust_a_self_made_certificate_meet_over_wss() {
    // One that is right, and one as `openssl` makes it, for another name.
    for (file, name, authority) in [
        ("right", "127.0.0.1", false),
        ("openssl", "somewhere.example", true),
    ] {
        let (key, cert) = certificate(file, name, authority);
        let (_server, url) = serve(&key, &cert);
        let ca = cert.to_str().expect("text");
        let args = ["join", "safe", "--json", "--server", &url, "--ca", ca];
        let (mut anna, mut to_anna) = start(&args);
        event(&mut to_anna, "sync");
        let (_ben, mut to_ben) = start(&args);
        event(&mut to_ben, "sync");
        event(&mut to_anna, "peerjoined");
        let input = anna.0.stdin.as_mut().expect("its input");
        writeln!(input, r#"{{"cmd":"send","data":"over wss"}}"#).expect("it reads");
        assert_eq!(event(&mut to_ben, "data")["data"], "over wss", "{file}");
    }
}

#[test]
fn members_that_trust_what_the_server_made_meet_over_wss() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kept-by-serve");
    let _ = std::fs::remove_dir_all(&folder);
    let kept = folder.to_str().expect("text");
    let args = ["serve", "--host", "127.0.0.1", "--port", "0", "--json"];
    let (_server, mut lines) = start(&[&args[..], &["--tls-self-signed", kept]].concat());
    let url = event(&mut lines, "listening")["url"].clone();
    let url = url.as_str().expect("a url");
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let ca = folder.join("peerjs-mesh.crt");
    let ca = ca.to_str().expect("text");
    let args = ["join", "safe", "--json", "--server", url, "--ca", ca];
    let (_anna, mut to_anna) = start(&args);
    event(&mut to_anna, "sync");
    let (_ben, mut to_ben) = start(&args);
    event(&mut to_ben, "sync");
    event(&mut to_anna, "peerjoined");
}

#[test]
fn a_folder_that_cannot_be_made_is_a_wrong_option() {
    let args = ["serve", "--port", "0", "--tls-self-signed", "Cargo.toml/in"];
    let (mut child, _) = start(&args);
    assert_eq!(child.0.wait().expect("an end").code(), Some(2));
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused_and_the_log_says_so() {
    let (key, cert) = certificate("unknown", "127.0.0.1", false);
    let (_, other) = certificate("other", "127.0.0.1", false);
    let (_server, url) = serve(&key, &cert);
    for ca in [&[][..], &["--ca", other.to_str().expect("text")]] {
        let args = [&["join", "safe", "--json", "--server", &url][..], ca].concat();
        let (mut child, mut lines) = start(&args);
        assert_eq!(event(&mut lines, "error")["code"], "server-unreachable");
        assert!(lines.last().is_some_and(|line| line.contains("left")));
        assert_eq!(child.0.wait().expect("an end").code(), Some(3));
        let mut log = String::new();
        let mut errors = child.0.stderr.take().expect("its log");
        errors.read_to_string(&mut log).expect("text");
        assert!(log.contains("certificate is refused"), "{log}");
    }
}

#[test]
fn a_file_that_holds_no_certificate_is_a_wrong_option() {
    for file in ["no/such/file", "Cargo.toml"] {
        let (mut child, mut lines) = start(&["join", "safe", "--json", "--ca", file]);
        assert_eq!(event(&mut lines, "error")["code"], "invalid-option");
        assert_eq!(child.0.wait().expect("an end").code(), Some(2));
    }
}
