//! A member's recording repeats what it went through, and gives no token away.

use crate::house::{Guest, server};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use peerjs_mesh::{Event, Options, Value};
use peerjs_mesh_core::record::replay;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// Stands before the server, and notes every token that a member shows it.
async fn eavesdrop(url: &str) -> (String, Arc<Mutex<Vec<String>>>) {
    let target = url.trim_start_matches("http://").trim_end_matches('/');
    let target = target.to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let own = format!("http://{}/", listener.local_addr().unwrap());
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&tokens);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let (target, heard) = (target.clone(), Arc::clone(&heard));
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(client.read_u8().await.unwrap());
                }
                let text = String::from_utf8_lossy(&request).into_owned();
                let (_, token) = text.split_once("token=").expect("a token");
                let token: String = token.chars().take_while(|c| *c != '&').collect();
                heard.lock().unwrap().push(token);
                let mut server = TcpStream::connect(target).await.unwrap();
                server.write_all(&request).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (own, tokens)
}

/// The file, which is gone after the test.
struct Recording(PathBuf);

impl Recording {
    fn new(name: &str) -> Recording {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        Recording(folder.join(format!("{name}-{}.jsonl", std::process::id())))
    }

    fn options(&self, url: &str) -> Options {
        let mut options = Options::new(url);
        options.record = Some(self.0.clone());
        options
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

async fn message(guest: &mut Guest, wanted: &str) {
    let wanted = Value::from(wanted);
    guest
        .until("the message", 15, |event| match event {
            Event::Message(message) => (message.data == wanted).then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_repeats_itself_and_holds_no_token() {
    let (url, tokens) = eavesdrop(&server().await).await;
    let recording = Recording::new("repeats");
    let mut host = Guest::join(&url, "taped");
    host.lists(&[host.id()], 10).await;
    // The first deputy, which is told the token of the room's name.
    let mut taped = Guest::with("taped", recording.options(&url));
    let two = [host.id(), taped.id()];
    taped.lists(&two, 10).await;
    host.lists(&two, 10).await;
    let mut other = Guest::join(&url, "taped");
    let three = [host.id(), taped.id(), other.id()];
    for guest in [&mut host, &mut taped, &mut other] {
        guest.lists(&three, 10).await;
    }
    taped.mesh.set_init_data("name").await.unwrap();
    taped.mesh.send("from the taped one").await.unwrap();
    other.mesh.send("x".repeat(200_000).as_str()).await.unwrap();
    other.mesh.send_to(taped.mesh.id(), "to it").await.unwrap();
    message(&mut taped, "to it").await;
    message(&mut other, "from the taped one").await;
    host.mesh.kill();
    let left = [taped.id(), other.id()];
    taped.lists(&left, 20).await;
    other.lists(&left, 20).await;
    assert!(taped.is_host(), "the first deputy follows");
    // A newcomer finds it by the room's name, which it took over with the shared token.
    let mut late = Guest::join(&url, "taped");
    late.lists(&[taped.id(), other.id(), late.id()], 20).await;
    taped.mesh.send("from the new host").await.unwrap();
    message(&mut late, "from the new host").await;
    timeout(Duration::from_secs(10), taped.mesh.leave())
        .await
        .expect("left");
    taped.is_over(5).await;

    let text = recording.text();
    let replayed = replay(&text).unwrap();
    assert_eq!(replayed.difference, None);
    assert!(!replayed.full && !replayed.cut && replayed.lines > 100);
    assert_eq!(replayed.lines, text.lines().count());

    let mut all = text.clone().into_bytes();
    for line in text.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(bytes) = line["bytes"].as_str() {
            all.extend(STANDARD.decode(bytes).unwrap());
        }
    }
    let tokens = tokens.lock().unwrap().clone();
    assert!(tokens.len() >= 5, "{tokens:?}");
    for token in &tokens {
        let found = all
            .windows(token.len())
            .any(|window| window == token.as_bytes());
        assert!(!found, "{token} stands in the recording");
    }
    // The host's was there, under another name: else nothing would have been hidden.
    let named = |name: &[u8]| all.windows(name.len()).any(|window| window == name);
    assert!(named(b"own-token-") && named(b"the-token-"));

    // What was changed afterwards is told, with its line.
    let at = text
        .lines()
        .position(|line| line.contains(r#""Send""#) && line.starts_with(r#"{"Output""#));
    let at = at.expect("something was sent");
    let tampered: String = text
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let line = if number == at {
                line.replacen(" B ", " B f", 1)
            } else {
                line.to_owned()
            };
            line + "\n"
        })
        .collect();
    let difference = replay(&tampered).unwrap().difference.expect("it is told");
    assert_eq!(difference.line, at + 1);
    assert!(text.contains(&difference.now) && !text.contains(&difference.then));
    // So is a frame that never came.
    let lacks = text.lines().position(|line| line.contains("LinkReceived"));
    let lacks = lacks.expect("something was received");
    let lines = text
        .lines()
        .enumerate()
        .filter(|(number, _)| *number != lacks);
    let without: String = lines.map(|(_, line)| format!("{line}\n")).collect();
    assert!(replay(&without).unwrap().difference.is_some());
    // What a crash leaves is good as far as it goes.
    let cut = replay(&text[..text.len() * 2 / 3]).unwrap();
    assert!(cut.cut && cut.difference.is_none() && cut.lines > 50);
}

#[tokio::test]
async fn a_recording_that_cannot_be_written_is_a_wrong_option() {
    let mut options = Options::new("http://127.0.0.1:9/");
    options.record = Some("no/such/folder/file".into());
    let error = peerjs_mesh::Mesh::join("room", options).unwrap_err();
    assert_eq!(error.code_text(), "invalid-option");
    assert!(error.message().contains("record"));
}
