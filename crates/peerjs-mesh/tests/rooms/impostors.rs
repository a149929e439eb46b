//! Servers and remotes that behave badly, on loopback. They stop with the test's runtime.

use futures_util::{SinkExt, StreamExt};
use peerjs_mesh::native::link::{Links, Report};
use peerjs_mesh_core::{Lane, LinkId};
use peerjs_mesh_protocol::json::{read_from_server, write_to_server};
use peerjs_mesh_protocol::signalling::{Answer, ConnectionKind, FromServer, MeshMark};
use peerjs_mesh_protocol::signalling::{Signal, ToServer};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{accept_async, connect_async};

async fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("its address"));
    (listener, url)
}

/// Takes connections and says nothing, not even HTTP.
pub(crate) async fn silent() -> String {
    let (listener, url) = listener().await;
    tokio::spawn(async move {
        let mut taken = Vec::new();
        while let Ok(one) = listener.accept().await {
            taken.push(one);
        }
    });
    url
}

/// An HTTP server that knows nothing of websockets.
pub(crate) async fn only_http() -> String {
    let (listener, url) = listener().await;
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = [0; 2048];
            let _ = socket.read(&mut request).await;
            let _ = socket
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi")
                .await;
        }
    });
    url
}

/// What a websocket server says to everybody who comes.
#[derive(Clone)]
pub(crate) enum Says {
    Nothing,
    Frame(Message),
    /// Bytes that are no frame.
    Raw(&'static [u8]),
}

pub(crate) async fn says(what: Says) -> String {
    says_all(vec![what]).await.0
}

/// A server that says all this, and how many have come.
pub(crate) async fn says_all(all: Vec<Says>) -> (String, watch::Receiver<u32>) {
    let (listener, url) = listener().await;
    let (count, counted) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.send_modify(|count| *count += 1);
            let all = all.clone();
            tokio::spawn(async move {
                let Ok(mut socket) = accept_async(stream).await else {
                    return;
                };
                for what in all {
                    // Whoever has gone meanwhile does not hear it.
                    match what {
                        Says::Nothing => {}
                        Says::Frame(frame) => drop(socket.send(frame).await),
                        Says::Raw(bytes) => drop(socket.get_mut().write_all(bytes).await),
                    }
                }
                while let Some(Ok(_)) = socket.next().await {}
            });
        }
    });
    (url, counted)
}

/// Another way to a server, and how many connections have gone by it.
pub(crate) async fn counted(url: &str) -> (String, watch::Receiver<u32>) {
    let inside = url.trim_start_matches("http://").trim_end_matches('/');
    let inside = inside.to_owned();
    let (listener, url) = listener().await;
    let (count, counted) = watch::channel(0);
    tokio::spawn(async move {
        while let Ok((mut outer, _)) = listener.accept().await {
            count.send_modify(|count| *count += 1);
            let mut inner = TcpStream::connect(&inside).await.expect("a server");
            tokio::spawn(async move {
                let _ = tokio::io::copy_bidirectional(&mut outer, &mut inner).await;
            });
        }
    });
    (url, counted)
}

/// What somebody who owns a room's name, but is no member, has seen so far.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen {
    pub(crate) offers: u32,
    pub(crate) opened: u32,
    pub(crate) said: u32,
    pub(crate) closed: u32,
}

/// Owns a room's name and does nothing with it.
pub(crate) async fn mute(url: &str, room: &str) {
    let mut socket = owner(url, room).await;
    tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} });
}

/// Owns a room's name and takes every connection, as one of ours if it has a mark. Then it says `frames` on every lane,
/// and nothing else.
pub(crate) async fn impostor(
    url: &str,
    room: &str,
    mesh: Option<MeshMark>,
    frames: Vec<Vec<u8>>,
) -> watch::Receiver<Seen> {
    let socket = owner(url, room).await;
    let (tell, seen) = watch::channel(Seen::default());
    let impostor = Impostor {
        links: Links::new(128 << 10).expect("links"),
        dials: BTreeMap::new(),
        mesh,
        frames,
        seen: tell,
    };
    tokio::spawn(impostor.run(socket));
    seen
}

pub(crate) type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A client that has that name at the server.
pub(crate) async fn owner(url: &str, room: &str) -> Socket {
    let url = format!(
        "{}peerjs?key=peerjs&id={room}&token=impostor",
        url.replacen("http", "ws", 1)
    );
    let (mut socket, _) = connect_async(url).await.expect("a server");
    let first = socket.next().await.expect("a word").expect("a frame");
    let text = first.into_text().expect("text");
    assert_eq!(read_from_server(&text), Ok(FromServer::Open));
    socket
}

struct Impostor {
    links: Links,
    /// Who dialled, and by which connection id.
    dials: BTreeMap<u32, (String, String)>,
    mesh: Option<MeshMark>,
    frames: Vec<Vec<u8>>,
    seen: watch::Sender<Seen>,
}

impl Impostor {
    async fn run(mut self, mut socket: Socket) {
        loop {
            let now = Instant::now();
            while let Some(report) = self.links.poll(now) {
                if let Some(answer) = self.on_report(report) {
                    let text = Message::text(write_to_server(&answer));
                    socket.send(text).await.expect("a server");
                }
            }
            let idle = now + Duration::from_secs(1);
            let wake = self.links.timeout().unwrap_or(idle);
            let links = &mut self.links;
            tokio::select! {
                frame = socket.next() => {
                    let Some(Ok(frame)) = frame else { return };
                    if let Ok(message) = read_from_server(&frame.into_text().expect("text")) {
                        self.on_message(message);
                    }
                }
                () = poll_fn(|cx| links.poll_ready(cx)) => links.receive(Instant::now()),
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    fn on_message(&mut self, message: FromServer) {
        let FromServer::Relayed { src, signal } = message else {
            return;
        };
        let now = Instant::now();
        match signal {
            Signal::Offer(offer) => {
                let number = self.dials.len() as u32 + 1;
                self.dials.insert(number, (src, offer.connection_id));
                let lanes = self.mesh.is_some();
                self.links.answer(now, LinkId(number), &offer.sdp, lanes);
                self.seen.send_modify(|seen| seen.offers += 1);
            }
            Signal::Candidate(candidate) => {
                let dial = self
                    .dials
                    .iter()
                    .find(|(_, (_, id))| *id == candidate.connection_id);
                if let Some((number, _)) = dial {
                    let link = LinkId(*number);
                    self.links.add_candidate(now, link, &candidate.candidate);
                }
            }
            _ => {}
        }
    }

    fn on_report(&mut self, report: Report) -> Option<ToServer> {
        match report {
            Report::Described { link, sdp } => {
                let (dst, connection_id) = self.dials.get(&link.0)?.clone();
                let signal = Signal::Answer(Answer {
                    connection_id,
                    kind: ConnectionKind::Data,
                    sdp,
                    browser: None,
                    mesh: self.mesh,
                });
                return Some(ToServer::Relay { dst, signal });
            }
            Report::Opened { link, .. } => {
                self.seen.send_modify(|seen| seen.opened += 1);
                // The lane of the hello comes last: then the others' words have been there before it.
                for lane in [Lane::Beat, Lane::Control, Lane::Data, Lane::Default] {
                    for frame in &self.frames {
                        self.links.send(link, lane, frame.clone());
                        self.seen.send_modify(|seen| seen.said += 1);
                    }
                }
            }
            Report::Closed { .. } => self.seen.send_modify(|seen| seen.closed += 1),
            _ => {}
        }
        None
    }
}
