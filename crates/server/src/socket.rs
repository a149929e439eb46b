//! One client's websocket, from the handshake to the last frame.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use peerjs_mesh_broker::Hello;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::hub::{Hub, Seat};
use crate::options::Deadlines;
use crate::outbox::{End, Outbox};

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// What a client said of itself, kept until its socket is there.
pub(crate) struct Greeting {
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) token: String,
}

/// Runs one client until it has gone.
pub(crate) async fn run(
    hub: Arc<Hub>,
    upgrade: OnUpgrade,
    greeting: Greeting,
    frame_bytes: usize,
    deadlines: Deadlines,
) {
    let Ok(Ok(upgraded)) = timeout(deadlines.request_head, upgrade).await else {
        return;
    };
    // Small buffers, for thousands of clients that say little; they grow with what is said.
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(4 * 1024)
        .max_message_size(Some(frame_bytes))
        .max_frame_size(Some(frame_bytes));
    let socket =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    let Greeting { key, id, token } = &greeting;
    let seat = hub.connect(Hello { key, id, token });
    drop(greeting);
    let outbox = Arc::clone(&seat.outbox);
    let (mut sink, mut stream) = socket.split();

    let ending = tokio::select! {
        status = read(&mut stream, &seat) => Ending::Read(status),
        end = write(&mut sink, &outbox, deadlines.write) => Ending::Written(end),
        () = outbox.killed() => Ending::Dropped,
    };
    // From here on the id is free, whatever the other end still does.
    drop(seat);
    let status = match ending {
        Ending::Read(Some(code)) => Some(code),
        Ending::Written(Some(End::GoingAway)) => Some(CloseCode::Away),
        Ending::Written(Some(End::Close)) => None,
        // Closed or broken by the other end, or not worth a word.
        Ending::Read(None) | Ending::Written(None) | Ending::Dropped => return,
    };
    let Ok(socket) = sink.reunite(stream) else {
        return;
    };
    // A client that does not answer is left.
    let _ = timeout(deadlines.close, say_goodbye(socket, status)).await;
}

/// Sends a close frame and lets the other end read it.
async fn say_goodbye(mut socket: Socket, status: Option<CloseCode>) {
    let frame = status.map(|code| CloseFrame {
        code,
        reason: "".into(),
    });
    if socket.send(Message::Close(frame)).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.next().await {
        if message.is_close() {
            // The library ends the connection in its own time; nothing more is to be said.
            return;
        }
    }
    // There was no close frame but the end, or what is no frame. What still comes is thrown away: closing a socket
    // with something unread in it resets the connection, and the other end would lose the close frame on its way.
    let io = socket.get_mut();
    // On the heap: thousands of connections carry this function's state while they live.
    let mut scrap = vec![0; 4 * 1024];
    if io.shutdown().await.is_ok() {
        while matches!(io.read(&mut scrap).await, Ok(1..)) {}
    }
}

/// What ended a connection.
enum Ending {
    /// The other end closed or broke it, or sent what the protocol forbids: the status to close with.
    Read(Option<CloseCode>),
    /// All is sent; or nothing can be sent any more.
    Written(Option<End>),
    /// Too much waited to be sent.
    Dropped,
}

/// Hands over all frames, until there are no more.
async fn read(stream: &mut SplitStream<Socket>, seat: &Seat) -> Option<CloseCode> {
    while let Some(message) = stream.next().await {
        match message {
            Ok(Message::Text(text)) => seat.frame(text.as_bytes()),
            Ok(Message::Binary(bytes)) => seat.frame(&bytes),
            // Pings are answered by the library.
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {}
            Err(Error::Utf8(_)) => return Some(CloseCode::Invalid),
            Err(Error::Capacity(_)) => return Some(CloseCode::Size),
            Err(Error::Protocol(_)) => return Some(CloseCode::Protocol),
            Err(_) => return None,
        }
    }
    None
}

/// Sends whatever is queued, until the end of it.
async fn write(
    sink: &mut SplitSink<Socket, Message>,
    outbox: &Outbox,
    deadline: Duration,
) -> Option<End> {
    let mut batch = Vec::new();
    loop {
        let end = outbox.next(&mut batch).await;
        if end.is_some() {
            return end;
        }
        let sending = async {
            for text in batch.drain(..) {
                sink.feed(Message::text(text)).await?;
            }
            sink.flush().await
        };
        if !matches!(timeout(deadline, sending).await, Ok(Ok(()))) {
            return None;
        }
        if batch.capacity() > 16 {
            batch = Vec::new();
        }
    }
}
