//! One websocket to a signalling server.

use super::sieve::Sieve;
use super::tls::Trust;
use crate::server::ServerUrl;
use futures_util::{SinkExt, StreamExt};
use peerjs_mesh_core::{SessionEnd, SessionId};
use peerjs_mesh_protocol::json::{JsonError, MAX_TEXT, read_from_server, write_to_server};
use peerjs_mesh_protocol::signalling::{FromServer, ToServer};
use rustls::pki_types::ServerName;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::error::{ProtocolError, TlsError};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_with_config};

/// How long a websocket may take to open, and one message to leave.
const DEADLINE: Duration = Duration::from_secs(10);
/// Messages that may wait for the socket. A server that takes so few is none.
const MAX_QUEUE: usize = 256;

/// What a session has to say.
#[derive(Debug)]
pub(crate) enum Said {
    Connected,
    Message(FromServer),
    Closed(SessionEnd),
}

/// Where sessions say it.
pub(crate) type Ear = mpsc::Sender<(SessionId, Said)>;

/// A websocket, open or being opened. Dropping it closes it.
pub(crate) struct Session {
    queue: mpsc::Sender<ToServer>,
    /// Ends the attempt to open it when dropped.
    _wanted: oneshot::Sender<()>,
}

impl Session {
    /// Opens a websocket; what becomes of it is said to `ear`.
    pub(crate) fn open(
        session: SessionId,
        server: &ServerUrl,
        trust: &Trust,
        id: &str,
        token: &str,
        ear: Ear,
    ) -> Session {
        let (queue, messages) = mpsc::channel(MAX_QUEUE);
        let (wanted, unwanted) = oneshot::channel();
        let (server, trust) = (server.clone(), trust.clone());
        let url = server.websocket(id, token);
        let life = async move {
            let opened = tokio::select! {
                opened = timeout(DEADLINE, open(&server, &trust, &url)) => opened,
                _ = unwanted => return,
            };
            let end = match opened {
                Ok(Ok(socket)) => live(session, socket, messages, &ear).await,
                Ok(Err(error)) => {
                    // Of what cannot be told by trying again the user is to know more than that it failed.
                    if is_about_certificates(&error) {
                        tracing::warn!("the signalling server's certificate is refused: {error}");
                    } else {
                        tracing::debug!(%error, "no websocket");
                    }
                    SessionEnd::Unreachable
                }
                Err(_) => SessionEnd::Unreachable,
            };
            // Nobody listens any more: then nobody wants to know.
            let _ = ear.send((session, Said::Closed(end))).await;
        };
        // So that what it logs tells whose it is.
        tokio::spawn(tracing::Instrument::in_current_span(life));
        Session {
            queue,
            _wanted: wanted,
        }
    }

    /// Hands a message over. False when the socket has not taken any for too long.
    pub(crate) fn send(&self, message: ToServer) -> bool {
        !matches!(
            self.queue.try_send(message),
            Err(mpsc::error::TrySendError::Full(_))
        )
    }
}

type Socket = WebSocketStream<Sieve<MaybeTlsStream<TcpStream>>>;

async fn live(
    session: SessionId,
    mut socket: Socket,
    mut messages: mpsc::Receiver<ToServer>,
    ear: &Ear,
) -> SessionEnd {
    if ear.send((session, Said::Connected)).await.is_err() {
        return SessionEnd::Closed;
    }
    loop {
        tokio::select! {
            message = messages.recv() => match message {
                Some(message) => {
                    let text = Message::text(write_to_server(&message));
                    if !matches!(timeout(DEADLINE, socket.send(text)).await, Ok(Ok(()))) {
                        return SessionEnd::Closed;
                    }
                }
                None => {
                    let _farewell = timeout(Duration::from_secs(1), socket.close(None)).await;
                    return SessionEnd::Closed;
                }
            },
            frame = socket.next() => {
                let said = match frame {
                    Some(Ok(Message::Text(text))) => read(&text),
                    Some(Ok(Message::Binary(_))) => Err(SessionEnd::Garbage),
                    // A server that dies says no goodbye: that is no garbage.
                    Some(Ok(Message::Close(_)) | Err(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)))
                    | None => Err(SessionEnd::Closed),
                    Some(Ok(_)) => continue,
                    Some(Err(Error::Capacity(_) | Error::Utf8(_) | Error::Protocol(_))) => {
                        Err(SessionEnd::Garbage)
                    }
                    Some(Err(_)) => Err(SessionEnd::Closed),
                };
                match said {
                    Ok(Some(message)) => {
                        if ear.send((session, Said::Message(message))).await.is_err() {
                            return SessionEnd::Closed;
                        }
                    }
                    Ok(None) => {}
                    Err(end) => return end,
                }
            }
        }
    }
}

/// Whatever another client can make the server pass on must not cost this member its session: only what is no message
/// at all does.
fn read(text: &str) -> Result<Option<FromServer>, SessionEnd> {
    match read_from_server(text) {
        Ok(message) => Ok(Some(message)),
        Err(JsonError::Syntax | JsonError::NotAnObject) => Err(SessionEnd::Garbage),
        Err(error) => {
            tracing::debug!(%error, "message left out");
            Ok(None)
        }
    }
}

async fn open(server: &ServerUrl, trust: &Trust, url: &str) -> Result<Socket, Error> {
    let stream = TcpStream::connect((server.host_name(), server.port())).await?;
    // Signalling is small messages that somebody waits for.
    stream.set_nodelay(true)?;
    let stream = if server.is_secure() {
        let name = ServerName::try_from(server.host_name().to_owned())
            .map_err(|_| TlsError::InvalidDnsName)?;
        let connector = TlsConnector::from(trust.client().await?);
        MaybeTlsStream::Rustls(connector.connect(name, stream).await?)
    } else {
        MaybeTlsStream::Plain(stream)
    };
    // What is longer would not be read (and is another client's doing, perhaps): it does not come as far as here.
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_TEXT))
        .max_frame_size(Some(MAX_TEXT));
    let stream = Sieve::new(stream, MAX_TEXT);
    let (socket, _response) = client_async_with_config(url, stream, Some(config)).await?;
    Ok(socket)
}

fn is_about_certificates(error: &Error) -> bool {
    let Error::Io(error) = error else {
        return false;
    };
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}
