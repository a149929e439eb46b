//! A server on a free port, and clients that talk to it over real sockets.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use peerjs_mesh_server::{Gauge, ServeOptions, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// Longer than anything here takes; a test that needs it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A server that runs until the test stops it.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    pub(crate) gauge: Gauge,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    pub(crate) async fn start(options: ServeOptions) -> Self {
        let options = ServeOptions {
            host: Ipv4Addr::LOCALHOST.to_string(),
            port: 0,
            ..options
        };
        let server = Server::bind(options).await.expect("a free port can be had");
        let (address, url, gauge) = (server.local_addr(), server.url().to_owned(), server.gauge());
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server.run(async { drop(stopped.await) }));
        Self {
            address,
            url,
            gauge,
            stop,
            task,
        }
    }

    pub(crate) async fn plain() -> Self {
        Self::start(ServeOptions::default()).await
    }

    /// Tells it to stop, and waits for its end.
    pub(crate) async fn stop(self) {
        self.tell_to_stop()
            .await
            .expect("the server does not panic");
    }

    /// Tells it to stop; the end is the caller's to wait for.
    pub(crate) fn tell_to_stop(self) -> JoinHandle<()> {
        drop(self.stop);
        self.task
    }

    /// Opens a websocket; nothing is read yet.
    pub(crate) async fn dial(&self, id: &str) -> Client {
        let url = format!("ws://{}/peerjs?key=peerjs&id={id}&token=t", self.address);
        let (socket, _) = timeout(PATIENCE, connect_async(url))
            .await
            .expect("in time")
            .expect("a handshake succeeds");
        Client(socket)
    }

    /// Registers an id, OPEN included.
    pub(crate) async fn join(&self, id: &str) -> Client {
        let mut client = self.dial(id).await;
        assert_eq!(client.hear().await, r#"{"type":"OPEN"}"#);
        client
    }

    /// Sends a request as it is and gives back all that is answered until the connection ends.
    pub(crate) async fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address)
            .await
            .expect("the server accepts");
        stream
            .write_all(request.as_bytes())
            .await
            .expect("it can be sent");
        let mut answer = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut answer))
            .await
            .expect("in time")
            .expect("it can be read");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// One GET; `headers` are whole lines.
    pub(crate) async fn get(&self, path: &str, headers: &[&str]) -> Answer {
        let headers: String = headers
            .iter()
            .map(|header| format!("{header}\r\n"))
            .collect();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n",
            self.address
        );
        Answer(self.raw(&request).await)
    }
}

/// An HTTP answer.
pub(crate) struct Answer(String);

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.0
            .get(9..12)
            .and_then(|status| status.parse().ok())
            .unwrap_or(0)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.0.split("\r\n\r\n").next()?;
        let line = head
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}: ")))?;
        line.split_once(": ").map(|(_, value)| value)
    }

    pub(crate) fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}

/// A websocket client.
pub(crate) struct Client(pub(crate) WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    pub(crate) async fn say(&mut self, text: impl Into<String>) {
        self.0
            .send(Message::text(text.into()))
            .await
            .expect("it can be sent");
    }

    /// The next text frame.
    pub(crate) async fn hear(&mut self) -> String {
        match self.next().await {
            Some(Message::Text(text)) => text.to_string(),
            other => panic!("a text frame was due, not {other:?}"),
        }
    }

    /// The status of the close frame that comes next; `None` for one without.
    pub(crate) async fn hear_close(&mut self) -> Option<u16> {
        match self.next().await {
            Some(Message::Close(frame)) => frame.map(|frame| frame.code.into()),
            other => panic!("a close frame was due, not {other:?}"),
        }
    }

    /// The next message; `None` when the connection has ended.
    pub(crate) async fn next(&mut self) -> Option<Message> {
        timeout(PATIENCE, self.0.next())
            .await
            .expect("in time")?
            .ok()
    }
}

/// Waits until `fact` holds.
pub(crate) async fn until(what: &str, mut fact: impl FnMut() -> bool) {
    let waiting = async {
        while !fact() {
            sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(
        timeout(PATIENCE, waiting).await.is_ok(),
        "it never came true that {what}"
    );
}

pub(crate) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
